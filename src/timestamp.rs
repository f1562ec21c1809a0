//! Times as text: RFC 3339, UTC, milliseconds, such as `2026-11-22T10:00:00.123Z`.
//!
//! ```
//! use keyrevoke::timestamp;
//!
//! let time = timestamp::parse("2026-11-22T11:00:00.1239+01:00")?;
//! assert_eq!(timestamp::format(time), "2026-11-22T10:00:00.123Z");
//! # Ok::<(), keyrevoke::InvalidInput>(())
//! ```

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Deserializer, Serializer};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::input::InvalidInput;

/// The last millisecond that RFC 3339 can write, since 1970.
const LAST: u64 = 253_402_300_799_999;

/// Writes a time. What is finer than a millisecond is left out; a time before 1970 or after 9999, which only a
/// clock that is wrong gives, is written as the nearest one between.
pub fn format(time: SystemTime) -> String {
    let time = OffsetDateTime::UNIX_EPOCH + since(time);
    let (date, clock) = (time.date(), time.time());
    format!(
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z",
        date.year(),
        u8::from(date.month()),
        date.day(),
        clock.hour(),
        clock.minute(),
        clock.second(),
        clock.millisecond()
    )
}

/// Reads a time with whatever offset and fraction RFC 3339 allows, from 1970 on.
pub fn parse(text: &str) -> Result<SystemTime, InvalidInput> {
    let since = |time: OffsetDateTime| Duration::try_from(time - OffsetDateTime::UNIX_EPOCH).ok();
    OffsetDateTime::parse(text, &Rfc3339)
        .ok()
        .and_then(since)
        .and_then(|since| UNIX_EPOCH.checked_add(since))
        .ok_or_else(|| {
            InvalidInput::new(
                "keyrevoke",
                "time",
                "is not of the form of RFC 3339, or before 1970 (not shown)",
                "write it as 2026-11-22T10:00:00.123Z",
            )
        })
}

/// The time without what the text cannot hold.
pub(crate) fn to_milliseconds(time: SystemTime) -> SystemTime {
    UNIX_EPOCH + since(time)
}

/// Since 1970, as far as it can be written.
fn since(time: SystemTime) -> Duration {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    Duration::from_millis(u64::try_from(since.as_millis()).unwrap_or(LAST).min(LAST))
}

/// For `#[serde(with = "crate::timestamp")]`.
pub(crate) fn serialize<S: Serializer>(time: &SystemTime, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&format(*time))
}

/// For `#[serde(with = "crate::timestamp")]`.
pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SystemTime, D::Error> {
    let text = String::deserialize(deserializer)?;
    parse(&text).map_err(serde::de::Error::custom)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn times_are_written_with_milliseconds_whatever_the_clock_says() {
        let after = |milliseconds| UNIX_EPOCH + Duration::from_millis(milliseconds);
        assert_eq!(format(UNIX_EPOCH), "1970-01-01T00:00:00.000Z");
        assert_eq!(format(after(1_795_341_600_120)), "2026-11-22T10:00:00.120Z");
        assert_eq!(format(after(LAST)), "9999-12-31T23:59:59.999Z");
        assert_eq!(format(after(LAST + 1)), "9999-12-31T23:59:59.999Z");
        assert_eq!(
            format(UNIX_EPOCH - Duration::from_secs(1)),
            "1970-01-01T00:00:00.000Z"
        );
        if let Some(far) = UNIX_EPOCH.checked_add(Duration::from_secs(i64::MAX as u64)) {
            assert_eq!(format(far), "9999-12-31T23:59:59.999Z");
        }
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for text in [
            "",
            "2026-11-22",
            "2026-11-22 10:00",
            "2026-13-01T00:00:00Z",
            "1969-12-31T23:59:59Z",
            "0",
            "now",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn what_was_written_is_read_as_it_was(milliseconds in 0..=LAST) {
            let time = UNIX_EPOCH + Duration::from_millis(milliseconds);
            prop_assert_eq!(parse(&format(time)), Ok(time));
            prop_assert_eq!(to_milliseconds(time + Duration::from_nanos(999_999)), time);
        }

        #[test]
        fn no_text_makes_it_panic(text in ".{0,40}") {
            let _ = parse(&text);
        }
    }
}
