//! One call: our facade, what progenitor generates, and what one writes by hand, with the same settings.
//!
//! `cargo bench --features fakes --bench one_call` interleaves the three and prints medians; where valgrind is
//! installed it also counts instructions and allocations, which do not depend on what else the machine does.
//! `docs/benchmarks.md` says what was measured and how.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod support;

use std::net::SocketAddr;
use std::time::Instant;

use keyrevoke::{Revoke, dolfin};
use support::{Generated, by_hand, client, each, revoker, serve, setting, spread};

const NAMES: [&str; 3] = ["keyrevoke", "generated client", "by hand"];

/// So many calls, one after the other, over one kept connection.
fn calls(contestant: &str, address: SocketAddr, count: usize) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let ids = (1..=count).map(|number| format!("0d01f100-0000-4000-8000-{number:012x}"));
    let dead = runtime.block_on(async {
        let mut dead = 0;
        match contestant {
            "keyrevoke" => {
                let revoker = revoker(address, true);
                for id in ids {
                    let key: dolfin::KeyId = id.parse().unwrap();
                    dead += usize::from(revoker.revoke(&key).await.is_ok());
                }
            }
            "by hand" => {
                let client = client(true);
                for id in ids {
                    dead += usize::from(by_hand(&client, address, &id).await);
                }
            }
            _ => {
                let generated = Generated {
                    baseurl: format!("http://{address}"),
                    client: client(true),
                };
                for id in ids {
                    let sent = generated.revoke(&id).await;
                    dead += usize::from(sent.is_ok_and(|answer| answer.status() == 204));
                }
            }
        }
        dead
    });
    assert_eq!(dead, count, "{contestant} did not do its work");
}

fn main() {
    let given: Vec<String> = std::env::args().collect();
    if let [_, mode, contestant, address, count] = given.as_slice()
        && mode == "--calls"
    {
        return calls(contestant, address.parse().unwrap(), count.parse().unwrap());
    }
    let (count, rounds) = (setting("CALLS", 2_000), setting("ROUNDS", 15));
    let (address, _) = serve();
    let mut times = vec![Vec::new(); NAMES.len()];
    for round in 0..=rounds {
        for (name, times) in NAMES.iter().zip(&mut times) {
            let began = Instant::now();
            calls(name, address, count);
            if round > 0 {
                times.push(began.elapsed().as_secs_f64() * 1e6 / count as f64); // the first round warms up
            }
        }
    }
    println!("one call at a time over a kept connection, {rounds} interleaved rounds of {count}");
    for (name, times) in NAMES.iter().zip(&times) {
        let (middle, least, most) = spread(times.clone());
        println!("{name:<18} median {middle:>6.1} µs (from {least:.1} to {most:.1})");
    }
    let by_hand = each("callgrind", NAMES[2], address, 1_000);
    let Some(by_hand) = by_hand.and_then(|counts| counts.first().copied()) else {
        return println!("instructions and allocations: not counted, valgrind is not installed");
    };
    for name in NAMES {
        let instructions = each("callgrind", name, address, 1_000).map_or(0, |counts| counts[0]);
        let allocated = each("dhat", name, address, 1_000).unwrap_or_default();
        let [bytes, blocks] = allocated.as_slice() else {
            panic!("dhat said something else");
        };
        let ratio = instructions as f64 / by_hand as f64;
        println!(
            "{name:<18} {instructions} instructions ({ratio:.3} of those by hand), {blocks} allocations, {bytes} bytes"
        );
    }
}
