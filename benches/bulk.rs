//! Many keys: our run against what one would write by hand, with the same connection policy.
//!
//! `cargo bench --features fakes --bench bulk` interleaves the contestants and prints medians; `docs/benchmarks.md`
//! says what was measured and how. `KEYS`, `CONCURRENCY` and `ROUNDS` change its size.
#![allow(clippy::unwrap_used, missing_docs)]

mod support;

use std::io::Write;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::atomic::Ordering;
use std::time::Instant;

use futures_util::StreamExt;
use keyrevoke::journal::FileJournal;
use keyrevoke::{KeyRef, Registry};
use support::{client, registry, serve, setting, spread};
use tokio::runtime::Runtime;

/// Ours: the contestants' names, and those that they are held against.
const NAMES: [&str; 8] = [
    "keyrevoke",
    "by hand",
    "curl, Connection: close",
    "keyrevoke, connections kept",
    "by hand, connections kept",
    "curl",
    "keyrevoke with a journal",
    "xargs curl",
];

/// How many keys are revoked to count instructions, at most.
const MOST_COUNTED: usize = 2_000;

async fn ours(registry: Registry, keys: Vec<KeyRef>) -> usize {
    let mut run = registry.revoke_all(keys);
    let mut dead = 0;
    while let Some((_, result)) = run.next().await {
        dead += usize::from(result.is_ok());
    }
    dead
}

async fn by_hand(address: SocketAddr, keys: Vec<KeyRef>, concurrency: usize, reuse: bool) -> usize {
    let client = client(reuse);
    let calls = keys.into_iter().map(|key| {
        let client = client.clone();
        async move { support::by_hand(&client, address, key.key()).await }
    });
    let mut calls = futures_util::stream::iter(calls).buffer_unordered(concurrency);
    let mut dead = 0;
    while let Some(done) = calls.next().await {
        dead += usize::from(done);
    }
    dead
}

fn url(address: SocketAddr, key: &KeyRef) -> String {
    format!("http://{address}/api-keys/{}/revoke", key.key())
}

fn temporary(end: &str) -> PathBuf {
    std::env::temp_dir().join(format!("keyrevoke-bench-{}.{end}", std::process::id()))
}

/// `curl --parallel --parallel-max N -K list`, which keeps connections unless it is told not to.
fn curl(address: SocketAddr, keys: &[KeyRef], concurrency: usize, reuse: bool) -> usize {
    let path = temporary("curl");
    let mut list = std::io::BufWriter::new(std::fs::File::create(&path).unwrap());
    for (index, key) in keys.iter().enumerate() {
        if index > 0 {
            writeln!(list, "next").unwrap();
        }
        let url = url(address, key);
        writeln!(
            list,
            "url = \"{url}\"\nrequest = POST\noutput = /dev/null\nsilent"
        )
        .unwrap();
        writeln!(list, "header = \"x-dolfin-api-key: {}\"", support::CREDENTIAL).unwrap();
        if !reuse {
            writeln!(list, "header = \"Connection: close\"").unwrap();
        }
    }
    drop(list);
    let parallel = concurrency.to_string();
    let status = Command::new("curl")
        .args([
            "--no-progress-meter",
            "--parallel",
            "--parallel-max",
            &parallel,
            "-K",
        ])
        .arg(&path)
        .stdout(Stdio::null())
        .status();
    let _ = std::fs::remove_file(&path);
    status.map_or(0, |status| if status.success() { keys.len() } else { 0 })
}

/// `xargs -P N curl`: a process for each key.
fn xargs(address: SocketAddr, keys: &[KeyRef], concurrency: usize) -> usize {
    let path = temporary("urls");
    let urls: Vec<String> = keys.iter().map(|key| url(address, key)).collect();
    std::fs::write(&path, urls.join("\n")).unwrap();
    let header = format!("x-dolfin-api-key: {}", support::CREDENTIAL);
    let status = Command::new("xargs")
        .args(["-P", &concurrency.to_string(), "-n", "1"])
        .args(["curl", "--silent", "--request", "POST", "--header", &header])
        .stdin(std::fs::File::open(&path).unwrap())
        .status();
    let _ = std::fs::remove_file(&path);
    status.map_or(0, |status| if status.success() { keys.len() } else { 0 })
}

/// Lets one of them work its keys off; how many were revoked.
fn revoke_all(contestant: usize, runtime: &Runtime, address: SocketAddr, keys: Vec<KeyRef>) -> usize {
    let concurrency = setting("CONCURRENCY", 16);
    match contestant {
        0 => runtime.block_on(ours(registry(address, concurrency, false), keys)),
        1 => runtime.block_on(by_hand(address, keys, concurrency, false)),
        2 => curl(address, &keys, concurrency, false),
        3 => runtime.block_on(ours(registry(address, concurrency, true), keys)),
        4 => runtime.block_on(by_hand(address, keys, concurrency, true)),
        5 => curl(address, &keys, concurrency, true),
        6 => {
            let path = temporary("jsonl");
            let journal = FileJournal::open(&path).unwrap();
            let registry = registry(address, concurrency, false).with_journal(journal);
            let dead = runtime.block_on(ours(registry, keys));
            let _ = std::fs::remove_file(&path);
            dead
        }
        _ => xargs(address, &keys, concurrency),
    }
}

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    let given: Vec<String> = std::env::args().collect();
    if let [_, mode, name, address, count] = given.as_slice()
        && mode == "--calls"
    {
        // What it takes to make the keys is not to be counted: it is the same however many are revoked.
        let mut keys: Vec<KeyRef> = support::keys(MOST_COUNTED).collect();
        keys.truncate(count.parse().unwrap());
        let contestant = NAMES.iter().position(|known| known == name).unwrap();
        let (count, address) = (keys.len(), address.parse().unwrap());
        assert_eq!(revoke_all(contestant, &runtime, address, keys), count);
        return;
    }
    let (count, rounds) = (setting("KEYS", 10_000), setting("ROUNDS", 7));
    let only = std::env::var("ONLY").unwrap_or_default(); // a contestant's name, for profilers
    let (address, asked) = serve();
    let keys: Vec<KeyRef> = support::keys(count).collect();
    let (mut rates, mut costs) = (vec![Vec::new(); NAMES.len()], vec![[vec![], vec![]]; NAMES.len()]);
    for round in 0..=rounds {
        for (contestant, name) in NAMES.iter().enumerate() {
            if !only.is_empty() && only != *name {
                continue;
            }
            // A process for each key is for scale only: a part of the keys will do.
            let part = if contestant == 7 {
                count.div_ceil(20)
            } else {
                count
            };
            let (given, before) = (keys[..part].to_vec(), asked.load(Ordering::Relaxed));
            let (began, cost) = (Instant::now(), support::cost());
            let dead = revoke_all(contestant, &runtime, address, given);
            let rate = part as f64 / began.elapsed().as_secs_f64();
            let after = support::cost();
            let sent = asked.load(Ordering::Relaxed) - before;
            assert_eq!((dead, sent), (part, part), "{name} did not do its work");
            if round > 0 {
                rates[contestant].push(rate); // the first round warms up
                for (costs, (after, before)) in costs[contestant].iter_mut().zip(after.iter().zip(&cost)) {
                    costs.push((after - before) / part as f64);
                }
            }
        }
    }
    if !only.is_empty() {
        return;
    }
    let concurrency = setting("CONCURRENCY", 16);
    println!("{count} keys, {concurrency} at a time, {rounds} interleaved rounds");
    for ((name, own), costs) in NAMES.iter().zip(&rates).zip(&costs) {
        let (middle, least, most) = spread(own.clone());
        print!("{name:<28} {middle:>7.0} keys/s (from {least:.0} to {most:.0})");
        let [(seconds, ..), (switches, ..)] = costs.clone().map(spread);
        match name.contains("curl") {
            true => println!(),
            false => println!(
                ", {:.1} µs on a processor and {switches:.2} switches a key",
                seconds * 1e6
            ),
        }
    }
    println!("our throughput is so much of theirs, round by round:");
    for (ours, theirs) in [(0, 1), (0, 2), (3, 4), (3, 5), (0, 7)] {
        let ratios = rates[ours]
            .iter()
            .zip(&rates[theirs])
            .map(|(our, their)| our / their);
        let (middle, least, most) = spread(ratios.collect());
        let (ours, theirs) = (NAMES[ours], NAMES[theirs]);
        println!("{ours:<28} {middle:.2} (from {least:.2} to {most:.2}) of {theirs}");
    }
    for contestant in [0, 1, 3, 4, 6] {
        let name = NAMES[contestant];
        match support::each("callgrind", name, address, MOST_COUNTED - 100).as_deref() {
            Some([instructions, ..]) => println!("{name:<28} {instructions} instructions a key"),
            _ => return println!("instructions: not counted, valgrind is not installed"),
        }
    }
}
