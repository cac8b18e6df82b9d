//! How many result sockets an address may hold open at once.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, PoisonError};

/// Sockets that one address may hold open. An office has one address, and published packages wait for ever where a
/// socket is refused.
const MOST_PER_ADDRESS: usize = 200;
/// Sockets that all addresses together may hold open: each is a file, and files are few.
const MOST: usize = 5_000;

/// How many sockets each address holds.
#[derive(Debug, Clone, Default)]
pub struct OpenSockets(Arc<Mutex<Held>>);

#[derive(Debug, Default)]
struct Held {
    all: usize,
    by_address: HashMap<IpAddr, usize>,
}

/// A place among an address's sockets; given back when dropped.
pub struct Seat {
    sockets: OpenSockets,
    address: IpAddr,
}

impl OpenSockets {
    /// A place for one more socket from `address`, unless it or everybody together holds too many.
    pub fn take(&self, address: IpAddr) -> Option<Seat> {
        let address = holder(address);
        let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if open.all >= MOST {
            return None;
        }
        let held = open.by_address.entry(address).or_insert(0);
        if *held >= MOST_PER_ADDRESS {
            return None;
        }
        *held += 1;
        open.all += 1;
        Some(Seat {
            sockets: self.clone(),
            address,
        })
    }
}

/// Whoever has an IPv6 address has the other 2^64 of its network too, so they are counted as one.
fn holder(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(v4) => IpAddr::V4(v4),
        IpAddr::V6(v6) => {
            let [a, b, c, d, ..] = v6.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut open = self.sockets.0.lock().unwrap_or_else(PoisonError::into_inner);
        open.all -= 1;
        if let Some(held) = open.by_address.get_mut(&self.address) {
            *held -= 1;
            if *held == 0 {
                open.by_address.remove(&self.address);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_gets_its_seats_back() {
        let sockets = OpenSockets::default();
        let address = IpAddr::from([127, 0, 0, 1]);
        let seats: Vec<_> = (0..MOST_PER_ADDRESS)
            .map(|_| sockets.take(address).unwrap())
            .collect();
        assert!(sockets.take(address).is_none());
        assert!(sockets.take(IpAddr::from([127, 0, 0, 2])).is_some());
        drop(seats);
        assert!(sockets.take(address).is_some());
    }

    #[test]
    fn everybody_together_gets_no_more_than_there_are() {
        let sockets = OpenSockets::default();
        let address = |number: usize| IpAddr::from(u32::try_from(number).unwrap().to_be_bytes());
        let mut seats: Vec<_> = (0..MOST)
            .map(|number| sockets.take(address(number)).unwrap())
            .collect();
        assert!(sockets.take(address(MOST)).is_none());
        seats.pop();
        assert!(sockets.take(address(MOST)).is_some());
    }

    #[test]
    fn the_addresses_of_one_ipv6_network_share_their_seats() {
        let sockets = OpenSockets::default();
        let address = |last: usize| format!("2001:db8:1:2::{last:x}").parse().unwrap();
        let _seats: Vec<_> = (0..MOST_PER_ADDRESS)
            .map(|last| sockets.take(address(last)).unwrap())
            .collect();
        assert!(sockets.take(address(0xffff)).is_none());
        assert!(sockets.take("2001:db8:1:3::1".parse().unwrap()).is_some());
    }
}
