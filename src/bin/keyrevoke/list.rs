//! Lists of keys: one a line, CSV, or JSON Lines. Every wrong line is reported, all at once, and none is shown: a
//! list that is made in a hurry may hold the secrets instead of the ids.

mod csv;
mod json_lines;
mod lines;

use std::fmt;
use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::Path;
use std::sync::Arc;

use clap::ValueEnum;
use keyrevoke::{InvalidInput, KeyRef, Secret};

use self::csv::Table;
use self::lines::Lines;
use crate::known;
use crate::output;

/// How a list is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// Whichever of the others the first line looks like.
    #[default]
    Auto,
    /// One key a line; # begins a comment.
    Lines,
    /// Columns separated by commas, under a header that names the column `key`, or `provider` and `secret`.
    Csv,
    /// One JSON object a line, with a member `key`, or `provider` and `secret`.
    #[value(alias = "jsonl")]
    JsonLines,
}

/// What a list amounts to. With a single problem none of its rows may be acted upon.
#[derive(Default)]
pub(crate) struct List {
    /// In the order of input; what is named twice is here twice.
    pub(crate) rows: Vec<Row>,
    pub(crate) problems: Vec<Problem>,
}

/// One key of a list. There may be very many.
pub(crate) struct Row {
    /// The number of the line on which it begins.
    pub(crate) line: u64,
    pub(crate) key: KeyRef,
    /// What the key must be like at the provider.
    pub(crate) expect: Vec<(Expected, Box<str>)>,
}

/// A fact about a key that a list may state, as column or member `expect_…`, so that a wrong id can be noticed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Expected {
    Name,
    Prefix,
    Last4,
    Owner,
    CreatedBefore,
}

impl Expected {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Prefix => "prefix",
            Self::Last4 => "last4",
            Self::Owner => "owner",
            Self::CreatedBefore => "created_before",
        }
    }

    /// `None` where the column or member is of no concern. What begins with `expect_` and is not known is an error:
    /// a check that silently is none would be worse.
    fn from_name(name: &str) -> Option<Result<Self, &'static str>> {
        Some(match name.strip_prefix("expect_")? {
            "name" => Ok(Self::Name),
            "prefix" => Ok(Self::Prefix),
            "last4" => Ok(Self::Last4),
            "owner" => Ok(Self::Owner),
            "created_before" => Ok(Self::CreatedBefore),
            _ => Err(
                "begins with expect_ and is not known; give expect_name, expect_prefix, expect_last4, \
                 expect_owner or expect_created_before",
            ),
        })
    }
}

/// What is wrong with a line. Holds nothing of the line itself, but for what [`InvalidInput`] shows.
#[derive(Debug)]
pub(crate) struct Problem {
    list: Arc<str>,
    /// From 1; 0 where it is about the list as a whole.
    pub(crate) line: u64,
    pub(crate) reason: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { list, line, reason } = self;
        match line {
            0 => write!(f, "{list}: {reason}"),
            _ => write!(f, "{list} line {line}: {reason}"),
        }
    }
}

/// The key that a list gives as text: at a provider that revokes by the secret itself, that stands behind its name.
pub(crate) fn key(text: &str) -> Result<KeyRef, InvalidInput> {
    text.parse().or_else(|error| match text.split_once(':') {
        Some((name, secret)) if takes_secret(name) => of_secret(name, Secret::new(secret)?),
        _ => Err(error),
    })
}

/// Is this the name of a provider that revokes by the secret itself, with or without a tenant's?
pub(crate) fn takes_secret(name: &str) -> bool {
    let provider = name.split_once('@').map_or(name, |(provider, _)| provider);
    // What has a key or a secret behind it is more than a name, and must not be shown.
    !name.contains(':') && known::provider(provider).is_ok_and(|provider| provider.revokes_by_secret())
}

/// The key of this secret at PROVIDER, or at PROVIDER@TENANT.
pub(crate) fn of_secret(name: &str, secret: Secret) -> Result<KeyRef, InvalidInput> {
    let (provider, tenant) = match name.split_once('@') {
        Some((provider, tenant)) => (provider, Some(tenant)),
        None => (name, None),
    };
    let key = keyrevoke::provider(provider)?.check_secret(&secret)?;
    tenant.map_or(Ok(key.clone()), |tenant| key.with_tenant(tenant))
}

/// Reads a list from a file, or from standard input where the path is `-`; otherwise as [`read`].
pub(crate) fn read_from(
    path: &Path,
    format: Format,
    parse: impl Fn(&str) -> Result<KeyRef, InvalidInput>,
) -> io::Result<List> {
    let (name, list) = if path == Path::new("-") {
        let name = "standard input".to_owned();
        let list = read(io::stdin().lock(), &name, format, parse);
        (name, list)
    } else {
        let name = output::path(path);
        let file = File::open(path);
        let list = file.and_then(|file| read(BufReader::new(file), &name, format, parse));
        (name, list)
    };
    list.map_err(|error| io::Error::new(error.kind(), format!("cannot read {name}: {error}")))
}

/// Reads a list. `parse` says which key a text names; `name` stands in the problems.
///
/// Fails only where the input cannot be read. No line takes more memory than 64 KiB.
pub(crate) fn read(
    mut input: impl BufRead,
    name: &str,
    format: Format,
    parse: impl Fn(&str) -> Result<KeyRef, InvalidInput>,
) -> io::Result<List> {
    let mut into = Collector {
        list: List::default(),
        name: name.into(),
        left_out: 0,
        parse,
    };
    let start = input.fill_buf()?;
    if start.starts_with(&[0xff, 0xfe]) || start.starts_with(&[0xfe, 0xff]) {
        into.refuse(0, "is UTF-16; save it as UTF-8");
        return Ok(into.list);
    }
    let mut lines = Lines::new(input);
    let mut form = None;
    while let Some((number, text)) = lines.next()? {
        let text = match text {
            Ok(text) => text,
            Err(reason) => {
                into.refuse(number, reason);
                if let Some(Form::Csv(table)) = &mut form {
                    table.abandon();
                }
                continue;
            }
        };
        if form.is_none() && without_comment(text).is_empty() {
            continue;
        }
        match form.get_or_insert_with(|| Form::of(format, text)) {
            Form::Lines => match without_comment(text) {
                "" => {}
                given => into.take(number, given, Vec::new()),
            },
            Form::Csv(table) => table.line(number, text, &mut into),
            Form::JsonLines => match without_comment(text) {
                "" => {}
                _ => json_lines::line(number, text, &mut into),
            },
        }
    }
    if let Some(Form::Csv(table)) = &mut form {
        table.end(&mut into);
    }
    Ok(into.end())
}

enum Form {
    Lines,
    Csv(Box<Table>),
    JsonLines,
}

impl Form {
    /// The form of a list that begins with this line.
    fn of(format: Format, first: &str) -> Self {
        let has = |name: &str| {
            let mut columns = first.split(',').map(|column| column.trim().trim_matches('"'));
            columns.any(|column| column.trim().eq_ignore_ascii_case(name))
        };
        let is_header = || has("key") || (has("provider") && has("secret"));
        match format {
            Format::Lines => Self::Lines,
            Format::Csv => Self::Csv(Box::default()),
            Format::JsonLines => Self::JsonLines,
            Format::Auto if first.trim_start().starts_with('{') => Self::JsonLines,
            Format::Auto if is_header() => Self::Csv(Box::default()),
            Format::Auto => Self::Lines,
        }
    }
}

/// A line without blanks around it, and without a comment: `#` at the beginning or after a blank, and what follows.
fn without_comment(text: &str) -> &str {
    let starts = |at: &usize| text[..*at].chars().next_back().is_none_or(char::is_whitespace);
    let comment = text.match_indices('#').map(|(at, _)| at).find(starts);
    text[..comment.unwrap_or(text.len())].trim()
}

/// Where the readers of all forms put what they found.
struct Collector<P> {
    list: List,
    name: Arc<str>,
    left_out: u64,
    parse: P,
}

/// Enough for whoever mends a list; a file that is none must not fill the memory.
const MOST_PROBLEMS: usize = 10_000;

impl<P: Fn(&str) -> Result<KeyRef, InvalidInput>> Collector<P> {
    /// A key by a column of its own for its secret.
    fn take_secret(&mut self, line: u64, name: &str, secret: &str, expect: Vec<(Expected, Box<str>)>) {
        let key = Secret::new(secret).and_then(|secret| of_secret(name, secret));
        self.add(line, key, expect);
    }

    fn take(&mut self, line: u64, given: &str, expect: Vec<(Expected, Box<str>)>) {
        let key = (self.parse)(given);
        self.add(line, key, expect);
    }

    fn add(&mut self, line: u64, key: Result<KeyRef, InvalidInput>, expect: Vec<(Expected, Box<str>)>) {
        match key {
            Ok(key) => {
                self.list.rows.push(Row { line, key, expect });
            }
            Err(problem) => self.refuse(line, problem.to_string()),
        }
    }

    fn refuse(&mut self, line: u64, reason: impl Into<String>) {
        if self.list.problems.len() >= MOST_PROBLEMS {
            self.left_out += 1;
            return;
        }
        self.list.problems.push(Problem {
            list: Arc::clone(&self.name),
            line,
            reason: reason.into(),
        });
    }

    fn end(mut self) -> List {
        if self.left_out > 0 {
            let reason = format!("{} more problems are not shown", self.left_out);
            let list = Arc::clone(&self.name);
            self.list.problems.push(Problem {
                list,
                line: 0,
                reason,
            });
        } else if self.list.rows.is_empty() && self.list.problems.is_empty() {
            // "Every key is dead" would be true of it.
            self.refuse(0, "names no key; give at least one");
        }
        self.list
    }
}

#[cfg(test)]
mod tests;
