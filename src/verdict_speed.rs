//! How long a verdict takes, from the bytes of an answer to what the caller gets. Measured, not tested: see
//! docs/benchmarks.md.

use std::time::{Instant, SystemTime};

use reqwest::header::{HeaderMap, HeaderValue};
use serde_json::json;

use crate::answer::{Answer, Attempt, Body};
use crate::client::{judged, report};
use crate::credential::Credential;
use crate::retry::{Ended, Memory};

/// An error as providers write them, filled up to about this size: in one text, in many fields, or in what nobody reads.
fn body(filling: &str, size: usize) -> Vec<u8> {
    let mut body =
        json!({ "type": "about:blank", "title": "ApiKey.Locked", "status": 409, "detail": "is in use" });
    let rest = size.saturating_sub(body.to_string().len());
    match filling {
        "a text" => body["detail"] = "the key is in use by ".repeat(rest / 21).into(),
        "fields" => {
            let field = |number: usize| json!({ "field": format!("f{number}"), "message": "is in use" });
            body["errors"] = (0..rest / 36).map(field).collect();
        }
        _ => body["trace"] = (0..rest / 4).map(|number| json!(number % 1_000)).collect(),
    }
    body.to_string().into_bytes()
}

#[test]
#[ignore = "measures, and decides nothing"]
fn how_long_a_verdict_takes() {
    let provider = crate::provider("dolfin").unwrap();
    let about = provider.entry().about();
    let credential = Credential::from_text("dol_live_benchmark");
    let credential = credential.prepare(about.name, about.credentials).unwrap();
    let parameters = [("id", "0d01f100-0000-4000-8000-000000000001".to_owned())];
    let mut headers = HeaderMap::new();
    headers.insert(
        "content-type",
        HeaderValue::from_static("application/problem+json"),
    );
    headers.insert("x-request-id", HeaderValue::from_static("req-1"));
    for filling in ["a text", "fields", "what nobody reads"] {
        for size in [512, 4 * 1024, 64 * 1024] {
            let bytes = body(filling, size);
            let mut times: Vec<f64> = Vec::new();
            let repeats = 4 * 1024 * 1024 / size;
            for _ in 0..15 {
                let given = (0..repeats).map(|_| (headers.clone(), Body::Complete(bytes.clone())));
                let given: Vec<_> = given.collect();
                let began = Instant::now();
                for (headers, body) in given {
                    let answer = Answer::new(409, headers, body, SystemTime::UNIX_EPOCH);
                    let attempt = Attempt::Answered(Box::new(answer));
                    let (attempted, seen) = judged(about, &parameters, &attempt, &credential.redactor);
                    let mut memory = Memory::default();
                    memory.record(&attempted.verdict);
                    let ended = Ended {
                        memory,
                        decisive: Some((attempted, seen)),
                        in_doubt: false,
                        gave_up: None,
                    };
                    assert!(report(about, ended).is_err());
                }
                times.push(began.elapsed().as_secs_f64() * 1e6 / repeats as f64);
            }
            times.sort_by(f64::total_cmp);
            println!(
                "{filling:<18} {:>6} bytes: median {:>6.1} µs (from {:.1} to {:.1})",
                bytes.len(),
                times[times.len() / 2],
                times[0],
                times[times.len() - 1],
            );
        }
    }
}
