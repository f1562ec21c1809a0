//! Journals of incidents, and `keyrevoke report` on them.
#![allow(dead_code)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, SystemTime};

use keyrevoke::journal::{FileJournal, Journal, JournalEntry, JournalRecord, new_run};
use keyrevoke::{Disposition, ErrorKind, Evidence, KeyRef, KeyState, Revocation, RevokeError, RevokeResult};
use uuid::Uuid;

/// 2026-11-22T10:00:00Z.
pub(crate) const BEGINNING: u64 = 1_795_341_600;

/// Writes a journal and runs `keyrevoke report` on it. What is written gets one second later with each entry.
pub(crate) struct Incident {
    pub(crate) directory: PathBuf,
    journal: FileJournal,
    run: u128,
    seconds: u64,
}

impl Incident {
    pub(crate) fn new() -> Self {
        let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join(new_run().to_string());
        fs::create_dir(&directory).unwrap();
        Self {
            journal: FileJournal::open(directory.join("run.jsonl")).unwrap(),
            directory,
            run: 0,
            seconds: 0,
        }
    }

    pub(crate) async fn write(&mut self, record: JournalRecord) {
        let at = SystemTime::UNIX_EPOCH + Duration::from_secs(BEGINNING + self.seconds);
        self.seconds += 1;
        let entry = JournalEntry::new(Uuid::from_u128(self.run), record).with_time(at);
        self.journal.append(&entry).await.unwrap();
    }

    pub(crate) async fn begin(&mut self, by: &str, keys: u64) {
        self.run += 1;
        self.write(JournalRecord::begin(Some(by.into()), keys)).await;
    }

    pub(crate) async fn intent(&mut self, key: &str) {
        self.write(JournalRecord::intent(key.parse().unwrap())).await;
    }

    pub(crate) async fn outcome(&mut self, key: &str, result: RevokeResult) {
        self.intent(key).await;
        let key: KeyRef = key.parse().unwrap();
        self.write(JournalRecord::outcome(key, Some("2026-11".into()), result))
            .await;
    }

    pub(crate) async fn end(&mut self) {
        self.write(JournalRecord::end()).await;
    }

    /// The exit code, standard output and standard error. The journal is still open.
    pub(crate) fn report(&self, format: &str) -> (i32, String, String) {
        report(&self.directory.join("run.jsonl"), &["--format", format])
    }
}

impl Drop for Incident {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.directory);
    }
}

pub(crate) fn report(file: &Path, arguments: &[&str]) -> (i32, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_keyrevoke"))
        .env_clear()
        .stdin(Stdio::null())
        .arg("report")
        .arg(file)
        .args(arguments)
        .output()
        .unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (
        output.status.code().unwrap(),
        text(output.stdout),
        text(output.stderr),
    )
}

pub(crate) fn dead() -> RevokeResult {
    Ok(Revocation::new("dolfin", Disposition::Revoked, [Evidence::ProviderAnswer]).with_status(204))
}

pub(crate) fn no_answer() -> RevokeResult {
    Err(RevokeError::new("dolfin", ErrorKind::NoAnswer, KeyState::Unknown))
}

/// Every state, two runs of which the first was cut off, and a provider and a colleague that mean harm.
pub(crate) async fn incident() -> Incident {
    let mut incident = Incident::new();
    incident.begin("=cmd|' /C calc'!A0", 9).await;
    incident.outcome("dolfin:1", dead()).await;
    let hostile = "<img src=x> | `a`\u{1b}[31m\r\n[x](http://example.org) @all \u{202e}";
    let live = RevokeError::new("dolfin", ErrorKind::PermissionDenied, KeyState::Live)
        .with_status(403)
        .with_provider_code("=1+1")
        .with_request_id("-req")
        .with_detail(hostile);
    incident.outcome("dolfin:2", Err(live.clone())).await;
    incident.intent("dolfin:3").await;
    incident.begin("ops", 6).await;
    incident.outcome("devin:k4", no_answer()).await;
    let disabled = Revocation::new("devin", Disposition::AlreadyRevoked, [Evidence::ProviderAnswer]);
    incident
        .outcome("devin:k5", Ok(disabled.with_reversible(true)))
        .await;
    incident.outcome("devin:k6", Err(live.with_detail("no"))).await;
    incident.outcome("dolfin:7", dead()).await;
    incident.outcome("dolfin:7", no_answer()).await;
    incident.outcome("dolfin:8", dead()).await;
    let scheduled = RevokeError::new("dolfin", ErrorKind::Scheduled, KeyState::Live).with_status(200);
    incident.outcome("dolfin:8", Err(scheduled)).await;
    incident
}
