//! `providers.toml`: which operations of which documents become code, and where the documents come from.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::fault::Fault;
use super::operations::Listed;

/// What a provider's table says, checked.
pub(crate) struct Provider {
    pub(crate) name: String,
    pub(crate) path_prefix: Option<String>,
    /// Each document with the operations that are taken from it.
    pub(crate) documents: Vec<(String, Vec<Listed>)>,
}

// A misspelt member must not silently lose its meaning, hence `deny_unknown_fields` throughout.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    path_prefix: Option<String>,
    #[serde(default)]
    documents: Vec<Document>,
    #[serde(default)]
    operations: BTreeMap<String, Operation>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    file: String,
    page: String,
    read: String,
    licence: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Operation {
    method: String,
    path: String,
    document: Option<String>,
    #[serde(default)]
    body_names_keys: bool,
    #[serde(default)]
    revokes_caller: bool,
    #[serde(default)]
    harmless: bool,
    prefixed: Option<bool>,
    #[serde(default)]
    arguments: Vec<String>,
    #[serde(default)]
    sets_headers: Vec<String>,
    #[serde(default)]
    ids: BTreeMap<String, String>,
    body: Option<bool>,
}

/// The methods a revocation, a look-up or a probe can have.
const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];

/// Names that the generated client needs for itself.
const TAKEN: [&str; 10] = [
    "new",
    "new_with_client",
    "with",
    "pre",
    "post",
    "exec",
    "inner",
    "client",
    "baseurl",
    "api_version",
];

pub(crate) fn parse(text: &str) -> Result<Vec<Provider>, Vec<Fault>> {
    let tables: BTreeMap<String, Table> = toml::from_str(text).map_err(|error| {
        let start = error.span().map_or(0, |span| span.start);
        let line = text.get(..start).unwrap_or(text).matches('\n').count() + 1;
        vec![Fault::new(format!("line {line}"), error.message())]
    })?;
    let mut faults = Vec::new();
    let mut providers = Vec::new();
    for (name, table) in tables {
        let before = faults.len();
        check(&name, &table, &mut faults);
        if faults.len() == before {
            providers.push(provider(name, table));
        }
    }
    if faults.is_empty() {
        Ok(providers)
    } else {
        Err(faults)
    }
}

fn check(name: &str, table: &Table, faults: &mut Vec<Fault>) {
    let mut fault = |place: String, reason: &str| {
        let place = format!("{name}{place}");
        faults.push(Fault::new(place, reason));
    };
    // The name becomes a file name in OUT_DIR.
    if !is_word(name, b'-') {
        let reason = "a provider's name is lower-case letters, digits and `-`";
        fault(String::new(), reason);
    }
    if !table.operations.contains_key("revoke") {
        fault(String::new(), "there is no operation `revoke`");
    }
    let mut files = BTreeSet::new();
    for document in &table.documents {
        let place = format!(" > documents > {}", document.file);
        let stem = [".yaml", ".yml", ".json"]
            .iter()
            .find_map(|end| document.file.strip_suffix(end));
        if !stem.is_some_and(|stem| is_word(stem, b'-')) {
            let reason = "a document is a .yaml, .yml or .json file that lies beside the manifest";
            fault(place.clone(), reason);
        }
        if !files.insert(document.file.as_str()) {
            fault(place.clone(), "the document is listed twice");
        }
        if !document.page.starts_with("https://") {
            fault(place.clone(), "`page` must be the https address that was read");
        }
        if !is_date(&document.read) {
            fault(place.clone(), "`read` must be a date such as 2026-11-22");
        }
        if document.licence.trim().is_empty() {
            fault(place.clone(), "`licence` must not be empty");
        }
        let used = |operation: &Operation| file_of(name, operation) == document.file;
        if !table.operations.values().any(used) {
            fault(place, "no operation is taken from this document");
        }
    }
    for (operation, entry) in &table.operations {
        let place = format!(" > operations > {operation}");
        if !is_word(operation, b'_') || TAKEN.contains(&operation.as_str()) {
            let reason = "not usable as the name of an operation";
            fault(place.clone(), reason);
        }
        if !METHODS.contains(&entry.method.as_str()) {
            let reason = format!("`method` must be one of {}", METHODS.join(", "));
            fault(place.clone(), &reason);
        }
        if let Err(reason) = refuse_change(operation, entry) {
            fault(place.clone(), &reason);
        }
        if entry.prefixed == Some(false) && (revokes(operation) || table.path_prefix.is_none()) {
            let reason = "`prefixed = false` is for a look-up beside a `path_prefix`";
            fault(place.clone(), reason);
        }
        let file = file_of(name, entry);
        if !files.contains(file.as_str()) {
            let reason = format!("{file} is not among the provider's documents");
            fault(place, &reason);
        }
    }
}

/// What changes something says so by its name.
fn revokes(operation: &str) -> bool {
    operation == "revoke" || operation.starts_with("revoke_")
}

/// Whoever looks a key up must not change anything by it, so the generated client has nothing else to offer: a GET, or a
/// POST of which the vendor's page says that it only reads.
fn refuse_change(operation: &str, entry: &Operation) -> Result<(), String> {
    match (revokes(operation), entry.method.as_str(), entry.harmless) {
        (true, _, false) | (false, "get", false) | (false, "post", true) => Ok(()),
        (true, ..) => Err("a revocation is not `harmless`".into()),
        (false, "get", true) => {
            Err("a GET needs no `harmless = true`, which is for a POST that only reads".into())
        }
        (false, method, _) => Err(format!(
            "{} may change something; what is not a revocation (`revoke` or `revoke_…`) must be a GET, or a POST that \
             declares `harmless = true`",
            method.to_uppercase()
        )),
    }
}

fn provider(name: String, table: Table) -> Provider {
    let mut documents: Vec<(String, Vec<Listed>)> = table
        .documents
        .into_iter()
        .map(|document| (document.file, Vec::new()))
        .collect();
    for (operation, entry) in table.operations {
        let file = file_of(&name, &entry);
        for (_, listed) in documents.iter_mut().filter(|(own, _)| *own == file) {
            listed.push(Listed {
                name: operation.clone(),
                method: entry.method.clone(),
                path: entry.path.clone(),
                body_names_keys: entry.body_names_keys,
                revokes_caller: entry.revokes_caller,
                arguments: entry.arguments.clone(),
                sets_headers: entry.sets_headers.clone(),
                ids: entry.ids.clone(),
                // RFC 9110 section 9.3.1: a body of a GET means nothing, and servers may refuse it.
                body: entry.body.unwrap_or(true) && entry.method != "get",
                prefixed: entry.prefixed.unwrap_or(true),
            });
        }
    }
    Provider {
        name,
        path_prefix: table.path_prefix,
        documents,
    }
}

fn file_of(provider: &str, operation: &Operation) -> String {
    let default = || format!("{provider}.yaml");
    operation.document.clone().unwrap_or_else(default)
}

fn is_word(text: &str, joint: u8) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == joint;
    text.starts_with(|first: char| first.is_ascii_lowercase()) && text.bytes().all(plain)
}

fn is_date(text: &str) -> bool {
    let part = |range, bounds: std::ops::RangeInclusive<u16>| {
        let digits: Option<&str> = text.get(range);
        let digits = digits.filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()));
        digits.is_some_and(|digits| digits.parse().is_ok_and(|number| bounds.contains(&number)))
    };
    let dashes = text.len() == 10 && text.get(4..5) == Some("-") && text.get(7..8) == Some("-");
    dashes && part(0..4, 2020..=2199) && part(5..7, 1..=12) && part(8..10, 1..=31)
}
