//! What would be done: shown by `--dry-run`, and before anybody is asked.

use std::collections::BTreeMap;
use std::io::{self, BufRead, IsTerminal, Write};

use keyrevoke::{Plan, Planned, SCHEMA};
use serde::Serialize;

use crate::Exit;
use crate::known;
use crate::output::{self, LocalFailure};
use crate::revoke::Arguments;
use crate::rows::Refused;

#[derive(Serialize)]
struct Line<'a> {
    key: &'a str,
    provider: &'a str,
    tenant: Option<&'a str>,
    operation: String,
    reversible: bool,
    deletes: bool,
    can_delete: bool,
    also_dies: Option<&'a str>,
    more_than_the_key: bool,
    /// Is the key the credential in use?
    own: bool,
    schema: u64,
}

/// Prints the plan; nothing is sent.
pub(crate) fn show(plan: &Plan, refused: &[Refused], json: bool) -> Result<Exit, LocalFailure> {
    for refused in refused {
        output::complain(&format!("{refused} (skipped)"));
    }
    for planned in plan.iter() {
        let capabilities = planned.capabilities();
        let key = planned.key();
        let operation = known::provider(key.provider()).map(|provider| {
            let deletion = provider.deletion().filter(|_| capabilities.deletes());
            deletion.unwrap_or(provider).operation()
        });
        let line = Line {
            key: key.as_str(),
            provider: key.provider(),
            tenant: key.tenant(),
            operation: operation.unwrap_or_default(),
            reversible: capabilities.is_reversible(),
            deletes: capabilities.deletes(),
            can_delete: capabilities.can_delete(),
            also_dies: capabilities.also_dies(),
            more_than_the_key: capabilities.takes_more_than_the_key(),
            own: planned.is_own(),
            schema: SCHEMA,
        };
        let text = if json {
            serde_json::to_string(&line).map_err(io::Error::from)?
        } else {
            text(&line)
        };
        output::line(&text)?;
    }
    if !json {
        output::line(&format!("would revoke {}; nothing was sent", summary(plan)))?;
    }
    Ok(if refused.is_empty() {
        Exit::AllDead
    } else {
        Exit::SomeLive
    })
}

fn text(line: &Line<'_>) -> String {
    let mut text = format!("{}  {}", line.key, line.operation);
    text.push_str(match (line.reversible, line.can_delete) {
        (true, true) => ", can be undone (--delete is for good)",
        (true, false) => ", can be undone",
        (false, _) => ", for good",
    });
    if let Some(what) = line.also_dies {
        text.push_str(&format!(", takes along {what}"));
        if line.more_than_the_key {
            text.push_str(" (--more-than-the-key)");
        }
    }
    if line.own {
        text.push_str(", is the credential in use and comes last");
    }
    text
}

/// How many keys, and where: `3 keys (devin 1, dolfin@acme 2)`.
fn summary(plan: &Plan) -> String {
    let mut counts = BTreeMap::<String, usize>::new();
    let name = |planned: Planned<'_>| match planned.key().tenant() {
        Some(tenant) => format!("{}@{tenant}", planned.key().provider()),
        None => planned.key().provider().to_owned(),
    };
    for planned in plan.iter() {
        *counts.entry(name(planned)).or_default() += 1;
    }
    let counts: Vec<String> = counts
        .iter()
        .map(|(name, count)| format!("{name} {count}"))
        .collect();
    let keys = if plan.len() == 1 { "key" } else { "keys" };
    match counts.is_empty() {
        true => format!("{} {keys}", plan.len()),
        false => format!("{} {keys} ({})", plan.len(), counts.join(", ")),
    }
}

/// Asks on the terminal whether to go on. Where nobody can be asked, the answer is no.
pub(crate) fn confirmed(plan: &Plan, arguments: &Arguments) -> Result<bool, LocalFailure> {
    let summary = summary(plan);
    let is_list_on_standard_input = arguments
        .from
        .as_ref()
        .is_some_and(|path| path.as_os_str() == "-");
    if is_list_on_standard_input || !io::stdin().is_terminal() || !io::stderr().is_terminal() {
        output::complain(&format!(
            "would revoke {summary}, and nobody can be asked here; give --yes to revoke them, or --dry-run to see them"
        ));
        return Ok(false);
    }
    write!(io::stderr().lock(), "Revoke {summary}? Type yes to go on: ")?;
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer)?;
    Ok(matches!(answer.trim(), "yes" | "y" | "YES" | "Yes"))
}
