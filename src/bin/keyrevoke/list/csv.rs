//! The CSV form of a list. A quoted cell may hold line breaks, so a record can be more than one line.

use csv_core::{ReadRecordResult, Reader};
use keyrevoke::{InvalidInput, KeyRef};

use super::lines::LONGEST;
use super::{Collector, Expected, takes_secret};

const MOST_COLUMNS: usize = 1000;

pub(super) struct Table {
    reader: Reader,
    /// The cells of the record that is being read, one after the other, and where each ends.
    cells: Vec<u8>,
    ends: Vec<usize>,
    /// How much of both is filled.
    filled: (usize, usize),
    /// The line on which the record begins.
    began: u64,
    header: Header,
}

enum Header {
    Awaited,
    Known(Columns),
    /// Without it no record can be read.
    Wrong,
}

struct Columns {
    count: usize,
    key: Option<usize>,
    /// Whose secret it is, and the secret; of no concern where the provider does not revoke by that.
    secret: Option<(usize, usize)>,
    expect: Vec<(Expected, usize)>,
}

impl Default for Table {
    fn default() -> Self {
        Self {
            reader: Reader::new(),
            cells: vec![0; LONGEST],
            ends: vec![0; MOST_COLUMNS],
            filled: (0, 0),
            began: 0,
            header: Header::Awaited,
        }
    }
}

impl Table {
    /// Takes one line, without its line break.
    pub(super) fn line<P>(&mut self, number: u64, text: &str, into: &mut Collector<P>)
    where
        P: Fn(&str) -> Result<KeyRef, InvalidInput>,
    {
        for mut input in [text.as_bytes(), b"\n"] {
            // To the parser an empty input is the end of everything.
            while !input.is_empty() {
                if self.filled == (0, 0) {
                    self.began = number;
                }
                let (cells, ends) = (&mut self.cells[self.filled.0..], &mut self.ends[self.filled.1..]);
                let (result, read, bytes, cells) = self.reader.read_record(input, cells, ends);
                input = &input[read..];
                self.filled = (self.filled.0 + bytes, self.filled.1 + cells);
                match result {
                    ReadRecordResult::InputEmpty | ReadRecordResult::End => {}
                    ReadRecordResult::Record => {
                        self.record(into);
                        self.filled = (0, 0);
                    }
                    ReadRecordResult::OutputFull | ReadRecordResult::OutputEndsFull => {
                        into.refuse(
                            self.began,
                            "begins a record of more than 64 KiB or 1000 columns; is a quote not closed?",
                        );
                        return self.abandon();
                    }
                }
            }
        }
    }

    /// Forgets the record that is being read, whose lines are known to be wrong.
    pub(super) fn abandon(&mut self) {
        self.reader.reset();
        self.filled = (0, 0);
    }

    /// After the last line.
    pub(super) fn end<P>(&mut self, into: &mut Collector<P>)
    where
        P: Fn(&str) -> Result<KeyRef, InvalidInput>,
    {
        // Every line was given its line break: only within quotes does that not end the record.
        if self.filled != (0, 0) {
            into.refuse(
                self.began,
                "has a quote that is not closed; is the list complete?",
            );
        }
    }

    fn record<P>(&mut self, into: &mut Collector<P>)
    where
        P: Fn(&str) -> Result<KeyRef, InvalidInput>,
    {
        let ends = &self.ends[..self.filled.1];
        let starts = [0].iter().chain(ends);
        let cells = starts.zip(ends).map(|(start, end)| &self.cells[*start..*end]);
        // A line is text before it gets here, and is cut at ASCII characters only.
        let cells: Vec<&str> = cells
            .map(|cell| std::str::from_utf8(cell).unwrap_or("\u{fffd}").trim())
            .collect();
        if cells.iter().all(|cell| cell.is_empty()) {
            return; // as spreadsheets write below their last row
        }
        match &self.header {
            Header::Awaited => {
                self.header = match Columns::from_header(&cells) {
                    Ok(columns) => Header::Known(columns),
                    Err(problems) => {
                        for problem in problems {
                            into.refuse(self.began, problem);
                        }
                        Header::Wrong
                    }
                }
            }
            Header::Known(columns) if columns.count != cells.len() => into.refuse(
                self.began,
                format!(
                    "has {} columns where the header has {}; quote cells that hold commas",
                    cells.len(),
                    columns.count
                ),
            ),
            Header::Known(columns) => {
                let secret = columns.secret.map(|(name, secret)| (cells[name], cells[secret]));
                let secret = secret.filter(|(name, secret)| !secret.is_empty() && takes_secret(name));
                let key = columns.key.map_or("", |key| cells[key]);
                if secret.is_none() && key.is_empty() {
                    let what = match columns.key {
                        Some(_) => "has an empty key column; fill it or remove the line",
                        None => "has no secret of a provider that revokes by it; give ids in a column key",
                    };
                    return into.refuse(self.began, what);
                }
                let stated = columns
                    .expect
                    .iter()
                    .map(|(what, column)| (*what, cells[*column]));
                let stated = stated.filter(|(_, value)| !value.is_empty());
                let expect = stated.map(|(what, value)| (what, value.into())).collect();
                match secret {
                    Some((name, secret)) => into.take_secret(self.began, name, secret, expect),
                    None => into.take(self.began, key, expect),
                }
            }
            Header::Wrong => {}
        }
    }
}

impl Columns {
    fn from_header(names: &[&str]) -> Result<Self, Vec<String>> {
        let mut problems = Vec::new();
        let mut expect: Vec<(Expected, usize)> = Vec::new();
        let names: Vec<String> = names.iter().map(|name| name.to_ascii_lowercase()).collect();
        let named = |name: &str| -> Vec<usize> {
            let columns = 0..names.len();
            columns.filter(|column| names[*column] == name).collect()
        };
        let keys = named("key");
        // Beside the secret stands whose it is: by a column of its own, or in that of the keys.
        let secret = match (&named("provider")[..], &keys[..], &named("secret")[..]) {
            ([name], _, [secret]) | ([], [name], [secret]) => Some((*name, *secret)),
            _ => None,
        };
        if keys.len() > 1 || (keys.is_empty() && secret.is_none()) {
            problems.push(format!(
                "is a header with {} columns named key; give one, and separate columns by commas",
                keys.len()
            ));
        }
        for (column, name) in names.iter().enumerate() {
            match Expected::from_name(name) {
                None => {}
                Some(Ok(what)) if expect.iter().any(|(known, _)| *known == what) => {
                    problems.push(format!("is a header that names {name} twice; give it once"));
                }
                Some(Ok(what)) => expect.push((what, column)),
                Some(Err(reason)) => problems.push(format!("column {} {reason}", column + 1)),
            }
        }
        if !problems.is_empty() {
            return Err(problems);
        }
        Ok(Self {
            count: names.len(),
            key: keys.first().copied(),
            secret,
            expect,
        })
    }
}
