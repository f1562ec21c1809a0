//! The body of a listed request: JSON or a form, with its schema.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::fault::Fault;
use super::operations::Document;

/// progenitor takes one media type only; of several, JSON says most.
pub(crate) fn of_request(
    document: Document<'_>,
    operation: &Value,
    place: &str,
    wanted: &mut BTreeSet<String>,
) -> Result<Option<Value>, Fault> {
    let Some(body) = operation.get("requestBody") else {
        return Ok(None);
    };
    let place = format!("{place} > requestBody");
    let body = document.follow(body, &place)?;
    let content = body.get("content").and_then(Value::as_object);
    let content = content.ok_or_else(|| Fault::new(place.clone(), "the body has no `content`"))?;
    let place = format!("{place} > content");
    let known = ["application/json", "application/x-www-form-urlencoded"];
    let is = |name: &str, wanted: &str| {
        let name = name.split(';').next().unwrap_or_default();
        name.trim().eq_ignore_ascii_case(wanted)
    };
    let found = known.iter().find_map(|wanted| {
        let (_, media) = content.iter().find(|(name, _)| is(name, wanted))?;
        Some((*wanted, media))
    });
    let Some((name, media)) = found else {
        let names: Vec<&str> = content.keys().map(String::as_str).collect();
        let reason = format!("neither JSON nor a form: {}", names.join(", "));
        return Err(Fault::new(place, reason));
    };
    let place = format!("{place} > {name}");
    let encoded = media.get("encoding").and_then(Value::as_object);
    if encoded.is_some_and(|encoding| !encoding.is_empty()) {
        return Err(Fault::new(place, "`encoding` is not supported"));
    }
    let schema = media.get("schema");
    let schema = schema.ok_or_else(|| Fault::new(place.clone(), "the body has no schema"))?;
    let place = format!("{place} > schema");
    if name == known[1] {
        check_flat(document, schema, &place)?;
    }
    let schema = document.downgrade(schema, &place, wanted)?;
    Ok(Some(
        json!({"required": true, "content": {name: {"schema": schema}}}),
    ))
}

/// A form has no lists and no nesting; the generated client would notice only when it is called.
fn check_flat(document: Document<'_>, schema: &Value, place: &str) -> Result<(), Fault> {
    let mut ignored = BTreeSet::new();
    let schema = document.downgrade(document.follow(schema, place)?, place, &mut ignored)?;
    let Some(properties) = schema.get("properties").and_then(Value::as_object) else {
        return Err(Fault::new(place, "a form must be an object with properties"));
    };
    for (name, property) in properties {
        let place = format!("{place} > properties > {name}");
        let property = document.downgrade(document.follow(property, &place)?, &place, &mut ignored)?;
        let kinds = ["string", "integer", "number", "boolean"];
        if !kinds.iter().any(|kind| property["type"] == *kind) {
            return Err(Fault::new(place, "a form can carry only plain values"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(content: Value) -> Result<Option<Value>, Fault> {
        let root = json!({"openapi": "3.0.3", "components": {
            "requestBodies": {"B": {"content": content}},
            "schemas": {
                "Form": {"type": "object", "properties": {"token": {"$ref": "#/components/schemas/T"}}},
                "T": {"type": "string", "minLength": 1},
                "Nested": {"type": "object", "properties": {"list": {"type": "array", "items": {}}}},
            },
        }});
        let operation = json!({"requestBody": {"$ref": "#/components/requestBodies/B"}});
        let document = Document::new(&root).unwrap();
        of_request(document, &operation, "here", &mut BTreeSet::new())
    }

    #[test]
    fn json_is_preferred_and_a_form_must_be_flat() {
        let reference = |name: &str| json!({"$ref": format!("#/components/schemas/{name}")});
        let form = "application/x-www-form-urlencoded";
        let both = json!({form: {"schema": reference("Form")}, "application/json; charset=utf-8": {"schema": reference("Nested")}});
        let expected =
            json!({"required": true, "content": {"application/json": {"schema": reference("Nested")}}});
        assert_eq!(body(both), Ok(Some(expected)));
        let flat = json!({form: {"schema": reference("Form"), "encoding": {}}, "text/plain": {}});
        let expected = json!({"required": true, "content": {form: {"schema": reference("Form")}}});
        assert_eq!(body(flat), Ok(Some(expected)));
        for bad in [
            json!({form: {"schema": reference("Nested")}}),
            json!({form: {"schema": {"type": "string"}}}),
            json!({form: {"schema": reference("Form"), "encoding": {"token": {}}}}),
            json!({"application/json": {}}),
            json!({"multipart/form-data": {"schema": {}}}),
            json!({}),
            Value::Null,
        ] {
            assert!(body(bad.clone()).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_request_without_a_body_has_none() {
        let root = json!({"openapi": "3.0.3"});
        let document = Document::new(&root).unwrap();
        let none = of_request(document, &json!({}), "here", &mut BTreeSet::new());
        assert_eq!(none, Ok(None));
    }
}
