//! Providers of one's own, described as data at run time. Everything that is wrong with a description is said at once.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use reqwest::header::{HeaderName, HeaderValue};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::builder::BuildError;
use crate::clean::hide_secrets;
use crate::content::{Content, Part};
use crate::credential::Form;
use crate::described::{Described, Description, IdForm, Key, PROBE, SECRET, Token};
use crate::input::{InvalidInput, looks_like_secret, shown};
use crate::key::is_provider_name;
use crate::options::ClientOptions;
use crate::probe::ProbeRule;
use crate::provider::{About, Base, IdsReused, Repeat};
use crate::providers::ProviderInfo;
use crate::verdict::Expect;
use crate::wire::Operation;

#[allow(dead_code)] // the build script looks operations up with it, too
#[path = "../build/fault.rs"]
mod fault;
mod looks;
#[allow(dead_code)]
#[path = "../build/path.rs"]
mod path;
mod rules;

/// Takes the description of a provider of one's own, such as a service inside a company, and gives it as one of those that
/// this crate comes with: with the same locks, verdicts, [fake](crate::fakes) and [suites](crate::conformance).
///
/// The description is whatever serializes as an object: a table of TOML, a JSON value, a struct. The example has all
/// that is required.
///
/// ```
/// use keyrevoke::{Credential, Revoke};
///
/// let acme = keyrevoke::describe("acme", &serde_json::json!({
///     "credential": "bearer",
///     "method": "DELETE",
///     "path": "/v1/projects/{project}/keys/{id}",
///     "ids": { "project": "text", "id": "uuid" },
///     "rules": [
///         { "status": 204, "means": "revoked", "source": "Acme handbook, Keys", "read": "2026-11-22" },
///     ],
/// }))?;
/// assert_eq!(acme.key_form(), "PROJECT/ID");
/// let revoker = acme
///     .builder()
///     .with_base_url("https://keys.acme.example")
///     .with_credential(Credential::bearer("an-administrators-token"))
///     .build()?;
/// assert_eq!(revoker.provider(), "acme");
/// # Ok::<(), keyrevoke::BuildError>(())
/// ```
///
/// # Members
///
/// | member | |
/// |---|---|
/// | `method`, `path` | the request that kills; ids stand in the path as `{id}`, each a whole segment, or with a word behind it: `{id}:revoke` |
/// | `ids` | each id's form: `text`, `uuid` or `integer`; a key is written with them in the order of path, then body. Or `{ secret = "secret" }`, where the service is told the [secret itself](crate::KeyRef::of_secret): `"{secret}"`, in the body rather than in the path, which stands in logs |
/// | `json` or `form` | the body: texts that are always the same, `"{id}"`, and in JSON `["{id}"]` |
/// | `headers` | headers that are always the same |
/// | `credential` | how it travels, the one meant by plain text first: `bearer`, `basic`, `header NAME`, `scheme WORD`, `headers FIRST SECOND` |
/// | `base_url` | where the provider is; without it, it must be set. Others under other hosts need [`allow_host`](crate::ClientOptions::allow_host) |
/// | `rules` | what answers mean, the first that fits; all else is judged by its status, and is no death |
/// | `missing` | the `body` of the provider's own 404, for [`revoke_known`](crate::Revoke::revoke_known) |
/// | `repeat` | `is` one of `never`, `harmless`, `conclusive`; `never` where it is left out |
/// | `ids_reused` | `is` one of `no`, `possible`; `possible` where it is left out, and then nothing is repeated |
/// | `probe` | `path` of a GET that changes nothing, and `rules` with `accepted` and `refused`, which need a body |
/// | `list` | `path` of a GET that lists keys, and where the list ends; see below |
/// | `find` | `path` of a GET that asks about one key; `item` is the member that holds it. Its own 404 is that of `missing` |
/// | `key` | what an entry of either says, and what tells its state; see below |
/// | `propagation_seconds` | how long the dead may go on working |
/// | `reversible` | `true` where somebody can bring a key back |
/// | `also_dies` | what else dies with a key, for people; nothing is sent then without [a word for it](crate::Builder::with_more_than_the_key) |
/// | `more_than_the_key` | `false` where that is what everybody expects of a revocation, such as the access tokens of a grant: no word is needed then |
/// | `vendor`, `credential_help`, `base_url_form`, `proves` | texts for people |
///
/// A rule has a `status`, what it `means`, the `source` in which that is written, the day on which it was `read`, and a
/// `body` where one is documented: a table of which every member must be there. `"{id}"` is the key's id, `["{id}"]` a list
/// of it alone, `[]` an empty list, and `"<text>"`, `"<list>"`, `"<object>"`, `"<null>"`, `"<past>"` (a time as text) and
/// `"<null or past>"` (a time in UNIX seconds) anything of that kind.
/// A success that besides holds a filled member whose name begins with `error`, or `ok` or `success` that is false, fits none
/// but a rule that asks for that member.
/// It means `revoked`, `revoked_inferred` (stated nowhere, but it can mean nothing else), `already_revoked`, `not_found`,
/// `unauthenticated`, `permission_denied`, `misdirected`, `rejected`, `wrong_object`, `pending` or `unknown`. `missing`,
/// `repeat` and `ids_reused` have `source` and `read`, too.
///
/// # Look-ups
///
/// With `list` or `find` the keys are [found](crate::Revoke::find), [listed](crate::Revoke::list) and
/// [verified](crate::Revoke::revoke_verified) as those of the others are: a list counts only if it was read to its end.
/// Members may be inside others, as `data.keys`; ids may stand in the paths.
///
/// | member of `list` | |
/// |---|---|
/// | `items` | the member that holds the entries; left out where the answer is the list |
/// | `bare` | `true` where entries are ids and no objects |
/// | `query` | texts that are always in the query, such as the size of a page |
/// | one of | `whole = true`: one answer is all of it; |
/// | | `cursor = { query, member }`: that member goes into the query, and is null or `""` at the end; |
/// | | `page = { query, first }`: pages are counted from 0 or 1, and one that is empty is the last; |
/// | | `offset = { query }`: entries are passed over, until none follow |
/// | `more` | the member that is true as long as there are more |
/// | `total` | the member that counts all entries, which then have to be there |
///
/// | member of `key` | |
/// |---|---|
/// | `ids` | the members that hold the key's ids, where they are called otherwise. An id in the path of `list` is known from there |
/// | `state` | required: `"active"` where all that is listed works; or a table of `active`, `inactive`, `revoked` and `expired`, each a body as in a rule, of which all but `active` need a text, truth value or, but for `expired`, a time in the past that tells. What fits none, or two, is unknown |
/// | `name`, `owner`, `created_at`, `expires_at`, `last_used_at`, `revoked_at` | the members that say it; times are RFC 3339 or UNIX seconds |
/// | `hint` | the member that shows the ends of the secret, such as `sk-...9f3c` |
///
/// ```
/// # let rules = serde_json::json!([
/// #     { "status": 204, "means": "revoked", "source": "Acme handbook, Keys", "read": "2026-11-22" },
/// # ]);
/// let acme = keyrevoke::describe("acme-listed", &serde_json::json!({
///     "credential": "bearer",
///     "method": "DELETE",
///     "path": "/v1/keys/{id}",
///     "ids": { "id": "text" },
///     "rules": rules,
///     "list": {
///         "path": "/v1/keys",
///         "items": "keys",
///         "cursor": { "query": "after", "member": "next" },
///         "source": "Acme handbook, Listing keys",
///         "read": "2026-11-22",
///     },
///     "key": {
///         "state": { "active": { "revoked": false }, "revoked": { "revoked": true } },
///         "name": "label",
///     },
/// }))?;
/// # Ok::<(), keyrevoke::BuildError>(())
/// ```
///
/// # Not described
///
/// Providers that sign requests or answer in XML, keys that are their own credential, and a second way that deletes: they
/// are modules of this crate. A look-up is a GET, and nothing else. [The guide](crate::guide::own_provider) has whole
/// descriptions.
///
/// # Errors
///
/// Everything that is missing, unknown or unsafe: a DELETE on a collection, a path that a URL would change or that has more
/// beside an id than a word, an id that the request does not name, what looks like a secret wherever it stands, a death by a
/// status without proof, a rule without a source and a date, the name of another provider.
///
/// # Memory
///
/// What is described lives as long as the process, once for each different description: names of providers stand in
/// errors that outlive their revokers. Descriptions come from files and not from requests.
pub fn describe(name: &str, description: &impl Serialize) -> Result<ProviderInfo, BuildError> {
    let value = serde_json::to_value(description).unwrap_or(Value::Null);
    let text = format!("{name} {value}");
    let known = || KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = known().get(&text) {
        return known.clone();
    }
    // Nothing is held meanwhile: names of keys are looked up here, too.
    let read = {
        let digest = crate::digest::sha256(text.as_bytes());
        let digest: String = digest
            .as_ref()
            .iter()
            .take(8)
            .map(|byte| format!("{byte:02x}"))
            .collect();
        Reading::new(name).provider(&value, format!("description {digest}"))
    };
    known().entry(text).or_insert(read).clone()
}

/// By name and text.
static KNOWN: Mutex<BTreeMap<String, Result<ProviderInfo, BuildError>>> = Mutex::new(BTreeMap::new());

/// A provider that was described by this name, for messages.
pub(crate) fn named(name: &str) -> Option<ProviderInfo> {
    let known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    let mut described = known.values().filter_map(|known| known.as_ref().ok());
    described.find(|known| known.name() == name).copied()
}

fn leak<T>(value: Vec<T>) -> &'static [T] {
    value.leak()
}

fn leak_text(text: impl Into<String>) -> &'static str {
    text.into().leak()
}

/// The members that a description may have.
const MEMBERS: [&str; 24] = [
    "vendor",
    "credential",
    "credential_help",
    "method",
    "path",
    "ids",
    "json",
    "form",
    "headers",
    "base_url",
    "base_url_form",
    "rules",
    "repeat",
    "ids_reused",
    "missing",
    "propagation_seconds",
    "reversible",
    "also_dies",
    "more_than_the_key",
    "proves",
    "probe",
    "list",
    "find",
    "key",
];

/// A description on its way to a provider, with what is wrong so far.
pub(super) struct Reading {
    name: &'static str,
    /// The names of the key's ids, once they are known.
    ids: Vec<&'static str>,
    problems: Vec<InvalidInput>,
}

impl Reading {
    fn new(name: &str) -> Self {
        Self {
            name: leak_text(name),
            ids: Vec::new(),
            problems: Vec::new(),
        }
    }

    fn refuse(&mut self, place: &str, reason: impl Into<String>, remedy: impl Into<String>) {
        let subject = match place {
            "" => format!("provider {}", label(self.name)),
            place => format!("provider {} {place}", label(self.name)),
        };
        self.problems
            .push(InvalidInput::new(self.name, subject, reason, remedy.into()));
    }

    fn provider(mut self, description: &Value, version: String) -> Result<ProviderInfo, BuildError> {
        // Nothing else is said of a text that holds one.
        self.refuse_secrets("", description);
        if !self.problems.is_empty() {
            return Err(BuildError::new(self.problems));
        }
        self.check_name();
        let empty = Map::new();
        let members = self.object("", description, &MEMBERS).unwrap_or(&empty);
        let (path, ids, content) = self.request(members);
        let about = self.about(members, &ids);
        let method = leak_text(self.method(members, path, content));
        let mut operations = vec![operation(
            "revoke",
            method,
            path,
            !content.names().is_empty() && !path.contains('{'),
        )];
        let (probe, probe_rules) = self.probe(members);
        operations.extend(probe);
        let (looks, listed, look_sources) = self.looks(members, &ids);
        operations.extend(listed);
        let headers = self.headers(members, about.credentials);
        let takes_more = self.takes_more(members, about.also_dies);
        if !self.problems.is_empty() {
            return Err(BuildError::new(self.problems));
        }
        let description = Description {
            takes_more,
            about,
            ids,
            operations: leak(operations),
            content,
            headers,
            probe_rules,
            looks,
            look_sources: leak(look_sources),
            version: leak_text(version),
        };
        let description: &'static Description = Box::leak(Box::new(description));
        Ok(match description.ids.as_slice() {
            [(_, IdForm::Secret)] => {
                ProviderInfo::described(Box::leak(Box::new(Described::<Token>::new(description))))
            }
            _ => ProviderInfo::described(Box::leak(Box::new(Described::<Key>::new(description)))),
        })
    }

    /// A description is shown to people, copied into journals and sent in paths: whatever looks like a secret is none of it.
    fn refuse_secrets(&mut self, place: &str, value: &Value) {
        let in_path = |text: &str| text.starts_with('/') && text.split('/').any(looks_like_secret);
        let holds = |text: &str| hide_secrets(text) != text || in_path(text);
        let mut refuse = |place: &str| {
            self.refuse(
                place,
                "holds what looks like a secret (not shown)",
                "leave it out: the credential is given to the builder or the command line",
            );
        };
        match value {
            Value::String(text) if holds(text) => refuse(place),
            Value::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    self.refuse_secrets(&format!("{place}[{index}]"), item);
                }
            }
            Value::Object(members) => {
                for (name, value) in members {
                    let place = format!("{place} {}", label(name));
                    if holds(name) {
                        self.refuse(
                            place.trim_start(),
                            "is named by what looks like a secret (not shown)",
                            "leave it out",
                        );
                    }
                    self.refuse_secrets(place.trim_start(), value);
                }
            }
            _ => {}
        }
    }

    fn check_name(&mut self) {
        if !is_provider_name(self.name) {
            self.refuse(
                "",
                "is not a provider's name",
                "call it by 1 to 64 lower-case letters, digits and hyphens, a letter first",
            );
        } else if crate::provider(self.name).is_ok() || self.name == "keyrevoke" {
            self.refuse(
                "",
                "is the name of a provider that is here already",
                "call yours otherwise",
            );
        }
    }

    /// An object without unknown members.
    fn object<'a>(
        &mut self,
        place: &str,
        value: &'a Value,
        known: &[&str],
    ) -> Option<&'a Map<String, Value>> {
        let Some(object) = value.as_object() else {
            self.refuse(
                place,
                "is no table of members",
                format!("give {}", known.join(", ")),
            );
            return None;
        };
        for name in object.keys().filter(|name| !known.contains(&name.as_str())) {
            let place = format!("{place} {}", label(name));
            self.refuse(
                place.trim_start(),
                "is not known",
                format!("give one of: {}", known.join(", ")),
            );
        }
        Some(object)
    }

    fn text(&mut self, place: &str, value: Option<&Value>) -> Option<&'static str> {
        match value? {
            Value::String(text) if !text.trim().is_empty() && !text.contains(char::is_control) => {
                Some(leak_text(text))
            }
            _ => {
                self.refuse(
                    place,
                    "is no text, or empty, or has controls in it",
                    "give one line of text",
                );
                None
            }
        }
    }

    fn required(&mut self, place: &str, value: Option<&Value>, remedy: &str) -> Option<&'static str> {
        if value.is_none() {
            self.refuse(place, "is missing", remedy);
        }
        self.text(place, value)
    }

    fn truth(&mut self, place: &str, value: Option<&Value>) -> bool {
        match value {
            None => false,
            Some(Value::Bool(truth)) => *truth,
            Some(_) => {
                self.refuse(place, "is neither true nor false", "give one of them");
                false
            }
        }
    }

    /// Path, ids in the order in which a key names them, and body.
    fn request(
        &mut self,
        members: &Map<String, Value>,
    ) -> (&'static str, Vec<(&'static str, IdForm)>, Content) {
        let path = self.required(
            "path",
            members.get("path"),
            "give it with the key's ids in it, such as /keys/{id}",
        );
        let path = path.unwrap_or("/");
        let in_path = self.parameters("path", path);
        let empty = Map::new();
        let given = match members.get("ids") {
            Some(Value::Object(ids)) => ids,
            _ => {
                self.refuse(
                    "ids",
                    "is missing, or no table",
                    "say what the key's ids are, such as { id = \"uuid\" }",
                );
                &empty
            }
        };
        let mut forms: BTreeMap<&str, IdForm> = BTreeMap::new();
        for (name, form) in given {
            let place = format!("ids {}", label(name));
            let form = match form.as_str() {
                Some("text") => IdForm::Text,
                Some("uuid") => IdForm::Uuid,
                Some("integer") => IdForm::Integer,
                Some("secret") if name == SECRET && given.len() == 1 => IdForm::Secret,
                Some("secret") => {
                    self.refuse(
                        &place,
                        "is a secret, and not the one id of that name",
                        "where a key is known by its secret alone, give { secret = \"secret\" } and no other id",
                    );
                    continue;
                }
                _ => {
                    self.refuse(
                        &place,
                        "is no form of an id",
                        "give one of: text, uuid, integer, secret",
                    );
                    continue;
                }
            };
            if !name
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
                || name.is_empty()
            {
                self.refuse(
                    &place,
                    "is no name of an id",
                    "name it by letters, digits and underscores",
                );
            }
            forms.insert(name, form);
        }
        self.ids = forms.keys().map(|name| leak_text(*name)).collect();
        let content = self.content(members);
        // Every id once: an id that the request does not name could be any key's.
        let mut order: Vec<&str> = Vec::new();
        for name in in_path.iter().map(String::as_str).chain(content.names()) {
            if !forms.contains_key(name) {
                let place = format!("path or body {{{name}}}");
                self.refuse(&place, "is not among the ids", "say in ids what it is");
            } else if !order.contains(&name) {
                order.push(name);
            }
        }
        for name in forms.keys().filter(|name| !order.contains(name)) {
            let place = format!("ids {}", label(name));
            self.refuse(
                &place,
                "stands neither in the path nor in the body",
                "let the request name it",
            );
        }
        let ids = self.ids.clone();
        let ids = order.iter().filter_map(|wanted| {
            let name = ids.iter().find(|name| *name == wanted)?;
            Some((*name, *forms.get(wanted)?))
        });
        (path, ids.collect(), content)
    }

    /// The ids of a path. Each is a segment of its own, but for a word of the service's behind it (`{id}:revoke`,
    /// `{id}.json`): with anything else beside it, one key's path could be read as another's, or as that of many.
    fn parameters(&mut self, place: &str, path: &str) -> Vec<String> {
        let names = match path::parameters(path) {
            Ok(names) => names,
            Err(reason) => {
                let remedy = "give plain segments, each of them fixed or an {id}";
                self.refuse(place, format!("cannot be sent: {reason}"), remedy);
                return Vec::new();
            }
        };
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "-._~:@".contains(c);
        let is_word = |text: &str| text.starts_with([':', '.']) && text[1..].chars().all(char::is_alphabetic);
        for segment in path.split('/') {
            let sound = match (segment.split_once('{'), segment.split_once('}')) {
                (Some((before, _)), Some((_, after))) => {
                    before.is_empty() && (after.is_empty() || (after.len() > 1 && is_word(after)))
                }
                _ => segment.chars().all(is_plain),
            };
            if !sound {
                self.refuse(
                    place,
                    format!("has a segment {} with more in it than a name or an id", label(segment)),
                    "let the id be the whole segment, such as /keys/{id}, or have one word behind it, such as {id}:revoke",
                );
            }
        }
        names
    }

    fn method(&mut self, members: &Map<String, Value>, path: &str, content: Content) -> String {
        let given = self.required(
            "method",
            members.get("method"),
            "give one of: DELETE, POST, PUT, PATCH",
        );
        let method = given.unwrap_or_default();
        if given.is_some() && !["DELETE", "POST", "PUT", "PATCH"].contains(&method) {
            self.refuse(
                "method",
                "is not one that may change something",
                "give one of: DELETE, POST, PUT, PATCH",
            );
        }
        let names_keys = !content.names().is_empty();
        if let Err(reason) = path::refuse_collection_delete(&method.to_lowercase(), path, names_keys, false) {
            self.refuse(
                "path",
                format!("is refused: {reason}"),
                "let the path end with the key's id, or the body name it",
            );
        }
        method.to_owned()
    }

    fn content(&mut self, members: &Map<String, Value>) -> Content {
        let (place, value, is_json) = match (members.get("json"), members.get("form")) {
            (None, None) => return Content::Empty,
            (Some(json), None) => ("json", json, true),
            (None, Some(form)) => ("form", form, false),
            (Some(_), Some(_)) => {
                self.refuse("json", "stands beside form", "give one body");
                return Content::Empty;
            }
        };
        let Some(fields) = value.as_object() else {
            self.refuse(place, "is no table", "give the body's members");
            return Content::Empty;
        };
        let mut parts = Vec::new();
        for (name, value) in fields {
            let place = format!("{place} {}", label(name));
            if name == "_method" {
                self.refuse(
                    &place,
                    "makes another request of it at many servers",
                    "give the method as method",
                );
            }
            let part = match value {
                Value::String(text) if looks_like_secret(text) => {
                    self.refuse(
                        &place,
                        "holds what looks like a secret (not shown)",
                        "give it as the credential",
                    );
                    continue;
                }
                Value::String(text) => match self.parameter(&place, text) {
                    Some(parameter) => Part::Parameter(parameter),
                    None => Part::Text(leak_text(text)),
                },
                Value::Bool(truth) => Part::Truth(*truth),
                Value::Array(list) if is_json => match list.as_slice() {
                    [Value::String(text)] if text.starts_with('{') => {
                        Part::Only(self.parameter(&place, text).unwrap_or_default())
                    }
                    _ => {
                        self.refuse(
                            &place,
                            "is a list of something else than one id",
                            "give [\"{id}\"]",
                        );
                        continue;
                    }
                },
                _ => {
                    self.refuse(
                        &place,
                        "is no text, truth value or list of an id",
                        "give a text, true, false, {id} or [\"{id}\"]",
                    );
                    continue;
                }
            };
            parts.push((leak_text(name), part));
        }
        let parts = leak(parts);
        if is_json {
            Content::Json(parts)
        } else {
            Content::Form(parts)
        }
    }

    /// The id of a text `{id}`; none where it is another text.
    fn parameter(&mut self, place: &str, text: &str) -> Option<&'static str> {
        let name = text.strip_prefix('{').and_then(|text| text.strip_suffix('}'));
        let Some(name) = name else {
            if text.contains(['{', '}']) {
                self.refuse(
                    place,
                    "has braces in it and is not an id alone",
                    "give {id}, or a text without braces",
                );
            }
            return None;
        };
        let known = self.ids.iter().copied().find(|known| *known == name);
        if known.is_none() {
            self.refuse(
                place,
                format!("names {}, which is not among the ids", label(name)),
                "say in ids what it is",
            );
        }
        known
    }

    fn about(&mut self, members: &Map<String, Value>, ids: &[(&'static str, IdForm)]) -> About {
        let name = self.name;
        let key_form = match ids {
            [(_, IdForm::Uuid)] => "UUID".to_owned(),
            [(_, IdForm::Integer)] => "NUMBER".to_owned(),
            [(_, IdForm::Secret)] => "SECRET".to_owned(),
            ids => {
                let ids: Vec<String> = ids.iter().map(|(id, _)| id.to_uppercase()).collect();
                ids.join("/")
            }
        };
        let credentials = self.credentials(members.get("credential"));
        let help = self.text("credential_help", members.get("credential_help"));
        let rules = self.rules(members.get("rules"));
        let reversible = self.truth("reversible", members.get("reversible"));
        About {
            name,
            aliases: &[],
            vendor: self.text("vendor", members.get("vendor")).unwrap_or(name),
            key_form: leak_text(key_form),
            credentials,
            credential_help: help.unwrap_or("a credential that may revoke its keys"),
            base: self.base(members),
            settings: &[],
            rules,
            repeat: self.repeat(members.get("repeat"), rules, reversible),
            ids_reused: self.ids_reused(members.get("ids_reused")),
            missing: self.missing(members.get("missing")),
            propagation: self.propagation(members.get("propagation_seconds")),
            reversible,
            also_dies: self
                .text("also_dies", members.get("also_dies"))
                .unwrap_or_default(),
            proves: self
                .text("proves", members.get("proves"))
                .unwrap_or("what its description says"),
        }
    }

    fn credentials(&mut self, value: Option<&Value>) -> &'static [Form] {
        const FORMS: &str =
            "give one or a list of: bearer, basic, header NAME, scheme WORD, headers FIRST SECOND";
        const WORDS: [&str; 5] = ["bearer", "basic", "header", "scheme", "headers"];
        let texts: Vec<&str> = match value {
            Some(Value::String(text)) => vec![text],
            Some(Value::Array(texts)) => texts.iter().filter_map(Value::as_str).collect(),
            _ => Vec::new(),
        };
        if texts.is_empty() {
            self.refuse("credential", "is missing, or no text", FORMS);
        }
        let mut forms = Vec::new();
        for text in texts {
            let words: Vec<&str> = text.split(' ').collect();
            let names = words.get(1..).unwrap_or_default();
            let form = match (words.first().copied().unwrap_or_default(), names) {
                ("bearer", []) => Some(Form::Bearer),
                ("basic", []) => Some(Form::Basic),
                ("header", [name]) if is_free_header(name) => Some(Form::ApiKey(leak_text(*name))),
                ("headers", [first, second])
                    if first != second && is_free_header(first) && is_free_header(second) =>
                {
                    Some(Form::KeyPair(leak_text(*first), leak_text(*second)))
                }
                ("scheme", [word])
                    if word
                        .bytes()
                        .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') =>
                {
                    Some(Form::Scheme(leak_text(*word)))
                }
                _ => None,
            };
            match form {
                Some(form) => forms.push(form),
                None => {
                    // What stands behind such a word, or in its place, may be the credential itself.
                    let word = words.first().filter(|word| WORDS.contains(word));
                    let given = word.map_or_else(|| shown(text), |word| format!("\"{word} …\""));
                    self.refuse("credential", format!("{given} is no form of a credential"), FORMS);
                }
            }
        }
        leak(forms)
    }

    fn headers(
        &mut self,
        members: &Map<String, Value>,
        credentials: &[Form],
    ) -> &'static [(&'static str, &'static str)] {
        let Some(value) = members.get("headers") else {
            return &[];
        };
        let Some(given) = value.as_object() else {
            self.refuse("headers", "is no table", "give names and values");
            return &[];
        };
        let taken = |name: &str| {
            credentials.iter().any(|form| match form {
                Form::ApiKey(one) => *one == name,
                Form::KeyPair(first, second) => [*first, *second].contains(&name),
                _ => false,
            })
        };
        let mut headers = Vec::new();
        for (name, value) in given {
            let place = format!("headers {}", label(name));
            let text = value.as_str().unwrap_or_default();
            if !is_free_header(name) || name == "authorization" || taken(name) {
                self.refuse(
                    &place,
                    "is no header that can be set",
                    "name one in lower case that is not set otherwise",
                );
            } else if text.is_empty() || HeaderValue::from_str(text).is_err() {
                self.refuse(
                    &place,
                    "has no value that can stand in a header",
                    "give one line of text",
                );
            } else if looks_like_secret(text) {
                self.refuse(
                    &place,
                    "holds what looks like a secret (not shown)",
                    "give it as the credential",
                );
            } else {
                headers.push((leak_text(name), leak_text(text)));
            }
        }
        leak(headers)
    }

    fn base(&mut self, members: &Map<String, Value>) -> Base {
        let form = self.text("base_url_form", members.get("base_url_form"));
        let mut base = Base {
            default: None,
            example: form.unwrap_or("https://HOST"),
            domains: &[],
            placeholders: &[],
        };
        let Some(text) = self.text("base_url", members.get("base_url")) else {
            return base;
        };
        match ClientOptions::new().check_base(self.name, &base, text) {
            Ok(url) => {
                base.default = Some(text);
                base.example = text;
                // The credential is for this host; another one is named by the caller.
                base.domains = leak(vec![leak_text(url.host_str().unwrap_or_default())]);
            }
            Err(problem) => self.problems.push(problem),
        }
        base
    }

    /// What else dies is more than was asked unless the description says otherwise.
    fn takes_more(&mut self, members: &Map<String, Value>, also_dies: &str) -> bool {
        let takes = match members.get("more_than_the_key") {
            None => return !also_dies.is_empty(),
            given => self.truth("more_than_the_key", given),
        };
        if takes && also_dies.is_empty() {
            self.refuse(
                "more_than_the_key",
                "is true, and nothing says what dies too",
                "name it as also_dies",
            );
        }
        takes
    }

    fn propagation(&mut self, value: Option<&Value>) -> Option<Duration> {
        let seconds = value?.as_u64().filter(|seconds| (1..=86_400).contains(seconds));
        if seconds.is_none() {
            self.refuse(
                "propagation_seconds",
                "is no number of seconds from 1 to 86400",
                "give one, or leave it out",
            );
        }
        seconds.map(Duration::from_secs)
    }

    /// A harmless request, and what its answers say of the secret that it was sent with.
    fn probe(&mut self, members: &Map<String, Value>) -> (Option<Operation>, &'static [ProbeRule]) {
        let Some(value) = members.get("probe") else {
            return (None, &[]);
        };
        let Some(probe) = self.object("probe", value, &["path", "rules"]) else {
            return (None, &[]);
        };
        let path = self.required(
            "probe path",
            probe.get("path"),
            "give the path of a GET that changes nothing",
        );
        let path = path.unwrap_or("/");
        if !self.parameters("probe path", path).is_empty() {
            self.refuse(
                "probe path",
                "has ids in it",
                "give plain segments, such as /v1/me",
            );
        }
        let rules = self.probe_rules(probe.get("rules"));
        (Some(operation(PROBE, "GET", path, false)), rules)
    }

    fn missing(&mut self, value: Option<&Value>) -> (Option<Expect>, &'static str) {
        let Some(value) = value else {
            return (None, NOT_STATED);
        };
        let Some(missing) = self.object("missing", value, &["body", "source", "read"]) else {
            return (None, NOT_STATED);
        };
        let source = self.source("missing", missing);
        let body = self.expect("missing body", missing.get("body"));
        if !rules::tells(&body) {
            self.refuse(
                "missing body",
                "is said by others too",
                "give a member of it that this provider alone says",
            );
        }
        (Some(body), source)
    }

    fn repeat(
        &mut self,
        value: Option<&Value>,
        given: &[crate::verdict::Rule],
        reversible: bool,
    ) -> (Repeat, &'static str) {
        let Some((word, source)) = self.stated("repeat", value) else {
            return (Repeat::Never, NOT_STATED);
        };
        let repeat = match word {
            "never" => Repeat::Never,
            "harmless" => Repeat::Harmless,
            "conclusive" if reversible || given.iter().any(rules::tells_an_earlier_death) => {
                Repeat::Conclusive
            }
            "conclusive" => {
                self.refuse(
                    "repeat",
                    "is conclusive, and no rule says already_revoked",
                    "give the answer to a repeat as a rule",
                );
                Repeat::Never
            }
            _ => {
                self.refuse(
                    "repeat",
                    "is not known",
                    "give one of: never, harmless, conclusive",
                );
                Repeat::Never
            }
        };
        (repeat, source)
    }

    fn ids_reused(&mut self, value: Option<&Value>) -> (IdsReused, &'static str) {
        match self.stated("ids_reused", value) {
            Some(("no", source)) => (IdsReused::No, source),
            Some(("possible", source)) => (IdsReused::Possible, source),
            Some(_) => {
                self.refuse("ids_reused", "is not known", "give one of: no, possible");
                (IdsReused::Possible, NOT_STATED)
            }
            None => (IdsReused::Possible, NOT_STATED),
        }
    }

    /// `{ is, source, read }`.
    fn stated(&mut self, place: &str, value: Option<&Value>) -> Option<(&'static str, &'static str)> {
        let stated = self.object(place, value?, &["is", "source", "read"])?;
        let word = self.required(place, stated.get("is"), "give it as `is`")?;
        Some((word, self.source(place, stated)))
    }
}

/// Of what a description leaves out the safer is taken.
const NOT_STATED: &str = "not stated in the description";

const fn operation(
    name: &'static str,
    method: &'static str,
    path: &'static str,
    names_keys: bool,
) -> Operation {
    Operation {
        name,
        method,
        path,
        prefixed: true,
        query: &[],
        names_keys,
    }
}

/// A word of the description in a message, as far as it can be no secret.
fn label(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | ' ');
    if (1..=40).contains(&word.len()) && word.chars().all(plain) && !word.split(' ').any(looks_like_secret) {
        word.to_owned()
    } else {
        shown(word)
    }
}

/// A header that neither HTTP nor this crate sets, and that makes no other request of the one that is described.
fn is_free_header(name: &str) -> bool {
    const TAKEN: [&str; 18] = [
        "host",
        "connection",
        "content-length",
        "content-type",
        "transfer-encoding",
        "te",
        "trailer",
        "upgrade",
        "expect",
        "accept-encoding",
        "proxy-authorization",
        "api-version",
        "cookie",
        "x-http-method",
        "x-http-method-override",
        "x-method-override",
        "x-original-url",
        "x-rewrite-url",
    ];
    name == name.to_ascii_lowercase() && HeaderName::try_from(name).is_ok() && !TAKEN.contains(&name)
}

#[cfg(all(test, feature = "fakes"))]
#[path = "describe_tests.rs"]
mod tests;
