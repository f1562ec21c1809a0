//! The step for GitHub Actions: its script run as the runner would, against the fakes.
#![cfg(all(unix, feature = "cli"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "support/process.rs"]
mod process;

use std::fs;
use std::path::Path;

use keyrevoke::KeyRef;
use keyrevoke::fakes::{Fake, Reply};

use crate::process::{Ended, Scratch, clean, run, with_provider};

const ACTION: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/github-actions");

/// Runs the step over these keys; gives how it ended and what stands on the run's page.
async fn step(fake: &Fake, scratch: &Scratch, keys: &[KeyRef]) -> (Ended, String) {
    let binary = Path::new(env!("CARGO_BIN_EXE_keyrevoke")).parent().unwrap();
    let summary = scratch.path("summary.md");
    let mut command = clean("bash");
    with_provider(
        &mut command,
        fake.provider(),
        &fake.base_url(),
        fake.credential_text(),
    );
    command
        .arg(format!("{ACTION}/revoke.sh"))
        .env("PATH", format!("{}:/usr/bin:/bin", binary.display()))
        .env("LIST", scratch.list(keys))
        .env("JOURNAL", scratch.path("$(touch pwned) run.jsonl"))
        .env("PAGE", scratch.path("report.html"))
        .env("GITHUB_STEP_SUMMARY", &summary);
    let ended = tokio::task::spawn_blocking(move || run(command)).await.unwrap();
    (ended, fs::read_to_string(summary).unwrap_or_default())
}

#[tokio::test]
async fn the_step_is_green_only_if_every_key_is_dead() {
    let (fake, scratch) = (Fake::start("dolfin").await.unwrap(), Scratch::new());
    let keys = [fake.new_key(), fake.new_key()];
    fake.answer_next(Reply::new(403));
    let (ended, summary) = step(&fake, &scratch, &keys).await;
    assert_eq!(ended.code(), 1, "{ended:?}");
    assert!(
        ended.out.contains("::error::At least one key still works."),
        "{ended:?}"
    );
    assert!(
        summary.contains("1 dead, 1 live, 0 unknown, 0 in flight"),
        "{summary}"
    );
    let page = fs::read_to_string(scratch.path("report.html")).unwrap();
    assert!(page.contains("1 of 2 keys still works."), "{page}");

    // The next run over the journal carries on.
    let (ended, summary) = step(&fake, &scratch, &keys).await;
    assert_eq!(ended.code(), 0, "{ended:?}");
    assert!(
        !ended.out.contains("::error::") && summary.contains("2 dead, 0 live"),
        "{summary}"
    );
    assert_eq!(fake.requests().len(), 3, "what was dead is not asked again");
    let page = fs::read_to_string(scratch.path("report.html")).unwrap();
    assert!(page.contains("All 2 keys are dead."), "{page}");
    assert!(!Path::new("pwned").exists());
}

#[tokio::test]
async fn what_cannot_be_planned_is_red_and_sends_nothing() {
    let (fake, scratch) = (Fake::start("dolfin").await.unwrap(), Scratch::new());
    let (ended, summary) = step(&fake, &scratch, &[fake.new_key(), "devin:apk-1".parse().unwrap()]).await;
    assert_eq!((ended.code(), summary.as_str()), (2, ""), "{ended:?}");
    assert!(
        ended.out.contains("::error::The list or the settings are wrong"),
        "{ended:?}"
    );
    assert!(fake.requests().is_empty());
}

#[test]
fn nothing_that_is_given_to_the_action_becomes_part_of_its_script() {
    let action = fs::read_to_string(format!("{ACTION}/action.yml")).unwrap();
    let scripts: Vec<&str> = action
        .lines()
        .filter(|line| line.trim_start().starts_with("run:"))
        .collect();
    assert_eq!(scripts, [r#"      run: '"$GITHUB_ACTION_PATH/revoke.sh"'"#]);
    for input in ["list", "journal", "page"] {
        let handed = format!("        {}: ${{{{ inputs.{input} }}}}\n", input.to_uppercase());
        assert!(action.contains(&handed), "{handed}");
    }
}
