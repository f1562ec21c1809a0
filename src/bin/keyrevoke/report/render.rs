//! The forms of a report.

use comfy_table::{ContentArrangement, Table, presets};
use keyrevoke::journal::Receipt;
use keyrevoke::{KeyState, Revocation, RevokeError, SCHEMA, timestamp};
use serde_json::json;

use super::{Report, cells, next_step, state, why};
use crate::output::{self, LocalFailure};

const HEADER: [&str; 5] = ["state", "key", "at", "by", "why"];

fn row(receipt: &Receipt) -> [String; 5] {
    [
        state(receipt),
        receipt.key.to_string(),
        receipt.at.map(timestamp::format).unwrap_or_default(),
        receipt.by.clone().unwrap_or_default(),
        why(receipt),
    ]
}

pub(super) fn table(report: &Report) -> String {
    let mut table = Table::new();
    table
        .load_style(presets::UTF8_FULL_CONDENSED)
        .set_content_arrangement(ContentArrangement::Dynamic);
    if !output::is_colourful() {
        table.force_no_tty();
        table.set_width(140);
    }
    table.set_header(HEADER);
    for receipt in &report.receipts {
        table.add_row(row(receipt).map(|cell| cells::line(&cell)));
    }
    let mut text = format!("{table}\n{}\n", report.counts());
    for gap in report.gaps() {
        text.push_str(&format!("{gap}\n"));
    }
    for (sentence, receipts) in report.next_steps() {
        text.push_str(&format!("\n{}\n", cells::line(&sentence)));
        for receipt in receipts {
            text.push_str(&format!("  {}\n", cells::line(&receipt.key.to_string())));
        }
    }
    text
}

pub(super) fn markdown(report: &Report) -> String {
    let mut text = format!("## Revoked keys\n\n{}\n", report.counts());
    for gap in report.gaps() {
        text.push_str(&format!("\n{gap}\n"));
    }
    text.push_str(&format!("\n| {} |\n|---|---|---|---|---|\n", HEADER.join(" | ")));
    for receipt in &report.receipts {
        let cells = row(receipt).map(|cell| cells::markdown(&cell));
        text.push_str(&format!("| {} |\n", cells.join(" | ")));
    }
    let steps = report.next_steps();
    if !steps.is_empty() {
        text.push_str("\n### What to do next\n");
    }
    for (sentence, receipts) in steps {
        text.push_str(&format!("\n{}\n\n", cells::markdown(&sentence)));
        for receipt in receipts {
            text.push_str(&format!("- [ ] {}\n", cells::markdown(&receipt.key.to_string())));
        }
    }
    text
}

pub(super) fn json(report: &Report) -> Result<String, LocalFailure> {
    let steps = report.next_steps();
    let steps: Vec<_> = steps
        .iter()
        .map(|(sentence, receipts)| {
            let keys: Vec<_> = receipts.iter().map(|receipt| &receipt.key).collect();
            json!({ "next_step": sentence, "keys": keys })
        })
        .collect();
    let report = json!({
        "dead": report.count(KeyState::Dead),
        "live": report.count(KeyState::Live),
        "unknown": report.count(KeyState::Unknown),
        "in_flight": report.in_flight(),
        "missing": report.missing,
        "finished": report.is_finished,
        "keys": report.receipts,
        "next_steps": steps,
        "schema": SCHEMA,
    });
    Ok(serde_json::to_string(&report).map_err(std::io::Error::from)?)
}

/// The columns for programs.
const COLUMNS: [&str; 17] = [
    "key",
    "state",
    "in_flight",
    "began",
    "at",
    "by",
    "run",
    "version",
    "document",
    "disposition",
    "kind",
    "status",
    "request_id",
    "why",
    "next_step",
    "later",
    "disputed_at",
];

pub(super) fn csv(report: &Report) -> Result<String, LocalFailure> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(COLUMNS).map_err(std::io::Error::from)?;
    for receipt in &report.receipts {
        let cells = record(receipt).map(|cell| cells::csv(&cell.unwrap_or_default()));
        writer.write_record(cells).map_err(std::io::Error::from)?;
    }
    let text = writer.into_inner().map_err(|error| error.into_error())?;
    Ok(String::from_utf8_lossy(&text).into_owned())
}

/// What stands in the columns.
fn record(receipt: &Receipt) -> [Option<String>; COLUMNS.len()] {
    let dead = receipt.result.as_ref().and_then(|result| result.as_ref().ok());
    let error = receipt.result.as_ref().and_then(|result| result.as_ref().err());
    let status = dead
        .and_then(Revocation::status)
        .or(error.and_then(RevokeError::status));
    let request_id = dead
        .and_then(Revocation::request_id)
        .or(error.and_then(RevokeError::request_id));
    let disputed_at = receipt.disputed.as_ref().map(|(at, _)| *at);
    [
        Some(receipt.key.to_string()),
        Some(receipt.state().to_string()),
        Some(receipt.is_in_flight().to_string()),
        receipt.began.map(timestamp::format),
        receipt.at.map(timestamp::format),
        receipt.by.clone(),
        Some(receipt.run.to_string()),
        receipt.version.clone(),
        receipt.document.clone(),
        dead.map(|dead| dead.disposition().as_str().to_owned()),
        error.map(|error| error.kind().as_str().to_owned()),
        status.map(|status| status.to_string()),
        request_id.map(str::to_owned),
        Some(why(receipt)),
        next_step(receipt),
        receipt
            .later
            .as_ref()
            .map(|later| later.kind().as_str().to_owned()),
        disputed_at.map(timestamp::format),
    ]
}
