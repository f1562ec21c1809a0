//! What 3.1 says with lists of types and with `null`, said as 3.0 can: one type each, and `nullable`.

use serde_json::{Map, Value, json};

use super::fault::Fault;

const TYPES: [&str; 6] = ["string", "integer", "number", "boolean", "array", "object"];

/// The schema of `null` alone, in the one spelling that progenitor knows.
fn null() -> Value {
    json!({ "enum": [null] })
}

/// 3.0 has no type `null`: `anyOf: [X, null]` is a nullable X.
pub(crate) fn null_branches_to_nullable(schema: &mut Map<String, Value>) {
    for key in ["anyOf", "oneOf"] {
        let Some(Value::Array(branches)) = schema.get_mut(key) else {
            continue;
        };
        let before = branches.len();
        branches.retain(|branch| *branch != null());
        if branches.len() == before {
            continue;
        }
        match branches.len() {
            0 => {
                schema.remove(key);
                schema.insert("enum".into(), json!([null]));
                continue;
            }
            // One branch is no choice; `allOf` carries `nullable` around a reference.
            1 if !schema.contains_key("allOf") => {
                if let Some(branch) = schema.remove(key) {
                    schema.insert("allOf".into(), branch);
                }
            }
            _ => {}
        }
        schema.insert("nullable".into(), json!(true));
    }
}

/// `enum: [a, null]` and `type: [string, 'null']` say the same thing that 3.0 says with `nullable`.
pub(crate) fn null_values_to_nullable(schema: &mut Map<String, Value>) {
    for key in ["enum", "type"] {
        let Some(Value::Array(values)) = schema.get_mut(key) else {
            continue;
        };
        let before = values.len();
        let is_null = |value: &Value| value.is_null() || (key == "type" && value == "null");
        values.retain(|value| !is_null(value));
        if values.len() == before {
            continue;
        }
        if values.is_empty() {
            schema.remove("type");
            schema.insert("enum".into(), json!([null]));
            return;
        }
        schema.insert("nullable".into(), json!(true));
    }
    if schema.get("type").is_some_and(|kind| kind == "null") {
        schema.remove("type");
        schema.insert("enum".into(), json!([null]));
    }
}

/// A `const` or a list of properties says what type it is for; progenitor wants to be told.
pub(crate) fn add_missing_type(schema: &mut Map<String, Value>) {
    if schema.contains_key("type") {
        return;
    }
    let values = schema.get("enum").and_then(Value::as_array);
    let text = values.is_some_and(|values| values.iter().all(Value::is_string));
    let combined = ["allOf", "anyOf", "oneOf", "not"];
    let kind = if combined.iter().any(|key| schema.contains_key(*key)) {
        return;
    } else if text {
        "string"
    } else if schema.contains_key("properties") {
        "object"
    } else if schema.contains_key("items") {
        "array"
    } else {
        return;
    };
    schema.insert("type".into(), json!(kind));
}

/// 3.0 allows one type: `[A, B]` becomes `anyOf` with each keyword beside the type that it is about.
///
/// Left beside the choice, `format` or `enum` would bind every branch and leave a type that no value fits.
pub(crate) fn one_type_each(mut schema: Map<String, Value>, place: &str) -> Result<Value, Fault> {
    let known = |kind: &Value| TYPES.iter().any(|known| kind == known);
    let place = format!("{place} > type");
    let kinds = match schema.remove("type") {
        None => return Ok(Value::Object(schema)),
        Some(Value::Array(kinds)) => kinds,
        Some(kind) => vec![kind],
    };
    if let Some(kind) = kinds.iter().find(|kind| !known(kind)) {
        return Err(Fault::new(place, format!("there is no type {kind}")));
    }
    match kinds.as_slice() {
        [] => return Err(Fault::new(place, "the list of types is empty")),
        [kind] => {
            schema.insert("type".into(), kind.clone());
            return Ok(Value::Object(schema));
        }
        _ if schema.contains_key("anyOf") => {
            return Err(Fault::new(
                place,
                "several types beside `anyOf` are not supported",
            ));
        }
        _ => {}
    }
    let mut branches = Vec::new();
    for kind in &kinds {
        let mut branch = Map::from_iter([("type".to_owned(), kind.clone())]);
        let kind = kind.as_str().unwrap_or_default();
        for (key, value) in &schema {
            let belongs = match key.as_str() {
                "properties" | "required" | "additionalProperties" => kind == "object",
                "items" => kind == "array",
                "format" if value == "uuid" => kind == "string",
                "format" => kind == "integer",
                _ => false,
            };
            if belongs {
                branch.insert(key.clone(), value.clone());
            }
        }
        if let Some(values) = schema.get("enum").and_then(Value::as_array) {
            let own = values.iter().filter(|value| is_of(kind, value));
            let own: Vec<Value> = own.cloned().collect();
            if own.is_empty() {
                continue;
            }
            branch.insert("enum".into(), Value::Array(own));
        }
        branches.push(Value::Object(branch));
    }
    for key in [
        "properties",
        "required",
        "additionalProperties",
        "items",
        "format",
        "enum",
    ] {
        schema.remove(key);
    }
    schema.insert("anyOf".into(), Value::Array(branches));
    Ok(Value::Object(schema))
}

fn is_of(kind: &str, value: &Value) -> bool {
    match kind {
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "array" => value.is_array(),
        _ => value.is_object(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As the walk in `dialect` does it, for one schema.
    fn converted(schema: Value) -> Result<Value, Fault> {
        let mut schema = schema.as_object().cloned().unwrap_or_default();
        schema.remove("pattern");
        null_branches_to_nullable(&mut schema);
        null_values_to_nullable(&mut schema);
        add_missing_type(&mut schema);
        one_type_each(schema, "here")
    }

    #[test]
    fn a_choice_of_types_keeps_each_keyword_with_its_type() {
        // Left beside the choice, the format makes a type that no real body fits.
        let status =
            json!({"pattern": "^-?[0-9]+$", "format": "int32", "type": ["null", "integer", "string"]});
        let expected = json!({
            "anyOf": [{"type": "integer", "format": "int32"}, {"type": "string"}],
            "nullable": true,
        });
        assert_eq!(converted(status), Ok(expected));
        let mixed = json!({"type": ["string", "integer"], "enum": ["a", 1]});
        let expected = json!({"anyOf": [
            {"type": "string", "enum": ["a"]},
            {"type": "integer", "enum": [1]},
        ]});
        assert_eq!(converted(mixed), Ok(expected));
    }
}
