//! May connections be reused? Measured by hand, not part of a test run:
//!
//! ```text
//! cargo test --all-features --test faults -- --ignored --nocapture stale
//! ```
//!
//! A server says that it keeps connections, and closes each one a few milliseconds after an answer, which is
//! when the next request is sent. A request that is lost so is sent again by no one here: at a provider whose
//! module allows no repeat it would end in doubt although nothing is wrong.

use std::io::{ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use keyrevoke::{RetryPolicy, Revoke};

use crate::common::builder;

const RUNS: usize = 300;
const IDLE: Duration = Duration::from_millis(5);

/// Answers 204, and closes what is idle for too long. It looks all the time, because a system's own time-outs
/// are some milliseconds coarse.
fn serve(mut stream: TcpStream) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    stream.set_nonblocking(true)?;
    let mut buffer = [0; 4096];
    let mut closes = None;
    loop {
        match stream.read(&mut buffer) {
            Ok(0) => return Ok(()),
            // Loopback sends so short a head whole.
            Ok(count) if buffer[..count].ends_with(b"\r\n\r\n") => {
                stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n")?;
                closes = Some(Instant::now() + IDLE);
            }
            Ok(_) => return Err(ErrorKind::InvalidData.into()),
            Err(error) if error.kind() != ErrorKind::WouldBlock => return Err(error),
            Err(_) if closes.is_some_and(|closes| closes <= Instant::now()) => return Ok(()),
            Err(_) => thread::yield_now(),
        }
    }
}

/// The pause between two requests: the server's patience, and up to a tenth of a millisecond less or more.
async fn until_the_worst_moment(run: usize) {
    let ends =
        Instant::now() + IDLE - Duration::from_micros(100) + Duration::from_micros(run as u64 * 37 % 200);
    while Instant::now() < ends {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
#[ignore = "a measurement; see the module's words"]
async fn stale_connections_are_measured() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        for stream in listener.incoming() {
            let stream = stream.unwrap();
            thread::spawn(move || serve(stream));
        }
    });

    let pooled = reqwest::Client::builder().no_proxy();
    let once = reqwest::Client::builder()
        .no_proxy()
        .retry(reqwest::retry::never());
    for (name, client) in [
        ("a default pool", pooled.build().unwrap()),
        ("a default pool without retries", once.build().unwrap()),
    ] {
        let mut failed = 0;
        for run in 0..RUNS {
            failed += usize::from(client.delete(&url).send().await.is_err());
            until_the_worst_moment(run).await;
        }
        println!("{name}: {failed} of {RUNS} requests failed");
    }

    let (builder, key) = builder("sinjapp", &url).await;
    let revoker = builder.with_retry(RetryPolicy::none()).build().unwrap();
    let mut failed = 0;
    for run in 0..RUNS {
        failed += usize::from(revoker.revoke(&key).await.is_err());
        until_the_worst_moment(run).await;
    }
    println!("our settings: {failed} of {RUNS} calls failed");
    assert_eq!(failed, 0);
}
