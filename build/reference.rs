//! `$ref`: following the ones that must be right, and writing out the ones that tests read.

use serde_json::{Map, Value, json};

use super::fault::Fault;

/// Longer chains of references to references are loops.
const MAX_CHAIN: usize = 16;

/// Enough for any answer of any operation; a vendor's whole object graph, written out, has no end.
const MAX_WRITTEN_OUT: usize = 2_000;

/// Deeper than any answer is nested; a long chain of schemas would exhaust the stack.
const MAX_DEPTH: usize = 100;

/// The value itself, or what its `$ref` leads to within the same document.
pub(crate) fn follow<'a>(root: &'a Value, value: &'a Value, place: &str) -> Result<&'a Value, Fault> {
    let mut current = value;
    for _ in 0..MAX_CHAIN {
        let Some(reference) = current.get("$ref") else {
            return Ok(current);
        };
        current = reference
            .as_str()
            .and_then(|reference| target(root, reference))
            .ok_or_else(|| Fault::new(place, format!("nothing is at `$ref: {reference}`")))?;
    }
    Err(Fault::new(place, "references that lead in a circle"))
}

fn target<'a>(root: &'a Value, reference: &str) -> Option<&'a Value> {
    let pointer = reference.strip_prefix('#')?;
    root.pointer(pointer).filter(|_| pointer.starts_with('/'))
}

/// What may stand at a position of the document; only here does `$ref` mean a reference.
///
/// Under `example` and `default` it is data, and a key of `properties` is a name, whatever it says.
#[derive(Clone, Copy)]
enum Kind {
    Parameter,
    Body,
    Answer,
    Media,
    Example,
    Schema,
}

/// One listed operation in the vendor's own dialect, with the references written out: what tests compare rules with.
pub(crate) fn written_out(root: &Value, parameters: &[Value], operation: &Value) -> Map<String, Value> {
    let mut writer = Writer {
        root,
        open: Vec::new(),
        left: MAX_WRITTEN_OUT,
        depth: 0,
    };
    let parameters = Value::Array(parameters.to_vec());
    let of = |member: &str| operation.get(member).unwrap_or(&Value::Null);
    let mut out = Map::new();
    out.insert("parameters".into(), writer.list(Kind::Parameter, &parameters));
    out.insert("requestBody".into(), writer.one(Kind::Body, of("requestBody")));
    out.insert("responses".into(), writer.map(Kind::Answer, of("responses")));
    out
}

struct Writer<'a> {
    root: &'a Value,
    open: Vec<String>,
    left: usize,
    depth: usize,
}

impl Writer<'_> {
    /// Never fails: an answer with a broken schema is still an answer whose status we know.
    fn one(&mut self, kind: Kind, value: &Value) -> Value {
        let Some(members) = value.as_object() else {
            return value.clone();
        };
        if let Some(reference) = members.get("$ref").and_then(Value::as_str) {
            return self.reference(kind, reference, members);
        }
        self.depth += 1;
        let written = members.iter().map(|(key, member)| {
            let written = self.member(kind, key, member);
            (key.clone(), written)
        });
        let written = Value::Object(written.collect());
        self.depth -= 1;
        written
    }

    fn reference(&mut self, kind: Kind, reference: &str, members: &Map<String, Value>) -> Value {
        if self.open.iter().any(|open| open == reference) {
            return json!({ "x-keyrevoke-cycle": reference });
        }
        let Some(found) = target(self.root, reference) else {
            return json!({ "x-keyrevoke-unresolved": reference });
        };
        if self.left == 0 || self.depth > MAX_DEPTH {
            return json!({ "x-keyrevoke-cut": reference });
        }
        self.left -= 1;
        self.open.push(reference.to_owned());
        let mut written = self.one(kind, found);
        self.open.pop();
        // What stands beside a reference (3.1) adds to it and must not be lost.
        if let Some(object) = written.as_object_mut() {
            for (key, member) in members.iter().filter(|(key, _)| *key != "$ref") {
                let own = self.member(kind, key, member);
                object.entry(key.clone()).or_insert(own);
            }
        }
        written
    }

    fn member(&mut self, kind: Kind, key: &str, value: &Value) -> Value {
        match (kind, key) {
            (Kind::Parameter | Kind::Media, "schema") => self.one(Kind::Schema, value),
            (Kind::Parameter | Kind::Body | Kind::Answer, "content") => self.map(Kind::Media, value),
            (Kind::Parameter | Kind::Media, "examples") => self.map(Kind::Example, value),
            (Kind::Answer, "headers") => self.map(Kind::Parameter, value),
            (
                Kind::Schema,
                "properties" | "patternProperties" | "dependentSchemas" | "$defs" | "definitions",
            ) => self.map(Kind::Schema, value),
            (Kind::Schema, "allOf" | "anyOf" | "oneOf" | "prefixItems") => self.list(Kind::Schema, value),
            (
                Kind::Schema,
                "items"
                | "not"
                | "additionalProperties"
                | "propertyNames"
                | "contains"
                | "if"
                | "then"
                | "else"
                | "unevaluatedItems"
                | "unevaluatedProperties",
            ) => self.one(Kind::Schema, value),
            _ => value.clone(),
        }
    }

    fn map(&mut self, kind: Kind, value: &Value) -> Value {
        let Some(members) = value.as_object() else {
            return value.clone();
        };
        let written = members.iter().map(|(key, member)| {
            let written = self.one(kind, member);
            (key.clone(), written)
        });
        Value::Object(written.collect())
    }

    fn list(&mut self, kind: Kind, value: &Value) -> Value {
        let Some(values) = value.as_array() else {
            return value.clone();
        };
        values.iter().map(|value| self.one(kind, value)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_is_followed_and_a_dangling_or_circular_one_is_not() {
        let root = json!({"a": {"$ref": "#/b"}, "b": {"c": 1}, "d": {"$ref": "#/d"}});
        let of = |reference: &str| json!({"$ref": reference});
        assert_eq!(follow(&root, &of("#/a"), "x").unwrap(), &json!({"c": 1}));
        for bad in [
            "#/nowhere",
            "#/d",
            "other.yaml#/a",
            "#",
            "https://example.com/#/a",
        ] {
            assert!(follow(&root, &of(bad), "x").is_err(), "{bad}");
        }
    }

    #[test]
    fn answers_are_written_out_by_position_and_data_stays_data() {
        let data = json!({"$ref": "#/components/schemas/Node"});
        let root = json!({"components": {
            "schemas": {"Node": {"type": "object", "properties": {
                "$ref": {"type": "string"},
                "type": {"$ref": "#/components/schemas/Text"},
                "next": {"$ref": "#/components/schemas/Node"},
                "gone": {"$ref": "#/components/schemas/Gone"},
            }}, "Text": {"type": "string", "example": data}},
            "responses": {"Found": {"content": {"application/json": {
                "schema": {"$ref": "#/components/schemas/Node"}, "example": data}}}},
        }});
        let operation = json!({"responses": {"200": {"$ref": "#/components/responses/Found"}}});
        let out = written_out(&root, &[], &operation);
        let media = &out["responses"]["200"]["content"]["application/json"];
        assert_eq!(media["example"], data);
        let properties = &media["schema"]["properties"];
        assert_eq!(properties["$ref"], json!({"type": "string"}));
        assert_eq!(properties["type"]["example"], data);
        let node = "#/components/schemas/Node";
        assert_eq!(properties["next"], json!({"x-keyrevoke-cycle": node}));
        let gone = "#/components/schemas/Gone";
        assert_eq!(properties["gone"], json!({"x-keyrevoke-unresolved": gone}));
    }

    #[test]
    fn an_endless_object_graph_is_cut() {
        let schemas: Map<String, Value> = (0..40)
            .map(|n| {
                let next = json!({"$ref": format!("#/components/schemas/S{}", n + 1)});
                (format!("S{n}"), json!({"properties": {"a": next, "b": next}}))
            })
            .collect();
        let root = json!({"components": {"schemas": schemas}});
        let schema = json!({"$ref": "#/components/schemas/S0"});
        let operation = json!({"responses": {"200": {"content": {"a/b": {"schema": schema}}}}});
        let out = Value::Object(written_out(&root, &[], &operation)).to_string();
        assert!(out.contains("x-keyrevoke-cut") && out.len() < 1_000_000);
    }

    #[test]
    fn a_long_chain_of_schemas_is_cut_before_the_stack_ends() {
        let schemas: Map<String, Value> = (0..MAX_WRITTEN_OUT)
            .map(|n| {
                let next = json!({"$ref": format!("#/components/schemas/S{}", n + 1)});
                (format!("S{n}"), json!({"properties": {"a": next}}))
            })
            .collect();
        let root = json!({"components": {"schemas": schemas}});
        let body = json!({"content": {"a/b": {"schema": {"$ref": "#/components/schemas/S0"}}}});
        let operation = json!({ "requestBody": body });
        let out = Value::Object(written_out(&root, &[], &operation)).to_string();
        assert!(out.contains("x-keyrevoke-cut") && !out.contains("S200"), "{out}");
    }
}
