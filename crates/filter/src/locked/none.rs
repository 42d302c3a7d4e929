//! Without the feature there are no locked rules: a ruleset that has some is not opened.

use core::ops::Range;

use super::Handle;
use crate::host::Host;

/// Never made.
#[derive(Clone)]
pub(crate) enum Locked {}

impl Locked {
    pub(crate) fn open(_: &[u8], _: Range<usize>) -> Option<Self> {
        None
    }

    pub(crate) fn get(&self, _: &[u8], _: u32) -> Option<Handle> {
        match *self {}
    }

    pub(crate) fn holding(&self, _: &[u8], _: &Host, _: &str, _: Option<&[u8]>, _: impl FnMut(u32, u32)) -> u32 {
        match *self {}
    }
}
