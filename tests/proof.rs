//! What must not pass for a proof of death, nor for a proof of life: lists that lag or change while they are read, secrets
//! that were never seen to work, providers that fail while they are looked at, ids that are given again.
#![cfg(feature = "fakes")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::time::{Duration, Instant};

use keyrevoke::fakes::{Fake, Reply};
use keyrevoke::journal::{Journal, JournalEntry, JournalRecord, MemoryJournal, new_run};
use keyrevoke::{
    AnyRevoker, Attestation, Checks, Credential, Delivery, ErrorKind, Evidence, Expectation, KeyInfo, KeyRef,
    KeyState, KeyStatus, Registry, RetryPolicy, Revoke, RevokeResult, Secret, Verification,
};
use serde_json::{Value, json};
use wiremock::matchers::{method, path_regex};
use wiremock::{Mock, MockServer, ResponseTemplate};

/// A provider that answers each kind of request by a script, the last answer for ever.
struct Script(MockServer);

impl Script {
    async fn start() -> Self {
        Self(MockServer::start().await)
    }

    async fn answer(&self, verb: &str, path: &str, answers: Vec<ResponseTemplate>) {
        let last = answers.len() - 1;
        for (index, answer) in answers.into_iter().enumerate() {
            let mock = Mock::given(method(verb))
                .and(path_regex(path))
                .respond_with(answer);
            let mock = if index == last {
                mock
            } else {
                mock.up_to_n_times(1)
            };
            mock.mount(&self.0).await;
        }
    }

    fn revoker(&self, provider: &str) -> AnyRevoker {
        let fake = match provider {
            "devin" => "apk_user_administrator",
            "devin-v3" => "cog_administrator",
            _ => "administrator",
        };
        let base = match provider {
            "jupyterhub" => format!("{}/hub/api", self.0.uri()),
            _ => self.0.uri(),
        };
        let builder = keyrevoke::builder(provider).unwrap().with_base_url(base);
        let builder = builder.with_credential(Credential::from_text(fake));
        builder.with_retry(RetryPolicy::none()).build().unwrap()
    }

    async fn revocations(&self) -> usize {
        let requests = self.0.received_requests().await.unwrap();
        requests.iter().filter(|request| request.method != "GET").count()
    }
}

fn said(status: u16, body: Value) -> ResponseTemplate {
    ResponseTemplate::new(status).set_body_json(body)
}

/// A page of Devin's list, the only one.
fn listed(ids: &[&str]) -> ResponseTemplate {
    let item = |id: &&str| json!({ "id": id, "user_email": "ada@example.com", "created_at": "2025-08-01T12:00:00Z" });
    let items: Vec<Value> = ids.iter().map(item).collect();
    said(
        200,
        json!({ "items": items, "total": ids.len(), "skip": 0, "limit": 50, "has_more": false, "next_cursor": null }),
    )
}

const DEVIN_LIST: &str = "/v2/enterprise/api-keys$";
const DEVIN_KEY: &str = "/v2/enterprise/api-keys/.+";

fn works() -> ResponseTemplate {
    said(200, json!({ "sessions": [] }))
}

fn refused() -> ResponseTemplate {
    said(401, json!({ "detail": "Invalid credentials" }))
}

fn lost() -> ResponseTemplate {
    ResponseTemplate::new(503)
}

/// What verifying a revocation of `devin:apk-1` gives, whose list, secret and revocation are answered like this.
async fn devin(
    lists: Vec<ResponseTemplate>,
    tried: Vec<ResponseTemplate>,
    revocation: ResponseTemplate,
    verification: Verification,
) -> RevokeResult {
    let server = Script::start().await;
    server.answer("GET", DEVIN_LIST, lists).await;
    let verification = match tried.is_empty() {
        true => verification,
        false => {
            server.answer("GET", "/v1/sessions", tried).await;
            verification.with_secret(secret("apk_leaked"))
        }
    };
    server.answer("DELETE", DEVIN_KEY, vec![revocation]).await;
    let revoker = server.revoker("devin");
    revoker.revoke_verified(&key("devin:apk-1"), verification).await
}

/// Asks each question once.
fn once(fake: &Fake) -> AnyRevoker {
    fake.builder().with_retry(RetryPolicy::none()).build().unwrap()
}

fn revoked() -> ResponseTemplate {
    said(200, json!({ "status": "success" }))
}

fn key(text: &str) -> KeyRef {
    text.parse().unwrap()
}

fn secret(text: &str) -> Secret {
    Secret::new(text).unwrap()
}

fn brief(budget: u64) -> Verification {
    Verification::new().with_budget(Duration::from_millis(budget))
}

fn failed(result: &RevokeResult) -> (ErrorKind, KeyState) {
    let error = result.as_ref().expect_err("no death is proven here");
    (error.kind(), error.key_state())
}

fn evidence(result: &RevokeResult) -> &[Evidence] {
    result.as_ref().expect("it is dead").evidence()
}

#[tokio::test]
async fn a_list_that_calls_a_key_dead_says_nothing_against_a_secret_that_works() {
    let server = Script::start().await;
    let dead = json!({
        "api_key_id": "k1", "api_key_name": "CI", "created_at": 1, "expires_at": null, "is_active": false,
        "last_used_at": null, "revoked_at": 2,
    });
    let page = json!({ "items": [dead], "has_next_page": false, "end_cursor": null, "total": 1 });
    server.answer("GET", "/api-keys$", vec![said(200, page)]).await;
    let principal = said(200, json!({ "principal_type": "service_user" }));
    server.answer("GET", "/self$", vec![principal]).await;
    server
        .answer(
            "DELETE",
            ".*",
            vec![said(409, json!({ "detail": "already revoked" }))],
        )
        .await;
    let result = server
        .revoker("devin-v3")
        .revoke_verified(
            &key("devin-v3:user/k1"),
            brief(50).with_secret(secret("cog_leaked")),
        )
        .await;
    assert_eq!(failed(&result), (ErrorKind::StillAccepted, KeyState::Live));
    assert_eq!(server.revocations().await, 1);
}

#[tokio::test]
async fn a_secret_that_never_worked_hides_no_key_that_is_still_listed() {
    let fake = Fake::start("devin").await.unwrap();
    let revoker = once(&fake);
    fake.delay_deaths(Duration::from_secs(600));
    let wrong = brief(50).with_secret(secret("apk_user_of_another_key"));
    let result = revoker.revoke_verified(&fake.new_key(), wrong).await;
    assert_eq!(failed(&result), (ErrorKind::StillListed, KeyState::Unknown));

    // Nor is its refusal said to be what a death rests on; and it is not waited for.
    let fake = Fake::start("sinjapp").await.unwrap();
    let revoker = fake.builder().build().unwrap();
    let began = Instant::now();
    let wrong = Verification::new().with_secret(secret("of-another-key"));
    let result = revoker.revoke_verified(&fake.new_key(), wrong).await;
    assert_eq!(evidence(&result), [Evidence::ProviderAnswer]);
    assert_eq!(result.unwrap().verified_after(), None);
    assert!(began.elapsed() < Duration::from_secs(10));
}

#[tokio::test]
async fn a_provider_that_refuses_everybody_has_killed_nobody() {
    let (lists, tried) = (vec![listed(&["apk-1"]), refused()], vec![works(), refused()]);
    let result = devin(lists, tried, lost(), brief(700)).await;
    assert_eq!(failed(&result), (ErrorKind::Unavailable, KeyState::Unknown));
}

#[tokio::test]
async fn a_refusal_that_is_said_of_a_credential_that_works_as_well_proves_nothing() {
    // The operation that tries secrets refuses everybody, and the list is answered as ever.
    let result = devin(
        vec![listed(&["apk-1"])],
        vec![works(), refused()],
        lost(),
        brief(700),
    )
    .await;
    assert_eq!(failed(&result), (ErrorKind::Unavailable, KeyState::Unknown));
}

#[tokio::test]
async fn an_acceptance_of_some_time_ago_is_no_proof_of_life() {
    let (lists, tried) = (vec![listed(&["apk-1"]), lost()], vec![works(), works(), lost()]);
    let result = devin(lists, tried, revoked(), brief(600)).await;
    assert_eq!(failed(&result), (ErrorKind::StillAccepted, KeyState::Unknown));
    let next = result.unwrap_err().next_step().into_owned();
    assert!(next.contains("Try the secret again"), "{next}");
}

#[tokio::test]
async fn what_worked_after_its_revocation_is_dead_only_when_it_is_refused() {
    let (lists, tried) = (
        vec![listed(&["apk-1"]), listed(&[])],
        vec![works(), works(), lost()],
    );
    let result = devin(lists, tried, revoked(), brief(600)).await;
    assert_eq!(failed(&result), (ErrorKind::StillAccepted, KeyState::Unknown));
}

#[tokio::test]
async fn the_last_look_is_at_the_end_of_the_time_and_not_before() {
    let fake = Fake::start("devin").await.unwrap();
    let revoker = fake.builder().build().unwrap();
    fake.delay_deaths(Duration::from_millis(1000));
    let key = fake.new_key();
    let verification = brief(1300).with_secret(secret(&fake.secret(&key).unwrap()));
    let result = revoker.revoke_verified(&key, verification).await;
    assert_eq!(
        evidence(&result),
        [Evidence::ProviderAnswer, Evidence::SecretRefused]
    );
}

#[tokio::test]
async fn a_look_takes_no_longer_than_the_time_that_was_given() {
    let fake = Fake::start("sinjapp").await.unwrap();
    let builder = fake.builder().with_attempt_timeout(Duration::from_secs(4));
    let revoker = builder.build().unwrap();
    let key = fake.new_key();
    let verification = brief(100).with_secret(secret(&fake.secret(&key).unwrap()));
    fake.answer_next_look(Reply::new(200).with_json(json!({ "api_key": {} })));
    fake.answer_next_look(Reply::new(200).with_json(json!({ "api_key": {} })));
    fake.answer_next_look(Reply::new(429).with_header("retry-after", "20"));
    let began = Instant::now();
    let result = revoker.revoke_verified(&key, verification).await;
    assert!(result.is_ok());
    assert!(began.elapsed() < Duration::from_secs(8), "{:?}", began.elapsed());
}

#[tokio::test]
async fn a_list_that_lags_or_changes_while_it_is_read_hides_no_key_whose_answer_was_lost() {
    for after in [
        // A copy of the list that does not have the key yet.
        vec![listed(&["apk-0"]), listed(&["apk-0", "apk-1"])],
        // Two pages that were read while others came and went.
        vec![
            listed(&["apk-2"]),
            listed(&["apk-3"]),
            listed(&["apk-3", "apk-1"]),
        ],
    ] {
        let lists = std::iter::once(listed(&["apk-1"])).chain(after).collect();
        let result = devin(lists, Vec::new(), lost(), brief(2000)).await;
        assert_eq!(failed(&result), (ErrorKind::Unavailable, KeyState::Unknown));
    }
    // Absent twice, among the same others.
    let lists = vec![listed(&["apk-0", "apk-1"]), listed(&["apk-0"])];
    let result = devin(lists, Vec::new(), lost(), brief(2000)).await;
    assert_eq!(evidence(&result), [Evidence::ReadBack]);
}

#[tokio::test]
async fn an_answer_about_another_key_is_no_absence() {
    let server = Script::start().await;
    let found = |id: &str| {
        said(
            200,
            json!({ "data": {
                "hash": id, "name": "CI", "disabled": false, "creator_user_id": null, "created_at": "2025-08-01T12:00:00Z",
            } }),
        )
    };
    let (ours, other) = ("a".repeat(64), "b".repeat(64));
    server
        .answer("GET", ".*", vec![found(&ours), found(&other)])
        .await;
    server.answer("PATCH", ".*", vec![lost()]).await;
    let result = server
        .revoker("openrouter")
        .revoke_verified(&key(&format!("openrouter:{ours}")), brief(2000))
        .await;
    assert_eq!(failed(&result), (ErrorKind::Unavailable, KeyState::Unknown));
}

fn token(id: &str, created: &str) -> ResponseTemplate {
    let token = json!({ "user": "alice", "id": id, "kind": "api_token", "created": created });
    said(200, json!({ "api_tokens": [token] }))
}

#[tokio::test]
async fn an_id_that_was_given_again_is_another_key() {
    let server = Script::start().await;
    let again = vec![
        token("a7", "2026-11-22T10:00:00Z"),
        token("a7", "2026-11-22T10:00:05Z"),
    ];
    server.answer("GET", "/users/alice/tokens", again).await;
    server
        .answer(
            "GET",
            "/user$",
            vec![said(
                200,
                json!({ "kind": "service", "name": "x", "token_id": "a1" }),
            )],
        )
        .await;
    server
        .answer("DELETE", ".*", vec![ResponseTemplate::new(204)])
        .await;
    let result = server
        .revoker("jupyterhub")
        .revoke_verified(&key("jupyterhub:alice/a7"), brief(100))
        .await;
    assert_eq!(evidence(&result), [Evidence::ProviderAnswer, Evidence::ReadBack]);
}

#[tokio::test]
async fn a_death_that_was_read_back_spreads_as_slowly_as_any() {
    let fake = Fake::start("jupyterhub").await.unwrap();
    let revoker = once(&fake);
    fake.answer_next_revocation(Reply::new(503).carried_out());
    let dead = revoker
        .revoke_verified(&fake.new_key(), Verification::new())
        .await
        .unwrap();
    assert_eq!(dead.evidence(), [Evidence::ReadBack]);
    assert_eq!(dead.propagation(), Some(Duration::from_secs(300)));
}

#[tokio::test]
async fn what_a_repeat_killed_is_looked_at_as_well() {
    let fake = Fake::start("dolfin").await.unwrap();
    let revoker = once(&fake);
    fake.answer_next_revocation(Reply::new(503));
    let result = revoker
        .revoke_verified(&fake.new_key(), Verification::new())
        .await;
    assert_eq!(evidence(&result), [Evidence::ProviderAnswer, Evidence::Repeat]);
}

#[tokio::test]
async fn a_key_that_is_not_there_is_not_asked_for_again_and_again() {
    let fake = Fake::start("dolfin").await.unwrap();
    let revoker = fake.builder().build().unwrap();
    let result = revoker.revoke_verified(&fake.unknown_key(), brief(5000)).await;
    assert_eq!(failed(&result), (ErrorKind::NotFound, KeyState::Unknown));
    assert_eq!(fake.requests().len(), 2, "the call, and one repeat");
}

#[tokio::test]
async fn the_callers_word_does_not_outweigh_what_the_same_call_saw() {
    let server = Script::start().await;
    let live = json!({
        "api_key_id": "k1", "api_key_name": "CI", "created_at": 1, "expires_at": null, "is_active": true,
        "last_used_at": null, "revoked_at": null,
    });
    let page = json!({ "items": [live], "has_next_page": false, "end_cursor": null, "total": 1 });
    server.answer("GET", "/api-keys$", vec![said(200, page)]).await;
    server
        .answer(
            "DELETE",
            ".*",
            vec![said(404, json!({ "detail": "API key not found" }))],
        )
        .await;
    let checks = Checks::new()
        .with_expectation(Expectation::new().with_name("CI"))
        .with_attestation(Attestation::new("the list of yesterday"));
    let result = server
        .revoker("devin-v3")
        .revoke_checked(&key("devin-v3:user/k1"), &checks)
        .await;
    assert_eq!(failed(&result), (ErrorKind::NotFound, KeyState::Unknown));
}

#[tokio::test]
async fn a_credential_that_says_which_key_it_is_must_be_meant_as_well() {
    let fake = Fake::start("dolfin").await.unwrap();
    let own = fake.new_key();
    let credential = fake.credential().with_key_id(own.key());
    let revoker = fake.builder().with_credential(credential).build().unwrap();
    let result = revoker.revoke_checked(&own, &Checks::new()).await;
    assert_eq!(failed(&result), (ErrorKind::WrongKey, KeyState::Live));
    assert!(fake.requests().is_empty());
    assert!(
        revoker
            .revoke_checked(&own, &Checks::new().with_own_key())
            .await
            .is_ok()
    );
}

/// The result of a key whose request was under way when an earlier run ended.
async fn resumed(fake: &Fake, key: &KeyRef, checks: Checks) -> RevokeResult {
    let journal = MemoryJournal::new();
    let intent = JournalEntry::new(new_run(), JournalRecord::intent(key.clone()));
    journal.append(&intent).await.unwrap();
    let registry = Registry::new()
        .with(once(fake))
        .with_journal(journal)
        .with_checks(checks);
    let mut run = registry.plan([key.clone()]).unwrap().revoke_all();
    run.next().await.unwrap().1
}

#[tokio::test]
async fn what_a_look_refuses_says_nothing_of_an_earlier_request() {
    let fake = Fake::start("devin").await.unwrap();
    let owner = |owner: &str| Checks::new().with_expectation(Expectation::new().with_owner(owner));
    let result = resumed(&fake, &fake.new_key(), owner("mallory@example.com")).await;
    assert_eq!(failed(&result), (ErrorKind::WrongKey, KeyState::Unknown));
    fake.answer_next(Reply::new(403).with_json(json!({ "detail": "no" })));
    let result = resumed(&fake, &fake.new_key(), owner("ada@example.com")).await;
    assert_eq!(failed(&result), (ErrorKind::PermissionDenied, KeyState::Unknown));
}

#[tokio::test]
async fn a_key_in_doubt_is_compared_and_tried_as_any_other() {
    // Dead by the list, and another than the one that is meant.
    let fake = Fake::start("devin-v3").await.unwrap();
    let other = Checks::new().with_expectation(Expectation::new().with_name("another"));
    let result = resumed(&fake, &fake.dead_key(), other).await;
    assert_eq!(failed(&result), (ErrorKind::WrongKey, KeyState::Unknown));
    // Dead by the list, and its secret works.
    fake.delay_deaths(Duration::from_secs(600));
    let (dead, live) = (fake.dead_key(), fake.new_key());
    let works = secret(&fake.secret(&live).unwrap());
    let checks = Checks::new().with_verification(brief(50).with_secret(works));
    let result = resumed(&fake, &dead, checks).await;
    assert_eq!(failed(&result), (ErrorKind::StillAccepted, KeyState::Live));
}

#[tokio::test]
async fn a_run_that_is_given_up_waits_for_no_look() {
    for slow_is_before in [true, false] {
        let fake = Fake::start("devin").await.unwrap();
        let key = fake.new_key();
        let slow = || Reply::new(500).with_delay(Duration::from_secs(20));
        if slow_is_before {
            fake.answer_next_look(slow());
        } else {
            fake.answer_next_look(Reply::new(500));
            fake.answer_next_look(Reply::new(500));
            fake.answer_next_look(Reply::new(500));
            fake.answer_next_look(slow());
        }
        let checks = Checks::new().with_verification(Verification::new());
        let revoker = fake.builder().build().unwrap();
        let registry = Registry::new().with(revoker).with_checks(checks);
        let mut run = registry.plan([key]).unwrap().revoke_all();
        let stopper = run.stopper();
        tokio::spawn(async move {
            tokio::time::sleep(Duration::from_millis(1500)).await;
            stopper.abandon();
        });
        let began = Instant::now();
        let (_, result) = run.next().await.unwrap();
        assert!(began.elapsed() < Duration::from_secs(8), "{slow_is_before}");
        if slow_is_before {
            assert_eq!(failed(&result), (ErrorKind::Cancelled, KeyState::Live));
            assert_eq!(result.unwrap_err().delivery(), Delivery::NotSent);
        } else {
            assert!(result.is_ok());
        }
    }
}

#[test]
fn an_expectation_of_nothing_fits_no_key() {
    let known = KeyInfo::new(key("devin:apk-1"), KeyStatus::Active);
    let known = known
        .with_name("")
        .with_prefix("apk_")
        .with_last4("")
        .with_owner("");
    let nothing = Expectation::new();
    for expected in [
        nothing.clone().with_name(""),
        nothing.clone().with_prefix(""),
        nothing.clone().with_last4(""),
        nothing.clone().with_owner(""),
    ] {
        assert!(!expected.is_empty());
        assert_eq!(expected.differences(&known).len(), 1, "{expected:?}");
    }
    // What the provider shows of a beginning may be less than what is expected of it, but not nothing.
    assert!(
        nothing
            .clone()
            .with_prefix("apk_user")
            .differences(&known)
            .is_empty()
    );
    assert!(
        !nothing
            .with_prefix("apk_user")
            .differences(&known.with_prefix(""))
            .is_empty()
    );
}

#[tokio::test]
async fn a_key_that_is_to_die_later_is_no_dead_key() {
    let fake = Fake::start("devin-v3").await.unwrap();
    let revoker = fake.builder().build().unwrap();
    fake.schedule_deaths(Duration::from_secs(3600));
    let key = fake.new_key();
    let works = secret(&fake.secret(&key).unwrap());
    for result in [
        revoker.revoke(&key).await,
        revoker.revoke(&key).await,
        revoker.revoke_verified(&key, brief(50).with_secret(works)).await,
    ] {
        assert_eq!(failed(&result), (ErrorKind::Scheduled, KeyState::Live));
    }
    let found = revoker.find(&key).await.unwrap();
    assert_eq!(found.status(), KeyStatus::Active);
    assert!(found.revoked_at().unwrap() > std::time::SystemTime::now() + Duration::from_secs(3000));
    assert!(fake.is_live(&key));

    // Where the answer has no time: accepted, and dead once a look shows it.
    let fake = Fake::start("devin").await.unwrap();
    let revoker = fake.builder().build().unwrap();
    fake.schedule_deaths(Duration::from_millis(700));
    let key = fake.new_key();
    assert_eq!(
        failed(&revoker.revoke(&key).await),
        (ErrorKind::Pending, KeyState::Unknown)
    );
    assert!(fake.is_live(&key));
    let key = fake.new_key();
    let works = secret(&fake.secret(&key).unwrap());
    let result = revoker
        .revoke_verified(&key, brief(5000).with_secret(works))
        .await;
    assert_eq!(evidence(&result), [Evidence::SecretRefused]);
    assert!(!fake.is_live(&key));
}
