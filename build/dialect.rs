//! OpenAPI 3.1 to 3.0, for the schemas that requests are made of. progenitor reads 3.0 only.
//!
//! Schemas are walked by position, never by key name: ProblemDetails has a property that is called `type`. A keyword
//! that is not known here stops the build, because dropping it could make a type that says something else. The one
//! vocabulary serves both versions: vendors write `nullable` in 3.1 and `type: [string, 'null']` in 3.0, and both have
//! only one meaning.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::fault::Fault;
use super::types::{add_missing_type, null_branches_to_nullable, null_values_to_nullable, one_type_each};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dialect {
    V30,
    V31,
}

/// Prose would become rustdoc (a code block in it a failing doctest), `title` a type's name, and `default` a value that
/// is sent although nobody chose it. The rest has no bearing on what a request looks like.
const PROSE: [&str; 17] = [
    "title",
    "description",
    "summary",
    "externalDocs",
    "example",
    "examples",
    "default",
    "deprecated",
    "readOnly",
    "writeOnly",
    "xml",
    "discriminator",
    "$comment",
    "contentMediaType",
    "contentEncoding",
    "contentSchema",
    "tags",
];

/// A constraint makes a newtype, `pattern` even needs a regular expression engine at run time. Our own key types
/// already refuse more than the vendors do, and the server has the last word.
const CONSTRAINTS: [&str; 13] = [
    "pattern",
    "minLength",
    "maxLength",
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "multipleOf",
    "minItems",
    "maxItems",
    "uniqueItems",
    "minProperties",
    "maxProperties",
];

/// Formats that choose a type which we want. Others (`date-time`, `ip`) would pull in crates.
const FORMATS: [&str; 3] = ["uuid", "int32", "int64"];

/// Only 3.0 and 3.1 are known; a 2.0 or 3.2 document may mean something else with the same words.
pub(crate) fn check_version(root: &Value) -> Result<Dialect, Fault> {
    // An unquoted `openapi: 3.1` arrives as a number.
    let version = match root.get("openapi") {
        Some(Value::String(version)) => version.clone(),
        Some(Value::Number(version)) => version.to_string(),
        _ if root.get("swagger").is_some() => {
            let reason = "this is a Swagger 2 document; OpenAPI 3.0 or 3.1 is needed";
            return Err(Fault::new("swagger", reason));
        }
        _ => return Err(Fault::new("", "not an OpenAPI document: no `openapi` version")),
    };
    let is = |wanted: &str| {
        let rest = version.strip_prefix(wanted);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    };
    match (is("3.0"), is("3.1")) {
        (true, _) => Ok(Dialect::V30),
        (_, true) => Ok(Dialect::V31),
        _ => {
            let reason = format!("OpenAPI {version} is not known; 3.0 or 3.1 is needed");
            Err(Fault::new("openapi", reason))
        }
    }
}

/// Converts a schema; the components that it refers to are added to `wanted`.
pub(crate) fn downgrade(
    dialect: Dialect,
    schema: &Value,
    place: &str,
    wanted: &mut BTreeSet<String>,
) -> Result<Value, Fault> {
    let members = match schema {
        Value::Object(members) => members,
        Value::Bool(true) => return Ok(json!({})),
        _ => return Err(Fault::new(place, "a schema must be an object")),
    };
    if let Some(reference) = members.get("$ref") {
        return referring(dialect, reference, members, place, wanted);
    }
    let mut out = Map::new();
    for (key, value) in members {
        let place = format!("{place} > {key}");
        let converted = match key.as_str() {
            "properties" => each(dialect, value, &place, wanted)?,
            "allOf" | "anyOf" | "oneOf" => all(dialect, value, &place, wanted)?,
            "additionalProperties" if value.is_boolean() => value.clone(),
            "items" | "not" | "additionalProperties" => downgrade(dialect, value, &place, wanted)?,
            "required" | "enum" if value.is_array() => value.clone(),
            "nullable" if value.is_boolean() => value.clone(),
            "type" if value.is_string() || value.is_array() => value.clone(),
            "const" => json!([value]),
            "format" if FORMATS.iter().any(|format| value == format) => value.clone(),
            "format" => continue,
            key if PROSE.contains(&key) || CONSTRAINTS.contains(&key) => continue,
            key if key.starts_with("x-") => continue,
            _ => return Err(Fault::new(place, "this keyword, used like this, is not known")),
        };
        let key = if key == "const" { "enum" } else { key };
        out.insert(key.into(), converted);
    }
    null_branches_to_nullable(&mut out);
    null_values_to_nullable(&mut out);
    add_missing_type(&mut out);
    one_type_each(out, place)
}

/// 3.0 ignores what stands beside a `$ref`, 3.1 demands both: there it becomes an `allOf`.
fn referring(
    dialect: Dialect,
    reference: &Value,
    members: &Map<String, Value>,
    place: &str,
    wanted: &mut BTreeSet<String>,
) -> Result<Value, Fault> {
    let name = reference
        .as_str()
        .and_then(|reference| reference.strip_prefix("#/components/schemas/"))
        .filter(|name| !name.contains('/'))
        .ok_or_else(|| {
            let reason = format!("`$ref: {reference}` is not a schema of this document");
            Fault::new(place, reason)
        })?;
    wanted.insert(name.replace("~1", "/").replace("~0", "~"));
    let plain = json!({ "$ref": reference });
    if dialect == Dialect::V30 {
        return Ok(plain);
    }
    let mut beside = members.clone();
    beside.remove("$ref");
    let beside = downgrade(dialect, &Value::Object(beside), place, wanted)?;
    let nothing = beside.as_object().is_some_and(Map::is_empty);
    Ok(if nothing {
        plain
    } else {
        json!({ "allOf": [plain, beside] })
    })
}

fn each(dialect: Dialect, value: &Value, place: &str, wanted: &mut BTreeSet<String>) -> Result<Value, Fault> {
    let Some(members) = value.as_object() else {
        return Err(Fault::new(place, "must be an object of schemas"));
    };
    let converted = members.iter().map(|(name, schema)| {
        let schema = downgrade(dialect, schema, &format!("{place} > {name}"), wanted)?;
        Ok((name.clone(), schema))
    });
    converted.collect::<Result<Map<_, _>, _>>().map(Value::Object)
}

fn all(dialect: Dialect, value: &Value, place: &str, wanted: &mut BTreeSet<String>) -> Result<Value, Fault> {
    let Some(values) = value.as_array().filter(|values| !values.is_empty()) else {
        return Err(Fault::new(place, "must be a list of schemas"));
    };
    let numbered = values.iter().enumerate();
    let converted = numbered.map(|(n, schema)| downgrade(dialect, schema, &format!("{place} > {n}"), wanted));
    converted.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn v31(schema: Value) -> Result<Value, Fault> {
        downgrade(Dialect::V31, &schema, "here", &mut BTreeSet::new())
    }

    #[test]
    fn versions_are_told_apart() {
        for (version, dialect) in [
            (json!("3.0.3"), Dialect::V30),
            (json!("3.1.1"), Dialect::V31),
            (json!(3.1), Dialect::V31),
        ] {
            assert_eq!(check_version(&json!({"openapi": version})), Ok(dialect));
        }
        for root in [
            json!({"openapi": "3.2.0"}),
            json!({"openapi": "3.10"}),
            json!({"swagger": "2.0"}),
            json!({"openapi": null}),
            json!([]),
        ] {
            assert!(check_version(&root).is_err(), "{root}");
        }
    }

    #[test]
    fn schemas_become_what_3_0_can_say() {
        for (from, to) in [
            (json!(true), json!({})),
            (
                json!({"type": ["null", "string"]}),
                json!({"type": "string", "nullable": true}),
            ),
            (json!({"type": ["string"]}), json!({"type": "string"})),
            (json!({"type": "null"}), json!({"enum": [null]})),
            (json!({"const": "a"}), json!({"type": "string", "enum": ["a"]})),
            (
                json!({"enum": ["a", null]}),
                json!({"type": "string", "enum": ["a"], "nullable": true}),
            ),
            (
                json!({"anyOf": [{"$ref": "#/components/schemas/A"}, {"type": "null"}]}),
                json!({"allOf": [{"$ref": "#/components/schemas/A"}], "nullable": true}),
            ),
            (
                json!({"oneOf": [{"type": "null"}, {"type": "string"}, {"type": "integer"}]}),
                json!({"oneOf": [{"type": "string"}, {"type": "integer"}], "nullable": true}),
            ),
            (
                json!({"$ref": "#/components/schemas/A", "description": "x"}),
                json!({"$ref": "#/components/schemas/A"}),
            ),
            (
                json!({"$ref": "#/components/schemas/A", "required": ["b"]}),
                json!({"allOf": [{"$ref": "#/components/schemas/A"}, {"required": ["b"]}]}),
            ),
            (
                json!({"items": {"const": "a"}}),
                json!({"type": "array", "items": {"type": "string", "enum": ["a"]}}),
            ),
        ] {
            assert_eq!(v31(from.clone()), Ok(to), "{from}");
        }
    }

    #[test]
    fn properties_may_be_called_like_keywords() {
        let names = [
            "type",
            "$ref",
            "properties",
            "required",
            "nullable",
            "const",
            "description",
        ];
        let properties: Map<String, Value> = names
            .iter()
            .map(|name| ((*name).to_owned(), json!({"type": "string"})))
            .collect();
        let schema = json!({"type": "object", "properties": properties, "required": ["type"]});
        assert_eq!(v31(schema.clone()), Ok(schema));
    }

    #[test]
    fn constraints_formats_prose_and_extensions_are_dropped() {
        let mut schema = Map::from_iter([("type".to_owned(), json!("string"))]);
        for key in PROSE.iter().chain(&CONSTRAINTS) {
            schema.insert((*key).to_owned(), json!("```\nnot rust\n```"));
        }
        schema.insert("x-rust-type".into(), json!({"crate": "evil"}));
        schema.insert("format".into(), json!("date-time"));
        assert_eq!(v31(Value::Object(schema)), Ok(json!({"type": "string"})));
        let uuid = json!({"type": "string", "format": "uuid"});
        assert_eq!(v31(uuid.clone()), Ok(uuid));
    }

    #[test]
    fn what_stands_beside_a_reference_counts_in_3_1_only() {
        let schema = json!({"$ref": "#/components/schemas/A~1B", "nonsense": 1});
        let mut wanted = BTreeSet::new();
        assert!(downgrade(Dialect::V31, &schema, "here", &mut wanted).is_err());
        let plain = json!({"$ref": "#/components/schemas/A~1B"});
        assert_eq!(downgrade(Dialect::V30, &schema, "here", &mut wanted), Ok(plain));
        assert!(wanted.contains("A/B"));
    }

    #[test]
    fn an_unknown_keyword_is_an_error_that_names_the_place() {
        let schema = json!({"type": "object", "properties": {"a": {"items": {"patternProperties": {}}}}});
        let fault = v31(schema).unwrap_err();
        assert_eq!(fault.place, "here > properties > a > items > patternProperties");
        for bad in [
            json!({"if": {}}),
            json!({"$id": "x"}),
            json!({"type": "text"}),
            json!({"type": []}),
            json!({"type": 1}),
            json!({"required": true}),
            json!({"properties": []}),
            json!({"anyOf": []}),
            json!({"anyOf": [{}], "type": ["string", "integer"]}),
            json!({"$ref": "other.yaml#/A"}),
            json!({"$ref": 1}),
            json!(false),
            json!("string"),
        ] {
            assert!(v31(bad.clone()).is_err(), "{bad}");
        }
    }
}
