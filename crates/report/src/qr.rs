//! What a telephone reads: QR codes (ISO/IEC 18004), as pictures that stand in a page.

use qrcode::render::svg::Color;
use qrcode::{EcLevel, QrCode};

use crate::ReportError;

/// A text as a picture of squares, 96 pixels wide at least, that can be read where a seventh of it is lost.
///
/// # Errors
/// The text is longer than about two thousand bytes.
pub(crate) fn svg(text: &str) -> Result<String, ReportError> {
    let code = QrCode::with_error_correction_level(text, EcLevel::M);
    let code = code.map_err(|error| ReportError::new("QR code", &error))?;
    let picture = code.render::<Color<'_>>().min_dimensions(96, 96).build();
    // It stands in HTML, where it needs no declaration of its own.
    Ok(picture.split_once("?>").map_or(picture.clone(), |(_, svg)| svg.to_owned()))
}
