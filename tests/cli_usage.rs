//! What is said of a wrong command line, and what is not: the real binary.
#![cfg(feature = "cli")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::process::{Command, Stdio};

fn run(arguments: &[&str]) -> (i32, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_keyrevoke"));
    command.env_clear().stdin(Stdio::null()).args(arguments);
    let output = command.output().unwrap();
    (
        output.status.code().unwrap(),
        String::from_utf8(output.stdout).unwrap(),
        String::from_utf8(output.stderr).unwrap(),
    )
}

const SECRET: &str = "sk_live_Canary0123456789";

#[test]
fn nothing_that_was_typed_is_shown() {
    let option = format!("--{SECRET}");
    let with_value = format!("--{SECRET}={SECRET}");
    let timeout = format!("--timeout={SECRET}");
    let misspelt = format!("--timeot={SECRET}");
    let flag = format!("--json={SECRET}");
    let short = format!("-v{SECRET}");
    for (arguments, expected) in [
        (
            &["revoke", "devin:k", "--timeout", SECRET][..],
            "argument 4, not shown' for '--timeout <SECONDS>': not a number of seconds",
        ),
        (
            &["revoke", "devin:k", &timeout],
            "'not shown' for '--timeout <SECONDS>'",
        ),
        (
            &["revoke", "devin:k", &option],
            "unexpected argument 'argument 3, not shown' found",
        ),
        (
            &["revoke", "devin:k", &with_value],
            "unexpected argument 'argument 3, not shown' found",
        ),
        (
            &["revoke", "devin:k", &misspelt],
            "a similar argument exists: '--timeout'",
        ),
        (&["revoke", "devin:k", &flag], "unexpected value"),
        (&["revoke", "devin:k", &short], "unexpected argument"),
        (
            &["demo", SECRET],
            "provider (not shown) is not known; give one of: dolfin",
        ),
        (
            &["providers", "--json", SECRET],
            "provider (not shown) is not known",
        ),
        (&[SECRET], "unrecognized subcommand 'argument 1, not shown'"),
        (&[&option], "unexpected argument 'argument 1, not shown' found"),
        (&["man", SECRET], "give one of: demo, revoke"),
        (&["completions", SECRET], "[possible values: bash"),
        (&["help", SECRET], "unrecognized subcommand"),
        (
            &["revoke", "devin:k", "--ca-file", SECRET, "--ca-file", SECRET],
            "--ca-file <FILE>' cannot be used multiple times",
        ),
        (
            &["revoke", "--timeout"],
            "a value is required for '--timeout <SECONDS>' but none was supplied",
        ),
    ] {
        let (code, out, err) = run(arguments);
        assert_eq!((code, out.as_str()), (2, ""), "{arguments:?}: {err}");
        assert!(err.contains(expected), "{arguments:?}: {err}");
        assert!(
            !err.contains("Canary") && !err.contains("sk_"),
            "{arguments:?}: {err}"
        );
    }
}

#[test]
fn a_secret_in_the_place_of_a_file_is_not_shown() {
    for option in ["--ca-file", "--credentials", "--providers"] {
        let (code, out, err) = run(&["revoke", "devin:k", option, SECRET]);
        assert!(code == 2 || code == 4, "{code}: {err}");
        assert!(!format!("{out}{err}").contains("Canary"), "{option}: {err}");
    }
}

#[test]
fn help_and_version_are_no_errors() {
    for (arguments, expected) in [
        (&["--help"][..], "Exit codes:"),
        (&["revoke", "--help"], "--credentials <FILE>"),
        (&["help", "revoke"], "--timeout <SECONDS>"),
        (&["--version"], env!("CARGO_PKG_VERSION")),
    ] {
        let (code, out, err) = run(arguments);
        assert_eq!((code, err.as_str()), (0, ""), "{arguments:?}");
        assert!(out.contains(expected), "{out}");
    }
    // Without anything to do, the help is the error.
    let (code, out, err) = run(&[]);
    assert_eq!((code, out.as_str()), (2, ""));
    assert!(err.contains("Usage: keyrevoke [OPTIONS] <COMMAND>"), "{err}");
    let (code, _, err) = run(&["revoke"]);
    assert!(code == 2 && err.contains("<PROVIDER:KEY>"), "{err}");
}

const COMMANDS: [&str; 10] = [
    "demo",
    "revoke",
    "find",
    "list",
    "probe",
    "providers",
    "completions",
    "man",
    "identify",
    "report",
];

#[test]
fn completions_and_manual_name_every_command() {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let (code, out, err) = run(&["completions", shell]);
        assert_eq!((code, err.as_str()), (0, ""), "{shell}");
        for word in COMMANDS.into_iter().chain(["timeout", "credentials"]) {
            assert!(out.contains(word), "{shell}: {word}");
        }
    }
    let (code, out, err) = run(&["man"]);
    assert_eq!((code, err.as_str()), (0, ""));
    assert!(out.contains(".TH keyrevoke 1"), "{out}");
    for command in COMMANDS {
        assert!(
            out.contains(&format!("keyrevoke\\-{command}(1)")),
            "{command}: {out}"
        );
        let (code, page, err) = run(&["man", command]);
        assert_eq!((code, err.as_str()), (0, ""));
        assert!(page.contains(&format!(".TH keyrevoke-{command} 1")), "{page}");
    }
    let (_, page, _) = run(&["man", "revoke"]);
    assert!(
        page.contains("\\-\\-credentials") && page.contains("KEYREVOKE_<PROVIDER>_CREDENTIAL"),
        "{page}"
    );
    // The help names no command that is not looked for here.
    let (_, help, _) = run(&["--help"]);
    let listed = help.lines().skip_while(|line| *line != "Commands:").skip(1);
    let listed: Vec<&str> = listed
        .take_while(|line| !line.is_empty())
        .filter(|line| line.starts_with("  ") && !line.starts_with("   "))
        .filter_map(|line| line.split_whitespace().next())
        .collect();
    assert_eq!(listed, [&COMMANDS[..], &["help"]].concat());
}

#[test]
fn a_reader_that_goes_away_is_no_panic() {
    for arguments in [
        &["completions", "bash"][..],
        &["man"],
        &["man", "revoke"],
        &["--help"],
        &["x"],
    ] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let mut command = Command::new(env!("CARGO_BIN_EXE_keyrevoke"));
        command.env_clear().stdin(Stdio::null()).args(arguments);
        command.stdout(writer).stderr(Stdio::piped());
        let output = command.spawn().unwrap().wait_with_output().unwrap();
        let err = String::from_utf8(output.stderr).unwrap();
        assert!(!err.contains("panicked"), "{arguments:?}: {err}");
        let expected = match arguments[0] {
            "completions" | "man" => 4,
            "x" => 2,
            _ => 0,
        };
        assert_eq!(output.status.code(), Some(expected), "{arguments:?}: {err}");
    }
}
