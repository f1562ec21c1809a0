//! Whatever is printed as JSON has a `schema`, and the guide names each of its members.
#![cfg(all(feature = "cli", unix))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "support/process.rs"]
mod process;

use std::collections::BTreeSet;

use keyrevoke::fakes::{Fake, Reply};
use keyrevoke::{Counters, SCHEMA};
use process::{Ended, Scratch, keyrevoke, revoke_at, run_with_input, with_provider};
use serde_json::Value;

const GUIDE: &str = include_str!("../docs/guide/json.md");

/// The commands whose help offers JSON.
const COMMANDS: [&str; 7] = [
    "revoke",
    "find",
    "list",
    "probe",
    "providers",
    "identify",
    "report",
];

async fn run(fake: &Fake, arguments: &[&str], input: &str) -> Ended {
    let mut command = keyrevoke();
    with_provider(
        &mut command,
        fake.provider(),
        &fake.base_url(),
        fake.credential_text(),
    );
    command.args(arguments);
    let input = input.to_owned();
    tokio::task::spawn_blocking(move || run_with_input(command, &input))
        .await
        .unwrap()
}

/// The names of all members, also of objects in objects.
fn members(value: &Value, into: &mut BTreeSet<String>) {
    match value {
        Value::Object(object) => {
            for (name, value) in object {
                into.insert(name.clone());
                members(value, into);
            }
        }
        Value::Array(values) => values.iter().for_each(|value| members(value, into)),
        _ => {}
    }
}

fn check(what: &str, lines: &[Value]) {
    assert!(!lines.is_empty(), "{what} printed nothing");
    let mut names = BTreeSet::new();
    for line in lines {
        assert_eq!(line["schema"], SCHEMA, "{what}: {line}");
        members(line, &mut names);
    }
    for name in names {
        assert!(
            GUIDE.contains(&format!("`{name}`")),
            "the guide does not name {name} of {what}"
        );
    }
}

#[tokio::test]
async fn every_json_has_a_schema_and_the_guide_names_its_members() {
    let fake = Fake::start("devin").await.unwrap();
    let scratch = Scratch::new();
    let (live, other, unknown) = (fake.new_key(), fake.new_key(), fake.unknown_key());
    let (live, other, unknown) = (live.to_string(), other.to_string(), unknown.to_string());
    let secret = fake.secret(&fake.new_key()).unwrap();
    let journal = scratch.path("run.jsonl");
    let journal = journal.to_str().unwrap();
    let list = scratch.file("list.txt", &format!("{other}\nnosuchprovider:1\n"));
    let list = ["--from", list.to_str().unwrap(), "--yes", "--skip-invalid"];
    let mut printed = Vec::new();
    for (arguments, input) in [
        (&["revoke", "--dry-run", "--json", &live][..], ""),
        (&["find", "--json", &live, &unknown], ""),
        (&["list", "devin", "--json"], ""),
        (&["revoke", "--json", "--journal", journal, &live, &unknown], ""),
        (&[&["revoke", "--json"][..], &list].concat(), ""),
        (&["probe", "devin", "--json"], &secret),
        (&["providers", "--json"], ""),
        (&["identify", "--json"], &secret),
        (&["identify", "--json", "--find-key=devin"], &secret),
        (&["report", "--format", "json", journal], ""),
    ] {
        let ended = run(&fake, arguments, input).await;
        check(&arguments.join(" "), &ended.lines());
        printed.push(arguments[0]);
    }
    fake.answer_always(Reply::new(503));
    let refused = run(&fake, &["probe", "devin", "--json", "--timeout", "1"], &secret).await;
    check("a probe that tells nothing", &refused.lines());
    assert_eq!(
        BTreeSet::from_iter(printed),
        BTreeSet::from(COMMANDS),
        "a command was not tried"
    );
}

#[test]
fn no_command_that_prints_json_is_forgotten() {
    let help = |arguments: &[&str]| {
        let output = keyrevoke().args(arguments).arg("--help").output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    let all = help(&[]);
    let (_, all) = all.split_once("Commands:\n").unwrap();
    let (all, _) = all.split_once("\n\n").unwrap();
    let names: BTreeSet<&str> = all
        .lines()
        .filter(|line| line.starts_with("  ") && !line.starts_with("   "))
        .filter_map(|line| line.split_whitespace().next())
        .filter(|name| *name != "help")
        .collect();
    assert!(names.len() > COMMANDS.len(), "{names:?}");
    let with_json: BTreeSet<&str> = names
        .into_iter()
        .filter(|name| help(&[name]).to_lowercase().contains("json"))
        .collect();
    assert_eq!(with_json, BTreeSet::from(COMMANDS));
}

#[tokio::test]
async fn what_is_kept_has_a_schema_too() {
    let fake = Fake::start("devin").await.unwrap();
    let scratch = Scratch::new();
    let journal = scratch.path("run.jsonl");
    let mut command = revoke_at(&[&fake]);
    command
        .args(["--journal", journal.to_str().unwrap()])
        .arg(fake.new_key().to_string());
    let ended = tokio::task::spawn_blocking(move || run_with_input(command, ""))
        .await
        .unwrap();
    assert_eq!(ended.code(), 0, "{ended:?}");
    let text = std::fs::read_to_string(&journal).unwrap();
    let entries: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    // The first entry of a run speaks for those that follow it.
    assert_eq!(entries[0]["record"], "begin");
    check("a journal's begin", &entries[..1]);
    let mut names = BTreeSet::new();
    entries.iter().for_each(|entry| members(entry, &mut names));
    for name in names {
        assert!(
            GUIDE.contains(&format!("`{name}`")),
            "the guide does not name {name}"
        );
    }
    let receipts = keyrevoke::journal::FileJournal::open(&journal).unwrap();
    let receipts = keyrevoke::journal::receipts(&receipts).await.unwrap();
    check("receipts", &[serde_json::to_value(&receipts[0]).unwrap()]);
    let counters = Counters::new();
    counters.count(receipts[0].result.as_ref().unwrap());
    check(
        "counts",
        &[serde_json::to_value(&counters.snapshot()[0]).unwrap()],
    );
}
