//! Where a described provider shows its keys, and how what it shows is read. It goes through the inventory of all others: a
//! list that does not say where it ends has not ended.

use std::time::SystemTime;

use super::{Description, Key};
use crate::key::KeyRef;
use crate::key_info::{KeyInfo, KeyStatus};
use crate::lookup::{FIND, Lookup, Page, Reading};
use crate::verdict::Expect;

/// The operation that lists keys.
pub(crate) const LIST: &str = "list";

/// What a description says of look-ups.
#[derive(Debug, Default)]
pub(crate) struct Looks {
    pub(crate) list: Option<List>,
    /// Where in the answer about one key that key is; empty where it is the answer.
    pub(crate) find: Option<&'static str>,
    pub(crate) entry: Entry,
}

/// A list of keys.
#[derive(Debug)]
pub(crate) struct List {
    /// The ids in its path: whose keys it lists.
    pub(crate) within: &'static [&'static str],
    /// What is always in its query.
    pub(crate) query: &'static [(&'static str, &'static str)],
    /// Where in the answer the list is; empty where it is the answer.
    pub(crate) items: &'static str,
    /// Are its entries ids, and no objects?
    pub(crate) bare: bool,
    pub(crate) total: Option<&'static str>,
    pub(crate) pages: Pages,
    /// The member that says whether there are more.
    pub(crate) more: Option<&'static str>,
}

/// How a list goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pages {
    /// One answer is all of it.
    Whole,
    /// By what a member of the answer says, put into the query under this name.
    Cursor {
        query: &'static str,
        member: &'static str,
    },
    /// By the number of the page, until one is empty.
    Number { query: &'static str, first: u64 },
    /// By how many entries are passed over, until none follow.
    Offset { query: &'static str },
}

/// Which members of an entry say what.
#[derive(Debug, Default)]
pub(crate) struct Entry {
    /// Ids and their members; the others are in the path that was asked for.
    pub(crate) ids: &'static [(&'static str, &'static str)],
    pub(crate) states: States,
    pub(crate) name: Option<&'static str>,
    pub(crate) owner: Option<&'static str>,
    /// What is shown of the secret.
    pub(crate) hint: Option<&'static str>,
    pub(crate) created_at: Option<&'static str>,
    pub(crate) expires_at: Option<&'static str>,
    pub(crate) last_used_at: Option<&'static str>,
    pub(crate) revoked_at: Option<&'static str>,
}

/// What an entry says of its key's state.
#[derive(Debug, Default)]
pub(crate) enum States {
    /// What is there works.
    #[default]
    AllActive,
    Told(&'static [(KeyStatus, Expect)]),
}

impl Description {
    /// The list of all keys; none where it is one of a part, which a key names.
    pub(crate) fn list_of_all(&self) -> Vec<Lookup> {
        let list = self.looks.list.as_ref().filter(|list| list.within.is_empty());
        list.map(|list| begin(list, &[])).into_iter().collect()
    }

    /// What is asked about one key: the key itself where that can be, else the list that it would be in.
    pub(crate) fn find(&self, key: &Key) -> Vec<Lookup> {
        let Some(find) = self.operations.iter().find(|listed| listed.name == FIND) else {
            return self.holders(key);
        };
        let parts = key.parts.iter();
        let named = parts.filter(|(name, _)| find.path.contains(&format!("{{{name}}}")));
        vec![named.fold(Lookup::new(FIND), |lookup, (name, value)| {
            lookup.with_parameter(name, value)
        })]
    }

    pub(crate) fn holders(&self, key: &Key) -> Vec<Lookup> {
        let list = self.looks.list.as_ref();
        list.map(|list| begin(list, &key.parts)).into_iter().collect()
    }

    /// Reads what came for a look-up.
    pub(crate) fn page(&'static self, lookup: &Lookup, body: Reading<'_>) -> Result<Page, String> {
        match (lookup.operation, &self.looks) {
            (FIND, Looks { find: Some(path), .. }) => {
                let (inside, member) = within(body, path)?;
                let entry = match member {
                    "" => inside,
                    member => inside
                        .object(member)?
                        .ok_or_else(|| format!("`{member}` is null"))?,
                };
                Ok(Page::of(self.key_of(lookup, entry)?))
            }
            (LIST, Looks { list: Some(list), .. }) => self.page_of(list, lookup, body),
            _ => Err("the description has no such look-up".into()),
        }
    }

    fn page_of(&'static self, list: &List, lookup: &Lookup, body: Reading<'_>) -> Result<Page, String> {
        if list.pages == Pages::Whole && body.links_to_next() {
            return Err("it links to a further page, and is described as the whole list".into());
        }
        let (inside, member) = within(body, list.items)?;
        let items = match (member, list.bare) {
            ("", true) => self.keys_of(lookup, inside.list_of_texts()?),
            (member, true) => self.keys_of(lookup, inside.texts(member)?),
            ("", false) => entries(inside.list()?, |entry| self.key_of(lookup, entry)),
            (member, false) => entries(inside.items(member)?, |entry| self.key_of(lookup, entry)),
        }?;
        let mut page = Page {
            entries: items.len() as u64,
            items,
            ..Page::default()
        };
        if let Some(path) = list.total {
            let (inside, member) = within(body, path)?;
            let missing = || format!("`{member}` is missing");
            page.total = Some(inside.number(member)?.ok_or_else(missing)?);
        }
        page.next.extend(list.next(lookup, body, page.entries)?);
        Ok(page)
    }

    /// Where an entry is the id alone, what is there works.
    fn keys_of(&'static self, lookup: &Lookup, ids: Vec<String>) -> Result<Vec<KeyInfo>, String> {
        entries(ids, |id| {
            let (key, _) = self.key_with(lookup, |_| Ok(id.clone()))?;
            Ok(KeyInfo::new(key, KeyStatus::Active))
        })
    }

    /// The key of an entry, which has to be one of those that were asked for.
    fn key_with(
        &'static self,
        lookup: &Lookup,
        mut read: impl FnMut(&'static str) -> Result<String, String>,
    ) -> Result<(KeyRef, Key), String> {
        let mut parts = Vec::new();
        for (id, _) in &self.ids {
            let mapped = self.looks.entry.ids.iter().find(|(known, _)| known == id);
            parts.push(match mapped {
                Some((_, member)) => read(member)?,
                None => lookup.parameter(id).to_owned(),
            });
        }
        let key = self.key(&parts.join("/"));
        let key = key.map_err(|problem| format!("a key's id {}", problem.reason()))?;
        let is_asked = |(name, value): &(&str, String)| {
            let asked = lookup.parameters.iter().find(|(known, _)| known == name);
            asked.is_none_or(|(_, asked)| asked == value)
        };
        // About another key than the one that was asked for, the shared part says so itself.
        if lookup.operation != FIND && !key.parts.iter().all(is_asked) {
            return Err("an entry is of another list than the one that was asked for".into());
        }
        let known = KeyRef::at(&self.about, false, &key.to_string());
        let known = known.map_err(|problem| format!("a key's id {}", problem.reason()))?;
        Ok((known, key))
    }

    fn key_of(&'static self, lookup: &Lookup, entry: Reading<'_>) -> Result<KeyInfo, String> {
        let form = &self.looks.entry;
        let (known, key) = self.key_with(lookup, |path| {
            let (inside, member) = within(entry, path)?;
            inside.identity(member)
        })?;
        let status = match form.states {
            States::AllActive => KeyStatus::Active,
            // What says two things at once says neither.
            States::Told(states) => {
                let mut told = states.iter().filter(|(_, body)| entry.fits(*body, &key.parts));
                match (told.next(), told.next()) {
                    (Some((status, _)), None) => *status,
                    _ => KeyStatus::Unknown,
                }
            }
        };
        let text = |path: Option<&str>| {
            let Some(path) = path else { return Ok(None) };
            let (inside, member) = within(entry, path)?;
            inside.text(member)
        };
        let time = |path: Option<&str>| {
            let Some(path) = path else { return Ok(None) };
            let (inside, member) = within(entry, path)?;
            time(inside, member)
        };
        let expires_at = time(form.expires_at)?;
        let is_over = expires_at.is_some_and(|end| entry.is_over(end));
        let status = match status {
            KeyStatus::Active if is_over => KeyStatus::Expired,
            status => status,
        };
        let info = KeyInfo::new(known, status)
            .and(text(form.name)?, KeyInfo::with_name)
            .and(text(form.owner)?, KeyInfo::with_owner)
            .and(time(form.created_at)?, KeyInfo::with_created_at)
            .and(expires_at, KeyInfo::with_expires_at)
            .and(time(form.last_used_at)?, KeyInfo::with_last_used_at)
            .and(time(form.revoked_at)?, KeyInfo::with_revoked_at);
        match form.hint {
            Some(path) => {
                let (inside, member) = within(entry, path)?;
                inside.with_ends(member, info)
            }
            None => Ok(info),
        }
    }
}

impl List {
    /// What is asked next; nothing after the last page.
    fn next(&self, lookup: &Lookup, body: Reading<'_>, entries: u64) -> Result<Option<Lookup>, String> {
        let more = match self.more {
            Some(path) => {
                let (inside, member) = within(body, path)?;
                Some(inside.truth(member)?)
            }
            None => None,
        };
        let number = |query| lookup.query(query).and_then(|text| text.parse::<u64>().ok());
        // Nothing says how many there are: a page without any is the last one.
        let goes_on = more.unwrap_or(entries > 0);
        Ok(match self.pages {
            Pages::Whole => None,
            Pages::Cursor { query, member } => {
                let (inside, member) = within(body, member)?;
                let cursor = match more {
                    Some(true) => Some(inside.cursor(member)?.to_owned()),
                    Some(false) => None,
                    None => inside.cursor_or_end(member)?,
                };
                cursor.map(|cursor| lookup.clone().with_query(query, cursor))
            }
            Pages::Number { query, first } => {
                let next = number(query).unwrap_or(first).saturating_add(1);
                goes_on.then(|| lookup.clone().with_query(query, next))
            }
            Pages::Offset { query } => {
                let seen = number(query).unwrap_or(0).saturating_add(entries);
                goes_on.then(|| lookup.clone().with_query(query, seen))
            }
        })
    }
}

/// The first page of a list, of the part that a key names.
fn begin(list: &List, parts: &[(&'static str, String)]) -> Lookup {
    let named = parts.iter().filter(|(name, _)| list.within.contains(name));
    let lookup = named.fold(Lookup::new(LIST), |lookup, (name, value)| {
        lookup.with_parameter(name, value)
    });
    let fixed = list.query.iter();
    let lookup = fixed.fold(lookup, |lookup, (name, value)| lookup.with_query(name, value));
    match list.pages {
        Pages::Number { query, first } => lookup.with_query(query, first),
        Pages::Offset { query } => lookup.with_query(query, 0),
        Pages::Whole | Pages::Cursor { .. } => lookup,
    }
}

/// The object in which the last member of a path such as `data.keys` is, and that member.
fn within<'a, 'p>(body: Reading<'a>, path: &'p str) -> Result<(Reading<'a>, &'p str), String> {
    let (outer, member) = path.rsplit_once('.').unwrap_or(("", path));
    let outer = outer.split('.').filter(|member| !member.is_empty());
    let inside = outer.into_iter().try_fold(body, |body, member| {
        body.object(member)?.ok_or_else(|| format!("`{member}` is null"))
    })?;
    Ok((inside, member))
}

fn entries<T>(
    entries: Vec<T>,
    read: impl FnMut(T) -> Result<KeyInfo, String>,
) -> Result<Vec<KeyInfo>, String> {
    entries.into_iter().map(read).collect()
}

/// A time as text or in UNIX seconds.
fn time(entry: Reading<'_>, member: &str) -> Result<Option<SystemTime>, String> {
    match entry.number(member) {
        Ok(None) => Ok(None),
        Ok(Some(_)) => entry.seconds(member),
        Err(_) => entry.time(member),
    }
}
