//! The service: it takes a report, checks who made it before it looks into it, and answers before the work is done.

use std::collections::{HashSet, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use aws_lc_rs::hmac;
use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::{get, post};
use tokio::sync::mpsc;

use crate::desk::{Hash, Leak, What, hash};
use crate::{generic, github};

/// GitHub may send many finds at once; nobody has a megabyte of them.
const MOST_BYTES: usize = 1024 * 1024;
/// For so long a report is remembered, and one that comes again costs nothing. After that somebody may mean it.
const REMEMBERED: Duration = Duration::from_secs(10 * 60);
const MOST_REMEMBERED: usize = 4096;

pub(crate) struct Service {
    github: github::Keys,
    password: hmac::Key,
    /// Where reports are worked off. It is bounded: a flood is turned away, and does not eat the memory.
    desk: mpsc::Sender<Vec<Leak>>,
    seen: Mutex<Seen>,
}

#[derive(Default)]
struct Seen {
    known: HashSet<Hash>,
    order: VecDeque<(Instant, Hash)>,
}

/// A server with a limit on time and connections belongs before it, as before every service.
pub(crate) fn router(github: github::Keys, password: &[u8], desk: mpsc::Sender<Vec<Leak>>) -> Router {
    let service = Service {
        github,
        password: hmac::Key::new(hmac::HMAC_SHA256, password),
        desk,
        seen: Mutex::default(),
    };
    Router::new()
        .route("/health", get(|| async { "ok" }))
        .route("/github", post(from_github))
        .route("/report", post(from_anybody))
        .layer(DefaultBodyLimit::max(MOST_BYTES))
        .with_state(Arc::new(service))
}

async fn from_github(State(service): State<Arc<Service>>, headers: HeaderMap, body: Bytes) -> StatusCode {
    if let Err(refused) = service.github.verify(&headers, &body).await {
        return refused;
    }
    let Ok(found) = serde_json::from_slice::<Vec<github::Found>>(&body) else {
        return StatusCode::BAD_REQUEST;
    };
    let leaks = found.into_iter().map(|found| Leak {
        what: What::Secret(found.token),
        url: found.url.unwrap_or_default(),
    });
    service.take(hash(&body), leaks.collect())
}

async fn from_anybody(State(service): State<Arc<Service>>, headers: HeaderMap, body: Bytes) -> StatusCode {
    if let Err(refused) = generic::verify(&service.password, &headers, &body, SystemTime::now()) {
        return refused;
    }
    let Ok(report) = serde_json::from_slice::<generic::Report>(&body) else {
        return StatusCode::BAD_REQUEST;
    };
    let what = match (report.secret, report.key.as_deref().map(str::parse)) {
        (Some(secret), None) => What::Secret(secret),
        (None, Some(Ok(key))) => What::Key(key),
        _ => return StatusCode::BAD_REQUEST,
    };
    let url = report.url.unwrap_or_default();
    let when = headers
        .get("report-timestamp")
        .map_or(&b""[..], |when| when.as_bytes());
    service.take(hash(&[when, b".", &body].concat()), vec![Leak { what, url }])
}

impl Service {
    /// Hands a report on: 202 says that it will be worked off, 503 that it should be sent again.
    fn take(&self, report: Hash, leaks: Vec<Leak>) -> StatusCode {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let is_over = |when: &Instant| when.elapsed() > REMEMBERED;
        while seen.order.len() >= MOST_REMEMBERED || seen.order.front().is_some_and(|(when, _)| is_over(when))
        {
            if let Some((_, oldest)) = seen.order.pop_front() {
                seen.known.remove(&oldest);
            }
        }
        if seen.known.contains(&report) {
            return StatusCode::ACCEPTED;
        }
        // It is in memory alone from here on. Where a restart must not lose it, write it down first.
        if self.desk.try_send(leaks).is_err() {
            return StatusCode::SERVICE_UNAVAILABLE;
        }
        seen.known.insert(report);
        seen.order.push_back((Instant::now(), report));
        StatusCode::ACCEPTED
    }
}
