//! A run over a hundred thousand keys at three providers: what it takes of memory, and that no key is lost.
#![cfg(all(feature = "cli", target_os = "linux"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "support/process.rs"]
mod process;

use std::collections::HashSet;
use std::fs;
use std::io::{BufRead, BufReader};
use std::process::Stdio;
use std::time::Instant;

use keyrevoke::KeyRef;
use serde_json::Value;

use crate::process::{Answer, Scratch, Server, key, keyrevoke, with_provider};

const PROVIDERS: [&str; 3] = ["dolfin", "devin", "sinjapp"];

/// What a run over so many keys needs at most, in bytes, and how long its list is.
fn needs(count: usize) -> (u64, u64) {
    let scratch = Scratch::new();
    let servers = PROVIDERS.map(|provider| Server::counting(move |_| Answer::of(provider, false)));
    let keys: Vec<KeyRef> = (0..count)
        .map(|number| key(PROVIDERS[number % 3], number / 3 + 1))
        .collect();
    let list = scratch.list(&keys);

    let mut command = keyrevoke();
    for (provider, server) in PROVIDERS.iter().zip(&servers) {
        with_provider(&mut command, provider, &server.url(), "CanaryCanary0123456789");
    }
    command
        .args(["revoke", "--json", "--yes", "--concurrency", "8", "--from"])
        .arg(&list);
    let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
    let mut most = 0;
    let mut left: HashSet<KeyRef> = keys.into_iter().collect();
    for (number, line) in BufReader::new(child.stdout.take().unwrap()).lines().enumerate() {
        let line: Value = serde_json::from_str(&line.unwrap()).unwrap();
        assert_eq!(line["state"], "dead", "{line}");
        let key: KeyRef = line["key"].as_str().unwrap().parse().unwrap();
        assert!(left.remove(&key), "{key} came twice, or was never asked for");
        if number % 100 == 0 {
            most = peak(child.id()).unwrap_or(most);
        }
    }
    assert!(child.wait().unwrap().success());
    assert!(left.is_empty(), "{} keys came back with nothing", left.len());
    assert_eq!(servers.iter().map(Server::count).sum::<usize>(), count);
    (most, fs::metadata(&list).unwrap().len())
}

/// The most memory that a process ever held at once, in bytes.
fn peak(process: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kilobytes: u64 = line.trim().trim_end_matches(" kB").parse().ok()?;
    Some(kilobytes * 1024)
}

#[test]
#[ignore = "takes a minute or two: .ci/run does it"]
fn memory_grows_with_the_list_and_not_with_the_run() {
    let (few, short) = needs(1_000);
    let began = Instant::now();
    let (many, long) = needs(100_000);
    // What a run has under way must not depend on how many keys there are.
    let allowed = long - short + 64 * 99_000 + (16 << 20);
    println!(
        "1 000 keys: {few} bytes at most; 100 000 keys: {many}, in {:?}; the list is {} bytes longer",
        began.elapsed(),
        long - short
    );
    assert!(few > 0);
    assert!(many.saturating_sub(few) < allowed);
}
