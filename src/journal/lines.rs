//! A journal as text: one JSON object a line. Reading tells what a crash leaves behind from damage.

use std::io::{BufRead, BufReader, Read};

use serde::Deserialize;

use super::entry::is_readable;
use super::{JournalEntry, JournalError, JournalErrorKind, JournalRecord};
use crate::outcome::SCHEMA;

/// In bytes, the end of the line included: room for texts far longer than any that this crate makes, and a bound
/// for what a file that is no journal can make us hold.
pub(super) const LONGEST_LINE: usize = 4 << 20;

/// How the first line of a journal begins: `0` stands for a digit, `x` for a hexadecimal one.
const BEGINNING: &[u8] =
    br#"{"at":"0000-00-00T00:00:00.000Z","run":"xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx","record":"begin","schema":"#;

/// What was found besides the entries.
#[derive(Debug, Default)]
pub(super) struct Scan {
    /// Up to where the journal is whole, in bytes.
    pub(super) length: u64,
    /// The number of the last line, if a crash left it unfinished.
    pub(super) torn: Option<u64>,
}

/// Makes a line of an entry, and makes sure that it can be read again: a line that cannot would cost the journal.
pub(super) fn write(entry: &JournalEntry, subject: &str) -> Result<Vec<u8>, JournalError> {
    let refuse = |reason: String| {
        Err(JournalError::new(
            JournalErrorKind::Refused,
            subject,
            reason,
            "shorten or correct what the entry says; nothing was written",
        ))
    };
    let Ok(mut line) = serde_json::to_vec(entry) else {
        return refuse("cannot take an entry that has no form as JSON".into());
    };
    line.push(b'\n');
    if line.len() > LONGEST_LINE {
        return refuse(format!(
            "cannot take an entry of more than {LONGEST_LINE} bytes as JSON"
        ));
    }
    if !is_readable(&line) {
        return refuse("cannot take an entry that could not be read again".into());
    }
    Ok(line)
}

/// Gives the entries to `visit` until it returns `false`. Nothing that stands in the file gets into an error.
pub(super) fn scan(
    source: impl Read,
    subject: &str,
    visit: &mut dyn FnMut(JournalEntry) -> bool,
) -> Result<Scan, JournalError> {
    let mut source = BufReader::new(source);
    let mut found = Scan::default();
    let mut line = Vec::new();
    for number in 1.. {
        line.clear();
        let limit = LONGEST_LINE as u64 + 1;
        let read = source.by_ref().take(limit).read_until(b'\n', &mut line);
        if read.map_err(|error| unreadable(subject, error))? == 0 {
            break;
        }
        if line.len() > LONGEST_LINE {
            return Err(damaged(subject, number, "is too long for an entry".into()));
        }
        let is_whole = line.ends_with(b"\n");
        let is_last = source
            .fill_buf()
            .map_err(|error| unreadable(subject, error))?
            .is_empty();
        let entry = match serde_json::from_slice::<JournalEntry>(&line) {
            // Without its end it was never acknowledged, even if it can be read.
            _ if !is_whole => Err("has no end".to_owned()),
            Ok(entry) => Ok(entry),
            Err(error) if error.is_data() => {
                return Err(unknown(subject, number, &line));
            }
            Err(error) => Err(format!("is not JSON at column {}", error.column())),
        };
        match entry {
            Ok(entry) => {
                check_begin(subject, number, &entry)?;
                found.length += line.len() as u64;
                if !visit(entry) {
                    break;
                }
            }
            Err(_) if is_last && (number > 1 || (!is_whole && begins(&line))) => {
                found.torn = Some(number);
                break;
            }
            Err(reason) => return Err(damaged(subject, number, reason)),
        }
    }
    Ok(found)
}

/// Can this be the first part of the first line of a journal? If not, cutting it off would destroy a file that is not ours.
fn begins(line: &[u8]) -> bool {
    line.iter().zip(BEGINNING).all(|(byte, wanted)| match wanted {
        b'0' => byte.is_ascii_digit(),
        b'x' => byte.is_ascii_hexdigit(),
        _ => byte == wanted,
    })
}

fn check_begin(subject: &str, number: u64, entry: &JournalEntry) -> Result<(), JournalError> {
    match entry.record {
        JournalRecord::Begin { schema, .. } if schema != SCHEMA => Err(other_schema(subject, number, schema)),
        JournalRecord::Begin { .. } => Ok(()),
        _ if number == 1 => Err(foreign(subject)),
        _ => Ok(()),
    }
}

/// JSON, but not an entry as this version knows them.
fn unknown(subject: &str, number: u64, line: &[u8]) -> JournalError {
    #[derive(Deserialize)]
    struct Beginning {
        record: String,
        schema: u64,
    }
    match serde_json::from_slice::<Beginning>(line) {
        Ok(begin) if begin.record == "begin" && begin.schema != SCHEMA => {
            other_schema(subject, number, begin.schema)
        }
        _ => damaged(subject, number, "is not an entry that this version knows".into()),
    }
}

fn damaged(subject: &str, line: u64, reason: String) -> JournalError {
    if line == 1 {
        return foreign(subject);
    }
    JournalError::new(
        JournalErrorKind::Damaged { line },
        subject,
        format!("is damaged: line {line} {reason}"),
        "keep a copy of the file, then mend the line or begin a new journal; nothing was written",
    )
}

fn foreign(subject: &str) -> JournalError {
    JournalError::new(
        JournalErrorKind::Foreign,
        subject,
        "is no journal: line 1 is not the beginning of a run",
        "give the path of a journal or of a file that is not there yet; nothing was written",
    )
}

fn other_schema(subject: &str, line: u64, schema: u64) -> JournalError {
    JournalError::new(
        JournalErrorKind::Foreign,
        subject,
        format!("is written in schema {schema} from line {line} on, and this version knows schema {SCHEMA}"),
        "use the version of keyrevoke that wrote it, or begin a new journal; nothing was written",
    )
}

fn unreadable(subject: &str, error: std::io::Error) -> JournalError {
    JournalError::new(
        JournalErrorKind::Io,
        subject,
        "cannot be read",
        "mend what the system complains about, then try again",
    )
    .with_source(error)
}
