//! A log on the disk, plain or packed with gzip or zstd.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use flate2::read::MultiGzDecoder;

/// zstd's own default: frames that want more memory than 128 MiB to be unpacked are refused.
const WINDOW_LOG_MAX: u32 = 27;
/// A ratio is held against nobody before this much came out.
const RATIO_FLOOR: u64 = 256 << 20;
/// Logs repeat themselves and pack well, though none so well as this.
const RATIO: u64 = 1000;
const BUFFER: usize = 128 * 1024;

/// Why a log could not be opened.
#[derive(Debug, thiserror::Error)]
#[error("the log could not be opened ({source}); check the path and who may read it")]
pub struct OpenLogError {
    source: io::Error,
}

/// A log that is read from the disk, unpacked on the way.
///
/// Reading fails where what is packed is damaged or cut off, and where it unpacks to more than a thousand times its
/// size, as only hostile files do.
pub struct LogFile {
    input: Box<dyn Read + Send>,
    packed: Arc<AtomicU64>,
    total: Option<u64>,
    unpacked: u64,
}

/// Opens a log. What it is packed with, its first bytes tell and not its name.
///
/// # Errors
/// The path or the disk is to blame.
pub fn open(path: &Path) -> Result<LogFile, OpenLogError> {
    try_open(path).map_err(|source| OpenLogError { source })
}

fn try_open(path: &Path) -> io::Result<LogFile> {
    let file = File::open(path)?;
    let about = file.metadata()?;
    if about.is_dir() {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    // Of a pipe nobody knows how long it is.
    let total = about.is_file().then_some(about.len());
    let packed = Arc::new(AtomicU64::new(0));
    let mut disk = Counting { input: file, count: Arc::clone(&packed) };
    let mut head = Vec::with_capacity(4);
    disk.by_ref().take(4).read_to_end(&mut head)?;
    let magic: [u8; 4] = head.as_slice().try_into().unwrap_or_default();
    let input = BufReader::with_capacity(BUFFER, io::Cursor::new(head).chain(disk));
    let input: Box<dyn Read + Send> = match magic {
        // Both go on with a further member or frame, as logs that were put together have.
        [0x1f, 0x8b, ..] => Box::new(MultiGzDecoder::new(input)),
        [0x28, 0xb5, 0x2f, 0xfd] | [0x50..=0x5f, 0x2a, 0x4d, 0x18] => {
            let mut decoder = zstd::stream::read::Decoder::with_buffer(input)?;
            decoder.window_log_max(WINDOW_LOG_MAX)?;
            Box::new(decoder)
        }
        _ => Box::new(input),
    };
    Ok(LogFile { input, packed, total, unpacked: 0 })
}

impl LogFile {
    /// Bytes read from the disk so far, packed as they are there.
    pub fn bytes_read(&self) -> u64 {
        self.packed.load(Ordering::Relaxed)
    }

    /// How many there are, where it is a file.
    pub fn bytes_total(&self) -> Option<u64> {
        self.total
    }
}

impl Read for LogFile {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let count = self.input.read(out)?;
        self.unpacked += count as u64;
        if self.unpacked > RATIO_FLOOR && self.unpacked / RATIO > self.bytes_read() {
            let told = "it unpacks to more than a thousand times its size, as only hostile files do; do not use it";
            return Err(io::Error::new(io::ErrorKind::InvalidData, told));
        }
        Ok(count)
    }
}

struct Counting<R> {
    input: R,
    count: Arc<AtomicU64>,
}

impl<R: Read> Read for Counting<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let count = self.input.read(out)?;
        self.count.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }
}
