//! Job: each sink as the writer sees it: slots, lanes, gate.
//! Takes: what is claimed, settled, paused, held.
//! Gives: whether a delivery may be claimed now, and when to look again.
//! Never: holds more than what is claimed: a backlog stays in the store.

use std::collections::HashMap;

use contract::SinkName;
use jiff::Timestamp;
use tokio::sync::mpsc;

use super::codes::from_ms;
use super::{Claim, Gate, Hold, Pause};
use crate::delivery::HeldReason;

/// A lane: (sink, address, feed, subject), as a number that stays the same over versions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Lane(pub(super) i64);

impl Lane {
    /// Two lanes of one number only wait for each other.
    pub(super) fn of(sink: i64, feed: i64, subject: &str, address: Option<&str>) -> Self {
        let (sink, feed) = (sink.to_le_bytes(), feed.to_le_bytes());
        let address = address.unwrap_or("").as_bytes();
        let parts = [&sink[..], &feed[..], subject.as_bytes(), &[0], address];
        // FNV-1a, 64 bits.
        let hash = parts.into_iter().flatten().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
        });
        Self(hash.cast_signed())
    }
}

/// A delivery that is claimed and not yet settled.
#[derive(Clone, Debug)]
pub(super) struct InHand {
    pub(super) fence: u32,
    pub(super) lane: Lane,
    /// Claimed in the transaction that stored it, and not yet among the late claims.
    pub(super) born: bool,
    pub(super) tries: u32,
    pub(super) failing: Option<i64>,
}

#[derive(Debug)]
pub(super) struct Slot {
    pub(super) in_flight: usize,
    pub(super) ahead: usize,
    pub(super) claims: mpsc::Sender<Vec<Claim>>,
}

#[derive(Debug)]
pub(super) struct Desk {
    pub(super) id: i64,
    pub(super) name: SinkName,
    /// Absent where the sink is not configured: its rows are parked.
    pub(super) slot: Option<Slot>,
    pub(super) gate: Gate,
    pub(super) in_hand: HashMap<i64, InHand>,
    /// The lanes in hand, and whether a row may stand behind.
    pub(super) lanes: HashMap<Lane, bool>,
    /// A row may be due now. Newcomers go behind it.
    pub(super) backlog: bool,
    /// When the next row is due, where none is now.
    pub(super) next_due: Option<i64>,
    /// The sink has returned a receipt at least once.
    pub(super) threads: bool,
    pub(super) last_sent: Option<i64>,
}

impl Desk {
    fn new(id: i64, name: SinkName) -> Self {
        Self {
            id,
            name,
            slot: None,
            gate: Gate::Open,
            in_hand: HashMap::new(),
            lanes: HashMap::new(),
            backlog: true,
            next_due: None,
            threads: false,
            last_sent: None,
        }
    }

    pub(super) fn claim(&mut self, id: i64, hand: InHand) {
        self.lanes.insert(hand.lane, false);
        self.in_hand.insert(id, hand);
    }

    pub(super) fn unclaim(&mut self, id: i64) {
        if let Some(hand) = self.in_hand.remove(&id) {
            self.lanes.remove(&hand.lane);
        }
    }

    /// Puts a settled claim back after a transaction that failed.
    pub(super) fn reclaim(&mut self, id: i64, hand: InHand) {
        self.lanes.insert(hand.lane, true);
        self.in_hand.insert(id, hand);
    }

    /// Something is due at `due`.
    pub(super) fn expect(&mut self, due: i64, now: i64) {
        if due <= now {
            self.backlog = true;
        } else {
            self.next_due = Some(self.next_due.map_or(due, |next| next.min(due)));
        }
    }
}

/// All sinks that ever had a row, and the pauses that still matter to a clock.
#[derive(Debug, Default)]
pub(super) struct Desks {
    desks: Vec<Desk>,
    by_name: HashMap<SinkName, usize>,
    /// Of all sinks (`None`) or of one, by its number; oldest first.
    pub(super) pauses: Vec<(Option<i64>, Pause)>,
}

impl Desks {
    pub(super) fn find(&self, name: &SinkName) -> Option<usize> {
        self.by_name.get(name).copied()
    }

    pub(super) fn add(&mut self, id: i64, name: SinkName) -> usize {
        let place = self.desks.len();
        self.by_name.insert(name.clone(), place);
        self.desks.push(Desk::new(id, name));
        place
    }

    pub(super) fn len(&self) -> usize {
        self.desks.len()
    }

    /// How many deliveries are claimed and not settled.
    pub(super) fn in_hand(&self) -> usize {
        self.desks.iter().map(|desk| desk.in_hand.len()).sum()
    }

    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Desk> {
        self.desks.iter_mut()
    }

    pub(super) fn pauses_of(&self, sink: i64) -> impl Iterator<Item = &Pause> {
        let concerns = move |whom: &Option<i64>| whom.is_none_or(|whom| whom == sink);
        self.pauses.iter().filter(move |(whom, _)| concerns(whom)).map(|(_, pause)| pause)
    }

    fn paused(&self, desk: &Desk, now: Timestamp) -> bool {
        self.pauses_of(desk.id).any(|pause| pause.holds(now))
    }

    /// How many more deliveries may be claimed.
    pub(super) fn room(&self, place: usize, now: Timestamp) -> usize {
        let desk = &self.desks[place];
        let Some(slot) = &desk.slot else { return 0 };
        if self.paused(desk, now) {
            return 0;
        }
        let most = match desk.gate.at(now) {
            Gate::Open => slot.in_flight + slot.ahead,
            Gate::Probe(_) => 1,
            Gate::Held(_) => 0,
        };
        most.saturating_sub(desk.in_hand.len())
    }

    /// When to look at a sink again though nobody says anything.
    pub(super) fn wake(&self, now: Timestamp) -> Option<Timestamp> {
        let opens = |desk: &Desk| {
            let pause = self.pauses_of(desk.id).filter(|p| p.holds(now)).filter_map(|p| p.until);
            let hold = match &desk.gate {
                Gate::Held(Hold { until, .. }) => *until,
                _ => None,
            };
            pause.chain(hold).filter(|until| *until > now).min()
        };
        let times = self.desks.iter().enumerate().filter_map(|(place, desk)| {
            desk.slot.as_ref()?;
            if self.room(place, now) > 0 { desk.next_due.map(from_ms) } else { opens(desk) }
        });
        times.min()
    }

    /// Opens the gates that a person's resume opens: any of a sink that is named, else those of
    /// disabled sinks. Gives their places.
    pub(super) fn open_held(&mut self, whom: Option<i64>) -> Vec<usize> {
        let concerned = |desk: &Desk| match (whom, &desk.gate) {
            (Some(sink), Gate::Held(_) | Gate::Probe(_)) => desk.id == sink,
            (None, Gate::Held(hold)) => hold.reason == HeldReason::Disabled,
            _ => false,
        };
        let places = (0..self.desks.len()).filter(|place| concerned(&self.desks[*place]));
        let places: Vec<usize> = places.collect();
        for place in &places {
            self.desks[*place].gate = Gate::Open;
        }
        places
    }

    /// Takes away the newest desks as long as their names are not known.
    pub(super) fn keep_known(&mut self, known: impl Fn(&SinkName) -> bool) {
        while self.desks.last().is_some_and(|desk| !known(&desk.name)) {
            if let Some(desk) = self.desks.pop() {
                self.by_name.remove(&desk.name);
            }
        }
    }
}

impl std::ops::Index<usize> for Desks {
    type Output = Desk;
    fn index(&self, place: usize) -> &Desk {
        &self.desks[place]
    }
}

impl std::ops::IndexMut<usize> for Desks {
    fn index_mut(&mut self, place: usize) -> &mut Desk {
        &mut self.desks[place]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lane_is_a_sink_an_address_a_feed_and_a_subject_and_its_number_never_changes() {
        let lane = Lane::of(1, 2, "B1", None);
        let others = [
            Lane::of(2, 2, "B1", None),
            Lane::of(1, 3, "B1", None),
            Lane::of(1, 2, "B2", None),
            Lane::of(1, 2, "B1", Some("a")),
        ];
        assert!(others.iter().all(|other| *other != lane));
        assert_eq!(lane, Lane(-3_929_840_341_751_816_027));
    }
}
