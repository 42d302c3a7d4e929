//! Where the proxy may go: classes of addresses, and the one type that can be dialled.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use ipnet::IpNet;

use crate::resolve::{Resolve, SystemResolver};

/// Which addresses the proxy may connect to: the public internet, and what a school opens.
///
/// Everything that is not plainly public is denied: a pupil's browser must not reach the school's own machines, the
/// proxy itself, or a cloud's metadata through the proxy. Ranges that are `allow`ed are opened, judged on the address
/// as it stands and, for an IPv4-mapped IPv6 address, on the IPv4 address in it.
#[derive(Clone, Debug)]
pub struct Egress {
    allow: Vec<IpNet>,
    resolver: Arc<dyn Resolve>,
}

/// An address that may be dialled. Only [`Egress::permit`] makes one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PublicAddr(SocketAddr);

/// Why an address may not be dialled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EgressError {
    /// A port of another protocol, one that the Fetch standard blocks.
    #[error("the port {0} belongs to another protocol")]
    Port(u16),
    /// An address that is not public, or carries one that is not.
    #[error("the address is not public: {0}")]
    Address(&'static str),
    /// An address at which the proxy itself listens.
    #[error("the address is the proxy's own")]
    Own,
}

impl Egress {
    /// The public internet, and these ranges too.
    pub fn new(allow: Vec<IpNet>) -> Self {
        Self { allow, resolver: Arc::new(SystemResolver) }
    }

    /// The same with another resolver than the system's.
    #[must_use]
    pub fn with_resolver(self, resolver: impl Resolve) -> Self {
        Self { resolver: Arc::new(resolver), ..self }
    }

    pub(crate) fn resolver(&self) -> &dyn Resolve {
        &*self.resolver
    }

    /// The address, if it may be dialled.
    pub fn permit(&self, address: SocketAddr) -> Result<PublicAddr, EgressError> {
        permit_port(address.port())?;
        let ip = address.ip().to_canonical();
        match special(ip) {
            Special::Never(class) => return Err(EgressError::Address(class)),
            Special::Unless(class) if !self.opens(ip) => return Err(EgressError::Address(class)),
            Special::Unless(_) | Special::No => {}
        }
        if let Some(inner) = carried(ip) {
            self.permit(SocketAddr::new(inner.into(), address.port()))?;
        }
        Ok(PublicAddr(SocketAddr::new(ip, address.port())))
    }

    fn opens(&self, ip: IpAddr) -> bool {
        self.allow.iter().any(|range| range.contains(&ip))
    }
}

impl PublicAddr {
    /// The address and port.
    pub fn get(self) -> SocketAddr {
        self.0
    }
}

/// Refuses the ports that browsers refuse (Fetch standard, "port blocking").
pub(crate) fn permit_port(port: u16) -> Result<(), EgressError> {
    match BAD_PORTS.binary_search(&port) {
        Ok(_) => Err(EgressError::Port(port)),
        Err(_) => Ok(()),
    }
}

/// Ports of protocols that could mistake a request for their own (Fetch standard, "bad port"), in order.
const BAD_PORTS: &[u16] = &[
    0, 1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95, 101, 102, 103, 104, 109,
    110, 111, 113, 115, 117, 119, 123, 135, 137, 139, 143, 161, 179, 389, 427, 465, 512, 513, 514, 515, 526, 530, 531,
    532, 540, 548, 554, 556, 563, 587, 601, 636, 989, 990, 993, 995, 1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060,
    5061, 6000, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080,
];

enum Special {
    /// Public.
    No,
    /// Denied unless a school opens it.
    Unless(&'static str),
    /// Denied whatever a school opens: nothing good can be there.
    Never(&'static str),
}

/// The classes of IPv4 addresses that are not public (IANA's special-purpose registry, and two addresses of clouds).
const V4: &[(Ipv4Addr, u32, &str)] = &[
    (Ipv4Addr::new(10, 0, 0, 0), 8, "private"),
    (Ipv4Addr::new(100, 64, 0, 0), 10, "shared by a provider's customers"),
    (Ipv4Addr::new(127, 0, 0, 0), 8, "loopback"),
    (Ipv4Addr::new(169, 254, 0, 0), 16, "link-local, or metadata"),
    (Ipv4Addr::new(168, 63, 129, 16), 32, "a cloud's own services"),
    (Ipv4Addr::new(172, 16, 0, 0), 12, "private"),
    (Ipv4Addr::new(192, 0, 0, 0), 24, "for protocols, or metadata"),
    (Ipv4Addr::new(192, 0, 2, 0), 24, "for documentation"),
    (Ipv4Addr::new(192, 31, 196, 0), 24, "for protocols"),
    (Ipv4Addr::new(192, 52, 193, 0), 24, "for protocols"),
    (Ipv4Addr::new(192, 88, 99, 0), 24, "a relay"),
    (Ipv4Addr::new(192, 168, 0, 0), 16, "private"),
    (Ipv4Addr::new(192, 175, 48, 0), 24, "for protocols"),
    (Ipv4Addr::new(198, 18, 0, 0), 15, "for benchmarks"),
    (Ipv4Addr::new(198, 51, 100, 0), 24, "for documentation"),
    (Ipv4Addr::new(203, 0, 113, 0), 24, "for documentation"),
    (Ipv4Addr::new(240, 0, 0, 0), 4, "reserved"),
];

/// The same within `2000::/3`; outside it nothing is public.
const V6: &[(Ipv6Addr, u32, &str)] = &[
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23, "for protocols (Teredo, ORCHID, benchmarks)"),
    (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32, "for documentation"),
    (Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0), 16, "6to4"),
    (Ipv6Addr::new(0x2620, 0x4f, 0x8000, 0, 0, 0, 0, 0), 48, "for protocols"),
    (Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20, "for documentation"),
];

fn special(ip: IpAddr) -> Special {
    match ip {
        IpAddr::V4(v4) => special_v4(v4),
        IpAddr::V6(v6) => special_v6(v6),
    }
}

fn special_v4(ip: Ipv4Addr) -> Special {
    if ip.octets().first() == Some(&0) {
        // To connect to 0.0.0.0 is to connect to oneself.
        return Special::Never("unspecified");
    }
    if ip.is_multicast() || ip.is_broadcast() {
        return Special::Never("multicast or broadcast");
    }
    let within = |base: Ipv4Addr, prefix: u32| (ip.to_bits() ^ base.to_bits()) >> (32 - prefix) == 0;
    V4.iter()
        .find(|(base, prefix, _)| within(*base, *prefix))
        .map_or(Special::No, |(_, _, class)| Special::Unless(class))
}

fn special_v6(ip: Ipv6Addr) -> Special {
    if ip.is_unspecified() {
        return Special::Never("unspecified");
    }
    if ip.is_multicast() {
        return Special::Never("multicast");
    }
    if ip.is_loopback() {
        return Special::Unless("loopback");
    }
    if ip.to_bits() >> 32 == 0 {
        return Special::Never("IPv4-compatible");
    }
    if ip.to_bits() >> 125 != 1 {
        return Special::Unless("outside 2000::/3 (private, link-local, NAT64, discard or unassigned)");
    }
    let within = |base: Ipv6Addr, prefix: u32| (ip.to_bits() ^ base.to_bits()) >> (128 - prefix) == 0;
    V6.iter()
        .find(|(base, prefix, _)| within(*base, *prefix))
        .map_or(Special::No, |(_, _, class)| Special::Unless(class))
}

/// The IPv4 address that a translator would take out of a NAT64 or 6to4 address. A school that opens such a range
/// opens the translator, not what is behind it.
fn carried(ip: IpAddr) -> Option<Ipv4Addr> {
    let IpAddr::V6(v6) = ip else { return None };
    match v6.segments() {
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] | [0x2002, high, low, ..] => {
            Some(Ipv4Addr::from_bits(u32::from(high) << 16 | u32::from(low)))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn permit(allow: &[&str], ip: &str) -> Result<PublicAddr, EgressError> {
        let allow = allow.iter().map(|range| range.parse().unwrap()).collect();
        Egress::new(allow).permit(SocketAddr::new(ip.parse().unwrap(), 443))
    }

    #[test]
    fn what_is_not_public_is_denied() {
        for ip in [
            "0.0.0.0",
            "0.1.2.3",
            "10.0.0.1",
            "10.255.255.255",
            "100.64.0.1",
            "100.100.100.200",
            "100.127.255.255",
            "127.0.0.1",
            "127.255.255.254",
            "168.63.129.16",
            "169.254.0.1",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.1",
            "192.0.0.192",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.0.1",
            "198.18.0.1",
            "198.19.255.255",
            "198.51.100.7",
            "203.0.113.9",
            "224.0.0.1",
            "239.255.255.250",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::2",
            "::7f00:1",
            "::10.0.0.1",
            "::8.8.8.8",
            "::ffff:127.0.0.1",
            "::ffff:10.1.2.3",
            "::ffff:0.0.0.0",
            "::ffff:169.254.169.254",
            "::ffff:0:127.0.0.1",
            "64:ff9b::7f00:1",
            "64:ff9b::8.8.8.8",
            "64:ff9b:1::1",
            "100::1",
            "2001::1",
            "2001:2::1",
            "2001:10::1",
            "2001:20::1",
            "2001:db8::1",
            "2002:7f00:1::",
            "2002:808:808::1",
            "3fff::1",
            "3fff:fff::1",
            "4000::1",
            "5f00::1",
            "fc00::1",
            "fd00:ec2::254",
            "fdff::1",
            "fe80::1",
            "fec0::1",
            "feff::1",
            "ff02::1",
            "ff0e::1",
        ] {
            assert!(matches!(permit(&[], ip), Err(EgressError::Address(_))), "{ip}");
        }
    }

    #[test]
    fn what_is_public_is_open() {
        for ip in [
            "1.1.1.1",
            "8.8.8.8",
            "9.255.255.255",
            "11.0.0.1",
            "51.140.10.10",
            "100.63.255.255",
            "100.128.0.1",
            "172.15.255.255",
            "172.32.0.1",
            "192.0.1.1",
            "192.167.255.255",
            "198.17.255.255",
            "198.20.0.1",
            "223.255.255.255",
            "2000::1",
            "2001:200::1",
            "2001:4860:4860::8888",
            "2606:4700::1111",
            "3ffe::1",
        ] {
            assert_eq!(permit(&[], ip).map(|address| address.get().ip()), Ok(ip.parse().unwrap()), "{ip}");
        }
        assert_eq!(
            permit(&[], "::ffff:8.8.8.8").map(|address| address.get().to_string()).as_deref(),
            Ok("8.8.8.8:443")
        );
    }

    #[test]
    fn a_school_opens_its_own_and_nothing_beside_it() {
        assert!(permit(&["10.1.0.0/16"], "10.1.2.3").is_ok());
        assert!(permit(&["10.1.0.0/16"], "::ffff:10.1.2.3").is_ok());
        assert!(permit(&["10.1.0.0/16"], "10.2.0.1").is_err());
        assert!(permit(&["10.1.0.0/16"], "::10.1.2.3").is_err());
        assert!(permit(&["fd12::/16"], "fd12::1").is_ok());
        assert!(permit(&["fd12::/16"], "fd13::1").is_err());
        assert!(permit(&["::1/128"], "::1").is_ok());
        // A translator that is opened opens nothing behind it.
        assert!(permit(&["64:ff9b::/96"], "64:ff9b::8.8.8.8").is_ok());
        assert!(permit(&["64:ff9b::/96"], "64:ff9b::10.1.2.3").is_err());
        assert!(permit(&["2002::/16"], "2002:7f00:1::").is_err());
        // Some addresses nobody can open.
        for ip in ["0.0.0.0", "0.0.0.1", "::", "::7f00:1", "224.0.0.1", "255.255.255.255", "ff02::1"] {
            assert!(permit(&["0.0.0.0/0", "::/0"], ip).is_err(), "{ip}");
        }
    }

    #[test]
    fn ports_of_other_protocols_are_refused() {
        assert!(BAD_PORTS.is_sorted());
        for (port, open) in
            [(80, true), (443, true), (8080, true), (8443, true), (22, false), (25, false), (6667, false)]
        {
            assert_eq!(permit_port(port).is_ok(), open, "{port}");
        }
    }
}
