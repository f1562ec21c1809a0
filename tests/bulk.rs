//! Many keys in one run: what is sent, in which order, and what each key comes back with.
#![cfg(feature = "fakes")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::HashMap;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use keyrevoke::fakes::{Fake, Reply};
use keyrevoke::{
    AnyRevoker, AttemptEnd, AttemptStart, BoxFuture, Builder, Credential, CredentialSource, Delivery,
    ErrorKind, KeyRef, KeyState, Observer, Registry, RetryPolicy, Revoke, RevokeError, RevokeResult, Run,
    Veto,
};

async fn fake(name: &str) -> Fake {
    Fake::start(name).await.unwrap()
}

fn builder(fake: &Fake) -> Builder<keyrevoke::AnyProvider> {
    fake.builder().with_retry(RetryPolicy::immediate())
}

fn at(fakes: &[&Fake]) -> Registry {
    fakes.iter().fold(Registry::new(), |registry, fake| {
        registry.with(builder(fake).build().unwrap())
    })
}

async fn all(mut run: Run) -> Vec<(KeyRef, RevokeResult)> {
    let mut results = Vec::new();
    while let Some(result) = run.next().await {
        results.push(result);
    }
    assert!(run.next().await.is_none(), "a run that has ended stays so");
    results
}

fn states(results: &[(KeyRef, RevokeResult)]) -> HashMap<KeyState, usize> {
    let mut counts = HashMap::new();
    for (_, result) in results {
        *counts.entry(KeyState::from(result)).or_default() += 1;
    }
    counts
}

fn keys(fake: &Fake, count: usize) -> Vec<KeyRef> {
    (0..count).map(|_| fake.new_key()).collect()
}

fn one() -> NonZeroUsize {
    NonZeroUsize::MIN
}

#[tokio::test]
async fn every_key_is_sent_once_and_comes_back_as_it_was_given() {
    let (dolfin, devin) = (fake("dolfin").await, fake("devin").await);
    let (first, second) = (dolfin.new_key(), devin.new_key());
    let shouted: KeyRef = format!("dolfin:{}", first.key().to_uppercase()).parse().unwrap();
    let alias = KeyRef::new("devin-v2", second.key()).ok();
    let mut given = vec![
        first.clone(),
        shouted.clone(),
        second.clone(),
        first.clone(),
        second.clone(),
    ];
    let known_alias = alias.filter(|alias| keyrevoke::provider(alias.provider()).is_ok());
    given.extend(known_alias);
    let registry = at(&[&dolfin, &devin]);
    let plan = registry.plan(given.clone()).unwrap();
    assert_eq!(plan.len(), 2);
    assert_eq!(
        plan.iter()
            .map(|planned| planned.key().clone())
            .collect::<Vec<_>>(),
        [first, second]
    );

    let mut back: Vec<KeyRef> = all(plan.revoke_all())
        .await
        .into_iter()
        .map(|(key, _)| key)
        .collect();
    back.sort();
    given.sort();
    assert_eq!(back, given);
    assert_eq!((dolfin.requests().len(), devin.requests().len()), (1, 1));
}

#[tokio::test]
async fn tenants_have_credentials_of_their_own() {
    let (ours, theirs) = (fake("sinjapp").await, fake("sinjapp").await);
    let registry = at(&[&ours])
        .with_tenant("acme", builder(&theirs).build().unwrap())
        .unwrap();
    let (our_key, their_key) = (ours.new_key(), theirs.new_key().with_tenant("acme").unwrap());
    let results = all(registry.revoke_all([our_key.clone(), their_key.clone()])).await;
    assert_eq!(states(&results), HashMap::from([(KeyState::Dead, 2)]));
    assert_eq!((ours.requests().len(), theirs.requests().len()), (1, 1));

    let nobody = registry
        .plan([our_key.with_tenant("elsewhere").unwrap()])
        .unwrap_err();
    let text = nobody.to_string();
    assert!(
        text.contains("elsewhere") && text.contains("the default tenant, tenant acme"),
        "{text}"
    );
    let unnamed = builder(&ours).build().unwrap();
    let error = unnamed.revoke(&their_key).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.delivery()),
        (ErrorKind::InvalidInput, Delivery::NotSent)
    );
    assert_eq!(
        ours.requests().len(),
        1,
        "a revoker by itself does not know which tenant it is"
    );
}

#[tokio::test]
async fn a_list_with_mistakes_is_refused_as_a_whole_with_all_of_them() {
    let dolfin = fake("dolfin").await;
    let good = dolfin.new_key();
    let wrong = |text: &str| text.parse::<KeyRef>().unwrap();
    let list = [
        wrong("dolfin:nonsense"),
        good.clone(),
        wrong("devin:x1"),
        wrong("nobody:x"),
    ];
    let registry = at(&[&dolfin]);
    let error = registry.plan(list.clone()).unwrap_err();
    let positions: Vec<usize> = error
        .problems()
        .iter()
        .map(|problem| problem.position())
        .collect();
    assert_eq!(positions, [1, 3, 4]);
    let text = error.to_string();
    for part in [
        "key 1: dolfin key",
        "key 3: devin default tenant has no credential here",
        "key 4: provider",
    ] {
        assert!(text.contains(part), "{text}");
    }
    let results = all(registry.revoke_all(list.clone())).await;
    assert_eq!(results.len(), 4);
    for (key, result) in &results {
        let error = result.as_ref().unwrap_err();
        assert_eq!(
            (error.kind(), error.key_state()),
            (ErrorKind::InvalidInput, KeyState::Live),
            "{key}"
        );
        assert_eq!(error.delivery(), Delivery::NotSent);
    }
    assert!(dolfin.requests().is_empty());

    let (plan, error) = registry.plan_valid(list);
    assert_eq!((plan.len(), error.unwrap().problems().len()), (1, 3));
    assert_eq!(
        states(&all(plan.revoke_all()).await),
        HashMap::from([(KeyState::Dead, 1)])
    );
}

/// Counts what is under way.
#[derive(Default)]
struct Load {
    now: AtomicUsize,
    most: AtomicUsize,
}

#[derive(Clone, Default)]
struct Watch(Arc<Load>);

impl Observer for Watch {
    fn before_attempt<'a>(&'a self, _: &'a AttemptStart<'a>) -> BoxFuture<'a, Result<(), Veto>> {
        let now = self.0.now.fetch_add(1, Ordering::SeqCst) + 1;
        self.0.most.fetch_max(now, Ordering::SeqCst);
        Box::pin(async { Ok(()) })
    }

    fn after_attempt<'a>(&'a self, _: &'a AttemptEnd<'a>) -> BoxFuture<'a, ()> {
        self.0.now.fetch_sub(1, Ordering::SeqCst);
        Box::pin(async {})
    }
}

#[tokio::test]
async fn what_is_under_way_is_bounded_for_each_credential_provider_and_run() {
    let slow = || Reply::new(204).with_delay(Duration::from_millis(30));
    for (settings, most) in [
        (Registry::new(), 8),
        (Registry::new().with_concurrency(NonZeroUsize::new(3).unwrap()), 6),
        (
            Registry::new().with_provider_concurrency(NonZeroUsize::new(5).unwrap()),
            5,
        ),
        (
            Registry::new().with_total_concurrency(NonZeroUsize::new(2).unwrap()),
            2,
        ),
    ] {
        let (ours, theirs) = (fake("dolfin").await, fake("dolfin").await);
        ours.answer_always(slow());
        theirs.answer_always(slow());
        let watch = Watch::default();
        let registry = settings
            .with(builder(&ours).build().unwrap())
            .with_tenant("acme", builder(&theirs).build().unwrap())
            .unwrap()
            .with_observer(watch.clone());
        let tenant = |key: KeyRef| key.with_tenant("acme").unwrap();
        let list = keys(&ours, 20)
            .into_iter()
            .chain(keys(&theirs, 20).into_iter().map(tenant));
        let results = all(registry.revoke_all(list)).await;
        assert_eq!(states(&results), HashMap::from([(KeyState::Dead, 40)]));
        assert_eq!(watch.0.most.load(Ordering::SeqCst), most);
        assert_eq!(watch.0.now.load(Ordering::SeqCst), 0);
    }
}

#[tokio::test]
async fn providers_take_turns() {
    let (slow, quick) = (fake("dolfin").await, fake("devin").await);
    slow.answer_always(Reply::new(204).with_delay(Duration::from_millis(200)));
    let list = keys(&slow, 20).into_iter().chain(keys(&quick, 5));
    let results = all(at(&[&slow, &quick]).revoke_all(list)).await;
    let last_quick = results
        .iter()
        .rposition(|(key, _)| key.provider() == "devin")
        .unwrap();
    assert!(
        last_quick < 10,
        "the quick provider's keys did not wait for the slow one's: {last_quick}"
    );
}

#[tokio::test]
async fn a_refused_credential_stops_its_own_keys_and_no_others() {
    let (bad, good) = (fake("dolfin").await, fake("devin").await);
    let registry = Registry::new()
        .with(
            builder(&bad)
                .with_credential(bad.wrong_credential())
                .build()
                .unwrap(),
        )
        .with(builder(&good).build().unwrap());
    let list = keys(&bad, 50).into_iter().chain(keys(&good, 50));
    let results = all(registry.revoke_all(list)).await;
    assert_eq!(
        states(&results),
        HashMap::from([(KeyState::Dead, 50), (KeyState::Live, 50)])
    );
    assert!(
        (1..=4).contains(&bad.requests().len()),
        "{}",
        bad.requests().len()
    );
    assert_eq!(good.requests().len(), 50);
    let mut unsent = 0;
    for (_, result) in results.iter().filter(|(key, _)| key.provider() == "dolfin") {
        let error = result.as_ref().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unauthenticated);
        unsent += usize::from(error.delivery() == Delivery::NotSent);
        if error.delivery() == Delivery::NotSent {
            assert_eq!(error.attempts(), 0);
            assert!(
                error
                    .detail()
                    .unwrap()
                    .contains("not sent: the credential of dolfin was refused")
            );
        }
    }
    assert_eq!(unsent, 50 - bad.requests().len());
}

#[tokio::test]
async fn three_refusals_of_permission_stop_a_credential_only_before_its_first_success() {
    let forbidden = || Reply::new(403).with_json(serde_json::json!({ "detail": "no" }));
    let never = fake("devin").await;
    never.answer_always(forbidden());
    let registry = at(&[&never]).with_concurrency(one());
    let results = all(registry.revoke_all(keys(&never, 10))).await;
    assert_eq!(
        (states(&results), never.requests().len()),
        (HashMap::from([(KeyState::Live, 10)]), 3)
    );
    let last = results.last().unwrap().1.as_ref().unwrap_err();
    assert_eq!(
        (last.kind(), last.delivery()),
        (ErrorKind::PermissionDenied, Delivery::NotSent)
    );

    let once = fake("devin").await;
    let list = keys(&once, 10);
    let registry = at(&[&once]).with_concurrency(one());
    let mut run = registry.revoke_all(list);
    assert!(run.next().await.unwrap().1.is_ok());
    once.answer_always(forbidden());
    assert_eq!(all(run).await.len(), 9);
    assert_eq!(
        once.requests().len(),
        10,
        "one success shows that the credential may revoke"
    );
}

/// A source that gives the refused credential a few times, and says how often it was asked.
struct Source {
    given: Vec<&'static str>,
    asked: Arc<AtomicUsize>,
}

impl CredentialSource for Source {
    fn credential(&self) -> BoxFuture<'_, Result<Credential, Box<dyn std::error::Error + Send + Sync>>> {
        let asked = self.asked.fetch_add(1, Ordering::SeqCst);
        let text = self
            .given
            .get(asked)
            .or(self.given.last())
            .copied()
            .unwrap_or_default();
        Box::pin(async move { Ok(Credential::from_text(text)) })
    }
}

#[tokio::test]
async fn a_401_asks_the_source_once_more_and_then_stops() {
    for (given, asked, dead) in [
        (vec!["cog_fake_expired"], 2, 0),
        (vec!["cog_fake_expired", "cog_fake_administrator"], 2, 50),
        (vec!["cog_fake_expired", "cog_fake_other", "cog_fake_third"], 2, 0),
    ] {
        let fake = fake("devin-v3").await;
        let count = Arc::new(AtomicUsize::new(0));
        let source = Source {
            given,
            asked: Arc::clone(&count),
        };
        let registry = Registry::new().with(builder(&fake).with_credential_source(source).build().unwrap());
        let results = all(registry.revoke_all(keys(&fake, 50))).await;
        assert_eq!(count.load(Ordering::SeqCst), asked);
        assert_eq!(
            states(&results).get(&KeyState::Dead).copied().unwrap_or_default(),
            dead
        );
        assert!(fake.requests().len() <= 50 + 8, "{}", fake.requests().len());
    }
}

/// When a request began, or when the provider said that it wants none.
enum Moment {
    Began(Instant),
    Limited(Instant),
}

/// What happened when.
#[derive(Clone, Default)]
struct Times(Arc<Mutex<Vec<Moment>>>);

impl Observer for Times {
    fn before_attempt<'a>(&'a self, _: &'a AttemptStart<'a>) -> BoxFuture<'a, Result<(), Veto>> {
        self.0.lock().unwrap().push(Moment::Began(Instant::now()));
        Box::pin(async { Ok(()) })
    }

    fn after_attempt<'a>(&'a self, end: &'a AttemptEnd<'a>) -> BoxFuture<'a, ()> {
        if end.status() == Some(429) {
            self.0.lock().unwrap().push(Moment::Limited(Instant::now()));
        }
        Box::pin(async {})
    }
}

#[tokio::test]
async fn a_rate_limit_holds_every_call_back_and_costs_no_key_its_own_time() {
    let fake = fake("dolfin").await;
    let times = Times::default();
    let registry = Registry::new()
        .with(
            builder(&fake)
                .with_deadline(Duration::from_millis(700))
                .build()
                .unwrap(),
        )
        .with_observer(times.clone());
    let list = keys(&fake, 12);
    fake.answer_next(Reply::new(429).with_header("retry-after", "1"));
    let results = all(registry.revoke_all(list)).await;
    assert_eq!(states(&results), HashMap::from([(KeyState::Dead, 12)]));
    assert_eq!(fake.requests().len(), 13);
    let times = times.0.lock().unwrap();
    let limited = times.iter().find_map(|moment| match moment {
        Moment::Limited(at) => Some(*at),
        Moment::Began(_) => None,
    });
    let pause = limited.unwrap()..limited.unwrap() + Duration::from_secs(1);
    let early = times
        .iter()
        .filter(|moment| matches!(moment, Moment::Began(at) if pause.contains(at)));
    assert_eq!(
        early.count(),
        0,
        "nothing is sent while the provider wants nothing"
    );
}

#[tokio::test]
async fn a_rate_limit_of_hours_gives_the_keys_back() {
    let fake = fake("dolfin").await;
    fake.answer_always(Reply::new(429).with_header("retry-after", "7200"));
    let results = all(at(&[&fake]).with_concurrency(one()).revoke_all(keys(&fake, 5))).await;
    assert_eq!(
        (states(&results), fake.requests().len()),
        (HashMap::from([(KeyState::Live, 5)]), 1)
    );
    for (_, result) in &results {
        let error = result.as_ref().unwrap_err();
        let told = (error.kind(), error.retry_after());
        assert_eq!(told, (ErrorKind::RateLimited, Some(Duration::from_secs(7200))));
    }
}

#[tokio::test]
async fn the_credential_in_use_is_revoked_last() {
    let fake = fake("devin").await;
    let list = keys(&fake, 10);
    let own = &list[3];
    let credential = fake.credential().with_key_id(own.key());
    let registry = Registry::new().with(builder(&fake).with_credential(credential).build().unwrap());
    let plan = registry.plan(list.clone()).unwrap();
    assert_eq!(plan.iter().filter(|planned| planned.is_own()).count(), 1);
    let results = all(plan.revoke_all()).await;
    assert_eq!(states(&results), HashMap::from([(KeyState::Dead, 10)]));
    assert!(fake.requests().last().unwrap().path.ends_with(own.key()));
    assert_eq!(&results.last().unwrap().0, own);
}

#[tokio::test]
async fn keys_of_a_provider_in_outage_come_back_in_rounds() {
    let fake = fake("dolfin").await;
    let registry = |keep_trying: Duration| {
        let none = fake.builder().with_retry(RetryPolicy::none());
        Registry::new()
            .with(none.build().unwrap())
            .with_keep_trying(keep_trying)
    };
    let fail = |count: usize| (0..count).for_each(|_| fake.answer_next(Reply::new(503)));
    fail(6);
    let results = all(registry(Duration::from_secs(20)).revoke_all(keys(&fake, 8))).await;
    assert_eq!(
        (states(&results), fake.requests().len()),
        (HashMap::from([(KeyState::Dead, 8)]), 14)
    );

    fail(6);
    let results = all(registry(Duration::ZERO).revoke_all(keys(&fake, 8))).await;
    let counts = HashMap::from([(KeyState::Dead, 2), (KeyState::Unknown, 6)]);
    assert_eq!(
        (states(&results), fake.requests().len()),
        (counts, 22),
        "not where it was not asked for"
    );
}

#[tokio::test]
async fn an_outage_that_lasts_ends_with_what_was_last_known() {
    let fake = fake("dolfin").await;
    fake.answer_always(Reply::new(503));
    let none = fake.builder().with_retry(RetryPolicy::none());
    let registry = Registry::new()
        .with(none.build().unwrap())
        .with_keep_trying(Duration::from_millis(100));
    let results = all(registry.revoke_all(keys(&fake, 6))).await;
    assert_eq!(states(&results), HashMap::from([(KeyState::Unknown, 6)]));
    for (_, result) in &results {
        assert_eq!(result.as_ref().unwrap_err().kind(), ErrorKind::Unavailable);
    }
    assert!(fake.requests().len() <= 6 + 4, "{}", fake.requests().len());
}

#[tokio::test]
async fn keys_whose_ids_may_be_another_keys_are_not_sent_again() {
    let fake = fake("sinjapp").await;
    fake.answer_next(Reply::new(503));
    let registry = at(&[&fake]).with_keep_trying(Duration::from_secs(5));
    let results = all(registry.revoke_all(keys(&fake, 1))).await;
    assert_eq!(
        (states(&results), fake.requests().len()),
        (HashMap::from([(KeyState::Unknown, 1)]), 1)
    );
}

#[tokio::test]
async fn doubt_goes_with_a_key_from_call_to_call() {
    let fake = fake("dolfin").await;
    let none = fake.builder().with_retry(RetryPolicy::none());
    let registry = Registry::new()
        .with(none.build().unwrap())
        .with_keep_trying(Duration::from_secs(20));
    fake.answer_next(Reply::new(503).carried_out());
    fake.answer_next(Reply::new(429).with_header("retry-after", "0"));
    fake.answer_next(Reply::new(401));
    let key = fake.new_key();
    let results = all(registry.revoke_all([key])).await;
    let error = results[0].1.as_ref().unwrap_err();
    assert_eq!(
        (error.kind(), error.key_state()),
        (ErrorKind::Unauthenticated, KeyState::Unknown)
    );
    assert_eq!(fake.requests().len(), 3);
}

#[tokio::test]
async fn doubt_is_looked_up_before_anything_is_sent_again() {
    let fake = fake("devin-v3").await;
    let none = fake.builder().with_retry(RetryPolicy::none());
    let registry = Registry::new()
        .with(none.build().unwrap())
        .with_keep_trying(Duration::from_secs(20));
    fake.answer_next_revocation(Reply::new(503).carried_out());
    let results = all(registry.revoke_all([fake.new_key()])).await;
    assert_eq!(
        results[0].1.as_ref().unwrap().evidence(),
        [keyrevoke::Evidence::ReadBack]
    );
    let sent = fake
        .requests()
        .iter()
        .filter(|request| request.method == "DELETE")
        .count();
    assert_eq!(sent, 1);
}

/// What began, what ended, and what was given up.
#[derive(Clone, Default)]
struct Diary(Arc<Mutex<Vec<String>>>);

impl Diary {
    fn count(&self, word: &str) -> usize {
        self.0
            .lock()
            .unwrap()
            .iter()
            .filter(|line| line.starts_with(word))
            .count()
    }
}

impl Observer for Diary {
    fn before_attempt<'a>(&'a self, attempt: &'a AttemptStart<'a>) -> BoxFuture<'a, Result<(), Veto>> {
        self.0
            .lock()
            .unwrap()
            .push(format!("began {}", attempt.key_ref()));
        Box::pin(async { Ok(()) })
    }

    fn after_attempt<'a>(&'a self, attempt: &'a AttemptEnd<'a>) -> BoxFuture<'a, ()> {
        self.0
            .lock()
            .unwrap()
            .push(format!("ended {}", attempt.key_ref()));
        Box::pin(async {})
    }

    fn abandoned(&self, attempt: &AttemptStart<'_>) {
        self.0
            .lock()
            .unwrap()
            .push(format!("abandoned {}", attempt.key_ref()));
    }
}

#[tokio::test]
async fn dropping_a_run_starts_nothing_new_and_tells_what_was_under_way() {
    let fake = fake("dolfin").await;
    fake.answer_always(Reply::new(204).with_delay(Duration::from_secs(20)));
    let diary = Diary::default();
    let registry = at(&[&fake]).with_observer(diary.clone());
    let mut run = registry.revoke_all(keys(&fake, 20));
    let wait = tokio::time::timeout(Duration::from_millis(300), run.next()).await;
    assert!(wait.is_err());
    assert_eq!(run.in_flight(), 4);
    drop(run);
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(
        (
            diary.count("began"),
            diary.count("abandoned"),
            diary.count("ended")
        ),
        (4, 4, 0)
    );
    assert!(fake.requests().len() <= 4);
}

#[tokio::test]
async fn a_run_that_is_not_polled_goes_on_only_until_as_many_results_wait_as_there_are_calls() {
    for (calls, least, most) in [(1, 1, 1), (4, 5, 8)] {
        let fake = fake("dolfin").await;
        let registry = at(&[&fake]).with_concurrency(NonZeroUsize::new(calls).unwrap());
        let mut run = registry.revoke_all(keys(&fake, 20));
        assert!(run.next().await.unwrap().1.is_ok());
        tokio::time::sleep(Duration::from_millis(500)).await;
        let sent = fake.requests().len();
        assert!((least..=most).contains(&sent), "{calls} at a time: {sent}");
        assert_eq!(run.in_flight(), 0);
        let results = all(run).await;
        assert_eq!(states(&results), HashMap::from([(KeyState::Dead, 19)]));
        assert_eq!(fake.requests().len(), 20);
    }
}

#[tokio::test]
async fn a_run_that_is_told_to_finish_waits_for_what_is_under_way() {
    let fake = fake("dolfin").await;
    fake.answer_always(Reply::new(204).with_delay(Duration::from_millis(300)));
    let diary = Diary::default();
    let mut run = at(&[&fake])
        .with_observer(diary.clone())
        .revoke_all(keys(&fake, 20));
    let stopper = run.stopper();
    let _ = tokio::time::timeout(Duration::from_millis(150), run.next()).await;
    stopper.finish();
    let results = all(run).await;
    assert_eq!(
        states(&results),
        HashMap::from([(KeyState::Dead, 4), (KeyState::Live, 16)])
    );
    for error in results.iter().filter_map(|(_, result)| result.as_ref().err()) {
        assert_eq!(
            (error.kind(), error.delivery()),
            (ErrorKind::Cancelled, Delivery::NotSent)
        );
    }
    assert_eq!(
        (
            diary.count("began"),
            diary.count("ended"),
            diary.count("abandoned")
        ),
        (4, 4, 0)
    );

    fake.answer_always(Reply::new(204).with_delay(Duration::from_secs(20)));
    let mut run = at(&[&fake]).revoke_all(keys(&fake, 20));
    let stopper = run.stopper();
    let _ = tokio::time::timeout(Duration::from_millis(150), run.next()).await;
    stopper.abandon();
    let results = tokio::time::timeout(Duration::from_secs(5), all(run))
        .await
        .unwrap();
    assert_eq!(
        states(&results),
        HashMap::from([(KeyState::Unknown, 4), (KeyState::Live, 16)])
    );
}

#[tokio::test]
async fn a_run_that_waits_for_a_provider_can_be_ended() {
    let fake = fake("dolfin").await;
    fake.answer_always(Reply::new(429).with_header("retry-after", "600"));
    let mut run = at(&[&fake]).revoke_all(keys(&fake, 6));
    let stopper = run.stopper();
    let _ = tokio::time::timeout(Duration::from_millis(200), run.next()).await;
    stopper.finish();
    let results = tokio::time::timeout(Duration::from_secs(5), all(run))
        .await
        .unwrap();
    assert_eq!(states(&results), HashMap::from([(KeyState::Live, 6)]));
}

/// A stream of what is sent into it.
struct Incoming(tokio::sync::mpsc::UnboundedReceiver<KeyRef>);

impl futures_core::Stream for Incoming {
    type Item = KeyRef;

    fn poll_next(
        mut self: std::pin::Pin<&mut Self>,
        context: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<KeyRef>> {
        self.0.poll_recv(context)
    }
}

#[tokio::test]
async fn keys_of_a_stream_are_sent_as_they_come() {
    let fake = fake("dolfin").await;
    let (keys_in, incoming) = tokio::sync::mpsc::unbounded_channel();
    let mut run = at(&[&fake]).revoke_stream(Incoming(incoming));
    let stopper = run.stopper();
    let (first, second) = (fake.new_key(), fake.new_key());
    keys_in.send(first.clone()).unwrap();
    assert_eq!(run.next().await.unwrap().0, first);
    keys_in.send(first.clone()).unwrap(); // once more: passed over
    keys_in.send("dolfin:nonsense".parse().unwrap()).unwrap();
    let (_, refused) = run.next().await.unwrap();
    assert_eq!(refused.unwrap_err().kind(), ErrorKind::InvalidInput);
    keys_in.send(second.clone()).unwrap();
    assert_eq!(run.next().await.unwrap().0, second);
    assert_eq!(fake.requests().len(), 2);
    // It waits for more, until it is ended.
    let waiting = tokio::spawn(async move { run.next().await });
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert!(!waiting.is_finished());
    stopper.finish();
    let ended = tokio::time::timeout(Duration::from_secs(5), waiting).await;
    assert!(ended.unwrap().unwrap().is_none());
}

/// A long stream that counts what is taken from it.
struct Counted(Arc<AtomicUsize>);

impl futures_core::Stream for Counted {
    type Item = KeyRef;

    fn poll_next(
        self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<KeyRef>> {
        let number = self.0.fetch_add(1, Ordering::SeqCst);
        let key = format!("dolfin:0d01f100-0000-4000-9000-{number:012x}")
            .parse()
            .unwrap();
        std::task::Poll::Ready((number < 10_000).then_some(key))
    }
}

#[tokio::test]
async fn a_stream_is_read_no_further_than_a_little_ahead() {
    let fake = fake("dolfin").await;
    fake.answer_always(Reply::new(204).with_delay(Duration::from_secs(20)));
    let taken = Arc::new(AtomicUsize::new(0));
    let mut run = at(&[&fake]).revoke_stream(Counted(Arc::clone(&taken)));
    let wait = tokio::time::timeout(Duration::from_millis(300), run.next()).await;
    assert!(wait.is_err());
    let taken = taken.load(Ordering::SeqCst);
    assert!((1000..1100).contains(&taken), "{taken}");
}

/// A revoker of an application's own.
struct Intern;

impl Revoke for Intern {
    type Key = String;

    fn provider(&self) -> &str {
        "intern"
    }

    async fn revoke(&self, key: &String) -> RevokeResult {
        assert_ne!(key, "panics", "as asked");
        Err(RevokeError::new("intern", ErrorKind::Rejected, KeyState::Live).with_status(422))
    }
}

#[tokio::test]
async fn revokers_of_an_applications_own_take_part_and_may_panic() {
    let diary = Diary::default();
    let registry = Registry::new()
        .with(AnyRevoker::new(Intern))
        .with_observer(diary.clone());
    let list = ["intern:k1", "intern:panics"].map(|text| text.parse::<KeyRef>().unwrap());
    let results: HashMap<KeyRef, RevokeResult> =
        all(registry.revoke_all(list.clone())).await.into_iter().collect();
    let state = |key: &KeyRef| KeyState::from(&results[key]);
    assert_eq!(
        (state(&list[0]), state(&list[1])),
        (KeyState::Live, KeyState::Unknown)
    );
    assert_eq!(
        (
            diary.count("began"),
            diary.count("ended"),
            diary.count("abandoned")
        ),
        (2, 1, 1)
    );
}

#[test]
fn outside_of_a_runtime_nothing_is_sent_and_every_key_says_so() {
    let revoker = keyrevoke::builder("devin")
        .unwrap()
        .with_credential(Credential::from_text("apk_user_example"))
        .build()
        .unwrap();
    let mut run = Registry::new()
        .with(revoker)
        .revoke_all(["devin:k1", "devin:k2"].map(|text| text.parse::<KeyRef>().unwrap()));
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    for _ in 0..2 {
        let next = std::pin::pin!(run.next()).poll(&mut context);
        let std::task::Poll::Ready(Some((_, Err(error)))) = next else {
            panic!("{next:?}")
        };
        assert_eq!(
            (error.kind(), error.key_state()),
            (ErrorKind::NotSent, KeyState::Live)
        );
    }
    assert!(matches!(
        std::pin::pin!(run.next()).poll(&mut context),
        std::task::Poll::Ready(None)
    ));
}
