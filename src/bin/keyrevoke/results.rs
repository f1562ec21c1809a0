//! Results as they come: lines on standard output, and on a terminal a bar that counts them.

use std::collections::HashMap;
use std::io::{self, IsTerminal};

use indicatif::{ProgressBar, ProgressStyle};
use keyrevoke::{Delivery, ErrorKind, KeyRef, KeyState, RevokeError, RevokeResult};
use serde::Serialize;

use crate::Exit;
use crate::output::{self, LocalFailure};
use crate::revoke::Arguments;
use crate::rows::Refused;

pub(crate) struct Results {
    json: bool,
    colourful: bool,
    bar: Option<ProgressBar>,
    counts: HashMap<KeyState, u64>,
    /// Keys that were not tried because nobody could have read what became of them.
    not_tried: u64,
    /// Why this machine failed.
    failure: Option<LocalFailure>,
    /// Can standard output not be written to?
    lost: bool,
}

#[derive(Serialize)]
struct Line<'a> {
    key: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<u64>,
    #[serde(flatten)]
    result: Outcome<'a>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Outcome<'a> {
    Dead(&'a keyrevoke::Revocation),
    Not(&'a RevokeError),
}

impl Results {
    pub(crate) fn new(arguments: &Arguments, keys: usize) -> Self {
        // Drawn where people look and programs do not read.
        let has_bar = arguments.from.is_some() && keys > 1 && io::stderr().is_terminal();
        Self {
            json: arguments.json,
            colourful: output::is_colourful(),
            bar: has_bar.then(|| bar(keys as u64)),
            counts: HashMap::new(),
            not_tried: 0,
            failure: None,
            lost: false,
        }
    }

    pub(crate) fn add(&mut self, key: &KeyRef, result: &RevokeResult) {
        self.write(Some(key.as_str()), None, result);
    }

    /// A key of a list that was skipped.
    pub(crate) fn refused(&mut self, refused: &Refused) {
        let provider = refused
            .key
            .as_ref()
            .map_or("keyrevoke", KeyRef::provider)
            .to_owned();
        let error = RevokeError::new(provider, ErrorKind::InvalidInput, KeyState::Live);
        let error = error.with_detail(refused.to_string());
        self.write(
            refused.key.as_ref().map(KeyRef::as_str),
            Some(refused.line),
            &Err(error),
        );
    }

    /// Something that people should know besides.
    pub(crate) fn note(&self, text: &str) {
        self.aside(|| output::complain(text));
    }

    pub(crate) fn fail(&mut self, error: io::Error) {
        self.failure.get_or_insert(error.into());
    }

    /// Is there nobody left to tell?
    pub(crate) fn is_lost(&self) -> bool {
        self.lost
    }

    fn write(&mut self, key: Option<&str>, line: Option<u64>, result: &RevokeResult) {
        let state = KeyState::from(result);
        *self.counts.entry(state).or_default() += 1;
        if self.lost {
            return self.write_elsewhere(key, result);
        }
        let text = if self.json {
            let outcome = match result {
                Ok(dead) => Outcome::Dead(dead),
                Err(error) => Outcome::Not(error),
            };
            let line = Line {
                key,
                line,
                result: outcome,
            };
            serde_json::to_string(&line).unwrap_or_default()
        } else {
            self.text(key, result, self.colourful)
        };
        let written = self.aside(|| output::line(&text));
        self.progress();
        if let Err(failure) = written {
            self.lost = true;
            self.failure.get_or_insert(failure);
            self.write_elsewhere(key, result);
        }
    }

    /// Standard output is gone; what was done must not go with it.
    fn write_elsewhere(&mut self, key: Option<&str>, result: &RevokeResult) {
        let was_sent = !matches!(result, Err(error) if error.delivery() == Delivery::NotSent);
        if was_sent {
            let text = self.text(key, result, false);
            self.note(&format!("this result could not be written: {text}"));
        } else {
            self.not_tried += 1;
        }
    }

    fn text(&self, key: Option<&str>, result: &RevokeResult, colourful: bool) -> String {
        let state = KeyState::from(result);
        let mut text = format!(
            "{} {}  {}",
            output::state(state, colourful),
            key.unwrap_or("?"),
            output::reason(result)
        );
        if state != KeyState::Dead {
            text.push_str(&format!("\n        next: {}", output::next_step(result)));
        }
        text
    }

    fn count(&self, state: KeyState) -> u64 {
        self.counts.get(&state).copied().unwrap_or_default()
    }

    fn summary(&self) -> String {
        let counts = [KeyState::Dead, KeyState::Live, KeyState::Unknown].map(|state| self.count(state));
        format!("{} dead, {} live, {} unknown", counts[0], counts[1], counts[2])
    }

    fn progress(&self) {
        if let Some(bar) = &self.bar {
            bar.set_message(self.summary());
            bar.inc(1);
        }
    }

    /// Does something without the bar in the way.
    fn aside<T>(&self, act: impl FnOnce() -> T) -> T {
        match &self.bar {
            Some(bar) => bar.suspend(act),
            None => act(),
        }
    }

    pub(crate) fn finish(mut self) -> Result<Exit, LocalFailure> {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
        if self.not_tried > 0 {
            output::complain(&format!("the other {} keys were not tried", self.not_tried));
        }
        if !self.lost && !self.json && self.counts.values().sum::<u64>() > 1 {
            output::line(&self.summary())?;
        }
        match self.failure {
            Some(failure) => Err(failure),
            None => Ok(
                match (self.count(KeyState::Live), self.count(KeyState::Unknown)) {
                    (0, 0) => Exit::AllDead,
                    (0, _) => Exit::SomeUnknown,
                    _ => Exit::SomeLive,
                },
            ),
        }
    }
}

fn bar(keys: u64) -> ProgressBar {
    let colours = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    let template = if colours {
        "{bar:30.green} {pos}/{len}  {msg}  {eta} left"
    } else {
        "{bar:30} {pos}/{len}  {msg}  {eta} left"
    };
    let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::new(keys).with_style(style)
}
