//! From a vendor's whole document to the few operations that we list, built from nothing but what they need.
//!
//! What is not copied on purpose does not get through: other operations, prose, vendor extensions, servers, security.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::dialect::{Dialect, check_version, downgrade};
use super::fault::Fault;
use super::reference::{follow, written_out};
use super::{body, parameters, path};

/// A vendor's document, with the version of OpenAPI it is written in.
#[derive(Clone, Copy)]
pub(crate) struct Document<'a> {
    pub(crate) root: &'a Value,
    pub(crate) dialect: Dialect,
}

impl<'a> Document<'a> {
    pub(crate) fn new(root: &'a Value) -> Result<Self, Fault> {
        let dialect = check_version(root)?;
        Ok(Self { root, dialect })
    }

    pub(crate) fn follow(self, value: &'a Value, place: &str) -> Result<&'a Value, Fault> {
        follow(self.root, value, place)
    }

    pub(crate) fn downgrade(
        self,
        schema: &Value,
        place: &str,
        wanted: &mut BTreeSet<String>,
    ) -> Result<Value, Fault> {
        downgrade(self.dialect, schema, place, wanted)
    }
}

/// An operation of the manifest.
pub(crate) struct Listed {
    pub(crate) name: String,
    pub(crate) method: String,
    pub(crate) path: String,
    /// This DELETE on a collection revokes only what its body names.
    pub(crate) body_names_keys: bool,
    /// This DELETE ends in a word for whoever calls, who is what it revokes.
    pub(crate) revokes_caller: bool,
    /// Query and header parameters that become arguments; the others are left out.
    pub(crate) arguments: Vec<String>,
    /// Required headers that the crate sets itself, such as a credential's.
    pub(crate) sets_headers: Vec<String>,
    /// What the crate's key types make of the path's parameters: `uuid`, `integer` or `text`.
    pub(crate) ids: BTreeMap<String, String>,
    /// May the operation have a body? `false` where the crate sends none.
    pub(crate) body: bool,
    /// Does the path begin with the prefix that is a setting?
    pub(crate) prefixed: bool,
}

/// An operation as it goes to progenitor, and as tests see it.
#[derive(Debug)]
pub(crate) struct Kept {
    pub(crate) name: String,
    pub(crate) method: String,
    /// With the prefix taken off.
    pub(crate) path: String,
    pub(crate) prefixed: bool,
    /// The names of the parameters that may stand in the query.
    pub(crate) query: Vec<String>,
    /// Is it the body alone that says which keys are meant?
    pub(crate) names_keys: bool,
    pub(crate) operation: Value,
    pub(crate) written_out: Value,
}

/// What is left of a document.
#[derive(Debug)]
pub(crate) struct Extract {
    /// `info.version`, as published.
    pub(crate) version: String,
    pub(crate) operations: Vec<Kept>,
    pub(crate) schemas: BTreeMap<String, Value>,
}

pub(crate) fn extract(root: &Value, listed: &[Listed], prefix: Option<&str>) -> Result<Extract, Vec<Fault>> {
    let document = Document::new(root).map_err(|fault| vec![fault])?;
    let mut faults = Vec::new();
    let mut wanted = BTreeSet::new();
    let mut operations = Vec::new();
    for entry in listed {
        match keep(document, entry, prefix, &mut wanted) {
            Ok(kept) => operations.push(kept),
            Err(found) => faults.extend(found),
        }
    }
    let schemas = reachable_schemas(document, wanted, &mut faults);
    match published_version(root) {
        Ok(version) if faults.is_empty() => {
            return Ok(Extract {
                version,
                operations,
                schemas,
            });
        }
        Ok(_) => {}
        Err(fault) => faults.push(fault),
    }
    Err(faults)
}

fn published_version(root: &Value) -> Result<String, Fault> {
    match root.pointer("/info/version") {
        Some(Value::String(version)) if !version.is_empty() => Ok(version.clone()),
        Some(Value::Number(version)) => Ok(version.to_string()),
        _ => Err(Fault::new("info > version", "there is no version")),
    }
}

/// What came of a step; nothing where it is a fault, which is kept.
fn noted<T>(result: Result<T, Fault>, faults: &mut Vec<Fault>) -> Option<T> {
    result.map_err(|fault| faults.push(fault)).ok()
}

fn keep(
    document: Document<'_>,
    listed: &Listed,
    prefix: Option<&str>,
    wanted: &mut BTreeSet<String>,
) -> Result<Kept, Vec<Fault>> {
    let found = path::find(document.root, &listed.method, &listed.path);
    let (item, operation) = found.map_err(|fault| vec![fault])?;
    let place = format!("paths > {} > {}", listed.path, listed.method);
    let fault = |reason: String| Fault::new(place.clone(), reason);
    let prefix = prefix.filter(|_| listed.prefixed);
    let short = path::strip_prefix(&listed.path, prefix).map_err(|reason| vec![fault(reason)])?;
    // From here on everything is said at once.
    let mut faults = Vec::new();
    let refused = path::refuse_collection_delete(
        &listed.method,
        short,
        listed.body_names_keys,
        listed.revokes_caller,
    );
    noted(refused.map_err(fault), &mut faults);
    let names = noted(path::parameters(short).map_err(fault), &mut faults);
    let declared = noted(parameters::all(document, item, operation, &place), &mut faults);
    let mut arguments = Vec::new();
    if let (Some(names), Some(declared)) = (names, &declared) {
        let found = noted(
            parameters::of_path(document, declared, &names, &place),
            &mut faults,
        );
        arguments = found.unwrap_or_default();
        noted(
            parameters::check_ids(&mut arguments, &listed.ids, &place),
            &mut faults,
        );
        let others = noted(
            parameters::arguments(document, declared, listed, &place),
            &mut faults,
        );
        arguments.extend(others.unwrap_or_default());
    }
    let declared = declared.unwrap_or_default();
    let query = arguments.iter().filter(|argument| argument["in"] == "query");
    let query = query.filter_map(|argument| argument["name"].as_str().map(ToOwned::to_owned));
    let query = query.collect();
    let needs_body = operation["requestBody"]["required"] == true;
    if needs_body && !listed.body {
        let reason = "the operation needs a body, which the crate does not send";
        faults.push(Fault::new(format!("{place} > requestBody"), reason));
    }
    let body = if listed.body {
        noted(body::of_request(document, operation, &place, wanted), &mut faults)
    } else {
        Some(None)
    };
    if listed.body_names_keys && matches!(body, Some(None)) {
        let reason = "`body_names_keys` is set, but the operation has no body";
        faults.push(fault(reason.to_owned()));
    }
    if !faults.is_empty() {
        return Err(faults);
    }
    let body = body.flatten();

    let mut kept = Map::new();
    set_operation_id(&mut kept, &listed.name);
    open_responses(&mut kept);
    kept.insert("parameters".into(), Value::Array(arguments));
    if let Some(body) = body {
        kept.insert("requestBody".into(), body);
    }
    let declared: Vec<Value> = declared.into_iter().cloned().collect();
    let mut out = written_out(document.root, &declared, operation);
    out.insert("method".into(), json!(listed.method.to_uppercase()));
    out.insert("path".into(), json!(listed.path));
    Ok(Kept {
        name: listed.name.clone(),
        method: listed.method.clone(),
        path: short.to_owned(),
        prefixed: listed.prefixed,
        query,
        names_keys: listed.body_names_keys,
        operation: Value::Object(kept),
        written_out: Value::Object(out),
    })
}

/// Vendors' ids are of any length and shape, or absent, and change; the name of our method is ours.
fn set_operation_id(operation: &mut Map<String, Value>, name: &str) {
    operation.insert("operationId".into(), json!(name));
}

/// With typed answers the generated client loses the status of a body that does not parse, calls `200 {}` a success
/// where the schema has a default, and panics on two shapes of error. Opened, it hands out status, headers and bytes.
fn open_responses(operation: &mut Map<String, Value>) {
    let open = json!({"default": {"description": "", "content": {"*/*": {}}}});
    operation.insert("responses".into(), open);
}

/// Only what requests are made of; answers are read status first, as JSON, and their schemas may be as odd as they like.
fn reachable_schemas(
    document: Document<'_>,
    mut wanted: BTreeSet<String>,
    faults: &mut Vec<Fault>,
) -> BTreeMap<String, Value> {
    let mut found = BTreeMap::new();
    while let Some(name) = wanted.pop_first() {
        if found.contains_key(&name) {
            continue;
        }
        let place = format!("components > schemas > {name}");
        let components = document.root.get("components");
        let schemas = components.and_then(|components| components.get("schemas"));
        let Some(schema) = schemas.and_then(|schemas| schemas.get(&name)) else {
            faults.push(Fault::new(place, "this schema is referred to but not there"));
            continue;
        };
        match document.downgrade(schema, &place, &mut wanted) {
            Ok(schema) => {
                found.insert(name, schema);
            }
            Err(fault) => {
                faults.push(fault);
                found.insert(name, Value::Null);
            }
        }
    }
    found
}

/// One 3.0 document for one client. Documents may share schemas, but must then agree on them.
pub(crate) fn merge(provider: &str, extracts: &[(String, Extract)]) -> Result<Value, Vec<Fault>> {
    let mut faults = Vec::new();
    let mut paths = Map::new();
    let mut schemas: BTreeMap<&String, (&Value, &String)> = BTreeMap::new();
    for (file, extract) in extracts {
        for kept in &extract.operations {
            let item = paths.entry(kept.path.clone()).or_insert_with(|| json!({}));
            if !item[&kept.method].is_null() {
                let place = format!("paths > {} > {}", kept.path, kept.method);
                faults.push(Fault::new(place, "this operation is listed twice"));
            }
            item[&kept.method] = kept.operation.clone();
        }
        for (name, schema) in &extract.schemas {
            let (other, first) = schemas.entry(name).or_insert((schema, file));
            if *other != schema {
                let place = format!("components > schemas > {name}");
                let reason = format!("{first} and {file} mean different things by this name");
                faults.push(Fault::new(place, reason));
            }
        }
    }
    if !faults.is_empty() {
        return Err(faults);
    }
    let schemas = schemas.into_iter();
    let schemas: Map<String, Value> = schemas
        .map(|(name, (schema, _))| (name.clone(), schema.clone()))
        .collect();
    // The version becomes a header on every request, which must be ASCII, and which the crate drops.
    Ok(json!({
        "openapi": "3.0.3",
        "info": {"title": provider, "version": "0"},
        "paths": paths,
        "components": {"schemas": schemas},
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listed(name: &str, method: &str, path: &str) -> Listed {
        Listed {
            name: name.into(),
            method: method.into(),
            path: path.into(),
            body_names_keys: false,
            revokes_caller: false,
            arguments: Vec::new(),
            sets_headers: Vec::new(),
            ids: BTreeMap::new(),
            body: true,
            prefixed: true,
        }
    }

    fn vendor() -> Value {
        let id = json!({"name": "id", "in": "path", "required": true, "schema": {"type": "string"}});
        json!({
            "openapi": "3.1.0",
            "info": {"title": "```\nlet broken\n```", "version": "ünï"},
            "tags": [{"name": "Keys"}],
            "paths": {
                "/v1/keys": {"delete": {"requestBody": {"content": {"application/json": {
                    "schema": {"$ref": "#/components/schemas/Ids"}}}}}, "get": "junk"},
                "/v1/keys/{id}": {
                    "parameters": [id],
                    "delete": {
                        "operationId": "äöü revoke",
                        "summary": "```\nlet broken\n```",
                        "x-dropshot-websocket": {},
                        "responses": {"200": {"content": {"application/json": {
                            "schema": {"$ref": "#/components/schemas/Odd"}}}}},
                    },
                    "get": {"responses": 7},
                },
            },
            "components": {"schemas": {
                "Ids": {"type": "array", "items": {"$ref": "#/components/schemas/Id"}},
                "Id": {"type": ["string", "null"], "title": "prose"},
                "Odd": {"type": "no such type", "if": 1},
            }},
        })
    }

    #[test]
    fn only_the_listed_operation_is_kept_and_nothing_of_its_answers() {
        let listed = [listed("revoke", "delete", "/v1/keys/{id}")];
        let extract = extract(&vendor(), &listed, Some("/v1")).unwrap();
        assert_eq!(extract.version, "ünï");
        assert!(extract.schemas.is_empty());
        assert_eq!(extract.operations.len(), 1);
        let kept = &extract.operations[0];
        assert_eq!((kept.name.as_str(), kept.path.as_str()), ("revoke", "/keys/{id}"));
        let open = json!({"default": {"description": "", "content": {"*/*": {}}}});
        let id = json!({"name": "id", "in": "path", "required": true, "schema": {"type": "string"}});
        let expected = json!({"operationId": "revoke", "parameters": [id], "responses": open});
        assert_eq!(kept.operation, expected);
        assert!(kept.prefixed && kept.query.is_empty());
        assert_eq!(kept.written_out["path"], "/v1/keys/{id}");
        let answer = &kept.written_out["responses"]["200"]["content"]["application/json"];
        assert_eq!(answer["schema"], json!({"type": "no such type", "if": 1}));
    }

    #[test]
    fn a_delete_on_a_collection_is_kept_only_if_its_body_names_the_keys() {
        let mut all = listed("revoke", "delete", "/v1/keys");
        assert!(extract(&vendor(), std::slice::from_ref(&all), None).is_err());
        all.body_names_keys = true;
        let kept = extract(&vendor(), std::slice::from_ref(&all), None).unwrap();
        let names: Vec<&String> = kept.schemas.keys().collect();
        assert_eq!(names, ["Id", "Ids"]);
        assert!(kept.operations[0].names_keys);
        assert_eq!(kept.schemas["Id"], json!({"type": "string", "nullable": true}));

        let mut vendor = vendor();
        vendor["paths"]["/v1/keys"]["delete"] = json!({});
        let faults = extract(&vendor, &[all], None).unwrap_err();
        assert!(faults[0].reason.contains("no body"), "{faults:?}");
    }

    #[test]
    fn all_problems_are_told_at_once() {
        let mut vendor = vendor();
        vendor["info"] = json!({});
        vendor["components"]["schemas"]["Id"] = json!({"$id": "x"});
        let mut all = listed("purge", "delete", "/v1/keys");
        all.body_names_keys = true;
        let listed = [
            all,
            listed("revoke", "post", "/v1/keys/{id}"),
            listed("find", "get", "/v2"),
        ];
        let faults = extract(&vendor, &listed, None).unwrap_err();
        let places: Vec<&str> = faults.iter().map(|fault| fault.place.as_str()).collect();
        let id = "components > schemas > Id > $id";
        assert_eq!(places, ["paths", "paths", id, "info > version"]);
    }

    #[test]
    fn documents_of_one_provider_must_agree() {
        let part = |name: &str, method: &str, id: Value| {
            let mut vendor = vendor();
            vendor["components"]["schemas"]["Id"] = id;
            vendor["paths"]["/v1/keys"]["post"] = vendor["paths"]["/v1/keys"]["delete"].clone();
            let extract = extract(&vendor, &[listed(name, method, "/v1/keys")], None).unwrap();
            (format!("{name}.yaml"), extract)
        };
        let text = json!({"type": "string"});
        let revoke = || part("revoke", "post", text.clone());
        let same = || {
            let mut vendor = vendor();
            vendor["paths"]["/v1/keys"]["put"] = vendor["paths"]["/v1/keys"]["delete"].clone();
            vendor["components"]["schemas"]["Id"] = json!({"type": "string", "description": "x"});
            let extract = extract(&vendor, &[listed("find", "put", "/v1/keys")], None).unwrap();
            ("find.yaml".to_owned(), extract)
        };
        let merged = merge("p", &[revoke(), same()]).unwrap();
        let methods = merged["paths"]["/v1/keys"].as_object().unwrap();
        assert_eq!(methods.len(), 2);
        assert_eq!(merged["components"]["schemas"]["Id"], text);

        let other = part("find", "post", json!({"type": "integer"}));
        let faults = merge("p", &[revoke(), other]).unwrap_err();
        assert_eq!(faults.len(), 2, "{faults:?}");
        assert!(faults[0].reason.contains("twice"), "{faults:?}");
        assert!(
            faults[1].reason.contains("revoke.yaml and find.yaml"),
            "{faults:?}"
        );
    }
}
