//! The JSON Lines form of a list, such as what `revoke --json` writes.

use keyrevoke::{InvalidInput, KeyRef};
use serde_json::Value;

use super::{Collector, Expected, takes_secret};
use crate::json;

/// Takes one line that is not blank. What the parser says of it is not repeated: it may quote the line.
pub(super) fn line<P>(number: u64, text: &str, into: &mut Collector<P>)
where
    P: Fn(&str) -> Result<KeyRef, InvalidInput>,
{
    let members = match json::parse(text.trim().as_bytes()) {
        Ok(Value::Object(members)) => members,
        Ok(_) => return into.refuse(number, "is not a JSON object; write {\"key\": \"PROVIDER:KEY\"}"),
        Err(error) if error.is_data() => {
            return into.refuse(number, "has an object that names a member twice; name it once");
        }
        Err(error) => {
            let reason = format!(
                "is not valid JSON, at column {}; write one object a line",
                error.column()
            );
            return into.refuse(number, reason);
        }
    };
    let mut expect = Vec::new();
    let mut wrong = Vec::new();
    for (name, value) in &members {
        match (Expected::from_name(name), value) {
            (None, _) | (Some(Ok(_)), Value::Null) => {}
            (Some(Ok(what)), Value::String(text)) => match text.trim() {
                "" => {}
                text => expect.push((what, text.into())),
            },
            (Some(Ok(_)), _) => wrong.push(format!("has a {name} that is no text; put it in quotes")),
            (Some(Err(reason)), _) => wrong.push(format!("has a member that {reason}")),
        }
    }
    let text = |name: &str| members.get(name).and_then(Value::as_str).map(str::trim);
    let name = text("provider").or(text("key")).filter(|name| takes_secret(name));
    if let (Some(name), Some(secret), true) = (name, text("secret"), wrong.is_empty()) {
        return into.take_secret(number, name, secret, expect);
    }
    let key = match members.get("key") {
        Some(Value::String(key)) => Some(key),
        Some(_) => {
            wrong.push("has a member \"key\" that is no text; put it in quotes".to_owned());
            None
        }
        None => {
            wrong.push("has no member \"key\"; give PROVIDER:KEY".to_owned());
            None
        }
    };
    match key {
        Some(key) if wrong.is_empty() => into.take(number, key, expect),
        _ => {
            for reason in wrong {
                into.refuse(number, reason);
            }
        }
    }
}
