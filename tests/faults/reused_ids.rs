//! A server whose freed ids go to the next key, as JupyterHub's do.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};

use crate::server::{answer, request_length};

/// Id → whose key it is.
type Keys = Arc<Mutex<BTreeMap<u64, String>>>;

pub(crate) struct ReusingServer {
    port: u16,
    keys: Keys,
    task: JoinHandle<()>,
}

impl ReusingServer {
    /// As soon as a key is deleted, somebody makes another.
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let keys = Keys::default();
        let shared = Arc::clone(&keys);
        let task = tokio::spawn(async move {
            let mut tasks = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                tasks.spawn(serve(stream, Arc::clone(&shared)));
            }
        });
        Self { port, keys, task }
    }

    pub(crate) fn base_url(&self) -> String {
        format!("http://127.0.0.1:{}/api/v1", self.port)
    }

    /// Makes a key under the lowest id that is free.
    pub(crate) fn make(&self, owner: &str) -> u64 {
        make(&self.keys, owner)
    }

    /// Whose keys are live, by their ids.
    pub(crate) fn owners(&self) -> Vec<(u64, String)> {
        self.keys
            .lock()
            .unwrap()
            .iter()
            .map(|(id, owner)| (*id, owner.clone()))
            .collect()
    }
}

impl Drop for ReusingServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn make(keys: &Keys, owner: &str) -> u64 {
    let mut keys = keys.lock().unwrap();
    let free = (1..).find(|id| !keys.contains_key(id)).unwrap();
    keys.insert(free, owner.to_owned());
    free
}

async fn serve(mut stream: TcpStream, keys: Keys) {
    let mut request = Vec::new();
    while request_length(&request).is_none() {
        if stream.read_buf(&mut request).await.unwrap_or(0) == 0 {
            return;
        }
    }
    let request = String::from_utf8_lossy(&request);
    let path = request
        .strip_prefix("DELETE /api/v1/api-keys/")
        .expect("nothing else is asked");
    let id: u64 = path.split(' ').next().unwrap().parse().unwrap();
    let deleted = keys.lock().unwrap().remove(&id).is_some();
    let status = if deleted { 204 } else { 404 };
    if deleted {
        make(&keys, "the next colleague");
    }
    let _ = stream
        .write_all(&answer(status, &[("connection", "close")], b""))
        .await;
    let _ = stream.shutdown().await;
}
