//! Job: shows what each order of words and numbers leads to.
//! Takes: cursors, words, numbers.
//! Gives: the steps and the cursor.
//! Never: needs a socket.

use super::*;

const CURSOR: &str = r#"{"epoch":"e1","seq":5}"#;

fn cursor(text: &str) -> Option<Cursor> {
    Some(Cursor(text.into()))
}

fn again() -> Continuity {
    Continuity::new(cursor(CURSOR).as_ref(), true)
}

fn hello(epoch: &str, seq: u64) -> Word {
    Word::Hello { epoch: epoch.into(), seq }
}

fn resume(epoch: &str, after: u64) -> Vec<Step> {
    vec![Step::Send(Word::Resume { epoch: epoch.into(), after })]
}

fn missed(reason: GapReason, missed: Option<u64>) -> Step {
    Step::Missed { reason, missed }
}

#[test]
fn the_first_connection_ever_follows_from_the_hello() {
    let mut feed = Continuity::new(None, false);
    assert_eq!(feed.cursor(), None);
    assert_eq!(feed.word(hello("e1", 5)), []);
    assert_eq!(feed.cursor(), cursor(CURSOR));
    assert_eq!(feed.frame(Some(6)), None);
    assert_eq!(feed.cursor(), cursor(r#"{"epoch":"e1","seq":6}"#));
    assert_eq!(feed.cursor(), None);
}

#[test]
fn a_reconnect_asks_for_what_came_after_the_cursor() {
    let mut feed = again();
    assert_eq!(feed.word(hello("e1", 8)), resume("e1", 5));
    for seq in 6..=8 {
        assert_eq!(feed.frame(Some(seq)), None);
    }
    let resumed = Word::Resumed { epoch: "e1".into(), replayed: 3 };
    assert_eq!(feed.word(resumed), [Step::Resumed { replayed: 3 }]);
    assert_eq!(feed.cursor(), cursor(r#"{"epoch":"e1","seq":8}"#));
    assert_eq!(feed.frame(Some(9)), None);
}

#[test]
fn the_cursor_waits_for_the_replay_though_newer_frames_come_first() {
    let mut feed = again();
    feed.word(hello("e1", 8));
    assert_eq!(feed.frame(Some(9)), None);
    assert_eq!(feed.cursor(), None);
    assert_eq!(feed.frame(Some(6)), None);
    assert_eq!(feed.cursor(), cursor(r#"{"epoch":"e1","seq":6}"#));
    feed.word(Word::Resumed { epoch: "e1".into(), replayed: 3 });
    assert_eq!(feed.cursor(), cursor(r#"{"epoch":"e1","seq":9}"#));
}

#[test]
fn a_server_that_no_longer_has_it_leaves_a_gap_and_a_new_beginning() {
    let mut feed = again();
    feed.word(hello("e1", 100));
    let gap = Word::Gap { epoch: "e1".into(), reason: GapReason::TooOld, missed: Some(40) };
    assert_eq!(feed.word(gap), [missed(GapReason::TooOld, Some(40))]);
    assert_eq!(feed.frame(Some(46)), None);
    assert_eq!(feed.frame(Some(47)), None);
    assert_eq!(feed.frame(Some(49)), Some(missed(GapReason::Skipped, Some(1))));
}

#[test]
fn a_new_epoch_is_a_gap_and_what_the_new_one_has_is_asked_for() {
    for word in [hello("e2", 3), hello("e1", 4)] {
        let Word::Hello { epoch, .. } = word.clone() else { panic!("no hello") };
        let mut feed = again();
        let steps = feed.word(word);
        assert_eq!(steps[0], missed(GapReason::NewEpoch, None));
        assert_eq!(steps[1..], resume(&epoch, 0));
        for seq in 1..=3 {
            assert_eq!(feed.frame(Some(seq)), None);
        }
        let resumed = Word::Resumed { epoch: epoch.clone(), replayed: 3 };
        assert_eq!(feed.word(resumed), []);
        assert_eq!(feed.frame(Some(4)), None);
    }
}

#[test]
fn a_server_without_hello_is_a_gap_only_on_a_reconnect() {
    assert_eq!(Continuity::new(None, false).frame(None), None);
    let not_offered = Some(missed(GapReason::NotOffered, None));
    assert_eq!(Continuity::new(None, true).frame(None), not_offered);
    assert_eq!(Continuity::new(cursor("{}").as_ref(), false).frame(None), not_offered);
    assert_eq!(again().frame(Some(6)), not_offered);
    assert_eq!(again().give_up(), not_offered);
    let mut feed = Continuity::new(None, false);
    assert_eq!(feed.frame(None), None);
    assert_eq!(feed.cursor(), cursor("{}"));
    assert_eq!(feed.frame(None), None);
    assert_eq!(feed.cursor(), None);
}

#[test]
fn a_server_that_never_answers_resume_is_a_gap() {
    let mut feed = again();
    feed.word(hello("e1", 9));
    feed.frame(Some(10));
    assert_eq!(feed.give_up(), Some(missed(GapReason::NotOffered, None)));
    assert_eq!(feed.cursor(), cursor(r#"{"epoch":"e1","seq":10}"#));
    assert_eq!(feed.frame(Some(11)), None);
    assert_eq!(feed.give_up(), None);
}

#[test]
fn a_number_left_out_is_a_gap_unless_a_frame_came_unreadable() {
    let mut feed = Continuity::new(None, false);
    feed.word(hello("e1", 0));
    assert_eq!(feed.frame(Some(4)), Some(missed(GapReason::Skipped, Some(3))));
    assert_eq!(feed.frame(None), None);
    assert_eq!(feed.frame(Some(6)), None);
    assert_eq!(feed.frame(Some(3)), None);
    assert_eq!(feed.cursor(), cursor(r#"{"epoch":"e1","seq":6}"#));
    assert_eq!(feed.frame(Some(u64::MAX)), Some(missed(GapReason::Skipped, Some(u64::MAX - 7))));
}

#[test]
fn a_servers_numbers_are_followed_after_a_plain_connection() {
    let mut feed = Continuity::new(cursor("{}").as_ref(), true);
    assert_eq!(feed.word(hello("e1", 5)), [missed(GapReason::NotOffered, None)]);
    assert_eq!(feed.cursor(), cursor(CURSOR));
}
