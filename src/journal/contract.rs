//! What any journal must keep, as a test for journals of one's own.
//!
//! ```
//! use keyrevoke::journal::{MemoryJournal, contract};
//!
//! # tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
//! let medium = MemoryJournal::new();
//! contract::check(|| async { medium.clone() }).await?;
//! # Ok::<(), String>(()) })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use std::future::{Future, poll_fn};
use std::task::Poll;

use uuid::Uuid;

use super::{Journal, JournalEntry, JournalError, JournalRecord, new_run};
use crate::key::KeyRef;
use crate::observer::BoxFuture;
use crate::outcome::{Disposition, ErrorKind, Evidence, FieldError, KeyState, Revocation, RevokeError};

/// How many appends are made at the same time.
const TOGETHER: usize = 300;

/// Checks a journal: order is kept, entries survive, none is lost or doubled when many are appended at once, odd texts
/// come back as they were, and the replay of nothing gives nothing.
///
/// `open` gives the same medium each time, empty at first; it is called again when the journal before is dropped. The
/// error says what was not kept. That an entry survives a power cut cannot be checked from here.
pub async fn check<J: Journal, F: Future<Output = J>>(open: impl Fn() -> F) -> Result<(), String> {
    let run = new_run();
    let mut wanted = Vec::new();

    let journal = open().await;
    expect(&journal, &wanted, "an empty journal").await?;
    append(&journal, begin(run), &mut wanted).await?;
    expect(&journal, &wanted, "after the first entry").await?;
    for record in ordinary() {
        append(&journal, JournalEntry::new(run, record), &mut wanted).await?;
    }
    expect(&journal, &wanted, "after some entries").await?;
    expect(&journal, &wanted, "replayed once more").await?;
    drop(journal);

    let journal = open().await;
    expect(&journal, &wanted, "opened again").await?;
    for record in odd() {
        append(&journal, JournalEntry::new(run, record), &mut wanted).await?;
    }
    expect(&journal, &wanted, "after entries of odd texts").await?;
    together(&journal, run, &mut wanted).await?;
    append(
        &journal,
        JournalEntry::new(run, JournalRecord::end()),
        &mut wanted,
    )
    .await?;
    drop(journal);

    let journal = open().await;
    expect(&journal, &wanted, "opened for the third time").await
}

async fn append<J: Journal>(
    journal: &J,
    entry: JournalEntry,
    wanted: &mut Vec<String>,
) -> Result<(), String> {
    let done = journal.append(&entry).await;
    done.map_err(|error| format!("append failed: {error}"))?;
    wanted.push(text(&entry));
    Ok(())
}

/// Many at once; in which order they come to stand is the journal's to choose.
async fn together<J: Journal>(journal: &J, run: Uuid, wanted: &mut Vec<String>) -> Result<(), String> {
    let entries: Vec<JournalEntry> = (0..TOGETHER)
        .map(|number| JournalEntry::new(run, JournalRecord::intent(key(&format!("together-{number}")))))
        .collect();
    for done in all(entries.iter().map(|entry| journal.append(entry)).collect()).await {
        done.map_err(|error| format!("one of many appends at once failed: {error}"))?;
    }
    let found = replay(journal).await?;
    let (before, since) = found.split_at_checked(wanted.len()).unwrap_or((&found, &[]));
    compare(before, wanted, "before many appends at once")?;
    let (mut sorted, mut ours) = (since.to_vec(), entries.iter().map(text).collect::<Vec<_>>());
    sorted.sort();
    ours.sort();
    compare(&sorted, &ours, "of many appends at once (sorted)")?;
    wanted.extend_from_slice(since);
    Ok(())
}

async fn expect<J: Journal>(journal: &J, wanted: &[String], when: &str) -> Result<(), String> {
    compare(&replay(journal).await?, wanted, when)
}

fn compare(found: &[String], wanted: &[String], when: &str) -> Result<(), String> {
    for (number, pair) in found.iter().zip(wanted).enumerate() {
        if pair.0 != pair.1 {
            return Err(format!(
                "{when}: entry {} is {} instead of {}",
                number + 1,
                short(pair.0),
                short(pair.1)
            ));
        }
    }
    if found.len() != wanted.len() {
        return Err(format!(
            "{when}: {} entries instead of {}",
            found.len(),
            wanted.len()
        ));
    }
    Ok(())
}

fn short(text: &str) -> String {
    text.chars().take(300).collect()
}

async fn replay<J: Journal>(journal: &J) -> Result<Vec<String>, String> {
    let mut found = Vec::new();
    let done = journal.replay(&mut |entry| found.push(text(&entry))).await;
    done.map_err(|error| format!("replay failed: {error}"))?;
    Ok(found)
}

/// Entries are compared as what they are written as.
fn text(entry: &JournalEntry) -> String {
    serde_json::to_string(entry).unwrap_or_default()
}

/// Drives all at once, whatever runtime there is or none.
async fn all(mut appends: Vec<BoxFuture<'_, Result<(), JournalError>>>) -> Vec<Result<(), JournalError>> {
    let mut done = Vec::with_capacity(appends.len());
    poll_fn(|context| {
        appends.retain_mut(|append| match append.as_mut().poll(context) {
            Poll::Ready(result) => {
                done.push(result);
                false
            }
            Poll::Pending => true,
        });
        if appends.is_empty() {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    })
    .await;
    done
}

fn begin(run: Uuid) -> JournalEntry {
    JournalEntry::new(
        run,
        JournalRecord::begin(Some("contract".into()), 3 + TOGETHER as u64),
    )
}

fn key(id: &str) -> KeyRef {
    KeyRef::known("dolfin", None, id)
}

fn ordinary() -> Vec<JournalRecord> {
    let dead = Revocation::new("dolfin", Disposition::Revoked, [Evidence::ProviderAnswer]).with_status(204);
    let live = RevokeError::new("dolfin", ErrorKind::PermissionDenied, KeyState::Live).with_status(403);
    let mut records = Vec::new();
    for (id, result) in [("1", Ok(dead)), ("2", Err(live))] {
        records.push(JournalRecord::intent(key(id)));
        records.push(JournalRecord::outcome(key(id), Some("1.0".into()), result));
    }
    records
}

fn odd() -> Vec<JournalRecord> {
    let texts = [
        String::new(),
        "a\nb\r\nc\td".to_owned(),
        "\u{0}\u{1b}[31m\u{7f}".to_owned(),
        "é ☃ 𝄞 \u{202e}\u{200b}\u{feff}\u{2028}".to_owned(),
        r#"","record":"end"} \ ' `"#.to_owned(),
        "x".repeat(100_000),
        "\u{1}☃".repeat(25_000),
    ];
    texts
        .into_iter()
        .map(|text| {
            let error = RevokeError::new("dolfin", ErrorKind::Rejected, KeyState::Live)
                .with_detail(text.clone())
                .with_field_errors([FieldError::new(text.clone(), "no")]);
            JournalRecord::outcome(key("odd"), Some(text), Err(error))
        })
        .collect()
}
