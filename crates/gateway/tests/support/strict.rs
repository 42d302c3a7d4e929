//! A reader of requests that accepts RFC 9112 and nothing besides: what the proxy forwards must pass here. Written apart
//! from the proxy's own reader, on purpose.

/// A request as the origin understood it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) target: String,
    pub(crate) fields: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Request {
    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(other, _)| other.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }
}

/// Takes a request off the front: with its length in bytes, `None` while more is needed, or what is wrong with it.
pub(crate) fn request(bytes: &[u8]) -> Result<Option<(Request, usize)>, String> {
    let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") else { return early(bytes) };
    let head = std::str::from_utf8(&bytes[..end]).map_err(|_| "the head is not ASCII")?;
    if head.replace("\r\n", "").contains(|c: char| c != '\t' && c.is_control()) {
        return Err(format!("a control character in the head: {head:?}"));
    }
    let mut lines = head.split("\r\n");
    let line: Vec<&str> = lines.next().unwrap_or_default().split(' ').collect();
    let [method, target, "HTTP/1.1"] = line[..] else { return Err(format!("request line {line:?}")) };
    if method.is_empty() || !method.bytes().all(is_token) || !target.starts_with('/') {
        return Err(format!("request line {line:?}"));
    }
    let mut fields = Vec::new();
    for line in lines {
        let (name, value) = line.split_once(':').ok_or_else(|| format!("no colon in {line:?}"))?;
        if name.is_empty() || !name.bytes().all(is_token) {
            return Err(format!("field name {name:?}"));
        }
        fields.push((name.to_owned(), value.trim_matches([' ', '\t']).to_owned()));
    }
    let all = |wanted: &str| {
        let of_name = fields.iter().filter(|(name, _)| name.eq_ignore_ascii_case(wanted));
        of_name.map(|(_, value)| value.as_str()).collect::<Vec<_>>()
    };
    let [host] = all("host")[..] else { return Err("not one Host".into()) };
    if host.is_empty() || host.contains([',', '@', '/', ' ']) {
        return Err(format!("Host {host:?}"));
    }
    let start = end + 4;
    let body = match (&all("content-length")[..], &all("transfer-encoding")[..]) {
        ([], []) => Some((Vec::new(), start)),
        ([length], []) if !length.is_empty() && length.bytes().all(|b| b.is_ascii_digit()) => {
            let stop = start + length.parse::<usize>().map_err(|_| "length")?;
            bytes.get(start..stop).map(|body| (body.to_vec(), stop))
        }
        ([], ["chunked"]) => chunks(bytes, start)?,
        other => return Err(format!("framing {other:?}")),
    };
    let request = |body| Request { method: method.into(), target: target.into(), fields: fields.clone(), body };
    Ok(body.map(|(body, stop)| (request(body), stop)))
}

/// An unfinished head must at least begin like one.
fn early(bytes: &[u8]) -> Result<Option<(Request, usize)>, String> {
    let bad = bytes.iter().enumerate().find(|(at, byte)| match byte {
        b'\n' => *at == 0 || bytes[at - 1] != b'\r',
        _ => *at > 0 && bytes[at - 1] == b'\r',
    });
    match bad {
        Some((at, _)) => Err(format!("line end at {at}")),
        None => Ok(None),
    }
}

fn chunks(bytes: &[u8], mut at: usize) -> Result<Option<(Vec<u8>, usize)>, String> {
    let mut body = Vec::new();
    loop {
        let Some(line) = bytes[at..].windows(2).position(|window| window == b"\r\n") else { return Ok(None) };
        let digits = std::str::from_utf8(&bytes[at..at + line]).map_err(|_| "chunk size")?;
        if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(format!("chunk size {digits:?}"));
        }
        let size = usize::from_str_radix(digits, 16).map_err(|_| "chunk size")?;
        at += line + 2;
        let Some(data) = bytes.get(at..at + size + 2) else { return Ok(None) };
        if &data[size..] != b"\r\n" {
            // A last chunk is followed by the empty line of a trailer section without trailers, which reads the same.
            return Err("no line end behind a chunk".into());
        }
        body.extend_from_slice(&data[..size]);
        at += size + 2;
        if size == 0 {
            return Ok(Some((body, at)));
        }
    }
}

fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}
