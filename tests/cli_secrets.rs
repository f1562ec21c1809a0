//! `keyrevoke revoke` as a process, for keys that are known by their secrets alone: from files and standard input, never from
//! arguments, and never in anything that it writes.
#![cfg(all(feature = "cli", unix))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "support/process.rs"]
mod process;

use std::fs;
use std::process::Command;

use keyrevoke::fakes::{Fake, Reply};
use keyrevoke::{KeyRef, Secret};

use crate::process::{Answer, Ended, Running, Scratch, Server, keyrevoke, run, run_with_input, until};

/// What must be nowhere but in the requests.
const CANARY: &str = "CanaryOfTheKey";

fn secret(number: usize) -> String {
    format!("xoxb-{CANARY}-{number}")
}

fn digest(provider: &str, secret: &str) -> String {
    KeyRef::of_secret(provider, Secret::new(secret).unwrap())
        .unwrap()
        .to_string()
}

/// `keyrevoke COMMAND` at the fake of a provider that takes no credential.
fn at(base_url: &str, provider: &str, command: &str) -> Command {
    let mut process = keyrevoke();
    process.env(
        format!("KEYREVOKE_{}_BASE_URL", provider.to_uppercase().replace('-', "_")),
        base_url,
    );
    process.arg(command);
    process
}

fn hides(ended: &Ended) {
    assert!(
        !ended.out.contains(CANARY) && !ended.err.contains(CANARY),
        "{ended:?}"
    );
}

fn sent(fake: &Fake) -> Vec<String> {
    let requests = fake.requests();
    let sent = requests
        .iter()
        .filter(|request| request.path.ends_with("auth.revoke"));
    sent.map(|request| request.header("authorization").unwrap().to_owned())
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_secret_of_one_key_comes_from_a_file_or_standard_input() {
    let (scratch, fake) = (Scratch::new(), Fake::start("slack").await.unwrap());
    let done = Reply::new(200).with_json(serde_json::json!({ "ok": true, "revoked": true }));
    for (from_file, json) in [(true, true), (true, false), (false, true), (false, false)] {
        fake.answer_next(done.clone());
        let journal = scratch.path(&format!("journal-{from_file}-{json}"));
        let mut command = at(&fake.base_url(), "slack", "revoke");
        command.args(["slack", "-v", "--journal"]).arg(&journal);
        if json {
            command.arg("--json");
        }
        command.arg("--secret-from");
        let text = format!("{}\n", secret(1));
        let ended = if from_file {
            command.arg(scratch.file("secret", &text));
            run(command)
        } else {
            command.arg("-");
            run_with_input(command, &text)
        };
        assert_eq!(ended.code(), 0, "{ended:?}");
        hides(&ended);
        let digest = digest("slack", &secret(1));
        assert!(ended.out.contains(&digest), "{ended:?}");
        let written = fs::read_to_string(journal).unwrap();
        assert!(
            written.contains(&digest) && !written.contains(CANARY),
            "{written}"
        );
    }
    assert_eq!(sent(&fake), vec![format!("Bearer {}", secret(1)); 4]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_argument_that_holds_a_secret_is_refused_and_not_shown() {
    let fake = Fake::start("slack").await.unwrap();
    for arguments in [
        vec![format!("slack:{}", secret(1))],
        vec![format!("slack@acme:{}", secret(1))],
        vec![format!("algolia:{CANARY}")],
        vec![format!("rfc7009:{CANARY}"), "slack".to_owned()],
        vec!["slack".to_owned()],
        vec![secret(1)],
        vec![
            "slack".to_owned(),
            "--secret-from".to_owned(),
            "/nonexistent".to_owned(),
            secret(1),
        ],
        vec!["slack".to_owned(), "--secret".to_owned(), secret(1)],
    ] {
        let mut command = at(&fake.base_url(), "slack", "revoke");
        let ended = run({
            command.args(&arguments);
            command
        });
        assert!(matches!(ended.code(), 2 | 4), "{arguments:?}: {ended:?}");
        hides(&ended);
    }
    let ended = run({
        let mut command = at(&fake.base_url(), "slack", "revoke");
        command.arg("slack");
        command
    });
    assert!(ended.err.contains("--secret-from FILE"), "{}", ended.err);
    assert!(fake.requests().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_hold_secrets_in_every_form_and_a_second_run_carries_on() {
    let scratch = Scratch::new();
    let (one, two) = (secret(1), secret(2));
    for (index, list) in [
        format!("# leaked\nslack:{one}\n  slack:{two} # Ben's\nslack:{one}\n"),
        format!("provider,secret,note\nslack,{one},a\nslack,{two},b\nslack,{one},\"c\nd\"\n"),
        format!("key,secret\nslack,{one}\nslack:{two},\nslack,{one}\n"),
        format!(
            "{{\"provider\":\"slack\",\"secret\":\"{one}\"}}\n{{\"key\":\"slack:{two}\"}}\n{{\"key\":\"slack\",\"secret\":\"{one}\"}}\n"
        ),
    ]
    .into_iter()
    .enumerate()
    {
        let fake = Fake::start("slack").await.unwrap();
        fake.answer_always(Reply::new(200).with_json(serde_json::json!({ "ok": true, "revoked": true })));
        let (file, journal) = (scratch.file("list", &list), scratch.path(&format!("journal-{index}")));
        let revoke = |more: &[&str]| {
            let mut command = at(&fake.base_url(), "slack", "revoke");
            command.arg("--from").arg(&file).arg("--journal").arg(&journal).args(more);
            let ended = run(command);
            hides(&ended);
            ended
        };
        let shown = revoke(&["--dry-run"]);
        for secret in [&one, &two] {
            assert!(shown.out.contains(&digest("slack", secret)), "{index}: {shown:?}");
        }
        assert!(shown.out.contains("would revoke 2 keys"), "{shown:?}");
        assert!(fake.requests().is_empty());

        let ended = revoke(&["--yes", "--json"]);
        assert_eq!((ended.code(), ended.lines().len()), (0, 3), "{index}: {ended:?}");
        let mut sent = sent(&fake);
        sent.sort();
        assert_eq!(sent, [format!("Bearer {one}"), format!("Bearer {two}")], "{index}");
        let again = revoke(&["--yes"]);
        assert_eq!((again.code(), fake.requests().len()), (0, 2), "{index}: {again:?}");

        let written = fs::read_to_string(&journal).unwrap();
        assert!(!written.contains(CANARY));
        for format in ["table", "json", "csv", "markdown"] {
            let mut command = keyrevoke();
            command.arg("report").arg(&journal).args(["--format", format]);
            let report = run(command);
            hides(&report);
            assert!(report.out.contains("slack:sha256:"), "{format}: {report:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_line_of_a_list_of_secrets_is_not_shown() {
    let scratch = Scratch::new();
    for list in [
        format!("slack:{CANARY}\n"),
        format!("slack:xoxb {CANARY}\n"),
        format!("slack@:{}\n", secret(1)),
        format!("provider,secret\ndolfin,{}\n", secret(1)),
        format!("provider,secret\n{CANARY},{}\n", secret(1)),
        format!("provider,secret\nslack,{CANARY}\n"),
        format!("{{\"provider\":\"slack\",\"secret\":\"{CANARY}\"}}\n"),
        format!("{{\"provider\":\"slack\",\"secret\":[\"{}\"]}}\n", secret(1)),
        format!("{}\n", digest("slack", &secret(1))),
    ] {
        let mut command = at("http://127.0.0.1:9", "slack", "revoke");
        command
            .arg("--yes")
            .arg("--from")
            .arg(scratch.file("list", &list));
        let ended = run(command);
        assert_eq!(ended.code(), 2, "{list}: {ended:?}");
        hides(&ended);
    }
}

#[test]
fn a_killed_run_is_carried_on_by_the_digests_of_its_keys() {
    let scratch = Scratch::new();
    let answer = || Answer::new(200).with_json(r#"{"ok":true,"revoked":true}"#);
    let server = Server::start(move |_| answer().held());
    let list: String = (0..6)
        .map(|number| format!("slack:{}\n", secret(number)))
        .collect();
    let (file, journal) = (scratch.file("list", &list), scratch.path("journal"));
    let revoke = || {
        let mut command = at(&server.url(), "slack", "revoke");
        command
            .args(["--yes", "--json", "--from"])
            .arg(&file)
            .arg("--journal")
            .arg(&journal);
        command
    };
    let killed = Running::start(revoke());
    until("requests are under way", || server.now() > 0);
    killed.signal("KILL");
    hides(&killed.end());
    server.release();
    let ended = run(revoke());
    hides(&ended);
    assert_eq!((ended.code(), ended.lines().len()), (0, 6), "{ended:?}");
    assert!(
        ended.err.contains("was under way") && ended.err.contains("slack:sha256:"),
        "{}",
        ended.err
    );
    assert!(!fs::read_to_string(&journal).unwrap().contains(CANARY));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_verified_and_probed_by_its_own_secret() {
    let (scratch, fake) = (Scratch::new(), Fake::start("github").await.unwrap());
    let key = fake.new_key();
    let text = fake.secret(&key).unwrap();
    let file = scratch.file("secret", &text);
    let probe = |code: i32| {
        let ended = run_with_input(
            {
                let mut command = at(&fake.base_url(), "github", "probe");
                command.arg("github");
                command
            },
            &text,
        );
        assert_eq!(ended.code(), code, "{ended:?}");
        assert!(!ended.out.contains(&text) && !ended.err.contains(&text));
    };
    probe(1);
    let revoke = |verify: bool| {
        let mut command = at(&fake.base_url(), "github", "revoke");
        command.arg("github").arg("--secret-from").arg(&file);
        if verify {
            command.arg("--verify");
        }
        run(command)
    };
    let dead = revoke(true);
    assert_eq!(dead.code(), 0, "{dead:?}");
    probe(0);
    // Taken again, which proves nothing, and never seen to work.
    for verify in [false, true] {
        let unknown = revoke(verify);
        assert_eq!(unknown.code(), 3, "{unknown:?}");
    }
}
