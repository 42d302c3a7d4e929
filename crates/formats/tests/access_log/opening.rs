//! Logs on the disk, plain and packed.

use std::fs;
use std::io::{Read, Write};

use belisha_formats::access_log::{Chunks, Dialect, open};

const LINE: &str =
    "1756890169.793     75 10.0.0.7 TCP_MISS/200 36 GET http://a.example/ ada HIER_DIRECT/203.0.113.8 -\n";

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packer.write_all(bytes).unwrap();
    packer.finish().unwrap()
}

#[test]
fn what_it_is_packed_with_its_first_bytes_tell() {
    let folder = tempfile::tempdir().unwrap();
    let text = LINE.repeat(1000);
    let in_two = [gzip(&text.as_bytes()[..5000]), gzip(&text.as_bytes()[5000..])].concat();
    let frames =
        [&text.as_bytes()[..777], &text.as_bytes()[777..]].map(|part| zstd::encode_all(part, 1).unwrap()).concat();
    for bytes in [text.clone().into_bytes(), gzip(text.as_bytes()), in_two, frames] {
        let path = folder.path().join("access.log.1");
        fs::write(&path, &bytes).unwrap();
        let mut log = open(&path).unwrap();
        assert_eq!(log.bytes_total(), Some(bytes.len() as u64));
        let mut unpacked = String::new();
        log.read_to_string(&mut unpacked).unwrap();
        assert_eq!((unpacked == text, log.bytes_read()), (true, bytes.len() as u64));
    }
}

#[test]
fn how_far_reading_is_can_be_told_at_every_chunk() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("access.log");
    fs::write(&path, LINE.repeat(20_000)).unwrap();
    let mut chunks = Chunks::with_size(open(&path).unwrap(), 100_000);
    let mut before = 0;
    while let Some(chunk) = chunks.next().unwrap() {
        let read = chunks.input().bytes_read();
        assert!(read >= chunk.end() && read >= before && chunk.end() - chunk.offset() <= 100_000);
        before = read;
    }
    assert_eq!(chunks.input().bytes_total(), Some(before));
}

#[test]
fn what_is_short_is_read_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("access.log");
    for bytes in [&b""[..], b"a", b"\x1f", b"abc"] {
        fs::write(&path, bytes).unwrap();
        let mut read = Vec::new();
        open(&path).unwrap().read_to_end(&mut read).unwrap();
        assert_eq!(read, bytes);
    }
}

#[test]
fn damage_is_said_and_not_taken_for_the_end() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("access.log.gz");
    let text = LINE.repeat(1000);
    for packed in [gzip(text.as_bytes()), zstd::encode_all(text.as_bytes(), 1).unwrap()] {
        fs::write(&path, &packed[..packed.len() - 9]).unwrap();
        let mut chunks = Chunks::new(open(&path).unwrap());
        let failed = loop {
            match chunks.next() {
                Ok(Some(chunk)) => assert!(chunk.lines(&Dialect::Squid).count() > 0),
                Ok(None) => break false,
                Err(_) => break true,
            }
        };
        assert!(failed);
    }
    assert!(open(&folder.path().join("none")).err().unwrap().to_string().contains("check the path"));
    assert!(open(folder.path()).is_err());
}

#[test]
fn what_unpacks_without_end_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("bomb.zst");
    fs::write(&path, zstd::encode_all(std::io::repeat(b'a').take(300 << 20), 3).unwrap()).unwrap();
    let told = std::io::copy(&mut open(&path).unwrap(), &mut std::io::sink()).unwrap_err().to_string();
    assert!(told.contains("hostile"), "{told}");
}
