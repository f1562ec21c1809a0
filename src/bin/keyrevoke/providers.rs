//! `keyrevoke providers`.

use std::path::PathBuf;

use clap::Args;
use keyrevoke::{Fact, ProviderInfo};

use crate::Exit;
use crate::output::{self, LocalFailure};
use crate::{document, known};

#[derive(Args)]
pub(crate) struct Arguments {
    /// Shows this provider in full: what each answer means, and where and when that was read.
    name: Option<String>,

    /// Prints one JSON object a line.
    #[arg(long)]
    json: bool,

    /// Reads an OpenAPI document as the build of this crate does, and prints everything that it lacks; of a document that
    /// lacks nothing, the beginning of a provider made of it.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["name", "json"])]
    check: Option<PathBuf>,

    /// Which operation of that document revokes, such as "DELETE /keys/{id}".
    #[arg(long, value_name = "METHOD PATH", requires = "check")]
    operation: Option<String>,

    /// Compares that document with one of ours instead, for the operations of ours, and prints what changed. Exit code 1
    /// if something did.
    #[arg(long, value_name = "OURS", requires = "check", conflicts_with = "operation")]
    against: Option<PathBuf>,
}

pub(crate) fn run(arguments: &Arguments) -> Result<Exit, LocalFailure> {
    if let Some(file) = &arguments.check {
        return match &arguments.against {
            Some(ours) => document::compare(ours, file),
            None => document::check(file, arguments.operation.as_deref()),
        };
    }
    let shown = match arguments.name.as_deref().map(known::provider) {
        None => known::providers(),
        Some(Ok(provider)) => std::slice::from_ref(provider),
        Some(Err(problem)) => {
            output::complain(&problem.to_string());
            return Ok(Exit::InvalidInput);
        }
    };
    for provider in shown {
        let text = match (arguments.json, &arguments.name) {
            (true, _) => serde_json::to_string(provider).map_err(std::io::Error::from)?,
            (false, None) => block(provider),
            (false, Some(_)) => in_full(provider),
        };
        output::line(&text)?;
    }
    Ok(Exit::AllDead)
}

fn undo(provider: &ProviderInfo) -> &'static str {
    match provider.is_reversible() {
        true => "somebody can bring a revoked key back",
        false => "",
    }
}

fn also_dies(provider: &ProviderInfo) -> String {
    match (provider.also_dies(), provider.takes_more_than_the_key()) {
        (Some(what), true) => format!("{what}: nothing is sent without --more-than-the-key"),
        (what, _) => what.unwrap_or_default().to_owned(),
    }
}

fn block(provider: &ProviderInfo) -> String {
    let names = [provider.name()]
        .into_iter()
        .chain(provider.aliases().iter().copied());
    let keys: Vec<String> = names
        .map(|name| format!("{name}:{}", provider.key_form()))
        .collect();
    let base_url = match provider.base_url() {
        Some(url) => url.to_owned(),
        None => format!("must be set: {}", provider.base_url_form()),
    };
    let settings: Vec<String> = provider
        .settings()
        .map(|(name, help)| format!("{name} ({help})"))
        .collect();
    let mut text = keys.join(" or ");
    for (name, value) in [
        (
            "credential",
            format!(
                "{}: {}",
                provider.credentials().join(" or "),
                provider.credential_help()
            ),
        ),
        ("operation", provider.operation()),
        ("body", provider.body()),
        ("undo", undo(provider).to_owned()),
        ("also dies", also_dies(provider)),
        (
            "--delete",
            provider
                .deletion()
                .map(ProviderInfo::operation)
                .unwrap_or_default(),
        ),
        ("base URL", base_url),
        ("settings", settings.join(", ")),
        ("proves", provider.proves().to_owned()),
    ] {
        add(&mut text, name, &value);
    }
    text
}

fn add(text: &mut String, name: &str, value: &str) {
    if !value.is_empty() {
        text.push_str(&format!("\n  {name:<11} {value}"));
    }
}

/// All that is relied on, line by line.
fn in_full(provider: &ProviderInfo) -> String {
    let mut text = block(provider);
    let confirmed = match provider.confirmed() {
        Some(how) => how.to_owned(),
        None => "never against the live service".to_owned(),
    };
    for (name, value) in [
        ("vendor", provider.vendor()),
        ("document", provider.document_version()),
        ("confirmed", &confirmed),
    ] {
        add(&mut text, name, value);
    }
    for fact in provider.facts() {
        text.push_str(&format!("\n  {}", line(&fact)));
    }
    let deletion = provider.deletion().map(ProviderInfo::facts).unwrap_or_default();
    for fact in deletion.iter().filter(|fact| fact.about == "answer") {
        text.push_str(&format!("\n  with --delete, {}", line(fact)));
    }
    text
}

fn line(fact: &Fact) -> String {
    let says = match fact.about {
        "answer" => format!("{} means {}", fact.answer, fact.means),
        "probe" => format!("the answer {} to a probe means {}", fact.answer, fact.means),
        "missing" => format!("{} to a revocation proves {}", fact.answer, fact.means),
        "repeat" => format!("a repeat: {}", fact.means),
        "list" | "find" => format!("keys are looked up by {}", fact.means),
        "ids_reused" => format!("a freed id is another key's: {}", fact.means),
        other => format!("{other}: {} {}", fact.answer, fact.means),
    };
    let read = match fact.read.as_str() {
        "" => String::new(),
        read => format!(", read {read}"),
    };
    format!("{says}\n      {}{read}", fact.source)
}
