//! Charts as SVG that stands within a page: each has a title and a description for those who do not see it.

use std::fmt::Display;

use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use crate::ReportError;
use crate::words::number;

/// The width of every chart, in the units of its own drawing. A page shows it as wide as there is room.
const WIDTH: u32 = 720;
const FONT: &str = "sans-serif";
const SIZE: i32 = 20;
const INK: RGBColor = RGBColor(26, 26, 26);
const BAR: RGBColor = RGBColor(0, 68, 158);
const LINE: RGBColor = RGBColor(200, 200, 200);

/// What a chart is called, and what it shows in words.
pub(crate) struct Caption<'a> {
    /// Distinct within a page.
    pub(crate) id: &'a str,
    pub(crate) title: &'a str,
    pub(crate) description: String,
}

/// A bar.
pub(crate) struct Bar {
    pub(crate) label: String,
    pub(crate) value: u64,
}

/// Upright bars in an order of their own, such as hours; every so many have a label.
pub(crate) fn upright(caption: &Caption<'_>, bars: &[Bar], label_every: usize) -> Result<String, ReportError> {
    let (left, right, top, foot, height) = (90, 8, 14, 34, 280);
    let most = round_up(bars.iter().map(|bar| bar.value).max().unwrap_or_default());
    let (width, floor) = (pixels(u64::from(WIDTH)) - left - right, height - foot);
    let up = |value: u64| floor - scaled(value, most, floor - top);
    let across = |at: usize| left + scaled(at as u64, bars.len() as u64, width);
    draw(caption, height, |area| {
        for share in 0..=4 {
            let value = most / 4 * share;
            let y = up(value);
            area.draw(&PathElement::new([(left, y), (left + width, y)], LINE))?;
            area.draw(&Text::new(number(value), (left - 8, y), text(HPos::Right, VPos::Center)))?;
        }
        for (at, bar) in bars.iter().enumerate() {
            let (from, to) = (across(at), across(at + 1));
            let gap = ((to - from) / 6).max(i32::from(to - from > 2));
            if bar.value > 0 {
                // What is not nothing is seen.
                let y = up(bar.value).min(floor - 1);
                area.draw(&Rectangle::new([(from + gap, y), (to - gap, floor)], BAR.filled()))?;
            }
            if at.is_multiple_of(label_every) {
                let place = (i32::midpoint(from, to), floor + 8);
                area.draw(&Text::new(bar.label.clone(), place, text(HPos::Center, VPos::Top)))?;
            }
        }
        area.draw(&PathElement::new([(left, floor), (left + width, floor)], INK))
    })
}

/// Bars beside each other's names, each with its number.
pub(crate) fn sideways(caption: &Caption<'_>, bars: &[Bar]) -> Result<String, ReportError> {
    let (left, right, row) = (300, 100, 34);
    let width = pixels(u64::from(WIDTH)) - left - right;
    let most = bars.iter().map(|bar| bar.value).max().unwrap_or_default().max(1);
    draw(caption, row * pixels(bars.len() as u64) + 8, |area| {
        for (at, bar) in bars.iter().enumerate() {
            let y = row * pixels(at as u64) + 4;
            let (middle, end) = (y + row / 2, left + scaled(bar.value, most, width).max(i32::from(bar.value > 0)));
            area.draw(&Text::new(short(&bar.label), (left - 10, middle), text(HPos::Right, VPos::Center)))?;
            area.draw(&Rectangle::new([(left, y + 4), (end, y + row - 4)], BAR.filled()))?;
            area.draw(&Text::new(number(bar.value), (end + 8, middle), text(HPos::Left, VPos::Center)))?;
        }
        Ok(())
    })
}

type Area<'a> = DrawingArea<SVGBackend<'a>, plotters::coord::Shift>;
type Drawn<'a> = Result<(), DrawingAreaErrorKind<<SVGBackend<'a> as DrawingBackend>::ErrorType>>;

fn draw(
    caption: &Caption<'_>,
    height: i32,
    content: impl for<'a> FnOnce(&Area<'a>) -> Drawn<'a>,
) -> Result<String, ReportError> {
    let failed = |error: &dyn Display| ReportError::new("a chart", error);
    let mut svg = String::new();
    {
        let size = (WIDTH, u32::try_from(height).unwrap_or(1));
        let area = SVGBackend::with_string(&mut svg, size).into_drawing_area();
        content(&area).map_err(|error| failed(&error))?;
        area.present().map_err(|error| failed(&error))?;
    }
    let rest = svg.split_once("<svg ").and_then(|(_, rest)| rest.split_once('>'));
    let (_, inside) = rest.ok_or_else(|| failed(&"it is no SVG"))?;
    let Caption { id, title, description } = caption;
    Ok(format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" \
         aria-labelledby=\"{id}-title {id}-text\">\n<title id=\"{id}-title\">{}</title>\n\
         <desc id=\"{id}-text\">{}</desc>{inside}",
        escaped(title),
        escaped(description)
    ))
}

fn text(horizontal: HPos, vertical: VPos) -> TextStyle<'static> {
    TextStyle::from((FONT, SIZE)).color(&INK).pos(Pos::new(horizontal, vertical))
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// As much of a name as there is room for.
fn short(label: &str) -> String {
    const ROOM: usize = 29;
    if label.chars().count() <= ROOM {
        return label.into();
    }
    label.chars().take(ROOM - 1).chain(['…']).collect()
}

fn pixels(count: u64) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX / 64)
}

/// How long a value is where the largest is this long.
fn scaled(value: u64, most: u64, length: i32) -> i32 {
    let length = u128::from(length.unsigned_abs());
    let scaled = u128::from(value.min(most)) * length / u128::from(most.max(1));
    i32::try_from(scaled).unwrap_or_default()
}

/// A round number that is at least this, and of which a quarter is whole.
fn round_up(value: u64) -> u64 {
    let mut ten = 1_u64;
    loop {
        for step in [4, 8, 20] {
            let round = ten.saturating_mul(step);
            if round >= value || round == u64::MAX {
                return round;
            }
        }
        ten = ten.saturating_mul(10);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scales_are_round_and_large_enough() {
        for value in [0, 1, 4, 5, 9, 21, 399, 401, 8_001, 4_919_296, u64::MAX] {
            let round = round_up(value);
            assert!(round >= value && (round.is_multiple_of(4) || round == u64::MAX), "{value}: {round}");
        }
        assert_eq!((round_up(21), round_up(300)), (40, 400));
        assert_eq!((scaled(1, 2, 100), scaled(u64::MAX, u64::MAX, 100), scaled(3, 0, 9)), (50, 100, 0));
    }

    #[test]
    fn hostile_names_stay_names() {
        let caption = Caption { id: "c", title: "<b>&\"", description: "</desc><script>".into() };
        let bar = |value| Bar { label: "</text><script>alert(1)</script>&\"'".into(), value };
        for svg in [sideways(&caption, &[bar(3)]).unwrap(), upright(&caption, &[bar(3), bar(0)], 1).unwrap()] {
            assert!(!svg.contains("<script") && !svg.contains("<b>"), "{svg}");
            assert!(svg.starts_with("<svg ") && svg.trim_end().ends_with("</svg>"), "{svg}");
            assert_eq!(svg.matches("role=\"img\"").count(), 1);
        }
    }
}
