//! The command line as a person or a script meets it: the real binary, against the fakes.
#![cfg(feature = "cli")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::process::{Command, Output, Stdio};

use keyrevoke::fakes::{Fake, Reply};
use serde_json::{Value, json};

/// The binary with an environment that holds nothing of this machine's.
fn keyrevoke() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_keyrevoke"));
    command.env_clear().stdin(Stdio::null());
    command
}

fn variable(provider: &str, setting: &str) -> String {
    format!("KEYREVOKE_{provider}_{setting}")
        .to_uppercase()
        .replace('-', "_")
}

/// The binary with base URL and credential of these fakes.
fn at(fakes: &[&Fake]) -> Command {
    let mut command = keyrevoke();
    for fake in fakes {
        command.env(variable(fake.provider(), "credential"), fake.credential_text());
        command.env(variable(fake.provider(), "base_url"), fake.base_url());
    }
    command
}

/// Runs without blocking the runtime that the fakes live in.
async fn run(mut command: Command) -> (i32, String, String) {
    let output: Output = tokio::task::spawn_blocking(move || command.output().unwrap())
        .await
        .unwrap();
    (
        output.status.code().unwrap(),
        String::from_utf8(output.stdout).unwrap(),
        String::from_utf8(output.stderr).unwrap(),
    )
}

fn lines(text: &str) -> Vec<Value> {
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[tokio::test]
async fn keys_of_all_providers_are_reported_in_the_order_of_input() {
    let mut fakes = Vec::new();
    // Keys that are secrets are never arguments: see cli_secrets.rs. Where no answer is a proof, none is dead at once.
    let by_id = keyrevoke::providers()
        .iter()
        .filter(|provider| !provider.revokes_by_secret() && provider.can_confirm());
    for provider in by_id {
        fakes.push(Fake::start(provider.name()).await.unwrap());
    }
    let mut keys: Vec<String> = fakes.iter().map(|fake| fake.new_key().to_string()).collect();
    keys.reverse();
    let mut command = at(&fakes.iter().collect::<Vec<_>>());
    command.arg("revoke").arg("--json").args(&keys);
    let (code, out, err) = run(command).await;
    assert_eq!((code, err.as_str()), (0, ""), "{out}");
    let lines = lines(&out);
    assert_eq!(
        lines
            .iter()
            .map(|line| line["key"].as_str().unwrap())
            .collect::<Vec<_>>(),
        keys
    );
    for line in &lines {
        for member in [
            "key",
            "provider",
            "state",
            "disposition",
            "kind",
            "status",
            "attempts",
            "delivery",
            "retryable",
            "retry_after_ms",
            "provider_code",
            "request_id",
            "next_step",
            "detail",
        ] {
            assert!(line.get(member).is_some(), "{member} in {line}");
        }
        assert_eq!(
            (&line["state"], &line["disposition"], &line["kind"]),
            (&json!("dead"), &json!("revoked"), &Value::Null)
        );
        assert_eq!(
            (&line["attempts"], &line["delivery"], &line["retryable"]),
            (&json!(1), &json!("answered"), &json!(false))
        );
    }
    for fake in &fakes {
        assert_eq!(fake.requests().len(), 1);
    }
}

#[tokio::test]
async fn exit_codes_say_what_the_worst_key_is() {
    let fake = Fake::start("dolfin").await.unwrap();
    let revoke = |keys: Vec<String>| {
        let mut command = at(&[&fake]);
        command.arg("revoke").arg("--json").args(keys);
        run(command)
    };
    let (dead, again) = (fake.new_key().to_string(), fake.dead_key().to_string());
    assert_eq!(revoke(vec![dead.clone(), again]).await.0, 0);
    assert_eq!(revoke(vec![fake.unknown_key().to_string(), dead]).await.0, 3);

    fake.answer_next(
        Reply::new(403).with_body("application/problem+json", r#"{"title":"Member.Forbidden"}"#),
    );
    let (code, out, _) = revoke(vec![fake.new_key().to_string(), fake.unknown_key().to_string()]).await;
    assert_eq!(code, 1);
    let line = &lines(&out)[0];
    assert_eq!(
        (&line["state"], &line["kind"], &line["provider_code"]),
        (
            &json!("live"),
            &json!("permission_denied"),
            &json!("Member.Forbidden")
        )
    );
    assert!(!line["next_step"].as_str().unwrap().is_empty());
}

#[tokio::test]
async fn nothing_is_sent_if_anything_is_invalid() {
    let fake = Fake::start("dolfin").await.unwrap();
    let good = fake.new_key().to_string();
    for bad in [
        "devin:..",
        "devin:..\\api-keys",
        "devin:",
        "dolfin:x",
        "dolfin:00000000-0000-0000-0000-000000000000",
        "sinjapp:0",
        "sinjapp:-1",
        "nobody:x",
        "no-colon",
        "kadosei:x",
        "devin-v3:x",
        "",
    ] {
        let mut command = at(&[&fake]);
        command
            .env("KEYREVOKE_DEVIN_CREDENTIAL", "apk_user_x")
            .args(["revoke", &good, bad]);
        let (code, out, err) = run(command).await;
        assert_eq!((code, out.as_str()), (2, ""), "{bad}: {err}");
        assert!(
            err.contains("key 2") && err.contains("nothing was sent"),
            "{bad}: {err}"
        );
    }
    // All at once: three bad keys, a missing credential and a missing base URL.
    let mut command = at(&[&fake]);
    command.args(["revoke", &good, "dolfin:x", "sinjapp:0", "nobody:1", "sinjapp:7"]);
    let (code, _, err) = run(command).await;
    assert_eq!(code, 2);
    for part in [
        "key 2",
        "key 3",
        "key 4",
        "KEYREVOKE_SINJAPP_CREDENTIAL",
        "KEYREVOKE_SINJAPP_BASE_URL",
        "--base-url",
    ] {
        assert!(err.contains(part), "{part}: {err}");
    }
    assert!(fake.requests().is_empty());
}

#[tokio::test]
async fn secrets_are_not_echoed_and_not_logged() {
    let fake = Fake::start("devin").await.unwrap();
    for secret in ["apk_user_Canary0123456789", "cog_Canary0123456789"] {
        let mut command = at(&[&fake]);
        command.args(["revoke", &format!("devin:{secret}"), secret]);
        let (code, out, err) = run(command).await;
        assert_eq!(code, 2);
        assert!(!format!("{out}{err}").contains("Canary"), "{err}");
    }
    for credential in ["Canary 0123456789", "Canary\n\n"] {
        let mut command = at(&[&fake]);
        command
            .env("KEYREVOKE_DEVIN_CREDENTIAL", credential)
            .args(["revoke", &fake.new_key().to_string()]);
        let (code, out, err) = run(command).await;
        assert_eq!(code, 2);
        assert!(!format!("{out}{err}").contains("Canary"), "{err}");
    }
    assert!(fake.requests().is_empty());

    fake.answer_next(
        Reply::new(401).with_json(json!({ "detail": format!("{} is no key", fake.credential_text()) })),
    );
    let mut command = at(&[&fake]);
    command
        .env("RUST_LOG", "trace")
        .args(["revoke", "-v", &fake.new_key().to_string()]);
    let (code, out, err) = run(command).await;
    assert_eq!(code, 1);
    assert!(err.contains("attempted to revoke"), "{err}");
    assert!(
        !format!("{out}{err}").contains(fake.credential_text()),
        "{out}{err}"
    );
}

#[tokio::test]
async fn credentials_and_addresses_come_from_where_the_help_says() {
    let dolfin = Fake::start("dolfin").await.unwrap();
    let key = || dolfin.new_key().to_string();

    // A bearer token for Dolfin, one line break at the end, and the address as an option.
    let mut command = keyrevoke();
    command
        .env("KEYREVOKE_DOLFIN_CREDENTIAL", "Bearer fake.session.token\n")
        .env("KEYREVOKE_DOLFIN_BASE_URL", "http://127.0.0.1:1");
    command.args([
        "revoke",
        &key(),
        "--base-url",
        &format!("dolfin={}", dolfin.base_url()),
    ]);
    let (code, out, err) = run(command).await;
    assert_eq!(code, 0, "{out}{err}");
    assert_eq!(
        dolfin.requests()[0].header("authorization"),
        Some("Bearer fake.session.token")
    );
    assert_eq!(dolfin.requests()[0].header("x-dolfin-api-key"), None);

    // A provider's own settings, and the alias.
    let mut command = at(&[&dolfin]);
    command
        .env("KEYREVOKE_DOLFIN_ORGANISATION_ID", "org-1")
        .args(["revoke", &key()]);
    assert_eq!(run(command).await.0, 0);
    assert_eq!(
        dolfin.requests()[1].header("x-dolfin-organisation-id"),
        Some("org-1")
    );

    let v3 = Fake::start("devin-v3").await.unwrap();
    let mut command = at(&[&v3]);
    command
        .env("KEYREVOKE_DEVIN_V3_PATH_VERSION", "/v3")
        .args(["revoke", &v3.new_key().to_string()]);
    assert_eq!(run(command).await.0, 0);
    assert!(v3.requests()[0].path.starts_with("/v3/enterprise/"));

    let kadosei = Fake::start("kadosei").await.unwrap();
    let mut command = at(&[&kadosei]);
    let given = kadosei.new_key().to_string().replace("kadosei:", "applications:");
    command.args(["revoke", "--json", &given]);
    let (code, out, err) = run(command).await;
    assert_eq!(code, 0, "{err}");
    let line = &lines(&out)[0];
    assert_eq!(
        (&line["key"], &line["provider"]),
        (&json!(given), &json!("kadosei"))
    );

    for bad in [
        "dolfin",
        "nobody=http://127.0.0.1:1",
        "dolfin=http://example.org",
        "dolfin=https://example.org",
        "devin=garbage",
        "devin=https://u:p@127.0.0.1",
    ] {
        let mut command = at(&[&dolfin]);
        command.args(["revoke", &key(), "--base-url", bad]);
        let (code, _, err) = run(command).await;
        assert_eq!(code, 2, "{bad}: {err}");
    }
    assert_eq!(dolfin.requests().len(), 2);
}

#[tokio::test]
async fn a_key_that_is_named_twice_is_sent_once() {
    let fake = Fake::start("devin").await.unwrap();
    let key = fake.new_key().to_string();
    let mut command = at(&[&fake]);
    command.args(["revoke", "--json", &key, &key]);
    let (code, out, _) = run(command).await;
    assert_eq!((code, lines(&out).len(), fake.requests().len()), (0, 2, 1));
}

#[tokio::test]
async fn a_time_limit_bounds_the_whole_call() {
    let fake = Fake::start("dolfin").await.unwrap();
    fake.answer_always(Reply::new(204).with_delay(std::time::Duration::from_secs(60)));
    let mut command = at(&[&fake]);
    command.args([
        "revoke",
        "--json",
        "--timeout",
        "0.5",
        &fake.new_key().to_string(),
    ]);
    let started = std::time::Instant::now();
    let (code, out, _) = run(command).await;
    assert!(
        started.elapsed() < std::time::Duration::from_secs(30),
        "the fake answers after 60 s"
    );
    let line = &lines(&out)[0];
    assert_eq!(
        (code, &line["kind"], &line["delivery"]),
        (3, &json!("no_answer"), &json!("maybe_sent"))
    );

    for bad in ["0", "-1", "x", "NaN", "1e9"] {
        let mut command = at(&[&fake]);
        command.args(["revoke", &format!("--timeout={bad}"), &fake.new_key().to_string()]);
        assert_eq!(run(command).await.0, 2, "{bad}");
    }
}

#[tokio::test]
async fn row_080_proxies_of_the_environment_are_not_used() {
    let proxy = support::RawServer::silent().await;
    let fake = Fake::start("devin").await.unwrap();
    let mut command = at(&[&fake]);
    for name in [
        "HTTP_PROXY",
        "http_proxy",
        "HTTPS_PROXY",
        "https_proxy",
        "ALL_PROXY",
        "all_proxy",
    ] {
        command.env(name, proxy.url());
    }
    command.args(["revoke", &fake.new_key().to_string()]);
    assert_eq!(run(command).await.0, 0);
    assert_eq!((proxy.connections(), fake.requests().len()), (0, 1));

    // A password is no argument.
    let mut command = at(&[&fake]);
    command.args([
        "revoke",
        "--proxy",
        "http://u:Canary@127.0.0.1:1",
        &fake.new_key().to_string(),
    ]);
    let (code, out, err) = run(command).await;
    assert_eq!(code, 2, "{err}");
    assert!(
        err.contains("KEYREVOKE_PROXY") && !format!("{out}{err}").contains("Canary"),
        "{err}"
    );
    assert_eq!(fake.requests().len(), 1);
}

#[tokio::test]
async fn a_machine_without_certificates_runs_the_demo_and_says_what_is_missing_for_https() {
    let bare = |arguments: &[&str]| {
        let mut command = keyrevoke();
        command
            .env("SSL_CERT_FILE", "/dev/null")
            .env("SSL_CERT_DIR", "/nonexistent");
        command
            .env("KEYREVOKE_DEVIN_CREDENTIAL", "apk_user_x")
            .args(arguments);
        run(command)
    };
    assert_eq!(bare(&["demo"]).await.0, 0);
    let (code, _, err) = bare(&["revoke", "devin:apk-1"]).await;
    assert_eq!(code, 2, "{err}");
    assert!(err.contains("certificates") && !err.contains("panicked"), "{err}");
}

#[tokio::test]
async fn local_failures_have_a_code_of_their_own() {
    let fake = Fake::start("devin").await.unwrap();
    let mut command = at(&[&fake]);
    command.args([
        "revoke",
        "--ca-file",
        "/nonexistent/ca.pem",
        &fake.new_key().to_string(),
    ]);
    let (code, out, err) = run(command).await;
    assert_eq!((code, out.as_str()), (4, ""), "{err}");
    assert!(err.contains("/nonexistent/ca.pem"), "{err}");
    assert!(fake.requests().is_empty());
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn results_that_cannot_be_written_stop_the_run() {
    let fake = Fake::start("devin").await.unwrap();
    let mut command = at(&[&fake]);
    command.args(["revoke", &fake.new_key().to_string(), &fake.new_key().to_string()]);
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    command.stdout(full).stderr(Stdio::piped());
    let output = tokio::task::spawn_blocking(move || command.spawn().unwrap().wait_with_output().unwrap())
        .await
        .unwrap();
    assert_eq!(output.status.code(), Some(4));
    assert_eq!(fake.requests().len(), 1);
    // What was done is not lost with standard output.
    let err = String::from_utf8(output.stderr).unwrap();
    assert!(
        err.contains("DEAD") && err.contains("the other 1 keys were not tried"),
        "{err}"
    );
}

#[cfg(unix)]
#[tokio::test]
async fn ctrl_c_finishes_what_is_under_way_and_a_second_one_gives_it_up() {
    for (presses, state, kind) in [(1, "dead", Value::Null), (2, "unknown", json!("cancelled"))] {
        let fake = Fake::start("devin").await.unwrap();
        let delay = std::time::Duration::from_secs(if presses == 1 { 2 } else { 20 });
        fake.answer_always(
            Reply::new(200)
                .with_json(json!({ "status": "success" }))
                .with_delay(delay),
        );
        let mut command = at(&[&fake]);
        command.args([
            "revoke",
            "--json",
            &fake.new_key().to_string(),
            &fake.new_key().to_string(),
        ]);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let child = command.spawn().unwrap();
        let id = child.id();
        while fake.requests().is_empty() {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        for _ in 0..presses {
            assert!(
                Command::new("kill")
                    .args(["-INT", &id.to_string()])
                    .status()
                    .unwrap()
                    .success()
            );
            tokio::time::sleep(std::time::Duration::from_millis(300)).await;
        }
        let output = tokio::task::spawn_blocking(move || child.wait_with_output().unwrap())
            .await
            .unwrap();
        let lines = lines(&String::from_utf8(output.stdout).unwrap());
        assert_eq!(
            (&lines[0]["state"], &lines[0]["kind"]),
            (&json!(state), &kind),
            "{presses}"
        );
        assert_eq!(
            (&lines[1]["state"], &lines[1]["delivery"]),
            (&json!("live"), &json!("not_sent")),
            "{presses}"
        );
        assert_eq!((output.status.code(), fake.requests().len()), (Some(1), 1));
    }
}

#[cfg(unix)]
#[tokio::test]
async fn ctrl_c_between_attempts_sends_nothing_more() {
    let fake = Fake::start("devin").await.unwrap();
    fake.answer_always(Reply::new(429).with_header("retry-after", "20"));
    let mut command = at(&[&fake]);
    command.args(["revoke", "--json", &fake.new_key().to_string()]);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = command.spawn().unwrap();
    let id = child.id();
    while fake.requests().is_empty() {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    assert!(
        Command::new("kill")
            .args(["-INT", &id.to_string()])
            .status()
            .unwrap()
            .success()
    );
    let output = tokio::task::spawn_blocking(move || child.wait_with_output().unwrap())
        .await
        .unwrap();
    let line = &lines(&String::from_utf8(output.stdout).unwrap())[0];
    assert_eq!(
        (&line["state"], &line["kind"], &line["attempts"]),
        (&json!("live"), &json!("cancelled"), &json!(1))
    );
    assert_eq!(fake.requests().len(), 1);
}

#[tokio::test]
async fn people_see_what_the_provider_said_of_each_field() {
    let fake = Fake::start("devin").await.unwrap();
    let detail = json!({ "detail": [{ "loc": ["path", "api_key_id"], "msg": "not a valid id", "type": "value_error" }] });
    fake.answer_next(
        Reply::new(422)
            .with_json(detail)
            .with_header("x-request-id", "r-1"),
    );
    let mut command = at(&[&fake]);
    command.args(["revoke", &fake.new_key().to_string()]);
    let (code, out, _) = run(command).await;
    assert_eq!(code, 1);
    assert!(
        out.contains("path.api_key_id: not a valid id") && out.contains("r-1"),
        "{out}"
    );
}

#[tokio::test]
async fn the_credential_is_no_key() {
    let fake = Fake::start("devin").await.unwrap();
    let mut command = at(&[&fake]);
    command.env("KEYREVOKE_DEVIN_CREDENTIAL", "CanaryCanary99").args([
        "revoke",
        "-v",
        "devin:CanaryCanary99",
    ]);
    let (code, out, err) = run(command).await;
    assert_eq!(code, 2);
    assert!(!format!("{out}{err}").contains("Canary"), "{out}{err}");
    assert!(fake.requests().is_empty());
}

#[tokio::test]
async fn the_demo_needs_nothing_and_shows_every_provider() {
    let mut command = keyrevoke();
    command.arg("demo");
    let (code, out, err) = run(command).await;
    assert_eq!((code, err.as_str()), (0, ""));
    for provider in keyrevoke::providers() {
        assert!(out.contains(provider.name()), "{out}");
    }
    for (state, least) in [("DEAD", 7), ("LIVE", 5), ("UNKNOWN", 10)] {
        assert!(out.matches(state).count() >= least, "{state}\n{out}");
    }
    assert!(!out.contains('\u{1b}'), "no colours where there is no terminal");
}

#[tokio::test]
async fn providers_are_listed_for_people_and_programs() {
    let mut command = keyrevoke();
    command.args(["providers", "--json"]);
    let (code, out, _) = run(command).await;
    assert_eq!(code, 0);
    let lines = lines(&out);
    assert_eq!(lines.len(), keyrevoke::providers().len());
    for (line, provider) in lines.iter().zip(keyrevoke::providers()) {
        assert_eq!(line["provider"], provider.name());
        for member in [
            "key_form",
            "credentials",
            "operation",
            "base_url",
            "proves",
            "sources",
        ] {
            assert!(line.get(member).is_some(), "{member} in {line}");
        }
    }
    let mut command = keyrevoke();
    command.arg("providers");
    let (code, out, _) = run(command).await;
    assert_eq!(code, 0);
    assert!(
        out.contains("sinjapp:NUMBER") && out.contains("DELETE /api/v1/applications/{id}/api-keys/{keyId}"),
        "{out}"
    );
}
