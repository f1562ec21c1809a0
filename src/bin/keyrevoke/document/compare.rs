//! What a newly downloaded document of a vendor says otherwise than ours, which holds the operations in use and no other.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::operations::Document;
use super::reference::written_out;
use super::{parameters, path};

/// The methods under which a path has operations.
const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];

/// Every change that matters to the operations of our document; none where all of it still holds.
pub(super) fn changes(ours: &Value, theirs: &Value) -> Vec<String> {
    let mut changes = Vec::new();
    for (path, item) in ours.get("paths").and_then(Value::as_object).into_iter().flatten() {
        for method in METHODS.into_iter().filter(|method| item.get(*method).is_some()) {
            let place = format!("{} {path}", method.to_uppercase());
            let mut change = |what: String| changes.push(format!("{place}: {what}"));
            let (own, other) = match (operation(ours, method, path), operation(theirs, method, path)) {
                (Ok(own), Ok(other)) => (own, other),
                (Err(why), _) => {
                    change(format!("ours cannot be read: {why}"));
                    continue;
                }
                (_, Err(why)) => {
                    change(why);
                    continue;
                }
            };
            compare_parameters(&own["parameters"], &other["parameters"], &mut change);
            compare_bodies(&own["requestBody"], &other["requestBody"], &mut change);
            compare_answers(&own["responses"], &other["responses"], &mut change);
        }
    }
    changes
}

/// An operation with all that it refers to.
fn operation(root: &Value, method: &str, path: &str) -> Result<Value, String> {
    let document = Document::new(root).map_err(|fault| fault.to_string())?;
    let (item, operation) = path::find(root, method, path).map_err(|fault| fault.reason)?;
    let declared =
        parameters::all(document, item, operation, "parameters").map_err(|fault| fault.to_string())?;
    let declared: Vec<Value> = declared.into_iter().cloned().collect();
    Ok(Value::Object(written_out(root, &declared, operation)))
}

fn compare_parameters(ours: &Value, theirs: &Value, change: &mut dyn FnMut(String)) {
    let by_name = |list: &Value| -> BTreeMap<String, Value> {
        let all = list.as_array().into_iter().flatten();
        all.map(|parameter| {
            let text = |member: &str| parameter[member].as_str().unwrap_or_default().to_owned();
            (
                format!("{} parameter {}", text("in"), text("name")),
                parameter.clone(),
            )
        })
        .collect()
    };
    let (ours, theirs) = (by_name(ours), by_name(theirs));
    for (name, own) in &ours {
        match theirs.get(name) {
            None => change(format!("the {name} is gone")),
            Some(other) => {
                if (own["required"] == true) != (other["required"] == true) {
                    change(format!(
                        "the {name} was required: {}, and is: {}",
                        own["required"] == true,
                        other["required"] == true
                    ));
                }
                compare_schemas(&own["schema"], &other["schema"], name, change);
            }
        }
    }
    for (name, other) in theirs.iter().filter(|(name, _)| !ours.contains_key(*name)) {
        if other["required"] == true {
            change(format!("the {name} is new, and required"));
        }
    }
}

fn compare_bodies(ours: &Value, theirs: &Value, change: &mut dyn FnMut(String)) {
    match (ours.is_null(), theirs.is_null()) {
        (true, true) => {}
        (true, false) if theirs["required"] == true => change("a body is required".to_owned()),
        (true, false) => {}
        (false, true) => change("the request has no body any more".to_owned()),
        (false, false) => {
            let (own, other) = (content(ours), content(theirs));
            compare_contents(own, other, "request body", change);
            let required = |schema: &Value| -> BTreeSet<String> {
                let names = schema["required"].as_array().into_iter().flatten();
                names
                    .filter_map(|name| name.as_str().map(str::to_owned))
                    .collect()
            };
            let (own, other) = (
                own.map(required).unwrap_or_default(),
                other.map(required).unwrap_or_default(),
            );
            for name in other.difference(&own) {
                change(format!("request body > {name} is required now"));
            }
        }
    }
}

fn compare_answers(ours: &Value, theirs: &Value, change: &mut dyn FnMut(String)) {
    let (Some(own), Some(other)) = (ours.as_object(), theirs.as_object()) else {
        return change("its answers are not documented".to_owned());
    };
    for (status, answer) in own {
        match other.get(status) {
            None => change(format!("the answer {status} is gone")),
            Some(theirs) => compare_contents(
                content(answer),
                content(theirs),
                &format!("answer {status}"),
                change,
            ),
        }
    }
    for status in other.keys().filter(|status| !own.contains_key(*status)) {
        change(format!("the answer {status} is new"));
    }
}

/// The schema of a JSON body.
fn content(body: &Value) -> Option<&Value> {
    super::skeleton::schema(body)
}

fn compare_contents(
    ours: Option<&Value>,
    theirs: Option<&Value>,
    place: &str,
    change: &mut dyn FnMut(String),
) {
    match (ours, theirs) {
        (None, None) => {}
        (Some(_), None) => change(format!("{place} has no schema any more")),
        (None, Some(_)) => change(format!("{place} has a schema now")),
        (Some(own), Some(other)) => compare_schemas(own, other, place, change),
    }
}

/// All that our schema says must be said by theirs too; what they say besides is theirs.
fn compare_schemas(ours: &Value, theirs: &Value, place: &str, change: &mut dyn FnMut(String)) {
    for member in ["type", "format", "enum", "const"] {
        let (own, other) = (&ours[member], &theirs[member]);
        if !own.is_null() && own != other {
            let other = if other.is_null() {
                "not stated".to_owned()
            } else {
                other.to_string()
            };
            change(format!("{place}: its {member} was {own}, and is {other}"));
        }
    }
    for (name, own) in ours["properties"].as_object().into_iter().flatten() {
        match theirs["properties"].get(name) {
            None => change(format!("{place} > {name} is gone")),
            Some(other) => compare_schemas(own, other, &format!("{place} > {name}"), change),
        }
    }
    if ours["items"].is_object() {
        compare_schemas(
            &ours["items"],
            &theirs["items"],
            &format!("{place} > items"),
            change,
        );
    }
    for member in ["allOf", "anyOf", "oneOf"] {
        let (Some(own), other) = (ours[member].as_array(), theirs[member].as_array()) else {
            continue;
        };
        match other {
            Some(other) if other.len() == own.len() => {
                for (index, (own, other)) in own.iter().zip(other).enumerate() {
                    compare_schemas(own, other, &format!("{place} > {member}[{index}]"), change);
                }
            }
            _ => change(format!("{place}: its {member} has other parts")),
        }
    }
}
