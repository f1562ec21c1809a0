//! Spans and counters: what an operator sees of calls, and what never stands in it.
#![cfg(feature = "fakes")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::collections::BTreeSet;
use std::fmt::Debug;
use std::sync::{Arc, Mutex};

use keyrevoke::fakes::{Fake, Reply};
use keyrevoke::{Counters, ErrorKind, KeyState, Registry, RetryPolicy, Revoke, Secret, Verification};
use support::{RawServer, Then};
use tracing::field::{Field, Visit};
use tracing::instrument::WithSubscriber;
use tracing::span::{Attributes, Id, Record};

/// A span: its name, its parent, and its fields in the order in which they came.
#[derive(Clone, Debug, Default)]
struct Seen {
    name: &'static str,
    parent: Option<usize>,
    fields: Vec<(String, String)>,
    /// Which of them are numbers.
    numbers: Vec<&'static str>,
}

impl Seen {
    fn field(&self, name: &str) -> Option<&str> {
        let found = self.fields.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }
}

impl Visit for Seen {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.fields.push((field.name().to_owned(), format!("{value:?}")));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.numbers.push(field.name());
        self.fields.push((field.name().to_owned(), value.to_string()));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.fields.push((field.name().to_owned(), value.to_owned()));
    }
}

/// Keeps the spans of this crate.
#[derive(Clone, Default)]
struct Spans(
    Arc<Mutex<(Vec<Seen>, Vec<usize>)>>,
    Arc<Mutex<BTreeSet<&'static str>>>,
);

impl tracing::Subscriber for Spans {
    fn enabled(&self, metadata: &tracing::Metadata<'_>) -> bool {
        metadata.target().starts_with("keyrevoke")
    }

    fn new_span(&self, attributes: &Attributes<'_>) -> Id {
        let mut spans = self.0.lock().unwrap();
        let mut seen = Seen {
            name: attributes.metadata().name(),
            parent: spans.1.last().copied(),
            ..Seen::default()
        };
        self.name_all(attributes.metadata());
        attributes.record(&mut seen);
        spans.0.push(seen);
        Id::from_u64(spans.0.len() as u64)
    }

    fn record(&self, span: &Id, values: &Record<'_>) {
        let mut spans = self.0.lock().unwrap();
        values.record(&mut spans.0[span.into_u64() as usize - 1]);
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &tracing::Event<'_>) {
        self.name_all(event.metadata());
    }

    fn enter(&self, span: &Id) {
        self.0.lock().unwrap().1.push(span.into_u64() as usize - 1);
    }

    fn exit(&self, _: &Id) {
        self.0.lock().unwrap().1.pop();
    }
}

impl Spans {
    /// Takes down what a span or an event may hold.
    fn name_all(&self, metadata: &tracing::Metadata<'static>) {
        let names = metadata.fields().iter().map(|field| field.name());
        self.1.lock().unwrap().extend(names);
    }

    fn all(&self) -> Vec<Seen> {
        self.0.lock().unwrap().0.clone()
    }
}

#[tokio::test]
async fn a_call_is_a_span_and_each_of_its_requests_is_one_in_it() {
    let fake = Fake::start("devin-v3").await.unwrap();
    let revoker = fake
        .builder()
        .with_retry(RetryPolicy::immediate())
        .build()
        .unwrap();
    fake.answer_next(Reply::new(429));
    let key = fake.new_key();
    let spans = Spans::default();
    revoker.revoke(&key).with_subscriber(spans.clone()).await.unwrap();
    let [call, first, second] = spans.all().try_into().unwrap();
    assert_eq!((call.name, call.parent), ("revoke", None));
    assert_eq!(call.field("keyrevoke.provider"), Some("devin-v3"));
    assert_eq!(call.field("keyrevoke.key"), Some(key.key()));
    assert_eq!(call.field("keyrevoke.state"), Some("dead"));
    assert_eq!(call.field("error.type"), None);
    let template = "/v3beta1/enterprise/service-users/{service_user_id}/api-keys/{api_key_id}";
    let port = fake.base_url().rsplit(':').next().unwrap().to_owned();
    let full = format!("http://127.0.0.1:{port}/v3beta1/enterprise/service-users/REDACTED/api-keys/REDACTED");
    for (request, resent, status, error) in [
        (&first, None, "429", Some("429")),
        (&second, Some("1"), "200", None),
    ] {
        assert_eq!((request.name, request.parent), ("request", Some(0)));
        let wanted = [
            ("otel.kind", Some("client")),
            ("http.request.method", Some("DELETE")),
            ("http.request.resend_count", resent),
            ("http.response.status_code", Some(status)),
            ("error.type", error),
            ("url.scheme", Some("http")),
            ("url.template", Some(template)),
            ("url.full", Some(full.as_str())),
            ("server.address", Some("127.0.0.1")),
            ("server.port", Some(port.as_str())),
        ];
        for (name, value) in wanted {
            assert_eq!(request.field(name), value, "{name} of {request:?}");
        }
        assert_eq!(request.field("otel.name").unwrap(), format!("DELETE {template}"));
        let mut numbers = vec!["server.port", "http.response.status_code"];
        numbers.extend(resent.map(|_| "http.request.resend_count"));
        numbers.sort_unstable();
        let mut seen = request.numbers.clone();
        seen.sort_unstable();
        assert_eq!(seen, numbers);
    }
}

#[tokio::test]
async fn looks_are_requests_of_the_call_and_nothing_secret_is_in_any_span() {
    let fake = Fake::start("devin").await.unwrap();
    let revoker = fake.builder().build().unwrap();
    let key = fake.new_key();
    let leaked = fake.secret(&key).unwrap();
    let verification = Verification::new().with_secret(Secret::new(leaked.clone()).unwrap());
    let spans = Spans::default();
    let call = revoker.revoke_verified(&key, verification);
    call.with_subscriber(spans.clone()).await.unwrap();
    let all = spans.all();
    let templates: Vec<&str> = all.iter().filter_map(|span| span.field("url.template")).collect();
    assert_eq!(
        templates,
        [
            "/v2/enterprise/api-keys",
            "/v1/sessions",
            "/v2/enterprise/api-keys/{api_key_id}",
            "/v1/sessions",
        ]
    );
    assert!(all[1..].iter().all(|span| span.parent == Some(0)));
    let shown = format!("{all:?}");
    for secret in [leaked.as_str(), fake.credential_text(), "page=1"] {
        assert!(!shown.contains(secret), "{secret} in {shown}");
    }
}

#[tokio::test]
async fn what_does_not_arrive_says_why() {
    // Nobody listens there.
    let closed = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let revoker = keyrevoke::builder("dolfin")
        .unwrap()
        .with_base_url(format!("http://{closed}"))
        .with_credential(keyrevoke::Credential::api_key("dol_test"))
        .with_retry(RetryPolicy::none())
        .build()
        .unwrap();
    let key = "dolfin:2f1d3c5e-8a4b-4c6d-9e7f-0123456789ab".parse().unwrap();
    let spans = Spans::default();
    revoker
        .revoke(&key)
        .with_subscriber(spans.clone())
        .await
        .unwrap_err();
    let [call, request] = spans.all().try_into().unwrap();
    assert_eq!(
        (call.field("error.type"), call.field("keyrevoke.state")),
        (Some("not_sent"), Some("live"))
    );
    assert_eq!(request.field("error.type"), Some("connect"));
    assert_eq!(request.field("http.response.status_code"), None);
    assert_eq!(request.field("otel.status_code"), Some("ERROR"));
}

#[tokio::test]
async fn results_are_counted_by_provider_state_and_kind() {
    let fake = Fake::start("sinjapp").await.unwrap();
    let (calls, keys) = (Counters::new(), Counters::new());
    let builder = fake.builder().with_retry(RetryPolicy::none());
    let revoker = builder.with_counters(calls.clone()).build().unwrap();
    let registry = Registry::new().with(revoker).with_counters(keys.clone());
    let list = [fake.new_key(), fake.new_key(), fake.dead_key()];
    let mut run = registry.plan(list).unwrap().revoke_all();
    while run.next().await.is_some() {}
    for counters in [calls, keys] {
        let counted: Vec<_> = counters
            .snapshot()
            .into_iter()
            .map(|count| (count.provider, count.state, count.kind, count.count))
            .collect();
        assert_eq!(
            counted,
            [
                ("sinjapp".to_owned(), KeyState::Dead, None, 2),
                (
                    "sinjapp".to_owned(),
                    KeyState::Unknown,
                    Some(ErrorKind::NotFound),
                    1
                ),
            ]
        );
    }
}

/// What OpenTelemetry names: HTTP client spans, general attributes, and what its bridge takes for a span's own properties.
const CONVENTIONS: &[&str] = &[
    "error.type",
    "http.request.method",
    "http.request.resend_count",
    "http.response.status_code",
    "otel.kind",
    "otel.name",
    "otel.status_code",
    "server.address",
    "server.port",
    "url.full",
    "url.scheme",
    "url.template",
];

#[tokio::test]
async fn every_name_is_the_conventions_or_ours() {
    let fake = Fake::start("devin").await.unwrap();
    let revoker = fake
        .builder()
        .with_retry(RetryPolicy::immediate())
        .build()
        .unwrap();
    fake.answer_next(Reply::new(503));
    let spans = Spans::default();
    let key = fake.new_key();
    let call = revoker.revoke_verified(&key, Verification::new());
    call.with_subscriber(spans.clone()).await.unwrap();
    let names = spans.1.lock().unwrap().clone();
    for name in CONVENTIONS {
        assert!(names.contains(name), "{name} is in no span");
    }
    for name in names {
        // A message is what an event says in words.
        let known = CONVENTIONS.contains(&name) || name.starts_with("keyrevoke.") || name == "message";
        assert!(known, "{name} is nobody's");
    }
}

#[tokio::test]
async fn a_secret_in_a_path_is_not_in_the_url() {
    let fake = Fake::start("algolia").await.unwrap();
    let revoker = fake.builder().with_retry(RetryPolicy::none()).build().unwrap();
    let key = fake.new_key();
    let secret = fake.secret(&key).unwrap();
    let spans = Spans::default();
    // What it says is not of interest, but that it was sent.
    let _ = revoker.revoke(&key).with_subscriber(spans.clone()).await;
    assert!(fake.requests()[0].path.contains(&secret), "it is not in the path");
    let all = spans.all();
    let request = all.iter().find(|span| span.name == "request").unwrap();
    assert_eq!(
        request.field("url.full").unwrap(),
        format!("{}/1/keys/REDACTED", fake.base_url())
    );
    assert!(!format!("{all:?}").contains(&secret), "{all:?}");
}

fn at(server: &RawServer) -> keyrevoke::AnyRevoker {
    let builder = keyrevoke::builder("dolfin")
        .unwrap()
        .with_base_url(server.url())
        .with_credential(keyrevoke::Credential::api_key("dol_test"))
        .with_retry(RetryPolicy::none());
    builder.build().unwrap()
}

#[tokio::test]
async fn an_answer_that_did_not_come_whole_is_an_error_whatever_its_status() {
    let cut = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 99\r\n\r\n{";
    let server = RawServer::start(Then::Send(cut.to_vec())).await;
    let key = "dolfin:2f1d3c5e-8a4b-4c6d-9e7f-0123456789ab".parse().unwrap();
    let spans = Spans::default();
    let call = at(&server);
    let call = call.revoke(&key).with_subscriber(spans.clone());
    call.await.unwrap_err();
    let request = &spans.all()[1];
    assert_eq!(request.field("http.response.status_code"), Some("200"));
    assert_eq!(request.field("error.type"), Some("body_cut"));
    assert_eq!(request.field("otel.status_code"), Some("ERROR"));
}

#[tokio::test]
async fn what_is_given_up_is_cancelled() {
    let server = RawServer::silent().await;
    let revoker = at(&server);
    let key = "dolfin:2f1d3c5e-8a4b-4c6d-9e7f-0123456789ab".parse().unwrap();
    let spans = Spans::default();
    {
        let call = std::pin::pin!(revoker.revoke(&key).with_subscriber(spans.clone()));
        let arrived = std::pin::pin!(async {
            while server.requests() == 0 {
                tokio::task::yield_now().await;
            }
        });
        futures_util::future::select(call, arrived).await;
    }
    let [call, request] = spans.all().try_into().unwrap();
    for span in [call, request] {
        assert_eq!(span.field("error.type"), Some("cancelled"), "{span:?}");
        assert_eq!(span.field("otel.status_code"), Some("ERROR"));
    }
}
