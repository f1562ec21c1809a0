//! Is it GitHub that reports a leak? Its secret scanning signs the body of each report with ECDSA over P-256 and SHA-256,
//! and publishes the public keys (docs.github.com, "Secret scanning partner program", read 2026-11-27).

use std::collections::HashMap;
use std::time::{Duration, Instant};

use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1, UnparsedPublicKey};
use axum::http::{HeaderMap, StatusCode};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use tokio::sync::Mutex;

/// After this time a key is asked for anew: one that GitHub withdraws is not trusted for ever.
const FRESH: Duration = Duration::from_secs(60 * 60);
/// A stranger who invents key ids makes us ask GitHub no more often than this.
const NOT_AGAIN_WITHIN: Duration = Duration::from_secs(60);
const MOST_BYTES: usize = 64 * 1024;

/// One secret that GitHub found. Besides, GitHub says the `type` under which its form is registered, and the `source`, such
/// as `content` or `commit`.
#[derive(Deserialize)]
pub(crate) struct Found {
    pub(crate) token: String,
    /// Where it was found; may be missing or empty.
    pub(crate) url: Option<String>,
}

/// GitHub's public keys, as far as they are known now.
pub(crate) struct Keys {
    url: String,
    client: reqwest::Client,
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    /// By id, in DER.
    keys: HashMap<String, Vec<u8>>,
    fetched: Option<Instant>,
    asked: Option<Instant>,
}

impl Keys {
    /// GitHub publishes its keys at `https://api.github.com/meta/public_keys/secret_scanning`.
    pub(crate) fn new(url: impl Into<String>) -> Result<Self, reqwest::Error> {
        let client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(Duration::from_secs(5))
            .user_agent("leak-service") // GitHub refuses requests without one
            .build()?;
        Ok(Self {
            url: url.into(),
            client,
            known: Mutex::default(),
        })
    }

    /// `Ok` if GitHub signed exactly these bytes. They are not to be looked into before.
    pub(crate) async fn verify(&self, headers: &HeaderMap, body: &[u8]) -> Result<(), StatusCode> {
        let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let id = header("github-public-key-identifier").ok_or(StatusCode::UNAUTHORIZED)?;
        let signature = header("github-public-key-signature").ok_or(StatusCode::UNAUTHORIZED)?;
        let signature = STANDARD.decode(signature).map_err(|_| StatusCode::UNAUTHORIZED)?;
        let key = self.key(id).await?;
        UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, key)
            .verify(body, &signature)
            .map_err(|_| StatusCode::UNAUTHORIZED)
    }

    async fn key(&self, id: &str) -> Result<Vec<u8>, StatusCode> {
        let mut known = self.known.lock().await;
        let is_within = |since: Option<Instant>, time| since.is_some_and(|since| since.elapsed() < time);
        let is_fresh = is_within(known.fetched, FRESH);
        if let Some(key) = known.keys.get(id).filter(|_| is_fresh) {
            return Ok(key.clone());
        }
        if !is_within(known.asked, NOT_AGAIN_WITHIN) {
            known.asked = Some(Instant::now());
            // Whoever reports is told to come again, since nothing says that the report is wrong.
            known.keys = self.fetch().await.map_err(|error| {
                eprintln!("GitHub's keys cannot be had: {error}");
                StatusCode::SERVICE_UNAVAILABLE
            })?;
            known.fetched = Some(Instant::now());
        } else if !is_fresh {
            return Err(StatusCode::SERVICE_UNAVAILABLE);
        }
        known.keys.get(id).cloned().ok_or(StatusCode::UNAUTHORIZED)
    }

    async fn fetch(&self) -> Result<HashMap<String, Vec<u8>>, Box<dyn std::error::Error + Send + Sync>> {
        #[derive(Deserialize)]
        struct Published {
            public_keys: Vec<PublicKey>,
        }
        #[derive(Deserialize)]
        struct PublicKey {
            key_identifier: String,
            key: String,
        }
        let mut answer = self.client.get(&self.url).send().await?;
        if answer.status() != reqwest::StatusCode::OK {
            return Err(format!("the answer was {}", answer.status()).into());
        }
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await? {
            body.extend_from_slice(&chunk);
            if body.len() > MOST_BYTES {
                return Err("the answer does not end".into());
            }
        }
        let published: Published = serde_json::from_slice(&body)?;
        // One that cannot be read does not make the others worthless.
        let keys = published.public_keys.into_iter();
        Ok(keys
            .filter_map(|key| Some((key.key_identifier, der(&key.key)?)))
            .collect())
    }
}

/// The bytes inside a PEM public key.
fn der(pem: &str) -> Option<Vec<u8>> {
    let (_, rest) = pem.split_once("-----BEGIN PUBLIC KEY-----")?;
    let (text, _) = rest.split_once("-----END PUBLIC KEY-----")?;
    let text: String = text.split_whitespace().collect();
    STANDARD.decode(text).ok()
}
