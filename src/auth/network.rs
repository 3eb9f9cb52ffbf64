//! Where a caller is: the address of the peer, or what a trusted proxy says of it.

use std::net::{IpAddr, Ipv6Addr};

/// A range of addresses: `10.0.0.0/8`, `::1`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    bits: u8,
}

impl Network {
    pub fn parse(text: &str) -> Option<Self> {
        let (address, bits) = match text.trim().split_once('/') {
            Some((address, bits)) => (address, Some(bits)),
            None => (text.trim(), None),
        };
        let address = plain(address.parse().ok()?);
        let most = if address.is_ipv4() { 32 } else { 128 };
        let bits = match bits {
            None => most,
            Some(bits) => bits.parse().ok().filter(|bits| *bits <= most)?,
        };
        Some(Self { address, bits })
    }

    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.address, plain(address)) {
            (IpAddr::V4(own), IpAddr::V4(other)) => {
                masked(own.to_bits().into(), 32, self.bits) == masked(other.to_bits().into(), 32, self.bits)
            }
            (IpAddr::V6(own), IpAddr::V6(other)) => {
                masked(own.to_bits(), 128, self.bits) == masked(other.to_bits(), 128, self.bits)
            }
            _ => false,
        }
    }
}

fn masked(address: u128, width: u8, bits: u8) -> u128 {
    let hidden = u32::from(width - bits);
    if hidden >= 128 { 0 } else { address >> hidden }
}

/// An IPv4 address written as IPv6 is that IPv4 address.
fn plain(address: IpAddr) -> IpAddr {
    address.to_canonical()
}

/// The caller's address. `forwarded` is X-Forwarded-For, believed from the right as far as proxies are trusted.
pub fn caller(peer: IpAddr, forwarded: &[&str], trusted: &[Network]) -> IpAddr {
    let is_trusted = |address: IpAddr| trusted.iter().any(|network| network.contains(address));
    let mut caller = plain(peer);
    if !is_trusted(caller) {
        return caller;
    }
    let hops = forwarded.iter().flat_map(|header| header.split(',')).collect::<Vec<_>>();
    for hop in hops.into_iter().rev() {
        let Ok(address) = hop.trim().parse::<IpAddr>() else { break };
        caller = plain(address);
        if !is_trusted(caller) {
            break;
        }
    }
    caller
}

/// What limits count together: an IPv4 address, or the /64 of an IPv6 one (a household has that many).
pub fn neighbourhood(address: IpAddr) -> IpAddr {
    match plain(address) {
        IpAddr::V4(address) => IpAddr::V4(address),
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn ranges_hold_what_they_say() {
        let net = Network::parse("10.1.0.0/16").unwrap();
        assert!(net.contains(address("10.1.255.1")));
        assert!(net.contains(address("::ffff:10.1.0.1")));
        assert!(!net.contains(address("10.2.0.1")));
        assert!(Network::parse("0.0.0.0/0").unwrap().contains(address("203.0.113.9")));
        assert!(Network::parse("::/0").unwrap().contains(address("2001:db8::1")));
        assert!(!Network::parse("::1").unwrap().contains(address("127.0.0.1")));
        for bad in ["", "10.0.0.0/33", "10.0.0/8", "::/129", "localhost", "10.0.0.0/-1"] {
            assert!(Network::parse(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn only_trusted_proxies_are_believed() {
        let trusted = [Network::parse("10.0.0.0/8").unwrap()];
        let peer = address("10.0.0.1");
        assert_eq!(caller(address("203.0.113.9"), &["198.51.100.1"], &trusted), address("203.0.113.9"));
        assert_eq!(caller(peer, &["198.51.100.1"], &trusted), address("198.51.100.1"));
        // What the caller wrote stands to the left of what the proxy added.
        assert_eq!(caller(peer, &["1.2.3.4, 198.51.100.1, 10.0.0.2"], &trusted), address("198.51.100.1"));
        assert_eq!(caller(peer, &["1.2.3.4", "198.51.100.1"], &trusted), address("198.51.100.1"));
        assert_eq!(caller(peer, &["nonsense"], &trusted), peer);
        assert_eq!(caller(peer, &["198.51.100.1"], &[]), peer);
    }

    #[test]
    fn a_household_counts_once() {
        assert_eq!(neighbourhood(address("2001:db8:1:2:3::4")), address("2001:db8:1:2::"));
        assert_eq!(neighbourhood(address("::ffff:192.0.2.1")), address("192.0.2.1"));
    }
}
