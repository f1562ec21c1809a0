//! `keyrevoke find`, `list`, `probe`, and the checks of `revoke`, as a person or a script meets them.
#![cfg(feature = "cli")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::io::Write;
use std::process::{Command, Stdio};
use std::time::Duration;

use keyrevoke::KeyRef;
use keyrevoke::fakes::{Fake, Reply};
use serde_json::{Value, json};

fn at(fake: &Fake) -> Command {
    let name = fake.provider().to_uppercase().replace('-', "_");
    let mut command = Command::new(env!("CARGO_BIN_EXE_keyrevoke"));
    command
        .env_clear()
        .env(format!("KEYREVOKE_{name}_CREDENTIAL"), fake.credential_text())
        .env(format!("KEYREVOKE_{name}_BASE_URL"), fake.base_url());
    command
}

/// Runs with this on standard input, without blocking the runtime that the fakes live in.
async fn run(mut command: Command, input: &str) -> (i32, String, String) {
    command
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

fn lines(text: &str) -> Vec<Value> {
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn revocations(fake: &Fake) -> usize {
    fake.requests()
        .iter()
        .filter(|request| request.method != "GET")
        .count()
}

#[tokio::test]
async fn find_says_what_the_provider_says_with_the_worst_as_exit_code() {
    let fake = Fake::start("devin-v3").await.unwrap();
    let (live, dead, unknown) = (fake.new_key(), fake.dead_key(), fake.unknown_key());
    for (keys, code, status) in [
        (vec![&dead], 0, "revoked"),
        (vec![&dead, &live], 1, "active"),
        (vec![&dead, &unknown], 3, "unknown"),
    ] {
        let mut command = at(&fake);
        command
            .args(["find", "--json"])
            .args(keys.iter().map(ToString::to_string));
        let (exit, out, err) = run(command, "").await;
        assert_eq!((exit, err.as_str()), (code, ""), "{out}");
        let lines = lines(&out);
        let last = lines.last().unwrap();
        assert_eq!(last["status"], status);
        assert_eq!(last["key"], keys.last().unwrap().to_string());
        for member in ["provider", "state"] {
            assert!(last[member].is_string(), "{last}");
        }
        for member in [
            "name",
            "prefix",
            "last4",
            "owner",
            "created_at",
            "expires_at",
            "last_used_at",
            "revoked_at",
        ] {
            for line in &lines {
                assert!(line.get(member).is_some(), "{member} in {line}");
            }
        }
    }
    let mut command = at(&fake);
    command.args(["find", &live.to_string(), "nonsense", "devin:x"]);
    let (exit, _, err) = run(command, "").await;
    assert_eq!(exit, 2, "{err}");
    assert!(
        err.contains("key 2: ") && err.contains("devin credential is not set"),
        "{err}"
    );
}

#[tokio::test]
async fn list_prints_all_pages_and_says_where_they_break_off() {
    let fake = Fake::start("devin").await.unwrap();
    let keys: Vec<_> = (0..70).map(|_| fake.new_key()).collect();
    let mut command = at(&fake);
    command.args(["list", "devin", "--json"]);
    let (exit, out, err) = run(command, "").await;
    assert_eq!((exit, err.as_str()), (0, ""));
    assert_eq!(lines(&out).len(), 70);
    assert!(!out.contains(&fake.secret(&keys[0]).unwrap()));

    let mut command = at(&fake);
    command.args([
        "list",
        "devin",
        "--owner",
        "person-2@example.com",
        "--created-before",
        "2026-01-01",
    ]);
    let (_, out, _) = run(command, "").await;
    assert_eq!(out.lines().count(), 1, "{out}");
    assert!(out.contains("LIVE") && out.contains(keys[2].as_str()), "{out}");

    fake.answer_next(Reply::new(403).with_json(json!({ "detail": "no" })));
    let mut command = at(&fake);
    command.args(["list", "devin"]);
    let (exit, out, err) = run(command, "").await;
    assert_eq!((exit, out.as_str()), (3, ""));
    assert!(err.contains("not complete"), "{err}");

    let mut command = at(&Fake::start("dolfin").await.unwrap());
    command.args(["list", "dolfin"]);
    let (exit, _, err) = run(command, "").await;
    assert_eq!(exit, 3);
    assert!(err.contains("publishes no way to list keys"), "{err}");
}

#[tokio::test]
async fn probe_reads_the_secret_from_standard_input_and_shows_it_nowhere() {
    let fake = Fake::start("sinjapp").await.unwrap();
    let (live, dead) = (fake.new_key(), fake.dead_key());
    for (key, code, accepted) in [(&live, 1, json!(true)), (&dead, 0, json!(false))] {
        let secret = fake.secret(key).unwrap();
        let mut command = at(&fake);
        command.args(["probe", "sinjapp", "--json", "-v"]);
        let (exit, out, err) = run(command, &format!("{secret}\n")).await;
        let line = &lines(&out)[0];
        assert_eq!(
            (exit, &line["accepted"], &line["schema"]),
            (code, &accepted, &json!(1)),
            "{err}"
        );
        assert!(!format!("{out}{err}").contains(&secret));
    }
    fake.answer_next(Reply::new(429).with_header("retry-after", "600"));
    let mut command = at(&fake);
    command.args(["probe", "sinjapp", "--json"]);
    let (exit, out, _) = run(command, "anything").await;
    assert_eq!((exit, &lines(&out)[0]["accepted"]), (3, &Value::Null));

    let mut command = at(&fake);
    command.args(["probe", "sinjapp"]);
    let (exit, out, err) = run(command, "two words\n").await;
    assert_eq!((exit, out.as_str()), (2, ""));
    assert!(err.contains("not shown") && !err.contains("two"), "{err}");
}

#[tokio::test]
async fn revoke_verifies_with_the_secret_and_says_on_what_it_rests() {
    let fake = Fake::start("devin").await.unwrap();
    let key = fake.new_key();
    let mut command = at(&fake);
    command.args([
        "revoke",
        "--json",
        "--verify=20",
        "--secret-from",
        "-",
        key.as_str(),
    ]);
    let (exit, out, err) = run(command, &fake.secret(&key).unwrap()).await;
    assert_eq!((exit, err.as_str()), (0, ""), "{out}");
    let line = &lines(&out)[0];
    assert_eq!(line["evidence"], json!(["provider_answer", "secret_refused"]));
    assert!(line["verified_after_ms"].is_u64(), "{line}");

    fake.delay_deaths(Duration::from_secs(600));
    let key = fake.new_key();
    let mut command = at(&fake);
    command.args([
        "revoke",
        "--json",
        "--verify=0.1",
        "--secret-from",
        "-",
        key.as_str(),
    ]);
    let (exit, out, _) = run(command, &fake.secret(&key).unwrap()).await;
    let line = &lines(&out)[0];
    assert_eq!(
        (exit, &line["kind"], &line["state"]),
        (1, &json!("still_accepted"), &json!("live"))
    );
}

#[tokio::test]
async fn revoke_looks_first_where_something_is_expected() {
    let fake = Fake::start("devin").await.unwrap();
    let key = fake.new_key();
    let mut command = at(&fake);
    command.args([
        "revoke",
        "--json",
        "--expect",
        "owner=mallory@example.com",
        key.as_str(),
    ]);
    let (exit, out, _) = run(command, "").await;
    let line = &lines(&out)[0];
    assert_eq!(
        (exit, &line["kind"], &line["state"]),
        (1, &json!("wrong_key"), &json!("live"))
    );
    assert_eq!(line["delivery"], "not_sent");
    assert_eq!(revocations(&fake), 0);

    for wrong in ["owner", "colour=red", "created_before=yesterday"] {
        let mut command = at(&fake);
        command.args(["revoke", "--expect", wrong, key.as_str()]);
        let (exit, out, err) = run(command, "").await;
        assert_eq!((exit, out.as_str()), (2, ""), "{err}");
        assert!(err.contains("--expect: "), "{err}");
    }
    // Of a list each key by itself.
    let list = format!(
        "key,expect_owner\n{key},person-0@example.com\n{},mallory@example.com\n",
        fake.new_key()
    );
    let mut command = at(&fake);
    command.args(["revoke", "--json", "--from", "-", "--yes"]);
    let (exit, out, err) = run(command, &list).await;
    let mut kinds: Vec<Value> = lines(&out).iter().map(|line| line["kind"].clone()).collect();
    kinds.sort_by_key(ToString::to_string);
    assert_eq!(
        (exit, kinds),
        (1, vec![json!("wrong_key"), Value::Null]),
        "{out}{err}"
    );
    assert_eq!(revocations(&fake), 1);
}

#[tokio::test]
async fn a_missing_key_is_dead_on_the_callers_word_alone() {
    let fake = Fake::start("dolfin").await.unwrap();
    let key = fake.unknown_key();
    for (attested, exit, state) in [(false, 3, "unknown"), (true, 0, "dead")] {
        let mut command = at(&fake);
        command.args(["revoke", "--json", key.as_str()]);
        if attested {
            command.arg("--attested");
        }
        let (code, out, _) = run(command, "").await;
        assert_eq!((code, &lines(&out)[0]["state"]), (exit, &json!(state)));
    }
}

#[tokio::test]
async fn identify_asks_the_provider_which_key_a_secret_is() {
    let fake = Fake::start("sinjapp").await.unwrap();
    let (live, dead) = (fake.new_key(), fake.dead_key());
    let identify = |fake: &Fake, key: &KeyRef, option: &str| {
        let mut command = at(fake);
        command.args(["identify", "--json", option]);
        let secret = fake.secret(key).unwrap();
        async move { run(command, &secret).await }
    };
    let (exit, out, err) = identify(&fake, &live, "--find-key=sinjapp").await;
    let report = &lines(&out)[0];
    assert_eq!((exit, err.as_str()), (0, ""), "{out}");
    assert_eq!(
        (&report["provider"], &report["key"]),
        (&json!("sinjapp"), &json!(live.as_str()))
    );
    assert_eq!(
        report["next_step"],
        format!("keyrevoke revoke --secret-from FILE {live}")
    );
    assert!(!out.contains(&fake.secret(&live).unwrap()));

    let (exit, out, _) = identify(&fake, &dead, "--find-key=sinjapp").await;
    let report = &lines(&out)[0];
    assert_eq!((exit, &report["key"]), (3, &Value::Null));
    assert!(report["problem"].as_str().unwrap().contains("401"), "{report}");

    // The list of Devin shows nothing of secrets, and its form says that it is Devin's.
    let fake = Fake::start("devin").await.unwrap();
    let (exit, out, _) = identify(&fake, &fake.new_key(), "--find-key").await;
    let report = &lines(&out)[0];
    assert_eq!(
        (exit, &report["provider"], &report["key"]),
        (3, &json!("devin"), &Value::Null)
    );
    assert_eq!(
        report["problem"],
        "no key of the provider's list shows what the secret has"
    );

    // There is nothing to ask.
    let fake = Fake::start("dolfin").await.unwrap();
    let (exit, out, _) = identify(&fake, &fake.new_key(), "--find-key=dolfin").await;
    assert_eq!(exit, 3);
    assert!(out.contains("publishes no way to list keys"), "{out}");
    assert!(fake.requests().is_empty());
}

#[tokio::test]
async fn people_are_told_what_a_death_rests_on() {
    let fake = Fake::start("devin").await.unwrap();
    let key = fake.new_key();
    let mut command = at(&fake);
    command.args(["revoke", "--verify", "--secret-from", "-", key.as_str()]);
    let (_, out, _) = run(command, &fake.secret(&key).unwrap()).await;
    assert!(
        out.contains("revoked (200), secret refused after ") && out.contains(" ms"),
        "{out}"
    );
    let fake = Fake::start("dolfin").await.unwrap();
    let mut command = at(&fake);
    command.args(["revoke", "--attested", fake.unknown_key().as_str()]);
    let (_, out, _) = run(command, "").await;
    assert!(out.contains("already revoked (404), caller attested"), "{out}");
}

#[tokio::test]
async fn a_list_that_shows_ends_of_secrets_tells_one_key_from_others_and_nothing_is_guessed() {
    let identify = |fake: &Fake, secret: String| {
        let mut command = at(fake);
        command.args(["identify", "--json", &format!("--find-key={}", fake.provider())]);
        async move { run(command, &secret).await }
    };
    let fake = Fake::start("openai-admin").await.unwrap();
    let (mine, _other) = (fake.new_key(), fake.new_key());
    let (exit, out, err) = identify(&fake, fake.secret(&mine).unwrap()).await;
    let report = &lines(&out)[0];
    assert_eq!(
        (exit, err.as_str(), &report["key"]),
        (0, "", &json!(mine.as_str())),
        "{out}"
    );
    let (exit, out, _) = identify(&fake, "sk-admin-of-somebody-else".to_owned()).await;
    let report = &lines(&out)[0];
    assert_eq!(
        (exit, &report["key"], &report["candidates"]),
        (3, &Value::Null, &json!([]))
    );

    // All of them end alike, so that the four characters that are shown are too few to be sure.
    let fake = Fake::start("anthropic").await.unwrap();
    let (mine, _other) = (fake.new_key(), fake.new_key());
    let (exit, out, _) = identify(&fake, fake.secret(&mine).unwrap()).await;
    let report = &lines(&out)[0];
    assert_eq!((exit, &report["key"]), (3, &Value::Null), "{out}");
    assert_eq!(report["candidates"], json!([mine.as_str()]));
    assert!(
        report["next_step"]
            .as_str()
            .unwrap()
            .contains("before any is revoked"),
        "{report}"
    );
}

#[tokio::test]
async fn a_secret_that_is_none_of_the_providers_is_bad_input_and_not_sent() {
    for (provider, wrong) in [
        ("algolia", "not/a/key"),
        ("slack", "glpat-x"),
        ("github", "xoxb-x"),
    ] {
        let fake = Fake::start(provider).await.unwrap();
        let mut command = at(&fake);
        if fake.info().takes_no_credential() {
            command.env_remove(format!("KEYREVOKE_{}_CREDENTIAL", provider.to_uppercase()));
        }
        command.args(["probe", provider]);
        let (exit, out, err) = run(command, wrong).await;
        assert_eq!((exit, out.as_str()), (2, ""), "{provider}: {err}");
        assert!(err.contains("not shown") && !err.contains(wrong), "{err}");
        assert!(fake.requests().is_empty(), "{provider}");
    }
    // Of a form that could be the provider's, and cannot be tried: not known, which is no mistake.
    let fake = Fake::start("cloudflare").await.unwrap();
    let mut command = at(&fake);
    command.args(["probe", "cloudflare"]);
    let (exit, out, _) = run(command, "cfat_x").await;
    assert_eq!(exit, 3, "{out}");
    assert!(fake.requests().is_empty());
}

#[tokio::test]
async fn a_secret_that_could_not_be_tried_is_refused_before_anything_is_sent() {
    for (provider, secret, says) in [
        ("dolfin", "dol_x", "publishes no way to try a secret"),
        ("devin", "cog_x", "no way to try a secret of this form"),
        ("okta", "00x", "publishes no way to try a secret"),
    ] {
        let fake = Fake::start(provider).await.unwrap();
        let key = fake.new_key();
        for verify in [None, Some("--verify")] {
            let mut command = at(&fake);
            command
                .args(["revoke", "--secret-from", "-", key.as_str()])
                .args(verify);
            let (exit, out, err) = run(command, secret).await;
            assert_eq!((exit, out.as_str()), (2, ""), "{provider}: {err}");
            assert!(
                err.contains("--secret-from") && err.contains(says),
                "{provider}: {err}"
            );
            assert!(
                err.contains("nothing was sent") && !err.contains(secret),
                "{provider}: {err}"
            );
            assert!(fake.requests().is_empty() && fake.is_live(&key), "{provider}");
        }
        // Nor is it named to whoever is told which key it is.
        let mut command = at(&fake);
        command.args(["revoke", key.as_str()]);
        assert_eq!(run(command, "").await.0, 0, "{provider}");
    }
    // A refresh token is a key by itself, of which nothing can tell whether it works.
    let fake = Fake::start("github").await.unwrap();
    let at_github = |verify: Option<&str>| {
        let mut command = at(&fake);
        command.env_remove("KEYREVOKE_GITHUB_CREDENTIAL");
        command
            .args(["revoke", "github", "--secret-from", "-"])
            .args(verify);
        command
    };
    let (exit, _, err) = run(at_github(Some("--verify")), "ghr_x").await;
    assert_eq!(exit, 2, "{err}");
    assert!(err.contains("--verify"), "{err}");
    assert!(fake.requests().is_empty());
    assert_eq!(run(at_github(None), "ghr_x").await.0, 3);
    assert_eq!(fake.requests().len(), 1);
}

#[tokio::test]
async fn a_key_is_found_by_its_secret_where_the_provider_or_its_list_says_which_it_is() {
    let find = |fake: &Fake, provider: &str, json: bool| {
        let mut command = at(fake);
        command.args(["find", provider, "--secret-from", "-"]);
        if json {
            command.arg("--json");
        }
        command
    };
    // As callers are told who they are, and as a list shows the ends of secrets.
    for provider in ["gitlab", "openai-admin"] {
        let fake = Fake::start(provider).await.unwrap();
        let (mine, _other) = (fake.new_key(), fake.new_key());
        let secret = fake.secret(&mine).unwrap();
        for json in [true, false] {
            let (exit, out, err) = run(find(&fake, provider, json), &secret).await;
            assert_eq!((exit, err.as_str()), (1, ""), "{provider}: {out}");
            assert!(
                out.contains(mine.as_str()) && !out.contains(&secret),
                "{provider}: {out}"
            );
        }
        assert_eq!(revocations(&fake), 0, "{provider}");
    }
    // Where none but the caller's own key can be asked about, which it is is all that is said.
    let fake = Fake::start("sinjapp").await.unwrap();
    let mine = fake.new_key();
    let (exit, out, _) = run(find(&fake, "sinjapp", true), &fake.secret(&mine).unwrap()).await;
    let line = &lines(&out)[0];
    assert_eq!(
        (exit, &line["key"], &line["kind"]),
        (3, &json!(mine.as_str()), &json!("unsupported")),
        "{out}"
    );
    // No key of the list has such an end.
    let fake = Fake::start("openai-admin").await.unwrap();
    let _other = fake.new_key();
    let (exit, out, _) = run(find(&fake, "openai-admin", true), "sk-admin-of-somebody-else").await;
    let line = &lines(&out)[0];
    assert_eq!((exit, &line["status"]), (3, &json!("unknown")), "{out}");
    assert!(line["detail"].as_str().unwrap().contains("no key"), "{out}");
    // All of them have.
    let fake = Fake::start("anthropic").await.unwrap();
    let (mine, _other) = (fake.new_key(), fake.new_key());
    let (exit, out, _) = run(find(&fake, "anthropic", false), &fake.secret(&mine).unwrap()).await;
    assert_eq!(exit, 3, "{out}");
    assert!(
        out.contains(mine.as_str()) && out.contains("several keys"),
        "{out}"
    );
    // What is wrong is said before anything is sent.
    let fake = Fake::start("sinjapp").await.unwrap();
    for arguments in [
        vec!["find", "sinjapp:1", "--secret-from", "-"],
        vec!["find", "sinjapp", "sinjapp", "--secret-from", "-"],
        vec!["find", "sinjapp"],
        vec!["find", "--secret-from", "-"],
        vec!["find", "nobody", "--secret-from", "-"],
    ] {
        let mut command = at(&fake);
        command.args(&arguments);
        let (exit, _, err) = run(command, "canary").await;
        assert_eq!(exit, 2, "{arguments:?}: {err}");
        assert!(!err.contains("canary"), "{err}");
    }
    let (exit, _, err) = run(find(&fake, "sinjapp", true), "two words").await;
    assert_eq!(exit, 2, "{err}");
    assert!(fake.requests().is_empty());
}

#[tokio::test]
async fn what_stands_for_a_tenant_that_is_not_known_may_be_a_secret_and_is_not_shown() {
    let fake = Fake::start("algolia").await.unwrap();
    for arguments in [
        ["find", "algolia@canary0123456789abcdef", "--secret-from=-"].as_slice(),
        &["list", "algolia@canary0123456789abcdef"],
        &["probe", "algolia@canary0123456789abcdef"],
    ] {
        let mut command = at(&fake);
        command.args(arguments);
        let (code, out, said) = run(command, "another-secret").await;
        assert_eq!((code, out.as_str()), (2, ""), "{said}");
        assert!(
            said.contains("algolia has no credential for the tenant"),
            "{said}"
        );
        assert!(!said.contains("canary"), "{said}");
    }
    assert!(fake.requests().is_empty());
}
