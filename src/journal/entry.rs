//! What stands in a journal.

use std::fmt;
use std::marker::PhantomData;
use std::time::SystemTime;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Error as _, IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use uuid::Uuid;

use crate::key::KeyRef;
use crate::outcome::{RevokeResult, SCHEMA};
use crate::timestamp;

/// One line of a journal: when, in which run, what.
///
/// As JSON it is one flat object; the result of an outcome has the members that it has everywhere:
///
/// ```
/// use keyrevoke::journal::{JournalEntry, JournalRecord};
///
/// let line = r#"{"at":"2026-11-22T10:00:00.123Z","run":"6fa6d4fa-41a3-4a1b-8d10-3e5f6c1c7a52","record":"intent","key":"devin:k1"}"#;
/// let entry: JournalEntry = serde_json::from_str(line)?;
/// assert!(matches!(&entry.record, JournalRecord::Intent { key, .. } if key.key() == "k1"));
/// assert_eq!(serde_json::to_string(&entry)?, line);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct JournalEntry {
    /// When it was made, by this machine's clock, to the millisecond.
    #[serde(with = "crate::timestamp")]
    pub at: SystemTime,
    /// The run that it belongs to.
    pub run: Uuid,
    /// What happened.
    #[serde(flatten)]
    pub record: JournalRecord,
}

impl JournalEntry {
    /// What happens now.
    pub fn new(run: Uuid, record: JournalRecord) -> Self {
        Self {
            at: timestamp::to_milliseconds(SystemTime::now()),
            run,
            record,
        }
    }

    /// Sets the time, of which what is finer than a millisecond is left out.
    pub fn with_time(mut self, at: SystemTime) -> Self {
        self.at = timestamp::to_milliseconds(at);
        self
    }
}

/// An entry as it stands in a line, read in one go: with a tag and flattened members serde would set everything aside
/// first. A result is read as `R`.
#[derive(Deserialize)]
struct Line<R> {
    #[serde(with = "crate::timestamp")]
    at: SystemTime,
    run: Uuid,
    record: Kind,
    schema: Option<u64>,
    by: Option<String>,
    version: Option<String>,
    keys: Option<u64>,
    key: Option<KeyRef>,
    document: Option<String>,
    result: Option<R>,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
    Begin,
    Intent,
    Outcome,
    End,
}

/// A result as an outcome has it.
#[derive(Deserialize)]
struct Written(#[serde(with = "crate::written")] RevokeResult);

/// Can this line be read again? What its result says is passed over: that can always be read, if only as a result that
/// claims nothing.
pub(super) fn is_readable(line: &[u8]) -> bool {
    let mut reader = serde_json::Deserializer::from_slice(line);
    let read: Result<Line<IgnoredAny>, _> = members(&mut reader);
    read.is_ok() && reader.end().is_ok()
}

impl<'de> Deserialize<'de> for JournalEntry {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let line: Line<Written> = members(deserializer)?;
        let missing = D::Error::missing_field;
        let record = match line.record {
            Kind::Begin => JournalRecord::Begin {
                schema: line.schema.ok_or_else(|| missing("schema"))?,
                by: line.by,
                version: line.version.ok_or_else(|| missing("version"))?,
                keys: line.keys.ok_or_else(|| missing("keys"))?,
            },
            Kind::Intent => JournalRecord::Intent {
                key: line.key.ok_or_else(|| missing("key"))?,
            },
            Kind::Outcome => JournalRecord::Outcome {
                key: line.key.ok_or_else(|| missing("key"))?,
                document: line.document,
                result: line.result.ok_or_else(|| missing("result"))?.0,
            },
            Kind::End => JournalRecord::End,
        };
        Ok(Self {
            at: line.at,
            run: line.run,
            record,
        })
    }
}

/// Reads an object, and no list that has the same members without their names.
fn members<'de, R: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<Line<R>, D::Error> {
    struct Members<R>(PhantomData<R>);
    impl<'de, R: Deserialize<'de>> Visitor<'de> for Members<R> {
        type Value = Line<R>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an entry of a journal")
        }

        fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Line<R>, A::Error> {
            Line::deserialize(MapAccessDeserializer::new(map))
        }
    }
    deserializer.deserialize_map(Members(PhantomData))
}

/// What a journal can say.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "record", rename_all = "snake_case")]
#[non_exhaustive]
pub enum JournalRecord {
    /// A run begins.
    #[non_exhaustive]
    Begin {
        /// How the entries are written: [`SCHEMA`](crate::SCHEMA).
        schema: u64,
        /// Who started the run, as the caller names them.
        by: Option<String>,
        /// The version of this crate.
        version: String,
        /// How many keys the run will write an outcome for.
        keys: u64,
    },
    /// A request about the key may leave from now on: written, and safe, before any byte goes out.
    #[non_exhaustive]
    Intent {
        /// The key.
        key: KeyRef,
    },
    /// What came of it.
    #[non_exhaustive]
    Outcome {
        /// The key.
        key: KeyRef,
        /// The version of the provider's OpenAPI document that the client was made from.
        document: Option<String>,
        /// The verdict and what it rests on. Its cause is not kept.
        #[serde(with = "crate::written")]
        result: RevokeResult,
    },
    /// The run ended by itself: nothing more will be written in it.
    End,
}

impl JournalRecord {
    /// A run begins that will write an outcome for so many keys.
    pub fn begin(by: Option<String>, keys: u64) -> Self {
        Self::Begin {
            schema: SCHEMA,
            by,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            keys,
        }
    }

    /// A request about the key is about to leave.
    pub fn intent(key: KeyRef) -> Self {
        Self::Intent { key }
    }

    /// What came of a key, and by which version of the provider's document.
    pub fn outcome(key: KeyRef, document: Option<String>, result: RevokeResult) -> Self {
        Self::Outcome {
            key,
            document,
            result,
        }
    }

    /// The run is over.
    pub fn end() -> Self {
        Self::End
    }
}

/// The name of a new run: a random UUID (version 4).
pub fn new_run() -> Uuid {
    uuid::Builder::from_random_bytes(fastrand::u128(..).to_be_bytes()).into_uuid()
}

#[cfg(test)]
mod tests {
    use proptest::option;
    use proptest::prelude::*;

    use super::*;
    use crate::outcome::KeyState;
    use crate::written::tests::result;

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn an_outcome_is_one_line_and_is_read_as_it_was_written(
            result in result(), document in option::of(any::<String>()),
        ) {
            let state = KeyState::from(&result);
            let outcome = JournalRecord::outcome("devin:k1".parse().unwrap(), document, result);
            let line = serde_json::to_string(&JournalEntry::new(new_run(), outcome)).unwrap();
            prop_assert!(!line.contains('\n'));
            prop_assert!(is_readable(line.as_bytes()));
            let entry: JournalEntry = serde_json::from_str(&line).unwrap();
            prop_assert_eq!(serde_json::to_string(&entry).unwrap(), line);
            let JournalRecord::Outcome { result, .. } = entry.record else { panic!("no outcome") };
            prop_assert_eq!(KeyState::from(&result), state);
        }
    }

    #[test]
    fn a_line_that_could_not_be_read_is_noticed() {
        let line = |key| {
            let entry = JournalEntry::new(Uuid::from_u128(1), JournalRecord::intent(key));
            serde_json::to_string(&entry).unwrap()
        };
        let good = line("devin:k1".parse().unwrap());
        assert!(is_readable(good.as_bytes()));
        let list = r#"["1970-01-01T00:00:00.000Z","00000000-0000-0000-0000-000000000001","end",null,null,null,null,null,null,null]"#;
        for bad in [
            line(KeyRef::known("No name", None, "k1")),
            good.replace("\"intent\"", "\"other\""),
            good.replace("1-", "x-"),
            good.replace('}', ",\"key\":\"devin:k2\"}"),
            format!("{good}{good}"),
            list.to_owned(),
        ] {
            assert!(!is_readable(bad.as_bytes()), "{bad}");
            assert!(serde_json::from_str::<JournalEntry>(&bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn every_run_has_a_name_of_its_own() {
        let (one, other) = (new_run(), new_run());
        assert_ne!(one, other);
        assert_eq!(one.get_version_num(), 4);
    }

    #[test]
    fn the_form_of_the_lines_is_kept() {
        let run = Uuid::from_u128(1);
        let line = |record| {
            let entry = JournalEntry::new(run, record).with_time(SystemTime::UNIX_EPOCH);
            let text = serde_json::to_string(&entry).unwrap();
            let head =
                r#"{"at":"1970-01-01T00:00:00.000Z","run":"00000000-0000-0000-0000-000000000001","record":"#;
            text.strip_prefix(head).unwrap().to_owned()
        };
        let version = env!("CARGO_PKG_VERSION");
        assert_eq!(
            line(JournalRecord::begin(None, 2)),
            format!(r#""begin","schema":1,"by":null,"version":"{version}","keys":2}}"#)
        );
        assert_eq!(line(JournalRecord::end()), r#""end"}"#);
        let dead = crate::Revocation::new(
            "devin",
            crate::Disposition::Revoked,
            [crate::Evidence::ProviderAnswer],
        );
        let outcome = line(JournalRecord::outcome(
            "devin:k1".parse().unwrap(),
            None,
            Ok(dead),
        ));
        let head =
            r#""outcome","key":"devin:k1","document":null,"result":{"provider":"devin","state":"dead","#;
        assert!(outcome.starts_with(head), "{outcome}");
    }
}
