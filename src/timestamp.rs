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

use crate::input::InvalidInput;

/// The last millisecond that RFC 3339 can write, since 1970.
const LAST: u64 = 253_402_300_799_999;

/// Writes a time. What is finer than a millisecond is left out; a time before 1970 or after 9999, which only a
/// clock that is wrong gives, is written as the nearest one between.
pub fn format(time: SystemTime) -> String {
    let since = since(time);
    let (seconds, millisecond) = (since.as_secs(), since.subsec_millis());
    let (mut day, mut year, mut month) = (seconds / 86_400, 1970, 1);
    while let Some(rest) = day.checked_sub(days_of_year(year)) {
        (day, year) = (rest, year + 1);
    }
    while let Some(rest) = day.checked_sub(days_of_month(year, month)) {
        (day, month) = (rest, month + 1);
    }
    let (hour, minute, second) = (seconds / 3_600 % 24, seconds / 60 % 60, seconds % 60);
    let day = day + 1;
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{millisecond:03}Z")
}

/// Reads a time with whatever offset and fraction RFC 3339 allows, from 1970 on.
pub fn parse(text: &str) -> Result<SystemTime, InvalidInput> {
    read(text.as_bytes())
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

/// The form of RFC 3339 section 5.6, by hand: a crate that does it would be 2 % of what this one costs to build. The tests
/// compare it with that crate.
fn read(mut text: &[u8]) -> Option<Duration> {
    let text = &mut text;
    let year = number(text, 4)?;
    mark(text, b"-")?;
    let month = number(text, 2)?;
    mark(text, b"-")?;
    let day = number(text, 2)?;
    mark(text, b"Tt ")?;
    let hour = number(text, 2)?;
    mark(text, b":")?;
    let minute = number(text, 2)?;
    mark(text, b":")?;
    let second = number(text, 2)?;
    let nanoseconds = match mark(text, b".") {
        Some(_) => fraction(text)?,
        None => 0,
    };
    let sign = mark(text, b"Zz+-")?;
    let (mut ahead, mut behind) = (0, 0);
    if matches!(sign, b'+' | b'-') {
        let hours = number(text, 2).filter(|hours| *hours <= 23)?;
        mark(text, b":")?;
        let minutes = number(text, 2).filter(|minutes| *minutes <= 59)?;
        let offset = if sign == b'+' { &mut ahead } else { &mut behind };
        *offset = hours * 3_600 + minutes * 60;
    }
    let is_in_range = text.is_empty()
        && (1969..=9999).contains(&year)
        && (1..=12).contains(&month)
        && (1..=days_of_month(year, month)).contains(&day)
        && hour <= 23
        && minute <= 59
        // A leap second is written as the 60th, and has no number of its own: it is the end of the one before.
        && second <= 60;
    if !is_in_range {
        return None;
    }
    // One year early, as an offset can lead from there into 1970.
    let days = (1969..year).map(days_of_year).sum::<u64>()
        + (1..month).map(|month| days_of_month(year, month)).sum::<u64>()
        + (day - 1);
    let seconds = days * 86_400 + hour * 3_600 + minute * 60 + second.min(59);
    let nanoseconds = if second == 60 { 999_999_999 } else { nanoseconds };
    let seconds = (seconds + behind)
        .checked_sub(ahead)?
        .checked_sub(days_of_year(1969) * 86_400)?;
    Some(Duration::new(seconds, nanoseconds))
}

/// So many digits.
fn number(text: &mut &[u8], digits: usize) -> Option<u64> {
    let (number, rest) = text.split_at_checked(digits)?;
    *text = rest;
    number.iter().try_fold(0, |number, digit| {
        let digit = digit.is_ascii_digit().then(|| u64::from(digit - b'0'))?;
        Some(number * 10 + digit)
    })
}

/// One of these, or nothing is read.
fn mark(text: &mut &[u8], known: &[u8]) -> Option<u8> {
    let (first, rest) = text.split_first()?;
    known.contains(first).then(|| {
        *text = rest;
        *first
    })
}

/// At least one digit after the point, in nanoseconds; what is finer is left out.
fn fraction(text: &mut &[u8]) -> Option<u32> {
    let digits = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (fraction, rest) = text.split_at_checked(digits)?;
    *text = rest;
    fraction.first()?;
    let digit = |place| fraction.get(place).map_or(0, |digit| u32::from(digit - b'0'));
    Some((0..9).fold(0, |nanoseconds, place| nanoseconds * 10 + digit(place)))
}

fn is_leap(year: u64) -> bool {
    year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
}

fn days_of_year(year: u64) -> u64 {
    if is_leap(year) { 366 } else { 365 }
}

fn days_of_month(year: u64, month: u64) -> u64 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
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

    fn theirs(text: &str) -> Option<SystemTime> {
        use time::{OffsetDateTime, format_description::well_known::Rfc3339};
        let time = OffsetDateTime::parse(text, &Rfc3339).ok()?;
        UNIX_EPOCH.checked_add(Duration::try_from(time - OffsetDateTime::UNIX_EPOCH).ok()?)
    }

    #[test]
    fn the_first_and_the_last_day_of_every_month_are_read_as_by_another_reader() {
        for year in (1969..=2401).chain([9999]) {
            for (month, day) in
                (1..=12).flat_map(|month| [(month, 1), (month, 28), (month, 29), (month, 30), (month, 31)])
            {
                let text = format!("{year:04}-{month:02}-{day:02}T23:59:59.5+00:01");
                let read = parse(&text).ok();
                assert_eq!(read, theirs(&text), "{text}");
                if let Some(read) = read {
                    assert_eq!(format(read), text.replace("23:59:59.5+00:01", "23:58:59.500Z"));
                }
            }
        }
    }

    #[test]
    fn a_leap_second_is_the_end_of_the_one_before() {
        for text in ["2016-12-31T23:59:60Z", "2017-01-01T00:59:60.5+01:00"] {
            assert_eq!(parse(text).map(format).unwrap(), "2016-12-31T23:59:59.999Z");
            assert_eq!(parse(text).ok(), theirs(text));
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
            "1970-01-01T00:59:59+01:00",
            "2026-11-22T10:00:00",
            "2026-11-22T10:00:00+0100",
            "2026-11-22T10:00:00Z ",
            "2026-11-22T10:00:00.Z",
            "2026-02-29T10:00:00Z",
            "2026-11-22_10:00:00Z",
            "+2026-11-22T10:00:00Z",
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

        /// Every number has some that are too large, and every mark some that are not allowed.
        #[test]
        fn it_reads_what_another_reader_reads(
            text in "(19(69|70|72)|2000|2100|20[0-9]{2}|[0-9]{4})-(0[0-9]|1[0-3])-([0-2][0-9]|3[0-2])[Tt T]([01][0-9]|2[0-4])\
                :[0-6][0-9]:([0-5][0-9]|6[01])(\\.[0-9]{0,12})?([Zz]|[+-]([01][0-9]|2[0-4]):[0-6][0-9]|[:x ])?"
        ) {
            // Leap seconds are for it only those that can have been.
            prop_assume!(!text.contains(":60"));
            prop_assert_eq!(parse(&text).ok(), theirs(&text), "{}", text);
        }

        #[test]
        fn no_text_makes_it_panic(text in ".{0,40}") {
            let _ = parse(&text);
        }
    }
}
