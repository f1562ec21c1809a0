//! What the benchmarks have in common: a provider without latency, its keys, and what a user would do instead of us.
#![allow(dead_code, clippy::unwrap_used, missing_docs, unreachable_pub)]

use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use keyrevoke::{AnyRevoker, ClientOptions, Credential, KeyRef, Registry, Revoker, dolfin};
use progenitor_client::{
    ByteStream, ClientHooks, ClientInfo, Error, OperationInfo, ResponseValue, encode_path,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

pub const CREDENTIAL: &str = "dol_live_benchmark";

/// A number from the environment.
pub fn setting(name: &str, default: usize) -> usize {
    let given = std::env::var(name).ok();
    given.and_then(|value| value.parse().ok()).unwrap_or(default)
}

/// The keys from 1 to this number.
pub fn keys(count: usize) -> impl Iterator<Item = KeyRef> + Send {
    (1..=count).map(|number| {
        format!("dolfin:0d01f100-0000-4000-8000-{number:012x}")
            .parse()
            .unwrap()
    })
}

/// A provider without latency, on a thread of its own, that counts what it is asked.
pub fn serve() -> (SocketAddr, Arc<AtomicUsize>) {
    let count = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&count);
    let address = serve_with(move || {
        counted.fetch_add(1, Ordering::Relaxed);
        "HTTP/1.1 204 No Content\r\n\r\n".to_owned()
    });
    (address, count)
}

/// A provider that answers each request with what this gives.
pub fn serve_with(answers: impl Fn() -> String + Send + Sync + 'static) -> SocketAddr {
    let (send, receive) = std::sync::mpsc::channel();
    let answers: Arc<dyn Fn() -> String + Send + Sync> = Arc::new(answers);
    let thread = std::thread::Builder::new().name(PROVIDER.to_owned());
    let began = thread.spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(async {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            send.send(listener.local_addr().unwrap()).unwrap();
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                tokio::spawn(answer(stream, Arc::clone(&answers)));
            }
        });
    });
    began.unwrap();
    receive.recv().unwrap()
}

const PROVIDER: &str = "provider";

/// What this process cost so far, without the provider: seconds on a processor, and how often a thread gave its own up
/// to wait. As Linux tells; 0 elsewhere.
pub fn cost() -> [f64; 2] {
    let threads = std::fs::read_dir("/proc/self/task")
        .into_iter()
        .flatten()
        .flatten();
    let costs = threads.filter_map(|thread| {
        let read = |name| std::fs::read_to_string(thread.path().join(name)).ok();
        let (times, status) = (read("schedstat")?, read("status")?);
        let time: f64 = times.split_whitespace().next()?.parse().ok()?;
        let switches = status
            .lines()
            .find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"));
        let switches: f64 = switches?.trim().parse().ok()?;
        (read("comm")?.trim() != PROVIDER).then_some([time / 1e9, switches])
    });
    costs.fold([0.0; 2], |all, one| [all[0] + one[0], all[1] + one[1]])
}

/// What a tool of valgrind counts in so many calls of this program's own.
fn counted(tool: &str, contestant: &str, address: SocketAddr, count: usize) -> Option<Vec<u64>> {
    let output = Command::new("valgrind")
        .arg(format!("--tool={tool}"))
        .arg(format!("--{tool}-out-file=/dev/null"))
        .arg(std::env::current_exe().ok()?)
        .args(["--calls", contestant, &address.to_string(), &count.to_string()])
        .stdout(Stdio::null())
        .output()
        .ok()?;
    let text = String::from_utf8_lossy(&output.stderr);
    let line = text.lines().find_map(|line| {
        line.split_once("Collected :")
            .or_else(|| line.split_once("Total:"))
    });
    let words = line?.1.replace(',', "");
    let numbers = words.split_whitespace().filter_map(|word| word.parse().ok());
    output.status.success().then(|| numbers.collect())
}

/// What one call more costs: the beginning of the program is in both runs.
pub fn each(tool: &str, contestant: &str, address: SocketAddr, calls: usize) -> Option<Vec<u64>> {
    let (few, many) = (
        counted(tool, contestant, address, 100)?,
        counted(tool, contestant, address, 100 + calls)?,
    );
    let pairs = few.iter().zip(&many);
    Some(pairs.map(|(few, many)| (many - few) / calls as u64).collect())
}

async fn answer(mut stream: TcpStream, answers: Arc<dyn Fn() -> String + Send + Sync>) {
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
            if stream.write_all(answers().as_bytes()).await.is_err() || last {
                return;
            }
        }
    }
}

/// Our facade.
pub fn revoker(address: SocketAddr, reuse: bool) -> Revoker<dolfin::Dolfin> {
    let mut options = ClientOptions::new();
    if reuse {
        options = options.with_connection_reuse(Duration::from_millis(500));
    }
    dolfin::builder()
        .with_options(options)
        .with_base_url(format!("http://{address}"))
        .with_credential(Credential::api_key(CREDENTIAL))
        .build()
        .unwrap()
}

pub fn registry(address: SocketAddr, concurrency: usize, reuse: bool) -> Registry {
    Registry::new()
        .with(AnyRevoker::new(revoker(address, reuse)))
        .with_concurrency(NonZeroUsize::new(concurrency).unwrap())
}

/// What one builds by hand who thinks of the same settings.
pub fn client(reuse: bool) -> reqwest::Client {
    reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .http1_only()
        .pool_max_idle_per_host(if reuse { 64 } else { 0 })
        .pool_idle_timeout(Duration::from_millis(500))
        .no_proxy()
        .referer(false)
        .no_gzip()
        .no_brotli()
        .no_deflate()
        .no_zstd()
        .tls_certs_only([])
        .timeout(Duration::from_secs(10))
        .connect_timeout(Duration::from_secs(5))
        .user_agent("by-hand/1")
        .build()
        .unwrap()
}

/// One call as it is written by hand: it looks at the status alone.
pub async fn by_hand(client: &reqwest::Client, address: SocketAddr, id: &str) -> bool {
    let sent = client
        .post(format!("http://{address}/api-keys/{id}/revoke"))
        .header("x-dolfin-api-key", CREDENTIAL)
        .header("accept", "application/json, application/problem+json")
        .header("content-length", "0")
        .send()
        .await;
    sent.is_ok_and(|answer| answer.status() == 204)
}

/// What progenitor makes of the same document, its client being private here: one client for all calls, without our
/// hook.
pub struct Generated {
    pub baseurl: String,
    pub client: reqwest::Client,
}

impl ClientInfo<()> for Generated {
    fn api_version() -> &'static str {
        "v1"
    }

    fn baseurl(&self) -> &str {
        &self.baseurl
    }

    fn client(&self) -> &reqwest::Client {
        &self.client
    }

    fn inner(&self) -> &() {
        &()
    }
}

impl ClientHooks for Generated {
    async fn pre<E>(&self, request: &mut reqwest::Request, _: &OperationInfo) -> Result<(), Error<E>> {
        let headers = request.headers_mut();
        headers.insert(
            "x-dolfin-api-key",
            reqwest::header::HeaderValue::from_static(CREDENTIAL),
        );
        headers.insert("content-length", reqwest::header::HeaderValue::from_static("0"));
        headers.insert(
            "accept",
            reqwest::header::HeaderValue::from_static("application/json, application/problem+json"),
        );
        Ok(())
    }
}

impl Generated {
    pub async fn revoke(&self, id: &str) -> Result<ResponseValue<ByteStream>, Error<ByteStream>> {
        let url = format!("{}/api-keys/{}/revoke", self.baseurl, encode_path(id));
        let mut headers = reqwest::header::HeaderMap::with_capacity(1);
        headers.append(
            reqwest::header::HeaderName::from_static("api-version"),
            reqwest::header::HeaderValue::from_static(Self::api_version()),
        );
        let mut request = self.client.post(url).headers(headers).build()?;
        let info = OperationInfo {
            operation_id: "revoke",
        };
        self.pre(&mut request, &info).await?;
        let result = self.exec(request, &info).await;
        self.post(&result, &info).await?;
        let response = result?;
        match response.status().as_u16() {
            200..=299 => Ok(ResponseValue::stream(response)),
            _ => Err(Error::ErrorResponse(ResponseValue::stream(response))),
        }
    }
}

/// Median, least and most.
pub fn spread<T: Copy + PartialOrd>(mut figures: Vec<T>) -> (T, T, T) {
    figures.sort_by(|a, b| a.partial_cmp(b).unwrap());
    (figures[figures.len() / 2], figures[0], figures[figures.len() - 1])
}
