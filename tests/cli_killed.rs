//! Runs that are killed, without a word to them, at any moment of their lives, and then carried on by the same command.
#![cfg(all(feature = "cli", unix))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "support/process.rs"]
mod process;

use std::collections::{HashMap, HashSet};
use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use keyrevoke::KeyRef;
use keyrevoke::journal::JournalRecord;
use serde_json::Value;

use crate::process::{
    Answer, Ended, Running, Scratch, Server, entries, key, keyrevoke, outcomes, with_provider,
};

/// How many processes are killed after they have written their beginning down; others are killed before that.
const KILLS: usize = 200;

/// How many keys each provider has in a list.
const KEYS: usize = 24;

/// Whose repeats are conclusive, harmless, and never made.
const PROVIDERS: [&str; 3] = ["dolfin", "devin", "sinjapp"];

/// The providers outlive every run. Their answers take a moment, in which a run can be killed.
fn servers() -> [Server; 3] {
    PROVIDERS.map(|provider| {
        Server::start(move |asked| {
            let delay = Duration::from_micros(500 * (asked.number as u64 % 7));
            Answer::of(provider, asked.is_dead).with_delay(delay)
        })
    })
}

/// When a run is killed.
#[derive(Clone, Copy)]
enum Moment {
    /// So long after it was started.
    After(Duration),
    /// So long after its n-th request was received.
    Request(usize, Duration),
}

/// A list that is worked off by one run after the other, over one journal.
struct Incident<'a> {
    scratch: Scratch,
    servers: &'a [Server; 3],
    keys: Vec<KeyRef>,
    /// Keys that the journal had as dead at a kill, and how many requests their provider had received by then.
    dead: HashMap<KeyRef, usize>,
    /// Keys that were under way at a kill.
    in_flight: HashSet<KeyRef>,
}

impl<'a> Incident<'a> {
    /// The n-th incident has keys of its own.
    fn new(servers: &'a [Server; 3], number: usize) -> Self {
        let ids = number * KEYS + 1..=number * KEYS + KEYS;
        let mut keys: Vec<KeyRef> = ids
            .flat_map(|id| PROVIDERS.map(|provider| key(provider, id)))
            .collect();
        fastrand::shuffle(&mut keys);
        let scratch = Scratch::new();
        scratch.list(&keys);
        Self {
            scratch,
            servers,
            keys,
            dead: HashMap::new(),
            in_flight: HashSet::new(),
        }
    }

    fn server(&self, key: &KeyRef) -> &Server {
        let index = PROVIDERS.iter().position(|provider| *provider == key.provider());
        &self.servers[index.unwrap()]
    }

    fn journal(&self) -> PathBuf {
        self.scratch.path("run.jsonl")
    }

    fn command(&self) -> Command {
        let mut command = keyrevoke();
        for (provider, server) in PROVIDERS.iter().zip(self.servers) {
            with_provider(&mut command, provider, &server.url(), "CanaryCanary0123456789");
        }
        command
            .args(["revoke", "--json", "--yes", "--from"])
            .arg(self.scratch.path("list.txt"));
        command.arg("--journal").arg(self.journal());
        command
    }

    /// Runs the command until the moment comes, and gives how it ended and whether it wrote anything.
    fn run_until(&mut self, moment: Moment) -> (Ended, bool) {
        let length = || fs::metadata(self.journal()).map_or(0, |file| file.len());
        let (length_before, asked_before) = (length(), self.asked());
        let mut running = Running::start(self.command());
        if let Moment::Request(number, _) = moment {
            while self.asked() < asked_before + number && running.is_running() {
                thread::sleep(Duration::from_micros(100));
            }
        }
        let (Moment::After(time) | Moment::Request(_, time)) = moment;
        thread::sleep(time);
        running.child.kill().unwrap();
        let ended = running.end();
        let wrote = length() != length_before;
        if was_killed(&ended) {
            self.look_around(&ended);
        }
        (ended, wrote)
    }

    /// How many requests the providers have received.
    fn asked(&self) -> usize {
        self.servers.iter().map(Server::count).sum()
    }

    /// What must be true whenever a run was killed.
    fn look_around(&mut self, killed: &Ended) {
        if !self.journal().exists() {
            assert_eq!(killed.out, "");
            return;
        }
        let (dead, open) = (outcomes(&self.journal(), "dead"), self.open());
        let in_doubt = outcomes(&self.journal(), "unknown");
        // The last line may have been cut short.
        let whole = killed.out.rfind('\n').map_or("", |end| &killed.out[..end]);
        for line in whole.lines() {
            let line: Value = serde_json::from_str(line).unwrap();
            let key: KeyRef = line["key"].as_str().unwrap().parse().unwrap();
            let is_written = match line["state"].as_str().unwrap() {
                "dead" => dead.contains(&key),
                _ => in_doubt.contains(&key) || open.contains(&key),
            };
            assert!(is_written, "printed and not written down: {line}");
        }
        for key in self.dead.keys() {
            assert!(dead.contains(key), "{key} was dead, and is not any more");
        }
        for key in dead {
            let received = self.server(&key).count();
            self.dead.entry(key).or_insert(received);
        }
        self.in_flight.extend(open);
    }

    /// The keys whose last intent has no outcome.
    fn open(&self) -> HashSet<KeyRef> {
        let mut open = HashSet::new();
        for entry in entries(&self.journal()) {
            match entry.record {
                JournalRecord::Intent { key, .. } => _ = open.insert(key),
                JournalRecord::Outcome { key, .. } => _ = open.remove(&key),
                _ => {}
            }
        }
        open
    }

    /// The paths of the requests about each key, and how many came before.
    fn requests(&self) -> HashMap<KeyRef, Vec<usize>> {
        let mut requests: HashMap<KeyRef, Vec<usize>> = HashMap::new();
        for key in &self.keys {
            requests.insert(key.clone(), Vec::new());
        }
        for (provider, server) in PROVIDERS.iter().zip(self.servers) {
            for (index, path) in server.paths().iter().enumerate() {
                let id = path.trim_end_matches("/revoke").rsplit('/').next().unwrap();
                if let Some(requests) = requests.get_mut(&KeyRef::new(provider, id).unwrap()) {
                    requests.push(index);
                }
            }
        }
        requests
    }

    /// What must be true once a run has come to its end.
    fn check(&self, ended: &Ended) {
        assert!(matches!(ended.code(), 0 | 3), "{ended:?}");
        let lines: HashMap<KeyRef, Value> = ended
            .lines()
            .into_iter()
            .map(|line| (line["key"].as_str().unwrap().parse().unwrap(), line))
            .collect();
        assert_eq!(lines.len(), self.keys.len());
        let requests = self.requests();
        for key in &self.keys {
            let (line, requests) = (&lines[key], &requests[key]);
            if let Some(received) = self.dead.get(key) {
                assert_eq!(line["state"], "dead", "{key} was confirmed dead before: {line}");
                assert!(
                    requests.iter().all(|index| index < received),
                    "{key} was dead, and was sent again"
                );
            }
            if key.provider() == "sinjapp" {
                assert!(
                    requests.len() <= 1,
                    "{key} may be another key by now, and was sent again"
                );
            }
            if line["state"] == "dead" {
                continue;
            }
            assert_eq!(line["state"], "unknown", "{line}");
            assert_ne!(key.provider(), "dolfin", "asked again, it says so: {line}");
            assert!(self.in_flight.contains(key), "nothing happened to it: {line}");
            assert!(!line["next_step"].as_str().unwrap().is_empty(), "{line}");
            if key.provider() == "devin" {
                assert_eq!(line["likely_dead"], true, "{line}");
            } else {
                assert!(line["detail"].as_str().unwrap().contains("under way"), "{line}");
                let note = format!("{key} was under way when an earlier run ended\n");
                assert!(ended.err.contains(&note), "{}", ended.err);
            }
        }
    }
}

fn was_killed(ended: &Ended) -> bool {
    ended.status.signal() == Some(9)
}

#[test]
fn a_kill_at_any_moment_loses_no_confirmed_result_and_repeats_none() {
    let seed =
        std::env::var("KEYREVOKE_SEED").map_or_else(|_| fastrand::u64(..), |seed| seed.parse().unwrap());
    println!("KEYREVOKE_SEED={seed}");
    fastrand::seed(seed);

    let servers = servers();
    // How long a run lives if it is left alone.
    let began = Instant::now();
    assert_eq!(
        Running::start(Incident::new(&servers, 0).command()).end().code(),
        0
    );
    let whole = began.elapsed();

    let (mut kills, mut early, mut unknown, mut number) = (0, 0, 0, 0);
    while kills < KILLS {
        number += 1;
        assert!(
            number < KILLS,
            "runs end before they can be killed: {kills} of {number}"
        );
        let mut incident = Incident::new(&servers, number);
        let ended = loop {
            if kills == KILLS {
                break Running::start(incident.command()).end();
            }
            let left = incident.keys.len() - incident.dead.len();
            let moment = if fastrand::u8(..4) == 0 {
                Moment::After(whole.mul_f64(fastrand::f64()))
            } else {
                Moment::Request(
                    fastrand::usize(..=left),
                    Duration::from_micros(fastrand::u64(..4000)),
                )
            };
            let (ended, wrote) = incident.run_until(moment);
            if !was_killed(&ended) {
                break ended;
            }
            (kills, early) = (kills + usize::from(wrote), early + usize::from(!wrote));
        };
        unknown += ended.count("state", "unknown");
        incident.check(&ended);
    }
    println!("{kills} kills at work and {early} before in {number} lists, {unknown} keys in doubt");
    assert!(unknown > 0, "no kill ever met a request under way");
}
