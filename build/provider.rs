//! One provider: its documents read, cut down, merged and generated; every problem with the name of its file.

use std::collections::BTreeMap;
use std::panic::{self, AssertUnwindSafe};
use std::path::Path;

use serde_json::{Map, Value, json};

use super::fault::Fault;
use super::manifest::{self, Provider};
use super::operations::{Extract, Kept, extract, merge};
use super::{generate, read};

/// Everything that a manifest describes, as files for `OUT_DIR`.
pub(crate) fn all_of(
    root: &Path,
    manifest: &str,
    files: &mut BTreeMap<String, String>,
    problems: &mut Vec<String>,
) {
    let folder = Path::new(manifest).parent().unwrap_or(Path::new(""));
    let mut problem = |file: &str, faults: Vec<Fault>| {
        let named = faults.iter().map(|fault| format!("{file}: {fault}"));
        problems.extend(named);
    };
    let text = std::fs::read_to_string(root.join(manifest));
    let text = text.map_err(|error| vec![Fault::new("", error.to_string())]);
    let providers = match text.and_then(|text| manifest::parse(&text)) {
        Ok(providers) => providers,
        Err(faults) => return problem(manifest, faults),
    };
    for provider in providers {
        let mut extracts = Vec::new();
        let wanted = provider.documents.len();
        for (file, listed) in &provider.documents {
            let shown = folder.join(file).display().to_string();
            let prefix = provider.path_prefix.as_deref();
            let extracted = quietly(|| {
                let tree = document(&root.join(&shown)).map_err(|fault| vec![fault])?;
                extract(&tree, listed, prefix)
            });
            match extracted {
                Ok(Ok(extract)) => extracts.push((file.clone(), extract)),
                Ok(Err(faults)) => problem(&shown, faults),
                Err(panic) => problem(&shown, vec![Fault::new("", panic)]),
            }
        }
        if extracts.len() < wanted {
            continue;
        }
        // From here on it is about the documents together, so all of them are named.
        let shown: Vec<String> = extracts
            .iter()
            .map(|(file, _)| folder.join(file).display().to_string())
            .collect();
        let shown = shown.join(", ");
        match made(&provider, &extracts) {
            Ok([code, description]) => {
                let name = &provider.name;
                let clash = files.insert(format!("{name}.rs"), code).is_some();
                files.insert(format!("{name}.json"), description);
                if clash {
                    let reason = "another manifest has a provider of this name";
                    problem(manifest, vec![Fault::new(name, reason)]);
                }
            }
            Err(faults) => problem(&shown, faults),
        }
    }
}

fn document(path: &Path) -> Result<Value, Fault> {
    let bytes = std::fs::read(path).map_err(|error| Fault::new("", error.to_string()))?;
    let is_json = path.extension().is_some_and(|end| end == "json");
    read::document(&bytes, is_json)
}

fn made(provider: &Provider, extracts: &[(String, Extract)]) -> Result<[String; 2], Vec<Fault>> {
    let merged = merge(&provider.name, extracts)?;
    let mut operations: Vec<&Kept> = extracts
        .iter()
        .flat_map(|(_, extract)| &extract.operations)
        .collect();
    operations.sort_by(|a, b| a.name.cmp(&b.name));
    let revokes = |extract: &Extract| extract.operations.iter().any(|kept| kept.name == "revoke");
    let Some((file, main)) = extracts.iter().find(|(_, extract)| revokes(extract)) else {
        return Err(vec![Fault::new("", "there is no operation `revoke`")]);
    };
    let generated = quietly(|| generate::client(merged, &operations, &main.version));
    let generated = generated.unwrap_or_else(|panic| Err(format!("progenitor: {panic}")));
    let code = generated.map_err(|reason| vec![Fault::new("", reason)])?;
    let description = json!({"document": file, "operations": described(extracts)});
    Ok([code, format!("{description:#}\n")])
}

/// The operations as the vendor describes them, for the tests that hold our rules against the documents.
fn described(extracts: &[(String, Extract)]) -> Map<String, Value> {
    let mut all = Map::new();
    for (file, extract) in extracts {
        for kept in &extract.operations {
            let mut one = kept.written_out.clone();
            one["document"] = json!(file);
            all.insert(kept.name.clone(), one);
        }
    }
    all
}

/// progenitor panics where it could say what is wrong: that becomes a message like all others.
fn quietly<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    let loud = panic::take_hook();
    panic::set_hook(Box::new(|_| {}));
    let result = panic::catch_unwind(AssertUnwindSafe(work));
    panic::set_hook(loud);
    result.map_err(|payload| {
        let text = payload.downcast_ref::<String>().map(String::as_str);
        let text = text.or_else(|| payload.downcast_ref::<&str>().copied());
        format!("cannot be processed: {}", text.unwrap_or("no reason given"))
    })
}
