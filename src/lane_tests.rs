//! A lane by itself, with a clock of the test's own.

use super::*;
use crate::credential::Credential;
use crate::outcome::{Disposition, Evidence, Revocation};

const SECOND: Duration = Duration::from_secs(1);

/// A lane whose keys are sent and answered by hand. `devin:own` is the credential in use.
struct Hand {
    lane: Lane,
    now: Instant,
}

impl Hand {
    fn new(keys: usize, limits: Limits) -> Self {
        let credential = Credential::from_text("apk_user_example").with_key_id("own");
        let builder = crate::builder("devin").unwrap().with_credential(credential);
        let target = Target {
            provider: "devin".into(),
            tenant: None,
            revoker: builder.build().unwrap(),
        };
        let mut lane = Lane::new(target, limits);
        for number in 1..=keys {
            lane.push(format!("devin:k{number}").parse().unwrap());
        }
        Self {
            lane,
            now: Instant::now(),
        }
    }

    /// A lane that takes keys back for ten seconds, and makes so many calls at a time.
    fn patient(keys: usize, per_credential: usize) -> Self {
        let limits = Limits {
            keep_trying: 10 * SECOND,
            per_credential,
            ..Limits::default()
        };
        Self::new(keys, limits)
    }

    /// The next key that is sent, if one is.
    fn send(&mut self) -> Option<Waiting> {
        match self.lane.next(self.now)? {
            Next::Send(waiting) => {
                self.lane.in_flight += 1;
                Some(waiting)
            }
            Next::Report(waiting, error) => panic!("{waiting:?}: {error}"),
        }
    }

    /// All that is sent now.
    fn send_all(&mut self) -> Vec<Waiting> {
        std::iter::from_fn(|| self.send()).collect()
    }

    /// The keys that are not sent any more, and what is said of them.
    fn reports(&mut self) -> Vec<(String, RevokeError)> {
        std::iter::from_fn(|| match self.lane.next(self.now)? {
            Next::Send(waiting) => panic!("{waiting:?} is sent"),
            Next::Report(waiting, error) => Some((waiting.key.key().to_owned(), error)),
        })
        .collect()
    }

    /// What a call comes back with; gives what is final.
    fn answer(&mut self, waiting: Waiting, result: RevokeResult) -> Option<RevokeResult> {
        self.lane.in_flight -= 1;
        self.lane
            .after(self.now, waiting, result)
            .map(|(_, result)| result)
    }

    /// A call comes back with what closes the gate for so many seconds, and for up to `jitter` of them more.
    fn pauses(&mut self, waiting: Waiting, result: RevokeResult, seconds: u64, jitter: f64) {
        let before = Instant::now();
        assert!(self.answer(waiting, result).is_none(), "the key is taken back");
        self.is_closed(before, seconds, jitter);
    }

    fn is_closed(&self, before: Instant, seconds: u64, jitter: f64) {
        let after = Instant::now();
        let until = self.lane.gate.closed_until();
        assert_eq!(until.is_some(), seconds > 0);
        if let Some(until) = until {
            let longest = Duration::from_secs(seconds).mul_f64(1.0 + jitter);
            assert!(until - before >= Duration::from_secs(seconds), "{seconds} s");
            assert!(until - after <= longest, "{seconds} s");
        }
    }

    /// As if the pause were over.
    fn open(&mut self) {
        self.lane.gate = Arc::default();
    }
}

fn dead() -> RevokeResult {
    Ok(Revocation::new(
        "devin",
        Disposition::Revoked,
        [Evidence::ProviderAnswer],
    ))
}

fn error(kind: ErrorKind, state: KeyState, delivery: Delivery) -> RevokeError {
    RevokeError::new("devin", kind, state)
        .with_delivery(delivery)
        .with_retryable(true)
}

fn limited(seconds: impl Into<Option<u64>>) -> RevokeResult {
    let after = seconds.into().map(Duration::from_secs);
    Err(error(ErrorKind::RateLimited, KeyState::Live, Delivery::Answered).with_retry_after(after))
}

/// Nobody listens there.
fn down() -> RevokeResult {
    Err(error(ErrorKind::NotSent, KeyState::Live, Delivery::NotSent))
}

/// Perhaps carried out.
fn lost() -> RevokeResult {
    Err(error(ErrorKind::NoAnswer, KeyState::Unknown, Delivery::MaybeSent))
}

#[test]
fn a_limit_pauses_for_as_long_as_the_provider_says_and_one_call_finds_out_whether_it_is_over() {
    let mut hand = Hand::new(20, Limits::default());
    let mut sent = hand.send_all();
    assert_eq!(sent.len(), 4);
    hand.pauses(sent.remove(0), limited(600), 600, 0.01);
    // Answers to what was under way do not open the window again.
    for waiting in sent {
        assert!(hand.answer(waiting, dead()).is_some());
    }
    let sent = hand.send_all();
    assert_eq!(sent.len(), 1);
    assert_eq!(sent[0].key.key(), "k1", "what was not wanted goes first");
    hand.open();
    let mut sizes = Vec::new();
    let mut sent = sent;
    for _ in 0..4 {
        for waiting in sent {
            assert!(hand.answer(waiting, dead()).is_some());
        }
        sent = hand.send_all();
        sizes.push(sent.len());
    }
    assert_eq!(
        sizes,
        [2, 4, 4, 4],
        "it widens with every answer, up to where it was"
    );
}

#[test]
fn a_provider_that_does_not_say_how_long_is_given_pauses_that_double() {
    let mut hand = Hand::new(1, Limits::default());
    for pause in [1, 2, 4, 8, 16, 32, 32, 32] {
        hand.open();
        let waiting = hand.send().unwrap();
        hand.pauses(waiting, limited(None), pause, 0.01);
    }
    // An answer begins them anew.
    let mut hand = Hand::new(3, Limits::default());
    for pause in [1, 2] {
        hand.open();
        let waiting = hand.send().unwrap();
        hand.pauses(waiting, limited(None), pause, 0.01);
    }
    hand.open();
    let waiting = hand.send().unwrap();
    assert!(hand.answer(waiting, dead()).is_some());
    let waiting = hand.send().unwrap();
    hand.pauses(waiting, limited(None), 1, 0.01);
}

#[test]
fn limits_without_end_end_the_lane_and_any_answer_between_counts_anew() {
    let mut hand = Hand::new(3, Limits::default());
    for _ in 1..MOST_LIMITED {
        let waiting = hand.send().unwrap();
        assert!(hand.answer(waiting, limited(0)).is_none());
    }
    let waiting = hand.send().unwrap();
    assert!(hand.answer(waiting, dead()).is_some());
    for _ in 1..MOST_LIMITED {
        let waiting = hand.send().unwrap();
        assert!(hand.answer(waiting, limited(0)).is_none());
    }
    let waiting = hand.send().unwrap();
    let last = hand.answer(waiting, limited(0)).unwrap().unwrap_err();
    assert_eq!(last.kind(), ErrorKind::RateLimited);
    let reports = hand.reports();
    assert_eq!(reports.len(), 1);
    assert_eq!(reports[0].1.kind(), ErrorKind::RateLimited);

    // Or a pause that is longer than anybody waits.
    let mut hand = Hand::new(2, Limits::default());
    let waiting = hand.send().unwrap();
    assert!(hand.answer(waiting, limited(3601)).is_some());
    let (_, error) = hand.reports().remove(0);
    assert_eq!(error.retry_after(), Some(3601 * SECOND));
    assert_eq!((error.delivery(), error.attempts()), (Delivery::NotSent, 0));
}

#[test]
fn an_outage_pauses_once_every_call_has_met_it_and_longer_each_round() {
    let mut hand = Hand::patient(3, 2);
    // The first alone might be a chance.
    for (pause, window) in [(0, 2), (1, 1), (2, 1), (4, 1), (8, 1), (16, 1), (32, 1), (32, 1)] {
        hand.open();
        let waiting = hand.send().unwrap();
        // What was taken back is sent only after a pause of its own.
        hand.open();
        hand.pauses(waiting, down(), pause, 0.25);
        assert_eq!(hand.lane.window, window);
    }
    hand.open();
    let before = Instant::now();
    assert!(hand.send().is_some());
    hand.is_closed(before, 32, 0.25);
}

#[test]
fn keys_are_taken_back_until_the_outage_has_lasted_too_long_and_an_answer_ends_it() {
    let mut hand = Hand::patient(3, 1);
    let waiting = hand.send().unwrap();
    assert!(hand.answer(waiting, down()).is_none());
    hand.now += 9 * SECOND;
    hand.open();
    let waiting = hand.send().unwrap();
    assert_eq!(
        waiting.key.key(),
        "k2",
        "what was not tried yet goes before what failed"
    );
    assert!(hand.answer(waiting, dead()).is_some());

    // Another outage, with ten seconds of its own.
    hand.now += 9 * SECOND;
    let waiting = hand.send().unwrap();
    assert!(hand.answer(waiting, down()).is_none());
    hand.now += 9 * SECOND;
    hand.open();
    let waiting = hand.send().unwrap();
    assert!(hand.answer(waiting, down()).is_none());
    hand.now += SECOND;
    hand.open();
    let reports = hand.reports();
    assert_eq!(reports.len(), 2);
    assert!(
        reports
            .iter()
            .all(|(_, error)| error.kind() == ErrorKind::NotSent)
    );
}

#[test]
fn nothing_is_taken_back_where_nobody_asked_or_where_it_could_hurt() {
    let mut hand = Hand::new(1, Limits::default());
    let waiting = hand.send().unwrap();
    assert!(hand.answer(waiting, down()).is_some());

    let mut hand = Hand::patient(2, 1);
    for result in [lost(), limited(0)] {
        let result = result.map_err(|error| error.with_retryable(false));
        let waiting = hand.send().unwrap();
        assert!(hand.answer(waiting, result).is_some());
    }
}

#[test]
fn doubt_stays_with_a_key_and_an_end_says_what_was_last_known() {
    for (results, in_doubt) in [
        (vec![down()], false),
        (vec![limited(0)], false),
        (vec![lost()], true),
        (vec![lost(), limited(0)], true),
        (vec![lost(), down()], true),
    ] {
        let mut hand = Hand::patient(1, 1);
        let last = results.last().unwrap().as_ref().unwrap_err().kind();
        for result in results {
            hand.open();
            let waiting = hand.send().unwrap();
            assert!(hand.answer(waiting, result).is_none());
        }
        hand.open();
        let waiting = hand.send().unwrap();
        assert_eq!(waiting.in_doubt, in_doubt);
        hand.answer(waiting, limited(0));
        hand.lane.stop(ErrorKind::Cancelled, "the end");
        let (_, error) = hand.reports().remove(0);
        assert_eq!(error.kind(), ErrorKind::RateLimited, "after {last}");
    }
    // Of a key that an earlier run left in doubt, too.
    let mut hand = Hand::new(1, Limits::default());
    let waiting = Waiting {
        in_doubt: true,
        ..hand.send().unwrap()
    };
    hand.lane.again.push_back(waiting);
    hand.lane.stop(ErrorKind::Cancelled, "the end");
    let (_, error) = hand.reports().remove(0);
    assert_eq!(
        (error.key_state(), error.delivery()),
        (KeyState::Unknown, Delivery::NotSent)
    );
}

#[test]
fn a_lane_that_is_stopped_gives_every_key_back_whatever_it_was_waiting_for() {
    let mut hand = Hand::patient(6, 3);
    hand.lane.push("devin:own".parse().unwrap());
    let sent = hand.send_all();
    let results = [limited(0), lost(), dead()];
    for (waiting, result) in sent.into_iter().zip(results) {
        hand.answer(waiting, result);
    }
    assert_eq!(hand.lane.waiting(), 6);
    hand.lane.stop(ErrorKind::Cancelled, "the end");
    hand.lane.stop(ErrorKind::Vetoed, "the first word counts");
    let reports = hand.reports();
    let known = |key: &str| reports.iter().find(|(known, _)| known == key).unwrap().1.clone();
    assert_eq!(reports.len(), 6);
    assert_eq!(known("k1").kind(), ErrorKind::RateLimited);
    assert_eq!(known("k2").kind(), ErrorKind::NoAnswer);
    for key in ["k4", "k5", "k6", "own"] {
        let error = known(key);
        assert_eq!(
            (error.kind(), error.key_state()),
            (ErrorKind::Cancelled, KeyState::Live)
        );
        assert_eq!(error.detail(), Some("not sent: the end"));
    }
}

#[test]
fn the_credential_in_use_goes_last_and_alone() {
    let mut hand = Hand::new(0, Limits::default());
    for key in ["devin:own", "devin:k1", "devin:k2"] {
        hand.lane.push(key.parse().unwrap());
    }
    let mut sent = hand.send_all();
    assert_eq!(sent.len(), 2, "not before the others are done");
    assert!(hand.answer(sent.remove(0), dead()).is_some());
    assert!(hand.send().is_none());
    assert!(hand.answer(sent.remove(0), limited(0)).is_none());
    let waiting = hand.send().unwrap();
    assert_eq!(waiting.key.key(), "k2", "nor before one that was taken back");
    assert!(hand.send().is_none());
    assert!(hand.answer(waiting, dead()).is_some());
    assert_eq!(hand.send().unwrap().key.key(), "own");
}
