//! A hub of one's own, on loopback, with its database in a directory that is made anew, and with nothing behind it.

use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::Value;

/// A service that may make users and tokens, and delete them.
pub(crate) const ADMINISTRATOR: &str = "administrator-of-a-hub-for-tests";
/// A service that may do nothing.
pub(crate) const WITHOUT_SCOPES: &str = "somebody-else-of-a-hub-for-tests";
/// A service that may delete the tokens of bob.
pub(crate) const OF_BOB: &str = "friend-of-bob-of-a-hub-for-tests";

/// The hub's own programs, which `.ci/run` installs.
fn program(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("target/jupyterhub/bin")
        .join(name)
}

pub(crate) struct Hub {
    process: Child,
    port: u16,
    directory: PathBuf,
    http: reqwest::Client,
}

pub(crate) struct Token {
    pub(crate) id: String,
    pub(crate) secret: String,
}

impl Hub {
    /// Starts a hub in a directory of this name, and waits until it answers.
    pub(crate) async fn start(name: &str) -> Self {
        let directory = Path::new(env!("CARGO_TARGET_TMPDIR"))
            .join("jupyterhub")
            .join(name);
        let _ = fs::remove_dir_all(&directory);
        fs::create_dir_all(&directory).unwrap();
        fs::write(directory.join("config.py"), include_str!("config.py")).unwrap();
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        drop(listener);
        let log = File::create(directory.join("log")).unwrap();
        let process = Command::new(program("jupyterhub"))
            .args(["--config", "config.py"])
            .current_dir(&directory)
            .env("PORT", port.to_string())
            .env("ADMINISTRATOR", ADMINISTRATOR)
            .env("WITHOUT_SCOPES", WITHOUT_SCOPES)
            .env("OF_BOB", OF_BOB)
            .stdin(Stdio::piped()) // closed when we end, however that is; then the hub ends too
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap_or_else(|error| panic!("jupyterhub: {error}; see the top of tests/jupyterhub.rs"));
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        let mut hub = Self {
            process,
            port,
            directory,
            http,
        };
        for _ in 0..600 {
            let version = hub.http.get(format!("{}/", hub.base_url())).send().await;
            if version.is_ok_and(|answer| answer.status() == 200) {
                return hub;
            }
            if let Some(status) = hub.process.try_wait().unwrap() {
                panic!("the hub ended with {status}:\n{}", hub.log());
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("the hub does not answer:\n{}", hub.log());
    }

    pub(crate) fn base_url(&self) -> String {
        format!("http://127.0.0.1:{}/hub/api", self.port)
    }

    pub(crate) fn directory(&self) -> &Path {
        &self.directory
    }

    pub(crate) async fn make_user(&self, name: &str) {
        let (status, body) = self.ask(reqwest::Method::POST, &format!("users/{name}")).await;
        assert_eq!(status, 201, "{body}\n{}", self.log());
    }

    pub(crate) async fn make_token(&self, user: &str) -> Token {
        let path = format!("users/{user}/tokens");
        let (status, body) = self.ask(reqwest::Method::POST, &path).await;
        assert_eq!(status, 201, "{body}\n{}", self.log());
        let text = |name: &str| body[name].as_str().unwrap().to_owned();
        Token {
            id: text("id"),
            secret: text("token"),
        }
    }

    /// The ids of the tokens that the hub has of a user.
    pub(crate) async fn tokens(&self, user: &str) -> Vec<String> {
        let path = format!("users/{user}/tokens");
        let (status, body) = self.ask(reqwest::Method::GET, &path).await;
        assert_eq!(status, 200, "{body}");
        let tokens = body["api_tokens"].as_array().unwrap().iter();
        tokens
            .map(|token| token["id"].as_str().unwrap().to_owned())
            .collect()
    }

    /// What the hub answers to somebody who has this token.
    pub(crate) async fn try_token(&self, secret: &str) -> u16 {
        let url = format!("{}/user", self.base_url());
        let answer = self.http.get(url).bearer_auth(secret).send().await;
        answer.unwrap().status().as_u16()
    }

    /// Deletes without us.
    pub(crate) async fn delete(&self, path: &str) -> u16 {
        self.ask(reqwest::Method::DELETE, path).await.0
    }

    async fn ask(&self, method: reqwest::Method, path: &str) -> (u16, Value) {
        let url = format!("{}/{path}", self.base_url());
        let request = self.http.request(method, url).bearer_auth(ADMINISTRATOR);
        let answer = request.send().await.unwrap();
        let (status, body) = (answer.status().as_u16(), answer.bytes().await.unwrap());
        (status, serde_json::from_slice(&body).unwrap_or_default())
    }

    /// Status and path of each request to delete that the hub has answered, as its log has them.
    pub(crate) async fn deletions(&self) -> Vec<String> {
        // The hub logs a request after its answer, and before it takes the next one.
        self.ask(reqwest::Method::GET, "").await;
        let log = self.log();
        // Of two lines about a refusal, one is the access log's.
        let of_line = |line: &str| {
            let (_, line) = line.split_once(" JupyterHub log:")?;
            let (before, after) = line.split_once(" DELETE ")?;
            let status = before.rsplit(' ').next()?;
            Some(format!("{status} {}", after.split(' ').next()?))
        };
        log.lines().filter_map(of_line).collect()
    }

    fn log(&self) -> String {
        fs::read_to_string(self.directory.join("log")).unwrap_or_default()
    }
}

impl Drop for Hub {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Keeps everybody else away from the hub's database, as something that uses it too may do.
pub(crate) struct LockedDatabase(Child);

impl LockedDatabase {
    pub(crate) fn new(directory: &Path) -> Self {
        let lock = "import sqlite3, sys\n\
                    database = sqlite3.connect('hub.sqlite', isolation_level=None, timeout=30)\n\
                    database.execute('BEGIN EXCLUSIVE')\n\
                    print('locked', flush=True)\n\
                    sys.stdin.read()\n";
        let mut process = Command::new(program("python3"))
            .args(["-c", lock])
            .current_dir(directory)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let output = process.stdout.take().unwrap();
        BufReader::new(output).read_line(&mut line).unwrap();
        assert_eq!(line, "locked\n");
        Self(process)
    }
}

impl Drop for LockedDatabase {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
