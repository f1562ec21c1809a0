//! What this crate relies on about a provider, line by line, with where and when each was read.

use serde::Serialize;

use crate::provider::IdsReused;
use crate::providers::ProviderInfo;
use crate::verdict::{Expect, Meaning, Member};

/// Something that is relied on about a provider, and where it was read; see [`ProviderInfo::facts`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Fact {
    /// What it is about: `answer` to a revocation, `probe` (the answer to one), `missing` (the provider's own 404), `repeat`
    /// or `ids_reused`; of a described provider also `list` and `find`.
    pub about: &'static str,
    /// The answer: its status and what its body must be; empty where it is about none.
    pub answer: String,
    /// What it means: the state of the key and the kind of the result, or a word of its own.
    pub means: String,
    /// Where it was read.
    pub source: String,
    /// When, as a day or a month; empty where that is not known.
    pub read: String,
}

impl Fact {
    fn new(about: &'static str, answer: String, means: String, source: &str) -> Self {
        let (source, read) = split(source);
        Self {
            about,
            answer,
            means,
            source,
            read,
        }
    }
}

impl ProviderInfo {
    /// All that is relied on about the provider: what each answer means, what a repeat may do, whether ids come back; each
    /// with its source and the date on which it was read.
    pub fn facts(&self) -> Vec<Fact> {
        let (about, probe_rules) = (self.entry().about(), self.entry().probe_rules());
        let answers = about.rules.iter().map(|rule| {
            let answer = answer(rule.status, &rule.body);
            Fact::new("answer", answer, meaning(rule.meaning), rule.source)
        });
        let probes = probe_rules.iter().map(|rule| {
            let means = if rule.accepted { "accepted" } else { "refused" };
            Fact::new(
                "probe",
                answer(rule.status, &rule.body),
                means.to_owned(),
                rule.source,
            )
        });
        let looks = self.entry().look_sources().iter();
        let looks = looks.map(|(look, asks, source)| Fact::new(look, String::new(), asks.clone(), source));
        let (missing, source) = about.missing;
        let means = if missing.is_some() {
            "no such key"
        } else {
            "nothing"
        };
        let missing = missing
            .map(|body| answer(404, &body))
            .unwrap_or_else(|| "404".to_owned());
        let missing = Fact::new("missing", missing, means.to_owned(), source);
        let (repeat, source) = about.repeat;
        let repeat = Fact::new("repeat", String::new(), repeat.as_str().to_owned(), source);
        let (reused, source) = about.ids_reused;
        let reused = match reused {
            IdsReused::No => "no",
            IdsReused::Possible => "possible",
        };
        let reused = Fact::new("ids_reused", String::new(), reused.to_owned(), source);
        let others = [missing, repeat, reused];
        answers.chain(probes).chain(looks).chain(others).collect()
    }
}

fn answer(status: u16, body: &Expect) -> String {
    match body {
        Expect::Anything => status.to_string(),
        Expect::NoBody => format!("{status} without a body"),
        Expect::EmptyObject => format!("{status} {{}}"),
        Expect::Object(members) => format!("{status} {}", object(members)),
        #[cfg(feature = "aws")]
        Expect::Xml(members) => format!("{status} XML {}", object(members)),
    }
}

fn object(members: &[Member]) -> String {
    let members: Vec<String> = members.iter().map(member).collect();
    format!("{{{}}}", members.join(", "))
}

fn member(member: &Member) -> String {
    match member {
        Member::Is(name, text) => format!("{name}: {text:?}"),
        Member::IsOther(name, text) => format!("{name}: another text than {text:?}"),
        Member::IsBool(name, truth) => format!("{name}: {truth}"),
        Member::IsText(name) => format!("{name}: a text"),
        Member::IsList(name) => format!("{name}: a list"),
        Member::IsObject(name) => format!("{name}: an object"),
        Member::IsEmpty(name) => format!("{name}: []"),
        Member::IsZero(name) => format!("{name}: 0"),
        Member::HoldsOnly(name, id) => format!("{name}: [<{id}>]"),
        Member::HoldsOther(name, id) => format!("{name}: a list of something else than <{id}>"),
        Member::IsParameter(name, id) => format!("{name}: <{id}>"),
        Member::IsNotParameter(name, id) => format!("{name}: another text than <{id}>"),
        Member::EndsWith(name, id) => format!("{name}: a path to <{id}>"),
        Member::EndsWithOther(name, id) => format!("{name}: a path to something else than <{id}>"),
        Member::In(name, members) => format!("{name}: {}", object(members)),
        Member::IsPastTime(name) => format!("{name}: a time in the past"),
        Member::IsFutureTime(name) => format!("{name}: a time to come"),
        Member::NullOrPast(name) => format!("{name}: null, or a time in the past"),
        Member::Future(name) => format!("{name}: a time to come"),
        Member::Says(name, text) => format!("{name}: a text that says {text:?}"),
        Member::ProblemDetails => "members of RFC 9457".to_owned(),
        Member::HasCode(names, code) => format!("{}: the code {code}", names.join(" or ")),
        Member::NoOtherCode(names, code) => format!("{}: no code but {code}", names.join(", ")),
        #[allow(unreachable_patterns)] // for the next condition, until it has its words
        other => format!("{other:?}"),
    }
}

/// The words of the golden truth table.
pub(crate) fn meaning(meaning: Meaning) -> String {
    match meaning {
        Meaning::Dead(disposition, evidence) => {
            format!("dead {} {}", disposition.as_str(), evidence.as_str())
        }
        Meaning::Not(kind, state) => format!("{state} {}", kind.as_str()),
    }
}

/// The source without the date that it names, and the date.
fn split(source: &str) -> (String, String) {
    let read = source.match_indices("read ").filter_map(|(at, word)| {
        let rest = &source[at + word.len()..];
        let end = rest
            .find(|c: char| !c.is_ascii_digit() && c != '-')
            .unwrap_or(rest.len());
        is_date(&rest[..end]).then_some((&source[..at], &rest[..end], &rest[end..]))
    });
    match read.last() {
        Some((before, date, after)) => {
            let text = format!("{}{after}", before.trim_end_matches([' ', ',', ';']));
            (text.trim_matches([' ', ';', ',']).to_owned(), date.to_owned())
        }
        None => (source.to_owned(), String::new()),
    }
}

/// A day or a month, such as 2026-11-22 or 2026-11.
pub(crate) fn is_date(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let number = |part: &str, digits: usize| {
        let plain = part.len() == digits && part.bytes().all(|byte| byte.is_ascii_digit());
        plain.then(|| part.parse::<u16>().ok()).flatten()
    };
    match parts.as_slice() {
        [year, month, rest @ ..] if rest.len() < 2 => {
            number(year, 4).is_some_and(|year| (2020..2200).contains(&year))
                && number(month, 2).is_some_and(|month| (1..=12).contains(&month))
                && rest
                    .iter()
                    .all(|day| number(day, 2).is_some_and(|day| (1..=31).contains(&day)))
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(feature = "fakes")]
    fn whatever_is_relied_on_says_where_it_was_read_and_when() {
        for provider in crate::providers::ways() {
            let facts = provider.facts();
            assert!(facts.len() >= 4, "{}", provider.name());
            for fact in facts {
                assert!(!fact.source.trim().is_empty(), "{}: {fact:?}", provider.name());
                assert!(is_date(&fact.read), "{}: {fact:?}", provider.name());
                // What the skeleton of a module leaves open.
                assert!(!fact.source.contains("PAGE"), "{}: {fact:?}", provider.name());
            }
            let said = [provider.credential_help(), provider.proves()];
            let is_open = |text: &str| ["WHICH", "WHAT"].iter().any(|open| text.contains(open));
            assert!(!said.into_iter().any(is_open), "{}: {said:?}", provider.name());
        }
    }

    #[test]
    fn a_date_is_found_wherever_it_stands() {
        for (text, source, read) in [
            ("docs, Keys, read 2026-11-22", "docs, Keys", "2026-11-22"),
            (
                "docs, read 2026-11; body as FastAPI has it",
                "docs; body as FastAPI has it",
                "2026-11",
            ),
            ("the page; read 2026-11", "the page", "2026-11"),
            ("already read, read 2026-11", "already read", "2026-11"),
            ("docs", "docs", ""),
            ("docs, read 2026", "docs, read 2026", ""),
            ("docs, read 2026-13", "docs, read 2026-13", ""),
            ("docs, read yesterday", "docs, read yesterday", ""),
        ] {
            assert_eq!(split(text), (source.to_owned(), read.to_owned()));
        }
    }
}
