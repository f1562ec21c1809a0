//! The README's table of providers comes from the table in the code, and its recording from the binary.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fmt::Write as _;
use std::sync::{Mutex, PoisonError};

const BEGIN: &str =
    "<!-- providers: begin; written by KEYREVOKE_BLESS=1 cargo test --all-features readme -->\n";
const END: &str = "<!-- providers: end -->";

/// What the README holds between two marks is what was made; or, where that is asked for, becomes it.
fn compare(begin: &str, end: &str, made: &str) {
    // Two tests write one file.
    static README: Mutex<()> = Mutex::new(());
    let _alone = README.lock().unwrap_or_else(PoisonError::into_inner);
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let text = std::fs::read_to_string(&path).unwrap();
    let (before, rest) = text.split_once(begin).unwrap();
    let (found, after) = rest.split_once(end).unwrap();
    if std::env::var_os("KEYREVOKE_BLESS").is_some() {
        std::fs::write(&path, format!("{before}{begin}{made}{end}{after}")).unwrap();
        return;
    }
    assert_eq!(
        found, made,
        "KEYREVOKE_BLESS=1 cargo test --all-features readme writes it anew"
    );
}

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
    compare(BEGIN, END, &table());
}

/// The demo at a terminal of 100 columns, without its colours.
#[cfg(all(target_os = "linux", feature = "cli"))]
#[test]
fn readme_shows_what_the_demo_shows_at_a_terminal() {
    const COMMAND: &str = "keyrevoke demo dolfin";
    let binary = std::path::Path::new(env!("CARGO_BIN_EXE_keyrevoke"));
    let shown = std::process::Command::new("script")
        .args(["--quiet", "--return", "--command"])
        .arg(format!("stty cols 100 rows 50 && exec {COMMAND}"))
        .arg("/dev/null")
        .env(
            "PATH",
            format!("{}:/usr/bin:/bin", binary.parent().unwrap().display()),
        )
        .env("TERM", "xterm")
        .env_remove("NO_COLOR")
        .stdin(std::process::Stdio::null())
        .output()
        .expect("script, of util-linux, is not installed");
    let text = String::from_utf8(shown.stdout).unwrap();
    assert!(
        shown.status.success() && text.contains('\u{1b}'),
        "no terminal: {text}"
    );
    let mut plain = String::new();
    for (index, part) in text.replace('\r', "").split("\u{1b}[").enumerate() {
        // What follows an escape ends with the `m` that sets a colour.
        plain.push_str(if index == 0 {
            part
        } else {
            part.split_once('m').unwrap().1
        });
    }
    let plain: Vec<&str> = plain.trim_end().lines().map(str::trim_end).collect();
    compare(
        "<!-- demo: begin; written by KEYREVOKE_BLESS=1 cargo test --all-features readme -->\n",
        "<!-- demo: end -->",
        &format!("```text\n$ {COMMAND}\n{}\n```\n", plain.join("\n")),
    );
}
