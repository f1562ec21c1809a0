//! `keyrevoke report` as exact text, and what it ends with.
#![cfg(feature = "cli")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "support/incident.rs"]
mod incident;

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use keyrevoke::fakes::Fake;
use keyrevoke::{ErrorKind, KeyRef, KeyState, RevokeError};
use serde_json::{Value, json};

use crate::incident::{Incident, dead, incident, no_answer, report};

/// Compares with a golden file, or writes it.
fn compare(file: &str, found: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/golden")
        .join(file);
    let found = found.replace(env!("CARGO_PKG_VERSION"), "VERSION");
    if std::env::var_os("KEYREVOKE_BLESS").is_some() {
        fs::write(&path, found).unwrap();
        return;
    }
    let wanted = fs::read_to_string(&path).unwrap();
    assert_eq!(found, wanted, "KEYREVOKE_BLESS=1 writes {file} anew:\n{found}");
}

#[tokio::test]
async fn a_table_for_a_terminal() {
    let incident = incident().await;
    let (code, out, err) = incident.report("table");
    assert_eq!((code, err.as_str()), (1, ""));
    compare("report.txt", &out);
    assert_eq!(report(&incident.directory.join("run.jsonl"), &[]).1, out);
}

#[tokio::test]
async fn markdown_for_a_ticket() {
    let (code, out, err) = incident().await.report("markdown");
    assert_eq!((code, err.as_str()), (1, ""));
    compare("report.md", &out);
}

#[tokio::test]
async fn csv_for_a_spreadsheet() {
    let (code, out, err) = incident().await.report("csv");
    assert_eq!(code, 1);
    compare("report.csv", &out);
    assert_eq!(
        err,
        "keyrevoke: Keys that were planned and have no entry: at least 1. Run again for those that are not listed.\n\
         keyrevoke: A run has no end: it still goes on, or it was cut off.\n"
    );
}

#[tokio::test]
async fn json_for_programs() {
    let (code, out, err) = incident().await.report("json");
    assert_eq!((code, err.as_str(), out.lines().count()), (1, "", 1));
    let report: Value = serde_json::from_str(&out).unwrap();
    let count = |name: &str| report[name].as_u64().unwrap();
    assert_eq!(
        ["dead", "live", "unknown", "in_flight", "missing"].map(count),
        [3, 3, 1, 1, 1]
    );
    assert_eq!(report["finished"], json!(false));
    assert_eq!(report["next_steps"][0]["keys"], json!(["dolfin:3"]));
    let keys = report["keys"].as_array().unwrap();
    assert_eq!(keys.len(), 8);
    assert_eq!(keys[0]["result"]["disposition"], "revoked");
    assert_eq!(
        (&keys[2]["in_flight"], &keys[2]["result"]),
        (&json!(true), &Value::Null)
    );
    assert_eq!(keys[7]["disputed"]["state"], "dead");
}

#[tokio::test]
async fn exit_codes_say_what_the_worst_key_is() {
    let mut incident = Incident::new();
    assert_eq!(incident.report("table").0, 3, "an empty journal proves nothing");
    incident.begin("ops", 2).await;
    incident.outcome("dolfin:1", dead()).await;
    assert_eq!(incident.report("table").0, 3, "one of two keys was never tried");
    incident.intent("dolfin:2").await;
    assert_eq!(incident.report("csv").0, 3, "one is in flight");
    incident.outcome("dolfin:2", no_answer()).await;
    assert_eq!(incident.report("json").0, 3);
    incident.outcome("dolfin:2", dead()).await;
    incident.end().await;
    let (code, out, err) = incident.report("markdown");
    assert_eq!((code, err.as_str()), (0, ""));
    assert!(
        out.contains("2 dead, 0 live, 0 unknown, 0 in flight") && !out.contains("next"),
        "{out}"
    );
    let live = RevokeError::new("dolfin", ErrorKind::PermissionDenied, KeyState::Live);
    incident.outcome("dolfin:3", Err(live)).await;
    assert_eq!(incident.report("table").0, 1);
}

#[tokio::test]
async fn the_journal_of_a_real_run_is_reported() {
    let fake = Fake::start("dolfin").await.unwrap();
    let incident = Incident::new();
    let file = incident.directory.join("real.jsonl");
    let revoke = |key: KeyRef| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_keyrevoke"));
        command
            .env_clear()
            .stdin(Stdio::null())
            .env("KEYREVOKE_DOLFIN_CREDENTIAL", fake.credential_text())
            .env("KEYREVOKE_DOLFIN_BASE_URL", fake.base_url())
            .args(["revoke", &key.to_string(), "--journal"])
            .arg(&file);
        tokio::task::spawn_blocking(move || command.output().unwrap())
    };
    assert_eq!(revoke(fake.new_key()).await.unwrap().status.code(), Some(0));
    let (code, out, err) = report(&file, &[]);
    assert_eq!((code, err.as_str()), (0, ""));
    assert!(out.contains("1 dead, 0 live, 0 unknown, 0 in flight"), "{out}");
    assert_eq!(revoke(fake.unknown_key()).await.unwrap().status.code(), Some(3));
    let (code, out, err) = report(&file, &[]);
    assert_eq!((code, err.as_str()), (3, ""));
    assert!(out.contains("1 dead, 0 live, 1 unknown, 0 in flight"), "{out}");
    assert!(!out.contains("planned") && !out.contains("no end"), "{out}");
}

#[tokio::test]
async fn what_cannot_be_read_is_a_local_failure_that_names_the_line() {
    let incident = incident().await;
    let file = incident.directory.join("other.jsonl");
    let (code, out, err) = report(&file, &[]);
    assert_eq!((code, out.as_str()), (4, ""));
    assert!(
        err.contains("other.jsonl cannot be opened") && err.contains("(No such file"),
        "{err}"
    );
    let text = fs::read_to_string(incident.directory.join("run.jsonl")).unwrap();
    fs::write(&file, text.replacen("\"intent\"", "\"INTENT\"", 1)).unwrap();
    let (code, out, err) = report(&file, &[]);
    assert_eq!((code, out.as_str()), (4, ""));
    assert!(
        err.contains("line 2 is not an entry that this version knows"),
        "{err}"
    );
    // A line that is being written is none of the report's business.
    fs::write(&file, format!("{text}{{\"at\":")).unwrap();
    let (code, out, err) = report(&file, &["--format", "table"]);
    assert_eq!((code, err.as_str()), (1, ""));
    assert_eq!(out, incident.report("table").1);
}
