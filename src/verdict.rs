//! What an attempt means. Pure, no I/O, the whole truth table: the provider's rules first, then the meaning of
//! the status. Everything that is not proof of death ends in `Live` or `Unknown` here.

use std::time::{Duration, SystemTime};

use crate::answer::{Answer, Attempt, Body, FailureReason, Opened};
use crate::detail::{dotted_codes, dotted_words};
use crate::outcome::{Disposition, ErrorKind, Evidence, KeyState};
use crate::timestamp;
use crate::tree::{Members, Tree};

/// One line of a provider's table: this status, with a body of this kind, means that.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    pub(crate) status: u16,
    pub(crate) body: Expect,
    pub(crate) meaning: Meaning,
    /// Where the fact was read, and when.
    pub(crate) source: &'static str,
    /// Is the status in the provider's OpenAPI document? Where it is not, the source says what else states it.
    pub(crate) documented: bool,
}

/// Begins a rule on a status; without [`Rule::with`] any body, complete or not, will do.
pub(crate) const fn on(status: u16, meaning: Meaning) -> Rule {
    Rule {
        status,
        body: Expect::Anything,
        meaning,
        source: "",
        documented: true,
    }
}

impl Rule {
    /// What the body must be. Every such rule needs a complete body of a JSON media type.
    pub(crate) const fn with(mut self, body: Expect) -> Self {
        self.body = body;
        self
    }

    /// Where the fact was read, and when.
    pub(crate) const fn source(mut self, source: &'static str) -> Self {
        self.source = source;
        self
    }

    /// The status is not in the provider's OpenAPI document.
    pub(crate) const fn undocumented(mut self) -> Self {
        self.documented = false;
        self
    }

    /// What contradicts itself proves nothing. What proves nothing anyway, such as the alarm about another key, stands.
    fn fits(&self, opened: &Opened<'_>, parameters: &[(&str, String)]) -> bool {
        match self.meaning {
            Meaning::Not(_, KeyState::Unknown) => body_fits(self.body, opened, parameters),
            _ => says(self.body, opened, parameters),
        }
    }
}

/// What a body must be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Expect {
    /// The status alone decides.
    Anything,
    /// There is none.
    NoBody,
    /// A JSON object without members.
    EmptyObject,
    /// A JSON object of which all of these hold.
    Object(&'static [Member]),
    /// An XML document of which all of these hold: an object with the root element as its one member.
    #[cfg(feature = "aws")]
    Xml(&'static [Member]),
}

/// A condition on the members of a JSON object.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Member {
    /// The member is this text.
    Is(&'static str, &'static str),
    /// The member is this truth value.
    IsBool(&'static str, bool),
    /// The member is a text.
    IsText(&'static str),
    /// The member is a text other than this.
    IsOther(&'static str, &'static str),
    /// The member is a list.
    IsList(&'static str),
    /// The member is a list without entries.
    IsEmpty(&'static str),
    /// The member is a list of the value of this parameter alone.
    HoldsOnly(&'static str, &'static str),
    /// The member is a list in which there is something else than the value of this parameter.
    HoldsOther(&'static str, &'static str),
    /// The member is the number 0.
    IsZero(&'static str),
    /// The member is this number.
    IsNumber(&'static str, u64),
    /// The member is there, and is null.
    IsNull(&'static str),
    /// The member is an object.
    IsObject(&'static str),
    /// The member is an object of which all of these hold.
    In(&'static str, &'static [Self]),
    /// The member is the value of this path parameter: the answer is about our key.
    IsParameter(&'static str, &'static str),
    /// The member is a text, and not the value of this path parameter: the answer is about another key.
    IsNotParameter(&'static str, &'static str),
    /// The member is a path whose last segment is the value of this path parameter: the answer is about our key.
    EndsWith(&'static str, &'static str),
    /// The member is a text that does not end so: the answer is about another key.
    EndsWithOther(&'static str, &'static str),
    /// The member is there, and is null or a UNIX time in seconds that has passed by the answer's clock.
    NullOrPast(&'static str),
    /// The member is a UNIX time in seconds that is still to come by the answer's clock.
    Future(&'static str),
    /// The member is a time as text (RFC 3339) that has passed by the answer's clock.
    IsPastTime(&'static str),
    /// The member is such a time that is still to come by the answer's clock.
    IsFutureTime(&'static str),
    /// The member is a text that says this, in whatever case.
    Says(&'static str, &'static str),
    /// An RFC 9457 problem document: at least one of its members is there, all that are there have their
    /// documented types, and a `status` repeats the HTTP status.
    ProblemDetails,
    /// One of these members holds this code of the form `Word.Word`.
    HasCode(&'static [&'static str], &'static str),
    /// None of these members holds a code of the form `Word.Word` other than this.
    NoOtherCode(&'static [&'static str], &'static str),
}

/// Is there no code in this text but the one? In a `title`, and at the end of a `type`, which are not prose, a
/// code may be written in lower case too; elsewhere that is how hosts and files are written.
fn has_no_other_code(member: &str, text: &str, code: &str) -> bool {
    let name = match member {
        "title" => text,
        "type" => {
            let path = text.split_once("://").map_or(text, |(_, rest)| {
                rest.split_once('/').map_or("", |(_, path)| path)
            });
            path.rsplit(['/', ':']).next().unwrap_or_default()
        }
        _ => "",
    };
    dotted_codes(text)
        .chain(dotted_words(name))
        .all(|found| found == code)
}

/// The members that RFC 9457 and Dolfin's document give a problem.
const PROBLEM_TEXTS: &[&str] = &["type", "title", "detail", "instance"];

impl Member {
    /// Does the condition ask something of the member of this name?
    fn reads(&self, wanted: &str) -> bool {
        self.names().contains(&wanted)
    }

    /// The members that the condition reads.
    pub(crate) fn names(&self) -> Vec<&'static str> {
        match self {
            Self::Is(name, _)
            | Self::IsBool(name, _)
            | Self::IsText(name)
            | Self::IsOther(name, _)
            | Self::IsList(name)
            | Self::IsEmpty(name)
            | Self::HoldsOnly(name, _)
            | Self::HoldsOther(name, _)
            | Self::IsZero(name)
            | Self::IsNumber(name, _)
            | Self::IsNull(name)
            | Self::IsObject(name)
            | Self::In(name, _)
            | Self::IsParameter(name, _)
            | Self::IsNotParameter(name, _)
            | Self::EndsWith(name, _)
            | Self::EndsWithOther(name, _)
            | Self::NullOrPast(name)
            | Self::Future(name)
            | Self::IsPastTime(name)
            | Self::IsFutureTime(name)
            | Self::Says(name, _) => vec![name],
            Self::ProblemDetails => [PROBLEM_TEXTS, &["status"]].concat(),
            Self::HasCode(names, _) | Self::NoOtherCode(names, _) => names.to_vec(),
        }
    }

    /// A time has passed that is no further ahead of the answer's clock than this.
    fn holds(
        &self,
        object: &Members<'_>,
        answer: &Answer,
        ahead: Duration,
        parameters: &[(&str, String)],
    ) -> bool {
        let has_passed = |seconds: u64| seconds <= unix_seconds(answer.now() + ahead);
        let text = |name: &str| object.get(name).and_then(Tree::as_str);
        let time = |name: &str| {
            let time = timestamp::parse(text(name)?).ok()?;
            Some(time.duration_since(SystemTime::UNIX_EPOCH).ok()?.as_secs())
        };
        let is_ours = |parameter: &str, text: &str| {
            parameters
                .iter()
                .any(|(name, ours)| *name == parameter && ours == text)
        };
        let ends_with_ours = |parameter: &str, text: &str| {
            let last = text.rsplit_once('/');
            last.is_some_and(|(_, last)| is_ours(parameter, last))
        };
        let list = |name: &str| object.get(name).and_then(Tree::as_array);
        let holds_ours =
            |parameter: &str, entry: &Tree<'_>| entry.as_str().is_some_and(|text| is_ours(parameter, text));
        match *self {
            Self::Is(name, wanted) => text(name) == Some(wanted),
            Self::IsBool(name, wanted) => object.get(name).and_then(Tree::as_bool) == Some(wanted),
            Self::IsText(name) => text(name).is_some(),
            Self::IsOther(name, unwanted) => text(name).is_some_and(|text| text != unwanted),
            Self::IsEmpty(name) => list(name).is_some_and(Vec::is_empty),
            Self::HoldsOnly(name, parameter) => list(name)
                .is_some_and(|list| matches!(list.as_slice(), [only] if holds_ours(parameter, only))),
            Self::HoldsOther(name, parameter) => {
                list(name).is_some_and(|list| list.iter().any(|entry| !holds_ours(parameter, entry)))
            }
            Self::IsZero(name) => object.get(name).and_then(Tree::as_u64) == Some(0),
            Self::IsNumber(name, wanted) => object.get(name).and_then(Tree::as_u64) == Some(wanted),
            Self::IsNull(name) => object.get(name).is_some_and(Tree::is_null),
            Self::IsList(name) => object.get(name).is_some_and(Tree::is_array),
            Self::IsObject(name) => object.get(name).is_some_and(Tree::is_object),
            Self::In(name, members) => {
                let inner = object.get(name).and_then(Tree::as_object);
                inner.is_some_and(|inner| {
                    members
                        .iter()
                        .all(|member| member.holds(inner, answer, ahead, parameters))
                })
            }
            Self::IsParameter(name, parameter) => text(name).is_some_and(|text| is_ours(parameter, text)),
            Self::IsNotParameter(name, parameter) => text(name).is_some_and(|text| !is_ours(parameter, text)),
            Self::EndsWith(name, parameter) => text(name).is_some_and(|text| ends_with_ours(parameter, text)),
            Self::EndsWithOther(name, parameter) => {
                text(name).is_some_and(|text| !ends_with_ours(parameter, text))
            }
            Self::NullOrPast(name) => match object.get(name) {
                Some(Tree::Null) => true,
                Some(Tree::Number(seconds)) => seconds.as_u64().is_some_and(has_passed),
                _ => false,
            },
            Self::Future(name) => object
                .get(name)
                .and_then(Tree::as_u64)
                .is_some_and(|seconds| !has_passed(seconds)),
            Self::IsPastTime(name) => {
                time(name).is_some_and(|seconds| is_told(seconds) && has_passed(seconds))
            }
            Self::IsFutureTime(name) => time(name).is_some_and(|seconds| !has_passed(seconds)),
            Self::Says(name, wanted) => text(name).is_some_and(|text| text.to_lowercase().contains(wanted)),
            Self::ProblemDetails => is_problem(object, answer.status),
            Self::HasCode(names, code) => names
                .iter()
                .filter_map(|name| text(name))
                .any(|text| dotted_codes(text).any(|found| found == code)),
            Self::NoOtherCode(names, code) => names
                .iter()
                .all(|name| text(name).is_none_or(|text| has_no_other_code(name, text, code))),
        }
    }
}

/// How far a provider's clock may be ahead of the clock it puts into its answers.
pub(crate) const CLOCK_SKEW: Duration = Duration::from_secs(300);

pub(crate) fn unix_seconds(time: SystemTime) -> u64 {
    let since = time.duration_since(SystemTime::UNIX_EPOCH);
    since.unwrap_or_default().as_secs()
}

/// Is it a time, and not what stands for none? The first day of 1970 is the zero of many services, in whatever zone.
pub(crate) fn is_told(unix_seconds: u64) -> bool {
    unix_seconds > 24 * 60 * 60
}

fn is_problem(object: &Members<'_>, status: u16) -> bool {
    let texts_are_sound = PROBLEM_TEXTS
        .iter()
        .filter_map(|name| object.get(name))
        .all(|value| matches!(value, Tree::Null | Tree::String(_)));
    let status_agrees = match object.get("status") {
        None | Some(Tree::Null) => true,
        // Dolfin's document allows a number and a string of digits.
        Some(Tree::Number(number)) => number.as_u64() == Some(status.into()),
        Some(Tree::String(digits)) => digits.parse() == Ok(status),
        Some(_) => false,
    };
    let has_any = PROBLEM_TEXTS
        .iter()
        .chain(&["status"])
        .any(|name| object.contains_key(name));
    has_any && texts_are_sound && status_agrees
}

/// What an answer says about the key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Meaning {
    /// The key is dead.
    Dead(Disposition, Evidence),
    /// The key is not confirmed dead.
    Not(ErrorKind, KeyState),
}

/// The documented success.
pub(crate) const REVOKED: Meaning = Meaning::Dead(Disposition::Revoked, Evidence::ProviderAnswer);
/// Success that is nowhere stated, but can mean nothing else.
pub(crate) const REVOKED_INFERRED: Meaning = Meaning::Dead(Disposition::Revoked, Evidence::InferredAnswer);
/// The provider names the state of this very key.
pub(crate) const ALREADY_REVOKED: Meaning =
    Meaning::Dead(Disposition::AlreadyRevoked, Evidence::ProviderAnswer);
/// The provider promises to kill the key later.
pub(crate) const SCHEDULED: Meaning = Meaning::Not(ErrorKind::Scheduled, KeyState::Live);
/// The answer is about another key than ours, which it may have killed: nothing is sent again.
pub(crate) const WRONG_OBJECT: Meaning = Meaning::Not(ErrorKind::WrongObject, KeyState::Unknown);
/// The provider does not say whether the key is dead or never was.
pub(crate) const NOT_FOUND: Meaning = Meaning::Not(ErrorKind::NotFound, KeyState::Unknown);
/// The provider does not accept the credential.
pub(crate) const UNAUTHENTICATED: Meaning = Meaning::Not(ErrorKind::Unauthenticated, KeyState::Live);
/// The request did not reach the tenant that was meant.
pub(crate) const MISDIRECTED: Meaning = Meaning::Not(ErrorKind::Misdirected, KeyState::Live);

/// May the request be sent again within the same call?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Again {
    No,
    /// Nothing was changed and the cause may pass: at every provider.
    Untouched,
    /// It may have been carried out: only where the provider's module declares a repeat harmless.
    IfHarmless,
    /// It may have been carried out, and only a provider that names the state of the very key can tell.
    IfConclusive,
}

/// What one attempt means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Verdict {
    pub(crate) meaning: Meaning,
    pub(crate) again: Again,
}

impl Verdict {
    const fn new(kind: ErrorKind, state: KeyState, again: Again) -> Self {
        Self {
            meaning: Meaning::Not(kind, state),
            again,
        }
    }

    /// May the attempt have changed the key?
    pub(crate) fn leaves_doubt(&self) -> bool {
        matches!(self.meaning, Meaning::Not(_, state) if state != KeyState::Live)
    }
}

/// Did the provider itself not accept the credential? A 407 is a proxy's.
pub(crate) fn is_refused(meaning: Meaning, attempt: &Attempt) -> bool {
    let own = matches!(attempt, Attempt::Answered(answer) if answer.status != 407);
    own && meaning == UNAUTHENTICATED
}

/// The verdict on one attempt to revoke the key of these path parameters.
pub(crate) fn verdict(rules: &[Rule], parameters: &[(&str, String)], attempt: &Attempt) -> Verdict {
    match attempt {
        Attempt::NotSent(failure) => match failure.reason {
            FailureReason::Guard => Verdict::new(ErrorKind::InvalidInput, KeyState::Live, Again::No),
            FailureReason::Credential => Verdict::new(ErrorKind::Unauthenticated, KeyState::Live, Again::No),
            FailureReason::Late => Verdict::new(ErrorKind::NotSent, KeyState::Live, Again::No),
            FailureReason::Tls => Verdict::new(ErrorKind::NotSent, KeyState::Live, Again::No),
            _ => Verdict::new(ErrorKind::NotSent, KeyState::Live, Again::Untouched),
        },
        Attempt::MaybeSent(_) => Verdict::new(ErrorKind::NoAnswer, KeyState::Unknown, Again::IfHarmless),
        Attempt::Answered(answer) => of_answer(rules, parameters, &answer.open()),
    }
}

/// The verdict on an answer.
pub(crate) fn of_answer(rules: &[Rule], parameters: &[(&str, String)], opened: &Opened<'_>) -> Verdict {
    let answer = opened.answer;
    rules
        .iter()
        .find(|rule| rule.status == answer.status && rule.fits(opened, parameters))
        .map(|rule| Verdict {
            meaning: rule.meaning,
            again: again(rule.meaning),
        })
        .unwrap_or_else(|| by_status(answer))
}

/// May the request be sent again after what a rule says? As after the status that usually says it.
fn again(meaning: Meaning) -> Again {
    match meaning {
        Meaning::Not(ErrorKind::RateLimited, KeyState::Live) => Again::Untouched,
        Meaning::Not(ErrorKind::Unavailable, KeyState::Unknown) => Again::IfHarmless,
        _ => Again::No,
    }
}

/// Is this the body, and no success that tells of an error besides?
pub(crate) fn says(expect: Expect, opened: &Opened<'_>, parameters: &[(&str, String)]) -> bool {
    body_fits(expect, opened, parameters) && !contradicts(expect, opened)
}

/// Does a success hold an error, in what is read of it, that is not itself what the rule asks for?
fn contradicts(expect: Expect, opened: &Opened<'_>) -> bool {
    if !(200..300).contains(&opened.answer.status) {
        return false;
    }
    match expect {
        Expect::Anything | Expect::NoBody | Expect::EmptyObject => false,
        Expect::Object(members) => {
            let object = opened.json().and_then(Tree::as_object);
            object.is_some_and(|object| tells_an_error(object, members))
        }
        #[cfg(feature = "aws")]
        Expect::Xml(members) => {
            let body = opened.answer.xml();
            let object = body.as_ref().and_then(Tree::as_object);
            object.is_some_and(|object| tells_an_error(object, members))
        }
    }
}

/// Is there a filled member whose name begins with `error`, or one that says that it is no success, that none of these
/// conditions reads, here or in an object that they look into?
pub(crate) fn tells_an_error(object: &Members<'_>, members: &[Member]) -> bool {
    let is_error = |name: &str| {
        name.get(..5)
            .is_some_and(|start| start.eq_ignore_ascii_case("error"))
    };
    let is_read = |name: &str| members.iter().any(|member| member.reads(name));
    let here = object.iter().any(|(name, value)| {
        let tells = match name {
            "ok" | "success" => *value == Tree::Bool(false),
            name => is_error(name) && is_filled(value),
        };
        tells && !is_read(name)
    });
    here || members.iter().any(|member| match member {
        Member::In(name, inner) => {
            let found = object.get(name).and_then(Tree::as_object);
            found.is_some_and(|found| tells_an_error(found, inner))
        }
        _ => false,
    })
}

/// Does a member of this value say anything? Many write down that there was no error.
fn is_filled(value: &Tree<'_>) -> bool {
    match value {
        Tree::Null => false,
        Tree::Bool(truth) => *truth,
        Tree::Number(number) => number.as_f64() != Some(0.0),
        Tree::String(text) => !text.is_empty(),
        Tree::Array(list) => !list.is_empty(),
        Tree::Object(object) => !object.is_empty(),
    }
}

pub(crate) fn body_fits(expect: Expect, opened: &Opened<'_>, parameters: &[(&str, String)]) -> bool {
    let answer = opened.answer;
    #[cfg(feature = "aws")]
    if let Expect::Xml(members) = expect {
        let body = answer.xml();
        return body.as_ref().and_then(Tree::as_object).is_some_and(|object| {
            members
                .iter()
                .all(|member| member.holds(object, answer, CLOCK_SKEW, parameters))
        });
    }
    // A problem document under a success status contradicts itself.
    let contradicts = (200..300).contains(&answer.status) && answer.is_problem_document();
    let object = || opened.json().and_then(Tree::as_object);
    match expect {
        Expect::Anything => true,
        Expect::NoBody => matches!(&answer.body, Body::Complete(bytes) if bytes.is_empty()),
        _ if contradicts => false,
        Expect::Object(_) | Expect::EmptyObject => {
            object().is_some_and(|object| object_fits(expect, object, answer, CLOCK_SKEW, parameters))
        }
        #[cfg(feature = "aws")]
        Expect::Xml(_) => false,
    }
}

/// Is part of an answer, an object, what it is expected to be, where a time has passed that is so far ahead of its clock?
pub(crate) fn object_fits(
    expect: Expect,
    object: &Members<'_>,
    answer: &Answer,
    ahead: Duration,
    parameters: &[(&str, String)],
) -> bool {
    match expect {
        Expect::Anything => true,
        Expect::EmptyObject => object.is_empty(),
        Expect::Object(members) => members
            .iter()
            .all(|member| member.holds(object, answer, ahead, parameters)),
        _ => false,
    }
}

/// What a status means where no rule of the provider speaks. RFC 9110 and RFC 6585, read for one question:
/// can this request have changed the key?
fn by_status(answer: &Answer) -> Verdict {
    use Again::{IfConclusive, IfHarmless, No, Untouched};
    use ErrorKind::*;
    use KeyState::{Live, Unknown};
    let (kind, state, again) = match answer.status {
        202 => (Pending, Unknown, No),
        200..=299 if answer.body == Body::Cut => (NoAnswer, Unknown, IfConclusive),
        // A success that the provider does not document proves nothing, and may be one.
        200..=299 => (UnexpectedAnswer, Unknown, IfConclusive),
        304 => (UnexpectedAnswer, Unknown, No),
        300..=399 => (Redirected, Unknown, No),
        400 | 422 => (Rejected, Live, No),
        401 | 407 => (Unauthenticated, Live, No),
        403 => (PermissionDenied, Live, No),
        404 | 410 => (NotFound, Unknown, No),
        405 => (Misdirected, Live, No),
        408 => (Unavailable, Unknown, IfHarmless),
        409 => (Conflict, Unknown, No),
        425 => (Unavailable, Live, Untouched),
        429 => (RateLimited, Live, Untouched),
        501 | 505 => (UnexpectedAnswer, Unknown, No),
        500 | 502..=504 | 507 | 520..=530 => (Unavailable, Unknown, IfHarmless),
        500..=599 => (Unavailable, Unknown, No),
        _ => (UnexpectedAnswer, Unknown, No),
    };
    Verdict::new(kind, state, again)
}

#[cfg(test)]
#[path = "verdict_tests.rs"]
mod tests;
