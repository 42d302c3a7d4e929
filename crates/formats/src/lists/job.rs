//! One call of `read`: its limits, what it has cost so far, and whom to tell.

use std::fs::File;
use std::io;
use std::path::Path;
use std::rc::Rc;

use super::error::{Fault, ReadError, Stop};
use super::stream::{self, Content, Meter, Texts};
use super::{Limits, Progress, text};

/// How many bytes go by between two reports.
const REPORTED: u64 = 1 << 20;

pub(super) struct Job<'a> {
    /// The path that was given, escaped for printing.
    source: String,
    limits: &'a Limits,
    meter: Rc<Meter>,
    progress: &'a mut dyn FnMut(Progress),
    so_far: Progress,
    reported: u64,
}

impl<'a> Job<'a> {
    pub(super) fn new(path: &Path, limits: &'a Limits, progress: &'a mut dyn FnMut(Progress)) -> Self {
        let source = text::name(path.as_os_str().as_encoded_bytes());
        Self { source, limits, meter: Meter::new(limits), progress, so_far: Progress::default(), reported: 0 }
    }

    /// Says that whoever reads the texts tells UTF-16 and markup apart.
    pub(super) fn let_any_text_through(&self) {
        self.meter.let_through(Texts::Any);
    }

    pub(super) fn limits(&self) -> &'a Limits {
        self.limits
    }

    pub(super) fn set_total(&mut self, bytes: u64) {
        self.so_far.bytes_total = Some(bytes);
    }

    /// Counts lines, and reports where enough has gone by.
    pub(super) fn tick(&mut self, lines: u64) {
        self.so_far.lines += lines;
        if self.meter.unpacked() >= self.reported.saturating_add(REPORTED) {
            self.report();
        }
    }

    /// Counts a list, and reports.
    pub(super) fn list_begun(&mut self) {
        self.so_far.lists += 1;
        self.report();
    }

    /// Reports the number of lists as it turned out.
    pub(super) fn finish(&mut self, lists: u64) {
        self.so_far.lists = lists;
        self.report();
    }

    fn report(&mut self) {
        self.reported = self.meter.unpacked();
        self.so_far.bytes_read = self.meter.disk_bytes();
        (self.progress)(self.so_far);
    }

    /// Counts the text of a list that is not read but copied.
    pub(super) fn spend(&self, bytes: u64, member: &str) -> Result<(), ReadError> {
        self.meter.spend(bytes).map_err(|fault| self.refuse(member, fault))
    }

    /// Opens a file of the disk.
    pub(super) fn open(&self, file: File) -> Result<Content<'static>, Stop> {
        stream::from_disk(file, &self.meter)
    }

    /// The error for a member of the source (none: the source itself).
    pub(super) fn refuse(&self, member: &str, fault: Fault) -> ReadError {
        ReadError::BadInput { file: self.name(member), fault }
    }

    /// The error for a file of the disk that could not be opened or looked at.
    pub(super) fn io(&self, member: &str, source: io::Error) -> ReadError {
        ReadError::Io { file: self.name(member), source }
    }

    /// The error for reading that ended early: the disk's, a limit's, or else that the data are damaged.
    pub(super) fn stop(&self, member: &str, stop: Stop) -> ReadError {
        let error = match stop {
            Stop::Fault(fault) => return self.refuse(member, fault),
            Stop::Stream(error) => error,
        };
        match self.meter.take_trouble() {
            Some(Stop::Fault(fault)) => self.refuse(member, fault),
            Some(Stop::Stream(error)) => self.io("", error),
            None if error.kind() == io::ErrorKind::UnexpectedEof => {
                self.refuse(member, Fault::Damaged("it ends too early".into()))
            }
            None => self.refuse(member, Fault::Damaged(text::shown(error.to_string().as_bytes()))),
        }
    }

    fn name(&self, member: &str) -> String {
        if member.is_empty() { self.source.clone() } else { format!("{member} in {}", self.source) }
    }
}
