//! The provider's own words: lenient, never failing, cleaned before anybody sees them.
//!
//! Error shapes differ between providers and inside one provider (FastAPI's `detail` is a list or a string,
//! NestJS's `message` a string or a list, RFC 9457 has `title` and `detail`, Laravel `errors` by field), so
//! every shape is tried on every answer and nothing here decides a verdict.

use serde_json::{Map, Value};

use crate::answer::Answer;
use crate::credential::Redactor;
use crate::input::looks_like_secret;
use crate::outcome::{Facts, FieldError};

/// How much of a provider's words is kept, in characters.
const LONGEST_TEXT: usize = 512;
/// How much of a long text is looked at to find what is kept, in bytes, and on to the end of its word.
const LONGEST_LOOK: usize = 8 * LONGEST_TEXT;
/// How many complaints about fields are kept.
const MOST_FIELDS: usize = 16;

/// Reads what an answer says of itself.
pub(crate) fn read(answer: &Answer, redactor: &Redactor) -> Facts {
    let mut facts = Facts {
        status: Some(answer.status),
        request_id: answer.request_id().map(|id| clean(id, redactor)),
        ..Facts::default()
    };
    #[cfg(feature = "aws")]
    if let Some(body) = answer.xml() {
        return of_aws(&body, facts, redactor);
    }
    let Some(Value::Object(body)) = answer.json() else {
        return facts;
    };
    // Some wrap the error: {"error": {"message", "code", "type"}}.
    let inner = body.get("error").and_then(Value::as_object).unwrap_or(body);
    let text = |names: &[&str]| {
        names
            .iter()
            .find_map(|name| words(inner.get(*name)?))
            .map(|text| clean(&text, redactor))
    };
    facts.title = text(&["title"]).or_else(|| words(body.get("error")?).map(|text| clean(&text, redactor)));
    // Some list errors: {"errors": [{"message", "code"}]} or {"errors": ["…"]}.
    let first = inner
        .get("errors")
        .and_then(|errors| errors.get(0))
        .and_then(Value::as_object);
    facts.detail = text(&[
        "detail",
        "message",
        "error_description",
        "errorSummary",
        "msg",
        "reason",
    ])
    .or_else(|| {
        let listed = first.and_then(|error| words(error.get("message")?));
        listed
            .or_else(|| words(inner.get("errors")?))
            .map(|text| clean(&text, redactor))
    });
    facts.provider_code = code_word(inner)
        .or_else(|| {
            [Some(inner), first].into_iter().flatten().find_map(|body| {
                ["code", "errorCode", "error_code"]
                    .iter()
                    .find_map(|name| words(body.get(*name)?))
            })
        })
        .map(|code| clean(&code, redactor));
    facts.field_errors = field_errors(inner)
        .into_iter()
        .take(MOST_FIELDS)
        .map(|error| FieldError::new(clean(&error.field, redactor), clean(&error.message, redactor)))
        .collect();
    facts
}

/// AWS: `<ErrorResponse><Error><Code>, <Message>`.
#[cfg(feature = "aws")]
fn of_aws(body: &Value, facts: Facts, redactor: &Redactor) -> Facts {
    let error = &body["ErrorResponse"]["Error"];
    let text = |name: &str| words(&error[name]).map(|text| clean(&text, redactor));
    let id = words(&body["ErrorResponse"]["RequestId"]).map(|id| clean(&id, redactor));
    Facts {
        provider_code: text("Code"),
        detail: text("Message"),
        request_id: facts.request_id.or(id),
        ..facts
    }
}

/// A code of the form `Word.Word` in a problem document, as Dolfin's pages give them.
fn code_word(body: &Map<String, Value>) -> Option<String> {
    ["title", "type", "detail"]
        .iter()
        .filter_map(|name| body.get(*name)?.as_str())
        .find_map(|text| dotted_codes(text).next().map(ToOwned::to_owned))
}

/// Words of a text that could be a code of the form `Word.Word`: joined by dots, with a capital somewhere, which
/// tells `Member.Forbidden` from a host or file name, and not all numbers, which tells it from a time. Rather one
/// too many than one too few: a code that is overlooked could make a refusal look like a death.
pub(crate) fn dotted_codes(text: &str) -> impl Iterator<Item = &str> {
    dotted_words(text).filter(|word| word.contains(char::is_uppercase))
}

/// Words joined by dots, in whatever case, of which some part begins with a letter.
pub(crate) fn dotted_words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !(c.is_alphanumeric() || c == '.' || c == '_'))
        .map(|word| word.trim_matches('.'))
        .filter(|word| {
            let is_word = |part: &str| {
                part.trim_start_matches('_')
                    .starts_with(|c: char| c.is_ascii_alphabetic())
            };
            word.contains('.') && word.split('.').any(is_word)
        })
}

/// A string, a number, or a list of strings, as one text.
fn words(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Array(items) => {
            let texts: Vec<&str> = items.iter().filter_map(Value::as_str).take(MOST_FIELDS).collect();
            (!texts.is_empty()).then(|| texts.join("; "))
        }
        _ => None,
    }
    .filter(|text| !text.trim().is_empty())
}

/// FastAPI's `detail: [{loc, msg}]`, Kadosei's `details: [{field, message}]`, `errors` as a list of such or as
/// an object of lists by field.
fn field_errors(body: &Map<String, Value>) -> Vec<FieldError> {
    let one = |item: &Value| {
        let item = item.as_object()?;
        let message = ["msg", "message", "detail"]
            .iter()
            .find_map(|name| words(item.get(*name)?))?;
        let field = match item.get("loc").or_else(|| item.get("field")) {
            Some(Value::Array(path)) => path
                .iter()
                .filter_map(words)
                .take(MOST_FIELDS)
                .collect::<Vec<_>>()
                .join("."),
            Some(name) => words(name).unwrap_or_default(),
            None => String::new(),
        };
        Some(FieldError::new(field, message))
    };
    ["detail", "details", "errors"]
        .iter()
        .filter_map(|name| body.get(*name))
        .find_map(|value| match value {
            Value::Array(items) => Some(items.iter().filter_map(one).take(MOST_FIELDS).collect::<Vec<_>>()),
            Value::Object(fields) => Some(
                fields
                    .iter()
                    .filter_map(|(field, value)| Some(FieldError::new(field, words(value)?)))
                    .take(MOST_FIELDS)
                    .collect(),
            ),
            _ => None,
        })
        .unwrap_or_default()
}

/// One line of bounded length without control characters, text direction tricks or secrets.
pub(crate) fn clean(text: &str, redactor: &Redactor) -> String {
    let text = redactor.clean(text);
    let mut line = String::new();
    let (mut blank, mut is_cut) = (false, false);
    for c in text.chars() {
        // The end of a long text is cut off anyway. No word is cut in two before it is known to be no secret.
        if line.len() > LONGEST_LOOK && !is_word_part(c) {
            is_cut = true;
            break;
        }
        if c.is_whitespace() || c.is_control() || is_invisible(c) {
            blank = !line.is_empty();
            continue;
        }
        if std::mem::take(&mut blank) {
            line.push(' ');
        }
        line.push(c);
    }
    let line = hide_secrets(&line);
    if !is_cut && line.chars().count() <= LONGEST_TEXT {
        return line;
    }
    let mut cut: String = line.chars().take(LONGEST_TEXT - 1).collect();
    cut.push('…');
    cut
}

/// Characters that change how the rest of a line is shown (Unicode bidirectional and zero-width controls).
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

/// May a secret go on with this?
fn is_word_part(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.')
}

/// Answers may hold the secret of a key; what looks like one is not passed on.
pub(crate) fn hide_secrets(line: &str) -> String {
    const SHORTEST_SECRET: usize = 12;
    let is_part = is_word_part;
    let mut out = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(start) = rest.find(is_part) {
        let end = rest[start..]
            .find(|c| !is_part(c))
            .map_or(rest.len(), |length| start + length);
        // A path such as `body.KEY` holds a secret as its last part; a token such as `eyJ….….…` is one whole.
        let mut begins = std::iter::once(start).chain(
            rest[start..end]
                .match_indices('.')
                .map(|(dot, _)| start + dot + 1),
        );
        let secret = begins.find(|begin| {
            let word = &rest[*begin..end];
            word.len() >= SHORTEST_SECRET && looks_like_secret(word)
        });
        out.push_str(&rest[..secret.unwrap_or(end)]);
        if secret.is_some() {
            out.push_str("[redacted]");
        }
        rest = &rest[end..];
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use reqwest::header::{HeaderMap, HeaderValue};
    use serde_json::json;

    use super::*;
    use crate::answer::Body;

    fn facts(body: Value) -> Facts {
        let mut headers = HeaderMap::new();
        headers.insert("content-type", HeaderValue::from_static("application/json"));
        headers.insert("x-request-id", HeaderValue::from_static("req-1"));
        let answer = Answer::new(
            422,
            headers,
            Body::Complete(body.to_string().into()),
            SystemTime::UNIX_EPOCH,
        );
        read(&answer, &Redactor::default())
    }

    #[test]
    fn every_published_error_shape_is_read() {
        let fastapi = facts(
            json!({ "detail": [{ "loc": ["path", "api_key_id", 0], "msg": "bad id", "type": "value_error" }] }),
        );
        assert_eq!(
            fastapi.field_errors,
            [FieldError::new("path.api_key_id.0", "bad id")]
        );
        assert_eq!(
            (fastapi.detail, fastapi.request_id.as_deref()),
            (None, Some("req-1"))
        );
        assert_eq!(
            facts(json!({ "detail": "not a list" })).detail.as_deref(),
            Some("not a list")
        );

        let problem = facts(
            json!({ "type": "about:blank", "title": "Member.Forbidden", "detail": "no", "status": 403 }),
        );
        assert_eq!(problem.provider_code.as_deref(), Some("Member.Forbidden"));
        assert_eq!(
            (problem.title.as_deref(), problem.detail.as_deref()),
            (Some("Member.Forbidden"), Some("no"))
        );

        let kadosei = facts(
            json!({ "error": "Bad Request", "message": "no", "code": 400, "details": [{ "field": "id", "message": "not a uuid" }] }),
        );
        assert_eq!(kadosei.field_errors, [FieldError::new("id", "not a uuid")]);
        assert_eq!(
            (kadosei.title.as_deref(), kadosei.detail.as_deref()),
            (Some("Bad Request"), Some("no"))
        );
        let nest = facts(json!({ "statusCode": 400, "message": ["a", "b"], "error": "Bad Request" }));
        assert_eq!(nest.detail.as_deref(), Some("a; b"));

        let laravel =
            facts(json!({ "message": "invalid", "errors": { "apiKey": ["must be a number", "x"] } }));
        assert_eq!(
            laravel.field_errors,
            [FieldError::new("apiKey", "must be a number; x")]
        );

        let wrapped = facts(json!({ "error": { "message": "no", "code": "gone", "type": "x" } }));
        assert_eq!(
            (wrapped.detail.as_deref(), wrapped.provider_code.as_deref()),
            (Some("no"), Some("gone"))
        );

        for odd in [
            json!([]),
            json!(null),
            json!({ "detail": {} }),
            json!({ "message": [] }),
            json!({ "error": null, "errors": [1] }),
        ] {
            let facts = facts(odd.clone());
            assert_eq!((facts.detail, facts.field_errors.len()), (None, 0), "{odd}");
        }
    }

    #[test]
    fn codes_are_told_from_hosts_sentences_and_numbers() {
        let codes = |text: &'static str| dotted_codes(text).collect::<Vec<_>>();
        assert_eq!(codes("ApiKey.AlreadyRevoked"), ["ApiKey.AlreadyRevoked"]);
        assert_eq!(
            codes("ApiKey.AlreadyRevoked: gone. Member.Forbidden."),
            ["ApiKey.AlreadyRevoked", "Member.Forbidden"]
        );
        assert_eq!(
            codes("https://docs.example.org\nClient.Locked"),
            ["Client.Locked"]
        );
        assert_eq!(codes("urn:x:ApiKey.AlreadyRevoked"), ["ApiKey.AlreadyRevoked"]);
        assert_eq!(codes("apiKey.locked"), ["apiKey.locked"]);
        for none in [
            "",
            "https://tools.ietf.org/html/rfc7231#section-6.5.8",
            "see docs.example.org.",
            "v1.2",
            "A. B",
            "...",
            "Gone.",
        ] {
            assert!(codes(none).is_empty(), "{none}");
        }
    }

    #[test]
    fn text_from_outside_is_one_bounded_line_without_secrets() {
        let clean = |text: &str| clean(text, &Redactor::default());
        assert_eq!(clean(" a\r\n\tb\u{202e}c\u{1b}[31m "), "a b c [31m");
        assert_eq!(
            clean("use (sk_live_0123456789abc), not sk_x"),
            "use ([redacted]), not sk_x"
        );
        assert_eq!(clean("body.sk_live_0123456789abc"), "body.[redacted]");
        assert_eq!(
            clean("task_id.sk_x and eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIx.x"),
            "task_id.sk_x and [redacted]"
        );
        let long = clean(&"é".repeat(600));
        assert_eq!((long.chars().count(), long.chars().last()), (512, Some('…')));
        // However long it is, no word is cut in two before it is known to be no secret.
        for (before, begins) in [
            ("sk_live_0123456789abcdefghij ", 0),
            ("a ", 2_045),
            ("a ", 2_048),
            ("a ", 2_050),
        ] {
            let text = before.repeat(if begins == 0 { 3_000 } else { begins });
            let shown = clean(&format!("{text}sk_live_{}", "x".repeat(9_000)));
            assert!(!shown.contains("sk_live") && !shown.contains("xx"), "{shown}");
            assert!(shown.chars().count() <= 512 && shown.ends_with('…'), "{shown}");
        }
        let redacted = clean(&format!("sk_live_{} said no", "x".repeat(9_000)));
        assert_eq!(redacted, "[redacted]…");
    }
}
