//! Job: which addresses a request may be sent to.
//! Takes: an address, and the private networks that a target allows.
//! Gives: yes or no.
//! Never: resolves a name; whoever dials asks about the very address that is dialled.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use contract::doors::Network;
use reqwest::Url;

/// How a request travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Travel {
    /// With TLS: to the public internet and to allowed networks.
    Sealed,
    /// Without: to allowed networks only, so that nothing crosses the internet in the clear.
    Open,
}

/// Says whether an address may be reached that way.
pub(super) fn may_be_reached(address: IpAddr, travel: Travel, allowed: &[Network]) -> bool {
    let named = || allowed.iter().any(|network| network.contains(address));
    (travel == Travel::Sealed && is_public(address)) || named()
}

/// Says whether an address belongs to the public internet, by the registries of special-purpose
/// addresses (RFC 6890 and its successors).
pub(super) fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

/// The address that a URL names outright, in whichever spelling; none for a name.
pub(super) fn literal(url: &Url) -> Option<IpAddr> {
    let host = url.host_str()?;
    let inner = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    inner.parse().ok()
}

const SPECIAL_V4: [(Ipv4Addr, u32); 15] = [
    (Ipv4Addr::new(0, 0, 0, 0), 8),       // this network
    (Ipv4Addr::new(10, 0, 0, 0), 8),      // private
    (Ipv4Addr::new(100, 64, 0, 0), 10),   // carrier-grade NAT
    (Ipv4Addr::new(127, 0, 0, 0), 8),     // loopback
    (Ipv4Addr::new(169, 254, 0, 0), 16),  // link-local, with the clouds' metadata
    (Ipv4Addr::new(172, 16, 0, 0), 12),   // private
    (Ipv4Addr::new(192, 0, 0, 0), 24),    // protocol assignments
    (Ipv4Addr::new(192, 0, 2, 0), 24),    // documentation
    (Ipv4Addr::new(192, 88, 99, 0), 24),  // 6to4 relays
    (Ipv4Addr::new(192, 168, 0, 0), 16),  // private
    (Ipv4Addr::new(198, 18, 0, 0), 15),   // benchmarking
    (Ipv4Addr::new(198, 51, 100, 0), 24), // documentation
    (Ipv4Addr::new(203, 0, 113, 0), 24),  // documentation
    (Ipv4Addr::new(224, 0, 0, 0), 4),     // multicast
    (Ipv4Addr::new(240, 0, 0, 0), 4),     // reserved, and broadcast
];

/// Inside 2000::/3, the only space that is routed publicly. All else (unspecified, loopback,
/// mapped, compatible, NAT64, unique local, link-local, site-local, multicast) lies outside.
const SPECIAL_V6: [(Ipv6Addr, u32); 4] = [
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23), // protocol assignments, Teredo, benchmarking
    (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32), // documentation
    (Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0), 16), // 6to4
    (Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20), // documentation
];

fn is_public_v4(address: Ipv4Addr) -> bool {
    let lies_in = |net: Ipv4Addr, bits| (u32::from(net) ^ u32::from(address)) >> (32 - bits) == 0;
    !SPECIAL_V4.iter().any(|(net, bits)| lies_in(*net, *bits))
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let lies_in =
        |net: Ipv6Addr, bits| (u128::from(net) ^ u128::from(address)) >> (128 - bits) == 0;
    lies_in(Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0), 3)
        && !SPECIAL_V6.iter().any(|(net, bits)| lies_in(*net, *bits))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Spellings of addresses that may not be reached.
    const REFUSED: &[&str] = &[
        "http://127.0.0.1/",
        "http://127.0.0.1./",
        "http://127.1/",
        "http://127.0.1/",
        "http://2130706433/",
        "http://0x7f000001/",
        "http://0x7f.0.0.1/",
        "http://0x7f.1/",
        "http://0177.0.0.1/",
        "http://017700000001/",
        "http://0177.0x0.1/",
        "http://%31%32%37.0.0.1/",
        "http://１２７.0.0.1/",
        "http://127。0。0。1/",
        "http://127.255.255.254/",
        "http://user:pass@127.0.0.1/",
        "http://example.com@127.0.0.1/",
        "http://example.com%40@127.0.0.1/",
        "http:127.0.0.1",
        "http:\\\\127.0.0.1\\",
        "http://0/",
        "http://0.0.0.0/",
        "http://00000000/",
        "http://0x0/",
        "http://10.0.0.1/",
        "http://10.1/",
        "http://012.0.0.1/",
        "http://167772161/",
        "http://0xa.1/",
        "http://172.16.0.1/",
        "http://172.31.255.255/",
        "http://192.168.0.1/",
        "http://0300.0250.1/",
        "http://3232235521/",
        "http://169.254.169.254/latest/meta-data/",
        "http://0xa9fea9fe/",
        "http://2852039166/",
        "http://169.254.43518/",
        "http://100.64.0.1/",
        "http://100.127.255.255/",
        "http://192.0.0.1/",
        "http://192.0.2.1/",
        "http://192.88.99.1/",
        "http://198.18.0.1/",
        "http://198.19.255.255/",
        "http://198.51.100.7/",
        "http://203.0.113.7/",
        "http://224.0.0.1/",
        "http://239.255.255.250/",
        "http://240.0.0.1/",
        "http://255.255.255.255/",
        "http://4294967295/",
        "http://[::]/",
        "http://[::1]/",
        "http://[0:0:0:0:0:0:0:1]/",
        "http://[::ffff:127.0.0.1]/",
        "http://[::ffff:7f00:1]/",
        "http://[0:0:0:0:0:FFFF:7F00:0001]/",
        "http://[::ffff:8.8.8.8]/",
        "http://[::127.0.0.1]/",
        "http://[::ffff:0:127.0.0.1]/",
        "http://[64:ff9b::7f00:1]/",
        "http://[64:ff9b::8.8.8.8]/",
        "http://[64:ff9b:1::1]/",
        "http://[2002:7f00:1::]/",
        "http://[2002:808:808::1]/",
        "http://[2001::1]/",
        "http://[2001:0:53aa:64c:0:7fff:80ff:fffe]/",
        "http://[2001:2::1]/",
        "http://[2001:db8::1]/",
        "http://[3fff::1]/",
        "http://[fc00::1]/",
        "http://[fd12:3456::1]/",
        "http://[fe80::1]/",
        "http://[fec0::1]/",
        "http://[ff02::1]/",
        "http://[100::1]/",
        "http://[5f00::1]/",
    ];

    /// Addresses that may.
    const PUBLIC: &[&str] = &[
        "http://8.8.8.8/",
        "http://134744072/",
        "http://1.1/",
        "http://9.255.255.255/",
        "http://11.0.0.0/",
        "http://100.63.255.255/",
        "http://100.128.0.0/",
        "http://172.15.255.255/",
        "http://172.32.0.0/",
        "http://192.167.255.255/",
        "http://198.17.255.255/",
        "http://198.20.0.0/",
        "http://223.255.255.255/",
        "http://[2606:4700::1111]/",
        "http://[2a00:1450::8]/",
        "http://[2001:4860::8888]/",
    ];

    /// No URL at all: a zone, two colons, a number too large.
    const NO_URL: &[&str] = &[
        "http://[fe80::1%25eth0]/",
        "http://[fe80::1%eth0]/",
        "http://::1/",
        "http://256.0.0.1/",
        "http://4294967296/",
        "http://127.0.0.1.1/",
        "http://[::ffff:300.0.0.1]/",
        "http://[::1/",
    ];

    #[test]
    fn every_spelling_of_a_private_address_is_refused() {
        assert!(REFUSED.len() >= 60);
        for url in REFUSED {
            let parsed = Url::parse(url).unwrap_or_else(|why| panic!("{url}: {why}"));
            let address = literal(&parsed).unwrap_or_else(|| panic!("{url} is no address"));
            assert!(!is_public(address), "{url} is {address}");
        }
    }

    #[test]
    fn the_public_neighbours_of_private_networks_may_be_reached() {
        for url in PUBLIC {
            let address = literal(&Url::parse(url).unwrap()).expect(url);
            assert!(is_public(address), "{url} is {address}");
        }
    }

    #[test]
    fn what_is_no_url_never_comes_to_a_dial() {
        for url in NO_URL {
            assert!(Url::parse(url).is_err(), "{url}");
        }
    }

    #[test]
    fn a_name_is_no_address_whatever_it_looks_like() {
        for url in ["http://localhost/", "http://127.0.0.1.nip.io/", "http://127.0.0.0x1g/"] {
            assert_eq!(literal(&Url::parse(url).unwrap()), None, "{url}");
        }
    }

    #[test]
    fn an_allowed_network_opens_itself_and_nothing_else() {
        let allowed: Vec<Network> =
            ["10.1.0.0/16", "fd00::/8", "::1"].map(|n| n.parse().unwrap()).into();
        let cases = [
            ("10.1.2.3", true),
            ("::ffff:10.1.2.3", true),
            ("10.2.0.1", false),
            ("fd12::1", true),
            ("::1", true),
            ("127.0.0.1", false),
            ("64:ff9b::10.1.2.3", false),
            ("8.8.8.8", true),
        ];
        for (address, may) in cases {
            let reached = may_be_reached(address.parse().unwrap(), Travel::Sealed, &allowed);
            assert_eq!(reached, may, "{address}");
        }
    }

    #[test]
    fn without_tls_only_allowed_networks_are_reached() {
        let allowed: Vec<Network> = vec!["10.1.0.0/16".parse().unwrap()];
        for (address, may) in [("10.1.2.3", true), ("8.8.8.8", false), ("127.0.0.1", false)] {
            let reached = may_be_reached(address.parse().unwrap(), Travel::Open, &allowed);
            assert_eq!(reached, may, "{address}");
        }
    }
}
