use std::io::{BufReader, Cursor, Read};

use super::*;

const UUID: &str = "2f1d3c5e-8a4b-4c6d-9e7f-0123456789ab";

/// As the command line reads a key.
fn parse(text: &str) -> Result<KeyRef, InvalidInput> {
    let key: KeyRef = text.parse()?;
    keyrevoke::provider(key.provider())?.check_key(key.key())
}

fn list(format: Format, input: impl AsRef<[u8]>) -> List {
    read(Cursor::new(input), "keys", format, parse).unwrap()
}

/// Line and key of each row; there must be no problems.
fn rows(format: Format, input: impl AsRef<[u8]>) -> Vec<(u64, String)> {
    let list = list(format, input);
    assert_eq!(problems(&list), [""; 0]);
    list.rows
        .iter()
        .map(|row| (row.line, row.key.to_string()))
        .collect()
}

fn problems(list: &List) -> Vec<String> {
    list.problems.iter().map(ToString::to_string).collect()
}

fn numbered<const N: usize>(rows: [(u64, &str); N]) -> Vec<(u64, String)> {
    rows.map(|(line, key)| (line, key.to_owned())).into()
}

#[test]
fn lines_may_have_blanks_comments_a_mark_and_any_line_break() {
    let input =
        "\u{feff}# leaked on Friday\r\n\r\n  devin:k-1\t\r\ndevin:k-2 # Bob's\n   # nothing\nsinjapp:42";
    let expected = numbered([(3, "devin:k-1"), (4, "devin:k-2"), (6, "sinjapp:42")]);
    assert_eq!(rows(Format::Auto, input), expected);
    assert_eq!(rows(Format::Lines, input), expected);
    // Only after a blank: the rest would be another key.
    let list = list(Format::Lines, "devin:k#1\n");
    assert!(
        problems(&list)[0].starts_with("keys line 1: "),
        "{:?}",
        problems(&list)
    );
}

#[test]
fn what_a_text_names_is_for_the_caller_to_say() {
    let upper = UUID.to_uppercase();
    let alias = format!("applications:{UUID}/{UUID}");
    let list = list(
        Format::Lines,
        format!("dolfin:{upper}\n{alias}\ndevin:k\ndevin:k\n"),
    );
    assert_eq!(list.rows[0].key.to_string(), format!("dolfin:{UUID}"));
    assert_eq!(list.rows[1].key.to_string(), format!("kadosei:{UUID}/{UUID}"));
}

#[test]
fn columns_of_csv_are_found_by_their_names() {
    let input = "# export\n Note,\"Key\",EXPECT_LAST4,expect_owner,expect_created_before\n\
                 \"a, b\",devin:k-1,9f2a,Bob,\n,,,,\n\n\"two\nlines\"\"\", devin:k-2 ,,,2026-01-01\nx,\"devin:k-3\",,,\n";
    let expected = numbered([(3, "devin:k-1"), (6, "devin:k-2"), (8, "devin:k-3")]);
    assert_eq!(rows(Format::Auto, input), expected);
    assert_eq!(rows(Format::Csv, input.replace('\n', "\r\n")), expected);
    let list = list(Format::Auto, input);
    let expect = |row: usize| -> Vec<(Expected, &str)> {
        let expect = list.rows[row].expect.iter();
        expect.map(|(what, value)| (*what, &**value)).collect()
    };
    assert_eq!(expect(0), [(Expected::Last4, "9f2a"), (Expected::Owner, "Bob")]);
    assert_eq!(expect(1), [(Expected::CreatedBefore, "2026-01-01")]);
    assert_eq!(expect(2), []);
    assert_eq!(rows(Format::Auto, "KEY\ndevin:k"), numbered([(2, "devin:k")]));
}

#[test]
fn json_lines_have_a_member_key() {
    let input = format!(
        "# made by us\n{{\"key\":\"devin:k-1\",\"state\":\"live\"}}\n\n \
         {{\"key\":\"dolfin:{UUID}\",\"expect_name\":\"ci\",\"expect_prefix\":\"do\",\"expect_owner\":null}}"
    );
    let dolfin = format!("dolfin:{UUID}");
    let expected = numbered([(2, "devin:k-1"), (4, &dolfin)]);
    assert_eq!(rows(Format::Auto, &input), expected);
    assert_eq!(rows(Format::JsonLines, &input), expected);
    let list = list(Format::Auto, &input);
    let expect: Vec<_> = list.rows[1]
        .expect
        .iter()
        .map(|(what, value)| (*what, &**value))
        .collect();
    assert_eq!(expect, [(Expected::Name, "ci"), (Expected::Prefix, "do")]);
}

#[test]
fn every_wrong_line_is_reported_at_once_and_none_is_shown() {
    const CANARY: &str = "CanaryOfTheKey0123456789";
    let secret = format!("sk_live_{CANARY}");
    let long = "x".repeat(lines::LONGEST + 1);
    let cases: Vec<(Format, Vec<u8>, Vec<u64>)> = vec![
        (
            Format::Auto,
            format!("devin:ok\n{secret}\ndevin:{secret}\n{CANARY}:x\n{CANARY} {CANARY}\nsinjapp:0\n").into(),
            vec![2, 3, 4, 5, 6],
        ),
        (
            Format::Lines,
            [
                format!("devin:ok\n{long}\ndevin:\0{CANARY}\n").as_bytes(),
                b"\xff",
                CANARY.as_bytes(),
                b"\ndevin:ok",
            ]
            .concat(),
            vec![2, 3, 4],
        ),
        (
            Format::Auto,
            format!(
                "note,key\n{CANARY},devin:{secret}\nx,\n{CANARY}\n{CANARY},devin:k,{CANARY}\nx\0,devin:{CANARY}\n\
                 # {CANARY},x y\n\"{CANARY}\nx,devin:{CANARY}"
            )
            .into(),
            vec![2, 3, 4, 5, 6, 7, 8],
        ),
        (Format::Csv, format!("{CANARY},x\ndevin:{CANARY},x\n").into(), vec![1]),
        (Format::Csv, format!("key,KEY,expect_{CANARY},expect_name,expect_name\n").into(), vec![1, 1, 1]),
        // A quote that is not closed, with the memory that it may take at most; the rest is read all the same.
        (
            Format::Csv,
            format!("key,note\n\"{}devin:{secret},x\n", format!("{CANARY}\n").repeat(4000)).into(),
            vec![],
        ),
        (
            Format::Auto,
            format!(
                "{{}}\n{{\"key\":\"{secret}\"}}\n{{\"key\":\"devin:k\",\"key\":\"{CANARY}\"}}\n[\"{CANARY}\"]\n\
                 {{\"key\":7,\"expect_{CANARY}\":1,\"expect_name\":[\"{CANARY}\"]}}\n{CANARY}\n\"{CANARY}\n\
                 {{\"key\":\"devin:k\"}} {CANARY}\n{}{CANARY}",
                "[".repeat(10_000)
            )
            .into(),
            vec![1, 2, 3, 4, 5, 5, 5, 6, 7, 8, 9],
        ),
    ];
    for (format, input, expected) in cases {
        let list = list(format, &input);
        let texts = problems(&list);
        assert!(!texts.is_empty());
        for text in &texts {
            assert!(!text.contains("Canary") && text.len() < 400, "{text}");
        }
        if !expected.is_empty() {
            let lines: Vec<u64> = list.problems.iter().map(|problem| problem.line).collect();
            assert_eq!(lines, expected, "{texts:#?}");
        }
    }
}

#[test]
fn a_list_that_names_nothing_or_is_utf_16_is_refused_as_a_whole() {
    for (format, input) in [
        (Format::Auto, &b""[..]),
        (Format::Auto, b"# none\n\n"),
        (Format::Auto, b"key\n"),
        (Format::Csv, b"\xef\xbb\xbf"),
        (Format::JsonLines, b"\n"),
        (Format::Auto, b"\xff\xfed\0e\0v\0i\0n\0:\0k\0\n\0"),
    ] {
        let list = list(format, input);
        assert_eq!((list.rows.len(), list.problems.len()), (0, 1), "{input:?}");
        assert_eq!(list.problems[0].line, 0);
    }
}

#[test]
fn no_line_is_too_long_for_the_memory() {
    // As long as allowed, with any line break or none; and longer than that without end.
    let key = format!("devin:k{}", " ".repeat(lines::LONGEST - "devin:k".len()));
    for end in ["\n", "\r\n", ""] {
        assert_eq!(
            rows(Format::Lines, format!("{key}{end}")),
            numbered([(1, "devin:k")])
        );
    }
    let endless = std::io::repeat(b'x').take(1 << 26).chain(&b"\ndevin:k\n"[..]);
    let list = read(BufReader::new(endless), "keys", Format::Auto, parse).unwrap();
    assert_eq!((list.rows.len(), list.rows[0].line), (1, 2));
    assert!(problems(&list)[0].contains("line 1: is longer than 64 KiB"));
    let list = read(Cursor::new(format!("{key} \n")), "keys", Format::Lines, parse).unwrap();
    assert!(problems(&list)[0].contains("line 1: is longer than 64 KiB"));
    // A quote that swallows more than a record may hold; what follows is read again.
    let swallowed = format!("key\n\"{}devin:k\n", "a line\n".repeat(20_000));
    let list = read(Cursor::new(swallowed), "keys", Format::Csv, parse).unwrap();
    assert!(problems(&list)[0].starts_with("keys line 2: begins a record of more than"));
    assert_eq!((list.rows.len(), list.rows[0].line), (1, 20_002));
}

#[test]
fn a_wrong_line_spoils_no_other() {
    let list = list(Format::Csv, "key\n\"a\n\0\ndevin:k\n");
    assert_eq!((list.rows.len(), list.rows[0].line), (1, 4));
    assert_eq!(
        problems(&list),
        ["keys line 3: holds a NUL character; give a text file"]
    );
}

#[test]
fn an_object_that_could_be_read_in_two_ways_is_refused() {
    let list = list(Format::Auto, "{\"key\":\"devin:a\",\"key\":\"devin:b\"}");
    assert_eq!(
        problems(&list),
        ["keys line 1: has an object that names a member twice; name it once"]
    );
}

#[test]
fn very_many_rows_are_kept_small_and_very_many_problems_are_counted() {
    let keys: String = (0..100_000).map(|n| format!("devin:k-{n}\n")).collect();
    assert_eq!(rows(Format::Auto, keys).len(), 100_000);
    assert!(size_of::<Row>() <= 12 * size_of::<usize>());

    let list = list(Format::Auto, "x\n".repeat(MOST_PROBLEMS + 5));
    assert_eq!(list.problems.len(), MOST_PROBLEMS + 1);
    let last = list.problems.last().unwrap().to_string();
    assert_eq!(last, "keys: 5 more problems are not shown");
}

#[test]
fn files_are_read_by_their_names() {
    let problem = read_from(Path::new("/nonexistent/keys"), Format::Auto, parse)
        .err()
        .unwrap();
    assert!(
        problem.to_string().starts_with("cannot read /nonexistent/keys: "),
        "{problem}"
    );
    let secret = Path::new("/nonexistent/sk_live_Canary0123456789");
    let problem = read_from(secret, Format::Auto, parse).err().unwrap();
    assert!(!problem.to_string().contains("Canary"), "{problem}");
    let path = std::env::temp_dir().join(format!("keyrevoke-list-{}", std::process::id()));
    std::fs::write(&path, "devin:k\nx\n").unwrap();
    let list = read_from(&path, Format::Auto, parse).unwrap();
    std::fs::remove_file(&path).unwrap();
    assert_eq!((list.rows.len(), list.problems.len()), (1, 1));
    assert!(problems(&list)[0].starts_with(&format!("{} line 2: ", path.display())));
}
