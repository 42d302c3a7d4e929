//! What the columns of a table hold, by their headings.

/// What a column of a table holds, as far as it is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Column {
    /// Date and time on the school's clock, or with how far that is from Greenwich.
    Time,
    /// Date and time on the clock of Greenwich.
    TimeUtc,
    /// The date alone.
    Date,
    /// The time of the day alone.
    TimeOfDay,
    /// The person.
    User,
    /// The address of the device.
    Client,
    /// The name of the device.
    Device,
    /// The group.
    Group,
    /// The status that was answered.
    Status,
    /// The web address.
    Url,
    /// The host, where the whole address is not there.
    Host,
    /// The method.
    Method,
    /// The category.
    Category,
    /// The rule, the policy or the words that were found.
    Reason,
    /// What became of it, such as `Blocked`.
    Verdict,
    /// Whether it was blocked: yes or no.
    IsBlocked,
    /// Bytes towards the person.
    Bytes,
    /// How long it took in milliseconds.
    Duration,
    /// The MIME type.
    Mime,
    /// The browser.
    UserAgent,
    /// Something that is not read.
    NotRead,
}

/// Headings, folded, and what their columns hold. None of them is certain for a product that was not seen: a caller
/// may give others.
const KNOWN: [(Column, &[&str]); 18] = [
    (
        Column::Time,
        &["time", "datetime", "timestamp", "dateandtime", "datetimestamp", "accesstime", "requesttime", "eventtime"],
    ),
    (Column::TimeUtc, &["timeutc", "datetimeutc", "timestamputc", "utctime", "dateutc", "timegmt", "datetimegmt"]),
    (Column::Date, &["date", "day"]),
    (Column::TimeOfDay, &["timeofday"]),
    (
        Column::User,
        &["username", "user", "useremail", "email", "student", "studentemail", "login", "userid", "account"],
    ),
    (
        Column::Client,
        &["sourceip", "ip", "ipaddress", "clientip", "client", "srcip", "source", "sourceaddress", "localip", "userip"],
    ),
    (Column::Device, &["device", "devicename", "computer", "computername", "machine", "workstation", "clienthost"]),
    (Column::Group, &["group", "groups", "usergroup", "usergroups", "groupname", "ou", "orgunit", "userou"]),
    (Column::Status, &["code", "status", "httpcode", "statuscode", "httpstatus", "responsecode", "httpresponsecode"]),
    (
        Column::Url,
        &["url", "urls", "uri", "fullurl", "requestedurl", "webaddress", "siteurl", "website", "destination"],
    ),
    (Column::Host, &["domain", "domains", "host", "site", "destinationhost", "domainname"]),
    (Column::Method, &["method", "httpmethod", "requestmethod", "verb"]),
    (Column::Category, &["category", "categories", "categoryname", "webcategory", "sitecategory", "urlcategory"]),
    (Column::Reason, &["reason", "rule", "policy", "policyname", "matchedrule", "blockreason", "filterpolicy"]),
    (Column::Verdict, &["action", "verdict", "outcome", "result", "decision", "disposition", "filteraction"]),
    (Column::IsBlocked, &["blocked", "isblocked", "denied"]),
    (Column::Bytes, &["bytes", "size", "bytesreceived", "bytesdownloaded", "responsesize", "contentlength"]),
    (Column::Duration, &["durationms", "timetakenms", "elapsedms"]),
];
const KNOWN_BESIDE: [(Column, &[&str]); 2] =
    [(Column::Mime, &["mimetype", "contenttype", "mime"]), (Column::UserAgent, &["useragent", "browser"])];

/// What a column of this heading, folded, holds: as it was said, or as is known.
pub(super) fn known(name: &str, said: &[(String, Column)]) -> Column {
    if let Some((_, column)) = said.iter().find(|(heading, _)| heading == name) {
        return *column;
    }
    let mut rows = KNOWN.iter().chain(&KNOWN_BESIDE);
    rows.find(|(_, names)| names.contains(&name)).map_or(Column::NotRead, |(column, _)| *column)
}

/// A heading by its letters and digits alone, all small.
pub(super) fn folded(heading: &[u8]) -> String {
    let text = String::from_utf8_lossy(heading);
    text.chars().filter(|letter| letter.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}
