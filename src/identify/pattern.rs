//! The form of a secret as data, and whether a text has it. Linear for all forms in use: a run that is followed by a
//! fixed text is tried at each of its lengths, and two runs never follow each other unless one has a fixed length.

/// Which bytes a run may be made of.
pub(crate) type Alphabet = fn(u8) -> bool;

/// A piece of a form.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Part {
    /// One of these texts.
    Is(&'static [&'static str]),
    /// So many of such characters: at least and at most.
    Of(Alphabet, usize, usize),
}

pub(crate) const DIGITS: Alphabet = |c| c.is_ascii_digit();
pub(crate) const LETTERS: Alphabet = |c| c.is_ascii_alphabetic();
pub(crate) const HEX: Alphabet = |c| matches!(c, b'0'..=b'9' | b'a'..=b'f');
pub(crate) const HEX_ANY_CASE: Alphabet = |c| c.is_ascii_hexdigit();
pub(crate) const LOWER: Alphabet = |c| c.is_ascii_lowercase() || c.is_ascii_digit();
pub(crate) const ALNUM: Alphabet = |c| c.is_ascii_alphanumeric();
/// What RFC 4648 calls base32, without padding.
pub(crate) const BASE32: Alphabet = |c| matches!(c, b'A'..=b'Z' | b'2'..=b'7');
/// What RFC 4648 calls base64url, without padding.
pub(crate) const BASE64URL: Alphabet = |c| c.is_ascii_alphanumeric() || matches!(c, b'-' | b'_');
/// Both alphabets of base64, with padding.
pub(crate) const BASE64: Alphabet = |c| BASE64URL(c) || matches!(c, b'+' | b'/' | b'=');
/// For vendors that publish how a secret begins and nothing more.
pub(crate) const TOKEN: Alphabet = |c| BASE64URL(c) || c == b'.';

/// Has the text this form, from its first byte to its last? If so, how much of it is fixed text, in bytes: the most,
/// where it has the form in several ways.
pub(crate) fn fit(form: &[Part], text: &[u8]) -> Option<usize> {
    let Some((part, rest)) = form.split_first() else {
        return text.is_empty().then_some(0);
    };
    match *part {
        Part::Is(texts) => texts
            .iter()
            .filter_map(|fixed| Some(fixed.len() + fit(rest, text.strip_prefix(fixed.as_bytes())?)?))
            .max(),
        Part::Of(alphabet, least, most) => {
            let run = text.iter().take(most).take_while(|c| alphabet(**c)).count();
            (least..=run)
                .filter_map(|length| fit(rest, text.get(length..)?))
                .max()
        }
    }
}

/// How much of a text of this form is fixed at most, in bytes.
pub(crate) fn most_fixed(form: &[Part]) -> usize {
    let fixed = form.iter().map(|part| match part {
        Part::Is(texts) => texts.iter().map(|text| text.len()).max().unwrap_or_default(),
        Part::Of(..) => 0,
    });
    fixed.sum()
}

/// Can a text of this form begin with this byte?
pub(crate) fn may_begin(form: &[Part], first: u8) -> bool {
    let Some((part, rest)) = form.split_first() else {
        return false;
    };
    match *part {
        Part::Is(texts) => texts.iter().any(|fixed| match fixed.as_bytes().first() {
            Some(byte) => *byte == first,
            None => may_begin(rest, first),
        }),
        Part::Of(alphabet, least, _) => alphabet(first) || (least == 0 && may_begin(rest, first)),
    }
}

/// How much of a text's beginning, and how much of its end, every text of this form has, in bytes.
pub(crate) fn ends(form: &[Part], text: &str) -> (usize, usize) {
    let longest = |part: Option<&Part>, fits: &dyn Fn(&str) -> bool| match part {
        Some(Part::Is(texts)) => {
            let fixed = texts.iter().filter(|fixed| fits(fixed));
            fixed.map(|fixed| fixed.len()).max().unwrap_or(0)
        }
        _ => 0,
    };
    (
        longest(form.first(), &|fixed| text.starts_with(fixed)),
        longest(form.last(), &|fixed| text.ends_with(fixed)),
    )
}

/// The checksum of GitHub's and npm's tokens: the last six characters are the CRC-32 of what stands between them and the
/// first underscore, in base 62 with the digits 0-9, A-Z, a-z.
pub(crate) fn ends_with_crc32(text: &str) -> bool {
    const LENGTH: usize = 6;
    let sound = || {
        let (_, body) = text.split_once('_')?;
        let (random, checksum) = body.split_at_checked(body.len().checked_sub(LENGTH)?)?;
        Some(base62(crc32fast::hash(random.as_bytes())) == checksum.as_bytes())
    };
    sound().unwrap_or(false)
}

/// Six digits, which hold any number of 32 bits.
fn base62(mut number: u32) -> [u8; 6] {
    const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let mut text = [b'0'; 6];
    for digit in text.iter_mut().rev() {
        *digit = DIGITS[(number % 62) as usize];
        number /= 62;
    }
    text
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// The checksum that makes a token of this random part sound.
    pub(crate) fn checksum(random: &str) -> String {
        String::from_utf8(base62(crc32fast::hash(random.as_bytes())).to_vec()).unwrap()
    }

    #[test]
    fn a_form_is_the_whole_text_and_the_reading_with_the_most_fixed_text_counts() {
        use Part::{Is, Of};
        let key: &[Part] = &[
            Is(&["k-", "k-live-"]),
            Of(BASE64URL, 2, 8),
            Is(&["", "."]),
            Of(DIGITS, 0, 2),
        ];
        for (text, fixed) in [
            ("k-ab", Some(2)),
            ("k-ab.", Some(3)),
            ("k-ab.12", Some(3)),
            ("k-live-ab", Some(7)),
            ("k-live-a", Some(2)),
            ("k-a", None),
            ("k-ab.123", None),
            ("k-abcdefgh", Some(2)),
            ("k-abcdefghi", None),
            ("k-abcdefgh12", Some(2)),
            ("xk-ab", None),
            ("k-ab!", None),
            ("", None),
        ] {
            assert_eq!(fit(key, text.as_bytes()), fixed, "{text}");
        }
        assert_eq!((fit(&[], b""), fit(&[], b"x")), (Some(0), None));
        let open: &[Part] = &[Is(&["", "x"]), Of(DIGITS, 0, 1), Is(&["k"])];
        for (form, bytes) in [(key, "k"), (open, "x0123456789k"), (&[], "")] {
            let may: Vec<u8> = (0..=255).filter(|first| may_begin(form, *first)).collect();
            let mut bytes = bytes.as_bytes().to_vec();
            bytes.sort_unstable();
            assert_eq!(may, bytes);
        }
        assert_eq!((most_fixed(key), most_fixed(open), most_fixed(&[])), (8, 2, 0));
        let ended: &[Part] = &[Is(&["k-", "k-live-"]), Of(BASE64URL, 2, 8), Is(&["", "=", "=="])];
        for (form, text, of_all) in [
            (key, "k-live-ab", (7, 0)),
            (key, "k-ab", (2, 0)),
            (key, "x", (0, 0)),
            (ended, "k-ab==", (2, 2)),
            (ended, "k-live-ab", (7, 0)),
            (&[Of(DIGITS, 1, 1)], "1", (0, 0)),
            (&[], "", (0, 0)),
        ] {
            assert_eq!(ends(form, text), of_all, "{text}");
        }
    }

    #[test]
    fn the_checksum_is_crc_32_in_base_62() {
        // CRC-32 of "123456789" is 0xCBF43926 in every list of its check values.
        assert_eq!(crc32fast::hash(b"123456789"), 0xCBF4_3926);
        assert_eq!(&base62(0xCBF4_3926), b"3jZRME");
        assert_eq!(
            (&base62(0), &base62(61), &base62(u32::MAX)),
            (b"000000", b"00000z", b"4gfFC3")
        );
        assert!(ends_with_crc32("x_1234567893jZRME"));
        for wrong in [
            "x_1234567893jZRMF",
            "x_2234567893jZRME",
            "1234567893jZRME",
            "x_",
            "x_\u{e4}bcdef",
            "",
        ] {
            assert!(!ends_with_crc32(wrong), "{wrong}");
        }
    }
}
