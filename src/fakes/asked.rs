//! What a request to a fake asks, where the provider documents it.

use std::time::SystemTime;

use super::Received;
use crate::provider::Effect;
use crate::providers::ProviderInfo;
use crate::wire::{Operation, unfill};

/// A look-up that a fake received.
pub(crate) struct Asked {
    pub(crate) operation: &'static str,
    pub(crate) parameters: Vec<(&'static str, String)>,
    pub(crate) query: Vec<(String, String)>,
    /// The key whose secret the caller gave; `None` for the administrator.
    pub(crate) by: Option<Issued>,
}

impl Asked {
    /// A number of the query.
    pub(crate) fn number(&self, name: &str) -> Option<usize> {
        self.text(name)?.parse().ok()
    }

    /// A parameter of the path or the body.
    pub(crate) fn parameter(&self, name: &str) -> Option<&str> {
        let found = self.parameters.iter().find(|(known, _)| *known == name)?;
        Some(&found.1)
    }

    /// The key that is asked about, dead or not.
    pub(crate) fn key_or_dead<'a>(&self, keys: &'a [Issued]) -> Option<&'a Issued> {
        let values: Vec<&str> = self.parameters.iter().map(|(_, value)| value.as_str()).collect();
        let text = values.join("/");
        keys.iter().find(|key| key.key == text)
    }

    /// The key that is asked about, at providers that forget the dead.
    pub(crate) fn key<'a>(&self, keys: &'a [Issued]) -> Option<&'a Issued> {
        self.key_or_dead(keys).filter(|key| key.live)
    }

    /// The page that begins after the entry whose index, with a mark, is the cursor: its entries, and the cursor of the
    /// next page. The mark makes cursors that have to be encoded.
    pub(crate) fn page<'a, T>(&self, entries: &'a [T], most: usize) -> (&'a [T], Option<String>) {
        self.page_after("after", entries, most)
    }

    /// The same, where the cursor has another name.
    pub(crate) fn page_after<'a, T>(
        &self,
        name: &str,
        entries: &'a [T],
        most: usize,
    ) -> (&'a [T], Option<String>) {
        let after = self.text(name);
        let start: usize = after
            .and_then(|cursor| cursor.strip_suffix(" +&#=%é")?.parse().ok())
            .unwrap_or(0);
        let (entries, is_last) = slice(entries, start, most);
        let next = (!is_last).then(|| format!("{} +&#=%é", start + most));
        (entries, next)
    }

    /// A text of the query.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        let found = self.query.iter().find(|(known, _)| known == name)?;
        Some(&found.1)
    }

    /// The keys whose states and secrets the provider has, in the caller's view: those that live.
    pub(crate) fn live(keys: &[Issued]) -> Vec<&Issued> {
        keys.iter().filter(|key| key.live).collect()
    }
}

/// So many entries from this one on, and whether none follow them.
pub(crate) fn slice<T>(entries: &[T], start: usize, most: usize) -> (&[T], bool) {
    let end = start.saturating_add(most).min(entries.len());
    (entries.get(start..end).unwrap_or_default(), end == entries.len())
}

/// A key that a fake has issued.
#[derive(Clone)]
pub(crate) struct Issued {
    /// As text.
    pub(crate) key: String,
    pub(crate) secret: String,
    pub(crate) number: u64,
    pub(crate) live: bool,
    /// When it will die, where that is known.
    pub(crate) dies_at: Option<SystemTime>,
    /// Of the revoke request.
    pub(super) path: String,
}

/// What is asked by a request of this operation, and the identity of the key if one is to die.
pub(super) fn matches(
    provider: &ProviderInfo,
    operation: &'static Operation,
    request: &Received,
) -> Option<(Asked, String)> {
    let (path, query) = match request.path.split_once('?') {
        Some((path, query)) => (path, Some(query)),
        None => (request.path.as_str(), None),
    };
    let path = if operation.prefixed {
        strip_base(provider, path)?
    } else {
        path.strip_prefix(provider.entry().fake().base_path)?
    };
    let parameters = unfill(operation.path, path).filter(|_| operation.method == request.method)?;
    let mut needed = provider.entry().headers().iter();
    if !needed.all(|(name, value)| request.header(name) == Some(value)) {
        return None;
    }
    let query = match query {
        Some(query) => reqwest::Url::parse(&format!("http://fake/?{query}")).ok()?,
        None => reqwest::Url::parse("http://fake/").ok()?,
    };
    let pairs: Vec<(String, String)> = query.query_pairs().into_owned().collect();
    let is_once = |name: &String| pairs.iter().filter(|(other, _)| other == name).count() == 1;
    let documented = pairs
        .iter()
        .all(|(name, _)| operation.query.contains(&name.as_str()) && is_once(name));
    if !documented || (query.query().is_some() && pairs.is_empty()) {
        return None;
    }
    let mut asked = Asked {
        operation: operation.name,
        parameters,
        query: pairs,
        by: None,
    };
    if operation.name == provider.entry().operation() {
        let content = provider.entry().content();
        let named = content.unfill(request.header("content-type"), &request.body)?;
        asked.parameters.extend(named);
    } else if operation.name.starts_with("revoke") {
        return None;
    } else if operation.method != "GET" {
        // A harmless POST: the secret that is asked about.
        let content = provider.entry().probe_content();
        let asks = content.unfill(request.header("content-type"), &request.body)?;
        asked.parameters.extend(asks);
    }
    let mut names = asked.parameters.clone();
    names.extend(
        super::credential_of_key(provider, request).map(|secret| (super::AS_CREDENTIAL, secret.to_owned())),
    );
    let identity = super::identity(names);
    Some((asked, identity))
}

fn strip_base<'a>(provider: &ProviderInfo, path: &'a str) -> Option<&'a str> {
    let path = path.strip_prefix(provider.entry().fake().base_path)?;
    let prefixes = provider
        .entry()
        .about()
        .settings
        .iter()
        .find_map(|setting| match setting.effect {
            Effect::PathPrefix(choices) => Some(choices),
            Effect::Header(_) => None,
        });
    match prefixes {
        None => Some(path),
        Some(choices) => choices
            .iter()
            .find_map(|prefix| path.strip_prefix(prefix).filter(|rest| rest.starts_with('/'))),
    }
}
