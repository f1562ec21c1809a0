//! Runs that are written down, and those that carry on where another ended.
#![cfg(feature = "fakes")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::HashMap;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use keyrevoke::fakes::{Fake, Reply};
use keyrevoke::journal::{
    Journal, JournalEntry, JournalError, JournalErrorKind, JournalRecord, MemoryJournal, new_run,
};
use keyrevoke::{
    BoxFuture, Delivery, ErrorKind, KeyRef, KeyState, Registry, RetryPolicy, RevokeError, RevokeResult,
};

fn at(fake: &Fake) -> Registry {
    let revoker = fake
        .builder()
        .with_retry(RetryPolicy::immediate())
        .build()
        .unwrap();
    Registry::new().with(revoker)
}

/// Requests that revoke; look-ups are GETs.
fn revocations(fake: &Fake) -> usize {
    let requests = fake.requests();
    requests.iter().filter(|request| request.method != "GET").count()
}

async fn all(registry: &Registry, keys: &[KeyRef]) -> HashMap<KeyRef, RevokeResult> {
    let mut run = registry.revoke_all(keys.to_vec());
    let mut results = HashMap::new();
    while let Some((key, result)) = run.next().await {
        assert!(results.insert(key, result).is_none());
    }
    results
}

/// A journal in which an earlier run wrote these, and then ended without a word.
async fn journal(records: impl IntoIterator<Item = JournalRecord>) -> MemoryJournal {
    let (journal, run) = (MemoryJournal::new(), new_run());
    for record in [JournalRecord::begin(None, 0)].into_iter().chain(records) {
        journal.append(&JournalEntry::new(run, record)).await.unwrap();
    }
    journal
}

fn words(journal: &MemoryJournal) -> Vec<String> {
    let word = |entry: JournalEntry| match entry.record {
        JournalRecord::Begin { by, keys, .. } => format!("begin {keys} by {}", by.unwrap_or_default()),
        JournalRecord::Intent { key, .. } => format!("intent {key}"),
        JournalRecord::Outcome {
            key,
            document,
            result,
            ..
        } => {
            assert!(document.is_some());
            format!("outcome {key} {}", KeyState::from(&result))
        }
        JournalRecord::End => "end".to_owned(),
        _ => "?".to_owned(),
    };
    journal.entries().into_iter().map(word).collect()
}

#[tokio::test]
async fn a_run_writes_intent_outcome_and_who() {
    let fake = Fake::start("dolfin").await.unwrap();
    let journal = MemoryJournal::new();
    let registry = at(&fake)
        .with_journal(journal.clone())
        .with_operator("ops@example.org");
    let keys = [fake.new_key(), fake.unknown_key()];
    let one = registry.with_concurrency(NonZeroUsize::MIN);
    all(&one, &keys).await;
    let [live, unknown] = keys;
    assert_eq!(
        words(&journal),
        [
            "begin 2 by ops@example.org".to_owned(),
            format!("intent {live}"),
            format!("outcome {live} dead"),
            format!("intent {unknown}"),
            format!("outcome {unknown} unknown"),
            "end".to_owned(),
        ]
    );
}

#[tokio::test]
async fn what_is_confirmed_dead_is_never_sent_again() {
    let fake = Fake::start("dolfin").await.unwrap();
    let journal = MemoryJournal::new();
    let keys = [fake.new_key(), fake.new_key()];
    let registry = at(&fake).with_journal(journal.clone());
    let first = all(&registry, &keys[..1]).await;
    let second = all(&registry, &keys).await;
    assert_eq!(fake.requests().len(), 2);
    assert_eq!(second[&keys[0]].text(), first[&keys[0]].text());
    assert!(second[&keys[1]].is_ok());
    // Nor does a run that cannot send say anything else of it.
    let refused = fake
        .builder()
        .with_credential(fake.wrong_credential())
        .build()
        .unwrap();
    let registry = Registry::new().with(refused).with_journal(journal.clone());
    let one = registry.with_concurrency(NonZeroUsize::MIN);
    let fresh = fake.new_key();
    let third = all(&one, &[fresh.clone(), keys[0].clone()]).await;
    assert!(third[&keys[0]].is_ok() && third[&fresh].is_err());
    assert_eq!(fake.requests().len(), 3);
    let mut begun = words(&journal);
    begun.retain(|word| word.starts_with("begin"));
    assert_eq!(
        begun, ["begin 1 by "; 3],
        "a run promises no outcome for what is dead already"
    );
}

trait Comparable {
    fn text(&self) -> String;
}

impl Comparable for RevokeResult {
    fn text(&self) -> String {
        match self {
            Ok(dead) => serde_json::to_string(dead).unwrap(),
            Err(error) => serde_json::to_string(error).unwrap(),
        }
    }
}

#[tokio::test]
async fn what_was_under_way_is_sent_again_only_where_that_cannot_hurt() {
    for (provider, sent, state) in [
        ("dolfin", 1, KeyState::Dead),
        ("devin-v3", 0, KeyState::Dead), // its list tells
        ("devin", 1, KeyState::Unknown), // its 404 does not tell
        ("sinjapp", 0, KeyState::Unknown),
    ] {
        let fake = Fake::start(provider).await.unwrap();
        let key = fake.dead_key(); // the request arrived, and the process died
        let journal = journal([JournalRecord::intent(key.clone())]).await;
        let registry = at(&fake).with_journal(journal.clone());
        let mut run = registry.revoke_all([key.clone()]);
        let (_, result) = run.next().await.unwrap();
        assert_eq!(run.was_in_flight(), std::slice::from_ref(&key));
        assert_eq!(
            (revocations(&fake), KeyState::from(&result)),
            (sent, state),
            "{provider}"
        );
        if let Err(error) = &result {
            assert_eq!(error.is_likely_dead(), provider == "devin");
            assert!(!error.next_step().is_empty());
        }
    }
}

#[tokio::test]
async fn doubt_outlives_the_process() {
    let outcome = |key: &KeyRef, kind, state| {
        let error = RevokeError::new(key.provider().to_owned(), kind, state);
        JournalRecord::outcome(key.clone(), None, Err(error))
    };
    for (kind, before, after) in [
        (ErrorKind::NoAnswer, KeyState::Unknown, KeyState::Unknown),
        (ErrorKind::RateLimited, KeyState::Live, KeyState::Live),
    ] {
        let fake = Fake::start("dolfin").await.unwrap();
        let key = fake.new_key();
        let records = [JournalRecord::intent(key.clone()), outcome(&key, kind, before)];
        let journal = journal(records).await;
        fake.answer_always(Reply::new(401));
        let results = all(&at(&fake).with_journal(journal), std::slice::from_ref(&key)).await;
        assert_eq!(
            (KeyState::from(&results[&key]), fake.requests().len()),
            (after, 1)
        );
    }
    // An answer about another key is an alarm, and a provider that gives freed ids away is not asked twice.
    for (provider, kind) in [
        ("dolfin", ErrorKind::WrongObject),
        ("sinjapp", ErrorKind::Unavailable),
    ] {
        let fake = Fake::start(provider).await.unwrap();
        let key = fake.new_key();
        let journal = journal([outcome(&key, kind, KeyState::Unknown)]).await;
        let results = all(&at(&fake).with_journal(journal), std::slice::from_ref(&key)).await;
        let error = results[&key].as_ref().unwrap_err();
        assert_eq!(
            (error.kind(), error.key_state(), fake.requests().len()),
            (kind, KeyState::Unknown, 0)
        );
    }
}

#[tokio::test]
async fn what_was_under_way_is_unknown_although_this_run_ends_before_it_asks() {
    for provider in ["dolfin", "sinjapp"] {
        let fake = Fake::start(provider).await.unwrap();
        let (refused, asked) = (fake.new_key(), fake.new_key());
        let journal = journal([JournalRecord::intent(asked.clone())]).await;
        fake.answer_always(Reply::new(401));
        let registry = at(&fake).with_journal(journal.clone());
        let one = registry.with_concurrency(NonZeroUsize::MIN);
        for _ in 0..2 {
            let results = all(&one, &[refused.clone(), asked.clone()]).await;
            assert_eq!(KeyState::from(&results[&refused]), KeyState::Live);
            assert_eq!(KeyState::from(&results[&asked]), KeyState::Unknown);
        }
        assert_eq!(fake.requests().len(), 2, "{provider}");
    }
}

/// A journal on a medium that is full after so many entries.
struct Full {
    inner: MemoryJournal,
    left: Arc<AtomicUsize>,
    /// What it takes after one entry that it did not take.
    then: usize,
}

impl Journal for Full {
    fn append<'a>(&'a self, entry: &'a JournalEntry) -> BoxFuture<'a, Result<(), JournalError>> {
        let left = self.left.load(Ordering::SeqCst);
        if left == 0 {
            self.left.store(self.then, Ordering::SeqCst);
            let error = JournalError::new(JournalErrorKind::Io, "journal", "is full", "make room");
            return Box::pin(async { Err(error) });
        }
        self.left.store(left - 1, Ordering::SeqCst);
        self.inner.append(entry)
    }

    fn replay<'a>(
        &'a self,
        visit: &'a mut (dyn FnMut(JournalEntry) + Send),
    ) -> BoxFuture<'a, Result<(), JournalError>> {
        self.inner.replay(visit)
    }
}

#[tokio::test]
async fn what_cannot_be_written_down_is_not_sent_and_what_was_sent_is_told() {
    // Entries that fit: none, the beginning, one intent, its outcome, the next intent.
    for (fits, sent, dead) in [(0, 0, 0), (1, 0, 0), (2, 1, 1), (3, 1, 1), (4, 2, 2)] {
        let fake = Fake::start("dolfin").await.unwrap();
        let keys: Vec<KeyRef> = (0..5).map(|_| fake.new_key()).collect();
        let full = Full {
            inner: MemoryJournal::new(),
            left: Arc::new(AtomicUsize::new(fits)),
            then: 0,
        };
        let registry = at(&fake).with_journal(full).with_concurrency(NonZeroUsize::MIN);
        let mut run = registry.revoke_all(keys);
        let mut results = Vec::new();
        while let Some((_, result)) = run.next().await {
            results.push(result);
        }
        let counted = results.iter().filter(|result| result.is_ok()).count();
        assert_eq!(
            (fake.requests().len(), counted, results.len()),
            (sent, dead, 5),
            "{fits} entries fit"
        );
        assert_eq!(run.journal_error().unwrap().kind(), JournalErrorKind::Io);
        for error in results.iter().filter_map(|result| result.as_ref().err()) {
            assert_eq!(
                (error.kind(), error.key_state()),
                (ErrorKind::Vetoed, KeyState::Live)
            );
            assert_eq!(error.delivery(), Delivery::NotSent);
            assert!(
                error.detail().unwrap().contains("journal is full; make room"),
                "{error}"
            );
        }
    }
}

#[tokio::test]
async fn after_one_entry_that_is_lost_nothing_more_is_sent_and_the_run_does_not_count_as_ended() {
    let fake = Fake::start("dolfin").await.unwrap();
    let keys: Vec<KeyRef> = (0..5).map(|_| fake.new_key()).collect();
    let inner = MemoryJournal::new();
    let hiccup = Full {
        inner: inner.clone(),
        left: Arc::new(AtomicUsize::new(3)),
        then: usize::MAX,
    };
    let registry = at(&fake).with_journal(hiccup).with_concurrency(NonZeroUsize::MIN);
    let results = all(&registry, &keys).await;
    assert_eq!(
        (
            fake.requests().len(),
            results.values().filter(|result| result.is_ok()).count()
        ),
        (1, 1)
    );
    let words = words(&inner);
    let count = |start: &str| words.iter().filter(|word| word.starts_with(start)).count();
    assert_eq!(
        (count("intent"), count("outcome"), count("end")),
        (1, 5, 0),
        "{words:?}"
    );
}

/// A journal that takes the beginning of a run, and then no end of time for anything else.
#[derive(Clone, Default)]
struct Stuck(Arc<AtomicUsize>);

impl Journal for Stuck {
    fn append<'a>(&'a self, _: &'a JournalEntry) -> BoxFuture<'a, Result<(), JournalError>> {
        let number = self.0.fetch_add(1, Ordering::SeqCst);
        Box::pin(async move {
            if number > 0 {
                std::future::pending::<()>().await;
            }
            Ok(())
        })
    }

    fn replay<'a>(
        &'a self,
        _: &'a mut (dyn FnMut(JournalEntry) + Send),
    ) -> BoxFuture<'a, Result<(), JournalError>> {
        Box::pin(async { Ok(()) })
    }
}

#[tokio::test]
async fn a_journal_that_is_slow_holds_the_run_up_and_does_not_fill_the_memory() {
    let fake = Fake::start("dolfin").await.unwrap();
    let keys: Vec<KeyRef> = (0..10_000).map(|_| fake.new_key()).collect();
    let journal = Stuck::default();
    let mut run = at(&fake).with_journal(journal.clone()).revoke_all(keys);
    run.stopper().finish();
    let wait = tokio::time::timeout(std::time::Duration::from_secs(2), run.next()).await;
    assert!(wait.is_err(), "no result comes back that is not written down");
    let waiting = journal.0.load(Ordering::SeqCst);
    assert!((1000..5000).contains(&waiting), "{waiting}");
    assert!(fake.requests().is_empty());
}

/// A journal that panics instead of taking an outcome.
struct Fragile;

impl Journal for Fragile {
    fn append<'a>(&'a self, entry: &'a JournalEntry) -> BoxFuture<'a, Result<(), JournalError>> {
        Box::pin(async move {
            assert!(!matches!(entry.record, JournalRecord::Outcome { .. }), "as asked");
            Ok(())
        })
    }

    fn replay<'a>(
        &'a self,
        _: &'a mut (dyn FnMut(JournalEntry) + Send),
    ) -> BoxFuture<'a, Result<(), JournalError>> {
        Box::pin(async { Ok(()) })
    }
}

#[tokio::test]
async fn a_journal_that_panics_costs_no_result() {
    let fake = Fake::start("dolfin").await.unwrap();
    let keys: Vec<KeyRef> = (0..10).map(|_| fake.new_key()).collect();
    let results = all(&at(&fake).with_journal(Fragile), &keys).await;
    assert_eq!(results.len(), 10);
    assert!(results.values().all(Result::is_ok));
    assert_eq!(fake.requests().len(), 10);
}

/// A journal that cannot be read.
struct Torn;

impl Journal for Torn {
    fn append<'a>(&'a self, _: &'a JournalEntry) -> BoxFuture<'a, Result<(), JournalError>> {
        Box::pin(async { Ok(()) })
    }

    fn replay<'a>(
        &'a self,
        _: &'a mut (dyn FnMut(JournalEntry) + Send),
    ) -> BoxFuture<'a, Result<(), JournalError>> {
        Box::pin(async {
            Err(JournalError::new(
                JournalErrorKind::Io,
                "journal",
                "is torn",
                "mend it",
            ))
        })
    }
}

#[tokio::test]
async fn nothing_is_sent_over_a_journal_that_cannot_be_read() {
    let fake = Fake::start("dolfin").await.unwrap();
    let key = fake.new_key();
    let results = all(&at(&fake).with_journal(Torn), std::slice::from_ref(&key)).await;
    assert_eq!(results[&key].as_ref().unwrap_err().kind(), ErrorKind::Vetoed);
    assert!(fake.requests().is_empty());
}
