//! `keyrevoke providers --check`: a vendor's document, read by the reader of the build itself.
#![allow(dead_code)] // the build needs more of it

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;

use serde_json::Value;
use time::OffsetDateTime;

use crate::Exit;
use crate::json;
use crate::output::{self, LocalFailure};

#[path = "../../../build/body.rs"]
mod body;
mod compare;
#[path = "../../../build/dialect.rs"]
mod dialect;
#[path = "../../../build/fault.rs"]
mod fault;
#[path = "../../../build/operations.rs"]
mod operations;
#[path = "../../../build/parameters.rs"]
mod parameters;
#[path = "../../../build/path.rs"]
mod path;
#[path = "../../../build/read.rs"]
mod read;
#[path = "../../../build/reference.rs"]
mod reference;
mod skeleton;
#[path = "../../../build/types.rs"]
mod types;

use fault::Fault;
use operations::{Kept, Listed, extract};

/// The methods that a revocation can have.
const METHODS: [&str; 4] = ["delete", "post", "put", "patch"];

/// Says what the build would refuse of a document, and what nobody could rely on; else how a provider begins.
pub(crate) fn check(file: &Path, operation: Option<&str>) -> Result<Exit, LocalFailure> {
    let shown = output::path(file);
    let refuse = |faults: &[Fault]| {
        for fault in faults {
            output::complain(&format!("{shown}: {fault}"));
        }
        Ok(Exit::InvalidInput)
    };
    let root = match open(file)? {
        Ok(root) => root,
        Err(fault) => return refuse(&[fault]),
    };
    let (method, path) = match chosen(&root, operation) {
        Ok(chosen) => chosen,
        Err(fault) => return refuse(&[fault]),
    };
    let listed = listed(&root, &method, &path);
    let (names_keys, has_body) = (listed.body_names_keys, listed.body);
    let revokes_caller = listed.revokes_caller;
    let sets_headers = listed.sets_headers.clone();
    let kept = match extract(&root, &[listed], None) {
        Ok(mut extract) => match extract.operations.pop() {
            Some(kept) => kept,
            None => return refuse(&[Fault::new("paths", "nothing was kept of the operation")]),
        },
        Err(faults) => return refuse(&faults),
    };
    let stem = file.file_stem().map(|stem| stem.to_string_lossy().to_lowercase());
    let name = stem.unwrap_or_default();
    let today = OffsetDateTime::now_utc().date();
    let today = format!(
        "{:04}-{:02}-{:02}",
        today.year(),
        u8::from(today.month()),
        today.day()
    );
    let made = skeleton::Made {
        name: &name,
        file: &file
            .file_name()
            .map(|name| name.to_string_lossy())
            .unwrap_or_default(),
        root: &root,
        kept: &kept,
        ids: ids(&kept),
        names_keys,
        revokes_caller,
        has_body,
        sets_headers,
        today: &today,
    };
    output::line(&made.text())?;
    for lack in lacks(&root, &kept) {
        output::complain(&format!("{shown}: {lack}"));
    }
    Ok(Exit::AllDead)
}

/// Says what a newly downloaded document says otherwise than ours, for the operations that ours has.
pub(crate) fn compare(ours: &Path, theirs: &Path) -> Result<Exit, LocalFailure> {
    let mut roots = Vec::new();
    for file in [ours, theirs] {
        match open(file)? {
            Ok(root) => roots.push(root),
            Err(fault) => {
                output::complain(&format!("{}: {fault}", output::path(file)));
                return Ok(Exit::InvalidInput);
            }
        }
    }
    let changes = match roots.as_slice() {
        [ours, theirs] => compare::changes(ours, theirs),
        _ => Vec::new(),
    };
    for change in &changes {
        output::line(change)?;
    }
    Ok(if changes.is_empty() {
        Exit::AllDead
    } else {
        Exit::SomeLive
    })
}

fn open(file: &Path) -> Result<Result<Value, Fault>, LocalFailure> {
    let shown = output::path(file);
    let bytes = fs::read(file)
        .map_err(|error| io::Error::new(error.kind(), format!("cannot read {shown}: {error}")))?;
    let is_json = file.extension().is_some_and(|end| end == "json");
    Ok(read::document(&bytes, is_json))
}

/// The operation that is meant: the one that is named, else the only one that could be.
fn chosen(root: &Value, operation: Option<&str>) -> Result<(String, String), Fault> {
    if let Some(text) = operation {
        let words: Vec<&str> = text.split_whitespace().collect();
        return match words.as_slice() {
            [method, path] => Ok((method.to_lowercase(), (*path).to_owned())),
            _ => Err(Fault::new(
                "--operation",
                "is not METHOD PATH, such as \"DELETE /keys/{id}\"",
            )),
        };
    }
    let mut found = Vec::new();
    for (path, item) in root.get("paths").and_then(Value::as_object).into_iter().flatten() {
        let own = METHODS.iter().filter(|method| item.get(**method).is_some());
        found.extend(own.map(|method| ((*method).to_owned(), path.clone())));
    }
    let deletes: Vec<_> = found.iter().filter(|(method, _)| method == "delete").collect();
    match (found.as_slice(), deletes.as_slice()) {
        ([], _) => Err(Fault::new(
            "paths",
            "there is no operation that could revoke a key",
        )),
        ([only], _) => Ok(only.clone()),
        (_, [only]) => Ok((*only).clone()),
        _ => {
            let all: Vec<String> = found
                .iter()
                .map(|(method, path)| format!("{} {path}", method.to_uppercase()))
                .collect();
            let all = all.join("\", \"");
            Err(Fault::new(
                "paths",
                format!("say which of them revokes by --operation: \"{all}\""),
            ))
        }
    }
}

/// As the operation would be listed, with what the document itself can tell.
fn listed(root: &Value, method: &str, path: &str) -> Listed {
    let operation = root.pointer(&format!(
        "/paths/{}/{method}",
        path.replace('~', "~0").replace('/', "~1")
    ));
    let body = operation.and_then(|operation| operation.get("requestBody"));
    Listed {
        name: "revoke".to_owned(),
        method: method.to_owned(),
        path: path.to_owned(),
        body_names_keys: body.is_some()
            && path::refuse_collection_delete(method, path, false, false).is_err(),
        revokes_caller: body.is_none() && path::refuse_collection_delete(method, path, false, true).is_ok(),
        arguments: Vec::new(),
        sets_headers: required_headers(root, method, path),
        ids: BTreeMap::new(),
        body: body.is_some(),
        prefixed: true,
    }
}

/// The headers that the operation requires, which the module of its provider sets.
fn required_headers(root: &Value, method: &str, path: &str) -> Vec<String> {
    let (Ok(document), Ok((item, operation))) =
        (operations::Document::new(root), path::find(root, method, path))
    else {
        return Vec::new();
    };
    let declared = parameters::all(document, item, operation, "").unwrap_or_default();
    let required = declared
        .iter()
        .filter(|parameter| parameter["in"] == "header" && parameter["required"] == true);
    required
        .filter_map(|parameter| parameter["name"].as_str().map(str::to_owned))
        .collect()
}

/// The names and forms of the ids in the path, as the build reads them.
fn ids(kept: &Kept) -> Vec<(String, &'static str)> {
    let parameters = kept.operation.get("parameters").and_then(Value::as_array);
    let in_path = parameters
        .into_iter()
        .flatten()
        .filter(|parameter| parameter["in"] == "path");
    in_path
        .map(|parameter| {
            let schema = &parameter["schema"];
            let form = match (&schema["type"], &schema["format"]) {
                (kind, _) if kind == "integer" => "integer",
                (_, format) if format == "uuid" => "uuid",
                _ => "text",
            };
            (parameter["name"].as_str().unwrap_or_default().to_owned(), form)
        })
        .collect()
}

/// What the build takes, and rules cannot be made of.
fn lacks(root: &Value, kept: &Kept) -> Vec<String> {
    let place = format!("paths > {} > {}", kept.path, kept.method);
    let mut lacks = Vec::new();
    let mut lack = |what: &str| lacks.push(format!("{place} > {what}"));
    let responses = kept.written_out.get("responses").and_then(Value::as_object);
    let statuses: Vec<&str> = responses
        .into_iter()
        .flatten()
        .map(|(status, _)| status.as_str())
        .collect();
    let successes: Vec<&&str> = statuses.iter().filter(|status| status.starts_with('2')).collect();
    if successes.is_empty() {
        lack("responses: no success is documented, so nothing could be proof of a death");
    }
    for status in successes {
        let schema = responses
            .and_then(|responses| responses.get(*status))
            .and_then(skeleton::schema);
        match (*status, schema) {
            ("202", _) => lack("responses > 202: is an acceptance; a death needs a look-up besides"),
            ("204" | "205", _) => {}
            (_, None) => lack(&format!(
                "responses > {status}: has no schema, and a body that is not known proves nothing"
            )),
            (_, Some(_)) => {}
        }
    }
    for (status, why) in [
        ("401", "a refused credential"),
        ("404", "a key that is not there"),
    ] {
        if !statuses.contains(&status) {
            lack(&format!(
                "responses: no {status}; what {why} gets is judged by its status alone"
            ));
        }
    }
    if root.pointer("/servers/0/url").is_none() {
        lacks.push("servers: there is none, so the base URL must be set, or read elsewhere".to_owned());
    }
    lacks
}
