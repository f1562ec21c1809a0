//! The provider's own words: lenient, never failing, cleaned before anybody sees them.
//!
//! Error shapes differ between providers and inside one provider (FastAPI's `detail` is a list or a string,
//! NestJS's `message` a string or a list, RFC 9457 has `title` and `detail`, Laravel `errors` by field), so
//! every shape is tried on every answer and nothing here decides a verdict.

use std::borrow::Cow;

use crate::answer::Opened;
use crate::clean::clean;
use crate::credential::Redactor;
use crate::outcome::{Facts, FieldError};
use crate::tree::{Members, Tree};

/// How many complaints about fields are kept.
const MOST_FIELDS: usize = 16;

/// Reads what an answer says of itself.
pub(crate) fn read(opened: &Opened<'_>, redactor: &Redactor) -> Facts {
    let answer = opened.answer;
    let mut facts = Facts {
        status: Some(answer.status),
        request_id: answer.request_id().map(|id| clean(id, redactor)),
        ..Facts::default()
    };
    #[cfg(feature = "aws")]
    if let Some(body) = answer.xml() {
        return of_aws(&body, facts, redactor);
    }
    let Some(body) = opened.json().and_then(Tree::as_object) else {
        return facts;
    };
    // Some wrap the error: {"error": {"message", "code", "type"}}.
    let inner = body.get("error").and_then(Tree::as_object).unwrap_or(body);
    let cleaned = |text: Cow<'_, str>| clean(&text, redactor);
    let text = |names: &[&str]| names.iter().find_map(|name| words(inner.get(name)?));
    facts.title = text(&["title"])
        .or_else(|| words(body.get("error")?))
        .map(cleaned);
    // Some list errors: {"errors": [{"message", "code"}]} or {"errors": ["…"]}.
    let first = inner
        .get("errors")
        .and_then(|errors| errors.as_array()?.first()?.as_object());
    facts.detail = text(&[
        "detail",
        "message",
        "error_description",
        "errorSummary",
        "msg",
        "reason",
    ])
    .or_else(|| first.and_then(|error| words(error.get("message")?)))
    .or_else(|| words(inner.get("errors")?))
    .map(cleaned);
    facts.provider_code = code_word(inner)
        .or_else(|| {
            [Some(inner), first].into_iter().flatten().find_map(|body| {
                ["code", "errorCode", "error_code"]
                    .iter()
                    .find_map(|name| words(body.get(name)?))
            })
        })
        .map(cleaned);
    facts.field_errors = field_errors(inner)
        .into_iter()
        .map(|(field, message)| FieldError::new(cleaned(field), cleaned(message)))
        .collect();
    facts
}

/// AWS: `<ErrorResponse><Error><Code>, <Message>`.
#[cfg(feature = "aws")]
fn of_aws(body: &Tree<'_>, facts: Facts, redactor: &Redactor) -> Facts {
    fn member<'t, 'a>(tree: Option<&'t Tree<'a>>, name: &str) -> Option<&'t Tree<'a>> {
        tree.and_then(Tree::as_object)?.get(name)
    }
    let text = |tree, name| words(member(tree, name)?).map(|text| clean(&text, redactor));
    let response = member(Some(body), "ErrorResponse");
    let error = member(response, "Error");
    Facts {
        provider_code: text(error, "Code"),
        detail: text(error, "Message"),
        request_id: facts.request_id.or_else(|| text(response, "RequestId")),
        ..facts
    }
}

/// A code of the form `Word.Word` in a problem document, as Dolfin's pages give them.
fn code_word<'t>(body: &'t Members<'_>) -> Option<Cow<'t, str>> {
    ["title", "type", "detail"]
        .iter()
        .filter_map(|name| body.get(name)?.as_str())
        .find_map(|text| dotted_codes(text).next().map(Cow::Borrowed))
}

/// Words of a text that could be a code of the form `Word.Word`: joined by dots, with a capital somewhere, which
/// tells `Member.Forbidden` from a host or file name, and not all numbers, which tells it from a time. Rather one
/// too many than one too few: a code that is overlooked could make a refusal look like a death.
pub(crate) fn dotted_codes(text: &str) -> impl Iterator<Item = &str> {
    dotted_words(text).filter(|word| word.contains(char::is_uppercase))
}

/// Words joined by dots, in whatever case, of which some part begins with a letter.
pub(crate) fn dotted_words(text: &str) -> impl Iterator<Item = &str> {
    let is_other = |c: char| !(c.is_alphanumeric() || c == '.' || c == '_');
    let is_word = |part: &str| {
        part.trim_start_matches('_')
            .starts_with(|c: char| c.is_ascii_alphabetic())
    };
    // Most texts have few dots, so that these are looked for, and then the words around them.
    let mut rest = text;
    let around_dots = std::iter::from_fn(move || {
        let dot = memchr::memchr(b'.', rest.as_bytes())?;
        let start = rest[..dot]
            .rsplit(is_other)
            .next()
            .map_or(dot, |part| dot - part.len());
        let length = rest[dot..].find(is_other).unwrap_or(rest.len() - dot);
        let word = &rest[start..dot + length];
        rest = &rest[dot + length..];
        Some(word.trim_matches('.'))
    });
    around_dots.filter(move |word| word.contains('.') && word.split('.').any(is_word))
}

/// A string, a number, or a list of strings, as one text.
fn words<'t>(value: &'t Tree<'_>) -> Option<Cow<'t, str>> {
    match value {
        Tree::String(text) => Some(Cow::Borrowed(text.as_ref())),
        Tree::Number(number) => Some(number.to_string().into()),
        Tree::Array(items) => {
            let texts: Vec<&str> = items.iter().filter_map(Tree::as_str).take(MOST_FIELDS).collect();
            (!texts.is_empty()).then(|| texts.join("; ").into())
        }
        _ => None,
    }
    .filter(|text| !text.trim().is_empty())
}

/// FastAPI's `detail: [{loc, msg}]`, Kadosei's `details: [{field, message}]`, `errors` as a list of such or as
/// an object of lists by field.
fn field_errors<'t>(body: &'t Members<'_>) -> Vec<(Cow<'t, str>, Cow<'t, str>)> {
    let one = |item: &'t Tree<'_>| {
        let item = item.as_object()?;
        let message = ["msg", "message", "detail"]
            .iter()
            .find_map(|name| words(item.get(name)?))?;
        let field = match item.get("loc").or_else(|| item.get("field")) {
            Some(Tree::Array(path)) => path
                .iter()
                .filter_map(words)
                .take(MOST_FIELDS)
                .collect::<Vec<_>>()
                .join(".")
                .into(),
            Some(name) => words(name).unwrap_or_default(),
            None => Cow::default(),
        };
        Some((field, message))
    };
    ["detail", "details", "errors"]
        .iter()
        .filter_map(|name| body.get(name))
        .find_map(|value| match value {
            Tree::Array(items) => Some(items.iter().filter_map(one).take(MOST_FIELDS).collect()),
            Tree::Object(fields) => Some(
                fields
                    .iter()
                    .filter_map(|(field, value)| Some((Cow::Borrowed(field), words(value)?)))
                    .take(MOST_FIELDS)
                    .collect(),
            ),
            _ => None,
        })
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use proptest::prelude::*;
    use reqwest::header::{HeaderMap, HeaderValue};
    use serde_json::{Value, json};

    use super::*;
    use crate::answer::{Answer, Body};

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
        read(&answer.open(), &Redactor::default())
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

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn the_words_around_dots_are_those_of_the_text_with_dots_in_them(text in "[a-cA-C0-9._._. /:é\u{130}]{0,40}") {
            let found: Vec<_> = dotted_words(&text).collect();
            let is_other = |c: char| !(c.is_alphanumeric() || c == '.' || c == '_');
            let words = text.split(is_other).map(|word| word.trim_matches('.')).filter(|word| word.contains('.'));
            let begins = |part: &str| {
                part.trim_start_matches('_').starts_with(|c: char| c.is_ascii_alphabetic())
            };
            let expected: Vec<_> = words.filter(|word| word.split('.').any(begins)).collect();
            prop_assert_eq!(found, expected);
        }
    }
}
