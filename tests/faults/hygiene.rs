//! H. What comes out for people to read.

use keyrevoke::fakes::{Fake, Reply};
use keyrevoke::{Revoke, RevokeError};
use serde_json::json;

use crate::common::{error, providers};

/// What is said of an answer of each provider whose words are these.
async fn said(words: &str) -> Vec<(&'static str, RevokeError)> {
    let mut said = Vec::new();
    for (provider, _) in providers() {
        let fake = Fake::start(provider).await.unwrap();
        let body = json!({ "detail": words, "message": words, "title": words, "type": words });
        fake.answer_next(
            Reply::new(403)
                .with_json(body)
                .with_header("x-request-id", words.replace(|c: char| c.is_control(), " ")),
        );
        said.push((
            fake.credential_text(),
            error(fake.builder().build().unwrap().revoke(&fake.new_key()).await),
        ));
        assert_eq!(fake.requests().len(), 1);
    }
    said
}

#[tokio::test]
async fn row_097_an_echo_of_the_credential_is_redacted() {
    for (provider, _) in providers() {
        let credential = Fake::start(provider).await.unwrap().credential_text();
        if credential.is_empty() {
            continue; // the secret of the key is what could be echoed: see the conformance suite
        }
        for echo in [
            credential.to_owned(),
            format!("bad token {credential}!"),
            credential.to_uppercase(),
        ] {
            for (own, error) in said(&echo).await {
                if own == credential {
                    let shown = format!("{error} {error:?} {}", serde_json::to_string(&error).unwrap())
                        .to_lowercase();
                    assert!(!shown.contains(&credential.to_lowercase()), "{provider}: {shown}");
                    assert!(shown.contains("[redacted]"), "{provider}: {shown}");
                }
            }
        }
    }
}

#[tokio::test]
async fn row_098_the_providers_words_are_one_bounded_line() {
    let endless = "word ".repeat(2_000);
    for (words, wanted) in [
        ("one\r\n\ttwo", "one two"),
        ("\u{1b}[31mred\u{1b}[0m", "[31mred [0m"),
        ("left\u{202e}right\u{2066}!", "left right !"),
        (&endless, ""),
    ] {
        for (_, error) in said(words).await {
            let detail = error.detail().unwrap();
            assert!(detail.chars().count() <= 512, "{detail}");
            assert!(!detail.chars().any(char::is_control), "{detail:?}");
            if wanted.is_empty() {
                assert!(detail.ends_with('…'), "a cut is marked: {detail}");
            } else {
                assert_eq!(detail, wanted);
            }
        }
    }
}
