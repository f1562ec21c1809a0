//! Any answer at all: nothing panics, dead is said of documented proof alone, live of nothing that may have been carried
//! out, and our credential comes back in no text.
//!
//! A seed is the provider's name, the status, perhaps `doubt`; headers; an empty line (without it the answer was cut
//! off); the body.

#![no_main]

use std::error::Error;

use keyrevoke::fuzzing::{Answered, may_prove, parameters, reported};
use keyrevoke::{KeyState, ProviderInfo, RevokeResult, providers};
use libfuzzer_sys::{Corpus, fuzz_target};
use serde_json::Value;

/// Seeds echo it.
const SECRET: &str = "canary-Zq7Xw3";

fuzz_target!(|input: &[u8]| -> Corpus {
    let Some((provider, answered)) = read(input) else {
        return Corpus::Reject;
    };
    let result = reported(provider, &answered).expect("the fake's key and this credential are sound");
    match KeyState::from(&result) {
        KeyState::Dead => assert!(is_proof(provider, &answered), "dead: {answered:?}"),
        KeyState::Live => assert!(is_untouched(provider, &answered), "live: {answered:?}"),
        KeyState::Unknown => {}
    }
    for text in texts(&result) {
        let lower = text.to_ascii_lowercase();
        assert!(!lower.contains(&SECRET.to_ascii_lowercase()), "an echo: {text}");
        assert!(!text.contains(char::is_control), "not one line: {text:?}");
    }
    Corpus::Keep
});

fn read(input: &[u8]) -> Option<(&'static ProviderInfo, Answered<'_>)> {
    let end = input.windows(2).position(|two| two == b"\n\n");
    let (head, body) = match end {
        Some(end) => (&input[..end], Some(&input[end + 2..])),
        None => (input, None),
    };
    let mut lines = head.split(|byte| *byte == b'\n');
    let mut words = std::str::from_utf8(lines.next()?).ok()?.split(' ');
    let name = words.next()?;
    let provider = providers().iter().find(|provider| provider.name() == name)?;
    let status = words.next()?.parse().ok()?;
    let headers = lines.filter_map(|line| {
        let colon = line.iter().position(|byte| *byte == b':')?;
        Some((&line[..colon], line[colon + 1..].trim_ascii()))
    });
    let answered = Answered {
        secret: SECRET,
        in_doubt: words.next() == Some("doubt"),
        status,
        headers: headers.collect(),
        body,
    };
    (100..1000).contains(&status).then_some((provider, answered))
}

/// Is this what the provider's pages give as proof of death? Written from the pages, not from the rules. Of a
/// provider that is not named here only what its rules say of the status is asked.
fn is_proof(provider: &ProviderInfo, answered: &Answered<'_>) -> bool {
    let body = body(answered);
    let text = |name: &str| body[name].as_str();
    let proves = match (provider.name(), answered.status) {
        ("dolfin" | "sinjapp" | "kadosei", 204) => true,
        ("dolfin", 409) => {
            // A code of its pages for another state; the word alone could be anybody's prose.
            let says_locked = |name| text(name).is_some_and(|text| text.contains("Client.Locked"));
            body.is_object() && !["type", "title", "detail"].into_iter().any(says_locked)
        }
        ("devin", 200) => text("status") == Some("success"),
        ("devin-v3", 200) => {
            let ours = parameters(provider).expect("the fake's key is sound").pop();
            ours.is_some_and(|(_, id)| text("api_key_id") == Some(&id)) && body["is_active"] == false
        }
        ("devin-v3", 409) => text("detail").is_some(),
        ("kadosei", 200) => body.as_object().is_some_and(|object| object.is_empty()),
        ("dolfin" | "sinjapp" | "kadosei" | "devin" | "devin-v3", _) => false,
        _ => true,
    };
    proves && may_prove(provider, answered.status)
}

/// Does this answer say that the key is as it was, at any provider or by this one's page?
fn is_untouched(provider: &ProviderInfo, answered: &Answered<'_>) -> bool {
    let refused = [400, 401, 403, 405, 407, 422, 425, 429].contains(&answered.status);
    let message = body(answered)["message"].as_str().map(str::to_lowercase);
    let says_no_tenant = message.is_some_and(|text| text.contains("tenant could not be identified"));
    let no_tenant = provider.name() == "sinjapp" && answered.status == 404 && says_no_tenant;
    !answered.in_doubt && (refused || no_tenant)
}

/// The body as JSON, read without the crate's help.
fn body(answered: &Answered<'_>) -> Value {
    let body = answered.body.and_then(|body| serde_json::from_slice(body).ok());
    body.unwrap_or_default()
}

/// Everything that can be read of a result.
fn texts(result: &RevokeResult) -> Vec<String> {
    match result {
        Ok(revocation) => vec![
            revocation.to_string(),
            format!("{revocation:?}"),
            serde_json::to_string(revocation).expect("a result is JSON"),
        ],
        Err(error) => {
            let mut texts = vec![
                error.to_string(),
                format!("{error:?}"),
                error.next_step().to_string(),
                serde_json::to_string(error).expect("a result is JSON"),
            ];
            let mut source = error.source();
            while let Some(cause) = source {
                texts.push(cause.to_string());
                source = cause.source();
            }
            texts
        }
    }
}
