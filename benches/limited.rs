//! A provider that allows so many requests a second, and answers 429 with Retry-After to the rest: how long until all
//! keys are dead, against the least that is possible.
//!
//! `cargo bench --features fakes --bench limited`; `docs/benchmarks.md` says what was measured and how. `KEYS`, `RATE`
//! and `ROUNDS` change its size.
#![allow(clippy::unwrap_used, missing_docs)]

mod support;

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use keyrevoke::KeyRef;
use support::{registry, serve_with, setting, spread};

/// Windows of a second, the first of which begins with the first request.
#[derive(Default)]
struct Limit {
    began: Option<Instant>,
    window: u64,
    taken: usize,
    refused: usize,
}

impl Limit {
    fn answer(&mut self, rate: usize) -> String {
        let passed = self.began.get_or_insert_with(Instant::now).elapsed();
        if passed.as_secs() > self.window {
            (self.window, self.taken) = (passed.as_secs(), 0);
        }
        if self.taken < rate {
            self.taken += 1;
            return "HTTP/1.1 204 No Content\r\n\r\n".to_owned();
        }
        self.refused += 1;
        // Whole seconds, as the header has them: what is left of this window, rounded up.
        "HTTP/1.1 429 Too Many Requests\r\nRetry-After: 1\r\nContent-Length: 0\r\n\r\n".to_owned()
    }
}

fn main() {
    let (count, rate, rounds) = (setting("KEYS", 1_000), setting("RATE", 100), setting("ROUNDS", 3));
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    let keys: Vec<KeyRef> = support::keys(count).collect();
    // The last window need not pass.
    let least = Duration::from_secs((count.div_ceil(rate) - 1) as u64);
    println!("{count} keys at {rate} requests a second, least possible {least:?}, {rounds} rounds");
    for concurrency in [1, 4, 16] {
        let (mut ratios, mut refusals) = (Vec::new(), Vec::new());
        for _ in 0..rounds {
            let limit = Arc::new(Mutex::new(Limit::default()));
            let counted = Arc::clone(&limit);
            let address = serve_with(move || counted.lock().unwrap().answer(rate));
            let mut run = registry(address, concurrency, true).revoke_all(keys.clone());
            let began = Instant::now();
            let dead = runtime.block_on(async {
                let mut dead = 0;
                while let Some((_, result)) = run.next().await {
                    dead += usize::from(result.is_ok());
                }
                dead
            });
            ratios.push(began.elapsed().as_secs_f64() / least.as_secs_f64());
            refusals.push(limit.lock().unwrap().refused);
            assert_eq!(dead, count, "not all keys are dead");
        }
        let (middle, least, most) = spread(ratios);
        let (refused, ..) = spread(refusals);
        println!(
            "{concurrency:>3} at a time: {middle:.3} of the least possible (from {least:.3} to {most:.3}), {refused} requests refused"
        );
    }
}
