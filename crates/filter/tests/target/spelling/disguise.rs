//! Another way to write an address that means the same to a browser or to a common server.

use std::net::{Ipv4Addr, Ipv6Addr};

/// Ways are chosen by bytes that a test draws; where there are none left, the plain way is taken.
pub(crate) struct Disguise<'a> {
    choices: std::slice::Iter<'a, u8>,
}

impl<'a> Disguise<'a> {
    pub(crate) fn new(choices: &'a [u8]) -> Self {
        Self { choices: choices.iter() }
    }

    /// One of so many ways; 0 is the plain one.
    fn way(&mut self, of: usize) -> usize {
        self.choices.next().map_or(0, |byte| usize::from(*byte) % of)
    }

    pub(crate) fn chooses(&mut self) -> bool {
        self.way(2) == 1
    }

    fn pick<'t>(&mut self, from: &[&'t str]) -> &'t str {
        let way = self.way(from.len());
        from[way]
    }

    /// A URL of a host and a path without a slash in front.
    pub(crate) fn url(&mut self, host: &str, path: &str) -> Vec<u8> {
        let scheme = self.pick(&["http", "https", "HTTP", "hTTps", "ws", "wSS", "ftp"]);
        let slashes = self.pick(&["//", "", "/", "\\", "\\\\", "/\\", "\\//", "/////"]);
        let user = self.pick(&["", "fine.org@", "user:pw@", "@", "a@b@", ":@", "fine.org:80%2F@", "%40@", "[::1]@"]);
        let host = self.host(host);
        let port = self.pick(&["", ":", ":80", ":443", ":00080", ":8080", ":65535"]);
        let path = self.path(path);
        let end = self.pick(&["", "?", "?q=fine.org", "#", "#fine", "?a/../b#c", "?@fine.org/"]);
        let url = format!("{scheme}:{slashes}{user}{host}{port}{path}{end}");
        self.with_breaks(&url)
    }

    /// Tabs and line ends anywhere, spaces and controls around.
    fn with_breaks(&mut self, url: &str) -> Vec<u8> {
        let around = ["", " ", "\t", "\u{1}", "\r\n", "\0 \u{1f}"];
        let mut out = self.pick(&around).to_string();
        let places = self.way(4);
        let places: Vec<usize> = (0..places).map(|_| self.way(url.len().clamp(1, 256))).collect();
        for (at, letter) in url.chars().enumerate() {
            if places.contains(&at) {
                out.push_str(self.pick(&["\t", "\n", "\r", "\r\n"]));
            }
            out.push(letter);
        }
        out.push_str(self.pick(&around));
        out.into_bytes()
    }

    fn host(&mut self, host: &str) -> String {
        if let Ok(ip) = host.parse::<Ipv4Addr>() {
            return self.ipv4(ip);
        }
        if let Ok(ip) = host.parse::<Ipv6Addr>() {
            return self.ipv6(ip);
        }
        let labels: Vec<String> = host.split('.').map(|label| self.label(label)).collect();
        let mut out = String::new();
        for (at, label) in labels.iter().enumerate() {
            if at > 0 {
                out.push_str(self.dot());
            }
            out.push_str(label);
        }
        if self.chooses() {
            out.push_str(self.dot());
        }
        out
    }

    fn dot(&mut self) -> &'static str {
        self.pick(&[".", "%2e", "%2E", "\u{3002}", "\u{ff0e}", "\u{ff61}", "%E3%80%82"])
    }

    fn label(&mut self, label: &str) -> String {
        // The same letters in the other script's own spelling.
        let native = match label.strip_prefix("xn--").filter(|_| self.chooses()) {
            Some("bcher-kva") => Some(self.pick(&["b\u{fc}cher", "bu\u{308}cher", "B\u{dc}CHER", "bU\u{308}cher"])),
            _ => None,
        };
        native.unwrap_or(label).chars().map(|letter| self.letter_of_host(letter)).collect()
    }

    /// A letter of a name, in one of the spellings that IDNA takes for it.
    fn letter_of_host(&mut self, letter: char) -> String {
        let shifted =
            |to: u32, from: char| char::from_u32(to + u32::from(letter) - u32::from(from)).unwrap().to_string();
        // A host is mostly plain, else it is over the limit of a label too soon.
        match self.way(12) {
            1 => letter.to_uppercase().collect(),
            2 => escaped(&letter.to_string()),
            3 if letter.is_ascii_graphic() => shifted(0xff01, '!'),
            4 if letter.is_ascii_lowercase() => shifted(0x24d0, 'a'),
            5 if letter.is_ascii_lowercase() => shifted(0x1d41a, 'a'),
            6 => format!("{letter}\u{ad}"),
            7 if letter == 's' => "\u{17f}".into(),
            8 if letter == 'k' => "\u{212a}".into(),
            9 if letter.is_ascii_lowercase() => escaped(&shifted(0xff41, 'a')),
            10 => format!("\u{200b}{letter}"),
            _ => letter.to_string(),
        }
    }

    fn ipv4(&mut self, ip: Ipv4Addr) -> String {
        let [a, b, c, d] = ip.octets().map(u32::from);
        if self.way(6) == 1 {
            let tail = format!("{:x}:{:X}", a << 8 | b, c << 8 | d);
            return match self.way(4) {
                0 => format!("[::ffff:{tail}]"),
                1 => format!("[::FFFF:{ip}]"),
                2 => format!("[0:0::0:ffff:{tail}]"),
                _ => format!("[0000:0:0:0:0:ffff:{ip}]"),
            };
        }
        let parts = match self.way(4) {
            0 => vec![a, b, c, d],
            1 => vec![a, b, c << 8 | d],
            2 => vec![a, b << 16 | c << 8 | d],
            _ => vec![u32::from(ip)],
        };
        let parts: Vec<String> = parts.into_iter().map(|part| self.number(part)).collect();
        let mut out = String::new();
        for (at, part) in parts.iter().enumerate() {
            if at > 0 {
                out.push_str(self.dot());
            }
            // Digits are letters of a host as well; a break in them changes no number.
            out.extend(part.chars().map(|letter| match self.way(8) {
                1 => escaped(&letter.to_string()),
                2 => char::from_u32(0xff01 + u32::from(letter) - u32::from('!')).unwrap().to_string(),
                _ => letter.to_string(),
            }));
        }
        out.push_str(self.pick(&["", "."]));
        out
    }

    fn number(&mut self, number: u32) -> String {
        match self.way(6) {
            1 => format!("0{number:o}"),
            2 => format!("0x{number:x}"),
            3 => format!("0X{number:08X}"),
            4 => format!("0000000000{number:o}"),
            5 => format!("0x00000000000000000{number:X}"),
            _ => number.to_string(),
        }
    }

    fn ipv6(&mut self, ip: Ipv6Addr) -> String {
        let groups = ip.segments().map(|group| match self.way(3) {
            0 => format!("{group:x}"),
            1 => format!("{group:X}"),
            _ => format!("{group:04x}"),
        });
        match self.way(3) {
            0 => format!("[{ip}]"),
            1 => format!("[{}]", groups.join(":")),
            _ => format!(
                "[{}:{}]",
                groups[..6].join(":"),
                Ipv4Addr::from(u32::try_from(u128::from(ip) & 0xffff_ffff).unwrap())
            ),
        }
    }

    fn path(&mut self, path: &str) -> String {
        if path.is_empty() {
            return self.pick(&["", "/", "/fine", "\\", "/%2e", "/x/../y", "//", "/;x"]).into();
        }
        let mut out =
            self.pick(&["/", "//", "\\", "/../", "/./", "/x/../", "/%2e%2E/", "/%252e%252e/", "/.;x/"]).to_string();
        for (at, segment) in path.split('/').enumerate() {
            if at > 0 {
                let between = [
                    "/",
                    "//",
                    "\\",
                    "/./",
                    "/x/../",
                    "%2f",
                    "%5C",
                    "/%2e/",
                    "%252F",
                    ";a=b/",
                    "/x%2f..%2f",
                    "/%252e/",
                ];
                out.push_str(self.pick(&between));
            }
            for letter in segment.chars() {
                let letter = self.letter_of_path(letter);
                out.push_str(&letter);
            }
        }
        out.push_str(self.pick(&["", "/", "/more", ";p=1", "/.", "/x/..", "%2f", "//", "%3Bp"]));
        out
    }

    fn letter_of_path(&mut self, letter: char) -> String {
        let mut text = letter.to_string();
        match self.way(6) {
            1 => text.make_ascii_uppercase(),
            2 => text = escaped(&text),
            3 => text = escaped(&escaped(&text)),
            4 => {
                text = escaped(&text);
                for _ in 0..self.way(6) {
                    text = text.replace('%', "%25");
                }
            }
            _ => {}
        }
        text
    }
}

/// Every byte as `%XX`.
fn escaped(text: &str) -> String {
    text.bytes()
        .enumerate()
        .map(|(at, byte)| if at % 2 == 0 { format!("%{byte:02x}") } else { format!("%{byte:02X}") })
        .collect()
}
