//! What a call says about a key: [`RevokeResult`] and everything in it.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use serde::ser::SerializeStruct;
use serde::{Deserialize, Serialize, Serializer};

pub use crate::error::RevokeError;
pub use crate::revocation::Revocation;

/// The answer to "is this key dead?".
///
/// `Ok` if and only if the key is confirmed dead. `Err` never means "alive" by itself: ask
/// [`RevokeError::key_state`], or [`KeyState::from`] for both arms.
///
/// Both arms serialize to the same members, [`schema`](SCHEMA) among them.
pub type RevokeResult = Result<Revocation, RevokeError>;

/// Is the key dead? Exhaustive on purpose: there are three answers, and code must act on each.
///
/// ```
/// use keyrevoke::{ErrorKind, KeyState, RevokeError, RevokeResult};
///
/// let result: RevokeResult = Err(RevokeError::new("dolfin", ErrorKind::NoAnswer, KeyState::Unknown));
/// assert_eq!(KeyState::from(&result), KeyState::Unknown);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyState {
    /// The provider confirmed that the key no longer works.
    Dead,
    /// Nothing that this call did can have changed the key: treat it as working now.
    /// It is not a claim that the key works.
    Live,
    /// The call cannot tell. There is always a next step that can.
    Unknown,
}

impl KeyState {
    /// The name used in JSON: `dead`, `live` or `unknown`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Dead => "dead",
            Self::Live => "live",
            Self::Unknown => "unknown",
        }
    }
}

impl fmt::Display for KeyState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl From<&RevokeResult> for KeyState {
    fn from(result: &RevokeResult) -> Self {
        match result {
            Ok(_) => Self::Dead,
            Err(error) => error.key_state(),
        }
    }
}

/// Who killed the key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Disposition {
    /// This call revoked it.
    Revoked,
    /// It was dead before the request that got this answer. Where [`Revocation::attempts`] is more than
    /// one, an earlier attempt of the same call may have been the one that killed it.
    AlreadyRevoked,
}

impl Disposition {
    /// The name used in JSON: `revoked` or `already_revoked`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Revoked => "revoked",
            Self::AlreadyRevoked => "already_revoked",
        }
    }
}

/// What the proof of a death rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Evidence {
    /// The provider gave the answer that its documentation gives as success.
    ProviderAnswer,
    /// The provider gave an answer that can only mean success, but its documentation does not state the
    /// status; what was inferred, and from what, stands in the provider's module.
    InferredAnswer,
    /// The same request, sent once more, got the provider's answer that this very key is dead.
    Repeat,
    /// The provider's own list says so: as the key's state, or by its absence where the same call saw it there before; twice,
    /// where the answer to the revocation was lost.
    ReadBack,
    /// The provider does not accept the key's secret any more, which the same call saw it accept before.
    SecretRefused,
    /// The provider knows no such key, and the caller attests that there was one.
    CallerAttested,
}

impl Evidence {
    /// The name used in JSON, such as `provider_answer`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ProviderAnswer => "provider_answer",
            Self::InferredAnswer => "inferred_answer",
            Self::Repeat => "repeat",
            Self::ReadBack => "read_back",
            Self::SecretRefused => "secret_refused",
            Self::CallerAttested => "caller_attested",
        }
    }
}

/// Did the request leave? Said of the whole call, not of its last attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Delivery {
    /// No byte of any request of this call left: nothing can have changed.
    NotSent,
    /// A request may have arrived, and no answer came back.
    MaybeSent,
    /// The last request that left was answered.
    Answered,
}

impl Delivery {
    /// The name used in JSON: `not_sent`, `maybe_sent` or `answered`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NotSent => "not_sent",
            Self::MaybeSent => "maybe_sent",
            Self::Answered => "answered",
        }
    }
}

/// What went wrong. Every member implies a different next step; none says by itself whether the key is
/// dead, which is [`RevokeError::key_state`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ErrorKind {
    /// A key, credential or setting was refused before anything was sent.
    InvalidInput,
    /// The provider could not be reached: host name, connection, TLS or proxy.
    NotSent,
    /// The credential was not accepted.
    Unauthenticated,
    /// The credential was accepted, but may not do this.
    PermissionDenied,
    /// The provider does not know the key, or does not show it to this credential. A mistyped id,
    /// somebody else's key and a dead key look alike, so this is not a death.
    NotFound,
    /// The request went to a host, tenant or path that is not the one meant.
    Misdirected,
    /// The provider refused the request as malformed.
    Rejected,
    /// The provider says that the state of something stands in the way.
    Conflict,
    /// The provider wants fewer requests; this one was not processed.
    RateLimited,
    /// The provider accepted the revocation and will carry it out later.
    Pending,
    /// The provider answered with a redirect, which is never followed.
    Redirected,
    /// A request may have arrived; no complete answer came back.
    NoAnswer,
    /// The provider failed, or something before it did.
    Unavailable,
    /// An answer that the provider's documentation does not know.
    UnexpectedAnswer,
    /// The call was ended before it had a verdict.
    Cancelled,
    /// An observer did not let the request leave.
    Vetoed,
    /// The provider will kill the key at a later time that it names; until then the key works.
    Scheduled,
    /// The provider reports on another key than the one that was asked for; that one may have been hit.
    WrongObject,
    /// The key is not the one that was meant: it was looked up, and nothing was sent.
    WrongKey,
    /// The provider still accepts the key's secret, after all the time that was given to its death. `Unknown` where it did
    /// so before that time was over, and could not be asked at its end.
    StillAccepted,
    /// The provider called the key dead and still lists it as working.
    StillListed,
    /// The provider publishes no way to do what was asked.
    Unsupported,
}

impl ErrorKind {
    /// The name used in JSON, in snake case.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::InvalidInput => "invalid_input",
            Self::NotSent => "not_sent",
            Self::Unauthenticated => "unauthenticated",
            Self::PermissionDenied => "permission_denied",
            Self::NotFound => "not_found",
            Self::Misdirected => "misdirected",
            Self::Rejected => "rejected",
            Self::Conflict => "conflict",
            Self::RateLimited => "rate_limited",
            Self::Pending => "pending",
            Self::Redirected => "redirected",
            Self::NoAnswer => "no_answer",
            Self::Unavailable => "unavailable",
            Self::UnexpectedAnswer => "unexpected_answer",
            Self::Cancelled => "cancelled",
            Self::Vetoed => "vetoed",
            Self::Scheduled => "scheduled",
            Self::WrongObject => "wrong_object",
            Self::WrongKey => "wrong_key",
            Self::StillAccepted => "still_accepted",
            Self::StillListed => "still_listed",
            Self::Unsupported => "unsupported",
        }
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.as_str().replace('_', " "))
    }
}

/// Why a call stopped although another attempt could have told more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum GaveUp {
    /// All attempts that the policy allows were made.
    Attempts,
    /// The next attempt would have come after the deadline, or later than the provider asks to wait.
    Deadline,
    /// The revoker's budget of repeats was used up, which means that the provider fails for many keys.
    Budget,
    /// The last attempt may have been carried out, and the provider's module does not declare a repeat harmless.
    MayHurt,
}

/// What is known of the answer that decided, whatever the verdict.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Facts {
    pub(crate) status: Option<u16>,
    pub(crate) attempts: u32,
    pub(crate) provider_code: Option<String>,
    pub(crate) title: Option<String>,
    pub(crate) detail: Option<String>,
    pub(crate) field_errors: Vec<FieldError>,
    pub(crate) request_id: Option<String>,
}

/// One complaint of a provider about one part of a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct FieldError {
    /// Where: a member's name or a path such as `path.api_key_id`. Empty where the provider named none.
    pub field: String,
    /// What the provider said of it, cleaned: one line, bounded, without our credential.
    pub message: String,
}

impl FieldError {
    /// A complaint about a field.
    pub fn new(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            field: field.into(),
            message: message.into(),
        }
    }
}

macro_rules! fact_accessors {
    () => {
        /// The provider that was asked, such as `dolfin`.
        pub fn provider(&self) -> &str {
            &self.inner().provider
        }

        /// The HTTP status of the last answer, where one came.
        pub fn status(&self) -> Option<u16> {
            self.inner().facts.status
        }

        /// How many requests were attempted, those that never left included.
        pub fn attempts(&self) -> u32 {
            self.inner().facts.attempts
        }

        /// The provider's own code for what happened, such as `ApiKey.NotFound`.
        pub fn provider_code(&self) -> Option<&str> {
            self.inner().facts.provider_code.as_deref()
        }

        /// The provider's short name for what happened.
        pub fn title(&self) -> Option<&str> {
            self.inner().facts.title.as_deref()
        }

        /// The provider's own words, or ours where it said nothing: one line of at most 512 characters in
        /// which our credential never stands.
        pub fn detail(&self) -> Option<&str> {
            self.inner().facts.detail.as_deref()
        }

        /// The id under which the provider keeps this request in its logs.
        pub fn request_id(&self) -> Option<&str> {
            self.inner().facts.request_id.as_deref()
        }

        /// Sets [`status`](Self::status).
        pub fn with_status(mut self, status: u16) -> Self {
            self.inner_mut().facts.status = Some(status);
            self
        }

        /// Sets [`attempts`](Self::attempts).
        pub fn with_attempts(mut self, attempts: u32) -> Self {
            self.inner_mut().facts.attempts = attempts;
            self
        }

        /// Sets [`provider_code`](Self::provider_code).
        pub fn with_provider_code(mut self, code: impl Into<String>) -> Self {
            self.inner_mut().facts.provider_code = Some(code.into());
            self
        }

        /// Sets [`title`](Self::title).
        pub fn with_title(mut self, title: impl Into<String>) -> Self {
            self.inner_mut().facts.title = Some(title.into());
            self
        }

        /// Sets [`detail`](Self::detail).
        pub fn with_detail(mut self, detail: impl Into<String>) -> Self {
            self.inner_mut().facts.detail = Some(detail.into());
            self
        }

        /// Sets [`request_id`](Self::request_id).
        pub fn with_request_id(mut self, id: impl Into<String>) -> Self {
            self.inner_mut().facts.request_id = Some(id.into());
            self
        }

        pub(crate) fn into_facts(self) -> Facts {
            self.0.facts
        }

        pub(crate) fn with_facts(mut self, facts: Facts) -> Self {
            self.inner_mut().facts = facts;
            self
        }
    };
}

pub(crate) use fact_accessors;

/// The member `schema` of whatever this crate prints or keeps as JSON: results, keys, providers, receipts, counts, every
/// object of the command line, and the beginning of each run in a journal. It grows when a member comes to mean something
/// else or goes, not when one is added: pass over members that you do not know. The guide has
/// [the members](crate::guide::json).
pub const SCHEMA: u64 = 1;

/// Both arms serialize to the same members, so that a log of many results has one shape.
pub(crate) struct Record<'a> {
    pub(crate) provider: &'a str,
    pub(crate) state: KeyState,
    pub(crate) disposition: Option<Disposition>,
    pub(crate) evidence: &'a [Evidence],
    pub(crate) verified_after: Option<Duration>,
    pub(crate) reversible: Option<bool>,
    pub(crate) propagation: Option<Duration>,
    pub(crate) kind: Option<ErrorKind>,
    pub(crate) delivery: Delivery,
    pub(crate) retryable: bool,
    pub(crate) retry_after: Option<Duration>,
    pub(crate) likely_dead: bool,
    pub(crate) gave_up: Option<GaveUp>,
    pub(crate) next_step: Cow<'static, str>,
    pub(crate) facts: &'a Facts,
}

impl Serialize for Record<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let milliseconds =
            |time: Option<Duration>| time.map(|time| u64::try_from(time.as_millis()).unwrap_or(u64::MAX));
        let mut out = serializer.serialize_struct("RevokeResult", 22)?;
        out.serialize_field("provider", self.provider)?;
        out.serialize_field("state", &self.state)?;
        out.serialize_field("disposition", &self.disposition)?;
        out.serialize_field("kind", &self.kind)?;
        out.serialize_field("status", &self.facts.status)?;
        out.serialize_field("attempts", &self.facts.attempts)?;
        out.serialize_field("delivery", &self.delivery)?;
        out.serialize_field("retryable", &self.retryable)?;
        out.serialize_field("retry_after_ms", &milliseconds(self.retry_after))?;
        out.serialize_field("provider_code", &self.facts.provider_code)?;
        out.serialize_field("request_id", &self.facts.request_id)?;
        out.serialize_field("next_step", &self.next_step)?;
        out.serialize_field("title", &self.facts.title)?;
        out.serialize_field("detail", &self.facts.detail)?;
        out.serialize_field("field_errors", &self.facts.field_errors)?;
        out.serialize_field("evidence", self.evidence)?;
        out.serialize_field("verified_after_ms", &milliseconds(self.verified_after))?;
        out.serialize_field("likely_dead", &self.likely_dead)?;
        out.serialize_field("gave_up", &self.gave_up)?;
        out.serialize_field("reversible", &self.reversible)?;
        out.serialize_field("propagation_ms", &milliseconds(self.propagation))?;
        out.serialize_field("schema", &SCHEMA)?;
        out.end()
    }
}
