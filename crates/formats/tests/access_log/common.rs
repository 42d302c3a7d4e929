//! What a line says, in a text that tests can compare.

use belisha_formats::access_log::{Dialect, Found, LineFault, LogLine, When};

/// `time|address|device|user|group|method|url|status|result|bytes|duration|mime|observed|category|reason|browser`.
pub(crate) fn told(line: &LogLine<'_>) -> String {
    let when = match line.when {
        When::Instant(at) => at.timestamp_millis().to_string(),
        When::Local(clock) => clock.format("%F %T").to_string(),
    };
    let address = line.address.map(|address| address.to_string()).unwrap_or_default();
    let texts = [
        when,
        address,
        line.device.to_str().into(),
        line.user.to_str().into(),
        line.group.to_str().into(),
        line.method.to_str().into(),
        line.url.to_str().into(),
        line.status.to_string(),
        line.result.to_str().into(),
        line.bytes.to_string(),
        line.duration_ms.to_string(),
        line.mime.to_str().into(),
        format!("{:?}", line.observed),
        line.category.to_str().into(),
        line.reason.to_str().into(),
        line.user_agent.to_str().into(),
    ];
    texts.join("|")
}

pub(crate) fn read(dialect: &Dialect, line: &str) -> Result<String, LineFault> {
    match dialect.parse(line.as_bytes()) {
        Found::Line(line) => Ok(told(&line)),
        Found::Bad(fault) => Err(fault),
        Found::Skipped => Ok("skipped".into()),
    }
}

pub(crate) fn all_are(dialect: &Dialect, cases: &[(&str, &str)]) {
    for (line, expected) in cases {
        assert_eq!(read(dialect, line).as_deref(), Ok(*expected), "{line}");
    }
}

pub(crate) fn all_fail(dialect: &Dialect, cases: &[(&str, LineFault)]) {
    for (line, fault) in cases {
        assert_eq!(read(dialect, line), Err(*fault), "{line}");
    }
}
