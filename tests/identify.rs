//! `keyrevoke identify` as a person or a script meets it: the real binary. The secret is in no output, whatever it is and
//! wherever it is given.
#![cfg(feature = "cli")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::io::Write;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

/// Runs with these bytes on standard input.
fn run(arguments: &[&str], input: &[u8]) -> (i32, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_keyrevoke"));
    command.env_clear().arg("identify").args(arguments);
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // A child that does not read closes the pipe.
    let _ = child.stdin.take().unwrap().write_all(input);
    let output = child.wait_with_output().unwrap();
    (
        output.status.code().unwrap(),
        String::from_utf8(output.stdout).unwrap(),
        String::from_utf8(output.stderr).unwrap(),
    )
}

fn json_of(input: &str) -> (i32, Value) {
    let (code, out, err) = run(&["--json"], input.as_bytes());
    assert_eq!((err.as_str(), out.lines().count()), ("", 1), "{out}");
    (code, serde_json::from_str(&out).unwrap())
}

#[test]
fn a_secret_of_a_provider_is_identified() {
    let (code, report) = json_of("dol_live_Canary0123456789\n");
    assert_eq!(code, 0);
    let members: Vec<&str> = report.as_object().unwrap().keys().map(String::as_str).collect();
    let mut expected = [
        "candidates",
        "fingerprint",
        "key",
        "manual",
        "matches",
        "next_step",
        "problem",
        "provider",
        "rule",
        "schema",
        "vendor",
    ]
    .to_vec();
    expected.sort_unstable();
    assert_eq!(members, expected);
    assert_eq!(
        (
            &report["provider"],
            &report["rule"],
            &report["vendor"],
            &report["manual"],
            &report["key"]
        ),
        (
            &json!("dolfin"),
            &json!("dolfin-api-key"),
            &json!("Dolfin"),
            &Value::Null,
            &Value::Null
        )
    );
    assert_eq!(report["matches"][0]["rule"], "dolfin-api-key");
    assert!(
        report["next_step"]
            .as_str()
            .unwrap()
            .contains("keyrevoke revoke dolfin:UUID")
    );
    let fingerprint = report["fingerprint"].as_str().unwrap();
    assert!(
        fingerprint.starts_with("sha256:") && fingerprint.len() == 15,
        "{fingerprint}"
    );

    let (code, out, err) = run(&[], b"dol_live_Canary0123456789");
    assert_eq!((code, err.as_str()), (0, ""));
    for part in [
        fingerprint,
        "Dolfin: API key (dolfin-api-key)",
        "provider  dolfin",
        "next: Find its id",
    ] {
        assert!(out.contains(part), "{part}: {out}");
    }
}

#[test]
fn a_secret_of_a_vendor_without_an_operation_comes_with_the_way_by_hand() {
    let secret = format!("hf_{}", "CanaryCanary".repeat(3).get(..34).unwrap());
    let (code, report) = json_of(&secret);
    assert_eq!((code, &report["provider"]), (0, &Value::Null));
    assert_eq!(
        (&report["vendor"], &report["rule"]),
        (&json!("Hugging Face"), &json!("huggingface-token"))
    );
    assert_eq!(report["manual"]["page"], "https://huggingface.co/settings/tokens");
    let (code, out, _) = run(&[], secret.as_bytes());
    assert_eq!(code, 0);
    assert!(
        out.contains("by hand") && out.contains("https://huggingface.co/settings/tokens"),
        "{out}"
    );
}

#[test]
fn a_way_by_hand_without_a_page_is_said_in_words_alone() {
    let secret = format!("pypi-AgEIcHlwaS5vcmc{}", "CanaryCanary".repeat(8));
    let (code, report) = json_of(&secret);
    assert_eq!((code, &report["rule"]), (0, &json!("pypi-token")));
    let (how, next) = (&report["manual"]["how"], &report["next_step"]);
    assert_eq!((&report["manual"]["page"], next), (&Value::Null, how));
    let (code, out, _) = run(&[], secret.as_bytes());
    assert_eq!(code, 0);
    let by_hand = format!("    by hand   {}\n", how.as_str().unwrap());
    assert!(out.contains(&by_hand) && !out.contains("https://"), "{out}");
}

#[test]
fn what_is_not_known_and_what_two_could_have_issued_is_said_and_is_no_success() {
    for input in ["Canary-correct-horse", "Canary"] {
        let (code, report) = json_of(input);
        assert_eq!(
            (code, &report["rule"], &report["matches"]),
            (3, &Value::Null, &json!([]))
        );
        let (code, out, _) = run(&[], input.as_bytes());
        assert!(
            code == 3 && out.contains("not known whose it is") && out.contains("next: Ask"),
            "{out}"
        );
    }
    let both = format!("sk_live_{}", "Canary0".repeat(6));
    let (code, report) = json_of(&both);
    assert_eq!(
        (code, &report["rule"], &report["vendor"]),
        (3, &Value::Null, &Value::Null)
    );
    let vendors: Vec<&Value> = report["matches"]
        .as_array()
        .unwrap()
        .iter()
        .map(|found| &found["vendor"])
        .collect();
    assert_eq!(vendors, [&json!("Stripe"), &json!("Clerk")]);
    let (code, out, _) = run(&[], both.as_bytes());
    assert_eq!(code, 3);
    assert!(
        out.contains("Look at each of Stripe, Clerk") && out.contains("dashboard.stripe.com"),
        "{out}"
    );
}

#[test]
fn the_id_of_a_key_is_told_from_its_secret() {
    let (code, out, _) = run(&[], format!("AKIA{}", "CANARY23".repeat(2)).as_bytes());
    assert!(code == 0 && out.contains("not the secret itself"), "{out}");
    assert!(out.contains("keyrevoke revoke aws-iam:USER/KEY"), "{out}");
}

#[test]
fn bad_input_is_refused_without_being_shown() {
    let long = "Canary".repeat(2000);
    for (input, reason) in [
        (&b""[..], "is empty"),
        (b"\n", "is empty"),
        (b"Canary 0123\n", "holds a blank"),
        (b"Canary0123\nCanary4567\n", "holds a blank, a line break"),
        (b"Canary\xff\xfe\n", "non-ASCII"),
        ("Canary\u{e4}".as_bytes(), "non-ASCII"),
        (long.as_bytes(), "longer than 4096 bytes"),
    ] {
        for arguments in [&[][..], &["--json"]] {
            let (code, out, err) = run(arguments, input);
            assert_eq!((code, out.as_str()), (2, ""), "{err}");
            assert!(err.contains(reason) && !err.contains("Canary"), "{err}");
        }
    }
}

#[test]
fn a_secret_among_the_arguments_is_refused_and_not_shown() {
    let secret = "sk_live_Canary0123456789";
    let option = format!("--{secret}");
    let as_provider = format!("--find-key={secret}");
    for (arguments, reason) in [
        (&[as_provider.as_str()][..], "is not known"),
        (&[secret], "secret was given as an argument"),
        (&["--json", secret], "secret was given as an argument"),
        (&["--", &option], "secret was given as an argument"),
        (&[secret, secret], "secret was given as an argument"),
        (&[&option], "unexpected argument"),
        (&["-v", secret], "secret was given as an argument"),
        (&["--find-key", secret], "secret was given as an argument"),
        (&["-vCanary"], "unexpected argument"),
        (&["--json=Canary"], "unexpected value"),
    ] {
        let (code, out, err) = run(arguments, b"dol_live_Canary0123456789");
        assert_eq!((code, out.as_str()), (2, ""), "{arguments:?}: {err}");
        assert!(
            err.contains(reason) && !err.contains("Canary") && !err.contains("sk_"),
            "{arguments:?}: {err}"
        );
    }
}

#[test]
fn the_secret_is_in_no_output() {
    for secret in [
        "dol_live_Canary0123456789",
        "apk_user_Canary0123456789",
        "cog_Canary0123456789",
        "ks_live_Canary0123456789",
        "sk_live_Canary0123456789",
        "Canary0123456789",
        "\"Canary0123456789\"",
        "Canary=0123456789",
    ] {
        for arguments in [&[][..], &["--json"]] {
            let (_, out, err) = run(arguments, secret.as_bytes());
            let shown = format!("{out}{err}");
            assert!(
                !shown.contains("Canary") && !shown.contains("0123456789"),
                "{shown}"
            );
        }
    }
}

#[test]
fn the_help_says_how_the_secret_is_given_and_what_the_exit_codes_mean() {
    let (code, out, _) = run(&["--help"], b"");
    assert_eq!(code, 0);
    assert!(
        out.contains("standard input") && out.contains("3 it is not"),
        "{out}"
    );
    assert!(
        !out.to_lowercase().contains("given]") && !out.contains("wrong place"),
        "{out}"
    );
}

#[test]
fn the_provider_is_asked_only_where_it_is_known_which() {
    let (code, out, err) = run(&["--json", "--find-key"], b"Canary-correct-horse");
    let report: Value = serde_json::from_str(&out).unwrap();
    assert_eq!((code, err.as_str(), &report["key"]), (3, "", &Value::Null));
    assert_eq!(report["next_step"], "Name the provider: --find-key=PROVIDER");
    let (code, out, err) = run(&["--find-key"], b"dol_live_Canary0123456789");
    assert_eq!((code, out.as_str()), (2, ""));
    assert!(
        err.contains("dolfin credential is not set") && !err.contains("Canary"),
        "{err}"
    );
}
