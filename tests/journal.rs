//! The journal as a crash, a full disk or another process meets it.
#![cfg(feature = "fakes")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex};

use keyrevoke::fakes::{Fake, Reply};
use keyrevoke::journal::{
    FileJournal, Journal, JournalEntry, JournalError, JournalErrorKind, JournalRecord, MemoryJournal,
    contract, new_run, receipts,
};
use keyrevoke::{BoxFuture, ErrorKind, KeyRef, KeyState, Revoke, RevokeError};

/// A directory of one test's own.
struct Scratch(PathBuf);

impl Scratch {
    fn new() -> Self {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(new_run().to_string());
        fs::create_dir(&path).unwrap();
        Self(path)
    }

    fn file(&self) -> PathBuf {
        self.0.join("run.jsonl")
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn key(id: &str) -> KeyRef {
    KeyRef::new("dolfin", id).unwrap()
}

fn unknown(detail: impl Into<String>) -> JournalRecord {
    let error = RevokeError::new("dolfin", ErrorKind::NoAnswer, KeyState::Unknown).with_detail(detail);
    JournalRecord::outcome(key("1"), None, Err(error))
}

async fn append(journal: &FileJournal, record: JournalRecord) -> Result<(), JournalError> {
    journal.append(&JournalEntry::new(uuid(), record)).await
}

fn uuid() -> uuid::Uuid {
    uuid::Uuid::from_u128(7)
}

async fn count(journal: &FileJournal) -> usize {
    let mut entries = 0;
    journal.replay(&mut |_| entries += 1).await.unwrap();
    entries
}

/// A journal of four whole lines, and its bytes.
async fn four_lines(path: &Path) -> Vec<u8> {
    let journal = FileJournal::open(path).unwrap();
    append(&journal, JournalRecord::begin(None, 1)).await.unwrap();
    append(&journal, JournalRecord::intent(key("1"))).await.unwrap();
    append(&journal, unknown("é")).await.unwrap();
    append(&journal, JournalRecord::end()).await.unwrap();
    drop(journal);
    fs::read(path).unwrap()
}

#[tokio::test]
async fn both_journals_keep_the_contract() {
    let memory = MemoryJournal::new();
    contract::check(|| async { memory.clone() }).await.unwrap();
    let scratch = Scratch::new();
    contract::check(|| async { FileJournal::open(scratch.file()).unwrap() })
        .await
        .unwrap();
    let scratch = Scratch::new();
    contract::check(|| async { Arc::new(FileJournal::open(scratch.file()).unwrap()) })
        .await
        .unwrap();
}

/// What a bad journal does to its entries: the number of the append, and all that was kept until now.
type Harm = fn(usize, &mut Vec<JournalEntry>);

#[derive(Clone)]
struct Bad {
    entries: Arc<Mutex<(usize, Vec<JournalEntry>)>>,
    harm: Harm,
}

impl Journal for Bad {
    fn append<'a>(&'a self, entry: &'a JournalEntry) -> BoxFuture<'a, Result<(), JournalError>> {
        Box::pin(async move {
            let mut kept = self.entries.lock().unwrap();
            let (number, entries) = &mut *kept;
            *number += 1;
            entries.push(entry.clone());
            (self.harm)(*number, entries);
            Ok(())
        })
    }

    fn replay<'a>(
        &'a self,
        visit: &'a mut (dyn FnMut(JournalEntry) + Send),
    ) -> BoxFuture<'a, Result<(), JournalError>> {
        Box::pin(async move {
            self.entries.lock().unwrap().1.iter().cloned().for_each(visit);
            Ok(())
        })
    }
}

#[tokio::test]
async fn the_contract_refuses_journals_that_lose_double_reorder_or_change() {
    let none: Harm = |_, _| {};
    let harms: [(&str, Harm); 6] = [
        ("loses the third", |number, entries| {
            if number == 3 {
                entries.pop();
            }
        }),
        ("loses one of many", |number, entries| {
            if number == 200 {
                entries.pop();
            }
        }),
        ("doubles one of many", |number, entries| {
            if number == 200 {
                entries.extend(entries.last().cloned());
            }
        }),
        ("reorders", |number, entries| {
            if number == 4 {
                entries.swap(2, 3);
            }
        }),
        ("puts new ones first", |_, entries| entries.rotate_right(1)),
        ("changes texts", |_, entries| {
            if let Some(entry) = entries.last_mut() {
                let text = serde_json::to_string(entry).unwrap().replace("\\n", " ");
                *entry = serde_json::from_str(&text).unwrap();
            }
        }),
    ];
    let check = |harm| {
        let bad = Bad {
            entries: Arc::default(),
            harm,
        };
        async move { contract::check(|| async { bad.clone() }).await }
    };
    assert_eq!(check(none).await, Ok(()));
    for (name, harm) in harms {
        assert!(check(harm).await.is_err(), "{name}");
    }
    // One that forgets when it is closed.
    let forgets = contract::check(|| async { MemoryJournal::new() }).await;
    assert!(forgets.unwrap_err().starts_with("opened again"));
}

#[tokio::test]
async fn a_line_that_a_crash_left_unfinished_is_cut_off_wherever_it_ends() {
    let scratch = Scratch::new();
    let whole = four_lines(&scratch.file()).await;
    let ends: Vec<usize> = (1..=whole.len()).filter(|end| whole[end - 1] == b'\n').collect();
    assert_eq!(ends.len(), 4);
    for length in 0..=whole.len() {
        fs::write(scratch.file(), &whole[..length]).unwrap();
        let lines = ends.iter().filter(|end| **end <= length).count();
        let mut read = 0;
        FileJournal::read(scratch.file(), |_| read += 1).unwrap();
        assert_eq!(read, lines, "read {length}");

        let journal = FileJournal::open(scratch.file()).unwrap();
        assert_eq!(count(&journal).await, lines, "cut at {length}");
        let left = ends.iter().copied().filter(|end| *end <= length).max();
        let file = fs::metadata(scratch.file()).unwrap();
        assert_eq!(file.len() as usize, left.unwrap_or_default(), "cut at {length}");
        append(&journal, JournalRecord::begin(None, 1)).await.unwrap();
        assert_eq!(count(&journal).await, lines + 1);
    }
}

#[tokio::test]
async fn a_last_line_of_lost_pages_is_cut_off_and_that_is_said() {
    let scratch = Scratch::new();
    let whole = four_lines(&scratch.file()).await;
    for rest in [&[0; 4096][..], b"\0\0\0\n", b"\xff\xfe{\n", b"{\"at\":\n"] {
        fs::write(scratch.file(), [&whole, rest].concat()).unwrap();
        let log = Log::default();
        let journal =
            tracing::subscriber::with_default(log.clone(), || FileJournal::open(scratch.file()).unwrap());
        assert_eq!(count(&journal).await, 4);
        let said = log.0.lock().unwrap().clone();
        assert!(
            said.contains("WARN") && said.contains("line 5 was left unfinished"),
            "{said}"
        );
        drop(journal);
        assert_eq!(fs::read(scratch.file()).unwrap(), whole);
    }
}

/// Writes down what is logged on this thread.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<String>>);

impl tracing::field::Visit for Log {
    fn record_debug(&mut self, _: &tracing::field::Field, value: &dyn std::fmt::Debug) {
        self.0.lock().unwrap().push_str(&format!(" {value:?}"));
    }
}

impl tracing::Subscriber for Log {
    fn enabled(&self, metadata: &tracing::Metadata<'_>) -> bool {
        metadata.target().starts_with("keyrevoke")
    }

    fn new_span(&self, _: &tracing::span::Attributes<'_>) -> tracing::span::Id {
        tracing::span::Id::from_u64(1)
    }

    fn record(&self, _: &tracing::span::Id, _: &tracing::span::Record<'_>) {}

    fn record_follows_from(&self, _: &tracing::span::Id, _: &tracing::span::Id) {}

    fn event(&self, event: &tracing::Event<'_>) {
        self.0.lock().unwrap().push_str(event.metadata().level().as_str());
        event.record(&mut self.clone());
    }

    fn enter(&self, _: &tracing::span::Id) {}

    fn exit(&self, _: &tracing::span::Id) {}
}

/// Refused by opening and by reading, with nothing changed; gives the error.
fn refused(path: &Path, bytes: &[u8]) -> JournalError {
    fs::write(path, bytes).unwrap();
    let error = FileJournal::open(path).unwrap_err();
    assert_eq!(
        fs::read(path).unwrap(),
        bytes,
        "{error}: what was refused is changed"
    );
    let read = FileJournal::read(path, |_| {}).unwrap_err();
    assert_eq!(read.to_string(), error.to_string());
    assert!(!error.remedy().is_empty() && error.to_string().contains(&*path.to_string_lossy()));
    error
}

#[tokio::test]
async fn damage_before_the_last_line_is_refused_with_its_line_and_nothing_is_written() {
    let scratch = Scratch::new();
    let whole = four_lines(&scratch.file()).await;
    let text = String::from_utf8(whole.clone()).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let with = |line: usize, other: &str| {
        let mut lines = lines.clone();
        lines[line - 1] = other;
        lines.join("\n") + "\n"
    };
    let secret = "dol_live_canary00000000";
    let swap = |line: usize, from: &str, to: &str| with(line, &lines[line - 1].replace(from, to));
    for (line, bytes) in [
        (2, with(2, "")),
        (2, with(2, secret)),
        (2, with(2, &format!("{{\"key\":\"{secret}\"}}"))),
        (2, with(2, &lines[1][1..])),
        (3, with(3, &lines[2][..lines[2].len() - 1])),
        (3, swap(3, "\"result\":{", "\"result\":{\"state\":\"dead\",")),
        (3, swap(3, "\"result\":{", "\"result\":[],\"x\":{")),
        (2, swap(2, "dolfin:1", secret)),
        (2, swap(2, "\"intent\"", "\"newer\"")),
        (2, swap(2, "\"at\":\"2", "\"at\":\"x")),
        (2, with(2, &format!("{0}{0}", lines[1]))),
        // The last line is whole and cannot be understood: a crash does not do that.
        (4, swap(4, "\"end\"", "\"newer\"")),
        (4, with(4, "null")),
    ] {
        let error = refused(&scratch.file(), bytes.as_bytes());
        let JournalErrorKind::Damaged { line: found, .. } = error.kind() else {
            panic!("{error}: {bytes}");
        };
        assert_eq!(found, line, "{error}: {bytes}");
        assert!(!format!("{error} {error:?}").contains(secret), "{error:?}");
    }
    // Not one byte of it may be other than text.
    let start = lines[0].len() + 1;
    for at in start..start + lines[1].len() {
        let mut bytes = whole.clone();
        bytes[at] ^= 0x80; // no longer ASCII, and not UTF-8 either
        let error = refused(&scratch.file(), &bytes);
        assert!(error.to_string().contains("line 2 "), "{at}: {error}");
    }
}

#[tokio::test]
async fn what_is_no_journal_is_never_touched() {
    let scratch = Scratch::new();
    let whole = four_lines(&scratch.file()).await;
    let text = String::from_utf8(whole).unwrap();
    let without_begin = text.split_once('\n').unwrap().1.to_owned();
    let newer = text.replacen("\"schema\":1", "\"schema\":2", 1);
    let newer_form = text.replacen("\"schema\":1,\"by\":null", "\"schema\":2,\"people\":[]", 1);
    let later = format!("{text}{newer}");
    for (bytes, said) in [
        (
            "KEYREVOKE_DOLFIN_CREDENTIAL=dol_live_canary00000000",
            "no journal",
        ),
        (
            "KEYREVOKE_DOLFIN_CREDENTIAL=dol_live_canary00000000\n",
            "no journal",
        ),
        ("{}", "no journal"),
        ("{\"at\":1}\n", "no journal"),
        ("\n", "no journal"),
        ("\0\0\0\0", "no journal"),
        (&without_begin, "no journal"),
        (&newer, "schema 2 from line 1"),
        (&newer_form, "schema 2 from line 1"),
        (&later, "schema 2 from line 5"),
    ] {
        let error = refused(&scratch.file(), bytes.as_bytes());
        assert_eq!(error.kind(), JournalErrorKind::Foreign, "{error}");
        assert!(error.to_string().contains(said), "{error}");
        assert!(!format!("{error:?}").contains("canary"), "{error:?}");
    }
    // A file of one endless line is not held in memory.
    let endless = vec![b'x'; 5 << 20];
    assert_eq!(
        refused(&scratch.file(), &endless).kind(),
        JournalErrorKind::Foreign
    );
    let error = refused(&scratch.file(), &[text.as_bytes(), &endless].concat());
    assert!(error.to_string().contains("line 5 is too long"), "{error}");
    let error = FileJournal::open(&scratch.0).unwrap_err();
    assert_eq!(error.kind(), JournalErrorKind::Foreign, "{error}");
    let error = FileJournal::open(scratch.0.join("missing/run.jsonl")).unwrap_err();
    assert_eq!(error.kind(), JournalErrorKind::Io, "{error}");
    assert!(std::error::Error::source(&error).is_some());
    let error = FileJournal::read(scratch.0.join("missing"), |_| {}).unwrap_err();
    assert_eq!(error.kind(), JournalErrorKind::Io, "{error}");
}

#[tokio::test]
async fn one_at_a_time_writes_and_others_may_read() {
    let scratch = Scratch::new();
    let journal = FileJournal::open(scratch.file()).unwrap();
    append(&journal, JournalRecord::begin(None, 1)).await.unwrap();
    let error = FileJournal::open(scratch.file()).unwrap_err();
    assert_eq!(error.kind(), JournalErrorKind::Locked);
    assert!(error.to_string().contains("held by another run"), "{error}");
    // Half an entry, as a reader may meet it.
    let mut file = OpenOptions::new().append(true).open(scratch.file()).unwrap();
    file.write_all(b"{\"at\":").unwrap();
    let mut read = 0;
    FileJournal::read(scratch.file(), |_| read += 1).unwrap();
    assert_eq!((read, count(&journal).await), (1, 1));
    drop(journal);
    FileJournal::open(scratch.file()).unwrap();
}

#[tokio::test]
async fn an_entry_that_could_not_be_read_again_is_not_written() {
    let scratch = Scratch::new();
    let journal = FileJournal::open(scratch.file()).unwrap();
    let early = append(&journal, JournalRecord::end()).await.unwrap_err();
    assert_eq!(early.kind(), JournalErrorKind::Refused, "{early}");
    append(&journal, JournalRecord::begin(None, 1)).await.unwrap();
    let long = append(&journal, unknown("x".repeat(5 << 20))).await.unwrap_err();
    assert_eq!(long.kind(), JournalErrorKind::Refused, "{long}");
    append(&journal, JournalRecord::end()).await.unwrap();
    assert_eq!(count(&journal).await, 2);
}

#[test]
fn it_needs_no_runtime_and_may_be_used_by_many_threads() {
    let scratch = Scratch::new();
    let journal = FileJournal::open(scratch.file()).unwrap();
    pollster(append(&journal, JournalRecord::begin(None, 400))).unwrap();
    std::thread::scope(|scope| {
        for thread in 0..8 {
            let journal = &journal;
            scope.spawn(move || {
                for number in 0..50 {
                    let record = JournalRecord::intent(key(&format!("{thread}-{number}")));
                    pollster(append(journal, record)).unwrap();
                }
            });
        }
    });
    drop(journal);
    let journal = FileJournal::open(scratch.file()).unwrap();
    assert_eq!(pollster(receipts(&journal)).unwrap().len(), 400);
}

/// The smallest executor there is.
fn pollster<T>(future: impl Future<Output = T>) -> T {
    struct Unpark(std::thread::Thread);
    impl std::task::Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let mut future = std::pin::pin!(future);
    let waker = Arc::new(Unpark(std::thread::current())).into();
    let mut context = std::task::Context::from_waker(&waker);
    loop {
        match future.as_mut().poll(&mut context) {
            std::task::Poll::Ready(value) => return value,
            std::task::Poll::Pending => std::thread::park(),
        }
    }
}

#[cfg(unix)]
#[tokio::test]
async fn a_new_journal_is_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt;
    let scratch = Scratch::new();
    let _journal = FileJournal::open(scratch.file()).unwrap();
    let mode = fs::metadata(scratch.file()).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[cfg(target_os = "linux")]
#[test]
fn what_is_no_file_is_refused() {
    for path in ["/dev/full", "/dev/null", "/dev/zero"] {
        for error in [
            FileJournal::open(path).unwrap_err(),
            FileJournal::read(path, |_| {}).unwrap_err(),
        ] {
            assert_eq!(
                error.to_string(),
                format!("journal {path} is not a regular file; give the path of a file on a disk")
            );
        }
    }
}

const CHILD: &str = "KEYREVOKE_TEST_JOURNAL";

/// Runs in a child process whose files may not grow beyond a few blocks.
#[test]
#[ignore = "a part of the test below"]
fn child_that_meets_a_full_disk() {
    let Some(path) = std::env::var_os(CHILD) else {
        return;
    };
    let journal = FileJournal::open(PathBuf::from(path)).unwrap();
    pollster(append(&journal, JournalRecord::begin(None, 1))).unwrap();
    println!("begun");
    for _ in 0..2 {
        let error = pollster(append(&journal, unknown("x".repeat(5000)))).unwrap_err();
        assert_eq!(error.kind(), JournalErrorKind::Io, "{error}");
        assert!(error.to_string().contains("cannot be written"), "{error}");
        // What is short enough still fits: the half entry is gone.
        pollster(append(&journal, JournalRecord::intent(key("1")))).unwrap();
    }
    println!("went on");
}

#[cfg(unix)]
#[tokio::test]
async fn a_disk_that_is_full_costs_no_entry_that_was_acknowledged() {
    // Ignored, the signal of the limit is an error of the write as on a full disk; otherwise it kills the process in
    // the midst of it.
    for (trap, said, lines) in [("trap '' XFSZ;", "went on", 3), ("", "begun", 1)] {
        let scratch = Scratch::new();
        let script = format!("ulimit -f 4; ulimit -c 0; {trap} exec \"$@\"");
        let output = Command::new("sh")
            .args(["-c", &script, "sh"])
            .arg(std::env::current_exe().unwrap())
            .args([
                "--exact",
                "child_that_meets_a_full_disk",
                "--ignored",
                "--nocapture",
            ])
            .env(CHILD, scratch.file())
            .output()
            .unwrap();
        let out = String::from_utf8_lossy(&output.stdout);
        assert!(out.contains(said), "{trap}: {output:?}");
        assert_eq!(output.status.success(), !trap.is_empty(), "{output:?}");
        let length = fs::metadata(scratch.file()).unwrap().len();
        let journal = FileJournal::open(scratch.file()).unwrap();
        assert_eq!(count(&journal).await, lines);
        let cut = length - fs::metadata(scratch.file()).unwrap().len();
        assert_eq!(cut == 0, !trap.is_empty(), "{cut} bytes of half an entry");
    }
}

#[tokio::test]
async fn no_secret_gets_into_a_journal_whatever_the_provider_echoes() {
    let fake = Fake::start("dolfin").await.unwrap();
    let secret = fake.credential_text().to_owned();
    let echo = format!(
        r#"{{"title":"{secret}","detail":"your key {secret}","errors":{{"{secret}":["{secret}"]}}}}"#
    );
    fake.answer_next(Reply::new(403).with_body("application/problem+json", echo));
    let revoker = fake.builder().build().unwrap();
    let scratch = Scratch::new();
    let journal = FileJournal::open(scratch.file()).unwrap();
    append(&journal, JournalRecord::begin(None, 1)).await.unwrap();
    let key = fake.new_key();
    let result = revoker.revoke(&key).await;
    append(&journal, JournalRecord::outcome(key, None, result))
        .await
        .unwrap();
    let text = fs::read_to_string(scratch.file()).unwrap();
    assert!(text.contains("permission_denied"), "the answer is there: {text}");
    assert!(!text.contains(&secret), "{text}");
    assert_eq!(receipts(&journal).await.unwrap()[0].state(), KeyState::Live);
}
