//! The thread that writes a journal: all appends that wait are written and synced together.

use std::fs::File;
use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::{mpsc, oneshot};

use super::{JournalError, JournalErrorKind};

/// How many appends may wait; more wait outside.
pub(super) const MOST_WAITING: usize = 256;

/// How much is written at once, in bytes; one append may go over it.
const LARGEST_BATCH: usize = 1 << 20;

/// What a journal is written on.
pub(super) trait Medium: Send + 'static {
    fn write(&mut self, text: &[u8]) -> io::Result<()>;
    fn sync(&mut self) -> io::Result<()>;
    fn cut(&mut self, length: u64) -> io::Result<()>;
}

impl Medium for Arc<File> {
    fn write(&mut self, text: &[u8]) -> io::Result<()> {
        (&**self).write_all(text)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.sync_data()
    }

    fn cut(&mut self, length: u64) -> io::Result<()> {
        self.set_len(length)
    }
}

/// One append, and where its answer goes. Nobody may be waiting for it any more.
pub(super) struct Append {
    pub(super) line: Vec<u8>,
    /// Is it the beginning of a run?
    pub(super) begins: bool,
    pub(super) done: oneshot::Sender<Result<(), JournalError>>,
}

pub(super) struct Writer<M> {
    pub(super) medium: M,
    pub(super) subject: String,
    /// How much of the medium is written and synced, in bytes.
    pub(super) length: Arc<AtomicU64>,
    /// Why nothing can be written any more.
    pub(super) broken: Option<JournalError>,
}

impl<M: Medium> Writer<M> {
    /// Works until nobody can append any more.
    pub(super) fn run(mut self, mut waiting: mpsc::Receiver<Append>) {
        while let Some(first) = waiting.blocking_recv() {
            let mut text = Vec::new();
            let mut batch = Vec::new();
            let mut next = Some(first);
            while let Some(append) = next {
                if !append.begins && text.is_empty() && self.length.load(Ordering::Acquire) == 0 {
                    let _ = append.done.send(Err(self.no_beginning()));
                } else {
                    text.extend_from_slice(&append.line);
                    batch.push(append.done);
                }
                next = if text.len() < LARGEST_BATCH {
                    waiting.try_recv().ok()
                } else {
                    None
                };
            }
            if batch.is_empty() {
                continue;
            }
            let result = self.commit(&text);
            for done in batch {
                let _ = done.send(result.clone());
            }
        }
    }

    /// All of it or nothing.
    fn commit(&mut self, text: &[u8]) -> Result<(), JournalError> {
        if let Some(broken) = &self.broken {
            return Err(broken.clone());
        }
        let length = self.length.load(Ordering::Acquire);
        if let Err(error) = self.medium.write(text) {
            let failed = self.failed(
                "cannot be written",
                "free space or mend the disk, then try again",
                error,
            );
            if let Err(error) = self.medium.cut(length) {
                // The next entry would be glued to the rest of this one.
                self.give_up(
                    "cannot be written, and a part of an entry cannot be taken back",
                    error,
                );
            }
            return Err(failed);
        }
        if let Err(error) = self.medium.sync() {
            // The system may have dropped what it could not write, and would report success the next time.
            let _ = self.medium.cut(length);
            return Err(self.give_up("cannot be made safe against a power cut", error));
        }
        self.length.store(length + text.len() as u64, Ordering::Release);
        Ok(())
    }

    fn give_up(&mut self, reason: &str, error: io::Error) -> JournalError {
        let remedy = "mend the disk, then open the journal anew; until then it takes nothing more";
        let broken = self.failed(reason, remedy, error);
        self.broken = Some(broken.clone());
        broken
    }

    fn failed(&self, reason: &str, remedy: &'static str, error: io::Error) -> JournalError {
        JournalError::new(JournalErrorKind::Io, self.subject.clone(), reason, remedy).with_source(error)
    }

    fn no_beginning(&self) -> JournalError {
        JournalError::new(
            JournalErrorKind::Refused,
            self.subject.clone(),
            "is empty, and takes the beginning of a run first",
            "append JournalRecord::begin before anything else",
        )
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    /// What happens to the next calls, and everything that was called.
    #[derive(Clone, Default)]
    struct Faulty(Arc<Mutex<Calls>>);

    #[derive(Default)]
    struct Calls {
        text: Vec<u8>,
        syncs: usize,
        fail_write: bool,
        fail_sync: bool,
        fail_cut: bool,
    }

    fn fail(fails: bool) -> io::Result<()> {
        if fails {
            Err(io::ErrorKind::StorageFull.into())
        } else {
            Ok(())
        }
    }

    impl Medium for Faulty {
        fn write(&mut self, text: &[u8]) -> io::Result<()> {
            let mut calls = self.0.lock().unwrap();
            let fails = calls.fail_write;
            let end = if fails { text.len() / 2 } else { text.len() };
            calls.text.extend_from_slice(&text[..end]);
            fail(fails)
        }

        fn sync(&mut self) -> io::Result<()> {
            let mut calls = self.0.lock().unwrap();
            calls.syncs += 1;
            fail(calls.fail_sync)
        }

        fn cut(&mut self, length: u64) -> io::Result<()> {
            let mut calls = self.0.lock().unwrap();
            fail(calls.fail_cut)?;
            calls.text.truncate(length as usize);
            Ok(())
        }
    }

    /// Hands all lines to a writer at once, and gives its answers.
    fn append(
        medium: &Faulty,
        broken: Option<JournalError>,
        lines: &[&str],
    ) -> Vec<Result<(), JournalError>> {
        let length = medium.0.lock().unwrap().text.len() as u64;
        let writer = Writer {
            medium: medium.clone(),
            subject: "journal".into(),
            length: Arc::new(AtomicU64::new(length)),
            broken,
        };
        let (sender, receiver) = mpsc::channel(MOST_WAITING);
        let answers: Vec<_> = lines
            .iter()
            .map(|line| {
                let (done, answer) = oneshot::channel();
                let append = Append {
                    line: line.as_bytes().to_vec(),
                    begins: line.starts_with('b'),
                    done,
                };
                sender.try_send(append).unwrap();
                answer
            })
            .collect();
        drop(sender);
        writer.run(receiver);
        answers
            .into_iter()
            .map(|answer| answer.blocking_recv().unwrap())
            .collect()
    }

    #[test]
    fn all_that_wait_are_written_with_one_sync() {
        let medium = Faulty::default();
        let answers = append(&medium, None, &["b1\n", "2\n", "3\n"]);
        assert!(answers.iter().all(Result::is_ok));
        let calls = medium.0.lock().unwrap();
        assert_eq!(
            (calls.text.as_slice(), calls.syncs),
            (b"b1\n2\n3\n".as_slice(), 1)
        );
    }

    #[test]
    fn an_empty_journal_takes_a_beginning_first() {
        let medium = Faulty::default();
        let answers = append(&medium, None, &["1\n", "b2\n", "3\n"]);
        let kinds: Vec<_> = answers
            .iter()
            .map(|answer| answer.as_ref().map_err(JournalError::kind).copied())
            .collect();
        assert_eq!(kinds, [Err(JournalErrorKind::Refused), Ok(()), Ok(())]);
        assert_eq!(medium.0.lock().unwrap().text, b"b2\n3\n");
    }

    #[test]
    fn a_full_disk_takes_back_the_half_entry_and_the_next_one_is_tried_anew() {
        let medium = Faulty::default();
        assert!(append(&medium, None, &["b1\n"])[0].is_ok());
        medium.0.lock().unwrap().fail_write = true;
        let answers = append(&medium, None, &["2222\n", "3333\n"]);
        for answer in answers {
            assert_eq!(answer.unwrap_err().kind(), JournalErrorKind::Io);
        }
        assert_eq!(medium.0.lock().unwrap().text, b"b1\n");
        medium.0.lock().unwrap().fail_write = false;
        assert!(append(&medium, None, &["4\n"])[0].is_ok());
        assert_eq!(medium.0.lock().unwrap().text, b"b1\n4\n");
    }

    /// Two batches for one writer.
    fn twice(medium: &Faulty, mend: impl FnOnce(&mut Calls)) -> (JournalError, Result<(), JournalError>) {
        let mut writer = Writer {
            medium: medium.clone(),
            subject: "journal".into(),
            length: Arc::new(AtomicU64::new(medium.0.lock().unwrap().text.len() as u64)),
            broken: None,
        };
        let first = writer.commit(b"2222\n").unwrap_err();
        mend(&mut medium.0.lock().unwrap());
        (first, writer.commit(b"3\n"))
    }

    #[test]
    fn after_a_failed_sync_the_journal_is_broken_for_good() {
        let medium = Faulty::default();
        append(&medium, None, &["b1\n"]);
        medium.0.lock().unwrap().fail_sync = true;
        let (first, second) = twice(&medium, |calls| calls.fail_sync = false);
        assert!(first.to_string().contains("power cut"), "{first}");
        assert_eq!(second.unwrap_err().to_string(), first.to_string());
        assert_eq!(medium.0.lock().unwrap().text, b"b1\n");
    }

    #[test]
    fn a_half_entry_that_cannot_be_taken_back_is_never_continued() {
        let medium = Faulty::default();
        append(&medium, None, &["b1\n"]);
        {
            let mut calls = medium.0.lock().unwrap();
            (calls.fail_write, calls.fail_cut) = (true, true);
        }
        let (_, second) = twice(&medium, |calls| {
            (calls.fail_write, calls.fail_cut) = (false, false)
        });
        assert!(second.unwrap_err().to_string().contains("taken back"));
        assert_eq!(medium.0.lock().unwrap().text, b"b1\n22");
    }
}
