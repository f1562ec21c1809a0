//! The example's service, met by those who should not be heard: nothing is revoked on the word of a stranger.
#![cfg(feature = "fakes")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "../examples/leak_service/desk.rs"]
mod desk;
#[path = "../examples/leak_service/generic.rs"]
mod generic;
#[path = "../examples/leak_service/github.rs"]
mod github;
#[path = "../examples/leak_service/service.rs"]
mod service;

use std::collections::HashMap;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_lc_rs::encoding::AsDer as _;
use aws_lc_rs::hmac;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _};
use axum::http::{HeaderMap, StatusCode};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use keyrevoke::fakes::Fake;
use keyrevoke::{KeyRef, KeyState, Registry};
use serde_json::json;
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, ResponseTemplate};

const PASSWORD: &[u8] = b"the password of the tests";

/// GitHub's keys at a server that counts who asks for them.
async fn publishing(keys: serde_json::Value) -> MockServer {
    let server = MockServer::start().await;
    let answer = ResponseTemplate::new(200).set_body_json(json!({ "public_keys": keys }));
    Mock::given(any()).respond_with(answer).mount(&server).await;
    server
}

fn pem(der: &[u8]) -> String {
    format!(
        "-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n",
        STANDARD.encode(der)
    )
}

fn signed(id: &str, signature: &str) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert("github-public-key-identifier", id.parse().unwrap());
    headers.insert("github-public-key-signature", signature.parse().unwrap());
    headers
}

#[tokio::test]
async fn the_signature_that_github_publishes_as_an_example_is_githubs() {
    // The page on the partner program gives this key and this signature of this body, read 2026-11-27.
    let id = "90a421169f0a406205f1563a953312f0be898d3c7b6c06b681aa86a874555f4a";
    let key = "-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE9MJJHnMfn2+H4xL4YaPDA4RpJqUq\n\
        kCmRCBnYERxZanmcpzQSXs1X/AljlKkbJ8qpVIW4clayyef9gWhFbNHWAA==\n-----END PUBLIC KEY-----\n";
    let body = br#"[{"token":"some_token","type":"some_type","url":"some_url"}]"#;
    let signature =
        "MEUCIQDKZokqnCjrRtw0tni+2Ltvl/uiMJ1EGumEsp1BsNr32AIgQY1YXD2nlj+XNfGK4rBfkMJ1JDOQcYXxa2sY8FNkrKc=";
    let server = publishing(json!([
        { "key_identifier": "unreadable", "key": "-----BEGIN NOTHING", "is_current": false },
        { "key_identifier": id, "key": key, "is_current": true },
    ]))
    .await;
    let keys = github::Keys::new(server.uri()).unwrap();
    assert_eq!(keys.verify(&signed(id, signature), body).await, Ok(()));

    let refused = Err(StatusCode::UNAUTHORIZED);
    let mut other = body.to_vec();
    other[12] ^= 1;
    assert_eq!(keys.verify(&signed(id, signature), &other).await, refused);
    assert_eq!(keys.verify(&signed(id, "AAAA"), body).await, refused);
    assert_eq!(keys.verify(&signed(id, "no base64!"), body).await, refused);
    assert_eq!(keys.verify(&HeaderMap::new(), body).await, refused);
    // Whoever invents ids does not make us ask GitHub again and again.
    for invented in 0..20 {
        let headers = signed(&format!("invented-{invented}"), signature);
        assert_eq!(keys.verify(&headers, body).await, refused);
    }
    assert_eq!(server.received_requests().await.unwrap().len(), 1);
}

#[tokio::test]
async fn without_githubs_keys_nothing_is_believed_and_the_report_may_come_again() {
    let moved = ResponseTemplate::new(302).insert_header("location", "http://127.0.0.1:1/");
    let endless = ResponseTemplate::new(200).set_body_bytes(vec![b' '; 1 << 20]);
    for answer in [
        moved,
        endless,
        ResponseTemplate::new(200),
        ResponseTemplate::new(500),
    ] {
        let server = MockServer::start().await;
        Mock::given(any())
            .respond_with(answer)
            .expect(1)
            .mount(&server)
            .await;
        let keys = github::Keys::new(server.uri()).unwrap();
        for _ in 0..2 {
            let refused = keys.verify(&signed("any", "AAAA"), b"[]").await;
            assert_eq!(refused, Err(StatusCode::SERVICE_UNAVAILABLE));
        }
    }
}

#[test]
fn a_report_of_ones_own_needs_the_password_and_is_not_kept_for_later() {
    let now = UNIX_EPOCH + Duration::from_secs(1_800_000_000);
    let (key, body) = (hmac::Key::new(hmac::HMAC_SHA256, PASSWORD), b"{}");
    let verify = |timestamp: &str, signature: &str, body: &[u8]| {
        let mut headers = HeaderMap::new();
        headers.insert("report-timestamp", timestamp.parse().unwrap());
        headers.insert("report-signature", signature.parse().unwrap());
        generic::verify(&key, &headers, body, now)
    };
    let refused = Err(StatusCode::UNAUTHORIZED);
    for (timestamp, wanted) in [
        ("1800000000", Ok(())),
        ("1800000299", Ok(())),
        ("1799999701", Ok(())),
        ("1800000301", refused),
        ("1799999699", refused),
        ("18446744073709551615", refused),
        ("-1", refused),
        ("", refused),
    ] {
        assert_eq!(
            verify(timestamp, &code(timestamp, body), body),
            wanted,
            "{timestamp}"
        );
    }
    let right = code("1800000000", body);
    assert_eq!(
        verify("1800000001", &right, body),
        refused,
        "the time is signed too"
    );
    assert_eq!(verify("1800000000", &right, b"{ }"), refused);
    for wrong in ["", "00", &right[1..], &right[..62], "zz"] {
        assert_eq!(verify("1800000000", wrong, body), refused, "{wrong}");
    }
    assert_eq!(generic::verify(&key, &HeaderMap::new(), body, now), refused);
}

fn code(timestamp: &str, body: &[u8]) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, PASSWORD);
    let tag = hmac::sign(&key, &[timestamp.as_bytes(), b".", body].concat());
    tag.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The whole service before a fake provider.
struct House {
    fake: Fake,
    url: String,
    signer: EcdsaKeyPair,
    outcomes: mpsc::UnboundedReceiver<(String, desk::Outcome)>,
    _github: MockServer,
}

impl House {
    async fn new(issued: impl FnOnce(&Fake) -> HashMap<desk::Hash, KeyRef>) -> Self {
        let fake = Fake::start("devin").await.unwrap();
        let issued = issued(&fake);
        let signer = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap();
        let key = pem(signer.public_key().as_der().unwrap().as_ref());
        let github = publishing(json!([{ "key_identifier": "k", "key": key }])).await;
        let registry = Registry::new().with(fake.builder().build().unwrap());
        let (reports, waiting) = mpsc::channel(1);
        let (told, outcomes) = mpsc::unbounded_channel();
        tokio::spawn(desk::work(registry, issued, waiting, move |leak, outcome| {
            told.send((leak.url.clone(), outcome)).unwrap();
        }));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let router = service::router(github::Keys::new(github.uri()).unwrap(), PASSWORD, reports);
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self {
            fake,
            url,
            signer,
            outcomes,
            _github: github,
        }
    }

    async fn github(&self, body: impl Into<String>) -> u16 {
        let body = body.into();
        let signature = self.signer.sign(&SystemRandom::new(), body.as_bytes()).unwrap();
        let headers = [
            ("github-public-key-identifier", "k".to_owned()),
            ("github-public-key-signature", STANDARD.encode(signature)),
        ];
        self.post("github", &headers, body).await
    }

    async fn report(&self, body: impl Into<String>) -> u16 {
        let body = body.into();
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap()
            .as_secs()
            .to_string();
        let headers = [
            ("report-signature", code(&now, body.as_bytes())),
            ("report-timestamp", now),
        ];
        self.post("report", &headers, body).await
    }

    async fn post(&self, path: &str, headers: &[(&str, String)], body: String) -> u16 {
        let mut request = reqwest::Client::new()
            .post(format!("{}/{path}", self.url))
            .body(body);
        for (name, value) in headers {
            request = request.header(*name, value);
        }
        request.send().await.unwrap().status().as_u16()
    }
}

#[tokio::test]
async fn a_leak_that_github_reports_is_a_key_that_dies() {
    let mut keys = Vec::new();
    let mut house = House::new(|fake| {
        keys = vec![fake.new_key(), fake.new_key()];
        let secret = fake.secret(&keys[0]).unwrap();
        HashMap::from([(desk::hash(secret.as_bytes()), keys[0].clone())])
    })
    .await;
    let (known, unknown) = (
        house.fake.secret(&keys[0]).unwrap(),
        house.fake.secret(&keys[1]).unwrap(),
    );
    let body = json!([
        { "token": known, "type": "t", "url": "https://example.org/1", "source": "content", "new": 1 },
        { "token": unknown, "type": "t" },
        { "token": "two words", "type": "t", "url": null },
    ])
    .to_string();
    assert_eq!(house.github(&body).await, 202);
    let (url, outcome) = house.outcomes.recv().await.unwrap();
    assert_eq!(url, "https://example.org/1");
    let desk::Outcome::Settled(key, result) = outcome else {
        panic!("{outcome}")
    };
    assert_eq!((&key, KeyState::from(&result)), (&keys[0], KeyState::Dead));
    // Devin shows nothing of its keys' secrets, so nobody can tell which key the other one is of.
    for why in ["no key of devin shows that it has this secret", "blank"] {
        let (_, outcome) = house.outcomes.recv().await.unwrap();
        let text = outcome.to_string();
        assert!(
            matches!(outcome, desk::Outcome::Unresolved { .. }) && text.contains(why),
            "{text}"
        );
        assert!(!text.contains(&unknown) && !text.contains("two words"), "{text}");
    }
    assert!(house.fake.is_live(&keys[1]));
    // The same report again, signed anew: it is taken, and costs nothing.
    let before = house.fake.requests().len();
    assert_eq!(house.github(&body).await, 202);
    assert_eq!(
        house
            .report(json!({ "key": keys[1].to_string() }).to_string())
            .await,
        202
    );
    let (_, outcome) = house.outcomes.recv().await.unwrap();
    assert!(outcome.to_string().starts_with(&keys[1].to_string()), "{outcome}");
    assert_eq!(house.fake.requests().len(), before + 1);
}

#[tokio::test]
async fn strangers_and_nonsense_change_nothing() {
    let mut key = None;
    let house = House::new(|fake| {
        key = Some(fake.new_key());
        HashMap::new()
    })
    .await;
    let body = json!({ "key": key.unwrap().to_string() }).to_string();
    for path in ["github", "report"] {
        assert_eq!(house.post(path, &[], body.clone()).await, 401);
    }
    let forged = [
        ("report-signature", "00".repeat(32)),
        ("report-timestamp", "1800000000".into()),
    ];
    assert_eq!(house.post("report", &forged, body).await, 401);
    for nonsense in [
        "",
        "{",
        "[]",
        "{}",
        r#"{"key":"devin:"}"#,
        r#"{"key":"devin:apk-1","secret":"s"}"#,
        r#"{"key":"devin:apk-1","all":true}"#,
    ] {
        assert_eq!(house.report(nonsense).await, 400, "{nonsense}");
    }
    for nonsense in ["", "{}", r#"[{"type":"t"}]"#, r#"[{"token":1}]"#] {
        assert_eq!(house.github(nonsense).await, 400, "{nonsense}");
    }
    assert_eq!(house.github(" ".repeat(2 << 20)).await, 413);
    assert!(house.fake.requests().is_empty());
}
