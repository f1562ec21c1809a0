//! A server that misbehaves by script, byte by byte, and records what it was sent.

use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::server::TlsStream;

/// What is done on one connection, step by step. After the last step the connection is closed in good order.
pub(crate) type Script = Vec<Step>;

#[derive(Clone, Debug)]
pub(crate) enum Step {
    /// Waits for a whole request: its head, and as many bytes as it announces.
    Read,
    Send(Vec<u8>),
    /// Sends a few bytes at a time.
    Dribble {
        bytes: Vec<u8>,
        at_once: usize,
        every: Duration,
    },
    /// Sends the same bytes again and again, until the client goes.
    Endlessly(Vec<u8>),
    Wait(Duration),
    /// Does nothing more, until the client goes.
    Hold,
    /// Ends the connection with a reset.
    Reset,
}

/// No test waits this long; a forgotten connection ends by itself.
const LONGEST: Duration = Duration::from_secs(60);

/// What happened on one connection.
#[derive(Clone, Debug, Default)]
pub(crate) struct Connection {
    /// Everything that was received; decrypted where the server speaks TLS.
    pub(crate) received: Vec<u8>,
    /// How many bytes the system took from the server.
    pub(crate) sent: usize,
    /// Did the client end the connection while the server still had something to do?
    pub(crate) left_early: bool,
}

impl Connection {
    /// Whole request heads.
    pub(crate) fn requests(&self) -> usize {
        self.received
            .windows(4)
            .filter(|window| window == b"\r\n\r\n")
            .count()
    }
}

pub(crate) struct FaultServer {
    port: u16,
    scheme: &'static str,
    connections: Arc<Mutex<Vec<Connection>>>,
    task: JoinHandle<()>,
    /// Keeps the port from every other test, listening or not.
    _port: Port,
}

/// A port of our own on which nobody listens.
pub(crate) struct Port(TcpSocket);

impl Port {
    pub(crate) fn new() -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_reuseport(true).unwrap();
        socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        Self(socket)
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.0.local_addr().unwrap())
    }

    /// Listens on it until the listener is dropped.
    fn listen(&self) -> TcpListener {
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_reuseport(true).unwrap();
        socket.bind(self.0.local_addr().unwrap()).unwrap();
        socket.listen(1024).unwrap()
    }
}

impl FaultServer {
    /// Plays one script a connection, and the last one for ever.
    pub(crate) fn start(scripts: impl IntoIterator<Item = Script>) -> Self {
        Self::serve(scripts, None, false)
    }

    /// Plays one script a connection. With the last of them the port is closed to others.
    pub(crate) fn then_refuse(scripts: impl IntoIterator<Item = Script>) -> Self {
        Self::serve(scripts, None, true)
    }

    /// The same behind TLS.
    pub(crate) fn start_tls(config: Arc<ServerConfig>, scripts: impl IntoIterator<Item = Script>) -> Self {
        Self::serve(scripts, Some(config.into()), false)
    }

    fn serve(scripts: impl IntoIterator<Item = Script>, tls: Option<TlsAcceptor>, then_refuse: bool) -> Self {
        let own = Port::new();
        let listener = own.listen();
        let port = listener.local_addr().unwrap().port();
        let scheme = if tls.is_some() { "https" } else { "http" };
        let connections = Arc::new(Mutex::new(Vec::new()));
        let scripts: Vec<Script> = scripts.into_iter().collect();
        let task = tokio::spawn(accept(
            listener,
            scripts,
            tls,
            then_refuse,
            Arc::clone(&connections),
        ));
        Self {
            port,
            scheme,
            connections,
            task,
            _port: own,
        }
    }

    pub(crate) fn url(&self) -> String {
        format!("{}://127.0.0.1:{}", self.scheme, self.port)
    }

    /// By name, for certificates.
    pub(crate) fn url_by_name(&self) -> String {
        format!("{}://localhost:{}", self.scheme, self.port)
    }

    pub(crate) fn connections(&self) -> Vec<Connection> {
        locked(&self.connections).clone()
    }

    /// Requests whose head arrived, on all connections.
    pub(crate) fn requests(&self) -> usize {
        self.connections().iter().map(Connection::requests).sum()
    }

    /// Everything that was received on all connections, as text.
    pub(crate) fn received(&self) -> String {
        let all = self.connections();
        let bytes: Vec<u8> = all
            .iter()
            .flat_map(|connection| connection.received.clone())
            .collect();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// The first connection, once the client has left it.
    pub(crate) async fn left_early(&self) -> Connection {
        for _ in 0..1000 {
            if let Some(connection) = self.connections().first().filter(|first| first.left_early) {
                return connection.clone();
            }
            sleep(Duration::from_millis(10)).await;
        }
        panic!("the client did not end the connection: {:?}", self.connections());
    }
}

impl Drop for FaultServer {
    fn drop(&mut self) {
        self.task.abort(); // and with it all its connections
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap()
}

async fn accept(
    listener: TcpListener,
    scripts: Vec<Script>,
    tls: Option<TlsAcceptor>,
    then_refuse: bool,
    connections: Arc<Mutex<Vec<Connection>>>,
) {
    let mut tasks = JoinSet::new();
    let mut listener = Some(listener);
    while let Some(open) = &listener {
        let Ok((stream, _)) = open.accept().await else {
            break;
        };
        let number = locked(&connections).len();
        locked(&connections).push(Connection::default());
        let Some(script) = scripts.get(number).or(scripts.last()).cloned() else {
            continue;
        };
        if then_refuse && number + 1 >= scripts.len() {
            listener = None;
        }
        let record = Record {
            connections: Arc::clone(&connections),
            number,
        };
        let tls = tls.clone();
        tasks.spawn(timeout(LONGEST, async move {
            match tls {
                None => play(stream, script, record).await,
                Some(tls) => {
                    if let Ok(stream) = tls.accept(stream).await {
                        play(stream, script, record).await;
                    }
                }
            }
        }));
    }
    while tasks.join_next().await.is_some() {}
}

/// The notes on one connection.
struct Record {
    connections: Arc<Mutex<Vec<Connection>>>,
    number: usize,
}

impl Record {
    fn note<T>(&self, change: impl FnOnce(&mut Connection) -> T) -> T {
        change(&mut locked(&self.connections)[self.number])
    }
}

/// A stream whose socket can be made to reset.
trait Line: AsyncRead + AsyncWrite + Unpin {
    fn socket(&self) -> &TcpStream;
}

impl Line for TcpStream {
    fn socket(&self) -> &TcpStream {
        self
    }
}

impl Line for TlsStream<TcpStream> {
    fn socket(&self) -> &TcpStream {
        self.get_ref().0
    }
}

async fn play(mut line: impl Line, script: Script, record: Record) {
    let mut taken = 0; // bytes of requests that were read before
    for step in script {
        let is_done = match step {
            Step::Read => read_request(&mut line, &record, &mut taken).await,
            Step::Send(bytes) => send(&mut line, &record, &bytes).await,
            Step::Dribble {
                bytes,
                at_once,
                every,
            } => {
                let mut is_done = true;
                for piece in bytes.chunks(at_once) {
                    is_done = is_done && send(&mut line, &record, piece).await;
                    sleep(every).await;
                }
                is_done
            }
            Step::Endlessly(bytes) => {
                while send(&mut line, &record, &bytes).await {
                    tokio::task::yield_now().await;
                }
                false
            }
            Step::Wait(pause) => {
                sleep(pause).await;
                true
            }
            Step::Hold => {
                while receive(&mut line, &record).await {}
                false
            }
            Step::Reset => {
                line.socket().set_zero_linger().unwrap();
                return;
            }
        };
        if !is_done {
            record.note(|connection| connection.left_early = true);
            return;
        }
    }
    let _ = line.shutdown().await;
    // What is left unread would make the system send a reset instead of an end.
    while receive(&mut line, &record).await {}
}

/// `false` where the client went away.
async fn receive(line: &mut impl Line, record: &Record) -> bool {
    let mut buffer = [0; 4096];
    match line.read(&mut buffer).await {
        Ok(0) | Err(_) => false,
        Ok(count) => {
            record.note(|connection| connection.received.extend_from_slice(&buffer[..count]));
            true
        }
    }
}

async fn send(line: &mut impl Line, record: &Record, bytes: &[u8]) -> bool {
    let is_sent = line.write_all(bytes).await.is_ok() && line.flush().await.is_ok();
    record.note(|connection| connection.sent += bytes.len() * usize::from(is_sent));
    is_sent
}

async fn read_request(line: &mut impl Line, record: &Record, taken: &mut usize) -> bool {
    loop {
        if let Some(length) = record.note(|connection| request_length(&connection.received[*taken..])) {
            *taken += length;
            return true;
        }
        if !receive(line, record).await {
            return false;
        }
    }
}

/// The length of the whole request that these bytes begin with.
pub(crate) fn request_length(bytes: &[u8]) -> Option<usize> {
    let head = bytes.windows(4).position(|window| window == b"\r\n\r\n")? + 4;
    let text = String::from_utf8_lossy(&bytes[..head]).to_lowercase();
    let body = text
        .lines()
        .find_map(|line| line.strip_prefix("content-length:"))
        .map_or(0, |length| length.trim().parse().unwrap());
    (bytes.len() >= head + body).then_some(head + body)
}

/// An answer in good order; its length is added.
pub(crate) fn answer(status: u16, headers: &[(&str, &str)], body: &[u8]) -> Vec<u8> {
    let mut head = format!("HTTP/1.1 {status} X\r\ncontent-length: {}\r\n", body.len());
    for (name, value) in headers {
        head += &format!("{name}: {value}\r\n");
    }
    [head.as_bytes(), b"\r\n", body].concat()
}

/// Reads one request, then does this.
pub(crate) fn after_read(step: Step) -> Script {
    vec![Step::Read, step]
}

/// Reads one request and sends these bytes.
pub(crate) fn replies(bytes: impl Into<Vec<u8>>) -> Script {
    after_read(Step::Send(bytes.into()))
}
