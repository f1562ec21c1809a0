//! Results as they were written, read back. A result that this version cannot read in full is never a death.

use std::collections::HashMap;
use std::time::Duration;

use serde::de::{Error as _, IgnoredAny};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::error::RevokeError;
use crate::outcome::{
    Delivery, Disposition, ErrorKind, Evidence, Facts, FieldError, GaveUp, KeyState, RevokeResult, SCHEMA,
};
use crate::revocation::Revocation;

/// One member: another version may write words and types that this one does not know.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(untagged)]
enum Member<T> {
    Read(T),
    #[serde(skip)]
    #[default]
    Missing,
    Unreadable(IgnoredAny),
}

impl<T> Member<T> {
    fn read(self) -> Option<T> {
        match self {
            Self::Read(value) => Some(value),
            Self::Missing | Self::Unreadable(_) => None,
        }
    }
}

impl<T> Member<Option<T>> {
    /// A member that may be missing: `None` only if it is there and cannot be read.
    fn optional(self) -> Option<Option<T>> {
        match self {
            Self::Read(value) => Some(value),
            Self::Missing => Some(None),
            Self::Unreadable(_) => None,
        }
    }
}

/// The members of `outcome::Record`. A member that is there twice is an error of the whole, as serde has it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Written {
    provider: Member<String>,
    state: Member<KeyState>,
    disposition: Member<Disposition>,
    kind: Member<Option<ErrorKind>>,
    status: Member<Option<u16>>,
    attempts: Member<u32>,
    delivery: Member<Delivery>,
    retryable: Member<bool>,
    retry_after_ms: Member<Option<u64>>,
    provider_code: Member<Option<String>>,
    request_id: Member<Option<String>>,
    next_step: Member<String>,
    title: Member<Option<String>>,
    detail: Member<Option<String>>,
    field_errors: Member<Vec<FieldError>>,
    evidence: Member<Vec<Evidence>>,
    likely_dead: Member<bool>,
    gave_up: Member<Option<GaveUp>>,
    reversible: Member<bool>,
    propagation_ms: Member<Option<u64>>,
    verified_after_ms: Member<Option<u64>>,
    schema: Member<Option<u64>>,
    /// Members of newer versions. It also keeps serde from reading a list as members without names.
    #[serde(flatten)]
    _newer: HashMap<String, IgnoredAny>,
}

const NOT_A_PROOF: &str = "not a proof of death that this version can read in full";

const UNREADABLE: &str = "Verify at the provider whether the key still works: the record of this result cannot be read in full by this version.";

impl Written {
    /// `None` unless every member that proves something is there and known, and none says otherwise.
    fn proof(self) -> Option<Revocation> {
        let says_dead = matches!(self.state, Member::Read(KeyState::Dead));
        // What a later version calls a proof may need members that this one does not know.
        let is_known = self.schema.optional()?.is_none_or(|schema| schema <= SCHEMA);
        let no_error = self.kind.optional()?.is_none() && self.delivery.read()? == Delivery::Answered;
        if !says_dead || !no_error || !is_known {
            return None;
        }
        let facts = Facts {
            status: self.status.optional()?,
            attempts: self.attempts.read()?,
            provider_code: self.provider_code.optional()?,
            title: self.title.optional()?,
            detail: self.detail.optional()?,
            field_errors: self.field_errors.read()?,
            request_id: self.request_id.optional()?,
        };
        let propagation = self.propagation_ms.optional()?.map(Duration::from_millis);
        let verified_after = self.verified_after_ms.optional()?.map(Duration::from_millis);
        let dead = Revocation::new(
            self.provider.read()?,
            self.disposition.read()?,
            self.evidence.read()?,
        );
        Some(
            dead.with_reversible(self.reversible.read()?)
                .with_propagation(propagation)
                .with_verified_after(verified_after)
                .with_facts(facts),
        )
    }

    /// Whatever cannot be read becomes what claims least.
    fn error(self) -> RevokeError {
        let kind = self.kind.read().flatten();
        let state = self.state.read().filter(|state| *state != KeyState::Dead);
        let is_known = kind.is_some() && state.is_some();
        let next_step = self.next_step.read().filter(|_| state.is_some());
        let facts = Facts {
            status: self.status.read().flatten(),
            attempts: self.attempts.read().unwrap_or(1),
            provider_code: self.provider_code.read().flatten(),
            title: self.title.read().flatten(),
            detail: self.detail.read().flatten(),
            field_errors: self.field_errors.read().unwrap_or_default(),
            request_id: self.request_id.read().flatten(),
        };
        RevokeError::new(
            self.provider.read().unwrap_or_else(|| "unknown".to_owned()),
            kind.unwrap_or(ErrorKind::UnexpectedAnswer),
            state.unwrap_or(KeyState::Unknown),
        )
        .with_delivery(self.delivery.read().unwrap_or(Delivery::MaybeSent))
        .with_retryable(is_known && self.retryable.read().unwrap_or_default())
        .with_retry_after(self.retry_after_ms.read().flatten().map(Duration::from_millis))
        .with_likely_dead(self.likely_dead.read().unwrap_or_default())
        .with_gave_up(self.gave_up.read().flatten())
        .with_next_step(next_step.unwrap_or_else(|| UNREADABLE.to_owned()))
        .with_facts(facts)
    }
}

impl<'de> Deserialize<'de> for Revocation {
    /// Unknown members are passed over. What is not a proof that this version can read in full is an error.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let written = Written::deserialize(deserializer)?;
        written.proof().ok_or_else(|| D::Error::custom(NOT_A_PROOF))
    }
}

impl<'de> Deserialize<'de> for RevokeError {
    /// Unknown members are passed over, and words that this version does not know are read as what claims least:
    /// an unexpected answer, `Unknown`, not retryable. The cause is not kept.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Written::deserialize(deserializer)?.error())
    }
}

/// For `#[serde(with = "crate::written")]` on a [`RevokeResult`].
pub(crate) fn serialize<S: Serializer>(result: &RevokeResult, serializer: S) -> Result<S::Ok, S::Error> {
    match result {
        Ok(dead) => dead.serialize(serializer),
        Err(error) => error.serialize(serializer),
    }
}

/// For `#[serde(with = "crate::written")]` on a [`RevokeResult`].
pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<RevokeResult, D::Error> {
    let written = Written::deserialize(deserializer)?;
    Ok(written.clone().proof().ok_or_else(|| written.error()))
}

#[cfg(test)]
pub(crate) mod tests {
    use proptest::collection::vec;
    use proptest::option;
    use proptest::prelude::*;
    use proptest::sample::select;
    use serde_json::{Value, json};

    use super::*;

    const KINDS: [ErrorKind; 22] = [
        ErrorKind::InvalidInput,
        ErrorKind::NotSent,
        ErrorKind::Unauthenticated,
        ErrorKind::PermissionDenied,
        ErrorKind::NotFound,
        ErrorKind::Misdirected,
        ErrorKind::Rejected,
        ErrorKind::Conflict,
        ErrorKind::RateLimited,
        ErrorKind::Pending,
        ErrorKind::Redirected,
        ErrorKind::NoAnswer,
        ErrorKind::Unavailable,
        ErrorKind::UnexpectedAnswer,
        ErrorKind::Cancelled,
        ErrorKind::Vetoed,
        ErrorKind::Scheduled,
        ErrorKind::WrongObject,
        ErrorKind::WrongKey,
        ErrorKind::StillAccepted,
        ErrorKind::StillListed,
        ErrorKind::Unsupported,
    ];

    fn facts() -> impl Strategy<Value = Facts> {
        let text = || option::of(any::<String>());
        let fields = vec((any::<String>(), any::<String>()), 0..3);
        (
            option::of(any::<u16>()),
            any::<u32>(),
            text(),
            text(),
            text(),
            text(),
            fields,
        )
            .prop_map(
                |(status, attempts, provider_code, title, detail, request_id, fields)| Facts {
                    status,
                    attempts,
                    provider_code,
                    title,
                    detail,
                    request_id,
                    field_errors: fields.into_iter().map(|(a, b)| FieldError::new(a, b)).collect(),
                },
            )
    }

    fn time() -> impl Strategy<Value = Option<Duration>> {
        option::of(any::<u64>().prop_map(Duration::from_millis))
    }

    fn dead() -> impl Strategy<Value = Revocation> {
        let dispositions = select(vec![Disposition::Revoked, Disposition::AlreadyRevoked]);
        let evidence = vec(
            select(vec![
                Evidence::ProviderAnswer,
                Evidence::InferredAnswer,
                Evidence::Repeat,
                Evidence::ReadBack,
                Evidence::SecretRefused,
                Evidence::CallerAttested,
            ]),
            0..3,
        );
        (
            any::<String>(),
            dispositions,
            evidence,
            any::<bool>(),
            (time(), time()),
            facts(),
        )
            .prop_map(
                |(provider, disposition, evidence, reversible, (verified, propagation), facts)| {
                    Revocation::new(provider, disposition, evidence)
                        .with_verified_after(verified)
                        .with_reversible(reversible)
                        .with_propagation(propagation)
                        .with_facts(facts)
                },
            )
    }

    fn error() -> impl Strategy<Value = RevokeError> {
        let states = select(vec![KeyState::Live, KeyState::Unknown]);
        let deliveries = select(vec![Delivery::NotSent, Delivery::MaybeSent, Delivery::Answered]);
        let gave_up = select(vec![
            None,
            Some(GaveUp::Attempts),
            Some(GaveUp::Deadline),
            Some(GaveUp::Budget),
            Some(GaveUp::MayHurt),
        ]);
        let what = (
            any::<String>(),
            select(KINDS.to_vec()),
            states,
            deliveries,
            gave_up,
        );
        let flags = (
            any::<bool>(),
            any::<bool>(),
            time(),
            option::of(any::<String>()),
            facts(),
        );
        (what, flags).prop_map(|(what, flags)| {
            let (provider, kind, state, delivery, gave_up) = what;
            let (retryable, likely, after, next_step, facts) = flags;
            let error = RevokeError::new(provider, kind, state)
                .with_delivery(delivery)
                .with_gave_up(gave_up)
                .with_retryable(retryable)
                .with_likely_dead(likely)
                .with_retry_after(after)
                .with_facts(facts);
            match next_step {
                Some(sentence) => error.with_next_step(sentence),
                None => error,
            }
        })
    }

    /// Whatever a call can say.
    pub(crate) fn result() -> impl Strategy<Value = RevokeResult> {
        prop_oneof![dead().prop_map(Ok), error().prop_map(Err)]
    }

    fn written(result: &RevokeResult) -> Value {
        serialize(result, serde_json::value::Serializer).unwrap()
    }

    fn junk() -> impl Strategy<Value = Value> {
        let values = [
            json!(null),
            json!(true),
            json!(false),
            json!(-1),
            json!(1.5),
            json!(u64::MAX),
            json!("dead"),
            json!("resurrected"),
            json!([]),
            json!(["dead"]),
            json!([["provider_answer"]]),
            json!({}),
            json!({ "state": "dead" }),
        ];
        select(values.to_vec())
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn a_result_is_read_as_it_was_written(result in result()) {
            let value = written(&result);
            let text = value.to_string();
            let read = deserialize(&mut serde_json::Deserializer::from_str(&text)).unwrap();
            prop_assert_eq!(KeyState::from(&read), KeyState::from(&result));
            prop_assert_eq!(&written(&read), &value);
            match result {
                Ok(dead) => prop_assert_eq!(serde_json::from_str::<Revocation>(&text).unwrap(), dead),
                Err(_) => {
                    prop_assert!(serde_json::from_str::<Revocation>(&text).is_err());
                    let error: RevokeError = serde_json::from_str(&text).unwrap();
                    prop_assert_eq!(serde_json::to_value(error).unwrap(), value);
                }
            }
        }

        #[test]
        fn what_is_no_death_does_not_become_one_by_damage(
            error in error(), member in any::<prop::sample::Index>(), with in junk(),
        ) {
            let mut value = written(&Err(error));
            let members = value.as_object_mut().unwrap();
            let name = members.keys().nth(member.index(members.len())).unwrap().clone();
            members.insert(name, with);
            let read = deserialize(value).unwrap();
            prop_assert_ne!(KeyState::from(&read), KeyState::Dead);
        }
    }

    #[test]
    fn a_death_that_is_damaged_or_of_another_version_is_unknown_and_says_what_to_do() {
        let dead =
            Ok(Revocation::new("dolfin", Disposition::Revoked, [Evidence::ProviderAnswer]).with_status(204));
        let whole = written(&dead);
        assert!(deserialize(whole.clone()).unwrap().is_ok());
        let words = [
            ("state", "died"),
            ("disposition", "expired"),
            ("kind", "no_answer"),
            ("kind", "newer"),
            ("delivery", "maybe_sent"),
            ("delivery", "by_post"),
            ("evidence", "provider_answer"),
            ("status", "204"),
            ("attempts", "1"),
            ("reversible", "no"),
            ("propagation_ms", "0"),
            ("provider_code", ""),
        ]
        .map(|(name, word)| (name, json!(word)));
        let other = [
            ("evidence", json!(["provider_answer", "newer"])),
            ("provider_code", json!(1)),
            ("field_errors", json!([1])),
            ("provider", json!(null)),
            ("schema", json!(2)),
            ("schema", json!("1")),
            ("verified_after_ms", json!(-1)),
        ];
        for (name, with) in words.into_iter().chain(other) {
            if (name, &with) == ("provider_code", &json!("")) {
                continue; // a word of the provider's; any text will do
            }
            let mut value = whole.clone();
            value[name] = with.clone();
            assert!(
                serde_json::from_value::<Revocation>(value.clone()).is_err(),
                "{name} {with}"
            );
            let error = deserialize(value).unwrap().expect_err(name);
            assert_eq!(error.key_state(), KeyState::Unknown, "{name} {with}");
            assert!(!error.is_retryable());
            assert_eq!(error.next_step(), UNREADABLE, "{name} {with}");
        }
        for name in [
            "state",
            "disposition",
            "delivery",
            "evidence",
            "reversible",
            "attempts",
            "provider",
        ] {
            let mut value = whole.clone();
            value.as_object_mut().unwrap().remove(name);
            assert!(deserialize(value).unwrap().is_err(), "{name}");
        }
        // A member more is of a newer version; a member less of what may be missing is of an older one.
        let mut value = whole.clone();
        value["newer"] = json!({ "state": "live" });
        value.as_object_mut().unwrap().remove("title");
        value.as_object_mut().unwrap().remove("schema");
        assert!(deserialize(value).unwrap().is_ok());
        // Which of two states is meant, nobody can say.
        let twice = whole.to_string().replacen('{', r#"{"state":"live","#, 1);
        assert!(deserialize(&mut serde_json::Deserializer::from_str(&twice)).is_err());
    }

    #[test]
    fn an_error_of_another_version_claims_least() {
        let value = json!({
            "provider": "dolfin", "state": "live", "kind": "newer", "retryable": true, "delivery": "by_post",
            "next_step": "Do as the newer version says.", "attempts": "many",
        });
        let error: RevokeError = serde_json::from_value(value).unwrap();
        assert_eq!(
            (
                error.kind(),
                error.key_state(),
                error.delivery(),
                error.is_retryable()
            ),
            (
                ErrorKind::UnexpectedAnswer,
                KeyState::Live,
                Delivery::MaybeSent,
                false
            )
        );
        assert_eq!(error.next_step(), "Do as the newer version says.");
        let error: RevokeError = serde_json::from_value(json!({})).unwrap();
        assert_eq!(error.key_state(), KeyState::Unknown);
        for other in [json!("dead"), json!([]), json!(["dolfin", "dead"]), json!(null)] {
            assert!(serde_json::from_value::<RevokeError>(other.clone()).is_err());
            assert!(deserialize(other).is_err());
        }
    }
}
