//! The documents, served by a mock server that no one here wrote: Stoplight's Prism. It validates each request
//! against the document and answers what the document says. `.ci/run` installs it and runs this; by hand:
//!
//! ```sh
//! npm install --no-save --prefix target/prism @stoplight/prism-cli@5
//! cargo test --all-features --test prism -- --ignored
//! ```
#![cfg(feature = "fakes")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use keyrevoke::fakes::Fake;
use keyrevoke::{ErrorKind, KeyFilter, KeyState, RetryPolicy, Revoke, RevokeResult, Secret};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// A port that is free now, and was never given before: Prism takes seconds until it listens.
fn free_port() -> u16 {
    static GIVEN: Mutex<BTreeSet<u16>> = Mutex::new(BTreeSet::new());
    loop {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        if GIVEN.lock().unwrap().insert(port) {
            return port;
        }
    }
}

/// Prism, serving one document on a port of its own.
struct Prism {
    process: Child,
    port: u16,
}

impl Prism {
    async fn serve(document: &Path) -> Self {
        let prism = Self::begin(document);
        prism.listens().await;
        prism
    }

    fn begin(document: &Path) -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let program = std::env::var_os("PRISM")
            .map_or(root.join("target/prism/node_modules/.bin/prism"), PathBuf::from);
        let port = free_port();
        let process = Command::new(&program)
            .args(["mock", "-h", "127.0.0.1", "-p", &port.to_string()])
            .arg(document)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| panic!("{}: {error}; see the top of this file", program.display()));
        Self { process, port }
    }

    async fn listens(&self) {
        for _ in 0..600 {
            if TcpStream::connect(("127.0.0.1", self.port)).await.is_ok() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("Prism does not listen");
    }
}

impl Drop for Prism {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Where the head of a request ends, before the empty line.
fn end_of_head(request: &[u8]) -> Option<usize> {
    request.windows(4).position(|window| window == b"\r\n\r\n")
}

/// Is all of a request there, its body included?
fn is_whole(request: &[u8]) -> bool {
    let Some(end) = end_of_head(request) else {
        return false;
    };
    let head = String::from_utf8_lossy(&request[..end]).to_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length:"));
    let length: usize = length.map_or(0, |length| length.trim().parse().unwrap());
    request.len() >= end + 4 + length
}

/// Stands before Prism, because our client sends no `Prefer` header: adds one to each request, and keeps the answers. Of
/// several that serve a document each, it takes the one that has the path.
struct Preferring {
    port: u16,
    answers: Arc<Mutex<Vec<String>>>,
    task: tokio::task::JoinHandle<()>,
}

/// Is what was asked for in another document?
fn is_elsewhere(answer: &str) -> bool {
    answer.contains("NO_PATH_MATCHED_ERROR") || answer.contains("NO_METHOD_MATCHED_ERROR")
}

impl Preferring {
    async fn before(prisms: &[Prism], prefer: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let answers = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&answers);
        let upstreams: Vec<u16> = prisms.iter().map(|prism| prism.port).collect();
        let task = tokio::spawn(async move {
            while let Ok((mut client, _)) = listener.accept().await {
                let mut request = Vec::new();
                let mut buffer = [0; 4096];
                while !is_whole(&request) {
                    let count = client.read(&mut buffer).await.unwrap();
                    request.extend_from_slice(&buffer[..count]);
                }
                let more = format!("\r\nprefer: {prefer}\r\nconnection: close");
                let end = end_of_head(&request).unwrap();
                request.splice(end..end, more.into_bytes());
                let mut answer = Vec::new();
                for upstream in &upstreams {
                    let mut server = TcpStream::connect(("127.0.0.1", *upstream)).await.unwrap();
                    server.write_all(&request).await.unwrap();
                    answer.clear();
                    server.read_to_end(&mut answer).await.unwrap();
                    if !is_elsewhere(&String::from_utf8_lossy(&answer)) {
                        break;
                    }
                }
                kept.lock()
                    .unwrap()
                    .push(String::from_utf8_lossy(&answer).into_owned());
                let _ = client.write_all(&answer).await;
            }
        });
        Self { port, answers, task }
    }

    /// What Prism said, which must not be that it was misused: it answers that with a 404 of its own.
    fn answer(&self) -> String {
        let answers = self.answers.lock().unwrap();
        let [answer] = answers.as_slice() else {
            panic!("one request, not {}", answers.len())
        };
        assert!(!answer.contains("prism/errors"), "{answer}");
        answer.clone()
    }
}

impl Drop for Preferring {
    fn drop(&mut self) {
        self.task.abort();
    }
}

#[tokio::test]
#[ignore = "needs Prism; .ci/run installs it and runs this"]
#[should_panic(expected = "prism/errors")]
async fn row_107_an_answer_that_prism_does_not_find_in_the_document_fails_the_test() {
    let prism = [Prism::serve(&Path::new(env!("CARGO_MANIFEST_DIR")).join("specs/dolfin.yaml")).await];
    let _ = revoke(&prism, "dolfin", false, "code=418".into()).await;
}

/// Revokes or deletes a key of the provider at Prism, which prefers this answer. Gives the verdict and the answer.
async fn revoke(prism: &[Prism], provider: &str, deletes: bool, prefer: String) -> (RevokeResult, String) {
    let server = Preferring::before(prism, prefer).await;
    let mut fake = Fake::start(provider).await.unwrap(); // for a key and a credential of the right form
    if deletes {
        fake = fake.with_deletion();
    }
    let revoker = fake
        .builder()
        .with_base_url(format!("http://127.0.0.1:{}", server.port))
        .with_retry(RetryPolicy::none())
        .build()
        .unwrap();
    (revoker.revoke(&fake.new_key()).await, server.answer())
}

#[tokio::test]
#[ignore = "needs Prism; .ci/run installs it and runs this"]
async fn every_documented_answer_of_a_foreign_mock_has_the_kept_verdict() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let kept = std::fs::read_to_string(root.join("tests/golden/documented.txt")).unwrap();
    for provider in keyrevoke::providers() {
        let prism = [Prism::serve(&root.join(format!("specs/{}.yaml", provider.name()))).await];
        let rows: Vec<Vec<&str>> = kept
            .lines()
            .map(|line| line.split_whitespace().collect())
            .collect();
        let rows: Vec<_> = rows
            .iter()
            .filter(|row| row.first() == Some(&provider.name()))
            .collect();
        assert!(!rows.is_empty(), "{}", provider.name());
        for row in rows {
            let deletes = row[1] == "deleting";
            let (status, words) = (row[1 + usize::from(deletes)], row.join(" "));
            let (result, answer) = revoke(&prism, provider.name(), deletes, format!("code={status}")).await;
            assert!(
                answer.starts_with(&format!("HTTP/1.1 {status} ")),
                "{words}: {answer}"
            );
            let kept = row
                .iter()
                .find(|word| ["dead", "live", "unknown"].contains(word))
                .unwrap();
            // Prism's sample is about a key of its own, which must not count as ours.
            let about_another_key = matches!(&result, Err(error) if error.kind() == ErrorKind::WrongObject);
            let wanted = if about_another_key { "unknown" } else { kept };
            assert_eq!(KeyState::from(&result).as_str(), wanted, "{words}: {result:?}");
        }
    }
}

#[tokio::test]
#[ignore = "needs Prism; .ci/run installs it and runs this"]
async fn random_bodies_of_a_foreign_mock_are_never_taken_for_proof() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for provider in ["devin", "devin-v3"] {
        let prism = [Prism::serve(&root.join(format!("specs/{provider}.yaml"))).await];
        for _ in 0..20 {
            let (result, answer) = revoke(&prism, provider, false, "code=200, dynamic=true".into()).await;
            let body = answer.split_once("\r\n\r\n").map_or("", |(_, body)| body);
            let proof = provider == "devin" && body.contains(r#""status":"success""#);
            assert_eq!(result.is_ok(), proof, "{body}");
        }
    }
}

/// A provider's documents: its own, and those of its look-ups, which begin with its name and with no longer one's.
fn documents_of(provider: &str) -> Vec<PathBuf> {
    let names: Vec<&str> = keyrevoke::providers().iter().map(|known| known.name()).collect();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("specs");
    let is_its = |stem: &str| {
        let begins = |name: &&&str| stem == **name || stem.starts_with(&format!("{name}-"));
        names.iter().filter(begins).max_by_key(|name| name.len()) == Some(&provider)
    };
    let files = std::fs::read_dir(root).unwrap().map(|file| file.unwrap().path());
    let mut documents: Vec<PathBuf> = files
        .filter(|file| {
            let stem = file.file_stem().unwrap().to_str().unwrap();
            file.extension().is_some_and(|end| end == "yaml") && is_its(stem)
        })
        .collect();
    documents.sort();
    documents
}

#[tokio::test]
#[ignore = "needs Prism; .ci/run installs it and runs this"]
async fn every_look_up_is_a_request_that_a_foreign_mock_finds_in_the_documents() {
    for provider in keyrevoke::providers() {
        let fake = Fake::start(provider.name()).await.unwrap(); // for keys, secrets and a credential of the right form
        let key = fake.new_key();
        // Side by side: each takes seconds to begin.
        let prisms: Vec<Prism> = documents_of(provider.name())
            .iter()
            .map(|document| Prism::begin(document))
            .collect();
        for prism in &prisms {
            prism.listens().await;
        }
        let server = Preferring::before(&prisms, "dynamic=false".into()).await;
        let revoker = fake
            .builder()
            .with_base_url(format!("http://127.0.0.1:{}", server.port))
            .with_retry(RetryPolicy::none())
            .build()
            .unwrap();
        let can = revoker.capabilities();
        // What the samples say of keys does not matter here, but whether they were got.
        let _ = revoker.find(&key).await;
        let mut keys = revoker.list(&KeyFilter::new());
        while let Some(Ok(_)) = keys.next().await {}
        let secret = Secret::new(fake.secret(&key).unwrap()).unwrap();
        let _ = revoker.probe(&secret).await;
        let answers = server.answers.lock().unwrap().clone();
        for answer in &answers {
            assert!(!answer.contains("prism/errors"), "{}: {answer}", provider.name());
        }
        let looks = [can.can_find(), can.can_list(), can.can_probe()];
        let least = looks.into_iter().filter(|can| *can).count();
        assert!(answers.len() >= least, "{}: {answers:?}", provider.name());
    }
}
