//! The parameters of a listed operation: all that the path needs, and beyond that only what the manifest asks for.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::fault::Fault;
use super::operations::{Document, Listed};

/// The parameters of the path item count for each of its operations, unless the operation declares its own.
pub(crate) fn all<'a>(
    document: Document<'a>,
    item: &'a Value,
    operation: &'a Value,
    place: &str,
) -> Result<Vec<&'a Value>, Fault> {
    if item.get("$ref").is_some() {
        return Err(Fault::new(place, "a path that is a `$ref` is not supported"));
    }
    let mut all: Vec<&Value> = Vec::new();
    for holder in [item, operation] {
        let own = match holder.get("parameters") {
            None | Some(Value::Null) => continue,
            Some(Value::Array(own)) => own,
            Some(_) => return Err(Fault::new(place, "`parameters` is not a list")),
        };
        let first_own = all.len();
        for parameter in own {
            let parameter = document.follow(parameter, &format!("{place} > parameters"))?;
            if !parameter["required"].is_null() && !parameter["required"].is_boolean() {
                let reason = format!("`required` of {} is neither true nor false", parameter["name"]);
                return Err(Fault::new(place, reason));
            }
            let same = |other: &&Value| ["name", "in"].iter().all(|key| other[*key] == parameter[*key]);
            match all.iter().position(same) {
                Some(index) if index >= first_own => {
                    let reason = format!("the parameter {} is declared twice", parameter["name"]);
                    return Err(Fault::new(place, reason));
                }
                Some(index) => all[index] = parameter,
                None => all.push(parameter),
            }
        }
    }
    Ok(all)
}

/// Each `{name}` of the path must be declared and the reverse: a slip here is a hole in the URL.
pub(crate) fn of_path(
    document: Document<'_>,
    declared: &[&Value],
    names: &[String],
    place: &str,
) -> Result<Vec<Value>, Fault> {
    let in_path = |parameter: &&&Value| parameter["in"] == "path";
    for parameter in declared.iter().filter(in_path) {
        if !names.iter().any(|name| parameter["name"] == *name) {
            let reason = format!("the parameter {} is not in the path", parameter["name"]);
            return Err(Fault::new(place, reason));
        }
    }
    let mut found = Vec::new();
    for name in names {
        let place = format!("{place} > parameters > {name}");
        let parameter = declared
            .iter()
            .filter(in_path)
            .find(|parameter| parameter["name"] == *name);
        let Some(parameter) = parameter else {
            return Err(Fault::new(place, "this parameter of the path is not declared"));
        };
        if parameter["required"] != true {
            return Err(Fault::new(
                place,
                "a parameter of the path must be `required: true`",
            ));
        }
        found.push(plain_parameter(
            document,
            parameter,
            &["string", "integer"],
            &place,
        )?);
    }
    Ok(found)
}

/// The key types in `src/providers` are written for these types of id: a document that has others must fail here, with
/// its name, and not in the compiler, with ours.
pub(crate) fn check_ids(
    found: &mut [Value],
    ids: &BTreeMap<String, String>,
    place: &str,
) -> Result<(), Fault> {
    for parameter in found {
        let name = parameter["name"].as_str().unwrap_or_default().to_owned();
        let schema = &mut parameter["schema"];
        let kind = match (&schema["type"], &schema["format"]) {
            (kind, _) if kind == "integer" => "integer",
            (_, format) if format == "uuid" => "uuid",
            _ => "text",
        };
        if ids.get(&name).is_some_and(|wanted| wanted != kind) {
            let wanted = &ids[&name];
            let reason = format!("the document makes this id {kind}, the manifest and the key type {wanted}");
            return Err(Fault::new(
                format!("{place} > parameters > {name} > schema"),
                reason,
            ));
        }
        if let (Some(schema), "integer") = (schema.as_object_mut(), kind) {
            schema.remove("format"); // one width for all: the key type checks the range
        }
    }
    Ok(())
}

/// Parameters outside of the path become arguments only if the manifest lists them: credentials are ours to add, and a
/// query that nobody asked for can change what a call does. A required one that is not listed must not be overlooked.
pub(crate) fn arguments(
    document: Document<'_>,
    declared: &[&Value],
    listed: &Listed,
    place: &str,
) -> Result<Vec<Value>, Fault> {
    // "If in is header and the name is Accept, Content-Type or Authorization, the definition shall be ignored."
    let ignored = ["accept", "content-type", "authorization"];
    let mut found = Vec::new();
    for parameter in declared {
        let kind = parameter["in"].as_str().unwrap_or_default();
        let name = parameter["name"].as_str().unwrap_or_default();
        let place = format!("{place} > parameters > {name}");
        let wanted = listed.arguments.iter().any(|argument| argument == name);
        match kind {
            "path" => {}
            "header" if ignored.contains(&name.to_ascii_lowercase().as_str()) => {}
            "header" if listed.sets_headers.iter().any(|own| own == name) => {}
            "query" | "header" if wanted => {
                let kinds = ["string", "integer", "boolean"];
                found.push(plain_parameter(document, parameter, &kinds, &place)?);
            }
            "query" | "header" | "cookie" if parameter["required"] == true => {
                let reason = format!(
                    "a required {kind} parameter must be listed in `arguments` (or a header in `sets_headers`)"
                );
                return Err(Fault::new(place, reason));
            }
            "query" | "header" | "cookie" => {}
            _ => return Err(Fault::new(place, "a parameter without a known `in`")),
        }
    }
    let names: Vec<&Value> = found.iter().map(|parameter| &parameter["name"]).collect();
    for argument in &listed.arguments {
        if names.iter().filter(|name| **name == argument).count() != 1 {
            let reason = format!("`arguments` lists {argument}, which must be declared once");
            return Err(Fault::new(place, reason));
        }
    }
    Ok(found)
}

/// Name, place and type, and nothing else: `pattern`, `minLength` or `enum` would each make a newtype of its own.
fn plain_parameter(
    document: Document<'_>,
    parameter: &Value,
    kinds: &[&str],
    place: &str,
) -> Result<Value, Fault> {
    let simple = ["simple", "form"];
    let style = parameter
        .get("style")
        .is_none_or(|style| simple.iter().any(|known| style == known));
    let Some(schema) = parameter.get("schema").filter(|_| style) else {
        return Err(Fault::new(
            place,
            "a parameter needs a `schema` and the usual style",
        ));
    };
    let place = format!("{place} > schema");
    let schema = document.follow(schema, &place)?;
    let mut schema = document.downgrade(schema, &place, &mut BTreeSet::new())?;
    // `anyOf: [string, null]` has become an `allOf` of one.
    if let Some([only]) = schema.get("allOf").and_then(Value::as_array).map(Vec::as_slice) {
        let only = document.follow(only, &place)?.clone();
        schema = document.downgrade(&only, &place, &mut BTreeSet::new())?;
    }
    let kind = &schema["type"];
    if !kinds.iter().any(|known| kind == known) {
        let stated = if kind.is_null() {
            "is not stated".to_owned()
        } else {
            format!("is {kind}")
        };
        let reason = format!("the type {stated}; it must be {}", kinds.join(" or "));
        return Err(Fault::new(place, reason));
    }
    let mut plain = json!({"type": kind});
    if let Some(format) = schema.get("format") {
        plain["format"] = format.clone();
    }
    Ok(json!({
        "name": parameter["name"],
        "in": parameter["in"],
        "required": parameter["required"] == true,
        "schema": plain,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The arguments that a GET on `/k/{a}/{b}` gets from these declarations.
    fn kept(on_path: Value, on_operation: Value, arguments: &[&str]) -> Result<Vec<Value>, Fault> {
        let root = json!({"openapi": "3.1.0", "components": {
            "parameters": {"A": path("a", json!({"$ref": "#/components/schemas/Id"}))},
            "schemas": {"Id": {"type": "string", "format": "uuid", "pattern": "x", "enum": ["y"]}},
        }});
        let document = Document::new(&root)?;
        let listed = Listed {
            name: "find".into(),
            method: "get".into(),
            path: "/k/{a}/{b}".into(),
            body_names_keys: false,
            revokes_caller: false,
            arguments: arguments.iter().map(|name| (*name).into()).collect(),
            sets_headers: vec!["X-Key".into()],
            ids: Default::default(),
            body: false,
            prefixed: true,
        };
        let item = json!({"parameters": on_path});
        let operation = json!({"parameters": on_operation});
        let declared = all(document, &item, &operation, "here")?;
        let names = ["a".to_owned(), "b".to_owned()];
        let mut kept = of_path(document, &declared, &names, "here")?;
        kept.extend(super::arguments(document, &declared, &listed, "here")?);
        Ok(kept)
    }

    fn path(name: &str, schema: Value) -> Value {
        json!({"name": name, "in": "path", "required": true, "description": "x", "schema": schema})
    }

    fn a_and_b() -> Value {
        json!([path("b", json!({"type": "integer", "format": "int32", "minimum": 1})), {"$ref": "#/components/parameters/A"}])
    }

    #[test]
    fn parameters_come_in_the_order_of_the_path_without_constraints() {
        let expected = vec![
            json!({"name": "a", "in": "path", "required": true, "schema": {"type": "string", "format": "uuid"}}),
            json!({"name": "b", "in": "path", "required": true, "schema": {"type": "integer", "format": "int32"}}),
        ];
        assert_eq!(kept(a_and_b(), Value::Null, &[]), Ok(expected.clone()));
        assert_eq!(kept(json!([]), a_and_b(), &[]), Ok(expected));
    }

    #[test]
    fn an_operation_overrides_its_path() {
        let own = json!([path("b", json!({"type": ["string"]}))]);
        let kept = kept(a_and_b(), own, &[]).unwrap();
        assert_eq!(kept[1]["schema"], json!({"type": "string"}));
    }

    #[test]
    fn a_path_parameter_must_be_declared_required_and_plain() {
        let mut optional = path("b", json!({"type": "string"}));
        optional["required"] = json!(false);
        let mut undecided = path("b", json!({"type": "string"}));
        undecided["required"] = json!("true");
        let mut styled = path("b", json!({"type": "string"}));
        styled["style"] = json!("matrix");
        let mut elsewhere = path("b", json!({"type": "string"}));
        elsewhere["in"] = json!("query");
        for bad in [
            json!([]),
            json!([optional]),
            json!([undecided]),
            json!([styled]),
            json!([elsewhere]),
            json!([path("b", json!({"type": "array"}))]),
            json!([path("b", json!({"type": "boolean"}))]),
            json!([path("b", json!({"type": ["string", "integer"]}))]),
            json!([path("b", json!({}))]),
            json!([{"name": "b", "in": "path", "required": true, "content": {}}]),
            json!([
                path("b", json!({"type": "string"})),
                path("c", json!({"type": "string"}))
            ]),
            json!([
                path("b", json!({"type": "string"})),
                path("b", json!({"type": "string"}))
            ]),
            json!([{"$ref": "#/components/parameters/Gone"}]),
            json!([{}]),
            json!({}),
        ] {
            let on_path = json!([{"$ref": "#/components/parameters/A"}]);
            assert!(kept(on_path, bad.clone(), &[]).is_err(), "{bad}");
        }
    }

    #[test]
    fn query_and_headers_are_left_out_unless_listed() {
        let query = |name: &str, required: bool| json!({"name": name, "in": "query", "required": required, "schema": {"type": "integer"}});
        let header = |name: &str| json!({"name": name, "in": "header", "required": true, "schema": {"type": "string"}});
        let left_out = json!([query("page", false), header("Authorization"), header("X-Key")]);
        assert_eq!(kept(a_and_b(), left_out, &[]).map(|kept| kept.len()), Ok(2));
        let optional = json!({"name": "org", "in": "query", "schema": {"anyOf": [{"type": "string"}, {"type": "null"}]}});
        let asked_for = json!([query("page", true), optional, header("X-Version")]);
        let kept_names = kept(a_and_b(), asked_for, &["page", "org", "X-Version"]).unwrap();
        assert_eq!(kept_names.len(), 5);
        assert_eq!(kept_names[3]["schema"], json!({"type": "string"}));
        for bad in [
            query("page", true),
            header("X-Other"),
            json!({"name": "c", "in": "cookie", "required": true}),
            json!({"name": "d", "in": "body"}),
        ] {
            assert!(kept(a_and_b(), json!([bad]), &[]).is_err(), "{bad}");
        }
        assert!(kept(a_and_b(), json!([]), &["page"]).is_err());
    }

    #[test]
    fn a_path_that_is_a_reference_is_refused() {
        let root = json!({"openapi": "3.1.0"});
        let document = Document::new(&root).unwrap();
        let item = json!({"$ref": "#/paths/other"});
        assert!(all(document, &item, &json!({}), "here").is_err());
    }
}
