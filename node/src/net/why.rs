//! Why a peer was not reached, as short as a person needs it: each address once, and what happened there.

use std::error::Error;

use libp2p::Multiaddr;
use libp2p::multiaddr::Protocol;
use libp2p::swarm::DialError;

/// Most letters of what happened at an address: what an operating system says is shorter.
const CAUSE_MAX: usize = 120;

/// Where it was tried and what happened, in one line.
pub(super) fn words(error: &DialError) -> String {
    match parted(error) {
        (Some(addresses), reason) => format!("{addresses} ({reason})"),
        (None, reason) => reason,
    }
}

/// The same in two parts: the addresses, if any was dialled, with what happened at all but the last ones, and what happened
/// at those.
pub(super) fn parted(error: &DialError) -> (Option<String>, String) {
    let whole = |reason: &str| (None, reason.to_owned());
    match error {
        DialError::Transport(tried) => {
            let mut groups: Vec<(String, Vec<String>)> = Vec::new();
            for (address, error) in tried {
                let address = bare(address);
                if groups.iter().any(|(_, addresses)| addresses.contains(&address)) {
                    continue;
                }
                let cause = cause(error);
                match groups.iter_mut().find(|(known, _)| *known == cause) {
                    Some((_, addresses)) => addresses.push(address),
                    None => groups.push((cause, vec![address])),
                }
            }
            let Some((reason, last)) = groups.pop() else {
                return whole("no address could be dialled");
            };
            let before = groups
                .iter()
                .map(|(cause, addresses)| format!("{} ({cause})", addresses.join(", ")));
            let addresses: Vec<String> = before.chain([last.join(", ")]).collect();
            (Some(addresses.join(", ")), reason)
        }
        DialError::WrongPeerId { address, .. } => (Some(bare(address)), "another node answers there".into()),
        DialError::LocalPeerId { address } => (Some(bare(address)), "this node itself is there".into()),
        DialError::NoAddresses => whole("no address is known"),
        DialError::Aborted => whole("the attempt was broken off"),
        DialError::DialPeerConditionFalse(_) => whole("it is connected, or dialled already"),
        DialError::Denied { cause: denied } => (None, cause(denied)),
    }
}

/// What is at the bottom of an error: those above it say the same at more length.
pub(super) fn cause(error: &(dyn Error + 'static)) -> String {
    let mut lowest = error;
    while let Some(below) = lowest.source() {
        lowest = below;
    }
    let told = lowest.to_string();
    // The number that the operating system gives it helps nobody.
    let told = told.split(" (os error ").next().unwrap_or_default();
    let line: Vec<&str> = told.split_whitespace().collect();
    let line = line.join(" ");
    match line.char_indices().nth(CAUSE_MAX) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line.trim_end_matches('.').to_owned(),
    }
}

/// An address without the key that is expected there.
fn bare(address: &Multiaddr) -> String {
    let mut address = address.clone();
    if matches!(address.iter().last(), Some(Protocol::P2p(_))) {
        address.pop();
    }
    address.to_string()
}

#[cfg(test)]
mod tests {
    use std::io;

    use libp2p::TransportError;

    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("at length: {0}")]
    struct Above(#[source] io::Error);

    fn tried(all: &[(&str, i32)]) -> DialError {
        let key = libp2p::PeerId::random();
        let each = all.iter().map(|(address, code)| {
            let address: Multiaddr = address.parse().unwrap();
            let below = io::Error::other(Above(io::Error::from_raw_os_error(*code)));
            (address.with(Protocol::P2p(key)), TransportError::Other(below))
        });
        DialError::Transport(each.collect())
    }

    #[test]
    fn each_address_is_said_once_with_what_happened_there() {
        let (tcp, quic) = ("/ip4/192.0.2.1/tcp/7611", "/ip4/192.0.2.1/udp/7611/quic-v1");
        let refused = io::Error::from_raw_os_error(1).to_string();
        let refused = refused.split(" (os").next().unwrap();
        let away = io::Error::from_raw_os_error(2).to_string();
        let away = away.split(" (os").next().unwrap();
        let alike = tried(&[(tcp, 1), (quic, 1), (tcp, 1), (quic, 1)]);
        assert_eq!(words(&alike), format!("{tcp}, {quic} ({refused})"));
        let apart = tried(&[(quic, 1), (tcp, 2), (tcp, 2)]);
        assert_eq!(
            parted(&apart),
            (Some(format!("{quic} ({refused}), {tcp}")), away.to_owned())
        );
    }

    #[test]
    fn a_long_cause_is_cut_and_stays_in_one_line() {
        let long = io::Error::other("没有\n回答 ".repeat(100));
        let told = cause(&long);
        assert!(
            told.chars().count() == CAUSE_MAX + 1 && !told.contains('\n'),
            "{told}"
        );
    }

    #[test]
    fn where_nothing_was_dialled_no_address_is_said() {
        assert_eq!(words(&DialError::NoAddresses), "no address is known");
        assert_eq!(
            words(&DialError::Transport(Vec::new())),
            "no address could be dialled"
        );
    }
}
