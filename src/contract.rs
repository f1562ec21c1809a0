//! What ties the rules to the providers' documents: no rule speaks of a status or a member that the document
//! does not know, unless it says so, and every documented answer has a verdict that is kept as a file.

use std::fmt::Write as _;

use serde_json::{Map, Value, json};

use crate::answer::Body;
use crate::golden::{answer, compare, word};
use crate::provider::{IdsReused, Repeat};
use crate::providers::ProviderInfo;
use crate::verdict::Expect;

/// The responses of an operation, as the provider's document has them.
pub(crate) fn responses_to(provider: &str, operation: &str) -> Map<String, Value> {
    let path = format!("{}/{provider}.json", env!("OUT_DIR"));
    let document: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    document["operations"][operation]["responses"]
        .as_object()
        .unwrap()
        .clone()
}

/// What a document says of a status: by itself, by its class (`4XX`), or of a failure by what it says of all others.
pub(crate) fn response_of(responses: &Map<String, Value>, status: u16) -> Option<&Value> {
    let class = format!("{}XX", status / 100);
    let others = || responses.get("default").filter(|_| status >= 400);
    responses
        .get(&status.to_string())
        .or_else(|| responses.get(&class))
        .or_else(others)
}

/// The status that a document names, and for a class of them, or for all others, one that nobody has given a meaning.
pub(crate) fn status_of(documented: &str) -> u16 {
    let status = documented.replace("XX", "99").replace("default", "599");
    status.parse().unwrap()
}

/// The responses of the revoke operation.
fn responses(provider: &ProviderInfo) -> Map<String, Value> {
    responses_to(provider.name(), provider.entry().operation())
}

/// The schemas of a response, by media type.
pub(crate) fn bodies(response: &Value) -> Vec<(&str, &Value)> {
    let content = response.get("content").and_then(Value::as_object);
    content
        .into_iter()
        .flatten()
        .map(|(media, body)| (media.as_str(), body))
        .collect()
}

#[test]
fn every_rule_is_documented_or_says_what_else_states_it() {
    for provider in crate::providers::ways() {
        let (about, responses) = (provider.entry().about(), responses(provider));
        assert_eq!(
            provider.can_confirm(),
            !about.proves.starts_with("no death"),
            "{}: people are told where no answer is a proof",
            about.name
        );
        for rule in about.rules {
            let name = format!("{} {}", provider.label(), rule.status);
            assert!(
                rule.source.contains("read 20"),
                "{name}: a source with the date it was read"
            );
            let response = response_of(&responses, rule.status);
            assert_eq!(response.is_some(), rule.documented, "{name}");
            let members = match rule.body {
                Expect::Object(members) => members,
                #[cfg(feature = "aws")]
                Expect::Xml(members) => members,
                _ => continue,
            };
            let Some(response) = response else { continue };
            for (media, body) in bodies(response) {
                let properties = body["schema"]["properties"].as_object().unwrap();
                for member in members.iter().flat_map(|member| member.names()) {
                    assert!(properties.contains_key(member), "{name} {media}: {member}");
                }
            }
        }
        for source in [about.repeat.1, about.ids_reused.1, about.missing.1] {
            assert!(source.contains("read 20"), "{}: {source}", about.name);
        }
        if about.ids_reused.0 == IdsReused::Possible {
            assert_eq!(about.may_repeat(), Repeat::Never);
        }
    }
}

#[test]
fn every_body_is_made_of_documented_members() {
    use crate::content::Content;
    for provider in crate::providers::ways() {
        let path = format!("{}/{}.json", env!("OUT_DIR"), provider.name());
        let document: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
        let body = &document["operations"][provider.entry().operation()]["requestBody"];
        let (parts, media) = match provider.entry().content() {
            Content::Empty => {
                assert_ne!(body["required"], true, "{}", provider.name());
                continue;
            }
            Content::Json(parts) => (parts, "application/json"),
            Content::Form(parts) => (parts, "application/x-www-form-urlencoded"),
        };
        let schema = &body["content"][media]["schema"];
        for (name, _) in parts {
            assert!(
                schema["properties"].get(name).is_some(),
                "{}: {name}",
                provider.name()
            );
        }
        let required = schema["required"].as_array().cloned().unwrap_or_default();
        for name in required {
            assert!(
                parts.iter().any(|(part, _)| name == *part),
                "{}: {name}",
                provider.name()
            );
        }
    }
}

#[test]
fn row_106_golden_every_documented_answer_has_its_verdict() {
    let mut table = String::from(
        "# every answer that a document lists for the revoke operation; written by KEYREVOKE_BLESS=1 cargo test --all-features golden\n",
    );
    for provider in crate::providers::ways() {
        let parameters = provider
            .entry()
            .parameters(&(provider.entry().fake().key)(7))
            .unwrap();
        for (status, response) in responses(provider) {
            let status = status_of(&status);
            let mut line = |media: &str, headers: &[(&str, &str)], body: String| {
                let word = word(
                    provider,
                    &parameters,
                    &answer(status, headers, Body::Complete(body.into())),
                );
                writeln!(table, "{:<9} {status} {media:<25} {word}", provider.label()).unwrap();
            };
            let bodies = bodies(&response);
            if bodies.is_empty() {
                line("(no body)", &[], String::new());
            }
            for (media, body) in bodies {
                let sample = match body.get("example") {
                    Some(example) => example.clone(),
                    None => sample(&body["schema"], "", status, &parameters),
                };
                // What is no JSON stands in the document as it is sent.
                let text = sample.as_str().map_or(sample.to_string(), ToOwned::to_owned);
                line(media, &[("content-type", media)], text);
            }
        }
    }
    compare("documented.txt", &table);
}

/// A value that a schema describes, about our key where it can be.
pub(crate) fn sample(schema: &Value, name: &str, status: u16, parameters: &[(&str, String)]) -> Value {
    for given in ["default", "example"] {
        if let Some(value) = schema.get(given) {
            return value.clone();
        }
    }
    if let Some(first) = schema["anyOf"].get(0) {
        return sample(first, name, status, parameters);
    }
    let kind = match &schema["type"] {
        Value::Array(kinds) => kinds
            .iter()
            .find(|kind| *kind != "null")
            .unwrap_or(&Value::Null)
            .clone(),
        kind => kind.clone(),
    };
    // What a document calls `id` is the key's, which stands last in the path.
    let ours = parameters.iter().find(|(parameter, _)| *parameter == name);
    let ours = ours.or_else(|| parameters.last().filter(|_| name == "id"));
    match kind.as_str() {
        Some("object") => {
            let properties = schema["properties"].as_object().cloned().unwrap_or_default();
            properties
                .iter()
                .map(|(name, schema)| (name.clone(), sample(schema, name, status, parameters)))
                .collect()
        }
        Some("array") => json!([sample(&schema["items"], name, status, parameters)]),
        Some("integer") if ["status", "code", "statusCode"].contains(&name) => json!(status),
        Some("integer" | "number") => json!(1),
        Some("boolean") => json!(false),
        _ => ours.map_or(json!("text"), |(_, value)| json!(value)),
    }
}
