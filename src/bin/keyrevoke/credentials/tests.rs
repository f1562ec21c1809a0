use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use keyrevoke::CredentialSource;

use super::*;

/// A directory that goes away with its test.
struct Directory(PathBuf);

impl Directory {
    fn new() -> Self {
        static NUMBER: AtomicUsize = AtomicUsize::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("keyrevoke-credentials-{}-{number}", std::process::id());
        let path = std::env::temp_dir().join(name);
        fs::create_dir(&path).unwrap();
        Self(path)
    }

    fn file(&self, text: impl AsRef<[u8]>, mode: u32) -> PathBuf {
        let path = self.0.join("keys.toml");
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
        path
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// However it is cut, a piece of it is found.
const CANARY: &str = "CanaryCanaryCanaryCanary";

fn whole() -> String {
    format!(
        "[devin] # the default tenant\n\
         credential = \"apk_user_{CANARY}\"\n\
         base_url = \"https://{CANARY}.devin.ai\"\n\
         key_id = \"k-1\"\n\
         [devin.tenants.acme]\n\
         credential_command = [\"op\", \"read\", \"{CANARY}\"]\n\
         [devin.tenants.\"a.b\"]\n\
         credential = '''{CANARY}'''\n\
         [applications.tenants.x]\n\
         credential = \"{CANARY}\\u0041\"\n\
         base_url = \"https://{CANARY}.example.com\"\n\
         [dolfin]\n\
         credential = \"{CANARY}\"\n\
         organisation-id = \"{CANARY}\"\n"
    )
}

fn problems(text: &str) -> Vec<String> {
    table::accounts("keys.toml", text).err().unwrap_or_default()
}

#[test]
fn a_file_gives_accounts_of_tenants() {
    let directory = Directory::new();
    let credentials = Credentials::read(&directory.file(whole(), 0o600)).ok().unwrap();
    let place = |provider: &str, tenant: Option<&str>| {
        let account = credentials.get(provider, tenant);
        account.map(|account| account.place().replace(directory.0.to_str().unwrap(), "…"))
    };
    for (provider, tenant, expected) in [
        ("devin", None, Some("[devin] of …/keys.toml")),
        ("devin", Some("acme"), Some("[devin.tenants.acme] of …/keys.toml")),
        (
            "devin",
            Some("a.b"),
            Some("[devin.tenants.\"a.b\"] of …/keys.toml"),
        ),
        ("kadosei", Some("x"), Some("[kadosei.tenants.x] of …/keys.toml")),
        ("kadosei", None, None),
        ("dolfin", None, Some("[dolfin] of …/keys.toml")),
        ("dolfin", Some("acme"), None),
        ("sinjapp", None, None),
    ] {
        assert_eq!(place(provider, tenant).as_deref(), expected);
    }
    let devin = credentials.get("devin", None).unwrap();
    assert!(
        matches!(&devin.credential, Given::Text(text) if text.expose_secret() == format!("apk_user_{CANARY}"))
    );
    assert_eq!(devin.key_id.as_deref(), Some("k-1"));
    assert!(devin.gives("base-url") && !devin.gives("organisation-id"));
    let acme = credentials.get("devin", Some("acme")).unwrap();
    assert!(matches!(&acme.credential, Given::Command(program) if *program == ["op", "read", CANARY]));
    let dolfin = credentials.get("dolfin", None).unwrap();
    assert!(dolfin.gives("organisation-id") && !dolfin.gives("base-url"));
    let builder = devin.apply(keyrevoke::builder("devin").unwrap());
    assert!(!format!("{builder:?}").contains("Canary"));
    let revoker = builder.build().unwrap();
    assert!(revoker.check(&"devin:k-2".parse().unwrap()).is_ok());
}

#[test]
fn everything_that_is_wrong_is_said_at_once_by_line_and_without_values() {
    let secret = format!("sk_live_{CANARY}");
    let text = format!(
        "credential = \"{CANARY}\"\n\
         [devin]\n\
         credential = \"{CANARY}\"\n\
         credential_command = [\"{CANARY}\"]\n\
         {secret} = \"{CANARY}\"\n\
         [devin.tenants.\"{secret}\"]\n\
         credential = \"{CANARY}\"\n\
         [devin.tenants.\"-x\"]\n\
         credential = \"{CANARY}\"\n\
         [{secret}]\n\
         credential = \"{CANARY}\"\n\
         [dolfin]\n\
         organisation = \"{CANARY}\"\n\
         [kadosei]\n\
         credential = [\"{CANARY}\"]\n\
         tenants = \"{CANARY}\"\n\
         [applications]\n\
         credential = \"\"\n\
         key_id = \"{secret}\"\n\
         [sinjapp]\n\
         credential_command = \"{CANARY} {CANARY}\"\n\
         [sinjapp.tenants.empty]\n\
         credential_command = []\n\
         [sinjapp.tenants.deep.tenants.er]\n\
         credential = \"{CANARY}\"\n"
    );
    let problems = problems(&text);
    for problem in &problems {
        assert!(!problem.contains("Canary"), "{problem}");
    }
    let starts: Vec<String> = problems
        .iter()
        .map(|problem| problem.split(", column").next().unwrap().to_owned())
        .collect();
    for (line, part) in [
        (1, "is no provider's name; give one of: dolfin, devin"),
        (2, "[devin] has both of credential and credential_command"),
        (
            5,
            "[devin] has a member that is not known; give one of: credential, credential_command, base_url, key_id",
        ),
        (6, "is not taken as a tenant's name"),
        (8, "is not taken as a tenant's name"),
        (10, "is no provider's name"),
        (12, "[dolfin] has neither of credential and credential_command"),
        (13, "organisation-id"),
        (14, "is kadosei by another name"),
        (15, "[kadosei] credential is no text, or empty"),
        (16, "names no tenant"),
        (17, "[kadosei] has a wrong key_id: "),
        (18, "[kadosei] credential is no text, or empty"),
        (
            21,
            "[sinjapp] credential_command is not a program and its arguments",
        ),
        (23, "[sinjapp.tenants.empty] credential_command is not a program"),
        (24, "[sinjapp.tenants.deep] has neither of"),
        (24, "[sinjapp.tenants.deep] has a member that is not known"),
    ] {
        let start = format!("keys.toml line {line}");
        let found = problems.iter().zip(&starts);
        let found = found.filter(|(problem, known)| **known == start && problem.contains(part));
        assert_eq!(found.count(), 1, "{line} {part}: {problems:#?}");
    }
    assert_eq!(problems.len(), 17, "{problems:#?}");
}

#[test]
fn a_file_that_is_broken_anywhere_shows_none_of_its_values() {
    let whole = whole();
    assert_eq!(problems(&whole), [""; 0]);
    let mut seen = 0;
    for at in 0..whole.len() {
        let (before, after) = whole.split_at(at);
        for broken in [
            before.to_owned(),
            format!("{before}{}", &after[1..]),
            format!("{before}\"{after}"),
            format!("{before}\n{after}"),
            format!("{before}[{after}"),
            format!("{before}={after}"),
            format!("{before}\\{after}"),
            format!("{before}.{after}"),
            format!("{before}7{after}"),
        ] {
            for problem in problems(&broken) {
                seen += 1;
                assert!(!problem.contains("Canar"), "{problem}\n{broken}");
                assert!(problem.starts_with("keys.toml line "), "{problem}");
            }
        }
    }
    assert!(seen > 1000, "{seen}");
}

#[test]
fn only_its_owner_may_read_or_write_the_file() {
    let directory = Directory::new();
    for mode in [0o600, 0o400, 0o700] {
        assert!(
            Credentials::read(&directory.file(whole(), mode)).is_ok(),
            "{mode:o}"
        );
    }
    for mode in [0o640, 0o620, 0o604, 0o602, 0o644, 0o666] {
        let wrong = match Credentials::read(&directory.file(whole(), mode)) {
            Err(Refused::Wrong(wrong)) => wrong.join("\n"),
            _ => panic!("{mode:o}"),
        };
        assert!(
            wrong.contains(&format!("mode {mode:o}")) && wrong.contains("chmod 600"),
            "{wrong}"
        );
    }
    for path in [&directory.0, Path::new("/dev/null")] {
        assert!(
            matches!(Credentials::read(path), Err(Refused::Wrong(_))),
            "{path:?}"
        );
    }
    let nowhere = directory.0.join("nowhere");
    assert!(matches!(Credentials::read(&nowhere), Err(Refused::Unreadable(_))));
    for bytes in [&b"\xffCanary"[..], &b" ".repeat((1 << 20) + 1)] {
        match Credentials::read(&directory.file(bytes, 0o600)) {
            Err(Refused::Wrong(wrong)) => assert!(!wrong[0].contains("Canary"), "{wrong:?}"),
            _ => panic!("{} bytes", bytes.len()),
        }
    }
}

fn command(script: &str) -> CredentialCommand {
    CredentialCommand {
        arguments: ["/bin/sh", "-c", script].map(str::to_owned).into(),
        place: "[devin] of keys.toml".to_owned(),
        key_id: None,
    }
}

async fn error_of(command: &CredentialCommand) -> String {
    command.credential().await.unwrap_err().to_string()
}

#[tokio::test]
async fn a_command_prints_a_credential_on_one_line() {
    for script in [
        "echo Canary",
        "printf Canary",
        "printf 'Canary\\r\\n'",
        "echo Canary; echo x >&2",
    ] {
        assert_eq!(*command(script).run().await.unwrap(), "Canary", "{script}");
    }
    let longest = command("head -c 4096 /dev/zero | tr '\\0' x; echo");
    assert_eq!(longest.run().await.unwrap().len(), 4096);
    // Nothing to read, and nothing of our environment.
    assert_eq!(*command("cat; echo x").run().await.unwrap(), "x");
}

#[tokio::test]
async fn a_command_that_fails_says_so_and_nothing_that_it_printed() {
    for (script, expected) in [
        ("echo Canary; exit 3", "ended with exit status: 3"),
        ("kill -9 $$ # Canary", "ended with signal: 9"),
        ("# Canary", "printed no credential"),
        ("echo # Canary", "printed no credential"),
        ("echo Canary; echo Canary", "printed more than one line"),
        ("printf 'Canary\\n\\n'", "printed more than one line"),
        ("printf 'Canary\\rCanary'", "printed more than one line"),
        ("printf 'Canary\\377'", "is not valid UTF-8"),
        (
            "head -c 4097 /dev/zero | tr '\\0' x # Canary",
            "more than 4096 bytes",
        ),
        ("while echo Canary; do :; done", "more than 4096 bytes"),
    ] {
        let error = error_of(&command(script)).await;
        assert!(error.contains(expected), "{script}: {error}");
        assert!(
            error.starts_with("the program \"/bin/sh\" in [devin] of keys.toml "),
            "{error}"
        );
        assert!(!error.contains("Canary"), "{error}");
    }
    let missing = CredentialCommand {
        arguments: vec!["/nonexistent/op".to_owned(), "Canary".to_owned()],
        ..command("")
    };
    let error = error_of(&missing).await;
    assert!(
        error.contains("\"/nonexistent/op\"") && error.contains("cannot be started"),
        "{error}"
    );
    assert!(!error.contains("Canary"), "{error}");
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_command_does_not_outlive_the_asking() {
    let directory = Directory::new();
    let pid = directory.0.join("pid");
    let script = format!("echo $$ >{0}.new; mv {0}.new {0}; exec sleep 600", pid.display());
    let command = command(&script);
    let asking = tokio::time::timeout(Duration::from_secs(60), async {
        tokio::select! {
            _ = command.credential() => panic!("it sleeps"),
            () = async {
                while !pid.exists() {
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
            } => {}
        }
    });
    asking.await.unwrap();
    let status = format!("/proc/{}/stat", fs::read_to_string(&pid).unwrap().trim());
    // Gone, or dead and waiting for somebody to take note of it.
    let is_alive = || fs::read_to_string(&status).is_ok_and(|status| !status.contains(") Z "));
    for _ in 0..1000 {
        if !is_alive() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("the program is still alive");
}
