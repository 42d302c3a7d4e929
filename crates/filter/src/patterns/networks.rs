//! Ranges of addresses.

use core::net::IpAddr;

use ipnet::IpNet;

use crate::layout::u32_at;

/// Bytes of an entry: 4 or 6, the length of the prefix, two zeros, the address in the order of the network (an IPv4 address
/// in the first four of 16), the number of a set.
pub(crate) const ENTRY: usize = 24;
/// Bytes of an entry that are its range.
pub(crate) const KEY: usize = 20;

/// The first bytes of an entry, by which the entries are in order.
pub(crate) fn key(network: IpNet) -> [u8; KEY] {
    let mut key = [0; KEY];
    let (family, bytes, length) = match network.network() {
        IpAddr::V4(address) => (4, address.to_ipv6_mapped().octets(), 4),
        IpAddr::V6(address) => (6, address.octets(), 16),
    };
    let address = bytes.get(16 - length..).unwrap_or_default();
    let [kind, prefix, _, _, place @ ..] = &mut key;
    (*kind, *prefix) = (family, network.prefix_len());
    for (to, from) in place.iter_mut().zip(address) {
        *to = *from;
    }
    key
}

/// The ranges as they lie in a file.
#[derive(Clone, Copy)]
pub(crate) struct Networks<'a>(&'a [[u8; ENTRY]]);

impl<'a> Networks<'a> {
    pub(crate) fn new(section: &'a [u8]) -> Self {
        Self(section.as_chunks().0)
    }

    /// Calls `each` with the number and set of each range that an address is in, the broadest first.
    pub(crate) fn holding(&self, address: IpAddr, mut each: impl FnMut(u32, u32)) {
        if self.0.is_empty() {
            return;
        }
        let longest = if address.is_ipv4() { 32 } else { 128 };
        for length in 0..=longest {
            let Ok(network) = IpNet::new(address, length) else { continue };
            let wanted = key(network);
            let found = self.0.binary_search_by(|entry| entry.get(..KEY).unwrap_or_default().cmp(&wanted));
            if let Ok(at) = found
                && let Some(set) = self.0.get(at).and_then(|entry| u32_at(entry, KEY))
            {
                each(u32::try_from(at).unwrap_or(u32::MAX), set);
            }
        }
    }

    /// A range by its number.
    pub(crate) fn get(&self, at: u32) -> Option<IpNet> {
        let [family, length, _, _, address @ ..] = self.0.get(at as usize)?.first_chunk::<KEY>()?;
        let address = match family {
            4 => IpAddr::from(*address.first_chunk::<4>()?),
            6 => IpAddr::from(*address),
            _ => return None,
        };
        IpNet::new(address, *length).ok()
    }
}
