//! `belisha-reporter access-log`: the log as JSON lines.

use std::io::{self, BufWriter, Write, stdout};
use std::process::ExitCode;

use belisha_store::{JsonLinesError, json_lines, read_day};
use chrono::NaiveDate;

use crate::args::{Args, fail};
use crate::opened;

pub(crate) fn run(args: &Args, from: Option<NaiveDate>, to: Option<NaiveDate>) -> ExitCode {
    let school = match opened(args) {
        Ok(school) => school,
        Err(code) => return code,
    };
    let days = match school.log_days() {
        Ok(days) => days,
        Err(error) => return fail(&error, 74),
    };
    let wanted = |day: &NaiveDate| from.is_none_or(|from| *day >= from) && to.is_none_or(|to| *day <= to);
    let mut out = BufWriter::with_capacity(1 << 16, stdout().lock());
    for day in days.into_iter().filter(wanted) {
        let lines = match read_day(school.log_place(), day) {
            Ok(lines) => lines,
            Err(error) => return fail(&error, 74),
        };
        match json_lines(lines, &mut out) {
            Ok(_) => {}
            // Whoever read it has seen enough, as with `| head`.
            Err(JsonLinesError::Write(error)) if error.kind() == io::ErrorKind::BrokenPipe => {
                return ExitCode::SUCCESS;
            }
            Err(error) => return fail(&error, 74),
        }
    }
    match out.flush() {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => fail(&error, 74),
        _ => ExitCode::SUCCESS,
    }
}
