//! The keys that are asked for, wherever they come from, and where each stands.

use std::fmt;

use keyrevoke::{Expectation, InvalidInput, KeyRef, PlanProblem};

use crate::checks;
use crate::list;
use crate::output::{self, LocalFailure};
use crate::revoke::Arguments;

/// What is to be revoked.
pub(crate) struct Rows {
    pub(crate) keys: Vec<KeyRef>,
    pub(crate) places: Places,
    /// What single keys must be.
    pub(crate) expected: Vec<(KeyRef, Expectation)>,
    /// What is no key at all.
    pub(crate) refused: Vec<Refused>,
    /// Was --secret-from the secret of a key itself?
    pub(crate) took_secret: bool,
}

/// Where the keys stand.
pub(crate) struct Places {
    /// `None` for the command line.
    list: Option<String>,
    /// The line of each key.
    lines: Vec<u64>,
}

/// A key that is not sent.
pub(crate) struct Refused {
    place: String,
    pub(crate) line: u64,
    /// `None` where it cannot be told which key was meant.
    pub(crate) key: Option<KeyRef>,
    pub(crate) reason: String,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.place, self.reason)
    }
}

impl Rows {
    pub(crate) fn read(arguments: &Arguments) -> Result<Self, LocalFailure> {
        match &arguments.from {
            None => Self::of_command_line(arguments),
            Some(path) => {
                let list = list::read_from(path, arguments.format, list::key)?;
                let name = if path.as_os_str() == "-" {
                    "standard input".to_owned()
                } else {
                    output::path(path)
                };
                Ok(Self::of_list(name, list))
            }
        }
    }

    fn of_command_line(arguments: &Arguments) -> Result<Self, LocalFailure> {
        let places = Places {
            list: None,
            lines: Vec::new(),
        };
        let mut rows = Self {
            keys: Vec::new(),
            places,
            expected: Vec::new(),
            refused: Vec::new(),
            took_secret: false,
        };
        for (index, text) in arguments.keys.iter().enumerate() {
            let line = index as u64 + 1;
            let key = if list::takes_secret(text) {
                match (&arguments.secret_from, rows.took_secret) {
                    (Some(path), false) => {
                        rows.took_secret = true;
                        checks::secret(path)?.and_then(|secret| list::of_secret(text, secret))
                    }
                    _ => Err(without_secret(text)),
                }
            } else {
                text.parse()
            };
            match key {
                Ok(key) => {
                    rows.keys.push(key);
                    rows.places.lines.push(line);
                }
                Err(problem) => rows.refused.push(rows.places.at(line, None, problem)),
            }
        }
        Ok(rows)
    }

    fn of_list(name: String, list: list::List) -> Self {
        let refused = list.problems.into_iter().map(|problem| Refused {
            place: String::new(),
            line: problem.line,
            key: None,
            reason: problem.to_string(),
        });
        let mut refused: Vec<Refused> = refused.collect();
        let places = Places {
            list: Some(name),
            lines: Vec::new(),
        };
        let mut expected = Vec::new();
        for row in list.rows.iter().filter(|row| !row.expect.is_empty()) {
            let fields = row.expect.iter().map(|(field, value)| (field.name(), &**value));
            match checks::expectation(fields) {
                Ok(expectation) => expected.push((row.key.clone(), expectation)),
                Err(problem) => refused.push(places.at(row.line, Some(row.key.clone()), problem)),
            }
        }
        let (lines, keys) = list.rows.into_iter().map(|row| (row.line, row.key)).unzip();
        Self {
            keys,
            places: Places { lines, ..places },
            expected,
            refused,
            took_secret: false,
        }
    }
}

/// The name of a provider that revokes by the secret, and no secret for it.
fn without_secret(name: &str) -> InvalidInput {
    InvalidInput::new(
        name.to_owned(),
        format!("{name} key"),
        "is named by its provider alone, which has to be told the secret",
        "give it by --secret-from FILE (- for standard input); of several keys, in a list by --from",
    )
}

impl Places {
    /// A key of these that cannot be planned.
    pub(crate) fn refused(&self, problem: &PlanProblem, reason: InvalidInput) -> Refused {
        let line = self
            .lines
            .get(problem.position() - 1)
            .copied()
            .unwrap_or_default();
        self.at(line, Some(problem.key().clone()), reason)
    }

    fn at(&self, line: u64, key: Option<KeyRef>, reason: InvalidInput) -> Refused {
        let place = match &self.list {
            Some(name) => format!("{name} line {line}: "),
            None => format!("key {line}: "),
        };
        Refused {
            place,
            line,
            key,
            reason: reason.to_string(),
        }
    }
}
