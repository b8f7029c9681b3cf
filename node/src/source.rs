//! Where a connection comes from, as far as shares of places are counted.

use std::net::{IpAddr, Ipv6Addr};

/// One machine, or one network of the size that every subscriber of IPv6 is given: an address more costs such a one nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Source(IpAddr);

impl Source {
    /// Whether it is this machine, which takes nothing from others.
    pub fn is_here(&self) -> bool {
        self.0.is_loopback()
    }
}

impl From<IpAddr> for Source {
    fn from(address: IpAddr) -> Self {
        Source(match address.to_canonical() {
            IpAddr::V6(address) if is_routed(address) => {
                IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX)))
            }
            address => address,
        })
    }
}

/// Whether it is of the internet: in a building's own network (fe80::/10, fc00::/7) each address is a machine.
fn is_routed(address: Ipv6Addr) -> bool {
    !address.is_loopback() && !address.is_unicast_link_local() && !address.is_unique_local()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_of_ipv6_is_one_source_and_an_address_of_ipv4_is() {
        let source = |text: &str| Source::from(text.parse::<IpAddr>().unwrap());
        assert_eq!(source("2001:db8:1:2::3"), source("2001:db8:1:2:ffff::4"));
        assert_ne!(source("2001:db8:1:2::3"), source("2001:db8:1:3::3"));
        assert_eq!(source("::ffff:192.0.2.1"), source("192.0.2.1"));
        assert_ne!(source("fd00::1"), source("fd00::2"), "two machines of a building");
        assert_ne!(source("fe80::1"), source("fe80::2"));
        assert_ne!(source("192.0.2.2"), source("192.0.2.1"));
        assert!(source("::1").is_here() && source("127.0.0.1").is_here());
        assert!(source("::ffff:127.0.0.1").is_here() && !source("192.0.2.1").is_here());
    }
}
