//! The rules of a description: which answer means what. What could call a live key dead is refused here.

use serde_json::{Map, Value};

use super::{Reading, label, leak, leak_text};
use crate::outcome::{Disposition, ErrorKind, Evidence, KeyState};
use crate::probe::{ProbeRule, accepted, refused};
use crate::verdict::{
    ALREADY_REVOKED, Expect, MISDIRECTED, Meaning, Member, NOT_FOUND, REVOKED, REVOKED_INFERRED, Rule,
    UNAUTHENTICATED, WRONG_OBJECT, on,
};

/// What a rule may say.
const MEANINGS: &[(&str, Meaning)] = &[
    ("revoked", REVOKED),
    ("revoked_inferred", REVOKED_INFERRED),
    ("already_revoked", ALREADY_REVOKED),
    ("not_found", NOT_FOUND),
    ("unauthenticated", UNAUTHENTICATED),
    (
        "permission_denied",
        Meaning::Not(ErrorKind::PermissionDenied, KeyState::Live),
    ),
    ("misdirected", MISDIRECTED),
    ("rejected", Meaning::Not(ErrorKind::Rejected, KeyState::Live)),
    ("wrong_object", WRONG_OBJECT),
    ("pending", Meaning::Not(ErrorKind::Pending, KeyState::Unknown)),
    (
        "unknown",
        Meaning::Not(ErrorKind::UnexpectedAnswer, KeyState::Unknown),
    ),
];

/// Does the body say something that a captive portal, a proxy or another service would not say too?
pub(super) fn tells(expect: &Expect) -> bool {
    tells_more_than_the_id(expect) || holds(expect, |member| matches!(member, Member::IsParameter(..)))
}

/// Does it say more than which key it is of?
fn tells_more_than_the_id(expect: &Expect) -> bool {
    tells_a_state(expect) || holds(expect, |member| matches!(member, Member::HoldsOnly(..)))
}

/// Does the body of a key say what has become of it?
pub(super) fn tells_a_state(expect: &Expect) -> bool {
    holds(expect, |member| {
        matches!(member, Member::Is(..) | Member::IsBool(..))
    })
}

/// Is there such a condition, here or within an object? Descriptions have no XML.
fn holds(expect: &Expect, is_such: fn(&Member) -> bool) -> bool {
    fn any(members: &[Member], is_such: fn(&Member) -> bool) -> bool {
        members.iter().any(|member| match member {
            Member::In(_, members) => any(members, is_such),
            member => is_such(member),
        })
    }
    matches!(expect, Expect::Object(members) if any(members, is_such))
}

pub(super) fn tells_an_earlier_death(rule: &Rule) -> bool {
    matches!(rule.meaning, Meaning::Dead(Disposition::AlreadyRevoked, _))
}

/// Why a rule would be wrong, if it would.
fn objection(status: u16, body: &Expect, meaning: Meaning) -> Option<&'static str> {
    let success = (200..300).contains(&status);
    match meaning {
        Meaning::Dead(..) if status == 202 => Some("202 says that something is still to be done"),
        Meaning::Dead(Disposition::Revoked, evidence) => match status {
            204 | 205 if *body == Expect::Anything => None,
            204 | 205 => Some("this status has no body"),
            _ if !success => Some("only a success can say that the key died by this request"),
            _ if tells(body) || (*body == Expect::EmptyObject && evidence == Evidence::InferredAnswer) => {
                None
            }
            _ => Some("a death by this status needs a body that only this provider gives"),
        },
        Meaning::Dead(..) => match status {
            404 => Some(
                "404 is said of a mistyped id too; give it as `missing`, for keys that are known to have existed",
            ),
            200..=299 | 400 | 409 | 410 | 422 if matches!(status, 204 | 205) || !tells(body) => {
                Some("an earlier death needs a body that only this provider gives")
            }
            // A key that lives is named by these as well.
            400 | 409 | 422 if !tells_more_than_the_id(body) => {
                Some("an earlier death needs a body that says more than which key it is of")
            }
            200..=299 | 400 | 409 | 410 | 422 => None,
            _ => Some("this status says nothing of a key"),
        },
        Meaning::Not(_, KeyState::Live) => match status {
            400 | 401 | 403 | 405 | 422 | 429 => None,
            404 | 409 | 410 | 412 | 415 | 421 | 423 | 424 | 428 if tells(body) => None,
            _ => Some("after this answer the key may be dead"),
        },
        Meaning::Not(..) if success || (400..500).contains(&status) => None,
        Meaning::Not(..) => Some("this status is not the provider's to explain"),
    }
}

impl Reading {
    pub(super) fn rules(&mut self, value: Option<&Value>) -> &'static [Rule] {
        let entries = self.entries("rules", value);
        let mut rules: Vec<Rule> = Vec::new();
        for (place, entry) in entries {
            let Some(members) = self.object(&place, entry, &["status", "body", "means", "source", "read"])
            else {
                continue;
            };
            let (status, body, source) = self.line(&place, members);
            let words: Vec<&str> = MEANINGS.iter().map(|(word, _)| *word).collect();
            let remedy = format!("give one of: {}", words.join(", "));
            let word = self.required(&format!("{place} means"), members.get("means"), &remedy);
            let meaning = word.and_then(|word| MEANINGS.iter().find(|(known, _)| *known == word));
            if word.is_some() && meaning.is_none() {
                self.refuse(&format!("{place} means"), "is not known", remedy);
            }
            let (Some(status), Some((_, meaning))) = (status, meaning) else {
                continue;
            };
            if let Some(reason) = objection(status, &body, *meaning) {
                self.refuse(
                    &place,
                    format!("cannot be relied on: {reason}"),
                    "say what the provider documents, or leave the rule out",
                );
            }
            if rules
                .iter()
                .any(|rule| rule.status == status && [Expect::Anything, body].contains(&rule.body))
            {
                self.refuse(
                    &place,
                    "is never reached: a rule before it takes the same answers",
                    "leave it out, or put it first",
                );
            }
            rules.push(on(status, *meaning).with(body).source(source));
        }
        let dies = |rule: &Rule| matches!(rule.meaning, Meaning::Dead(Disposition::Revoked, _));
        if !rules.iter().any(dies) && self.problems.is_empty() {
            self.refuse(
                "rules",
                "never say that a key was revoked",
                "give the documented success, with `means = \"revoked\"`",
            );
        }
        leak(rules)
    }

    pub(super) fn probe_rules(&mut self, value: Option<&Value>) -> &'static [ProbeRule] {
        let mut rules = Vec::new();
        for (place, entry) in self.entries("probe rules", value) {
            let Some(members) = self.object(&place, entry, &["status", "body", "means", "source", "read"])
            else {
                continue;
            };
            let (status, body, source) = self.line(&place, members);
            let word = self.required(
                &format!("{place} means"),
                members.get("means"),
                "give one of: accepted, refused",
            );
            let (Some(status), Some(word)) = (status, word) else {
                continue;
            };
            // A refusal can stand for a death, and gateways refuse too.
            match (word, status) {
                ("accepted", 200..=299) | ("refused", 401 | 403) if tells(&body) => {
                    let rule = if word == "accepted" { accepted } else { refused };
                    rules.push(rule(status, body, source));
                }
                ("accepted" | "refused", _) => self.refuse(
                    &place,
                    "cannot be relied on: others than the provider answer so too",
                    "give accepted by a 2xx and refused by 401 or 403, each with a body that only this provider gives",
                ),
                _ => self.refuse(&format!("{place} means"), "is not known", "give one of: accepted, refused"),
            }
        }
        leak(rules)
    }

    fn entries<'a>(&mut self, place: &str, value: Option<&'a Value>) -> Vec<(String, &'a Value)> {
        match value {
            Some(Value::Array(entries)) if !entries.is_empty() => {
                let numbered = entries.iter().enumerate();
                numbered
                    .map(|(index, entry)| (format!("{place}[{index}]"), entry))
                    .collect()
            }
            _ => {
                self.refuse(
                    place,
                    "is missing, or no list",
                    "give what each documented status means",
                );
                Vec::new()
            }
        }
    }

    /// Status, body and source, which every rule has.
    fn line(&mut self, place: &str, members: &Map<String, Value>) -> (Option<u16>, Expect, &'static str) {
        let status = members.get("status").and_then(Value::as_u64);
        let status = status
            .and_then(|status| u16::try_from(status).ok())
            .filter(|status| (200..600).contains(status));
        if status.is_none() {
            self.refuse(
                &format!("{place} status"),
                "is no HTTP status from 200 to 599",
                "give the number",
            );
        }
        let body = match members.get("body") {
            None => Expect::Anything,
            body => self.expect(&format!("{place} body"), body),
        };
        (status, body, self.source(place, members))
    }

    /// Where the fact was read, and when.
    pub(super) fn source(&mut self, place: &str, members: &Map<String, Value>) -> &'static str {
        let source = self.required(
            &format!("{place} source"),
            members.get("source"),
            "say where it is written",
        );
        let read = match members.get("read") {
            // A date of TOML without quotes.
            Some(Value::Object(date)) if date.len() == 1 => date.values().next(),
            read => read,
        };
        let read = self.required(
            &format!("{place} read"),
            read,
            "give the day on which it was read, such as 2026-11-22",
        );
        let (Some(source), Some(read)) = (source, read) else {
            return super::NOT_STATED;
        };
        if !crate::facts::is_date(read) {
            self.refuse(
                &format!("{place} read"),
                "is no day or month",
                "give it as 2026-11-22 or 2026-11",
            );
        }
        leak_text(format!("{source}, read {read}"))
    }

    /// What a body must be: a table of members and their values. `{id}` stands for the key's id, `<text>`, `<list>`,
    /// `<object>` for anything of that kind, `<null or past>` for null or a time in the past.
    pub(super) fn expect(&mut self, place: &str, value: Option<&Value>) -> Expect {
        match value {
            Some(Value::Object(members)) if members.is_empty() => Expect::EmptyObject,
            Some(Value::Object(members)) => Expect::Object(self.members(place, members)),
            _ => {
                self.refuse(
                    place,
                    "is no table",
                    "give the members that tell, such as { status = \"revoked\" }",
                );
                Expect::Anything
            }
        }
    }

    fn members(&mut self, place: &str, members: &Map<String, Value>) -> &'static [Member] {
        let mut conditions = Vec::new();
        for (member, value) in members {
            let place = format!("{place} {}", label(member));
            let name = leak_text(member);
            let condition = match value {
                Value::Bool(truth) => Some(Member::IsBool(name, *truth)),
                Value::Number(number) => number.as_u64().map(|number| Member::IsNumber(name, number)),
                Value::Null => Some(Member::IsNull(name)),
                Value::Array(list) => match list.as_slice() {
                    [] => Some(Member::IsEmpty(name)),
                    [Value::String(text)] if text.starts_with('{') => {
                        self.parameter(&place, text).map(|id| Member::HoldsOnly(name, id))
                    }
                    _ => None,
                },
                Value::Object(inner) if inner.is_empty() => Some(Member::IsObject(name)),
                Value::Object(inner) => Some(Member::In(name, self.members(&place, inner))),
                Value::String(text) => match text.as_str() {
                    "<text>" => Some(Member::IsText(name)),
                    "<list>" => Some(Member::IsList(name)),
                    "<object>" => Some(Member::IsObject(name)),
                    "<null>" => Some(Member::IsNull(name)),
                    "<null or past>" => Some(Member::NullOrPast(name)),
                    "<past>" => Some(Member::IsPastTime(name)),
                    text if text.starts_with('<') || text.is_empty() => None,
                    text => match self.parameter(&place, text) {
                        Some(id) => Some(Member::IsParameter(name, id)),
                        None => Some(Member::Is(name, leak_text(text))),
                    },
                },
            };
            match condition {
                Some(condition) => conditions.push(condition),
                None => self.refuse(
                    &place,
                    "is not what a body can be compared with",
                    "give a text, true, false, a whole number, [], {id}, [\"{id}\"], a table, <text>, <list>, <object>, <null>, <past> or <null or past>",
                ),
            }
        }
        leak(conditions)
    }
}
