//! A proxy that loses, repeats, cuts and delays, to be put before a server that behaves.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{sleep, timeout};

use crate::server::request_length;

/// What becomes of one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    Pass,
    /// The server never sees it; the client sees a reset.
    LoseRequest,
    /// The server answers; the client sees a reset.
    LoseAnswer,
    /// The server gets it twice; the client sees the second answer.
    Twice,
    /// The client gets the first bytes of the answer, and the end of the connection.
    Cut(usize),
    /// The client gets the answer later.
    Delay(Duration),
}

pub(crate) struct FaultProxy {
    base_url: String,
    asked: Arc<AtomicUsize>,
    delivered: Arc<AtomicUsize>,
    task: JoinHandle<()>,
}

impl FaultProxy {
    /// Stands before the server of this base URL. One way a request; those after the last one pass.
    pub(crate) async fn before(base_url: &str, ways: impl IntoIterator<Item = Way>) -> Self {
        let authority = base_url.split('/').nth(2).unwrap().to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let own = listener.local_addr().unwrap().to_string();
        let base_url = base_url.replacen(&authority, &own, 1);
        let (asked, delivered) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let ways = Mutex::new(ways.into_iter().collect::<VecDeque<Way>>());
        let counts = (Arc::clone(&asked), Arc::clone(&delivered));
        let task = tokio::spawn(async move {
            let mut tasks = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let way = ways.lock().unwrap().pop_front().unwrap_or(Way::Pass);
                let carry = carry(stream, authority.clone(), way, counts.clone());
                tasks.spawn(timeout(Duration::from_secs(60), carry));
            }
        });
        Self {
            base_url,
            asked,
            delivered,
            task,
        }
    }

    pub(crate) fn base_url(&self) -> &str {
        &self.base_url
    }

    /// Requests that the client sent.
    pub(crate) fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }

    /// Requests that the server got.
    pub(crate) fn delivered(&self) -> usize {
        self.delivered.load(Ordering::SeqCst)
    }
}

impl Drop for FaultProxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn carry(
    mut client: TcpStream,
    authority: String,
    way: Way,
    (asked, delivered): (Arc<AtomicUsize>, Arc<AtomicUsize>),
) {
    let mut request = Vec::new();
    while request_length(&request).is_none() {
        if client.read_buf(&mut request).await.unwrap_or(0) == 0 {
            return;
        }
    }
    asked.fetch_add(1, Ordering::SeqCst);
    if way == Way::LoseRequest {
        client.set_zero_linger().unwrap();
        return;
    }
    let mut answer = Vec::new();
    for _ in 0..if way == Way::Twice { 2 } else { 1 } {
        answer = deliver(&authority, &request).await;
        delivered.fetch_add(1, Ordering::SeqCst);
    }
    match way {
        Way::LoseAnswer => {
            client.set_zero_linger().unwrap();
            return;
        }
        Way::Cut(length) => answer.truncate(length),
        Way::Delay(pause) => sleep(pause).await,
        Way::Pass | Way::LoseRequest | Way::Twice => {}
    }
    let _ = client.write_all(&answer).await;
    let _ = client.shutdown().await;
}

/// The server's whole answer.
async fn deliver(authority: &str, request: &[u8]) -> Vec<u8> {
    let mut server = TcpStream::connect(authority).await.unwrap();
    // So that the answer's end can be seen without reading HTTP.
    let line = request.windows(2).position(|window| window == b"\r\n").unwrap() + 2;
    let (line, rest) = request.split_at(line);
    let request = [line, b"connection: close\r\n", rest].concat();
    server.write_all(&request).await.unwrap();
    let mut answer = Vec::new();
    server.read_to_end(&mut answer).await.unwrap();
    answer
}
