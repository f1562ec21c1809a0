//! The look-ups of a description: where keys are listed, where one is looked up, and what their entries say.

use serde_json::{Map, Value};

use super::{Reading, label, leak, operation, rules};
use crate::described::IdForm;
use crate::described::looks::{Entry, LIST, List, Looks, Pages, States};
use crate::key_info::KeyStatus;
use crate::lookup::FIND;
use crate::verdict::{Expect, Member};
use crate::wire::Operation;

const LIST_MEMBERS: [&str; 12] = [
    "path", "query", "items", "bare", "whole", "cursor", "page", "offset", "more", "total", "source", "read",
];

const KEY_MEMBERS: [&str; 9] = [
    "ids",
    "state",
    "name",
    "owner",
    "hint",
    "created_at",
    "expires_at",
    "last_used_at",
    "revoked_at",
];

/// The states that a description may tell apart.
const STATES: [(&str, KeyStatus); 4] = [
    ("active", KeyStatus::Active),
    ("inactive", KeyStatus::Inactive),
    ("revoked", KeyStatus::Revoked),
    ("expired", KeyStatus::Expired),
];

/// Where a look-up was read about: its operation, what it says, and its source.
pub(crate) type Source = (&'static str, String, &'static str);

impl Reading {
    pub(super) fn looks(
        &mut self,
        members: &Map<String, Value>,
        ids: &[(&'static str, IdForm)],
    ) -> (Looks, Vec<Operation>, Vec<Source>) {
        let mut looks = Looks::default();
        let (mut operations, mut sources) = (Vec::new(), Vec::new());
        if let Some(value) = members.get("list")
            && let Some(given) = self.object("list", value, &LIST_MEMBERS)
        {
            let (path, within) = self.path_of_look("list", given, ids);
            let list = self.list(given, within);
            let own = match list.pages {
                Pages::Whole => None,
                Pages::Cursor { query, .. } | Pages::Number { query, .. } | Pages::Offset { query } => {
                    Some(query)
                }
            };
            let query = list.query.iter().map(|(name, _)| *name).chain(own).collect();
            operations.push(Operation {
                query: leak(query),
                ..operation(LIST, "GET", path, false)
            });
            sources.push((LIST, format!("GET {path}"), self.source("list", given)));
            looks.list = Some(list);
        }
        if let Some(value) = members.get("find")
            && let Some(given) = self.object("find", value, &["path", "item", "source", "read"])
        {
            let (path, _) = self.path_of_look("find", given, ids);
            operations.push(operation(FIND, "GET", path, false));
            sources.push((FIND, format!("GET {path}"), self.source("find", given)));
            looks.find = Some(
                self.member_path("find item", given.get("item"))
                    .unwrap_or_default(),
            );
        }
        // What an answer does not say of a key is known from the path that was asked for, but not the key's own id.
        let asked = looks.list.as_ref().map(|list| list.within);
        let of_one = operations.iter().find(|look| look.name == FIND).map(|look| {
            let named = ids.iter().filter(|(id, _)| names(look, id));
            named.map(|(id, _)| *id).collect::<Vec<_>>()
        });
        let own = of_one.as_ref().and_then(|named| named.last().copied());
        let last = ids.last().map(|(id, _)| *id);
        let is_read = |id: &str| match (asked, &of_one) {
            (Some(asked), _) => !asked.contains(&id) || last == Some(id),
            (None, Some(named)) => own == Some(id) || !named.contains(&id),
            (None, None) => false,
        };
        let read = ids.iter().map(|(id, _)| *id).filter(|id| is_read(id)).collect();
        if operations.is_empty() && !members.contains_key("key") {
            return (looks, operations, sources);
        }
        if ids.iter().any(|(_, form)| *form == IdForm::Secret) {
            self.refuse(
                "list or find",
                "goes by ids, and the keys have none",
                "leave it out; probe tells whether a secret is accepted",
            );
        }
        looks.entry = self.entry(members.get("key"), ids, read);
        if operations.is_empty() {
            self.refuse("key", "describes entries of nothing", "give list, find, or both");
        }
        for look in &operations {
            let mapped = |id: &str| looks.entry.ids.iter().any(|(known, _)| *known == id);
            let is_own = |id: &str| look.name == FIND && own == Some(id);
            let unread = |id: &str| !mapped(id) && (is_own(id) || !names(look, id));
            for (id, _) in ids.iter().filter(|(id, _)| unread(id)) {
                self.refuse(
                    &format!("{} {}", look.name, label(id)),
                    "is an id that an answer has to hold, and is not said to",
                    "say in key.ids which member holds it",
                );
            }
        }
        let is_bare = looks.list.as_ref().is_some_and(|list| list.bare);
        if is_bare && (looks.find.is_some() || !matches!(looks.entry.states, States::AllActive)) {
            self.refuse(
                "list bare",
                "goes neither with find nor with states",
                "give key.state = \"active\" and no find: an entry is its id alone",
            );
        }
        (looks, operations, sources)
    }

    /// The path of a look-up, and the ids in it.
    fn path_of_look(
        &mut self,
        place: &str,
        given: &Map<String, Value>,
        ids: &[(&'static str, IdForm)],
    ) -> (&'static str, &'static [&'static str]) {
        let place = format!("{place} path");
        let path = self.required(
            &place,
            given.get("path"),
            "give the path of a GET that changes nothing",
        );
        let path = path.unwrap_or("/");
        let mut within = Vec::new();
        for name in self.parameters(&place, path) {
            match ids.iter().find(|(id, _)| *id == name) {
                Some((id, _)) => within.push(*id),
                None => self.refuse(
                    &format!("{place} {{{}}}", label(&name)),
                    "is not among the ids",
                    "name the key's own ids, or plain segments",
                ),
            }
        }
        (path, leak(within))
    }

    fn list(&mut self, given: &Map<String, Value>, within: &'static [&'static str]) -> List {
        let items = self
            .member_path("list items", given.get("items"))
            .unwrap_or_default();
        let pages = self.pages(given);
        let list = List {
            within,
            query: self.query("list query", given.get("query")),
            items,
            bare: self.truth("list bare", given.get("bare")),
            total: self.member_path("list total", given.get("total")),
            pages,
            more: self.member_path("list more", given.get("more")),
        };
        let reads = list.total.is_some() || list.more.is_some() || matches!(pages, Pages::Cursor { .. });
        if items.is_empty() && reads {
            self.refuse(
                "list",
                "reads members of an answer that is the list itself",
                "say in items where the list is, or end it by an empty page",
            );
        }
        if pages == Pages::Whole && list.more.is_some() {
            self.refuse("list more", "does not go with whole", "say how the list goes on");
        }
        list
    }

    /// How the list goes on. Nothing is taken for its end unless that is described.
    fn pages(&mut self, given: &Map<String, Value>) -> Pages {
        const FORMS: &str = "give one of: whole = true, cursor = { query, member }, page = { query, first }, offset = { query }";
        let ways = ["whole", "cursor", "page", "offset"];
        let mut ways = ways.into_iter().filter_map(|way| Some((way, given.get(way)?)));
        let (Some((way, value)), None) = (ways.next(), ways.next()) else {
            self.refuse("list", "does not say in one way where it ends", FORMS);
            return Pages::Whole;
        };
        let place = format!("list {way}");
        if way == "whole" {
            if !self.truth(&place, Some(value)) {
                self.refuse(&place, "is not true", FORMS);
            }
            return Pages::Whole;
        }
        let known: &[&str] = match way {
            "cursor" => &["query", "member"],
            "page" => &["query", "first"],
            _ => &["query"],
        };
        let Some(members) = self.object(&place, value, known) else {
            return Pages::Whole;
        };
        let query = self.query_name(&format!("{place} query"), members.get("query"));
        match way {
            "cursor" => {
                let member = self.member_path(&format!("{place} member"), members.get("member"));
                if member.is_none() {
                    self.refuse(&place, "has no member", FORMS);
                }
                let member = member.unwrap_or_default();
                Pages::Cursor { query, member }
            }
            "page" => {
                let first = members.get("first").map_or(Some(1), Value::as_u64);
                if first.is_none_or(|first| first > 1) {
                    self.refuse(&place, "begins neither with 0 nor with 1", FORMS);
                }
                let first = first.unwrap_or(1);
                Pages::Number { query, first }
            }
            _ => Pages::Offset { query },
        }
    }

    fn query_name(&mut self, place: &str, value: Option<&Value>) -> &'static str {
        let name = self.required(place, value, "give the name of a parameter of the query");
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "_-.[]".contains(c);
        match name {
            Some(name) if name.chars().all(is_plain) => name,
            Some(_) => {
                self.refuse(
                    place,
                    "is no plain name",
                    "give letters, digits, -, _, ., [ and ]",
                );
                ""
            }
            None => "",
        }
    }

    fn query(&mut self, place: &str, value: Option<&Value>) -> &'static [(&'static str, &'static str)] {
        let Some(value) = value else { return &[] };
        let Some(given) = value.as_object() else {
            self.refuse(place, "is no table", "give names and texts");
            return &[];
        };
        let mut pairs = Vec::new();
        for (name, value) in given {
            let place = format!("{place} {}", label(name));
            let name = self.query_name(&place, Some(&Value::String(name.clone())));
            if let Some(text) = self.text(&place, Some(value)) {
                pairs.push((name, text));
            }
        }
        leak(pairs)
    }

    /// A member, or one within others, such as `data.keys`.
    fn member_path(&mut self, place: &str, value: Option<&Value>) -> Option<&'static str> {
        let path = self.text(place, value)?;
        if path.split('.').any(str::is_empty) {
            self.refuse(
                place,
                "is no member",
                "give its name, with those around it: data.keys",
            );
        }
        Some(path)
    }

    /// `read` are the ids that an entry holds, by their own names where nothing else is said.
    fn entry(
        &mut self,
        value: Option<&Value>,
        ids: &[(&'static str, IdForm)],
        read: Vec<&'static str>,
    ) -> Entry {
        let empty = Map::new();
        let given = value.and_then(|value| self.object("key", value, &KEY_MEMBERS));
        let given = given.unwrap_or(&empty);
        let mut mapped: Vec<(&'static str, &'static str)> = Vec::new();
        if let Some(value) = given.get("ids") {
            let names: Vec<&str> = ids.iter().map(|(id, _)| *id).collect();
            for (name, member) in self.object("key ids", value, &names).into_iter().flatten() {
                let member = self.member_path(&format!("key ids {}", label(name)), Some(member));
                let known = ids.iter().find(|(id, _)| id == name);
                mapped.extend(known.map(|(id, _)| *id).zip(member));
            }
        }
        for id in read {
            if mapped.iter().all(|(known, _)| *known != id) {
                mapped.push((id, id));
            }
        }
        let mut member = |name: &str| self.member_path(&format!("key {name}"), given.get(name));
        Entry {
            name: member("name"),
            owner: member("owner"),
            hint: member("hint"),
            created_at: member("created_at"),
            expires_at: member("expires_at"),
            last_used_at: member("last_used_at"),
            revoked_at: member("revoked_at"),
            ids: leak(mapped),
            states: self.states(given.get("state")),
        }
    }

    fn states(&mut self, value: Option<&Value>) -> States {
        let value = match value {
            None => {
                self.refuse(
                    "key state",
                    "is missing",
                    "give \"active\" where all that is listed works, or what tells the states apart",
                );
                return States::AllActive;
            }
            Some(Value::String(text)) if text == "active" => return States::AllActive,
            Some(value) => value,
        };
        let words = STATES.map(|(word, _)| word);
        let Some(given) = self.object("key state", value, &words) else {
            return States::AllActive;
        };
        let mut states = Vec::new();
        for (word, status) in STATES {
            let place = format!("key state {word}");
            let Some(body) = given.get(word) else { continue };
            let body = self.expect(&place, Some(body));
            // What is missing, null or of some type says that nothing died, and its id is every key's. One that is inactive
            // is dead too, where a revocation can be undone.
            let sound = match status {
                KeyStatus::Revoked | KeyStatus::Inactive => {
                    rules::tells_a_state(&body) || tells_a_time(&body)
                }
                KeyStatus::Expired => rules::tells_a_state(&body),
                _ => true,
            };
            if !sound {
                self.refuse(
                    &place,
                    "could be said of a key that lives",
                    "give a member and the text, truth value or time that tells",
                );
            }
            states.push((status, body));
        }
        States::Told(leak(states))
    }
}

/// Does the path of a look-up name this id?
fn names(look: &Operation, id: &str) -> bool {
    look.path.contains(&format!("{{{id}}}"))
}

fn tells_a_time(body: &Expect) -> bool {
    matches!(body, Expect::Object(members) if members.iter().any(|member| matches!(member, Member::IsPastTime(_))))
}
