//! Job: writes what became of claims.
//! Takes: settlements, within the writer's transaction.
//! Gives: rows in their next state; slots and lanes free again.
//! Never: lets a late answer change anything, or deletes a row.

use contract::Why;
use rusqlite::{CachedStatement, Connection, params};

use super::codes::{self, ms};
use super::desks::InHand;
use super::lanes;
use super::ledger::{Ledger, Undo, What};
use super::{Answered, DeliveryId, Settled, Settlement};
use crate::delivery::{DeadReason, State};

/// Writes each settlement whose claim is still in hand.
pub(super) fn write(
    store: &Connection,
    ledger: &mut Ledger,
    settlements: &[Settlement],
    seen: bool,
) -> rusqlite::Result<()> {
    let mut first_try = store.prepare_cached(FIRST_TRY)?;
    for settlement in settlements {
        let Some(place) = ledger.desks.find(&settlement.sink) else {
            ledger.late += 1;
            continue;
        };
        let in_hand = &mut ledger.desks[place].in_hand;
        let mine = in_hand.get(&settlement.id.0).is_some_and(|h| h.fence == settlement.fence);
        let Some(hand) = mine.then(|| in_hand.remove(&settlement.id.0)).flatten() else {
            ledger.late += 1;
            continue;
        };
        let plain = matches!(settlement.outcome, Settled::Sent { receipt: None });
        let state = if plain && hand.tries == 0 {
            write_first_try(&mut first_try, ledger, place, settlement)?
        } else {
            write_one(store, ledger, place, settlement, &hand)?
        };
        free_lane(store, ledger, place, &hand)?;
        ledger.undo.push(Undo::Settled(place, settlement.id.0, hand));
        if seen {
            let why = why_of(&settlement.outcome).cloned();
            let sink = settlement.sink.clone();
            ledger.answered.push(Answered { id: settlement.id, sink, state, why });
        }
    }
    Ok(())
}

/// A claim whose event cannot be read is dead at once.
pub(super) fn unreadable(
    store: &Connection,
    ledger: &mut Ledger,
    place: usize,
    id: i64,
) -> rusqlite::Result<()> {
    let Some(hand) = ledger.desks[place].in_hand.remove(&id) else { return Ok(()) };
    let class = contract::Class::Payload;
    let settlement = Settlement {
        id: DeliveryId(id),
        fence: hand.fence,
        sink: ledger.desks[place].name.clone(),
        outcome: Settled::Dead {
            reason: DeadReason::Rejected(class),
            why: Some(Why::new(class, "what it says cannot be read from the store")),
        },
        latency_ms: 0,
        answered: ledger.now,
    };
    write_one(store, ledger, place, &settlement, &hand)?;
    free_lane(store, ledger, place, &hand)?;
    ledger.undo.push(Undo::Settled(place, id, hand));
    Ok(())
}

const FIRST_TRY: &str = "UPDATE deliveries SET state = 3, tries = 1, tried = ?3, answered = ?4
    WHERE id = ?1 AND fence = ?2";

/// What nearly every settlement is: one statement, prepared once.
fn write_first_try(
    row: &mut CachedStatement<'_>,
    ledger: &mut Ledger,
    place: usize,
    settlement: &Settlement,
) -> rusqlite::Result<State> {
    let answered = ms(settlement.answered);
    let tried = answered - i64::from(settlement.latency_ms);
    row.execute((settlement.id.0, settlement.fence, tried, answered))?;
    let desk = &mut ledger.desks[place];
    desk.last_sent = desk.last_sent.max(Some(answered));
    let sink = desk.id;
    ledger.count(What::Rang, sink, 1);
    Ok(State::Sent)
}

fn write_one(
    store: &Connection,
    ledger: &mut Ledger,
    place: usize,
    settlement: &Settlement,
    hand: &InHand,
) -> rusqlite::Result<State> {
    let answered = ms(settlement.answered);
    let state = match &settlement.outcome {
        Settled::Sent { receipt } => {
            write_sent(store, settlement, answered)?;
            let desk = &mut ledger.desks[place];
            desk.last_sent = desk.last_sent.max(Some(answered));
            let sink = desk.id;
            if let Some(receipt) = receipt {
                desk.threads = true;
                write_receipt(store, sink, settlement.id, &receipt.0)?;
            }
            ledger.count(What::Rang, sink, 1);
            State::Sent
        }
        Settled::Again { due, why, spent } => {
            write_again(store, settlement, hand, (ms(*due), *spent), why)?;
            ledger.laned = true;
            ledger.desks[place].expect(ms(*due), ms(ledger.now));
            State::Waiting
        }
        Settled::Dead { reason, why } => {
            let state = State::Dead(*reason);
            write_end(store, settlement, state, why.as_ref())?;
            ledger.count(What::Failed, ledger.desks[place].id, 1);
            state
        }
        Settled::Expired => {
            write_end(store, settlement, State::Expired, None)?;
            ledger.count(What::Failed, ledger.desks[place].id, 1);
            State::Expired
        }
        Settled::Released => {
            release(store, settlement.id, ms(ledger.now))?;
            ledger.desks[place].backlog = true;
            if hand.failing.is_some() { State::Waiting } else { State::Pending }
        }
    };
    if was_tried(&settlement.outcome) && (hand.tries > 0 || state != State::Sent) {
        write_attempt(store, settlement, hand)?;
    }
    Ok(state)
}

fn free_lane(
    store: &Connection,
    ledger: &mut Ledger,
    place: usize,
    hand: &InHand,
) -> rusqlite::Result<()> {
    let now = ledger.now_ms();
    let desk = &mut ledger.desks[place];
    let followed = desk.lanes.remove(&hand.lane).unwrap_or(false);
    if followed || !hand.born {
        lanes::release(store, desk, hand.lane, now)?;
    }
    Ok(())
}

fn write_sent(store: &Connection, settlement: &Settlement, answered: i64) -> rusqlite::Result<()> {
    let tried = answered - i64::from(settlement.latency_ms);
    let (id, fence) = (settlement.id.0, settlement.fence);
    store
        .prepare_cached(
            "UPDATE deliveries SET state = 3, tries = tries + 1, tried = ?3, answered = ?4,
                class = NULL, said = NULL
             WHERE id = ?1 AND fence = ?2",
        )?
        .execute((id, fence, tried, answered))?;
    Ok(())
}

fn write_again(
    store: &Connection,
    settlement: &Settlement,
    hand: &InHand,
    (due, spent): (i64, bool),
    why: &Why,
) -> rusqlite::Result<()> {
    let answered = ms(settlement.answered);
    store
        .prepare_cached(
            "UPDATE deliveries SET state = 1, tries = tries + 1, spent = spent + ?3, tried = ?4,
                answered = ?5, due = ?6, lane = ?7, failing = coalesce(failing, ?5), class = ?8,
                said = ?9
             WHERE id = ?1 AND fence = ?2",
        )?
        .execute(params![
            settlement.id.0,
            settlement.fence,
            spent,
            answered - i64::from(settlement.latency_ms),
            answered,
            due,
            hand.lane.0,
            codes::class_code(why.class),
            why.said.as_str(),
        ])?;
    Ok(())
}

fn write_end(
    store: &Connection,
    settlement: &Settlement,
    state: State,
    why: Option<&Why>,
) -> rusqlite::Result<()> {
    let (state, reason) = codes::state_code(state);
    let answered = ms(settlement.answered);
    store
        .prepare_cached(
            "UPDATE deliveries SET state = ?3, reason = ?4, tries = tries + ?9,
                tried = iif(?9, ?5, tried), answered = iif(?9, ?6, answered),
                class = coalesce(?7, class), said = coalesce(?8, said)
             WHERE id = ?1 AND fence = ?2",
        )?
        .execute(params![
            settlement.id.0,
            settlement.fence,
            state,
            reason,
            answered - i64::from(settlement.latency_ms),
            answered,
            why.map(|why| codes::class_code(why.class)),
            why.map(|why| why.said.as_str()),
            was_tried(&settlement.outcome),
        ])?;
    Ok(())
}

/// What is too old is given up without a try.
fn was_tried(outcome: &Settled) -> bool {
    match outcome {
        Settled::Sent { .. } | Settled::Again { .. } | Settled::Dead { why: Some(_), .. } => true,
        Settled::Dead { why: None, .. } | Settled::Expired | Settled::Released => false,
    }
}

/// Due at once and before all that was received later, as it was before it was claimed. Where the
/// clock was set back since, at once all the same.
pub(super) fn release(store: &Connection, id: DeliveryId, now: i64) -> rusqlite::Result<()> {
    store
        .prepare_cached(
            "UPDATE deliveries SET state = CASE WHEN failing IS NULL THEN 0 ELSE 1 END, lane = NULL,
                due = (SELECT CASE WHEN typeof(received) = 'integer'
                       THEN min(received / 1000000, ?2)
                       ELSE 0 END FROM events WHERE events.id = deliveries.id >> 12)
             WHERE id = ?1",
        )?
        .execute((id.0, now))?;
    Ok(())
}

fn write_attempt(
    store: &Connection,
    settlement: &Settlement,
    hand: &InHand,
) -> rusqlite::Result<()> {
    let why = why_of(&settlement.outcome);
    let spent = !matches!(settlement.outcome, Settled::Again { spent: false, .. });
    store
        .prepare_cached("INSERT OR REPLACE INTO attempts VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)")?
        .execute(params![
            settlement.id.0,
            hand.tries + 1,
            ms(settlement.answered),
            settlement.latency_ms,
            spent,
            why.map(|why| codes::class_code(why.class)),
            why.map(|why| why.said.as_str()),
        ])?;
    Ok(())
}

fn write_receipt(
    store: &Connection,
    sink: i64,
    delivery: DeliveryId,
    receipt: &str,
) -> rusqlite::Result<()> {
    store
        .prepare_cached(
            "INSERT OR REPLACE INTO threads
             SELECT ?1, e.subject, e.feed, coalesce(d.address, ''), ?3, d.id
             FROM deliveries d JOIN events e ON e.id = d.id >> 12 WHERE d.id = ?2",
        )?
        .execute((sink, delivery.0, receipt))?;
    Ok(())
}

fn why_of(outcome: &Settled) -> Option<&Why> {
    match outcome {
        Settled::Again { why, .. } => Some(why),
        Settled::Dead { why, .. } => why.as_ref(),
        Settled::Sent { .. } | Settled::Expired | Settled::Released => None,
    }
}
