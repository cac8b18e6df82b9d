//! Failed sign-ins are counted per account and per address, sign-ups per address.

use std::net::{IpAddr, Ipv6Addr};

use terapi_model::Timestamp;
use terapi_vault::hash::token_hash;

/// How far back failures count, seconds.
pub(super) const WINDOW_SECONDS: i64 = 15 * 60;
/// Failures of one account before sign-in to it pauses.
pub(super) const PER_ACCOUNT: i64 = 5;
/// Failures from one address before sign-in from it pauses; and its sign-ups, before those do.
pub(super) const PER_ADDRESS: i64 = 20;

/// Whose failures are counted: a digest, so that the table lists neither e-mails nor addresses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Subject {
    pub(super) key: String,
    pub(super) limit: i64,
}

impl Subject {
    /// The account with this lower-cased e-mail, whether it exists or not.
    pub(super) fn account(email_key: &str) -> Self {
        Self {
            key: token_hash(&format!("account:{email_key}")).to_hex(),
            limit: PER_ACCOUNT,
        }
    }

    /// Sign-ups without an invitation from the network this address stands for.
    pub(super) fn sign_up(address: IpAddr) -> Self {
        Self {
            key: token_hash(&format!("sign-up:{}", network(address))).to_hex(),
            limit: PER_ADDRESS,
        }
    }

    /// The network this address stands for.
    pub(super) fn address(address: IpAddr) -> Self {
        Self {
            key: token_hash(&format!("address:{}", network(address))).to_hex(),
            limit: PER_ADDRESS,
        }
    }
}

/// Seconds from `now`, at least 1, until the oldest counted failure leaves the window and one more try is allowed.
/// Failures that were refused are not counted, so there are never more than the limit.
pub(super) fn wait(oldest: Timestamp, now: Timestamp) -> i64 {
    let left = oldest.plus_seconds(WINDOW_SECONDS).millis_since(now);
    (left.max(1) + 999) / 1000
}

/// One person holds a whole IPv6 /64, so its addresses count together; IPv4 written as IPv6 counts as IPv4.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(v4) => IpAddr::V4(v4),
        IpAddr::V6(v6) => {
            let [a, b, c, d, ..] = v6.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> Subject {
        Subject::address(text.parse().unwrap())
    }

    #[test]
    fn addresses_of_one_ipv6_network_count_together() {
        assert_eq!(address("2001:db8:1:2::1"), address("2001:db8:1:2:ffff::9"));
        assert_ne!(address("2001:db8:1:2::1"), address("2001:db8:1:3::1"));
        assert_eq!(address("::ffff:192.0.2.1"), address("192.0.2.1"));
        assert_ne!(address("192.0.2.2"), address("192.0.2.1"));
    }

    #[test]
    fn the_pause_ends_when_the_oldest_failure_leaves_the_window() {
        let at = Timestamp::from_seconds;
        assert_eq!(wait(at(0), at(10)), 890);
        assert_eq!(wait(at(0), Timestamp::from_millis(899_001)), 1);
        assert_eq!(wait(at(0), at(900)), 1);
    }
}
