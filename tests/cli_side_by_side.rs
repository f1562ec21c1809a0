//! One run over providers in trouble, each of its own: all end as they must, and none holds up another.
#![cfg(all(feature = "cli", unix))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "support/process.rs"]
mod process;

use std::fs;
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;

use crate::process::{Answer, Ended, Running, Scratch, Server, keyrevoke, keys, run, until};

const KEYS: usize = 20;

/// A provider that wants a pause before every eighth request.
fn rate_limited() -> Server {
    Server::start(|asked| match asked.number % 8 {
        0 => Answer::new(429).with_header("retry-after: 1"),
        _ => Answer::of("devin", asked.is_dead),
    })
}

/// A provider whose credential is a new one from the ninth request on.
fn expiring() -> Server {
    Server::start(|asked| {
        let wanted = if asked.number > 8 { "second" } else { "first" };
        if asked.head.contains(wanted) || asked.head.contains("second") {
            Answer::of("sinjapp", asked.is_dead)
        } else {
            Answer::new(401)
        }
    })
}

/// A port on which nobody listens, and which the system gives to no outgoing connection.
fn unused_port() -> u16 {
    let mut ports = std::iter::repeat_with(|| fastrand::u16(20_000..30_000));
    ports
        .find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok())
        .unwrap()
}

struct Trouble {
    scratch: Scratch,
    limited: Server,
    expiring: Server,
    /// Where a provider is down.
    port: u16,
    credentials: PathBuf,
}

impl Trouble {
    fn new() -> Self {
        let (scratch, limited, expiring, port) = (Scratch::new(), rate_limited(), expiring(), unused_port());
        let list = ["dolfin", "devin", "sinjapp"]
            .map(|provider| keys(provider, KEYS))
            .concat();
        scratch.list(&list);
        // Prints the first credential once, and then the second.
        let runs = scratch.path("runs");
        let script = format!(
            "echo run >> {0:?}; test $(wc -l < {0:?}) = 1 && echo Canary-first || echo Canary-second",
            runs
        );
        let script = scratch.file("script", &script);
        let credentials = format!(
            "[dolfin]\nbase_url = \"http://127.0.0.1:{port}\"\ncredential = \"Canary\"\n\
             [devin]\nbase_url = \"{}\"\ncredential = \"Canary\"\n\
             [sinjapp]\nbase_url = \"{}\"\ncredential_command = [\"/bin/sh\", {script:?}]\n",
            limited.url(),
            expiring.url()
        );
        let credentials = scratch.file("keys.toml", &credentials);
        Self {
            scratch,
            limited,
            expiring,
            port,
            credentials,
        }
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = keyrevoke();
        command
            .args(["revoke", "--json", "--yes", "--credentials"])
            .arg(&self.credentials);
        command.arg("--from").arg(self.scratch.path("list.txt"));
        command
            .arg("--journal")
            .arg(self.scratch.path("run.jsonl"))
            .args(arguments);
        command
    }

    /// What must be true of the two that are there.
    fn check_the_others(&self, ended: &Ended) {
        let dead = of(ended.lines(), "devin", "dead") + of(ended.lines(), "sinjapp", "dead");
        assert_eq!(dead, 2 * KEYS, "{}", ended.err);
        // 22 requests, of which the 8th and the 16th were not wanted.
        assert_eq!(self.limited.count(), KEYS + 2);
        // Those that were under way when the credential expired were refused.
        let refused = self.expiring.count() - KEYS;
        assert!((1..=4).contains(&refused), "{refused}");
        assert_eq!(
            fs::read_to_string(self.scratch.path("runs")).unwrap(),
            "run\nrun\n"
        );
        let journal = fs::read_to_string(self.scratch.path("run.jsonl")).unwrap();
        assert!(!format!("{journal}{}{}", ended.out, ended.err).contains("Canary"));
    }
}

fn of(lines: Vec<Value>, provider: &str, state: &str) -> usize {
    let is_it = |line: &&Value| line["provider"] == provider && line["state"] == state;
    lines.iter().filter(is_it).count()
}

fn last_of(ended: &Ended, provider: &str) -> usize {
    ended
        .lines()
        .iter()
        .rposition(|line| line["provider"] == provider)
        .unwrap()
}

#[test]
fn a_provider_that_is_down_one_that_limits_and_one_whose_credential_expires_side_by_side() {
    let trouble = Trouble::new();
    let running = Running::start(trouble.command(&["--keep-trying", "600"]));
    // The one that is down comes up when all the others' keys are done, which do not wait for it.
    until("the other providers' keys", || {
        running.out().lines().count() == 2 * KEYS
    });
    let down = Server::start_at(trouble.port, true, |asked| Answer::of("dolfin", asked.is_dead));
    let ended = running.end();
    assert_eq!(ended.code(), 0, "{}{}", ended.out, ended.err);
    assert_eq!((of(ended.lines(), "dolfin", "dead"), down.count()), (KEYS, KEYS));
    trouble.check_the_others(&ended);
    let order = ["sinjapp", "devin", "dolfin"].map(|provider| last_of(&ended, provider));
    assert!(order.is_sorted(), "the limited one waits by itself: {order:?}");
}

#[test]
fn a_provider_that_stays_down_costs_the_others_nothing() {
    let trouble = Trouble::new();
    let ended = run(trouble.command(&[]));
    assert_eq!(
        (ended.code(), ended.lines().len()),
        (1, 3 * KEYS),
        "{}",
        ended.err
    );
    assert_eq!(of(ended.lines(), "dolfin", "live"), KEYS);
    trouble.check_the_others(&ended);
    for line in ended.lines().iter().filter(|line| line["provider"] == "dolfin") {
        assert_eq!(
            (&line["kind"], &line["delivery"]),
            (&"not_sent".into(), &"not_sent".into()),
            "{line}"
        );
    }

    // Once it is there, the same command does what is left, and nothing else.
    let up = Server::start_at(trouble.port, true, |asked| Answer::of("dolfin", asked.is_dead));
    let again = run(trouble.command(&[]));
    assert_eq!(
        (again.code(), again.count("state", "dead")),
        (0, 3 * KEYS),
        "{}",
        again.err
    );
    assert_eq!(up.count(), KEYS);
    assert_eq!(trouble.limited.count(), KEYS + 2);
}
