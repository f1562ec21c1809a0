//! What each provider can be asked, and what its looks make of an answer that was lost.
#![cfg(feature = "fakes")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::time::Duration;

use keyrevoke::fakes::{Fake, Reply};
use keyrevoke::{
    Acceptance, AnyRevoker, Checks, Disposition, ErrorKind, Evidence, KeyFilter, KeyInfo, KeyRef, KeyState,
    KeyStatus, RetryPolicy, Revoke, RevokeResult, Secret, Verification, Which, which,
};
use serde_json::{Value, json};

async fn start(provider: &str) -> (Fake, AnyRevoker) {
    let fake = Fake::start(provider).await.unwrap();
    let revoker = fake.builder().with_retry(RetryPolicy::none()).build().unwrap();
    (fake, revoker)
}

fn secret(fake: &Fake, key: &KeyRef) -> Secret {
    Secret::new(fake.secret(key).unwrap()).unwrap()
}

fn brief() -> Verification {
    Verification::new().with_budget(Duration::from_millis(100))
}

fn failed(result: &RevokeResult) -> (ErrorKind, KeyState) {
    let error = result.as_ref().unwrap_err();
    (error.kind(), error.key_state())
}

async fn all(revoker: &AnyRevoker) -> Vec<KeyInfo> {
    let (mut keys, mut found) = (revoker.list(&KeyFilter::new()), Vec::new());
    while let Some(key) = keys.next().await {
        found.push(key.unwrap());
    }
    found
}

/// More than any provider lists at once.
const MANY: usize = 260;

#[tokio::test]
async fn what_a_provider_can_be_asked_it_answers() {
    let mut answered = [0; 3];
    for provider in keyrevoke::providers().iter().map(|provider| provider.name()) {
        let (fake, revoker) = start(provider).await;
        let can = revoker.capabilities();
        let can = [can.can_find(), can.can_list(), can.can_probe()];
        let (live, dead) = (fake.new_key(), fake.dead_key());
        if can[0] {
            let found = revoker.find(&live).await.unwrap();
            assert_eq!(
                (found.key(), found.status()),
                (&live, KeyStatus::Active),
                "{provider}"
            );
            let of_the_dead = revoker.find(&dead).await.map(|found| found.state());
            assert_ne!(of_the_dead.ok(), Some(KeyState::Live), "{provider}");
            let unknown = revoker.find(&fake.unknown_key()).await.unwrap_err();
            assert_eq!(unknown.key_state(), KeyState::Unknown, "{provider}");
        }
        if can[1] {
            let mut wanted: Vec<KeyRef> = (1..MANY).map(|_| fake.new_key()).collect();
            wanted.push(live.clone());
            let keys = all(&revoker).await;
            let listed = keys.iter().filter(|key| key.status() == KeyStatus::Active);
            let mut listed: Vec<KeyRef> = listed.map(|info| info.key().clone()).collect();
            wanted.sort_unstable();
            listed.sort_unstable();
            assert_eq!(listed, wanted, "{provider}");
            let of_the_dead = keys.iter().find(|info| *info.key() == dead).map(KeyInfo::state);
            assert_ne!(of_the_dead, Some(KeyState::Live), "{provider}");
        }
        if can[2] {
            let accepted = revoker.probe(&secret(&fake, &live)).await.unwrap();
            assert_eq!(accepted, Acceptance::Accepted, "{provider}");
            // Where refusals tell nothing, this is an error.
            let refused = revoker.probe(&secret(&fake, &dead)).await;
            assert_ne!(refused.ok(), Some(Acceptance::Accepted), "{provider}");
        }
        assert!(fake.is_live(&live), "{provider}: to look changes nothing");
        answered = [0, 1, 2].map(|index| answered[index] + usize::from(can[index]));
    }
    // Whoever says that nothing can be asked would pass.
    assert!(
        answered[0] >= 19 && answered[1] >= 15 && answered[2] >= 20,
        "{answered:?}"
    );
}

#[tokio::test]
async fn a_lost_answer_is_a_death_where_a_look_shows_it_and_nowhere_else() {
    use Evidence::{ReadBack, SecretRefused};
    for (provider, without_secret, with_secret) in [
        // Dead keys stay, and can be looked at.
        ("anthropic", Some(ReadBack), Some(SecretRefused)),
        ("gitlab", Some(ReadBack), Some(SecretRefused)),
        ("clerk", Some(ReadBack), None),
        ("elasticsearch", Some(ReadBack), Some(ReadBack)),
        ("influxdb", Some(ReadBack), Some(ReadBack)),
        ("openrouter", Some(ReadBack), Some(SecretRefused)),
        ("workos", Some(ReadBack), Some(SecretRefused)),
        // The key was there, and then it was not: by a whole list, or by words that mean nothing else.
        ("datadog", Some(ReadBack), Some(SecretRefused)),
        ("okta", Some(ReadBack), Some(ReadBack)),
        // A 404 of theirs could be said of a key that lives: the list has to say so too.
        ("openai", Some(ReadBack), Some(SecretRefused)),
        ("openai-admin", Some(ReadBack), Some(SecretRefused)),
        ("sendgrid", Some(ReadBack), Some(ReadBack)),
        ("cloudflare", Some(ReadBack), Some(ReadBack)),
        ("twilio", Some(ReadBack), Some(ReadBack)),
    ] {
        for status in [202, 503] {
            for (wanted, with_secret) in [(without_secret, false), (with_secret, true)] {
                let (fake, revoker) = start(provider).await;
                let key = fake.new_key();
                let mut verification = brief();
                if with_secret {
                    verification = verification.with_secret(secret(&fake, &key));
                }
                fake.answer_next_revocation(Reply::new(status).carried_out());
                let result = revoker.revoke_verified(&key, verification.clone()).await;
                let name = format!("{provider} {status} {with_secret}");
                match (&result, wanted) {
                    (Ok(dead), Some(wanted)) => {
                        assert_eq!(dead.evidence(), [wanted], "{name}");
                        // A repeat finds somebody's earlier act; who saw the key alive knows whose.
                        let reversible = ["anthropic", "influxdb", "openrouter", "workos"];
                        assert_eq!(dead.is_reversible(), reversible.contains(&provider), "{name}");
                    }
                    (Err(error), None) => assert_eq!(error.key_state(), KeyState::Unknown, "{name}"),
                    (Err(error), Some(_)) if !with_secret => panic!("{name}: {error}"),
                    (result, _) if with_secret => {
                        // No secret can be tried there: as without one.
                        assert_eq!(result.is_ok(), without_secret.is_some(), "{name}: {result:?}");
                    }
                    (result, _) => panic!("{name}: {result:?}"),
                }
                assert!(!fake.is_live(&key), "{name}");
            }
        }
    }
}

#[tokio::test]
async fn a_lost_request_is_no_death() {
    for provider in keyrevoke::providers().iter().map(|provider| provider.name()) {
        if !start(provider).await.1.capabilities().can_find() {
            continue;
        }
        // It did not arrive, and the key is still there. Where a repeat is sent, it kills.
        let (fake, revoker) = start(provider).await;
        let key = fake.new_key();
        fake.answer_next_revocation(Reply::new(503));
        let result = revoker.revoke_verified(&key, brief()).await;
        assert_eq!(result.is_ok(), !fake.is_live(&key), "{provider}: {result:?}");
        assert!(
            result.is_ok() || failed(&result).1 == KeyState::Unknown,
            "{provider}"
        );
        // Never seen: dead, or never there.
        let (fake, revoker) = start(provider).await;
        fake.answer_next_revocation(Reply::new(503));
        let result = revoker.revoke_verified(&fake.unknown_key(), brief()).await;
        assert_eq!(failed(&result).1, KeyState::Unknown, "{provider}: {result:?}");
    }
}

#[tokio::test]
async fn an_answer_about_another_key_does_not_make_this_one_look_gone() {
    for (provider, other) in [
        ("gitlab", json!({ "id": 99, "revoked": true, "active": false })),
        (
            "elasticsearch",
            json!({ "api_keys": [{ "id": "other", "invalidated": true }] }),
        ),
        (
            "anthropic",
            json!({ "id": "apikey_other", "type": "api_key", "status": "inactive" }),
        ),
        ("okta", json!({ "id": "00Tother" })),
    ] {
        let (fake, revoker) = start(provider).await;
        let key = fake.new_key();
        fake.answer_next(Reply::new(200).with_json(&other));
        let error = revoker.find(&key).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::UnexpectedAnswer, "{provider}");
        assert!(error.detail().unwrap().contains("another key"), "{provider}");
    }
}

#[tokio::test]
async fn an_answer_about_no_key_at_all_does_not_make_the_one_that_was_asked_for_look_gone() {
    for (provider, nothing) in [
        ("elasticsearch", json!({ "api_keys": [] })),
        ("sendgrid", json!({ "result": [] })),
    ] {
        let (fake, revoker) = start(provider).await;
        let key = fake.new_key();
        fake.answer_next(Reply::new(200).with_json(&nothing));
        let error = revoker.find(&key).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::UnexpectedAnswer, "{provider}");
        assert!(error.detail().unwrap().contains("holds no key"), "{provider}");
    }
}

#[tokio::test]
async fn a_disturbed_list_is_no_list() {
    for (provider, reply) in [
        // Somebody on the way took the header away that says that this is all.
        ("gitlab", Reply::new(200).with_json(json!([]))),
        (
            "okta",
            Reply::new(200).with_json(json!([])).with_header(
                "link",
                "<https://acme.okta.com/api/v1/api-tokens?after=1>; rel=\"next\"",
            ),
        ),
        (
            "cloudflare",
            Reply::new(200).with_json(json!({
                "success": true, "errors": [], "messages": [], "result": [],
                "result_info": { "page": 1, "per_page": 50, "count": 0, "total_count": 1 },
            })),
        ),
        (
            "datadog",
            Reply::new(200)
                .with_json(json!({ "data": [], "meta": { "page": { "total_filtered_count": 1 } } })),
        ),
        (
            "openai",
            Reply::new(200).with_json(json!({ "object": "list", "data": [] })),
        ),
        ("sendgrid", Reply::new(200).with_json(json!({ "result": null }))),
    ] {
        let (fake, revoker) = start(provider).await;
        fake.answer_next(reply);
        let mut keys = revoker.list(&KeyFilter::new());
        let error = keys.next().await.unwrap().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::UnexpectedAnswer, "{provider}");
        assert!(keys.next().await.is_none());
    }
}

#[tokio::test]
async fn a_key_that_vanishes_from_a_list_it_was_in_is_dead_and_from_another_it_is_not() {
    let (fake, revoker) = start("datadog").await;
    let key = fake.new_key();
    fake.answer_next_revocation(Reply::new(503).carried_out());
    let dead = revoker.revoke_verified(&key, brief()).await.unwrap();
    assert_eq!(
        (dead.disposition(), dead.evidence()),
        (Disposition::Revoked, &[Evidence::ReadBack][..])
    );
    // The list alone is asked: the look-up of one key would answer with its secret.
    let requests = fake.requests();
    let looks = requests.iter().filter(|request| request.method == "GET");
    assert!(
        looks.clone().count() >= 2
            && looks
                .clone()
                .all(|look| look.path.starts_with("/api/v2/api_keys?"))
    );

    let gone = fake.dead_key();
    fake.answer_next_revocation(Reply::new(503));
    let result = revoker.revoke_verified(&gone, brief()).await;
    assert_eq!(failed(&result), (ErrorKind::Unavailable, KeyState::Unknown));
}

#[tokio::test]
async fn a_404_about_one_key_is_no_absence_by_itself() {
    let missing = || Reply::new(404).with_json(json!({ "error": { "message": "no such key" } }));
    for provider in [
        "openai",
        "openai-admin",
        "sendgrid",
        "cloudflare",
        "twilio",
        "openrouter",
    ] {
        let (fake, revoker) = start(provider).await;
        let key = fake.new_key();
        // It is in the list all the same.
        fake.answer_next(missing());
        assert_eq!(
            revoker.find(&key).await.unwrap().status(),
            KeyStatus::Active,
            "{provider}"
        );
        // The list cannot be read, so the 404 is all there is.
        fake.answer_next(missing());
        for _ in 0..3 {
            fake.answer_next(Reply::new(503));
        }
        let error = revoker.find(&key).await.unwrap_err();
        assert_eq!(
            (error.kind(), error.status()),
            (ErrorKind::NotFound, Some(404)),
            "{provider}"
        );
        // Neither has it.
        let error = revoker.find(&fake.unknown_key()).await.unwrap_err();
        assert_eq!(
            (error.kind(), error.status()),
            (ErrorKind::NotFound, None),
            "{provider}"
        );
        // Before, and a lost request: whoever says 404 of a key that is there has proven nothing.
        fake.answer_next_revocation(Reply::new(503));
        let verified = revoker.revoke_verified(&key, brief()).await;
        assert_eq!(verified.is_ok(), !fake.is_live(&key), "{provider}: {verified:?}");
    }
}

#[tokio::test]
async fn which_key_a_leaked_secret_is_shows_in_the_list() {
    for provider in ["openai", "openai-admin", "anthropic", "datadog"] {
        let (fake, revoker) = start(provider).await;
        let keys: Vec<KeyRef> = (0..3).map(|_| fake.new_key()).collect();
        let inventory = all(&revoker).await;
        let found = which(&secret(&fake, &keys[1]), &inventory);
        // The ends of Anthropic's fakes differ in too few characters to be sure of.
        match provider {
            "anthropic" => assert!(matches!(found, Which::Several(_)), "{found:?}"),
            _ => assert_eq!(found, Which::One(keys[1].clone()), "{provider}"),
        }
    }
}

#[tokio::test]
async fn the_token_that_is_calling_must_be_meant() {
    let (fake, revoker) = start("gitlab").await;
    let own: KeyRef = "gitlab:1000000".parse().unwrap();
    let refused = revoker.revoke_checked(&own, &Checks::new()).await;
    assert_eq!(failed(&refused), (ErrorKind::WrongKey, KeyState::Live));
    assert!(fake.requests().iter().all(|request| request.method == "GET"));
    let other = fake.new_key();
    assert!(revoker.revoke_checked(&other, &Checks::new()).await.is_ok());
}

#[tokio::test]
async fn a_secret_that_is_asked_about_is_in_the_body_and_in_no_words() {
    let (fake, revoker) = start("workos").await;
    let key = fake.new_key();
    let text = fake.secret(&key).unwrap();
    let echo = json!({ "message": format!("what is {text}?") });
    fake.answer_next(Reply::new(422).with_json(echo));
    let error = revoker.probe(&secret(&fake, &key)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Rejected);
    let words = format!("{error} {error:?} {}", serde_json::to_string(&error).unwrap());
    assert!(!words.contains(&text) && words.contains("[redacted]"), "{words}");
    let request = &fake.requests()[0];
    let body: Value = serde_json::from_slice(&request.body).unwrap();
    assert_eq!(body, json!({ "value": text }));
    assert!(request.headers.iter().all(|(_, value)| !value.contains(&text)));
    assert!(!request.path.contains(&text));
}

/// The command line at a fake: exit code, standard output and standard error.
#[cfg(feature = "cli")]
async fn keyrevoke(fake: &Fake, arguments: &[&str], input: &str) -> (i32, String, String) {
    use std::io::Write;
    use std::process::{Command, Stdio};
    let name = fake.provider().to_uppercase().replace('-', "_");
    let mut command = Command::new(env!("CARGO_BIN_EXE_keyrevoke"));
    command
        .env_clear()
        .env(format!("KEYREVOKE_{name}_CREDENTIAL"), fake.credential_text())
        .env(format!("KEYREVOKE_{name}_BASE_URL"), fake.base_url())
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let input = input.to_owned();
    let output = tokio::task::spawn_blocking(move || {
        let mut child = command.spawn().unwrap();
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        child.wait_with_output().unwrap()
    });
    let output = output.await.unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (
        output.status.code().unwrap(),
        text(output.stdout),
        text(output.stderr),
    )
}

#[cfg(feature = "cli")]
#[tokio::test]
async fn the_command_line_lists_finds_and_tries_at_these_providers_too() {
    for provider in ["openai", "gitlab", "anthropic", "datadog"] {
        let fake = Fake::start(provider).await.unwrap();
        let (live, dead) = (fake.new_key(), fake.dead_key());
        let (exit, out, err) = keyrevoke(&fake, &["list", provider, "--json"], "").await;
        println!("$ keyrevoke list {provider} --json\n{out}{err}");
        assert_eq!((exit, err.as_str()), (0, ""), "{provider}: {out}");
        let first: Value = serde_json::from_str(out.lines().next().unwrap()).unwrap();
        assert_eq!(
            (&first["key"], &first["state"]),
            (&json!(live.to_string()), &json!("live"))
        );
        let secret = fake.secret(&live).unwrap();
        assert!(!out.contains(&secret));

        let live = live.to_string();
        let (exit, out, err) = keyrevoke(&fake, &["find", &live, &dead.to_string()], "").await;
        println!("$ keyrevoke find {live} {dead}\n{out}{err}");
        assert_eq!(exit, 1, "{provider}: {out}{err}");

        for (secret, wanted) in [(secret, "accepted"), (fake.secret(&dead).unwrap(), "refused")] {
            let (_, out, err) = keyrevoke(&fake, &["probe", provider], &secret).await;
            println!("$ keyrevoke probe {provider}\n{out}{err}");
            assert!(out.contains(wanted), "{provider}: {out}{err}");
            assert!(!out.contains(&secret) && !err.contains(&secret));
        }

        let (exit, out, err) = keyrevoke(&fake, &["revoke", &live, "--verify", "--json"], "").await;
        println!("$ keyrevoke revoke {live} --verify --json\n{out}{err}");
        assert_eq!(exit, 0, "{provider}: {out}{err}");
        assert!(out.contains("read_back"), "{out}");
    }
}
