//! `keyrevoke revoke --credentials FILE`: the real binary, against the fakes.
#![cfg(all(feature = "cli", unix))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fs::{self, Permissions};
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};

use keyrevoke::KeyRef;
use keyrevoke::fakes::{Fake, Reply};

/// A directory that goes away with its test.
struct Directory(PathBuf);

impl Directory {
    fn new() -> Self {
        static NUMBER: AtomicUsize = AtomicUsize::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("keyrevoke-cli-credentials-{}-{number}", std::process::id());
        let path = std::env::temp_dir().join(name);
        fs::create_dir(&path).unwrap();
        Self(path)
    }

    /// A file of credentials.
    fn file(&self, text: &str) -> PathBuf {
        let path = self.0.join("keys.toml");
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
        path
    }

    /// A table whose command is this script.
    fn with_script(&self, fake: &Fake, script: &str) -> PathBuf {
        let (path, name, url) = (self.0.join("script"), fake.provider(), fake.base_url());
        fs::write(&path, script).unwrap();
        self.file(&format!(
            "[{name}]\nbase_url = \"{url}\"\ncredential_command = [\"/bin/sh\", {path:?}, {:?}]\n",
            self.0
        ))
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn revoke(credentials: &Path, keys: &[KeyRef]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_keyrevoke"));
    command.env_clear().env("PATH", "/usr/bin:/bin");
    command.args(["revoke", "--credentials"]).arg(credentials);
    command.args(keys.iter().map(ToString::to_string));
    command
}

/// Runs without blocking the runtime that the fakes live in.
async fn run(command: Command) -> (i32, String, String) {
    run_with_input(command, "".to_owned()).await
}

async fn run_with_input(mut command: Command, input: String) -> (i32, String, String) {
    let run = move || {
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        // Who does not read it may close it.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        child.wait_with_output().unwrap()
    };
    let output = tokio::task::spawn_blocking(run).await.unwrap();
    (
        output.status.code().unwrap(),
        String::from_utf8(output.stdout).unwrap(),
        String::from_utf8(output.stderr).unwrap(),
    )
}

#[tokio::test]
async fn a_file_gives_credential_address_and_settings() {
    let directory = Directory::new();
    let (dolfin, kadosei) = (
        Fake::start("dolfin").await.unwrap(),
        Fake::start("kadosei").await.unwrap(),
    );
    let text = format!(
        "[dolfin]\ncredential = \"{}\"\nbase_url = \"{}\"\norganisation-id = \"org-1\"\n\
         [applications]\ncredential = \"{}\"\nbase_url = \"{}\"\n\
         [devin.tenants.acme]\ncredential = \"x\"\n",
        dolfin.credential_text(),
        dolfin.base_url(),
        kadosei.credential_text(),
        kadosei.base_url()
    );
    let file = directory.file(&text);
    let (code, out, err) = run(revoke(&file, &[dolfin.new_key(), kadosei.new_key()])).await;
    assert_eq!((code, err.as_str()), (0, ""), "{out}");
    assert_eq!((dolfin.requests().len(), kadosei.requests().len()), (1, 1));
    assert_eq!(
        dolfin.requests()[0].header("x-dolfin-organisation-id"),
        Some("org-1")
    );

    // What the file does not give comes from the environment, and the other way round.
    let devin = Fake::start("devin").await.unwrap();
    let mut command = revoke(&file, &[devin.new_key()]);
    command
        .env("KEYREVOKE_DEVIN_CREDENTIAL", devin.credential_text())
        .env("KEYREVOKE_DEVIN_BASE_URL", devin.base_url());
    assert_eq!(run(command).await.0, 0);

    // Through a pipe, so that it never is on a disk.
    let command = revoke(Path::new("/dev/stdin"), &[dolfin.new_key()]);
    let (code, out, err) = run_with_input(command, text).await;
    assert_eq!(code, 0, "{out}{err}");
    assert_eq!(dolfin.requests().len(), 2);
}

#[tokio::test]
async fn nothing_is_sent_if_the_file_is_wrong_or_not_alone() {
    let directory = Directory::new();
    let fake = Fake::start("dolfin").await.unwrap();
    let good = format!(
        "[dolfin]\ncredential = \"Canary{}\"\nbase_url = \"{}\"\norganisation-id = \"Canary\"\n",
        fake.credential_text(),
        fake.base_url()
    );
    let key = fake.new_key();
    let place = format!("[dolfin] of {}", directory.file(&good).display());

    // Given twice.
    for (variable, option, parts) in [
        (
            "KEYREVOKE_DOLFIN_CREDENTIAL",
            None,
            ["dolfin credential is given twice", "KEYREVOKE_DOLFIN_CREDENTIAL"],
        ),
        (
            "KEYREVOKE_DOLFIN_BASE_URL",
            None,
            ["dolfin base URL is given twice", "KEYREVOKE_DOLFIN_BASE_URL"],
        ),
        (
            "X",
            Some("--base-url=dolfin=http://127.0.0.1:1"),
            ["dolfin base URL is given twice", "--base-url"],
        ),
        (
            "KEYREVOKE_DOLFIN_ORGANISATION_ID",
            None,
            [
                "dolfin organisation-id is given twice",
                "KEYREVOKE_DOLFIN_ORGANISATION_ID",
            ],
        ),
    ] {
        let mut command = revoke(&directory.file(&good), std::slice::from_ref(&key));
        command.env(variable, "http://127.0.0.1:1").args(option);
        let (code, out, err) = run(command).await;
        assert_eq!((code, out.as_str()), (2, ""), "{err}");
        assert!(
            parts.iter().all(|part| err.contains(part)) && err.contains(&place),
            "{err}"
        );
        assert!(!err.contains("Canary"), "{err}");
    }

    // Wrong in itself, together with a wrong key; wrong for the provider; and readable by others.
    for (text, mode, parts) in [
        (
            good.replace("base_url", "url"),
            0o600,
            vec!["line 3, column 1: [dolfin] has a member", "key 2: "],
        ),
        (
            good.replace("\"Canary", "Canary"),
            0o600,
            vec!["line 2, column ", "is not valid TOML", "key 2: "],
        ),
        (
            good.replace("Canarydol", "Canary dol"),
            0o600,
            vec!["dolfin credential holds a blank", &place],
        ),
        (
            good.replace("http:", "ftp:"),
            0o600,
            vec!["is not an https URL", &place],
        ),
        (good.clone(), 0o644, vec!["mode 644", "chmod 600", "key 2: "]),
    ] {
        let file = directory.file(&text);
        fs::set_permissions(&file, Permissions::from_mode(mode)).unwrap();
        let mut command = revoke(&file, std::slice::from_ref(&key));
        if parts.contains(&"key 2: ") {
            command.arg("sinjapp:0");
        }
        let (code, out, err) = run(command).await;
        assert_eq!((code, out.as_str()), (2, ""), "{err}");
        assert!(parts.iter().all(|part| err.contains(part)), "{parts:?}: {err}");
        assert!(
            err.contains("nothing was sent") && !err.contains("Canary"),
            "{err}"
        );
    }
    let nowhere = directory.0.join("nowhere");
    let (code, _, err) = run(revoke(&nowhere, std::slice::from_ref(&key))).await;
    assert_eq!(code, 4, "{err}");
    assert!(err.contains(nowhere.to_str().unwrap()), "{err}");
    assert!(fake.requests().is_empty());
}

#[tokio::test]
async fn a_command_is_run_when_needed_and_once_more_when_its_credential_has_expired() {
    let directory = Directory::new();
    let fake = Fake::start("dolfin").await.unwrap();
    // Another credential each time; both are good, the first until the provider says otherwise.
    let script = "echo run >> \"$1/runs\"\n\
        test -z \"$KEYREVOKE_DEVIN_CREDENTIAL\" || exit 9\n\
        case $(wc -l < \"$1/runs\") in\n\
        *1) echo dol_test_fake_administrator ;;\n\
        *2) echo Bearer fake.session.token ;;\n\
        esac";
    let file = directory.with_script(&fake, script);
    let runs = || fs::read_to_string(directory.0.join("runs")).map_or(0, |runs| runs.lines().count());

    // Not for a list that is refused.
    let mut command = revoke(&file, &[fake.new_key()]);
    command.arg("sinjapp:0");
    assert_eq!((run(command).await.0, runs()), (2, 0));

    fake.answer_next(Reply::new(204).carried_out());
    fake.answer_next(Reply::new(401));
    let mut command = revoke(&file, &[fake.new_key(), fake.new_key(), fake.new_key()]);
    command.env("KEYREVOKE_DEVIN_CREDENTIAL", "Canary");
    let (code, out, err) = run(command).await;
    assert_eq!((code, runs()), (0, 2), "{out}{err}");
    let used = |header: &str| -> Vec<bool> {
        let requests = fake.requests();
        requests
            .iter()
            .map(|request| request.header(header).is_some())
            .collect()
    };
    assert_eq!(used("x-dolfin-api-key"), [true, true, false, false]);
    assert_eq!(used("authorization"), [false, false, true, true]);
}

#[tokio::test]
async fn a_command_that_gives_no_credential_leaves_the_key_live_and_unasked() {
    let directory = Directory::new();
    let fake = Fake::start("devin").await.unwrap();
    for (script, expected) in [
        (
            "echo Canary; echo to the terminal >&2; exit 3",
            "ended with exit status: 3",
        ),
        ("echo Canary; echo Canary", "printed more than one line"),
        ("exec sleep 600 # Canary", "did not come in time"),
    ] {
        let file = directory.with_script(&fake, script);
        let mut command = revoke(&file, &[fake.new_key()]);
        command.args(["-v", "--timeout", "1"]);
        let (code, out, err) = run(command).await;
        assert_eq!(code, 1, "{out}{err}");
        assert!(out.starts_with("LIVE") && out.contains(expected), "{out}");
        assert_eq!(
            err.contains("to the terminal"),
            script.contains("to the terminal"),
            "{err}"
        );
        assert!(!format!("{out}{err}").contains("Canary"), "{out}{err}");
    }
    assert!(fake.requests().is_empty());
}

#[tokio::test]
async fn a_credential_that_says_which_key_it_is_does_not_revoke_itself_unnoticed() {
    let directory = Directory::new();
    let fake = Fake::start("devin").await.unwrap();
    let (own, url) = (fake.new_key(), fake.base_url());
    let text = format!(
        "[devin]\ncredential = \"{}\"\nbase_url = \"{url}\"\nkey_id = \"{}\"\n",
        fake.credential_text(),
        own.key()
    );
    // The answer to its own revocation is lost; the refusal that follows is likely its death.
    fake.answer_next(Reply::new(503).carried_out());
    fake.answer_next(Reply::new(401));
    let mut command = revoke(&directory.file(&text), &[own]);
    command.arg("--json");
    let (code, out, err) = run(command).await;
    assert_eq!(code, 3, "{out}{err}");
    assert!(out.contains("\"likely_dead\":true"), "{out}");
}
