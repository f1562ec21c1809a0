//! Any text as a provider's document: it is read and cut down to one operation, or refused with a reason. The next stage
//! is progenitor, whose panics the build script catches.

#![no_main]
#![allow(dead_code)] // of the build script's modules only a part is used

#[path = "../../build/body.rs"]
mod body;
#[path = "../../build/dialect.rs"]
mod dialect;
#[path = "../../build/fault.rs"]
mod fault;
#[path = "../../src/json.rs"]
mod json;
#[path = "../../build/operations.rs"]
mod operations;
#[path = "../../build/parameters.rs"]
mod parameters;
#[path = "../../build/path.rs"]
mod path;
#[path = "../../build/read.rs"]
mod read;
#[path = "../../build/reference.rs"]
mod reference;
#[path = "../../build/types.rs"]
mod types;

use std::collections::BTreeMap;

use fault::Fault;
use libfuzzer_sys::fuzz_target;
use operations::{Listed, extract, merge};
use serde_json::Value;

/// So many operations of a document are looked at.
const MOST: usize = 8;

fuzz_target!(|input: &[u8]| {
    for is_json in [false, true] {
        match read::document(input, is_json) {
            Ok(root) => operations(&root)
                .into_iter()
                .for_each(|(method, path)| cut_down(&root, method, path)),
            Err(fault) => is_reason(&fault),
        }
    }
});

fn operations(root: &Value) -> Vec<(&str, &str)> {
    let paths = root["paths"].as_object();
    let items = paths.into_iter().flatten().filter_map(|(path, item)| {
        let item = item.as_object()?;
        Some(item.keys().map(|method| (method.as_str(), path.as_str())))
    });
    items.flatten().take(MOST).collect()
}

fn cut_down(root: &Value, method: &str, path: &str) {
    for body_names_keys in [false, true] {
        let listed = Listed {
            name: "revoke".into(),
            method: method.into(),
            path: path.into(),
            body_names_keys,
            revokes_caller: false,
            arguments: Vec::new(),
            sets_headers: Vec::new(),
            ids: BTreeMap::new(),
            body: true,
            prefixed: false,
        };
        let extract = match extract(root, &[listed], None) {
            Ok(extract) => extract,
            Err(faults) => {
                assert!(!faults.is_empty());
                return faults.iter().for_each(is_reason);
            }
        };
        // The request that revokes every key of a collection must not get through.
        let last = path.rsplit('/').next();
        let names_one = last.is_some_and(|last| last.starts_with('{'));
        assert!(
            method != "delete" || names_one || body_names_keys,
            "{method} {path}"
        );
        let merged =
            merge("p", &[("p.yaml".into(), extract)]).expect("one operation cannot disagree with itself");
        let paths = merged["paths"].as_object().expect("there are paths");
        let methods: Vec<_> = paths
            .iter()
            .map(|(path, item)| (path, item.as_object().map(|item| item.len())))
            .collect();
        assert_eq!(methods, [(&path.to_owned(), Some(1))]);
    }
}

fn is_reason(fault: &Fault) {
    assert!(!fault.reason.is_empty(), "{fault:?}");
}
