//! `keyrevoke revoke --from` as a process: lists, what is refused, ends from outside, journals, full disks, terminals.
#![cfg(all(feature = "cli", unix))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "support/process.rs"]
mod process;

use std::collections::HashSet;
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::Path;
use std::process::{ChildStdin, Command, Stdio};
use std::time::Duration;

use keyrevoke::KeyRef;
use keyrevoke::fakes::Fake;
use keyrevoke::journal::JournalRecord;
use serde_json::{Value, json};

use crate::process::{
    Answer, Ended, Running, Scratch, Server, clean, entries, keyrevoke, keys, outcomes, revoke_at, run,
    run_with_input, until, with_provider,
};

/// What must be nowhere but in the requests.
const CANARY: &str = "CanaryCanary0123456789";

/// `keyrevoke revoke` at a server that is Dolfin.
fn revoke_dolfin(server: &Server) -> Command {
    let mut command = keyrevoke();
    with_provider(
        &mut command,
        "dolfin",
        &server.url(),
        &format!("dol_test_{CANARY}"),
    );
    command.arg("revoke");
    command
}

fn dolfin(asked: &process::Asked<'_>) -> Answer {
    Answer::of("dolfin", asked.is_dead)
}

/// The keys of the lines, sorted.
fn named(ended: &Ended) -> Vec<String> {
    let mut keys: Vec<String> = ended
        .lines()
        .iter()
        .map(|line| line["key"].as_str().unwrap().to_owned())
        .collect();
    keys.sort();
    keys
}

fn sorted(keys: &[KeyRef]) -> Vec<String> {
    let mut keys: Vec<String> = keys.iter().map(ToString::to_string).collect();
    keys.sort();
    keys
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_come_in_every_form_from_files_and_standard_input() {
    let scratch = Scratch::new();
    let (dolfin, devin) = (
        Fake::start("dolfin").await.unwrap(),
        Fake::start("devin").await.unwrap(),
    );
    let forms: [fn(&str, &str) -> String; 3] = [
        |a, b| format!("\u{feff}# leaked on Friday\r\n\r\n{a}\r\n  {b}  # Anna's\r\n"),
        |a, b| format!("owner,key\n\"Anna, \"\"A\"\"\",{a}\nBen,{b}\n"),
        |a, b| format!("{{\"key\":\"{a}\",\"owner\":1}}\n{{\"owner\":null,\"key\":\"{b}\"}}"),
    ];
    for (index, form) in forms.into_iter().enumerate() {
        for from_file in [true, false] {
            let keys = [dolfin.new_key(), devin.new_key()];
            let list = form(keys[0].as_str(), keys[1].as_str());
            let mut command = revoke_at(&[&dolfin, &devin]);
            command.args(["--json", "--yes", "--from"]);
            let ended = if from_file {
                command.arg(scratch.file("list", &list));
                run(command)
            } else {
                command.arg("-");
                run_with_input(command, &list)
            };
            assert_eq!(
                (ended.code(), ended.err.as_str()),
                (0, ""),
                "{index}: {}",
                ended.out
            );
            assert_eq!(named(&ended), sorted(&keys), "{index}");
            assert!(keys.iter().all(|key| !dolfin.is_live(key) && !devin.is_live(key)));
        }
    }
    assert_eq!((dolfin.requests().len(), devin.requests().len()), (6, 6));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_credentials_file_names_the_tenants_of_a_list() {
    let scratch = Scratch::new();
    let (ours, theirs) = (
        Fake::start("sinjapp").await.unwrap(),
        Fake::start("sinjapp").await.unwrap(),
    );
    let table = |name: &str, fake: &Fake| {
        format!(
            "[{name}]\ncredential = \"{}\"\nbase_url = \"{}\"\n",
            fake.credential_text(),
            fake.base_url()
        )
    };
    let credentials = table("sinjapp", &ours) + &table("sinjapp.tenants.acme", &theirs);
    let credentials = scratch.file("keys.toml", &credentials);
    let list = [ours.new_key(), theirs.new_key().with_tenant("acme").unwrap()];
    assert_eq!(list[0].key(), list[1].key(), "only the tenant tells them apart");
    let revoke = |list: &[KeyRef]| {
        let mut command = keyrevoke();
        command
            .args(["revoke", "--json", "--yes", "--credentials"])
            .arg(&credentials);
        command.arg("--from").arg(scratch.list(list));
        run(command)
    };
    let ended = revoke(&list);
    assert_eq!((ended.code(), named(&ended)), (0, sorted(&list)), "{}", ended.err);
    assert_eq!((ours.requests().len(), theirs.requests().len()), (1, 1));

    let elsewhere = ours.new_key().with_tenant("elsewhere").unwrap();
    let known = theirs.new_key().with_tenant("acme").unwrap();
    let ended = revoke(&[ours.new_key(), elsewhere, known]);
    assert_eq!(ended.code(), 2);
    let parts = ["line 2: ", "elsewhere", "the default tenant, tenant acme"];
    assert!(parts.iter().all(|part| ended.err.contains(part)), "{}", ended.err);
    assert_eq!((ours.requests().len(), theirs.requests().len()), (1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_shows_everything_and_sends_and_writes_nothing() {
    let scratch = Scratch::new();
    let (dolfin, devin) = (
        Fake::start("dolfin").await.unwrap(),
        Fake::start("devin").await.unwrap(),
    );
    let keys = [dolfin.new_key(), devin.new_key(), dolfin.new_key()];
    let list = scratch.list(&keys);
    let journal = scratch.path("run.jsonl");
    let dry = |arguments: &[&str], list: &Path| {
        let mut command = revoke_at(&[&dolfin, &devin]);
        command.args(["--dry-run", "--from"]).arg(list).args(arguments);
        command.arg("--journal").arg(&journal);
        run(command)
    };
    let ended = dry(&[], &list);
    assert_eq!((ended.code(), ended.err.as_str()), (0, ""));
    assert!(
        ended
            .out
            .starts_with(&format!("{}  POST /api-keys/{{id}}/revoke, for good\n", keys[0])),
        "{}",
        ended.out
    );
    assert!(
        ended
            .out
            .ends_with("would revoke 3 keys (devin 1, dolfin 2); nothing was sent\n"),
        "{}",
        ended.out
    );

    let ended = dry(&["--json"], &list);
    assert_eq!(ended.code(), 0);
    let lines = ended.lines();
    let given: Vec<&str> = lines.iter().map(|line| line["key"].as_str().unwrap()).collect();
    assert_eq!(
        given,
        keys.iter().map(KeyRef::as_str).collect::<Vec<_>>(),
        "in the order of the list"
    );
    assert_eq!(
        lines[1],
        json!({
            "schema": 1, "key": keys[1], "provider": "devin", "tenant": null, "reversible": false, "deletes": false,
            "can_delete": false, "also_dies": null, "more_than_the_key": false, "own": false,
            "operation": "DELETE /v2/enterprise/api-keys/{api_key_id}",
        })
    );

    let wrong = scratch.file("wrong.txt", &format!("{}\ndolfin:x\n", keys[0]));
    assert_eq!(dry(&[], &wrong).code(), 2);
    let ended = dry(&["--skip-invalid"], &wrong);
    assert_eq!(ended.code(), 1);
    assert!(
        ended.out.contains("would revoke 1 key (dolfin 1)"),
        "{}",
        ended.out
    );
    assert!(
        ended.err.contains("line 2: ") && ended.err.contains("(skipped)"),
        "{}",
        ended.err
    );

    assert!(dolfin.requests().is_empty() && devin.requests().is_empty());
    assert!(!journal.exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn where_nobody_can_be_asked_a_list_needs_yes() {
    let scratch = Scratch::new();
    let fake = Fake::start("dolfin").await.unwrap();
    let list = scratch.list(&[fake.new_key(), fake.new_key()]);
    for input in ["", "yes\n"] {
        let mut command = revoke_at(&[&fake]);
        command.arg("--from").arg(&list);
        let ended = run_with_input(command, input);
        assert_eq!((ended.code(), ended.out.as_str()), (2, ""));
        assert!(
            ended.err.contains("2 keys (dolfin 2)")
                && ended.err.contains("--yes")
                && ended.err.contains("nothing was sent"),
            "{}",
            ended.err
        );
    }
    assert!(fake.requests().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn skip_invalid_revokes_the_valid_keys_and_reports_the_others() {
    let scratch = Scratch::new();
    let fake = Fake::start("dolfin").await.unwrap();
    let list = |good: &KeyRef| {
        let text = format!(
            "no-colon\ndolfin:x\n{good}\nnobody:7\ndolfin@acme:{}\n",
            fake.new_key().key()
        );
        scratch.file("list.txt", &text)
    };
    let revoke = |arguments: &[&str], good: &KeyRef| {
        let mut command = revoke_at(&[&fake]);
        command.args(["--yes", "--from"]).arg(list(good)).args(arguments);
        run(command)
    };
    let good = fake.new_key();
    let ended = revoke(&["--skip-invalid", "--json"], &good);
    assert_eq!((ended.code(), fake.requests().len()), (1, 1), "{}", ended.err);
    assert!(!fake.is_live(&good));
    let lines = ended.lines();
    let skipped: Vec<&Value> = lines.iter().filter(|line| line["state"] == "live").collect();
    let numbers: Vec<u64> = skipped
        .iter()
        .map(|line| line["line"].as_u64().unwrap())
        .collect();
    assert_eq!((lines.len(), numbers), (5, vec![1, 2, 4, 5]));
    for line in &skipped {
        assert_eq!(
            (&line["kind"], &line["delivery"], &line["attempts"]),
            (&json!("invalid_input"), &json!("not_sent"), &json!(0)),
            "{line}"
        );
        let place = format!("line {}: ", line["line"]);
        assert!(line["detail"].as_str().unwrap().contains(&place), "{line}");
    }
    assert_eq!(
        (&skipped[0]["key"], &skipped[1]["key"]),
        (&Value::Null, &json!("dolfin:x"))
    );

    let ended = revoke(&["--skip-invalid"], &fake.new_key());
    assert_eq!((ended.code(), fake.requests().len()), (1, 2));
    assert!(
        ended.out.ends_with("1 dead, 4 live, 0 unknown\n"),
        "{}",
        ended.out
    );

    let ended = revoke(&["--json"], &fake.new_key());
    assert_eq!(
        (ended.code(), ended.out.as_str(), fake.requests().len()),
        (2, "", 2),
        "not where it was not asked for"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_that_is_wrong_is_said_at_once_in_the_order_of_the_lines() {
    let scratch = Scratch::new();
    let fake = Fake::start("dolfin").await.unwrap();
    let good = fake.new_key();
    let text = format!(
        "{good}\nsinjapp:0\nno-colon\ndolfin:apk_user_{CANARY}\nnobody:7\ndolfin@acme:{}\n{good}\ndevin:..\nsinjapp:7\n",
        good.key()
    );
    let forms = [
        ("lines", text.clone(), 0),
        ("csv", format!("key\n{text}"), 1),
        (
            "json-lines",
            text.lines()
                .map(|line| format!("{{\"key\":{}}}\n", json!(line)))
                .collect(),
            0,
        ),
    ];
    for (form, list, before) in forms {
        let list = scratch.file("list", &list);
        let mut command = revoke_at(&[&fake]);
        command.args(["--yes", "--format", form, "--from"]).arg(&list);
        let ended = run(command);
        assert_eq!(
            (ended.code(), ended.out.as_str()),
            (2, ""),
            "{form}: {}",
            ended.err
        );
        let place = format!("{} line ", list.display());
        let wrong: Vec<&str> = ended
            .err
            .lines()
            .filter_map(|line| line.split_once(&place).map(|(_, rest)| rest))
            .collect();
        let expected = [
            (2, "sinjapp"),
            (3, "no"),
            (4, "looks like the key itself"),
            (5, "is not known"),
            (6, "acme"),
            (8, "devin"),
        ];
        assert_eq!(wrong.len(), expected.len(), "{form}: {}", ended.err);
        for (line, (number, part)) in wrong.iter().zip(expected) {
            let number = format!("{}: ", number + before);
            assert!(line.starts_with(&number) && line.contains(part), "{form}: {line}");
        }
        // What is missing besides, said once each.
        for part in [
            "KEYREVOKE_SINJAPP_CREDENTIAL",
            "KEYREVOKE_SINJAPP_BASE_URL",
            "KEYREVOKE_DEVIN_CREDENTIAL",
        ] {
            assert_eq!(ended.err.matches(part).count(), 1, "{form} {part}: {}", ended.err);
        }
        assert!(
            ended.err.ends_with("nothing was sent\n") && !ended.err.contains(CANARY),
            "{}",
            ended.err
        );
    }
    // Nor is the list's own name shown, if it is a secret in the wrong place.
    let list = scratch.file(&format!("apk_user_{CANARY}"), "dolfin:x\nnobody:7\n");
    let mut command = revoke_at(&[&fake]);
    command.args(["--yes", "--from"]).arg(&list);
    let ended = run(command);
    assert_eq!(ended.code(), 2);
    assert!(
        ended.err.contains("line 2: ") && !ended.err.contains(CANARY),
        "{}",
        ended.err
    );
    assert!(fake.requests().is_empty());
}

#[test]
fn a_deadline_ends_the_run_and_not_what_is_under_way() {
    let scratch = Scratch::new();
    let server = Server::start(|asked| dolfin(asked).with_delay(Duration::from_secs(3)));
    let journal = scratch.path("run.jsonl");
    let mut command = revoke_dolfin(&server);
    command.args([
        "--json",
        "--yes",
        "--deadline",
        "1.5",
        "--concurrency",
        "2",
        "--from",
    ]);
    command
        .arg(scratch.list(&keys("dolfin", 9)))
        .arg("--journal")
        .arg(&journal);
    let ended = run(command);
    assert_eq!(
        (ended.code(), server.count(), ended.lines().len()),
        (1, 2, 9),
        "{}",
        ended.err
    );
    assert_eq!(
        (ended.count("state", "dead"), ended.count("kind", "cancelled")),
        (2, 7)
    );
    assert_eq!(ended.count("delivery", "not_sent"), 7);
    assert_eq!(
        (outcomes(&journal, "dead").len(), outcomes(&journal, "live").len()),
        (2, 7)
    );
}

#[test]
fn concurrency_bounds_what_is_under_way_and_is_made_use_of() {
    for (arguments, most) in [
        (&["--concurrency", "3"][..], 3),
        (&[], 4),
        (&["--concurrency", "20"], 20),
    ] {
        let scratch = Scratch::new();
        let server = Server::start(|asked| dolfin(asked).held());
        let mut command = revoke_dolfin(&server);
        command
            .args(["--yes", "--from"])
            .arg(scratch.list(&keys("dolfin", 40)))
            .args(arguments);
        let running = Running::start(command);
        until("enough requests at once", || server.now() == most);
        server.release();
        let ended = running.end();
        assert_eq!(
            (ended.code(), server.count(), server.most()),
            (0, 40, most),
            "{}",
            ended.err
        );
    }
}

/// A server that answers so many requests, and holds those that follow.
fn holding_after(answered: usize) -> Server {
    Server::start(move |asked| {
        let answer = dolfin(asked);
        if asked.number > answered {
            answer.held()
        } else {
            answer
        }
    })
}

#[test]
fn an_end_from_outside_finishes_what_is_under_way_and_the_same_command_carries_on() {
    for signal in ["INT", "TERM"] {
        let scratch = Scratch::new();
        let list = keys("dolfin", 30);
        let journal = scratch.path("run.jsonl");
        let server = holding_after(8);
        let command = || {
            let mut command = revoke_dolfin(&server);
            command
                .args(["-v", "--json", "--yes", "--from"])
                .arg(scratch.list(&list));
            command.arg("--journal").arg(&journal);
            command
        };
        let running = Running::start(command());
        until("four requests that are held", || server.count() == 12);
        running.signal(signal);
        if signal == "INT" {
            running.wait_for_err("finishing what is under way");
        } else {
            until("keys that are not sent any more", || {
                running.out().contains("cancelled")
            });
        }
        server.release();
        let ended = running.end();
        assert_eq!((ended.code(), server.count()), (1, 12), "{}", ended.err);
        assert_eq!(named(&ended), sorted(&list));
        assert_eq!(
            (ended.count("state", "dead"), ended.count("kind", "cancelled")),
            (12, 18)
        );
        let dead = outcomes(&journal, "dead");
        assert_eq!((dead.len(), outcomes(&journal, "live").len()), (12, 18));
        assert!(matches!(
            entries(&journal).last().unwrap().record,
            JournalRecord::End
        ));

        let again = run(command());
        assert_eq!(
            (again.code(), again.count("state", "dead"), server.count()),
            (0, 30, 30),
            "{}",
            again.err
        );
        let paths = server.paths();
        assert_eq!(
            paths.iter().collect::<HashSet<_>>().len(),
            30,
            "none was sent twice"
        );
        for text in [
            &ended.out,
            &ended.err,
            &again.out,
            &again.err,
            &fs::read_to_string(&journal).unwrap(),
        ] {
            assert!(!text.contains(CANARY), "{text}");
        }
        assert!(ended.err.contains("attempted to revoke"), "{}", ended.err);
    }
}

#[test]
fn a_second_ctrl_c_gives_up_what_is_under_way_and_the_same_command_clears_it_up() {
    let scratch = Scratch::new();
    let list = keys("dolfin", 20);
    let journal = scratch.path("run.jsonl");
    let server = holding_after(5);
    let command = || {
        let mut command = revoke_dolfin(&server);
        command
            .args(["--json", "--yes", "--from"])
            .arg(scratch.list(&list));
        command.arg("--journal").arg(&journal);
        command
    };
    let running = Running::start(command());
    until("four requests that are held", || server.count() == 9);
    running.signal("INT");
    running.wait_for_err("press Ctrl-C again");
    running.signal("INT");
    let ended = running.end();
    assert_eq!((ended.code(), server.count()), (1, 9), "{}", ended.err);
    assert_eq!(named(&ended), sorted(&list));
    let states = ["dead", "unknown", "live"];
    assert_eq!(states.map(|state| ended.count("state", state)), [5, 4, 11]);
    assert_eq!(states.map(|state| outcomes(&journal, state).len()), [5, 4, 11]);
    for line in ended.lines().iter().filter(|line| line["state"] == "unknown") {
        assert_eq!(
            (&line["kind"], &line["delivery"]),
            (&json!("cancelled"), &json!("maybe_sent"))
        );
        assert!(!line["next_step"].as_str().unwrap().is_empty());
    }

    let (dead, before) = (outcomes(&journal, "dead"), server.count());
    server.release();
    let again = run(command());
    assert_eq!(
        (again.code(), again.count("state", "dead")),
        (0, 20),
        "{}",
        again.err
    );
    for path in &server.paths()[before..] {
        assert!(
            !dead.iter().any(|key| path.contains(key.key())),
            "{path} was dead"
        );
    }
}

#[test]
fn results_that_cannot_be_written_end_a_list_and_what_was_sent_is_told() {
    for is_full in [true, false] {
        let scratch = Scratch::new();
        let journal = scratch.path("run.jsonl");
        let server = holding_after(if is_full { 0 } else { 3 });
        let mut command = revoke_dolfin(&server);
        command
            .args(["--yes", "--from"])
            .arg(scratch.list(&keys("dolfin", 30)));
        command.arg("--journal").arg(&journal);
        let running = if is_full {
            let full = OpenOptions::new().write(true).open("/dev/full").unwrap();
            Running::start_writing_to(command, full)
        } else {
            // Three results fit before whoever reads goes away.
            let mut child = command
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .spawn()
                .unwrap();
            let mut reader = child.stdout.take().unwrap();
            let mut read = String::new();
            let mut buffer = [0; 4096];
            until("three results", || {
                let count = std::io::Read::read(&mut reader, &mut buffer).unwrap();
                read.push_str(&String::from_utf8_lossy(&buffer[..count]));
                read.lines().count() >= 3
            });
            drop(reader);
            Running::watch(child)
        };
        let answered = if is_full { 0 } else { 3 };
        until("four requests that are held", || server.count() == answered + 4);
        server.release();
        let ended = running.end();
        assert_eq!(ended.code(), 4, "{}", ended.err);
        let told = ended
            .err
            .matches("this result could not be written: DEAD")
            .count();
        assert!(
            told >= 1 && told == server.count() - answered,
            "{told} of {}: {}",
            server.count(),
            ended.err
        );
        assert!(
            server.count() < 30 && ended.err.contains("keys were not tried"),
            "{}",
            ended.err
        );
        assert_eq!(outcomes(&journal, "dead").len(), server.count());
    }
}

#[test]
fn a_journal_is_one_runs_at_a_time() {
    let scratch = Scratch::new();
    let journal = scratch.path("run.jsonl");
    let server = holding_after(0);
    let command = || {
        let mut command = revoke_dolfin(&server);
        command
            .args(["--json", "--yes", "--from"])
            .arg(scratch.list(&keys("dolfin", 3)));
        command.arg("--journal").arg(&journal);
        command
    };
    let first = Running::start(command());
    until("requests that are held", || server.count() == 3);
    let before = fs::read(&journal).unwrap();
    let second = run(command());
    assert_eq!((second.code(), second.out.as_str(), server.count()), (4, "", 3));
    assert!(
        second.err.contains("is held by another run") && second.err.contains("run.jsonl"),
        "{}",
        second.err
    );
    assert_eq!(fs::read(&journal).unwrap(), before);
    server.release();
    assert_eq!(first.end().code(), 0);
}

#[test]
fn nothing_is_sent_where_the_journal_cannot_be_kept_or_read() {
    let scratch = Scratch::new();
    let server = Server::start(dolfin);
    let revoke = |journal: &Path| {
        let mut command = revoke_dolfin(&server);
        command
            .args(["--json", "--yes", "--from"])
            .arg(scratch.list(&keys("dolfin", 3)));
        command.arg("--journal").arg(journal);
        run(command)
    };
    let nowhere = scratch.path("nowhere/run.jsonl");
    let note = scratch.file("notes.txt", "dolfin keys that leaked\n");
    for (path, parts) in [
        (Path::new("/dev/full"), ["not a regular file", "/dev/full"]),
        (&nowhere, ["cannot be opened", "No such file or directory"]),
        (&note, ["is no journal", "line 1"]),
    ] {
        let ended = revoke(path);
        assert_eq!((ended.code(), ended.out.as_str()), (4, ""), "{}", ended.err);
        assert!(
            parts.iter().all(|part| ended.err.contains(part)),
            "{parts:?}: {}",
            ended.err
        );
    }
    assert_eq!(fs::read_to_string(&note).unwrap(), "dolfin keys that leaked\n");

    // Damage in the middle is no crash's doing.
    let journal = scratch.path("run.jsonl");
    assert_eq!((revoke(&journal).code(), server.count()), (0, 3));
    let whole = fs::read_to_string(&journal).unwrap();
    let third = whole.lines().nth(2).unwrap();
    for harm in [&third[..third.len() / 2], "", "{}", "\u{0}\u{0}\u{0}"] {
        let harmed = whole.replacen(third, harm, 1);
        fs::write(&journal, &harmed).unwrap();
        let ended = revoke(&journal);
        assert_eq!(
            (ended.code(), ended.out.as_str()),
            (4, ""),
            "{harm}: {}",
            ended.err
        );
        assert!(
            ended.err.contains("line 3 ") && ended.err.contains("run.jsonl"),
            "{harm}: {}",
            ended.err
        );
        assert_eq!(
            fs::read_to_string(&journal).unwrap(),
            harmed,
            "it is left as it is"
        );
    }
    assert_eq!(server.count(), 3);
}

#[test]
fn a_torn_last_line_is_cut_off_and_the_run_carries_on() {
    let scratch = Scratch::new();
    let server = Server::start(dolfin);
    let journal = scratch.path("run.jsonl");
    let revoke = |count: usize| {
        let mut command = revoke_dolfin(&server);
        command
            .args(["--json", "--yes", "-v", "--from"])
            .arg(scratch.list(&keys("dolfin", count)));
        command.arg("--journal").arg(&journal);
        run(command)
    };
    assert_eq!((revoke(3).code(), server.count()), (0, 3));
    // A power cut leaves a part of a line, whole lines of nothing, or a line without its end.
    let whole = fs::read(&journal).unwrap();
    let line = whole.split(|byte| *byte == b'\n').nth(1).unwrap();
    for (index, tail) in [&line[..line.len() / 2], &b"\0\0\0\0"[..], line]
        .into_iter()
        .enumerate()
    {
        let mut file = OpenOptions::new().append(true).open(&journal).unwrap();
        file.write_all(tail).unwrap();
        let ended = revoke(4 + index);
        assert_eq!(
            (ended.code(), ended.count("state", "dead")),
            (0, 4 + index),
            "{}",
            ended.err
        );
        assert_eq!(server.count(), 4 + index, "only the new key is sent");
        assert!(
            ended.err.contains("was left unfinished and is cut off"),
            "{}",
            ended.err
        );
        assert!(!ended.err.contains("was under way"), "{}", ended.err);
        assert_eq!(outcomes(&journal, "dead").len(), 4 + index);
    }
}

#[test]
fn a_disk_that_is_full_halfway_ends_the_run_and_the_same_command_carries_on() {
    for blocks in [1, 2, 5, 9, 16] {
        let scratch = Scratch::new();
        let (list, journal) = (keys("dolfin", 40), scratch.path("run.jsonl"));
        let server = Server::start(dolfin);
        let mut limited = revoke_dolfin(&server);
        limited = {
            let mut shell = clean("/bin/sh");
            shell.envs(
                limited
                    .get_envs()
                    .filter_map(|(name, value)| Some((name, value?))),
            );
            shell.args(["-c", &format!("ulimit -f {blocks} && exec \"$@\""), "sh"]);
            shell.arg(limited.get_program()).args(limited.get_args());
            shell
        };
        let finish = |mut command: Command| {
            command
                .args(["--json", "--yes", "--from"])
                .arg(scratch.list(&list));
            command.arg("--journal").arg(&journal);
            run(command)
        };
        let ended = finish(limited);
        assert_eq!(
            (ended.code(), named(&ended)),
            (4, sorted(&list)),
            "{blocks}: {}",
            ended.err
        );
        assert!(
            ended.err.contains("cannot be written") && ended.err.contains("File too large"),
            "{blocks}: {}",
            ended.err
        );
        let sent = server.count();
        assert_eq!(
            (ended.count("state", "dead"), ended.count("kind", "vetoed")),
            (sent, 40 - sent),
            "{blocks}"
        );
        assert!(sent < 40 && (sent > 0 || blocks < 3), "{blocks}: {sent}");

        // What is in the journal is not sent again, and what was under way is asked for.
        let dead = outcomes(&journal, "dead");
        assert!(
            dead.len() <= sent && sent <= dead.len() + 4,
            "{blocks}: {sent} sent, {} written",
            dead.len()
        );
        let again = finish(revoke_dolfin(&server));
        assert_eq!(
            (again.code(), again.count("state", "dead")),
            (0, 40),
            "{blocks}: {}",
            again.err
        );
        for path in &server.paths()[sent..] {
            assert!(
                !dead.iter().any(|key| path.contains(key.key())),
                "{blocks}: {path} was dead"
            );
        }
        // Each key that was sent and has no outcome is told of, and so may be those whose intent was on the disk when the
        // journal failed, which nobody can tell apart.
        let (told, lost) = (again.err.matches("was under way").count(), sent - dead.len());
        assert!(
            (lost..=lost + 4).contains(&told),
            "{blocks}: {lost} were lost: {}",
            again.err
        );
    }
}

/// The command on a terminal, where somebody types as `person` does.
fn on_a_terminal(
    command: &Command,
    settings: &[(&str, &str)],
    person: impl FnOnce(&Running, &mut ChildStdin),
) -> Option<Ended> {
    if !Path::new("/usr/bin/script").exists() {
        eprintln!("not tested: this machine has no script(1)");
        return None;
    }
    let quoted: Vec<String> = std::iter::once(command.get_program())
        .chain(command.get_args())
        .map(|word| format!("'{}'", word.to_str().unwrap()))
        .collect();
    let mut script = clean("/usr/bin/script");
    script.envs(
        command
            .get_envs()
            .filter_map(|(name, value)| Some((name, value?))),
    );
    script
        .env("TERM", "xterm")
        .env("SHELL", "/bin/sh")
        .envs(settings.iter().copied());
    script
        .args(["-qec", &format!("exec {}", quoted.join(" ")), "/dev/null"])
        .stdin(Stdio::piped());
    let mut running = Running::start(script);
    let mut keyboard = running.child.stdin.take().unwrap();
    person(&running, &mut keyboard);
    let ended = running.end();
    drop(keyboard);
    Some(ended)
}

#[test]
fn on_a_terminal_a_list_is_asked_for_and_counted_on_a_bar() {
    for (typed, arguments, settings, code, sent) in [
        ("no\n", &[][..], &[][..], 2, 0),
        ("\n", &[], &[], 2, 0),
        ("yes\n", &[], &[], 0, 3),
        ("", &["--yes"], &[("NO_COLOR", "1")], 0, 3),
    ] {
        let scratch = Scratch::new();
        let server = Server::start(dolfin);
        let mut command = revoke_dolfin(&server);
        command
            .arg("--from")
            .arg(scratch.list(&keys("dolfin", 3)))
            .args(arguments);
        let question = "Revoke 3 keys (dolfin 3)? Type yes to go on: ";
        let ended = on_a_terminal(&command, settings, |running, keyboard| {
            if !typed.is_empty() {
                until("a question", || running.out().contains(question));
                assert_eq!(server.count(), 0);
                keyboard.write_all(typed.as_bytes()).unwrap();
            }
        });
        let Some(ended) = ended else { return };
        let out = &ended.out;
        assert_eq!((ended.code(), server.count()), (code, sent), "{typed}: {out}");
        assert_eq!(out.contains("Revoke "), !typed.is_empty(), "{out}");
        assert_eq!(out.contains("nothing was sent"), sent == 0, "{out}");
        if sent > 0 {
            let bar = ["/3 ", " dead, 0 live, 0 unknown  ", " left"];
            assert!(bar.iter().all(|part| out.contains(part)), "{out:?}");
            assert!(out.contains("3 dead, 0 live, 0 unknown\r\n"), "{out:?}");
            let colours = ["\u{1b}[1;32mDEAD", "\u{1b}[32m"].map(|colour| out.contains(colour));
            assert_eq!(colours, [settings.is_empty(); 2], "{out:?}");
        }
    }
}

#[test]
fn ctrl_c_on_a_terminal_leaves_no_key_without_a_line() {
    let scratch = Scratch::new();
    let server = holding_after(0);
    let list = keys("dolfin", 12);
    let mut command = revoke_dolfin(&server);
    command.args(["--yes", "--from"]).arg(scratch.list(&list));
    let ended = on_a_terminal(&command, &[], |running, keyboard| {
        until("four requests that are held", || server.count() == 4);
        keyboard.write_all(b"\x03").unwrap();
        until("a word about it", || running.out().contains("press Ctrl-C again"));
        server.release();
    });
    let Some(ended) = ended else { return };
    assert_eq!((ended.code(), server.count()), (1, 4), "{}", ended.out);
    for key in &list {
        assert!(ended.out.contains(key.as_str()), "{key}: {}", ended.out);
    }
    assert!(
        ended.out.contains("4 dead, 8 live, 0 unknown\r\n"),
        "{}",
        ended.out
    );
}
