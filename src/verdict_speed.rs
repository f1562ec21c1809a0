//! How long a verdict takes, from the bytes of an answer to what the caller gets. Measured, not tested: see
//! docs/benchmarks.md. It stands here because what it measures is private.

use std::hint::black_box;
use std::process::Command;
use std::time::SystemTime;

use criterion::{BatchSize, Criterion};
use reqwest::header::{HeaderMap, HeaderValue};
use serde_json::json;

use crate::answer::{Answer, Attempt, Body};
use crate::client::{judged, report};
use crate::credential::{Credential, Prepared};
use crate::provider::About;
use crate::retry::{Ended, Memory};

const FILLINGS: [&str; 3] = ["a text", "fields", "what nobody reads"];
const SIZES: [usize; 3] = [512, 4 * 1024, 64 * 1024];
/// Asks for so many verdicts instead of their time: `FILLING,SIZE,COUNT`.
const ASKED: &str = "KEYREVOKE_VERDICTS";

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

struct Judge {
    about: &'static About,
    credential: Prepared,
    headers: HeaderMap,
}

impl Judge {
    fn new() -> Self {
        let about = crate::provider("dolfin").unwrap().entry().about();
        let credential = Credential::from_text("dol_live_benchmark");
        let json = HeaderValue::from_static("application/problem+json");
        let mut headers = HeaderMap::new();
        headers.insert("content-type", json);
        headers.insert("x-request-id", HeaderValue::from_static("req-1"));
        Self {
            credential: credential.prepare(about.name, about.credentials).unwrap(),
            about,
            headers,
        }
    }

    /// One verdict, and the end of all that it was made of.
    fn verdict(&self, headers: HeaderMap, body: Vec<u8>) {
        let parameters = [("id", "0d01f100-0000-4000-8000-000000000001".to_owned())];
        let answer = Answer::new(409, headers, Body::Complete(body), SystemTime::UNIX_EPOCH);
        let attempt = Attempt::Answered(Box::new(answer));
        let (attempted, seen) = judged(self.about, &parameters, &attempt, &self.credential.redactor);
        let mut memory = Memory::default();
        memory.record(&attempted.verdict);
        let ended = Ended {
            memory,
            decisive: Some((attempted, seen)),
            in_doubt: false,
            gave_up: None,
        };
        assert!(black_box(report(self.about, ended)).is_err());
    }
}

/// What so many verdicts cost this program under callgrind, with its beginning.
fn counted(filling: &str, size: usize, count: usize) -> Option<u64> {
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(std::env::current_exe().ok()?)
        .args(["--ignored", "how_long_a_verdict_takes"])
        .env(ASKED, format!("{filling},{size},{count}"))
        .output()
        .ok()?;
    let text = String::from_utf8_lossy(&output.stderr);
    let collected = text.lines().find_map(|line| line.split_once("Collected :"));
    collected?.1.trim().parse().ok()
}

#[test]
#[ignore = "measures, and decides nothing"]
fn how_long_a_verdict_takes() {
    let judge = Judge::new();
    if let Ok(asked) = std::env::var(ASKED) {
        let [filling, size, count] = asked.split(',').collect::<Vec<_>>()[..] else {
            panic!("{ASKED} is FILLING,SIZE,COUNT")
        };
        let bytes = body(filling, size.parse().unwrap());
        return (0..count.parse().unwrap()).for_each(|_| judge.verdict(judge.headers.clone(), bytes.clone()));
    }
    let mut criterion = Criterion::default().without_plots();
    for filling in FILLINGS {
        for size in SIZES {
            let bytes = body(filling, size);
            let given = || (judge.headers.clone(), bytes.clone());
            let verdict = |(headers, body)| judge.verdict(headers, body);
            let name = format!("a verdict on {filling}, {} bytes", bytes.len());
            criterion.bench_function(&name, |bencher| {
                bencher.iter_batched(given, verdict, BatchSize::SmallInput)
            });
            let (few, many) = (counted(filling, size, 10), counted(filling, size, 110));
            match few.zip(many) {
                Some((few, many)) => println!("{name}: {} instructions", (many - few) / 100),
                None => println!("{name}: instructions not counted, valgrind is not installed"),
            }
        }
    }
}
