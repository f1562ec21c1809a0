//! Many keys: our run against what one would write by hand, with the same connection policy.
//!
//! `cargo bench --features fakes --bench bulk` interleaves the contestants and prints medians; `docs/benchmarks.md`
//! says what was measured and how. `KEYS`, `CONCURRENCY` and `ROUNDS` change its size.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

use std::io::Write;
use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use keyrevoke::journal::FileJournal;
use keyrevoke::{ClientOptions, Credential, KeyRef, Registry, dolfin};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

fn setting(name: &str, default: usize) -> usize {
    std::env::var(name)
        .ok()
        .and_then(|value| value.parse().ok())
        .unwrap_or(default)
}

/// A provider without latency, on a thread of its own, that counts what it is asked.
fn serve() -> (SocketAddr, Arc<AtomicUsize>) {
    let (send, receive) = std::sync::mpsc::channel();
    let count = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&count);
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(async {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            send.send(listener.local_addr().unwrap()).unwrap();
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                tokio::spawn(answer(stream, Arc::clone(&counted)));
            }
        });
    });
    (receive.recv().unwrap(), count)
}

async fn answer(mut stream: TcpStream, count: Arc<AtomicUsize>) {
    let mut buffer = vec![0; 4096];
    let mut held = 0;
    while let Ok(read) = stream.read(&mut buffer[held..]).await {
        held += read;
        if read == 0 || held == buffer.len() {
            return;
        }
        if buffer[..held].ends_with(b"\r\n\r\n") {
            let last = buffer[..held]
                .windows(17)
                .any(|part| part.eq_ignore_ascii_case(b"connection: close"));
            held = 0;
            count.fetch_add(1, Ordering::Relaxed);
            if stream
                .write_all(b"HTTP/1.1 204 No Content\r\n\r\n")
                .await
                .is_err()
            {
                return;
            }
            if last {
                return;
            }
        }
    }
}

async fn ours(
    address: SocketAddr,
    keys: Vec<KeyRef>,
    concurrency: usize,
    reuse: bool,
    journal: Option<FileJournal>,
) -> usize {
    let mut options = ClientOptions::new();
    if reuse {
        options = options.with_connection_reuse(Duration::from_millis(500));
    }
    let revoker = dolfin::builder()
        .with_options(options)
        .with_base_url(format!("http://{address}"))
        .with_credential(Credential::api_key("dol_live_benchmark"))
        .build()
        .unwrap();
    let mut registry = Registry::new()
        .with(keyrevoke::AnyRevoker::new(revoker))
        .with_concurrency(NonZeroUsize::new(concurrency).unwrap());
    if let Some(journal) = journal {
        registry = registry.with_journal(journal);
    }
    let mut run = registry.revoke_all(keys);
    let mut dead = 0;
    while let Some((_, result)) = run.next().await {
        dead += usize::from(result.is_ok());
    }
    dead
}

/// What one writes by hand, with a fresh connection for each request as we have it.
async fn by_hand(address: SocketAddr, keys: Vec<KeyRef>, concurrency: usize, reuse: bool) -> usize {
    use futures_util::StreamExt;
    let client = reqwest::Client::builder()
        .pool_max_idle_per_host(if reuse { 64 } else { 0 })
        .redirect(reqwest::redirect::Policy::none())
        .http1_only()
        .no_proxy()
        .timeout(Duration::from_secs(10))
        .connect_timeout(Duration::from_secs(5))
        .build()
        .unwrap();
    let calls = keys.into_iter().map(|key| {
        let request = client
            .post(format!("http://{address}/api-keys/{}/revoke", key.key()))
            .header("x-dolfin-api-key", "dol_live_benchmark")
            .header("accept", "application/json")
            .header("content-length", "0");
        async move { request.send().await.is_ok_and(|answer| answer.status() == 204) }
    });
    let mut calls = futures_util::stream::iter(calls).buffer_unordered(concurrency);
    let mut dead = 0;
    while let Some(done) = calls.next().await {
        dead += usize::from(done);
    }
    dead
}

/// `curl --parallel --parallel-max N -K list`, which keeps connections unless it is told not to.
fn curl(address: SocketAddr, keys: &[KeyRef], concurrency: usize, reuse: bool) -> usize {
    let path = std::env::temp_dir().join(format!("keyrevoke-bench-{}.curl", std::process::id()));
    let mut list = std::io::BufWriter::new(std::fs::File::create(&path).unwrap());
    for (index, key) in keys.iter().enumerate() {
        if index > 0 {
            writeln!(list, "next").unwrap();
        }
        let url = format!("http://{address}/api-keys/{}/revoke", key.key());
        writeln!(
            list,
            "url = \"{url}\"\nrequest = POST\noutput = /dev/null\nsilent"
        )
        .unwrap();
        writeln!(list, "header = \"x-dolfin-api-key: dol_live_benchmark\"").unwrap();
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

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}

fn main() {
    let (count, concurrency, rounds) = (
        setting("KEYS", 10_000),
        setting("CONCURRENCY", 16),
        setting("ROUNDS", 7),
    );
    let (address, asked) = serve();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    let keys: Vec<KeyRef> = (1..=count)
        .map(|number| {
            format!("dolfin:0d01f100-0000-4000-8000-{number:012x}")
                .parse()
                .unwrap()
        })
        .collect();
    let names = [
        "keyrevoke",
        "by hand",
        "curl, Connection: close",
        "keyrevoke, connections kept",
        "by hand, connections kept",
        "curl",
        "keyrevoke with a journal",
    ];
    let mut times = vec![Vec::new(); names.len()];
    for round in 0..=rounds {
        for contestant in 0..names.len() {
            let (given, before) = (keys.clone(), asked.load(Ordering::Relaxed));
            let began = Instant::now();
            let dead = match contestant {
                0 => runtime.block_on(ours(address, given, concurrency, false, None)),
                1 => runtime.block_on(by_hand(address, given, concurrency, false)),
                2 => curl(address, &keys, concurrency, false),
                3 => runtime.block_on(ours(address, given, concurrency, true, None)),
                4 => runtime.block_on(by_hand(address, given, concurrency, true)),
                5 => curl(address, &keys, concurrency, true),
                _ => {
                    let path =
                        std::env::temp_dir().join(format!("keyrevoke-bench-{}.jsonl", std::process::id()));
                    let journal = FileJournal::open(&path).unwrap();
                    let dead = runtime.block_on(ours(address, given, concurrency, false, Some(journal)));
                    let _ = std::fs::remove_file(&path);
                    dead
                }
            };
            let took = began.elapsed();
            let sent = asked.load(Ordering::Relaxed) - before;
            assert_eq!(
                (dead, sent),
                (count, count),
                "{} did not do its work",
                names[contestant]
            );
            if round > 0 {
                times[contestant].push(took); // the first round warms up
            }
        }
    }
    println!("{count} keys, {concurrency} at a time, {rounds} interleaved rounds");
    let ours = median(times[0].clone());
    for (name, times) in names.iter().zip(&times) {
        let (middle, least, most) = (
            median(times.clone()),
            times.iter().min().unwrap(),
            times.iter().max().unwrap(),
        );
        println!(
            "{name:<28} median {:>7.1} ms (from {:.1} to {:.1}), {:>7.0} keys/s; our throughput is {:.2} of it",
            middle.as_secs_f64() * 1e3,
            least.as_secs_f64() * 1e3,
            most.as_secs_f64() * 1e3,
            count as f64 / middle.as_secs_f64(),
            middle.as_secs_f64() / ours.as_secs_f64(),
        );
    }
}
