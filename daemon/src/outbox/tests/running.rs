//! Job: the writer on a thread of its own, as the daemon runs it.
//! Takes: a real thread, groups and settlements from tasks.
//! Gives: proof that all of it is written, in order, and that a stop is clean.
//! Never: waits by time.

use contract::Status;

use super::*;

#[tokio::test]
async fn everything_handed_in_is_written_and_a_stop_is_clean() {
    let House { folder, clock, outbox, writer } = House::new();
    let thread = writer.on_thread(&tokio::runtime::Handle::current()).unwrap();
    let (slot, mut taken) = SinkSlot::new(sink(), 8, 8);
    outbox.register(vec![slot]).await.unwrap();
    let settling = outbox.clone();
    let now = clock.now();
    let settle = async move {
        let mut settled = 0;
        while settled < 1000 {
            let claims = taken.recv().await.unwrap();
            settled += claims.len();
            settling.settle_all(claims.iter().map(|claim| Settlement {
                id: claim.id,
                fence: claim.fence,
                sink: sink(),
                outcome: sent(),
                latency_ms: 1,
                answered: now,
            }));
        }
        taken
    };
    let committing = outbox.clone();
    let commit = async move {
        let mut last = Ticket::default();
        for group in 0..100 {
            let ids = (0..10).map(|n| format!("B{group}-{n}"));
            let events = ids.map(|id| ringing(&id, Status::New, now)).collect();
            last = committing.commit(Group { events, ..Group::default() }).await.unwrap();
        }
        committing.wait_committed(last).await.unwrap();
    };
    let (_taken, ()) = tokio::join!(settle, commit);
    outbox.stop();
    assert_eq!(outbox.commit(Group::default()).await, Err(Refused::Stopped));
    tokio::task::spawn_blocking(move || thread.join()).await.unwrap().unwrap();
    drop(outbox);
    let log = folder.path().join("outbox.db-wal");
    assert!(log.metadata().map_or(0, |log| log.len()) == 0, "the log was not written back");
    let house = House::at(folder, clock);
    assert_eq!(house.states(), vec!["sent"; 1000]);
}

#[tokio::test]
async fn a_group_given_up_while_it_waits_is_refused() {
    let house = House::new();
    let (told, heard) = std::sync::mpsc::channel();
    let group = || Group {
        acks: vec![contract::Ack::new({
            let told = told.clone();
            move |acked| told.send(acked).unwrap_or_default()
        })],
        ..Group::default()
    };
    house.outbox.commit(group()).await.unwrap();
    {
        let mut waits = pin!(house.outbox.commit(group()));
        assert!(waits.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    }
    assert_eq!(heard.try_recv(), Ok(contract::source::Acked::Refused));
}
