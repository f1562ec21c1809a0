//! The README's table of providers comes from the table in the code.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fmt::Write as _;

const BEGIN: &str =
    "<!-- providers: begin; written by KEYREVOKE_BLESS=1 cargo test --all-features readme -->\n";
const END: &str = "<!-- providers: end -->";

fn table() -> String {
    let mut table = String::from(
        "| key | credential | request | base URL | what its answers prove |\n|---|---|---|---|---|\n",
    );
    for provider in keyrevoke::providers() {
        let names = [provider.name()]
            .into_iter()
            .chain(provider.aliases().iter().copied());
        let keys: Vec<String> = names
            .map(|name| format!("`{name}:{}`", provider.key_form()))
            .collect();
        let base_url = match provider.base_url() {
            Some(url) => format!("`{url}`"),
            None => format!("set it: `{}`", provider.base_url_form()),
        };
        writeln!(
            table,
            "| {} | {} ({}) | {} | {} | {} |",
            keys.join(" or "),
            provider.credentials().join(" or "),
            provider.credential_help(),
            request(provider),
            base_url,
            proves(provider),
        )
        .unwrap();
    }
    table
}

fn request(provider: &keyrevoke::ProviderInfo) -> String {
    let request = format!("{} {}", provider.operation(), provider.body());
    let request = format!("`{}`", request.trim_end());
    match provider.deletion() {
        Some(deletion) => format!("{request}; to delete: {}", self::request(deletion)),
        None => request,
    }
}

fn proves(provider: &keyrevoke::ProviderInfo) -> String {
    let deletion = provider.deletion().map(|deletion| deletion.proves());
    let confirmed = provider.confirmed().map(|how| format!("confirmed {how}"));
    let proves = [Some(provider.proves()), deletion, confirmed.as_deref()];
    proves.into_iter().flatten().collect::<Vec<_>>().join("; ")
}

#[test]
fn readme_lists_the_providers_of_the_code() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let text = std::fs::read_to_string(&path).unwrap();
    let (before, rest) = text.split_once(BEGIN).unwrap();
    let (found, after) = rest.split_once(END).unwrap();
    if std::env::var_os("KEYREVOKE_BLESS").is_some() {
        std::fs::write(&path, format!("{before}{BEGIN}{}{END}{after}", table())).unwrap();
        return;
    }
    assert_eq!(
        found,
        table(),
        "KEYREVOKE_BLESS=1 cargo test --all-features readme writes it anew"
    );
}
