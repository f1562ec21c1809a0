//! Lines of an input that may be anything: of bounded length, and text.

use std::io::{self, BufRead, Read};

/// In bytes, without the line break.
pub(super) const LONGEST: usize = 64 * 1024;

/// A line, or why it is none; and its number, from 1.
type Numbered<'a> = (u64, Result<&'a str, &'static str>);

pub(super) struct Lines<R> {
    input: R,
    number: u64,
    bytes: Vec<u8>,
}

impl<R: BufRead> Lines<R> {
    pub(super) fn new(input: R) -> Self {
        Self {
            input,
            number: 0,
            bytes: Vec::new(),
        }
    }

    /// The next line without its line break and without a byte order mark; `None` at the end.
    pub(super) fn next(&mut self) -> io::Result<Option<Numbered<'_>>> {
        // With room for CR LF.
        const READ: usize = LONGEST + 2;
        self.bytes.clear();
        let mut input = self.input.by_ref().take(READ as u64);
        if input.read_until(b'\n', &mut self.bytes)? == 0 {
            return Ok(None);
        }
        self.number += 1;
        if self.bytes.len() == READ && !self.bytes.ends_with(b"\n") {
            self.input.skip_until(b'\n')?;
            return Ok(Some((self.number, Err(TOO_LONG))));
        }
        let mut line = self.bytes.as_slice();
        line = line.strip_suffix(b"\n").unwrap_or(line);
        line = line.strip_suffix(b"\r").unwrap_or(line);
        if self.number == 1 {
            line = line.strip_prefix("\u{feff}".as_bytes()).unwrap_or(line);
        }
        let text = match std::str::from_utf8(line) {
            _ if line.len() > LONGEST => Err(TOO_LONG),
            Ok(text) if text.contains('\0') => Err("holds a NUL character; give a text file"),
            Ok(text) => Ok(text),
            Err(_) => Err("is not valid UTF-8 (not shown); save the list as UTF-8"),
        };
        Ok(Some((self.number, text)))
    }
}

const TOO_LONG: &str = "is longer than 64 KiB; give one key a line";
