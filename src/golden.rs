//! The whole truth table as a file: provider × body shape × status. A rule that changes shows as a diff of the
//! lines that it changes. `KEYREVOKE_BLESS=1 cargo test --all-features golden` writes it anew.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::time::{Duration, SystemTime};

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use serde_json::Value;

use crate::answer::{Answer, Attempt, Body};
use crate::fakes::Case;
use crate::providers::ProviderInfo;
use crate::verdict::{Meaning, verdict};

/// 2026-11-22T00:00:00Z, the moment at which every answer of the table came.
pub(crate) const NOW: u64 = 1_795_305_600;

pub(crate) fn answer(status: u16, headers: &[(&str, &str)], body: Body) -> Attempt {
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        map.append(
            HeaderName::try_from(*name).unwrap(),
            HeaderValue::try_from(*value).unwrap(),
        );
    }
    let received = SystemTime::UNIX_EPOCH + Duration::from_secs(NOW);
    Attempt::Answered(Box::new(Answer::new(status, map, body, received)))
}

/// The one word for a verdict that the golden files use.
pub(crate) fn word(
    provider: &ProviderInfo,
    parameters: &[(&'static str, String)],
    attempt: &Attempt,
) -> String {
    match verdict(provider.entry().about().rules, parameters, attempt).meaning {
        Meaning::Dead(disposition, evidence) => {
            format!("dead {} {}", disposition.as_str(), evidence.as_str())
        }
        Meaning::Not(kind, state) => format!("{state} {}", kind.as_str()),
    }
}

/// The key that the table is about, and its path parameters.
fn parameters(provider: &ProviderInfo) -> Vec<(&'static str, String)> {
    let key = (provider.entry().fake().key)(7);
    provider.entry().parameters(&key).unwrap()
}

/// Name, headers, body.
type Shape = (String, Vec<(&'static str, &'static str)>, Body);

/// What the provider's fake answers, about our key and about another, and what is left of the success when a member is
/// taken away or says the opposite. Without this a provider that is added would be in the table by other bodies alone.
fn own_shapes(provider: &ProviderInfo) -> Vec<Shape> {
    let (fake, ours) = (provider.entry().fake(), parameters(provider));
    let other = provider.entry().parameters(&(fake.key)(8)).unwrap();
    let mut shapes = Vec::new();
    let mut add = |name: String, media: Option<&str>, body: Vec<u8>| {
        let media = match media {
            Some("application/problem+json") => Some("application/problem+json"),
            Some("text/xml") => Some("text/xml"),
            media => media.map(|_| "application/json"),
        };
        let headers = media
            .map(|media| vec![("content-type", media)])
            .unwrap_or_default();
        shapes.push((name, headers, Body::Complete(body)));
    };
    for (name, case, parameters) in [
        ("own answer", Case::Revoked, &ours),
        ("own answer about another key", Case::Revoked, &other),
        ("own answer to a repeat", Case::Again, &ours),
        ("own answer about an unknown key", Case::Unknown, &ours),
        ("own refusal", Case::Unauthenticated, &ours),
    ] {
        let reply = (fake.answer)(case, parameters);
        let (media, body) = reply.content();
        add(name.into(), media, body.into());
    }
    let success = (fake.answer)(Case::Revoked, &ours);
    let (media, body) = success.content();
    if let Ok(Value::Object(whole)) = serde_json::from_slice(body) {
        let error = serde_json::json!({ "code": "x" });
        let mut told = whole.clone();
        told.insert("error".into(), error.clone());
        add(
            "own answer with an error".into(),
            media,
            Value::Object(told).to_string().into(),
        );
        let mut told = whole.clone();
        told.insert("success".into(), false.into());
        add(
            "own answer, no success".into(),
            media,
            Value::Object(told).to_string().into(),
        );
        for (name, value) in &whole {
            if let Value::Object(inner) = value {
                let (mut told, mut inner) = (whole.clone(), inner.clone());
                inner.insert("error".into(), error.clone());
                told.insert(name.clone(), Value::Object(inner));
                let told = Value::Object(told).to_string();
                add(format!("own answer with an error in {name}"), media, told.into());
            }
        }
        for (name, value) in &whole {
            let mut damaged = whole.clone();
            damaged.remove(name);
            add(
                format!("own answer without {name}"),
                media,
                Value::Object(damaged.clone()).to_string().into(),
            );
            let opposite = match value {
                Value::Bool(truth) => Value::Bool(!truth),
                Value::Null => Value::Bool(true),
                _ => Value::Null,
            };
            damaged.insert(name.clone(), opposite);
            add(
                format!("own answer with another {name}"),
                media,
                Value::Object(damaged).to_string().into(),
            );
        }
    }
    shapes
}

/// Body shapes by name: every documented body of every provider, and what imitates or damages them.
fn shapes(parameters: &[(&'static str, String)]) -> Vec<Shape> {
    let json = |text: &str| {
        (
            vec![("content-type", "application/json")],
            Body::Complete(text.into()),
        )
    };
    let problem = |text: &str| {
        (
            vec![("content-type", "application/problem+json; charset=utf-8")],
            Body::Complete(text.into()),
        )
    };
    let id = parameters.last().map(|(_, id)| id.clone());
    let id = id.unwrap_or_else(|| "in no place of the request".to_owned());
    let v3 = |id: &str, active: &str, revoked_at: &str| {
        json(&format!(
            r#"{{"api_key_id":"{id}","api_key_name":"n","created_at":1,"is_active":{active}{revoked_at}}}"#
        ))
    };
    let at = |time: u64| format!(r#","revoked_at":{time}"#);
    let mut shapes = vec![
        ("no body", (vec![], Body::Complete(Vec::new()))),
        (
            "no body, said to be json",
            (
                vec![("content-type", "application/json")],
                Body::Complete(Vec::new()),
            ),
        ),
        (
            "html",
            (
                vec![("content-type", "text/html")],
                Body::Complete(b"<html>".to_vec()),
            ),
        ),
        ("cut", (vec![("content-type", "application/json")], Body::Cut)),
        (
            "too long",
            (vec![("content-type", "application/json")], Body::TooLong),
        ),
        ("not json", json("success")),
        ("json with a second text", json(r#"{"status":"success"}{}"#)),
        ("json with a byte order mark", json("\u{feff}{}")),
        ("null", json("null")),
        ("list", json("[]")),
        ("string", json("\"success\"")),
        ("empty object", json("{}")),
        ("empty object as problem", problem("{}")),
        (
            "empty object as text",
            (
                vec![("content-type", "text/plain")],
                Body::Complete(b"{}".to_vec()),
            ),
        ),
        (
            "empty object without type",
            (vec![], Body::Complete(b"{}".to_vec())),
        ),
        (
            "empty object with two types",
            (
                vec![
                    ("content-type", "application/json"),
                    ("content-type", "text/html"),
                ],
                Body::Complete(b"{}".to_vec()),
            ),
        ),
        (
            "empty object encoded",
            (
                vec![("content-type", "application/json"), ("content-encoding", "gzip")],
                Body::Complete(b"{}".to_vec()),
            ),
        ),
        ("status success", json(r#"{"status":"success"}"#)),
        (
            "status success and more",
            json(r#"{"status":"success","detail":"x"}"#),
        ),
        (
            "status success twice",
            json(r#"{"status":"error","status":"success"}"#),
        ),
        (
            "status success as html",
            (
                vec![("content-type", "text/html")],
                Body::Complete(br#"{"status":"success"}"#.to_vec()),
            ),
        ),
        ("status success in capitals", json(r#"{"status":"Success"}"#)),
        ("status error", json(r#"{"status":"error"}"#)),
        ("status pending", json(r#"{"status":"pending"}"#)),
        ("status true", json(r#"{"status":true}"#)),
        ("success false", json(r#"{"success":false}"#)),
        ("detail text", json(r#"{"detail":"x"}"#)),
        (
            "credential refused by a hub",
            json(r#"{"status":403,"message":"Missing or invalid credentials."}"#),
        ),
        ("detail text as problem", problem(r#"{"detail":"x"}"#)),
        ("detail null", json(r#"{"detail":null}"#)),
        (
            "detail list",
            json(r#"{"detail":[{"loc":["path","api_key_id"],"msg":"bad","type":"value_error"}]}"#),
        ),
        (
            "message text",
            json(r#"{"message":"No query results for model [ApiKey]"}"#),
        ),
        (
            "message list",
            json(r#"{"statusCode":400,"message":["a","b"],"error":"Bad Request"}"#),
        ),
        (
            "error code details",
            json(r#"{"error":"Not Found","message":"x","code":404,"details":[]}"#),
        ),
        (
            "tenant unknown",
            json(r#"{"message":"Tenant could not be identified for this domain."}"#),
        ),
        (
            "tenant unknown in other words",
            json(r#"{"message":"TENANT COULD NOT BE IDENTIFIED on example.org"}"#),
        ),
        (
            "tenant unknown as html",
            (
                vec![("content-type", "text/html")],
                Body::Complete(b"Tenant could not be identified".to_vec()),
            ),
        ),
        (
            "tenant unknown in detail",
            json(r#"{"detail":"Tenant could not be identified for this domain."}"#),
        ),
        (
            "problem already revoked in title",
            problem(r#"{"title":"ApiKey.AlreadyRevoked"}"#),
        ),
        (
            "problem already revoked in type",
            problem(r#"{"type":"https://docs.example/errors/ApiKey.AlreadyRevoked"}"#),
        ),
        (
            "problem already revoked in detail",
            json(
                r#"{"type":"about:blank","title":"Conflict","status":409,"detail":"ApiKey.AlreadyRevoked: x"}"#,
            ),
        ),
        (
            "problem without code",
            problem(
                r#"{"type":"https://tools.ietf.org/html/rfc7231#section-6.5.8","title":"Conflict","status":409}"#,
            ),
        ),
        (
            "problem with status in digits",
            problem(r#"{"title":"Conflict","status":"409"}"#),
        ),
        ("problem with only instance", problem(r#"{"instance":"/x"}"#)),
        (
            "problem of another code",
            problem(r#"{"title":"Member.Forbidden"}"#),
        ),
        (
            "problem of another code in detail",
            problem(r#"{"title":"Conflict","detail":"see Client.Locked."}"#),
        ),
        (
            "problem of both codes",
            problem(r#"{"title":"ApiKey.AlreadyRevoked","detail":"Client.Locked"}"#),
        ),
        (
            "problem of a longer code",
            problem(r#"{"title":"ApiKey.AlreadyRevoked.Pending"}"#),
        ),
        (
            "problem of a code in camel case",
            problem(r#"{"title":"apiKey.notRevoked"}"#),
        ),
        (
            "problem of another status",
            problem(r#"{"title":"Conflict","status":503}"#),
        ),
        (
            "problem of wrong types",
            problem(r#"{"title":{"code":"ApiKey.AlreadyRevoked"}}"#),
        ),
        (
            "problem of another code after an address",
            problem(r#"{"title":"Conflict","detail":"see (https://docs.dolfinai.co)\nClient.Locked"}"#),
        ),
        (
            "problem of another code as host",
            problem(r#"{"title":"Conflict","type":"https://Client.Locked"}"#),
        ),
        (
            "problem of another code, oddly written",
            problem(r#"{"title":"_Client.2Locked"}"#),
        ),
        (
            "problem of another code in lower case",
            problem(r#"{"title":"member.forbidden"}"#),
        ),
        (
            "problem of another type in lower case",
            problem(r#"{"type":"urn:problem:client.locked"}"#),
        ),
        (
            "problem with host and time",
            problem(
                r#"{"title":"Conflict","detail":"revoked at 2026-11-22T10:00:00.123Z, see docs.dolfinai.co"}"#,
            ),
        ),
        (
            "problem as html",
            (
                vec![("content-type", "text/html")],
                Body::Complete(br#"{"title":"ApiKey.AlreadyRevoked"}"#.to_vec()),
            ),
        ),
        (
            "already revoked in another member",
            json(r#"{"code":"ApiKey.AlreadyRevoked"}"#),
        ),
        ("key inactive", v3(&id, "false", &at(NOW - 1))),
        (
            "key inactive, time null",
            v3(&id, "false", r#","revoked_at":null"#),
        ),
        ("key inactive, time missing", v3(&id, "false", "")),
        (
            "key inactive, time as text",
            v3(&id, "false", r#","revoked_at":"2026-11-22T00:00:00Z""#),
        ),
        ("key inactive in 300 s", v3(&id, "false", &at(NOW + 300))),
        ("key inactive in 301 s", v3(&id, "false", &at(NOW + 301))),
        ("key active", v3(&id, "true", r#","revoked_at":null"#)),
        (
            "key active as text",
            v3(&id, r#""false""#, r#","revoked_at":null"#),
        ),
        ("another key inactive", v3("another", "false", &at(NOW - 1))),
        (
            "key of no id inactive",
            json(r#"{"is_active":false,"revoked_at":1}"#),
        ),
    ];
    // An hour later by the answer's own clock.
    let (mut headers, body) = v3(&id, "false", &at(NOW + 3600));
    headers.push(("date", "Sun, 22 Nov 2026 01:00:00 GMT"));
    shapes.push(("key inactive, by the answer's clock", (headers, body)));
    shapes
        .into_iter()
        .map(|(name, (headers, body))| (name.to_owned(), headers, body))
        .collect()
}

/// Compares a text with a golden file, or writes it.
pub(crate) fn compare(file: &str, found: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/golden")
        .join(file);
    if std::env::var_os("KEYREVOKE_BLESS").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, found).unwrap();
        return;
    }
    let wanted = std::fs::read_to_string(&path).unwrap_or_default();
    for (number, (wanted, found)) in wanted.lines().zip(found.lines()).enumerate() {
        assert_eq!(
            wanted,
            found,
            "{file}, line {}; KEYREVOKE_BLESS=1 writes it anew",
            number + 1
        );
    }
    assert_eq!(
        wanted.lines().count(),
        found.lines().count(),
        "{file}; KEYREVOKE_BLESS=1 writes it anew"
    );
}

#[test]
fn golden_the_truth_table_is_as_kept() {
    let mut table = String::from(
        "# provider × body shape × status 100 to 599; written by KEYREVOKE_BLESS=1 cargo test --all-features golden\n",
    );
    for provider in crate::providers::ways() {
        let parameters = parameters(provider);
        // Shapes that mean the same at every status share one entry.
        let mut same: BTreeMap<Vec<(u16, u16, String)>, Vec<String>> = BTreeMap::new();
        for (name, headers, body) in shapes(&parameters).into_iter().chain(own_shapes(provider)) {
            let mut runs: Vec<(u16, u16, String)> = Vec::new();
            for status in 100..=599 {
                let word = word(provider, &parameters, &answer(status, &headers, body.clone()));
                match runs.last_mut() {
                    Some((_, last, same)) if *same == word => *last = status,
                    _ => runs.push((status, status, word)),
                }
            }
            same.entry(runs).or_default().push(name);
        }
        for (runs, names) in same {
            writeln!(table, "\n{}: {}", provider.label(), names.join("; ")).unwrap();
            for (first, last, word) in runs {
                let statuses = if first == last {
                    format!("{first}")
                } else {
                    format!("{first}-{last}")
                };
                writeln!(table, "  {statuses:<9}{word}").unwrap();
            }
        }
    }
    compare("truth.txt", &table);
}
