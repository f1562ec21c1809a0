//! The fake of a described provider: it answers as the description's own rules have it.

use serde_json::{Map, Value, json};

use super::{Asked, Case, FakeOf, Issued, Reply};
use crate::credential::Form;
use crate::described::{Description, IdForm};
use crate::outcome::{Disposition, ErrorKind};
use crate::verdict::{Expect, Meaning, Member};

/// The fake of a described provider.
pub(crate) fn described(description: &'static Description) -> FakeOf {
    FakeOf {
        base_path: "",
        credentials: match description.about.credentials.first() {
            Some(Form::Basic | Form::KeyPair(..)) => &["fake-administrator:fake-password"],
            _ => &["fake-administrator"],
        },
        key: Box::new(|number| key(description, number)),
        answer: Box::new(|case, parameters| answer(description, case, parameters)),
        secret: Box::new(|number| match description.about.credentials.first() {
            Some(Form::Basic | Form::KeyPair(..)) => format!("fake-key:fake-secret-{number:08x}"),
            _ => format!("fake-secret-{number:08x}"),
        }),
        scheduled: |_, _| None,
        look_up: Box::new(|asked, keys| look_up(description, asked, keys)),
    }
}

fn key(description: &Description, number: u64) -> String {
    let last = description.ids.len().saturating_sub(1);
    let parts = description.ids.iter().enumerate().map(|(index, (name, form))| {
        // Keys of one owner differ in their last part alone.
        let number = if index == last { number } else { 1 };
        match form {
            IdForm::Text => format!("{name}-fa4e{number}"),
            IdForm::Uuid => format!("fa4e0000-0000-4000-8000-{number:012x}"),
            IdForm::Integer => number.to_string(),
        }
    });
    parts.collect::<Vec<_>>().join("/")
}

fn answer(description: &Description, case: Case, parameters: &[(&'static str, String)]) -> Reply {
    let about = &description.about;
    let by = |wanted: &dyn Fn(Meaning) -> bool| {
        let rule = about.rules.iter().find(|rule| wanted(rule.meaning));
        rule.map(|rule| reply(rule.status, &rule.body, parameters))
    };
    let dead =
        |wanted| by(&|meaning| matches!(meaning, Meaning::Dead(disposition, _) if disposition == wanted));
    let not = |wanted| by(&|meaning| matches!(meaning, Meaning::Not(kind, _) if kind == wanted));
    let missing = || match about.missing.0 {
        Some(body) => reply(404, &body, parameters),
        None => Reply::new(404).with_json(json!({ "message": "no such key" })),
    };
    match case {
        Case::Revoked => dead(Disposition::Revoked).unwrap_or_else(missing),
        Case::Again => dead(Disposition::AlreadyRevoked)
            .or_else(|| dead(Disposition::Revoked).filter(|_| about.reversible))
            .or_else(|| not(ErrorKind::NotFound))
            .unwrap_or_else(missing),
        Case::Unknown => not(ErrorKind::NotFound).unwrap_or_else(missing),
        Case::Unauthenticated => {
            let refused = description.probe_rules.iter().find(|rule| !rule.accepted);
            let refused = refused.map(|rule| reply(rule.status, &rule.body, parameters));
            let other = || Reply::new(401).with_json(json!({ "message": "the credential is not accepted" }));
            not(ErrorKind::Unauthenticated).or(refused).unwrap_or_else(other)
        }
    }
}

fn look_up(description: &Description, _asked: &Asked, _keys: &[Issued]) -> Option<Reply> {
    let accepted = description.probe_rules.iter().find(|rule| rule.accepted)?;
    Some(reply(accepted.status, &accepted.body, &[]))
}

/// An answer that fits.
fn reply(status: u16, body: &Expect, parameters: &[(&'static str, String)]) -> Reply {
    let reply = Reply::new(status);
    match body {
        Expect::Anything if matches!(status, 204 | 205) => reply,
        Expect::Anything => reply.with_json(json!({ "message": "as described" })),
        Expect::NoBody => reply,
        Expect::EmptyObject => reply.with_json(json!({})),
        // Descriptions have none.
        #[cfg(feature = "aws")]
        Expect::Xml(_) => reply,
        Expect::Object(members) => {
            let mut body = object(members, parameters);
            if status >= 400 && body.get("message").is_none() {
                body["message"] = json!("as described");
            }
            reply.with_json(body)
        }
    }
}

fn object(members: &[Member], parameters: &[(&'static str, String)]) -> Value {
    let id = |wanted: &str| {
        parameters
            .iter()
            .find(|(name, _)| *name == wanted)
            .map(|(_, value)| value.clone())
    };
    let value = |member: &Member| match member {
        Member::Is(name, text) => (*name, json!(text)),
        Member::IsBool(name, truth) => (*name, json!(truth)),
        Member::IsText(name) => (*name, json!("fake")),
        Member::IsList(name) | Member::IsEmpty(name) => (*name, json!([])),
        Member::IsZero(name) => (*name, json!(0)),
        Member::IsObject(name) => (*name, json!({})),
        Member::In(name, members) => (*name, object(members, parameters)),
        Member::IsParameter(name, parameter) => (*name, json!(id(parameter))),
        Member::HoldsOnly(name, parameter) => (*name, json!([id(parameter)])),
        Member::NullOrPast(name) => (*name, Value::Null),
        // Descriptions have no other.
        _ => ("other", Value::Null),
    };
    let members: Map<String, Value> = members
        .iter()
        .map(value)
        .map(|(name, value)| (name.to_owned(), value))
        .collect();
    Value::Object(members)
}
