//! The fake of a described provider: it answers as the description's own rules have it.

use serde_json::{Map, Value, json};

use super::{Asked, Case, FakeOf, Issued, Reply, slice};
use crate::credential::Form;
use crate::described::looks::{LIST, Looks, Pages, States};
use crate::described::{Description, IdForm, PROBE};
use crate::key_info::KeyStatus;
use crate::lookup::FIND;
use crate::outcome::{Disposition, ErrorKind};
use crate::provider::KeyParts;
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
        secret: Box::new(|number| secret(description, number)),
        scheduled: |_, _| None,
        look_up: Box::new(move |asked, keys| look_up(description, asked, keys)),
    }
}

fn secret(description: &Description, number: u64) -> String {
    match description.about.credentials.first() {
        Some(Form::Basic | Form::KeyPair(..)) => format!("fake-key:fake-secret-{number:08x}"),
        _ => format!("fake-secret-{number:08x}"),
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
            IdForm::Secret => secret(description, number),
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

/// How many entries a page of a list has, so that few keys are several pages.
const ENTRIES_A_PAGE: usize = 2;

fn look_up(description: &'static Description, asked: &Asked, keys: &[Issued]) -> Option<Reply> {
    match asked.operation {
        PROBE => probe(description),
        FIND => Some(find(description, asked, keys)),
        LIST => list(description, asked, keys),
        _ => None,
    }
}

/// The keys of which something was asked, and their entries: of the living, and of the dead where entries tell them.
fn entries<'a>(
    description: &'static Description,
    asked: &Asked,
    keys: &'a [Issued],
) -> Vec<(&'a Issued, Value)> {
    let entries = keys.iter().filter_map(|issued| {
        let parameters = KeyParts::parameters(&description.key(&issued.key).ok()?);
        let is_asked =
            |(name, value): &(&str, String)| asked.parameter(name).is_none_or(|asked| asked == value);
        let entry = entry(description, issued, &parameters)?;
        parameters.iter().all(is_asked).then_some((issued, entry))
    });
    entries.collect()
}

fn entry(
    description: &'static Description,
    issued: &Issued,
    parameters: &[(&'static str, String)],
) -> Option<Value> {
    let is_reversible = description.about.reversible;
    let is_told = |status: KeyStatus| match (issued.live, status) {
        (true, status) => status == KeyStatus::Active,
        (false, KeyStatus::Revoked) => true,
        (false, status) => status == KeyStatus::Inactive && is_reversible,
    };
    let form = &description.looks.entry;
    let mut entry = match form.states {
        States::Told(states) => {
            let (_, body) = states.iter().find(|(status, _)| is_told(*status))?;
            match body {
                Expect::Object(members) => object(members, parameters),
                _ => json!({}),
            }
        }
        _ if issued.live => json!({}),
        _ => return None,
    };
    for (id, path) in form.ids {
        let (_, value) = parameters.iter().find(|(name, _)| name == id)?;
        put(&mut entry, path, json!(value));
    }
    let texts = [form.name, form.owner].map(|path| (path, json!("fake")));
    let times = [
        form.created_at,
        form.expires_at,
        form.last_used_at,
        form.revoked_at,
    ];
    let others = times
        .into_iter()
        .chain([form.hint])
        .map(|path| (path, Value::Null));
    for (path, value) in texts.into_iter().chain(others) {
        let pointer = path.map(|path| format!("/{}", path.replace('.', "/")));
        // What tells the state stays as it is.
        if let (Some(path), Some(None)) = (path, pointer.map(|pointer| entry.pointer(&pointer))) {
            put(&mut entry, path, value);
        }
    }
    Some(entry)
}

/// Puts a value where a path such as `data.keys` says.
fn put(object: &mut Value, path: &str, value: Value) {
    let (outer, member) = path.rsplit_once('.').unwrap_or(("", path));
    let outer = outer.split('.').filter(|member| !member.is_empty());
    let inside = outer.fold(object, |object, member| {
        if !object[member].is_object() {
            object[member] = json!({});
        }
        &mut object[member]
    });
    inside[member] = value;
}

fn find(description: &'static Description, asked: &Asked, keys: &[Issued]) -> Reply {
    match entries(description, asked, keys).pop() {
        None => answer(description, Case::Unknown, &asked.parameters),
        Some((_, entry)) => Reply::new(200).with_json(match description.looks.find {
            None | Some("") => entry,
            Some(path) => {
                let mut body = json!({});
                put(&mut body, path, entry);
                body
            }
        }),
    }
}

fn list(description: &'static Description, asked: &Asked, keys: &[Issued]) -> Option<Reply> {
    let Looks { list: Some(list), .. } = &description.looks else {
        return None;
    };
    let all = entries(description, asked, keys);
    let mut body = json!({});
    let from = |query, first: usize| asked.number(query).unwrap_or(first);
    let (shown, is_last) = match list.pages {
        Pages::Whole => (all.as_slice(), true),
        Pages::Cursor { query, member } => {
            let (shown, next) = asked.page_after(query, &all, ENTRIES_A_PAGE);
            put(&mut body, member, json!(next));
            (shown, next.is_none())
        }
        Pages::Number { query, first } => {
            let first = usize::try_from(first).unwrap_or_default();
            let before = from(query, first).saturating_sub(first) * ENTRIES_A_PAGE;
            slice(&all, before, ENTRIES_A_PAGE)
        }
        Pages::Offset { query } => slice(&all, from(query, 0), ENTRIES_A_PAGE),
    };
    let shown = shown.iter().map(|(issued, entry)| match list.bare {
        true => json!(issued.key.rsplit('/').next()),
        false => entry.clone(),
    });
    let shown: Vec<Value> = shown.collect();
    for (member, value) in [(list.total, json!(all.len())), (list.more, json!(!is_last))] {
        if let Some(member) = member {
            put(&mut body, member, value);
        }
    }
    Some(match list.items {
        "" => Reply::new(200).with_json(shown),
        path => {
            put(&mut body, path, json!(shown));
            Reply::new(200).with_json(body)
        }
    })
}

fn probe(description: &Description) -> Option<Reply> {
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
        Member::NullOrPast(name) | Member::IsNull(name) => (*name, Value::Null),
        Member::IsNumber(name, number) => (*name, json!(number)),
        Member::IsPastTime(name) => (*name, json!("2026-11-22T10:00:00Z")),
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
