//! Looks before and after: what the provider is asked, and what is said of the key.
#![cfg(feature = "fakes")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::time::Duration;

use keyrevoke::fakes::{Fake, Reply};
use keyrevoke::{
    Acceptance, AnyRevoker, Attestation, Checks, Delivery, Disposition, ErrorKind, Evidence, Expectation,
    KeyFilter, KeyRef, KeyState, KeyStatus, Registry, RetryPolicy, Revoke, RevokeError, RevokeResult, Secret,
    Verification,
};
use serde_json::json;

async fn start(provider: &str) -> (Fake, AnyRevoker) {
    let fake = Fake::start(provider).await.unwrap();
    let revoker = fake.builder().with_retry(RetryPolicy::none()).build().unwrap();
    (fake, revoker)
}

/// Requests that revoke; look-ups are GETs.
fn revocations(fake: &Fake) -> usize {
    fake.requests()
        .iter()
        .filter(|request| request.method != "GET")
        .count()
}

fn secret(fake: &Fake, key: &KeyRef) -> Secret {
    Secret::new(fake.secret(key).unwrap()).unwrap()
}

fn brief(budget: u64) -> Verification {
    Verification::new().with_budget(Duration::from_millis(budget))
}

fn evidence(result: &RevokeResult) -> Vec<Evidence> {
    result.as_ref().unwrap().evidence().to_vec()
}

fn failed(result: &RevokeResult) -> (ErrorKind, KeyState) {
    let error = result.as_ref().unwrap_err();
    (error.kind(), error.key_state())
}

#[tokio::test]
async fn providers_are_asked_about_a_key_where_they_can_be() {
    let (fake, revoker) = start("devin-v3").await;
    let (live, dead, unknown) = (fake.new_key(), fake.dead_key(), fake.unknown_key());
    let found = revoker.find(&live).await.unwrap();
    assert_eq!(
        (found.key(), found.status(), found.state()),
        (&live, KeyStatus::Active, KeyState::Live)
    );
    assert_eq!(revoker.find(&dead).await.unwrap().status(), KeyStatus::Revoked);
    let missing = revoker.find(&unknown).await.unwrap_err();
    assert_eq!(
        (missing.kind(), missing.key_state()),
        (ErrorKind::NotFound, KeyState::Unknown)
    );

    let (fake, revoker) = start("devin").await;
    let (live, dead) = (fake.new_key(), fake.dead_key());
    assert_eq!(revoker.find(&live).await.unwrap().state(), KeyState::Live);
    assert_eq!(
        revoker.find(&dead).await.unwrap_err().kind(),
        ErrorKind::NotFound,
        "dead keys leave the list"
    );

    // The tokens of a user are listed, those of all users are not.
    let (fake, revoker) = start("jupyterhub").await;
    assert!(revoker.capabilities().can_find() && !revoker.capabilities().can_list());
    let (live, dead) = (fake.new_key(), fake.dead_key());
    assert_eq!(revoker.find(&live).await.unwrap().state(), KeyState::Live);
    assert_eq!(revoker.find(&dead).await.unwrap_err().kind(), ErrorKind::NotFound);

    for provider in ["dolfin", "kadosei"] {
        let (fake, revoker) = start(provider).await;
        assert!(!revoker.capabilities().can_find() && !revoker.capabilities().can_probe());
        let error = revoker.find(&fake.new_key()).await.unwrap_err();
        assert_eq!(
            (error.kind(), error.delivery()),
            (ErrorKind::Unsupported, Delivery::NotSent)
        );
        let error = revoker.list(&KeyFilter::new()).next().await.unwrap().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported);
        assert!(fake.requests().is_empty());
    }

    let (fake, revoker) = start("sinjapp").await;
    assert_eq!(
        revoker.find(&fake.new_key()).await.unwrap_err().kind(),
        ErrorKind::Unsupported
    );
    let own = revoker.find(&"sinjapp:1000000".parse().unwrap()).await.unwrap();
    assert_eq!(own.state(), KeyState::Live);
    assert_eq!(revocations(&fake), 0);
}

#[tokio::test]
async fn an_inventory_comes_page_by_page_and_filtered() {
    let (fake, revoker) = start("devin").await;
    let made: Vec<KeyRef> = (0..120).map(|_| fake.new_key()).collect();
    let mut keys = revoker.list(&KeyFilter::new());
    let mut listed = Vec::new();
    while let Some(key) = keys.next().await {
        listed.push(key.unwrap());
    }
    assert_eq!(
        listed.iter().map(|key| key.key().clone()).collect::<Vec<_>>(),
        made
    );
    assert!(fake.requests().len() >= 3);
    let canary = fake.secret(&made[0]).unwrap();
    assert!(
        !format!("{listed:?}").contains(&canary)
            && !serde_json::to_string(&listed).unwrap().contains(&canary)
    );

    let owner = listed[0].owner().unwrap().to_owned();
    let mut of_one = revoker.list(&KeyFilter::new().with_owner(owner.to_uppercase()));
    assert_eq!(of_one.next().await.unwrap().unwrap().key(), &made[0]);
    assert!(of_one.next().await.is_none());

    // A list that breaks off says so at its end.
    fake.answer_next(Reply::new(200).with_json(json!({
        "items": [], "total": 3, "skip": 0, "limit": 50, "has_more": true, "next_cursor": 2,
    })));
    fake.answer_next(Reply::new(500));
    fake.answer_next(Reply::new(500));
    fake.answer_next(Reply::new(500));
    let mut keys = revoker.list(&KeyFilter::new());
    assert_eq!(
        keys.next().await.unwrap().unwrap_err().kind(),
        ErrorKind::Unavailable
    );
    assert!(keys.next().await.is_none());
}

#[tokio::test]
async fn a_secret_is_accepted_refused_or_unknown() {
    for provider in ["devin", "devin-v3", "sinjapp"] {
        let (fake, revoker) = start(provider).await;
        assert!(revoker.capabilities().can_probe());
        let (live, dead) = (fake.new_key(), fake.dead_key());
        assert_eq!(
            revoker.probe(&secret(&fake, &live)).await.unwrap(),
            Acceptance::Accepted,
            "{provider}"
        );
        assert_eq!(
            revoker.probe(&secret(&fake, &dead)).await.unwrap(),
            Acceptance::Refused,
            "{provider}"
        );
        for (reply, kind) in [
            (
                Reply::new(401).with_body("text/html", "<h1>who are you</h1>"),
                ErrorKind::Unauthenticated,
            ),
            (Reply::new(407), ErrorKind::Unauthenticated),
            (
                Reply::new(403).with_json(json!({ "detail": "no" })),
                ErrorKind::PermissionDenied,
            ),
            (
                Reply::new(429).with_header("retry-after", "60"),
                ErrorKind::RateLimited,
            ),
            (
                Reply::new(200).with_body("text/html", "welcome"),
                ErrorKind::UnexpectedAnswer,
            ),
            (
                Reply::new(302).with_header("location", "/login"),
                ErrorKind::Redirected,
            ),
        ] {
            fake.answer_next(reply);
            let error = revoker.probe(&secret(&fake, &live)).await.unwrap_err();
            assert_eq!(
                (error.kind(), error.key_state()),
                (kind, KeyState::Unknown),
                "{provider}"
            );
        }
        let text = format!("{:?}", secret(&fake, &live));
        assert!(!text.contains(&fake.secret(&live).unwrap()));
        assert_eq!(revocations(&fake), 0);
    }
    // A secret of another form is not sent anywhere.
    let (fake, revoker) = start("devin").await;
    let error = revoker
        .probe(&Secret::new("cog_example_of_v3").unwrap())
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert!(fake.requests().is_empty());
}

#[tokio::test]
async fn a_verified_death_says_what_it_rests_on() {
    for (provider, wanted) in [
        ("dolfin", vec![Evidence::ProviderAnswer, Evidence::Repeat]),
        ("devin", vec![Evidence::ProviderAnswer, Evidence::ReadBack]),
        ("devin-v3", vec![Evidence::ProviderAnswer, Evidence::ReadBack]),
        ("jupyterhub", vec![Evidence::ProviderAnswer, Evidence::ReadBack]),
        ("sinjapp", vec![Evidence::ProviderAnswer]), // nothing there can tell
        ("kadosei", vec![Evidence::InferredAnswer]),
    ] {
        let (fake, revoker) = start(provider).await;
        let verified = revoker
            .revoke_verified(&fake.new_key(), Verification::new())
            .await;
        assert_eq!(evidence(&verified), wanted, "{provider}");
        assert_eq!(
            verified.as_ref().unwrap().verified_after().is_some(),
            wanted.len() > 1
        );
        assert_eq!(verified.unwrap().disposition(), Disposition::Revoked);
    }
    for provider in ["devin", "devin-v3", "sinjapp"] {
        let (fake, revoker) = start(provider).await;
        let key = fake.new_key();
        let verified = revoker
            .revoke_verified(&key, Verification::new().with_secret(secret(&fake, &key)))
            .await;
        assert_eq!(
            evidence(&verified),
            [Evidence::ProviderAnswer, Evidence::SecretRefused],
            "{provider}"
        );
        assert_eq!(revocations(&fake), 1);
    }
}

#[tokio::test]
async fn row_026_what_was_accepted_or_lost_becomes_a_death_where_a_look_shows_it() {
    for (provider, with_secret, wanted) in [
        ("dolfin", false, Evidence::Repeat),
        ("devin", false, Evidence::ReadBack),
        ("devin-v3", false, Evidence::ReadBack),
        ("jupyterhub", true, Evidence::ReadBack), // its refusals tell nothing
        ("sinjapp", true, Evidence::SecretRefused),
    ] {
        for status in [202, 503] {
            let (fake, revoker) = start(provider).await;
            let key = fake.new_key();
            fake.answer_next_revocation(Reply::new(status).carried_out());
            let mut verification = Verification::new();
            if with_secret {
                verification = verification.with_secret(secret(&fake, &key));
            }
            let verified = revoker.revoke_verified(&key, verification).await;
            assert_eq!(evidence(&verified), [wanted], "{provider} {status}");
            assert!(!fake.is_live(&key));
        }
    }
}

#[tokio::test]
async fn a_lost_request_is_no_death_whatever_is_not_there() {
    // Never seen, and not there now: dead, or never there.
    let (fake, revoker) = start("devin").await;
    fake.answer_next_revocation(Reply::new(503));
    let result = revoker.revoke_verified(&fake.unknown_key(), brief(100)).await;
    assert_eq!(failed(&result), (ErrorKind::Unavailable, KeyState::Unknown));
    // A secret that never worked is refused too.
    let (fake, revoker) = start("sinjapp").await;
    fake.answer_next_revocation(Reply::new(503));
    let never = Secret::new("some-other-secret").unwrap();
    let result = revoker
        .revoke_verified(&fake.new_key(), brief(100).with_secret(never))
        .await;
    assert_eq!(failed(&result), (ErrorKind::Unavailable, KeyState::Unknown));
    // The request did not arrive, and the list says so.
    let (fake, revoker) = start("devin").await;
    fake.answer_next_revocation(Reply::new(503));
    let result = revoker.revoke_verified(&fake.new_key(), brief(100)).await;
    assert_eq!(failed(&result), (ErrorKind::Unavailable, KeyState::Unknown));
}

#[tokio::test]
async fn row_054_a_death_that_spreads_is_waited_for_and_one_that_does_not_is_no_death() {
    let (fake, revoker) = start("devin").await;
    fake.delay_deaths(Duration::from_millis(700));
    let key = fake.new_key();
    let with_secret = |budget| brief(budget).with_secret(secret(&fake, &key));
    let verified = revoker.revoke_verified(&key, with_secret(20_000)).await;
    assert_eq!(
        evidence(&verified),
        [Evidence::ProviderAnswer, Evidence::SecretRefused]
    );
    assert!(verified.unwrap().verified_after().unwrap() >= Duration::from_millis(500));

    fake.delay_deaths(Duration::from_secs(600));
    let key = fake.new_key();
    let accepted = revoker
        .revoke_verified(&key, brief(100).with_secret(secret(&fake, &key)))
        .await;
    assert_eq!(failed(&accepted), (ErrorKind::StillAccepted, KeyState::Live));
    assert!(accepted.unwrap_err().next_step().starts_with("Act now"));
    let listed = revoker.revoke_verified(&fake.new_key(), brief(100)).await;
    assert_eq!(failed(&listed), (ErrorKind::StillListed, KeyState::Unknown));
}

#[tokio::test]
async fn the_wrong_key_is_noticed_before_anything_is_sent() {
    let (fake, revoker) = start("devin").await;
    let key = fake.new_key();
    let owner = revoker.find(&key).await.unwrap().owner().unwrap().to_owned();
    let expect = |expectation| Checks::new().with_expectation(expectation);
    let wrong = revoker
        .revoke_checked(
            &key,
            &expect(Expectation::new().with_owner("mallory@example.com")),
        )
        .await;
    assert_eq!(failed(&wrong), (ErrorKind::WrongKey, KeyState::Live));
    let error = wrong.unwrap_err();
    let both = format!("owner is {owner:?}, expected \"mallory@example.com\"");
    assert_eq!(
        (error.detail(), error.delivery(), error.attempts()),
        (Some(both.as_str()), Delivery::NotSent, 0)
    );

    // What the provider does not say does not fit.
    let unknown = revoker
        .revoke_checked(&key, &expect(Expectation::new().with_last4("abcd")))
        .await;
    assert_eq!(failed(&unknown), (ErrorKind::WrongKey, KeyState::Live));
    // Nor does a key that is not listed, and one that cannot be looked up now.
    let missing = revoker
        .revoke_checked(&fake.unknown_key(), &expect(Expectation::new().with_owner("x")))
        .await;
    assert_eq!(failed(&missing), (ErrorKind::NotFound, KeyState::Unknown));
    fake.answer_next(Reply::new(403));
    let hidden = revoker
        .revoke_checked(&key, &expect(Expectation::new().with_owner("x")))
        .await;
    assert_eq!(failed(&hidden), (ErrorKind::PermissionDenied, KeyState::Live));
    assert_eq!(revocations(&fake), 0);

    let right = revoker
        .revoke_checked(&key, &expect(Expectation::new().with_owner(owner)))
        .await;
    assert!(right.is_ok());
    assert_eq!(revocations(&fake), 1);

    let (fake, revoker) = start("dolfin").await;
    let blind = revoker
        .revoke_checked(&fake.new_key(), &expect(Expectation::new().with_name("x")))
        .await;
    assert_eq!(failed(&blind), (ErrorKind::Unsupported, KeyState::Live));
    assert!(fake.requests().is_empty());
}

#[tokio::test]
async fn in_a_run_each_key_has_its_own_expectation() {
    let (fake, revoker) = start("devin").await;
    let keys: Vec<KeyRef> = (0..4).map(|_| fake.new_key()).collect();
    let registry = Registry::new().with(revoker);
    let plan = registry.plan(keys.clone()).unwrap();
    let other = Expectation::new().with_owner("mallory@example.com");
    let mut run = plan.with_expectations([(keys[2].clone(), other)]).revoke_all();
    while let Some((key, result)) = run.next().await {
        assert_eq!(result.is_ok(), key != keys[2]);
    }
    assert!(fake.is_live(&keys[2]));
    assert_eq!(revocations(&fake), 3);
}

#[tokio::test]
async fn a_missing_key_is_dead_only_on_the_callers_word_and_the_providers_own_404() {
    let word = || Attestation::new("the list of yesterday");
    for provider in ["dolfin", "devin-v3", "jupyterhub"] {
        let (fake, revoker) = start(provider).await;
        let key = fake.unknown_key();
        assert_eq!(
            failed(&revoker.revoke(&key).await),
            (ErrorKind::NotFound, KeyState::Unknown)
        );
        let known = revoker.revoke_known(&key, word()).await;
        assert_eq!(evidence(&known), [Evidence::CallerAttested], "{provider}");
        assert_eq!(known.unwrap().disposition(), Disposition::AlreadyRevoked);
        // A path that is not there says the same in other words.
        for body in [
            json!({ "detail": "Not Found" }),
            json!({ "message": "Cannot DELETE" }),
            json!({ "status": 404, "message": "No such user: alice" }),
            json!({ "status": 404, "message": "No access to resources or resources not found" }),
            json!({ "status": 404, "message": null }),
            json!({}),
        ] {
            fake.answer_next_revocation(Reply::new(404).with_json(body));
            let elsewhere = revoker.revoke_known(&key, word()).await;
            assert_eq!(
                failed(&elsewhere),
                (ErrorKind::NotFound, KeyState::Unknown),
                "{provider}"
            );
        }
        fake.answer_next_revocation(Reply::new(404).with_body("text/html", "nginx"));
        assert!(revoker.revoke_known(&key, word()).await.is_err());
    }
    for provider in ["devin", "kadosei", "sinjapp"] {
        let (fake, revoker) = start(provider).await;
        let result = revoker.revoke_known(&fake.unknown_key(), word()).await;
        assert_eq!(
            failed(&result),
            (ErrorKind::NotFound, KeyState::Unknown),
            "{provider}"
        );
    }
}

#[tokio::test]
async fn a_key_that_is_the_credential_must_be_meant() {
    let (fake, revoker) = start("sinjapp").await;
    let own: KeyRef = "sinjapp:1000000".parse().unwrap();
    let refused = revoker.revoke_checked(&own, &Checks::new()).await;
    assert_eq!(failed(&refused), (ErrorKind::WrongKey, KeyState::Live));
    assert_eq!(revocations(&fake), 0);
    let meant = revoker.revoke_checked(&own, &Checks::new().with_own_key()).await;
    assert_eq!(revocations(&fake), 1);
    assert_eq!(
        failed(&meant).0,
        ErrorKind::NotFound,
        "the fake has no key of this number"
    );
    // Nothing is known of others, and nothing stands in their way.
    assert!(
        revoker
            .revoke_checked(&fake.new_key(), &Checks::new())
            .await
            .is_ok()
    );
}

#[tokio::test]
async fn a_key_that_is_listed_as_dead_is_not_sent() {
    let (fake, revoker) = start("devin-v3").await;
    let result = revoker
        .revoke_verified(&fake.dead_key(), Verification::new())
        .await;
    assert_eq!(evidence(&result), [Evidence::ReadBack]);
    assert_eq!((result.unwrap().attempts(), revocations(&fake)), (0, 0));
}

/// A revoker of an application's own, which cannot look.
struct Intern;

impl Revoke for Intern {
    type Key = String;

    fn provider(&self) -> &str {
        "intern"
    }

    async fn revoke(&self, _: &String) -> RevokeResult {
        Err(RevokeError::new("intern", ErrorKind::Rejected, KeyState::Live))
    }
}

#[tokio::test]
async fn a_revoker_that_cannot_look_does_not_seem_to() {
    let error = Intern
        .revoke_checked(&"k".to_owned(), &Checks::new())
        .await
        .unwrap_err();
    assert_eq!(
        (error.kind(), error.delivery()),
        (ErrorKind::Unsupported, Delivery::NotSent)
    );
    assert_eq!(
        Intern.find(&"k".to_owned()).await.unwrap_err().kind(),
        ErrorKind::Unsupported
    );
}
