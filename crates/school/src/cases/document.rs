//! A document that is evidence: its digest is written down, and it stays where it is. No picture is taken in, whatever its
//! name says (decisions 4).

use std::io::{self, Read};

use sha2::{Digest, Sha256};

/// Why a document was not taken in. Nothing of it was kept.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DocumentError {
    /// It is a picture or a film.
    #[error("this is {0}, whatever its name says: pictures are described, and stay in the system that has them")]
    Picture(&'static str),
    /// It cannot be told that it is none.
    #[error("this is an archive ({0}): what is in it cannot be told. Take the document out of it, or describe it")]
    Archive(&'static str),
    /// It cannot be read.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// As much of the beginning as tells what something is.
const BEGINNING: u64 = 8_192;

/// Bytes that are read at a time.
const AT_ONCE: usize = 65_536;

/// The SHA-256 of a document that is no picture, no film and no archive: told by its first bytes, of whatever length it is.
///
/// # Errors
/// It is one of these, or cannot be read.
pub fn digest(mut document: impl Read) -> Result<[u8; 32], DocumentError> {
    let mut beginning = Vec::new();
    document.by_ref().take(BEGINNING).read_to_end(&mut beginning)?;
    // The library knows some brands of these, and wants more than the first bytes: what is new or cut short is a picture too.
    if beginning.get(4..8) == Some(b"ftyp") {
        return Err(DocumentError::Picture("a picture, a film or a recording (ISO media)"));
    }
    if beginning.starts_with(b"II*\0") || beginning.starts_with(b"MM\0*") {
        return Err(DocumentError::Picture("image/tiff"));
    }
    if let Some(kind) = infer::get(&beginning) {
        use infer::MatcherType::{Archive, Image, Video};
        match kind.matcher_type() {
            Image | Video => return Err(DocumentError::Picture(kind.mime_type())),
            // Of these, what can hold anything; a PDF is of this kind as well, and is a document.
            Archive if kind.mime_type() != "application/pdf" => {
                return Err(DocumentError::Archive(kind.mime_type()));
            }
            _ => {}
        }
    }
    let mut hasher = Sha256::new().chain_update(&beginning);
    let mut chunk = vec![0; AT_ONCE];
    loop {
        match document.read(&mut chunk) {
            Ok(0) => return Ok(hasher.finalize().into()),
            Ok(read) => hasher.update(chunk.get(..read).unwrap_or_default()),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_is_no_document_whatever_it_is_called() {
        for picture in [
            &b"\x89PNG\r\n\x1a\n and more"[..],
            b"\xff\xd8\xff\xe0\0\x10JFIF\0",
            b"GIF89a\x01\0\x01\0",
            b"RIFF\x24\0\0\0WEBPVP8 ",
            b"\0\0\0\x20ftypheic\0\0\0\0mif1heic",
            b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom",
            b"\0\0\0\x18ftyphevx\0\0\0\0mif1heix",
            b"II*\0\x08\0\0\0",
        ] {
            assert!(matches!(digest(picture), Err(DocumentError::Picture(_))), "{picture:?}");
        }
        assert!(matches!(digest(&b"PK\x03\x04\x14\0\0\0\x08\0"[..]), Err(DocumentError::Archive(_))));
        let letter = digest(&b"%PDF-1.7\n%a letter"[..]).unwrap();
        assert_eq!(letter, <[u8; 32]>::from(Sha256::digest(b"%PDF-1.7\n%a letter")));
        let long = vec![b'a'; 20_000];
        assert_eq!(digest(&long[..]).unwrap(), <[u8; 32]>::from(Sha256::digest(&long)));
    }
}
