//! The real binary as a process that is watched, signalled and killed, and a server whose answers a test scripts and
//! holds back.
#![allow(dead_code)]

use std::collections::HashSet;
use std::ffi::OsStr;
use std::fs::{self, Permissions};
use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use keyrevoke::KeyRef;
use keyrevoke::fakes::Fake;
use keyrevoke::journal::{FileJournal, JournalEntry, JournalRecord, new_run};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// Long enough for the slowest machine; only a failing test waits so long.
const PATIENCE: Duration = Duration::from_secs(60);

/// A directory of one test's own.
pub(crate) struct Scratch(PathBuf);

impl Scratch {
    pub(crate) fn new() -> Self {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(new_run().to_string());
        fs::create_dir(&path).unwrap();
        Self(path)
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// A file that only its owner may read.
    pub(crate) fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
        path
    }

    /// A list with one key a line.
    pub(crate) fn list(&self, keys: &[KeyRef]) -> PathBuf {
        let lines: Vec<String> = keys.iter().map(|key| format!("{key}\n")).collect();
        self.file("list.txt", &lines.concat())
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// The binary with an environment that holds nothing of this machine's.
pub(crate) fn keyrevoke() -> Command {
    clean(env!("CARGO_BIN_EXE_keyrevoke"))
}

pub(crate) fn clean(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    command
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .stdin(Stdio::null());
    command
}

/// Gives a command a provider's address and credential.
pub(crate) fn with_provider(command: &mut Command, provider: &str, base_url: &str, credential: &str) {
    let variable = |setting: &str| {
        format!(
            "KEYREVOKE_{}_{setting}",
            provider.to_uppercase().replace('-', "_")
        )
    };
    command
        .env(variable("BASE_URL"), base_url)
        .env(variable("CREDENTIAL"), credential);
}

/// `keyrevoke revoke` at these fakes.
pub(crate) fn revoke_at(fakes: &[&Fake]) -> Command {
    let mut command = keyrevoke();
    for fake in fakes {
        with_provider(
            &mut command,
            fake.provider(),
            &fake.base_url(),
            fake.credential_text(),
        );
    }
    command.arg("revoke");
    command
}

/// How a process ended, and what it wrote.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) status: ExitStatus,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ended {
    pub(crate) fn code(&self) -> i32 {
        self.status
            .code()
            .unwrap_or_else(|| panic!("ended by a signal: {self:?}"))
    }

    /// Standard output as JSON Lines.
    pub(crate) fn lines(&self) -> Vec<Value> {
        self.out
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }

    /// Of how many keys a member has this value.
    pub(crate) fn count(&self, member: &str, value: &str) -> usize {
        self.lines().iter().filter(|line| line[member] == value).count()
    }
}

pub(crate) fn run(command: Command) -> Ended {
    run_with_input(command, "")
}

pub(crate) fn run_with_input(mut command: Command, input: &str) -> Ended {
    if !input.is_empty() {
        command.stdin(Stdio::piped());
    }
    let mut running = Running::start(command);
    if let Some(mut stdin) = running.child.stdin.take() {
        // Who does not read it may close it.
        let _ = stdin.write_all(input.as_bytes());
    }
    running.end()
}

/// A process whose output is read as it comes.
pub(crate) struct Running {
    pub(crate) child: Child,
    out: Option<Reading>,
    err: Option<Reading>,
}

struct Reading {
    read: Arc<Mutex<Vec<u8>>>,
    thread: JoinHandle<()>,
}

impl Reading {
    fn new(mut source: impl Read + Send + 'static) -> Self {
        let read = Arc::new(Mutex::new(Vec::new()));
        let into = Arc::clone(&read);
        let thread = thread::spawn(move || {
            let mut buffer = [0; 1 << 16];
            while let Ok(count @ 1..) = source.read(&mut buffer) {
                into.lock().unwrap().extend_from_slice(&buffer[..count]);
            }
        });
        Self { read, thread }
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.read.lock().unwrap()).into_owned()
    }

    fn end(self) -> String {
        self.thread.join().unwrap();
        String::from_utf8_lossy(&self.read.lock().unwrap()).into_owned()
    }
}

impl Running {
    pub(crate) fn start(command: Command) -> Self {
        Self::start_writing_to(command, Stdio::piped())
    }

    pub(crate) fn start_writing_to(mut command: Command, out: impl Into<Stdio>) -> Self {
        command.stdout(out).stderr(Stdio::piped());
        Self::watch(command.spawn().unwrap())
    }

    /// Reads what nobody else does.
    pub(crate) fn watch(mut child: Child) -> Self {
        Self {
            out: child.stdout.take().map(Reading::new),
            err: child.stderr.take().map(Reading::new),
            child,
        }
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn signal(&self, name: &str) {
        let id = self.id().to_string();
        assert!(
            Command::new("kill")
                .args([&format!("-{name}"), &id])
                .status()
                .unwrap()
                .success()
        );
    }

    pub(crate) fn is_running(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// What it has written to standard output so far.
    pub(crate) fn out(&self) -> String {
        text(&self.out)
    }

    /// What it has written to standard error so far.
    pub(crate) fn err(&self) -> String {
        text(&self.err)
    }

    pub(crate) fn wait_for_err(&self, part: &str) {
        until(part, || self.err().contains(part));
    }

    pub(crate) fn end(mut self) -> Ended {
        let began = Instant::now();
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            if began.elapsed() > PATIENCE {
                self.child.kill().unwrap();
                panic!("does not end: {}{}", self.out(), self.err());
            }
            thread::sleep(Duration::from_millis(2));
        };
        Ended {
            status,
            out: self.out.map(Reading::end).unwrap_or_default(),
            err: self.err.map(Reading::end).unwrap_or_default(),
        }
    }
}

fn text(reading: &Option<Reading>) -> String {
    reading.as_ref().map(Reading::text).unwrap_or_default()
}

/// Waits until something is so.
pub(crate) fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let began = Instant::now();
    while !is_so() {
        assert!(began.elapsed() < PATIENCE, "never happened: {what}");
        thread::sleep(Duration::from_millis(2));
    }
}

/// What stands in a journal, without what a crash left unfinished at its end.
pub(crate) fn entries(journal: &Path) -> Vec<JournalEntry> {
    let mut entries = Vec::new();
    FileJournal::read(journal, |entry| entries.push(entry)).unwrap();
    entries
}

/// The keys of which a journal has an outcome in this state: `dead`, `live` or `unknown`.
pub(crate) fn outcomes(journal: &Path, state: &str) -> HashSet<KeyRef> {
    let outcome = |entry: JournalEntry| match entry.record {
        JournalRecord::Outcome { key, result, .. } => {
            (keyrevoke::KeyState::from(&result).as_str() == state).then_some(key)
        }
        _ => None,
    };
    entries(journal).into_iter().filter_map(outcome).collect()
}

/// The n-th key at a provider.
pub(crate) fn key(provider: &str, number: usize) -> KeyRef {
    let id = match provider {
        "dolfin" => format!("0d01f100-0000-4000-9000-{number:012x}"),
        "devin" => format!("apk-fa4e{number:08x}"),
        "sinjapp" => number.to_string(),
        other => panic!("{other}"),
    };
    KeyRef::new(provider, id).unwrap()
}

pub(crate) fn keys(provider: &str, count: usize) -> Vec<KeyRef> {
    (1..=count).map(|number| key(provider, number)).collect()
}

/// A request about a key.
pub(crate) struct Asked<'a> {
    /// Counted from 1.
    pub(crate) number: usize,
    pub(crate) path: &'a str,
    /// Request line and headers, as they came.
    pub(crate) head: &'a str,
    /// Was the key revoked before?
    pub(crate) is_dead: bool,
}

/// What a server answers.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    status: u16,
    headers: String,
    body: &'static str,
    delay: Duration,
    is_held: bool,
}

impl Answer {
    pub(crate) fn new(status: u16) -> Self {
        Self {
            status,
            headers: String::new(),
            body: "",
            delay: Duration::ZERO,
            is_held: false,
        }
    }

    /// What a provider says of a key that dies, or has died before.
    pub(crate) fn of(provider: &str, is_dead: bool) -> Self {
        match (provider, is_dead) {
            ("dolfin" | "sinjapp", false) => Self::new(204),
            ("devin", false) => Self::new(200).with_json(r#"{"status":"success"}"#),
            ("dolfin", true) => {
                let body = r#"{"type":"about:blank","title":"ApiKey.AlreadyRevoked","status":409}"#;
                let mut answer = Self::new(409).with_header("content-type: application/problem+json");
                answer.body = body;
                answer
            }
            ("devin", true) => Self::new(404).with_json(r#"{"detail":"API key not found"}"#),
            (_, true) => Self::new(404).with_json(r#"{"message":"No query results"}"#),
            (other, _) => panic!("{other}"),
        }
    }

    pub(crate) fn with_header(mut self, header: &str) -> Self {
        self.headers.push_str(&format!("{header}\r\n"));
        self
    }

    pub(crate) fn with_json(self, body: &'static str) -> Self {
        let mut answer = self.with_header("content-type: application/json");
        answer.body = body;
        answer
    }

    pub(crate) fn with_delay(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }

    /// Waits for [`Server::release`].
    pub(crate) fn held(mut self) -> Self {
        self.is_held = true;
        self
    }
}

type Script = dyn Fn(&Asked<'_>) -> Answer + Send + Sync;

struct State {
    script: Box<Script>,
    paths: Mutex<Vec<String>>,
    dead: Mutex<HashSet<String>>,
    number: AtomicUsize,
    records: bool,
    now: AtomicUsize,
    most: AtomicUsize,
    released: watch::Sender<bool>,
}

/// An HTTP server with a thread of its own. A key dies when a 2xx is about to be sent, even if nobody reads it.
pub(crate) struct Server {
    port: u16,
    state: Arc<State>,
}

impl Server {
    pub(crate) fn start(script: impl Fn(&Asked<'_>) -> Answer + Send + Sync + 'static) -> Self {
        Self::start_at(0, true, script)
    }

    /// Counts requests, and remembers none of them.
    pub(crate) fn counting(script: impl Fn(&Asked<'_>) -> Answer + Send + Sync + 'static) -> Self {
        Self::start_at(0, false, script)
    }

    pub(crate) fn start_at(
        port: u16,
        records: bool,
        script: impl Fn(&Asked<'_>) -> Answer + Send + Sync + 'static,
    ) -> Self {
        let listener = std::net::TcpListener::bind(("127.0.0.1", port)).unwrap();
        listener.set_nonblocking(true).unwrap();
        let port = listener.local_addr().unwrap().port();
        let state = Arc::new(State {
            script: Box::new(script),
            paths: Mutex::default(),
            dead: Mutex::default(),
            number: AtomicUsize::new(0),
            records,
            now: AtomicUsize::new(0),
            most: AtomicUsize::new(0),
            released: watch::Sender::new(false),
        });
        let shared = Arc::clone(&state);
        thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.unwrap().block_on(async move {
                let listener = TcpListener::from_std(listener).unwrap();
                while let Ok((stream, _)) = listener.accept().await {
                    tokio::spawn(serve(stream, Arc::clone(&shared)));
                }
            });
        });
        Self { port, state }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// The paths of the requests, in order.
    pub(crate) fn paths(&self) -> Vec<String> {
        self.state.paths.lock().unwrap().clone()
    }

    /// How many requests came.
    pub(crate) fn count(&self) -> usize {
        self.state.number.load(Ordering::SeqCst)
    }

    /// How many requests wait for their answers.
    pub(crate) fn now(&self) -> usize {
        self.state.now.load(Ordering::SeqCst)
    }

    /// How many waited at the same time, at most.
    pub(crate) fn most(&self) -> usize {
        self.state.most.load(Ordering::SeqCst)
    }

    /// Sends the answers that are held back, now and from now on.
    pub(crate) fn release(&self) {
        self.state.released.send_replace(true);
    }
}

async fn serve(mut stream: TcpStream, state: Arc<State>) {
    let (mut head, mut buffer) = (Vec::new(), [0; 4096]);
    while !head.windows(4).any(|window| window == b"\r\n\r\n") {
        match stream.read(&mut buffer).await {
            Ok(0) | Err(_) => return,
            Ok(count) => head.extend_from_slice(&buffer[..count]),
        }
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
    let now = state.now.fetch_add(1, Ordering::SeqCst) + 1;
    state.most.fetch_max(now, Ordering::SeqCst);
    let number = state.number.fetch_add(1, Ordering::SeqCst) + 1;
    let is_dead = state.dead.lock().unwrap().contains(&path);
    if state.records {
        state.paths.lock().unwrap().push(path.clone());
    }
    let asked = Asked {
        number,
        path: &path,
        head: &head,
        is_dead,
    };
    let answer = (state.script)(&asked);
    if answer.is_held {
        let _ = state.released.subscribe().wait_for(|released| *released).await;
    }
    tokio::time::sleep(answer.delay).await;
    if state.records && answer.status < 300 {
        state.dead.lock().unwrap().insert(path);
    }
    let Answer {
        status,
        headers,
        body,
        ..
    } = answer;
    let length = match status {
        204 => String::new(),
        _ => format!("content-length: {}\r\n", body.len()),
    };
    let text = format!("HTTP/1.1 {status} x\r\n{headers}{length}connection: close\r\n\r\n{body}");
    state.now.fetch_sub(1, Ordering::SeqCst);
    let _ = stream.write_all(text.as_bytes()).await;
    let _ = stream.shutdown().await;
}
