//! A service that is told of leaked secrets, by GitHub or by tools of one's own, and revokes the keys.
//!
//! Here everything is inside this process: a fake provider, a fake GitHub, the service, and the report that it gets.
//! `cargo run --features fakes --example leak_service`. In an application, `main` is what stands between the two lines,
//! with the real provider, GitHub's address (see `github.rs`), and a table of the keys that were issued.

mod desk;
mod generic;
mod github;
mod service;

use std::collections::HashMap;
use std::error::Error;

use aws_lc_rs::encoding::AsDer as _;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use keyrevoke::Registry;
use keyrevoke::fakes::Fake;
use keyrevoke::journal::MemoryJournal;
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, ResponseTemplate};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let provider = Fake::start("devin").await?;
    let (key, other) = (provider.new_key(), provider.new_key());
    let secret = provider.secret(&key).ok_or("no secret")?;
    let signer = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING)?;
    let github = fake_github(&signer).await?;

    // ── the service ──
    let issued = HashMap::from([(desk::hash(secret.as_bytes()), key.clone())]);
    let registry = Registry::new()
        .with(provider.builder().build()?)
        .with_journal(MemoryJournal::new()) // in an application: FileJournal::open("leaks.jsonl")?
        .with_operator("leak service");
    let (reports, waiting) = mpsc::channel(64);
    let (told, mut outcomes) = mpsc::unbounded_channel();
    tokio::spawn(desk::work(registry, issued, waiting, move |leak, outcome| {
        // Where people look: a chat, a pager, a ticket.
        let place = Some(&leak.url).filter(|url| !url.is_empty());
        let place = place.map_or("at a place that was not named".to_owned(), |url| {
            format!("at {url:?}")
        });
        let _ = told.send(format!("{outcome} (seen {place})"));
    }));
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let router = service::router(
        github::Keys::new(github.uri())?,
        b"a password of 32 random bytes",
        reports,
    );
    tokio::spawn(async move { axum::serve(listener, router).await });
    // ── what GitHub sends ──

    let body = serde_json::json!([
        { "token": secret, "type": "devin_api_key", "url": "https://example.org/leak.txt", "source": "content" },
        { "token": "apk_user_nobody_issued_this", "type": "devin_api_key", "url": "", "source": "commit" },
    ])
    .to_string();
    let signature = signer.sign(&SystemRandom::new(), body.as_bytes())?;
    let answer = reqwest::Client::new()
        .post(format!("http://{address}/github"))
        .header("github-public-key-identifier", "the-key")
        .header("github-public-key-signature", STANDARD.encode(signature))
        .body(body)
        .send()
        .await?;
    println!("the service answers {}", answer.status());
    for _ in 0..2 {
        println!("{}", outcomes.recv().await.ok_or("the desk is closed")?);
    }
    assert!(!provider.is_live(&key) && provider.is_live(&other));
    Ok(())
}

async fn fake_github(signer: &EcdsaKeyPair) -> Result<MockServer, Box<dyn Error>> {
    let key = STANDARD.encode(signer.public_key().as_der()?.as_ref());
    let key = format!("-----BEGIN PUBLIC KEY-----\n{key}\n-----END PUBLIC KEY-----\n");
    let keys = serde_json::json!({ "public_keys": [{ "key_identifier": "the-key", "key": key, "is_current": true }] });
    let server = MockServer::start().await;
    Mock::given(any())
        .respond_with(ResponseTemplate::new(200).set_body_json(keys))
        .mount(&server)
        .await;
    Ok(server)
}
