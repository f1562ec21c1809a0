//! A report of one's own tools: JSON, with a code that only those who share a password can make.
//!
//! `Report-Timestamp` holds seconds since 1970, and `Report-Signature` the HMAC-SHA256 of that text, a dot and the body,
//! in hexadecimal digits:
//!
//! ```sh
//! now=$(date +%s); body='{"key":"devin:apk-0123","url":"https://example.org/paste/1"}'
//! code=$(printf '%s.%s' "$now" "$body" | openssl dgst -sha256 -hmac "$PASSWORD" -r | cut -d' ' -f1)
//! curl -H "Report-Timestamp: $now" -H "Report-Signature: $code" -d "$body" https://leaks.example.org/report
//! ```

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_lc_rs::hmac;
use axum::http::{HeaderMap, StatusCode};
use serde::Deserialize;

/// A report that is older, or newer, is somebody else's who kept it.
const MOST_APART: Duration = Duration::from_secs(5 * 60);

/// What leaked: the secret, or the key that it is of, as `provider:id`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Report {
    pub(crate) secret: Option<String>,
    pub(crate) key: Option<String>,
    pub(crate) url: Option<String>,
}

/// `Ok` if somebody who has the password made exactly this report, lately.
pub(crate) fn verify(
    password: &hmac::Key,
    headers: &HeaderMap,
    body: &[u8],
    now: SystemTime,
) -> Result<(), StatusCode> {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let timestamp = header("report-timestamp").ok_or(StatusCode::UNAUTHORIZED)?;
    let signature = header("report-signature")
        .and_then(from_hex)
        .ok_or(StatusCode::UNAUTHORIZED)?;
    let signed = [timestamp.as_bytes(), b".", body].concat();
    // It takes as long whether the first byte is wrong or the last.
    hmac::verify(password, &signed, &signature).map_err(|_| StatusCode::UNAUTHORIZED)?;
    let seconds: u64 = timestamp.parse().map_err(|_| StatusCode::UNAUTHORIZED)?;
    let made = UNIX_EPOCH
        .checked_add(Duration::from_secs(seconds))
        .ok_or(StatusCode::UNAUTHORIZED)?;
    let apart = now.duration_since(made).unwrap_or_else(|newer| newer.duration());
    if apart > MOST_APART {
        return Err(StatusCode::UNAUTHORIZED);
    }
    Ok(())
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digits: Vec<u8> = text
        .chars()
        .map(|c| c.to_digit(16).map(|digit| digit as u8))
        .collect::<Option<_>>()?;
    let (pairs, rest) = digits.as_chunks::<2>();
    rest.is_empty()
        .then(|| pairs.iter().map(|[high, low]| high << 4 | low).collect())
}
