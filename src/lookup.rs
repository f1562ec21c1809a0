//! Requests that change nothing, and what their answers say of keys. Pure: whoever sends them is elsewhere.
//!
//! An inventory that is read as complete and is not could make a live key look gone. So an answer is taken whole or not at
//! all: what is missing, of another type or contradictory makes it [`Unread`], and never a shorter list.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;
use std::time::{Duration, SystemTime};

use reqwest::Url;
use secrecy::zeroize::Zeroizing;

use crate::answer::{Answer, Attempt};
use crate::clean::clean;
use crate::client::our_words;
use crate::credential::Redactor;
use crate::detail;
use crate::input::InvalidInput;
use crate::key::KeyRef;
use crate::key_info::KeyInfo;
use crate::outcome::{ErrorKind, Facts};
use crate::provider::{About, KeyParts, Provider};
use crate::tree::{Members, Tree};
use crate::verdict::{
    CLOCK_SKEW, Expect, Meaning, Rule, body_fits, is_told, object_fits, tells_an_error, unix_seconds, verdict,
};
use crate::wire::Sent;

/// A request that changes nothing: one of the operations of a provider's documents, with what stands in its path and
/// its query. The guard compares the final request with it.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Lookup {
    pub(crate) operation: &'static str,
    pub(crate) parameters: Vec<(&'static str, String)>,
    pub(crate) query: Vec<(&'static str, String)>,
    /// What its parameter is called, and the secret.
    secret: Option<(&'static str, Asked)>,
}

/// A secret that is asked about in the body of a request. It is in no other request, and in no text.
#[derive(Clone, PartialEq, Eq)]
struct Asked(Zeroizing<String>);

impl Hash for Asked {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.as_str().hash(state);
    }
}

/// What a secret in a body is called among the parameters of [`Content`](crate::content::Content).
pub(crate) const SECRET: &str = "secret";

impl Lookup {
    pub(crate) fn new(operation: &'static str) -> Self {
        Self {
            operation,
            parameters: Vec::new(),
            query: Vec::new(),
            secret: None,
        }
    }

    /// Asks about a secret with the caller's own credential: it stands in the body, as the provider's module declares.
    pub(crate) fn about_secret(self, secret: &str) -> Self {
        self.about_secret_as(SECRET, secret)
    }

    /// The same where the secret stands in the path, as the parameter of this name.
    pub(crate) fn about_secret_as(mut self, name: &'static str, secret: &str) -> Self {
        self.secret = Some((name, Asked(Zeroizing::new(secret.to_owned()))));
        self
    }

    /// The secret that is asked about, where one is.
    pub(crate) fn secret(&self) -> Option<&str> {
        self.secret.as_ref().map(|(_, secret)| secret.0.as_str())
    }

    /// What its parameter is called.
    pub(crate) fn secret_name(&self) -> &'static str {
        self.secret.as_ref().map_or(SECRET, |(name, _)| name)
    }

    /// Fills a parameter of the path.
    pub(crate) fn with_parameter(mut self, name: &'static str, value: impl fmt::Display) -> Self {
        self.parameters.push((name, value.to_string()));
        self
    }

    /// Sets a parameter of the query, instead of what it was.
    pub(crate) fn with_query(mut self, name: &'static str, value: impl fmt::Display) -> Self {
        match self.query.iter_mut().find(|(known, _)| *known == name) {
            Some((_, known)) => *known = value.to_string(),
            None => self.query.push((name, value.to_string())),
        }
        self
    }

    /// What the document calls so, be it in the path, in the query or the secret itself; empty where there is none, which the
    /// guard refuses.
    pub(crate) fn part(&self, name: &str) -> &str {
        let secret = || self.secret().filter(|_| self.secret_name() == name);
        let found = find(&self.parameters, name).or_else(|| find(&self.query, name));
        found.or_else(secret).unwrap_or_default()
    }

    /// A parameter of the path; empty where there is none, which the guard refuses.
    pub(crate) fn parameter(&self, name: &str) -> &str {
        find(&self.parameters, name).unwrap_or_default()
    }

    pub(crate) fn query(&self, name: &str) -> Option<&str> {
        find(&self.query, name)
    }

    /// A number of the query, as the generated client takes it.
    pub(crate) fn number(&self, name: &str) -> Option<i64> {
        self.query(name)?.parse().ok()
    }

    /// The list of which this asks for a page.
    pub(crate) fn list(&self) -> Self {
        Self {
            query: Vec::new(),
            ..self.clone()
        }
    }
}

fn find<'a>(pairs: &'a [(&'static str, String)], wanted: &str) -> Option<&'a str> {
    let found = pairs.iter().find(|(name, _)| *name == wanted);
    found.map(|(_, value)| value.as_str())
}

/// Without the secret, and without the values of the query: nobody knows what a provider puts into its cursors.
impl fmt::Debug for Lookup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.query.iter().map(|(name, _)| *name).collect();
        f.debug_struct("Lookup")
            .field("operation", &self.operation)
            .field("parameters", &self.parameters)
            .field("query", &names)
            .finish()
    }
}

/// What a provider does that has no operation of this name.
pub(crate) async fn not_offered() -> Sent {
    let reason = "the provider publishes no such operation";
    Err(progenitor_client::Error::InvalidRequest(reason.into()))
}

/// A parameter of a look-up in the type that the document gives it, for the generated methods, whose error it is.
#[allow(clippy::result_large_err)]
pub(crate) fn read<T: FromStr>(
    text: &str,
) -> Result<T, progenitor_client::Error<progenitor_client::ByteStream>> {
    let wrong =
        || progenitor_client::Error::InvalidRequest("a parameter is not of the documented type".into());
    text.parse().map_err(|_| wrong())
}

/// What one answer says of keys.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Page {
    pub(crate) items: Vec<KeyInfo>,
    /// What has to be asked before the list is complete; nothing after its last page.
    pub(crate) next: Vec<Lookup>,
    /// How many entries of its list the page holds, which need not be keys.
    pub(crate) entries: u64,
    /// How many entries the provider counts in the whole list, where it does.
    pub(crate) total: Option<u64>,
}

impl Page {
    /// The answer to a question about one key.
    pub(crate) fn of(key: KeyInfo) -> Self {
        Self {
            items: vec![key],
            entries: 1,
            ..Self::default()
        }
    }
}

/// An answer that says nothing of keys that can be relied on, and why.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Unread {
    pub(crate) kind: ErrorKind,
    pub(crate) facts: Box<Facts>,
}

impl Unread {
    /// Reads what can be said of an attempt by its status alone, with our words where the provider has none.
    pub(crate) fn new(about: &About, attempt: &Attempt, redactor: &Redactor) -> Self {
        // Of the rules on revoking, those on refusals hold for every operation: a wrong host is a wrong host, and a limit
        // one of the caller.
        let refusals = about.rules.iter().filter(|rule| match rule.meaning {
            Meaning::Not(ErrorKind::Misdirected, _) => rule.status >= 400,
            Meaning::Not(kind, _) => kind == ErrorKind::RateLimited,
            Meaning::Dead(..) => false,
        });
        let refusals: Vec<Rule> = refusals.cloned().collect();
        let meaning = verdict(&refusals, &[], attempt).meaning;
        let kind = match meaning {
            Meaning::Not(kind, _) => kind,
            Meaning::Dead(..) => ErrorKind::UnexpectedAnswer,
        };
        let (mut facts, ours) = match attempt {
            Attempt::NotSent(failure) | Attempt::MaybeSent(failure) => {
                (Facts::default(), Some(failure.message.clone()))
            }
            Attempt::Answered(answer) => {
                let opened = answer.open();
                (detail::read(&opened, redactor), our_words(&opened, meaning))
            }
        };
        facts.detail = facts.detail.or_else(|| ours.map(|words| clean(&words, redactor)));
        let facts = Box::new(facts);
        Self { kind, facts }
    }

    /// An answer of the documented status that does not hold what is documented.
    pub(crate) fn unexpected(answer: Option<&Answer>, reason: &str) -> Self {
        let facts = Box::new(Facts {
            status: answer.map(|answer| answer.status),
            detail: Some(clean(reason, &Redactor::default())),
            ..Facts::default()
        });
        let kind = ErrorKind::UnexpectedAnswer;
        Self { kind, facts }
    }
}

/// The operation that asks about one key. The provider's own 404 to it is an inventory without that key; whether that is
/// a death is for those to say who saw it there before.
pub(crate) const FIND: &str = "find";

/// The operation that tries a secret, where one is made for that.
pub(crate) const PROBE: &str = "probe";

/// Reads the answer to a look-up. Only a documented 200 with a complete JSON object, or list where the provider's module
/// asks for one, is read at all, and the provider's own "no such key" where one key was asked for.
pub(crate) fn read_page<P: Provider>(
    provider: &P,
    about: &About,
    lookup: &Lookup,
    attempt: &Attempt,
    redactor: &Redactor,
) -> Result<Page, Unread> {
    let read = |lookup: &Lookup, body: Reading<'_>| provider.page_of(lookup, body);
    read_with(&read, P::READS_XML, about, lookup, attempt, redactor)
}

/// The same by whatever reads the body.
pub(crate) fn read_with(
    read: &dyn Fn(&Lookup, Reading<'_>) -> Result<Page, String>,
    reads_xml: bool,
    about: &About,
    lookup: &Lookup,
    attempt: &Attempt,
    redactor: &Redactor,
) -> Result<Page, Unread> {
    let answer = match attempt {
        Attempt::Answered(answer) if answer.status == 200 && !answer.is_problem_document() => answer,
        Attempt::Answered(answer) if lookup.operation == FIND && says_missing(about, lookup, answer) => {
            return Ok(Page::default());
        }
        _ => return Err(Unread::new(about, attempt, redactor)),
    };
    let opened = answer.open();
    #[cfg(feature = "aws")]
    let xml = answer.xml();
    #[cfg(feature = "aws")]
    let body = if reads_xml { xml.as_ref() } else { opened.json() };
    #[cfg(not(feature = "aws"))]
    let body = opened.json().filter(|_| !reads_xml);
    let no_members = Members::default();
    let (object, list) = match body {
        Some(Tree::Object(object)) => (object, None),
        Some(Tree::Array(list)) => (&no_members, Some(list.as_slice())),
        _ => return Err(Unread::new(about, attempt, redactor)),
    };
    // XML has the answer in its root element.
    let answered = match object.iter().next() {
        Some((_, Tree::Object(root))) if reads_xml => root,
        _ => object,
    };
    if tells_an_error(answered, &[]) {
        return Err(Unread::unexpected(
            Some(answer),
            "it is a success that tells of an error",
        ));
    }
    let page = read(
        lookup,
        Reading {
            object,
            list,
            answer,
            now: answer.now(),
            certain_now: answer.certain_now(),
            redactor,
        },
    );
    let unexpected = |reason: &str| Unread::unexpected(Some(answer), reason);
    let page = page.map_err(|reason| unexpected(&reason))?;
    if page.next.contains(lookup) {
        return Err(unexpected("the page names itself as the next one"));
    }
    Ok(page)
}

fn says_missing(about: &About, lookup: &Lookup, answer: &Answer) -> bool {
    let missing = about.missing.0.filter(|_| answer.status == 404);
    missing.is_some_and(|body| body_fits(body, &answer.open(), &lookup.parameters))
}

/// A JSON object of an answer, or a list that is the whole of it. Only the members that somebody asks for by name are
/// looked at, and texts come out clean.
#[derive(Clone, Copy)]
pub struct Reading<'a> {
    object: &'a Members<'a>,
    list: Option<&'a [Tree<'a>]>,
    answer: &'a Answer,
    now: SystemTime,
    certain_now: SystemTime,
    redactor: &'a Redactor,
}

/// Longer than any cursor seen; what stands in a URL has to end somewhere.
const LONGEST_CURSOR: usize = 2048;

impl<'a> Reading<'a> {
    /// A text that must be there, as it came: for ids and cursors alone.
    fn raw(&self, name: &str) -> Result<&'a str, String> {
        let text = self.object.get(name).and_then(Tree::as_str);
        text.ok_or_else(|| format!("`{name}` is missing, or is no text"))
    }

    /// The id of a thing, in its own type.
    pub(crate) fn id<T: FromStr<Err = InvalidInput>>(&self, name: &str) -> Result<T, String> {
        let text = match self.object.get(name) {
            Some(Tree::Number(number)) => number.to_string(),
            _ => self.raw(name)?.to_owned(),
        };
        if self.redactor.knows(&text) {
            return Err(format!("`{name}` is a credential, not an id"));
        }
        let refused = |problem: InvalidInput| format!("`{name}` is not an id: it {}", problem.reason());
        text.parse().map_err(refused)
    }

    /// A text, if it is there and not null.
    pub(crate) fn text(&self, name: &str) -> Result<Option<String>, String> {
        match self.object.get(name) {
            None | Some(Tree::Null) => Ok(None),
            Some(Tree::String(text)) => Ok(Some(clean(text, self.redactor)).filter(|text| !text.is_empty())),
            Some(_) => Err(format!("`{name}` is no text")),
        }
    }

    /// A truth value that must be there.
    pub(crate) fn truth(&self, name: &str) -> Result<bool, String> {
        let truth = self.object.get(name).and_then(Tree::as_bool);
        truth.ok_or_else(|| format!("`{name}` is missing, or is neither true nor false"))
    }

    /// A number that is not negative, if it is there and not null.
    pub(crate) fn number(&self, name: &str) -> Result<Option<u64>, String> {
        match self.object.get(name) {
            None | Some(Tree::Null) => Ok(None),
            Some(value) => value
                .as_u64()
                .map(Some)
                .ok_or_else(|| format!("`{name}` is no whole number")),
        }
    }

    /// A time in UNIX seconds; null is none, and it must be there.
    pub(crate) fn seconds(&self, name: &str) -> Result<Option<SystemTime>, String> {
        /// The end of the year 9999. Milliseconds, taken for seconds, lie beyond it.
        const LAST: u64 = 253_402_300_799;
        if !self.object.contains_key(name) {
            return Err(format!("`{name}` is missing"));
        }
        let Some(seconds) = self.number(name)? else {
            return Ok(None);
        };
        let seconds = Some(seconds).filter(|seconds| *seconds <= LAST);
        let time =
            seconds.and_then(|seconds| SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(seconds)));
        time.map(Some)
            .ok_or_else(|| format!("`{name}` is no time in seconds"))
    }

    /// A time in UNIX milliseconds, if it is there and not null.
    pub(crate) fn milliseconds(&self, name: &str) -> Result<Option<SystemTime>, String> {
        let Some(milliseconds) = self.number(name)? else {
            return Ok(None);
        };
        let time = SystemTime::UNIX_EPOCH.checked_add(Duration::from_millis(milliseconds));
        time.map(Some)
            .ok_or_else(|| format!("`{name}` is no time in milliseconds"))
    }

    /// Sets what a secret that is written with a gap shows of its ends, such as `sk-ant-...AAAA`; nothing where the text
    /// is of another form.
    pub(crate) fn with_ends(&self, name: &str, known: KeyInfo) -> Result<KeyInfo, String> {
        let text = match self.object.get(name) {
            None | Some(Tree::Null) => return Ok(known),
            Some(Tree::String(text)) => text.as_ref(),
            Some(_) => return Err(format!("`{name}` is no text")),
        };
        let is_gap = |c: char| matches!(c, '.' | '*' | '…');
        let begin = text.split(is_gap).next().unwrap_or_default();
        let end = text.rsplit(is_gap).next().unwrap_or_default();
        let gap = text
            .strip_prefix(begin)
            .and_then(|rest| rest.strip_suffix(end))
            .unwrap_or_default();
        if !gap.chars().all(is_gap) || !(gap == "…" || gap.len() >= 3) {
            return Ok(known);
        }
        let begin: String = begin.chars().take(8).collect();
        let known = match begin.is_empty() {
            true => known,
            false => known.with_prefix(begin),
        };
        Ok(match end.is_empty() {
            true => known,
            false => known.with_last4(end),
        })
    }

    /// Where the list goes on, as a path with a query; null where it ends. The path must be this list's, and its query
    /// must be of parameters that are known.
    pub(crate) fn continued(
        &self,
        name: &str,
        lookup: &Lookup,
        path: &str,
        parameters: &[&'static str],
    ) -> Result<Option<Lookup>, String> {
        match self.object.get(name) {
            Some(Tree::Null) => return Ok(None),
            None => return Err(format!("`{name}` is missing")),
            Some(_) => {}
        }
        let wrong = || format!("`{name}` is not where this list could go on");
        let (found, query) = self.cursor(name)?.split_once('?').ok_or_else(wrong)?;
        let url = Url::parse(&format!("list:?{query}")).map_err(|_| wrong())?;
        let mut next = lookup.list();
        for (name, value) in url.query_pairs() {
            let known = parameters.iter().find(|known| **known == name);
            next = next.with_query(known.ok_or_else(wrong)?, value);
        }
        (found == path).then_some(next).map(Some).ok_or_else(wrong)
    }

    /// A time as text; `None` where it cannot be read as one, since no key is told from another by it.
    pub(crate) fn time(&self, name: &str) -> Result<Option<SystemTime>, String> {
        let text = self.text(name)?;
        Ok(text.and_then(|text| crate::timestamp::parse(&text).ok()))
    }

    /// Where the list goes on. It travels back as it came, and is not looked into.
    pub(crate) fn cursor(&self, name: &str) -> Result<&'a str, String> {
        let cursor = self.raw(name)?;
        if cursor.is_empty() || cursor.len() > LONGEST_CURSOR || cursor.contains(char::is_control) {
            return Err(format!("`{name}` is no cursor that could be sent back"));
        }
        Ok(cursor)
    }

    /// As [`cursor`](Self::cursor), where null or an empty text in its place says that the list ends here.
    pub(crate) fn cursor_or_end(&self, name: &str) -> Result<Option<String>, String> {
        match self.object.get(name) {
            Some(Tree::Null) => Ok(None),
            Some(Tree::String(text)) if text.is_empty() => Ok(None),
            _ => self.cursor(name).map(|cursor| Some(cursor.to_owned())),
        }
    }

    /// An id as text, be it a text or a number.
    pub(crate) fn identity(&self, name: &str) -> Result<String, String> {
        let value = self.object.get(name);
        self.identity_of(value)
            .ok_or_else(|| format!("`{name}` is missing, or is no id"))
    }

    fn identity_of(&self, value: Option<&Tree<'_>>) -> Option<String> {
        let text = match value? {
            Tree::Number(number) => number.to_string(),
            value => value.as_str()?.to_owned(),
        };
        // What is a credential is no id.
        Some(text).filter(|text| !self.redactor.knows(text))
    }

    /// The ids of a list of ids.
    pub(crate) fn texts(&self, name: &str) -> Result<Vec<String>, String> {
        let list = self.object.get(name).and_then(Tree::as_array);
        let list = list.ok_or_else(|| format!("`{name}` is missing, or is no list"))?;
        self.identities(list)
    }

    /// The same where that is the whole answer.
    pub(crate) fn list_of_texts(&self) -> Result<Vec<String>, String> {
        self.identities(self.list.ok_or("the answer is no list")?)
    }

    fn identities(&self, list: &[Tree<'_>]) -> Result<Vec<String>, String> {
        let id = |entry| self.identity_of(Some(entry));
        let ids = list.iter().map(id).collect::<Option<_>>();
        ids.ok_or_else(|| "an entry of the list is no id".into())
    }

    /// Is the object what it is expected to be, for the key of these ids? What is to come by the answer's own clock, be it
    /// soon, has not passed: nothing was asked for that would have happened just now.
    pub(crate) fn fits(&self, expect: Expect, parameters: &[(&str, String)]) -> bool {
        object_fits(expect, self.object, self.answer, Duration::ZERO, parameters)
    }

    /// The objects of a list.
    pub(crate) fn items(&self, name: &str) -> Result<Vec<Self>, String> {
        let items = self.object.get(name).and_then(Tree::as_array);
        let items = items.ok_or_else(|| format!("`{name}` is missing, or is no list"))?;
        self.objects(items, name)
    }

    /// The objects of a list that is the whole answer.
    pub(crate) fn list(&self) -> Result<Vec<Self>, String> {
        self.objects(self.list.ok_or("the answer is no list")?, "the answer")
    }

    /// A page whose entries are `data`, and which goes on after `last_id` where `has_more` is true. The entries are to be added.
    pub(crate) fn data(&self, lookup: &Lookup, after: &'static str) -> Result<(Page, Vec<Self>), String> {
        let entries = self.items("data")?;
        let mut page = Page {
            entries: entries.len() as u64,
            ..Page::default()
        };
        if self.truth("has_more")? {
            page.next
                .push(lookup.clone().with_query(after, self.cursor("last_id")?));
        }
        Ok((page, entries))
    }

    fn objects(&self, items: &'a [Tree<'a>], name: &str) -> Result<Vec<Self>, String> {
        let item = |value: &'a Tree<'a>| match value {
            Tree::Object(object) => Ok(self.of(object)),
            _ => Err(format!("an entry of `{name}` is no object")),
        };
        items.iter().map(item).collect()
    }

    fn of(&self, object: &'a Members<'a>) -> Self {
        Self {
            object,
            list: None,
            ..*self
        }
    }

    /// A header of the answer, which must be there once; it may be empty.
    pub(crate) fn header(&self, name: &str) -> Result<&'a str, String> {
        match self.answer.headers(name).as_slice() {
            [Some(value)] => Ok(value),
            [] => Err(format!("the header {name} is missing")),
            _ => Err(format!("the header {name} is no text, or is there twice")),
        }
    }

    /// Does a header of the answer link to a page that follows (RFC 8288)? What cannot be read may be such a link.
    pub(crate) fn links_to_next(&self) -> bool {
        let next = |link: &str| {
            let link = link.to_ascii_lowercase().replace([' ', '"', '\''], "");
            link.split([';', ',']).any(|part| part == "rel=next")
        };
        let links = self.answer.headers("link");
        links.iter().any(|link| link.is_none_or(next))
    }

    /// Is the member a list?
    #[cfg(feature = "aws")]
    pub(crate) fn is_list(&self, name: &str) -> bool {
        self.object.get(name).is_some_and(Tree::is_array)
    }

    /// An object or null, which must be there.
    pub(crate) fn object(&self, name: &str) -> Result<Option<Self>, String> {
        match self.object.get(name) {
            Some(Tree::Null) => Ok(None),
            Some(Tree::Object(object)) => Ok(Some(self.of(object))),
            _ => Err(format!("`{name}` is missing, or is no object")),
        }
    }

    /// Is the member there, and not null?
    pub(crate) fn has(&self, name: &str) -> bool {
        self.object.get(name).is_some_and(|value| !value.is_null())
    }

    /// Has this moment passed for certain, by the answer's clock and by ours? For ends of which nothing else is
    /// said: before that, the key may work.
    pub(crate) fn is_over(&self, end: SystemTime) -> bool {
        let over = end.checked_add(CLOCK_SKEW);
        is_told(unix_seconds(end)) && over.is_some_and(|end| end <= self.certain_now)
    }

    /// Has this moment passed, by the answer's clock?
    pub(crate) fn is_past(&self, time: SystemTime) -> bool {
        unix_seconds(time) <= unix_seconds(self.now + CLOCK_SKEW)
    }
}

/// A key of a provider, as text.
pub(crate) fn key_ref<P: Provider>(key: &P::Key) -> Result<KeyRef, String> {
    let refused = |problem: InvalidInput| format!("a key's id {}", problem.reason());
    KeyRef::at(&P::ABOUT, P::Key::BY_SECRET, &key.to_string()).map_err(refused)
}
