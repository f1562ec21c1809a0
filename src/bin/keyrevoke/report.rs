//! `keyrevoke report`: what a journal comes to, for the incident's ticket.

mod cells;
mod page;
mod render;
mod save;

use std::error::Error;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use keyrevoke::KeyState;
use keyrevoke::journal::{FileJournal, JournalError, Receipt, Receipts};

use crate::Exit;
use crate::output::{self, LocalFailure};

#[derive(Args)]
pub(crate) struct Arguments {
    /// The journal; the run that writes it may still go on.
    file: PathBuf,

    /// How the report is written to standard output: as a table where nothing is said, and as its counts alone
    /// beside a page.
    #[arg(long, value_enum)]
    format: Option<Format>,

    /// Writes the report to this file, as a page to look at, to print and to send: it loads nothing, needs no script and
    /// holds no secret. Only its owner may read the file. A file that is not such a page is not overwritten.
    #[arg(long, value_name = "PAGE")]
    html: Option<PathBuf>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Format {
    /// For a terminal.
    Table,
    /// One row a key, safe to open in a spreadsheet.
    Csv,
    /// One object.
    Json,
    /// For a ticket.
    Markdown,
    /// The page that --html writes.
    Html,
}

pub(crate) fn run(arguments: &Arguments) -> Result<Exit, LocalFailure> {
    let mut receipts = Receipts::new();
    FileJournal::read(&arguments.file, |entry| receipts.add(entry)).map_err(unreadable)?;
    let report = Report::new(receipts);
    if let Some(file) = &arguments.html {
        save::page(file, &page::html(&report))?;
    }
    let text = match arguments.format {
        None if arguments.html.is_some() => report.counts(),
        None | Some(Format::Table) => render::table(&report),
        Some(Format::Csv) => render::csv(&report)?,
        Some(Format::Json) => render::json(&report)?,
        Some(Format::Markdown) => render::markdown(&report),
        Some(Format::Html) => page::html(&report),
    };
    output::line(text.trim_end())?;
    if matches!(arguments.format, Some(Format::Csv)) {
        // The rows have no place for it.
        report.gaps().iter().for_each(|gap| output::complain(gap));
    }
    Ok(report.exit())
}

/// What the report says, whatever its form.
struct Report {
    receipts: Vec<Receipt>,
    missing: u64,
    is_finished: bool,
}

const IN_FLIGHT: &str = "Verify at the provider whether the key still works: a request was about to leave, and no outcome of it is written.";

impl Report {
    fn new(receipts: Receipts) -> Self {
        Self {
            missing: receipts.missing(),
            is_finished: receipts.is_finished(),
            receipts: receipts.into_vec(),
        }
    }

    fn count(&self, state: KeyState) -> usize {
        self.receipts
            .iter()
            .filter(|receipt| receipt.state() == state && !receipt.is_in_flight())
            .count()
    }

    fn in_flight(&self) -> usize {
        self.receipts
            .iter()
            .filter(|receipt| receipt.is_in_flight())
            .count()
    }

    fn counts(&self) -> String {
        let count = |state| self.count(state);
        format!(
            "{} dead, {} live, {} unknown, {} in flight",
            count(KeyState::Dead),
            count(KeyState::Live),
            count(KeyState::Unknown),
            self.in_flight()
        )
    }

    /// What the journal lacks.
    fn gaps(&self) -> Vec<String> {
        let mut gaps = Vec::new();
        if self.missing > 0 {
            gaps.push(format!(
                "Keys that were planned and have no entry: at least {}. Run again for those that are not listed.",
                self.missing
            ));
        }
        if !self.is_finished {
            gaps.push("A run has no end: it still goes on, or it was cut off.".to_owned());
        }
        if self.receipts.is_empty() {
            gaps.push("The journal speaks of no key.".to_owned());
        }
        gaps
    }

    /// What a person must do, and about which keys: those in flight first, then those that are live.
    fn next_steps(&self) -> Vec<(String, Vec<&Receipt>)> {
        let mut steps: Vec<(String, Vec<&Receipt>)> = Vec::new();
        let rank = |receipt: &&Receipt| match (receipt.is_in_flight(), receipt.state()) {
            (true, _) => 0,
            (_, KeyState::Live) => 1,
            (_, KeyState::Unknown) => 2,
            (_, KeyState::Dead) => 3,
        };
        let mut receipts: Vec<&Receipt> = self.receipts.iter().collect();
        receipts.sort_by_key(rank);
        for receipt in receipts {
            let Some(sentence) = next_step(receipt) else {
                continue;
            };
            match steps.iter_mut().find(|(known, _)| *known == sentence) {
                Some((_, keys)) => keys.push(receipt),
                None => steps.push((sentence, vec![receipt])),
            }
        }
        steps
    }

    /// A journal that says nothing of a key says nothing of its death either.
    fn exit(&self) -> Exit {
        let is_doubtful = self.count(KeyState::Unknown) + self.in_flight() > 0;
        if self.count(KeyState::Live) > 0 {
            Exit::SomeLive
        } else if is_doubtful || self.missing > 0 || self.receipts.is_empty() {
            Exit::SomeUnknown
        } else {
            Exit::AllDead
        }
    }
}

/// `None` where nothing is left to do.
fn next_step(receipt: &Receipt) -> Option<String> {
    match &receipt.result {
        None => Some(IN_FLIGHT.to_owned()),
        Some(Ok(dead)) if dead.propagation().is_none() && !dead.is_reversible() => None,
        Some(result) => Some(output::next_step(result)),
    }
}

/// The state as people see it.
fn state(receipt: &Receipt) -> String {
    if receipt.is_in_flight() {
        return "IN FLIGHT".to_owned();
    }
    receipt.state().as_str().to_uppercase()
}

/// Why the key is in its state, and what was said otherwise.
fn why(receipt: &Receipt) -> String {
    let mut text = match (&receipt.result, receipt.began) {
        (Some(result), _) => output::reason(result),
        (None, Some(began)) => format!("no outcome since {}", keyrevoke::timestamp::format(began)),
        (None, None) => "no outcome".to_owned(),
    };
    if let Some((at, dead)) = &receipt.disputed {
        let (at, reason) = (
            keyrevoke::timestamp::format(*at),
            output::reason(&Ok(dead.clone())),
        );
        text.push_str(&format!("; before that, dead at {at}: {reason}"));
    } else if let Some(later) = &receipt.later {
        text.push_str(&format!("; after that: {}", output::reason(&Err(later.clone()))));
    }
    text
}

fn unreadable(error: JournalError) -> LocalFailure {
    let cause = error.source().map(|cause| format!(" ({cause})"));
    std::io::Error::other(format!("{error}{}", cause.unwrap_or_default())).into()
}
