//! The most memory that a run ever holds, beyond the list that it is given.
//!
//! `cargo bench --features fakes --bench memory`; `docs/benchmarks.md` says what was measured and how. `KEYS` is the
//! largest list. Linux only: the figures are the kernel's.
#![allow(clippy::panic, clippy::unwrap_used, missing_docs)]

mod support;

use std::net::SocketAddr;
use std::process::Command;

use keyrevoke::KeyRef;
use support::{registry, serve, setting};

const CONCURRENCY: usize = 16;

/// What the kernel says of this process, in bytes: what it holds (`VmRSS`), or the most it ever held (`VmHWM`).
fn held(what: &str) -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(what)).unwrap();
    let kibibytes: usize = line.trim_matches([':', ' ', '\t', 'k', 'B']).parse().unwrap();
    kibibytes * 1024
}

/// One run in a process of its own: prints what was held before and at most.
fn run(kind: &str, address: SocketAddr, count: usize) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let registry = registry(address, CONCURRENCY, true);
    let list: Vec<KeyRef> = match kind {
        "list" => support::keys(count).collect(),
        _ => Vec::new(),
    };
    let before = held("VmRSS");
    let dead = runtime.block_on(async {
        let mut run = match kind {
            "list" => registry.revoke_all(list),
            _ => registry.revoke_stream(futures_util::stream::iter(support::keys(count))),
        };
        let mut dead = 0;
        while let Some((_, result)) = run.next().await {
            dead += usize::from(result.is_ok());
        }
        dead
    });
    assert_eq!(dead, count, "not all keys are dead");
    println!("{before} {}", held("VmHWM"));
}

fn main() {
    let given: Vec<String> = std::env::args().collect();
    if let [_, mode, kind, address, count] = given.as_slice()
        && mode == "--run"
    {
        return run(kind, address.parse().unwrap(), count.parse().unwrap());
    }
    let largest = setting("KEYS", 1_000_000);
    let (address, _) = serve();
    for kind in ["list", "stream"] {
        for count in [1_000, 100_000, largest] {
            let output = Command::new(std::env::current_exe().unwrap())
                .args(["--run", kind, &address.to_string(), &count.to_string()])
                .output()
                .unwrap();
            assert!(output.status.success(), "{output:?}");
            let text = String::from_utf8(output.stdout).unwrap();
            let numbers: Vec<usize> = text
                .split_whitespace()
                .map(|word| word.parse().unwrap())
                .collect();
            let [before, most] = numbers.as_slice() else {
                panic!("{text}");
            };
            println!(
                "{kind:<6} of {count:>9} keys: {:>6.1} MiB before, {:>6.1} MiB at most: {:>6.1} MiB more, {:.1} bytes a key",
                *before as f64 / 1048576.0,
                *most as f64 / 1048576.0,
                (most - before) as f64 / 1048576.0,
                (most - before) as f64 / count as f64,
            );
        }
    }
}
