//! A journal in a file.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::{self, JoinHandle};

use tokio::sync::{mpsc, oneshot};

use super::lines::{self, Scan};
use super::writer::{Append, MOST_WAITING, Writer};
use super::{Journal, JournalEntry, JournalError, JournalErrorKind, JournalRecord};
use crate::observer::BoxFuture;

/// A journal in a file: one JSON object a line, only ever appended to.
///
/// An entry whose [`append`](Journal::append) returned `Ok` is on the disk (`fdatasync`), as far as the disk tells the
/// truth. Appends that wait at the same time are written and synced together. If the disk is full, the appends that
/// wait get the error, what was written of them is taken back, and later ones are tried anew; if a sync fails, the
/// journal takes nothing more until it is opened anew. It needs no runtime.
///
/// One at a time: an exclusive lock is held until it is dropped, which waits for what is being written. A network file
/// system may not keep that promise.
#[derive(Debug)]
pub struct FileJournal {
    subject: String,
    file: Arc<File>,
    /// How much of the file is written and synced, in bytes.
    length: Arc<AtomicU64>,
    appends: Option<mpsc::Sender<Append>>,
    writer: Option<JoinHandle<()>>,
}

impl FileJournal {
    /// Opens a journal, or makes one that only its owner may read (mode 0600). Blocks while the file is checked.
    ///
    /// A last line that a crash left unfinished is cut off and a warning is logged: nobody was told that it was written.
    /// Anything else that is not a whole journal of this schema is an error, and nothing is written.
    pub fn open(path: impl Into<PathBuf>) -> Result<Self, JournalError> {
        let path = path.into();
        let subject = subject(&path);
        let failed = |reason: &str, error| failed(&subject, reason, error);
        let mut options = OpenOptions::new();
        options.read(true).append(true).create(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = open_file(&path, &subject, &options)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(JournalError::new(
                    JournalErrorKind::Locked,
                    subject,
                    "is held by another run",
                    "wait until that one ends, or give this one a journal of its own",
                ));
            }
            Err(TryLockError::Error(error)) => return Err(failed("cannot be locked", error)),
        }
        let Scan { length, torn } = lines::scan(&file, &subject, &mut |_| true)?;
        if let Some(line) = torn {
            file.set_len(length)
                .map_err(|error| failed("cannot be cut back to its last whole line", error))?;
            tracing::warn!(
                "{subject}: line {line} was left unfinished and is cut off; the journal now ends at byte {length}"
            );
        }
        // What an earlier run wrote and could not sync any more is built upon from now on.
        file.sync_all()
            .map_err(|error| failed("cannot be made safe against a power cut", error))?;
        if length == 0 {
            sync_directory(&path)
                .map_err(|error| failed("lies in a directory that cannot be synced", error))?;
        }
        let file = Arc::new(file);
        let length = Arc::new(AtomicU64::new(length));
        let writer = Writer {
            medium: Arc::clone(&file),
            subject: subject.clone(),
            length: Arc::clone(&length),
            broken: None,
        };
        let (appends, waiting) = mpsc::channel(MOST_WAITING);
        let thread = thread::Builder::new().name("keyrevoke-journal".into());
        let writer = thread
            .spawn(move || writer.run(waiting))
            .map_err(|error| failed("cannot be given a thread", error))?;
        Ok(Self {
            subject,
            file,
            length,
            appends: Some(appends),
            writer: Some(writer),
        })
    }

    /// Gives every entry of a journal, oldest first, without taking its lock, while a run goes on for instance. Entries
    /// may be among them that are not synced yet; a last line that is not whole is passed over. Blocks.
    ///
    /// On an error some entries may have been given already.
    pub fn read(path: impl AsRef<Path>, mut visit: impl FnMut(JournalEntry)) -> Result<(), JournalError> {
        let subject = subject(path.as_ref());
        let file = open_file(path.as_ref(), &subject, OpenOptions::new().read(true))?;
        let mut visit = |entry| {
            visit(entry);
            true
        };
        lines::scan(&file, &subject, &mut visit).map(drop)
    }

    fn ended(&self) -> JournalError {
        let remedy = "open the journal anew";
        JournalError::new(
            JournalErrorKind::Io,
            self.subject.clone(),
            "is written no more",
            remedy,
        )
    }
}

impl Journal for FileJournal {
    fn append<'a>(&'a self, entry: &'a JournalEntry) -> BoxFuture<'a, Result<(), JournalError>> {
        Box::pin(async move {
            let appends = self.appends.as_ref().ok_or_else(|| self.ended())?;
            // A place first and the line then, so that no more lines are held than there are places.
            let place = appends.reserve().await.map_err(|_| self.ended())?;
            let (done, answer) = oneshot::channel();
            place.send(Append {
                line: lines::write(entry, &self.subject)?,
                begins: matches!(entry.record, JournalRecord::Begin { .. }),
                done,
            });
            answer.await.unwrap_or_else(|_| Err(self.ended()))
        })
    }

    fn replay<'a>(
        &'a self,
        visit: &'a mut (dyn FnMut(JournalEntry) + Send),
    ) -> BoxFuture<'a, Result<(), JournalError>> {
        Box::pin(async move {
            let (entries, mut read) = mpsc::channel(MOST_WAITING);
            let source = Part {
                file: Arc::clone(&self.file),
                at: 0,
                end: self.length.load(Ordering::Acquire),
            };
            let subject = self.subject.clone();
            let reader = thread::Builder::new()
                .name("keyrevoke-replay".into())
                .spawn(move || {
                    lines::scan(source, &subject, &mut |entry| {
                        entries.blocking_send(entry).is_ok()
                    })
                })
                .map_err(|error| failed(&self.subject, "cannot be given a thread", error))?;
            while let Some(entry) = read.recv().await {
                visit(entry);
            }
            match reader.join() {
                Ok(Ok(Scan { torn: None, .. })) => Ok(()),
                Ok(Ok(_)) | Err(_) => Err(JournalError::new(
                    JournalErrorKind::Io,
                    self.subject.clone(),
                    "was changed by something else while it was open",
                    "keep a copy of the file, then open the journal anew",
                )),
                Ok(Err(error)) => Err(error),
            }
        })
    }
}

impl Drop for FileJournal {
    fn drop(&mut self) {
        self.appends = None;
        if let Some(writer) = self.writer.take() {
            let _ = writer.join();
        }
        // A replay that was given up may hold the file open for a moment longer.
        let _ = self.file.unlock();
    }
}

/// The file from one byte to another, whatever else is done with it.
struct Part {
    file: Arc<File>,
    at: u64,
    end: u64,
}

impl Read for Part {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = usize::try_from(self.end - self.at).unwrap_or(usize::MAX);
        let most = left.min(buffer.len());
        #[cfg(unix)]
        let read = std::os::unix::fs::FileExt::read_at(&*self.file, &mut buffer[..most], self.at)?;
        #[cfg(windows)]
        let read = std::os::windows::fs::FileExt::seek_read(&*self.file, &mut buffer[..most], self.at)?;
        self.at += read as u64;
        Ok(read)
    }
}

fn subject(path: &Path) -> String {
    format!("journal {}", path.display())
}

fn failed(subject: &str, reason: &str, error: io::Error) -> JournalError {
    let remedy = "mend what the system complains about, then try again";
    JournalError::new(JournalErrorKind::Io, subject, reason, remedy).with_source(error)
}

/// Regular files only: what is written to a device or a pipe is gone, and opening one can block.
fn open_file(path: &Path, subject: &str, options: &OpenOptions) -> Result<File, JournalError> {
    let check = |metadata: fs::Metadata| match metadata.is_file() {
        true => Ok(()),
        false => Err(JournalError::new(
            JournalErrorKind::Foreign,
            subject,
            "is not a regular file",
            "give the path of a file on a disk",
        )),
    };
    if let Ok(metadata) = fs::metadata(path) {
        check(metadata)?;
    }
    let unopened = |error| failed(subject, "cannot be opened", error);
    let file = options.open(path).map_err(unopened)?;
    check(file.metadata().map_err(unopened)?)?;
    Ok(file)
}

/// A new file's name is in its directory, which is synced by itself.
fn sync_directory(path: &Path) -> io::Result<()> {
    #[cfg(unix)]
    {
        // Where the file really lies, should the path be a link.
        let path = path.canonicalize()?;
        File::open(path.parent().unwrap_or(Path::new("/")))?.sync_all()?;
    }
    #[cfg(not(unix))]
    let _ = path;
    Ok(())
}
