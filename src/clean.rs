//! Texts from outside, made fit to be shown: one line of bounded length, without secrets.
//!
//! Most texts are fit as they are. What proves that costs little of each byte, and only what it does not prove is taken
//! apart.

use std::borrow::Cow;

use crate::credential::Redactor;
use crate::input::looks_like_secret;

/// How much of a text is kept, in characters.
const LONGEST_TEXT: usize = 512;
/// How much of a long text is looked at to find what is kept, in bytes, and on to the end of its word.
const LONGEST_LOOK: usize = 8 * LONGEST_TEXT;
/// No shorter word is taken for a secret.
const SHORTEST_SECRET: usize = 12;
const REDACTED: &str = "[redacted]";

/// One line of bounded length without control characters, text direction tricks or secrets.
pub(crate) fn clean(text: &str, redactor: &Redactor) -> String {
    // Our own secrets go first: they may hold what ends a word elsewhere.
    let text = redactor.clean(text);
    let (text, is_cut) = looked_at(&text);
    let line = one_line(text);
    let line = hide_secrets(&line);
    // No text has more characters than bytes.
    if !is_cut && (line.len() <= LONGEST_TEXT || line.chars().count() <= LONGEST_TEXT) {
        return line.into_owned();
    }
    let mut cut: String = line.chars().take(LONGEST_TEXT - 1).collect();
    cut.push('…');
    cut
}

/// The beginning of a long text. No word is cut in two before it is known to be no secret.
fn looked_at(text: &str) -> (&str, bool) {
    let ends = |end: &usize| text.is_char_boundary(*end) && !is_word_part(text.as_bytes()[*end]);
    match (LONGEST_LOOK..text.len()).find(ends) {
        Some(end) => (&text[..end], true),
        None => (text, false),
    }
}

/// The text with one blank where there were blanks, line breaks, or what cannot be seen, and none at its ends.
fn one_line(text: &str) -> Cow<'_, str> {
    let text = text.trim_matches(' ');
    let bytes = text.as_bytes();
    // No early end: so written, it is done for many bytes at once.
    let is_printable = |all: bool, byte: &u8| all & matches!(byte, b' '..=b'~');
    let is_double = |any: bool, (one, next): (&u8, &u8)| any | ((*one == b' ') & (*next == b' '));
    let after = bytes.iter().skip(1);
    let is_line = bytes.iter().fold(true, is_printable) && !bytes.iter().zip(after).fold(false, is_double);
    if is_line {
        return Cow::Borrowed(text);
    }
    let mut line = String::with_capacity(text.len());
    for word in text.split(is_blank).filter(|word| !word.is_empty()) {
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    Cow::Owned(line)
}

fn is_blank(c: char) -> bool {
    match c {
        '\0'..='\u{7f}' => matches!(c, '\0'..=' ' | '\u{7f}'),
        _ => c.is_whitespace() || c.is_control() || is_invisible(c),
    }
}

/// Characters that change how the rest of a line is shown (Unicode bidirectional and zero-width controls).
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

/// May a secret go on with this?
fn is_word_part(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.')
}

/// Answers may hold the secret of a key; what looks like one is not passed on.
pub(crate) fn hide_secrets(line: &str) -> Cow<'_, str> {
    let (mut out, mut kept) = (String::new(), 0);
    for (start, end) in long_words(line.as_bytes()) {
        // A path such as `body.KEY` holds a secret as its last part; a token such as `eyJ….….…` is one whole.
        let dots = line[start..end].match_indices('.');
        let mut begins = std::iter::once(start).chain(dots.map(|(dot, _)| start + dot + 1));
        let is_secret =
            |begin: &usize| end - begin >= SHORTEST_SECRET && looks_like_secret(&line[*begin..end]);
        if let Some(begin) = begins.find(is_secret) {
            out.push_str(&line[kept..begin]);
            out.push_str(REDACTED);
            kept = end;
        }
    }
    if kept == 0 {
        return Cow::Borrowed(line);
    }
    out.push_str(&line[kept..]);
    Cow::Owned(out)
}

/// Where the words are that are long enough to be secrets. Each stretch of that length is looked at from its end: no long
/// word begins before the last character that is no part of one.
fn long_words(line: &[u8]) -> impl Iterator<Item = (usize, usize)> {
    let mut start = 0;
    std::iter::from_fn(move || {
        loop {
            let stretch = line.get(start..start + SHORTEST_SECRET)?;
            if let Some(other) = stretch.iter().rposition(|byte| !is_word_part(*byte)) {
                start += other + 1;
                continue;
            }
            let rest = &line[start + SHORTEST_SECRET..];
            let more = rest.iter().position(|byte| !is_word_part(*byte));
            let word = (start, start + SHORTEST_SECRET + more.unwrap_or(rest.len()));
            start = word.1;
            return Some(word);
        }
    })
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;
    use proptest::sample::select;

    use super::*;
    use crate::credential::{Credential, Form};

    #[test]
    fn text_from_outside_is_one_bounded_line_without_secrets() {
        let clean = |text: &str| clean(text, &Redactor::default());
        assert_eq!(clean(" a\r\n\tb\u{202e}c\u{1b}[31m "), "a b c [31m");
        assert_eq!(
            clean("use (sk_live_0123456789abc), not sk_x"),
            "use ([redacted]), not sk_x"
        );
        assert_eq!(clean("body.sk_live_0123456789abc"), "body.[redacted]");
        assert_eq!(
            clean("task_id.sk_x and eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIx.x"),
            "task_id.sk_x and [redacted]"
        );
        let long = clean(&"é".repeat(600));
        assert_eq!((long.chars().count(), long.chars().last()), (512, Some('…')));
        // However long it is, no word is cut in two before it is known to be no secret.
        for (before, begins) in [
            ("sk_live_0123456789abcdefghij ", 0),
            ("a ", 2_045),
            ("a ", 2_048),
            ("a ", 2_050),
        ] {
            let text = before.repeat(if begins == 0 { 3_000 } else { begins });
            let shown = clean(&format!("{text}sk_live_{}", "x".repeat(9_000)));
            assert!(!shown.contains("sk_live") && !shown.contains("xx"), "{shown}");
            assert!(shown.chars().count() <= 512 && shown.ends_with('…'), "{shown}");
        }
        let redacted = clean(&format!("sk_live_{} said no", "x".repeat(9_000)));
        assert_eq!(redacted, "[redacted]…");
    }

    /// The same in the plainest way: character by character, each word by itself.
    fn plainly(text: &str, secrets: &[&str]) -> String {
        let mut text = text.to_owned();
        for secret in secrets {
            let (lower, wanted) = (text.to_ascii_lowercase(), secret.to_ascii_lowercase());
            let (mut out, mut done) = (String::new(), 0);
            for (start, found) in lower.match_indices(&wanted) {
                out.push_str(&text[done..start]);
                out.push_str(REDACTED);
                done = start + found.len();
            }
            out.push_str(&text[done..]);
            text = out;
        }
        let (mut line, mut blank) = (String::new(), false);
        for c in text.chars() {
            if c.is_whitespace() || c.is_control() || is_invisible(c) {
                blank = !line.is_empty();
                continue;
            }
            if std::mem::take(&mut blank) {
                line.push(' ');
            }
            line.push(c);
        }
        let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
        let (mut out, mut rest) = (String::new(), line.as_str());
        while let Some(start) = rest.find(is_part) {
            let end = rest[start..].find(|c| !is_part(c));
            let end = end.map_or(rest.len(), |length| start + length);
            let dots = rest[start..end].match_indices('.');
            let mut begins = std::iter::once(start).chain(dots.map(|(dot, _)| start + dot + 1));
            let secret = begins.find(|begin| end - begin >= 12 && looks_like_secret(&rest[*begin..end]));
            out.push_str(&rest[..secret.unwrap_or(end)]);
            if secret.is_some() {
                out.push_str(REDACTED);
            }
            rest = &rest[end..];
        }
        out.push_str(rest);
        if out.chars().count() <= 512 {
            return out;
        }
        out.chars().take(511).chain(['…']).collect()
    }

    /// Texts out of what the cleaning looks at: words of secrets and of none, what joins and parts them, what is invisible.
    fn texts() -> impl Strategy<Value = String> {
        let words = [
            "sk_live_0123456789abc",
            "SK_LIVE_0123456789ABC",
            "sk_",
            "eyJhbGciOiJIUzI1NiJ9",
            "ghp_012345678901234567890123456789abcdef",
            "the",
            "authentication",
            "0d01f100-0000-4000-8000-000000000001",
            "canary#one:TWO",
            "Canary#One:two",
            "canary#one:tw",
            "pass word",
            "é\u{130}",
            "kéy-ﬁ",
            "xxxxxxxxxxx",
            "xxxxxxxxxxxx",
        ];
        let between = [
            "", "", " ", " ", " ", "  ", "\n", ".", "..", "-", "_", "(", ":", "#", "[", "é", "\u{a0}",
            "\u{202e}", "\u{200b}", "\u{feff}", "\0", "\u{1b}", "\u{fffd}", "🔑", "…",
        ];
        let pieces = prop_oneof![
            4 => select(words.to_vec()).prop_map(str::to_owned),
            5 => select(between.to_vec()).prop_map(str::to_owned),
            1 => "[ -~]{0,16}",
            1 => any::<char>().prop_map(String::from),
            1 => (select(vec!["x", "a ", "é", " ", "a."]), 0..600_usize).prop_map(|(text, times)| text.repeat(times)),
        ];
        vec(pieces, 0..24).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 4000, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn cleaning_is_what_it_is_in_the_plainest_way(text in texts()) {
            let secrets = ["canary#one:TWO", "pass word"];
            let prepare = |user: &str, secret: &str| {
                let forms: [Form; 2] = [Form::Basic, Form::ApiKey("x-key")];
                let credential = if user.is_empty() { Credential::api_key(secret) } else { Credential::basic(user, secret) };
                credential.prepare("x", &forms).unwrap().redactor
            };
            let redactor = prepare("", secrets[0]).and(&prepare("user", secrets[1]));
            let cleaned = clean(&text, &redactor);
            if redactor.clean(&text).len() <= LONGEST_LOOK {
                prop_assert_eq!(&cleaned, &plainly(&text, &secrets));
            }
            prop_assert!(cleaned.chars().count() <= LONGEST_TEXT);
            for secret in secrets {
                prop_assert!(!cleaned.to_ascii_lowercase().contains(&secret.to_ascii_lowercase()));
            }
        }
    }

    #[test]
    fn what_is_found_has_a_secret_in_it_and_what_is_left_has_none() {
        use proptest::strategy::ValueTree;
        let mut runner = proptest::test_runner::TestRunner::deterministic();
        let mut texts = || texts().new_tree(&mut runner).unwrap().current();
        let (mut changed, mut same) = (0, 0);
        for _ in 0..200 {
            let text = texts();
            let cleaned = clean(&text, &Redactor::default());
            changed += usize::from(cleaned.contains(REDACTED));
            same += usize::from(cleaned == text);
        }
        assert!(changed > 50 && same > 5, "{changed} {same}");
    }
}
