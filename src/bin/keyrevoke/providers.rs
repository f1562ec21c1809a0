//! `keyrevoke providers`.

use clap::Args;
use keyrevoke::ProviderInfo;

use crate::Exit;
use crate::output::{self, LocalFailure};

#[derive(Args)]
pub(crate) struct Arguments {
    /// Prints one JSON object a line.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(arguments: &Arguments) -> Result<Exit, LocalFailure> {
    if arguments.json {
        for provider in keyrevoke::providers() {
            output::line(&serde_json::to_string(provider).map_err(std::io::Error::from)?)?;
        }
        return Ok(Exit::AllDead);
    }
    for provider in keyrevoke::providers() {
        output::line(&block(provider))?;
    }
    Ok(Exit::AllDead)
}

fn undo(provider: &ProviderInfo) -> &'static str {
    match provider.is_reversible() {
        true => "somebody can bring a revoked key back",
        false => "",
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
        if !value.is_empty() {
            text.push_str(&format!("\n  {name:<11} {value}"));
        }
    }
    text
}
