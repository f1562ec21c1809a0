//! The report as a page: its text exactly, its file, and what it looks like in a browser.
#![cfg(all(unix, feature = "cli"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "support/chromium.rs"]
mod chromium;
#[path = "support/incident.rs"]
mod incident;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use keyrevoke::journal::{JournalEntry, JournalRecord};
use keyrevoke::{ErrorKind, KeyState, RevokeError, RevokeResult};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::chromium::Chromium;
use crate::incident::{BEGINNING, Incident, dead, incident, no_answer, report};

/// What a provider, or whoever sits before it, might send to be shown.
const HOSTILE: &str = "</bdi><script>window.hostile = 1; alert(1)</script><img src=x onerror='window.hostile = 2'>\
    <svg onload=alert(3)><style>body { display: none }</style><iframe src=https://example.org></iframe>\
    \" onmouseover=\"alert(4)\u{202e}gnihton\u{0}\u{1b}[2J &lt;b&gt; --> ]]> ${7*7}";

fn pages(incident: &Incident) -> String {
    let (_, out, err) = incident.report("html");
    assert_eq!(err, "");
    out
}

/// The page without its style, which is long and is looked at in the browser.
fn without_style(page: &str) -> String {
    let (before, rest) = page.split_once("<style>").unwrap();
    let (_, after) = rest.split_once("</style>").unwrap();
    let (policy, hash) = before.split_once("sha256-").unwrap();
    let (_, rest) = hash.split_once("&#39;").unwrap();
    format!("{policy}sha256-HASH&#39;{rest}<style>STYLE</style>{after}")
        .replace(env!("CARGO_PKG_VERSION"), "VERSION")
}

#[tokio::test]
async fn a_page_says_what_the_other_forms_say() {
    let incident = incident().await;
    let (code, page, err) = incident.report("html");
    assert_eq!((code, err.as_str()), (1, ""));
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/report.html");
    let found = without_style(&page);
    if std::env::var_os("KEYREVOKE_BLESS").is_some() {
        fs::write(&path, found).unwrap();
        return;
    }
    assert_eq!(
        found,
        fs::read_to_string(&path).unwrap(),
        "KEYREVOKE_BLESS=1 writes report.html anew"
    );
}

#[tokio::test]
async fn the_first_sentence_says_the_worst() {
    let mut incident = Incident::new();
    let headline = |incident: &Incident| {
        let page = pages(incident);
        let (_, rest) = page.split_once("<h1>").unwrap();
        rest.split_once("</h1>").unwrap().0.to_owned()
    };
    assert_eq!(headline(&incident), "The journal speaks of no key.");
    incident.begin("ops", 1).await;
    assert_eq!(headline(&incident), "At least 1 was never tried.");
    incident.outcome("dolfin:1", dead()).await;
    assert_eq!(headline(&incident), "The key is dead.");
    incident.outcome("dolfin:2", dead()).await;
    assert_eq!(headline(&incident), "All 2 keys are dead.");
    incident.outcome("dolfin:3", no_answer()).await;
    assert_eq!(headline(&incident), "1 of 3 keys is in doubt.");
    incident.outcome("dolfin:4", refused("no")).await;
    assert_eq!(headline(&incident), "1 of 4 keys still works; 1 is in doubt.");
    incident.intent("dolfin:5").await;
    incident.begin("ops", 9).await;
    assert_eq!(
        headline(&incident),
        "1 of 5 keys still works; 2 are in doubt; at least 9 were never tried."
    );
}

#[tokio::test]
async fn a_page_is_written_whole_and_in_place_of_a_page_alone() {
    let mut incident = Incident::new();
    incident.begin("ops", 1).await;
    incident.outcome("dolfin:1", dead()).await;
    incident.end().await;
    let (journal, page) = (
        incident.directory.join("run.jsonl"),
        incident.directory.join("page.html"),
    );
    let to = |file: &Path| report(&journal, &["--html", file.to_str().unwrap()]);
    for _ in 0..2 {
        assert_eq!(
            to(&page),
            (
                0,
                "1 dead, 0 live, 0 unknown, 0 in flight\n".into(),
                String::new()
            )
        );
        assert_eq!(fs::read_to_string(&page).unwrap(), pages(&incident));
        assert_eq!(fs::metadata(&page).unwrap().permissions().mode() & 0o777, 0o600);
    }
    let (_, out, _) = report(&journal, &["--html", page.to_str().unwrap(), "--format", "csv"]);
    assert!(out.starts_with("key,state,"), "{out}");

    let before = fs::read(&journal).unwrap();
    let pipe = incident.directory.join("pipe");
    assert!(
        std::process::Command::new("mkfifo")
            .arg(&pipe)
            .status()
            .unwrap()
            .success()
    );
    for file in [&journal, &pipe, &incident.directory] {
        let (code, out, err) = to(file);
        assert_eq!((code, out.as_str()), (4, ""));
        assert!(
            err.contains("is no page of a report: it is left as it is"),
            "{err}"
        );
    }
    assert_eq!(fs::read(&journal).unwrap(), before);
    let (code, out, err) = to(&incident.directory.join("nowhere/page.html"));
    assert_eq!((code, out.as_str()), (4, ""));
    assert!(
        err.contains("nowhere/page.html: the page cannot be written"),
        "{err}"
    );
    let mut left: Vec<_> = fs::read_dir(&incident.directory)
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    left.sort();
    assert_eq!(left, ["page.html", "pipe", "run.jsonl"]);
}

fn refused(detail: &str) -> RevokeResult {
    let error = RevokeError::new("dolfin", ErrorKind::PermissionDenied, KeyState::Live).with_status(403);
    Err(error.with_detail(detail))
}

/// A journal of this many keys of several providers, written by somebody and answered by providers who mean harm.
fn crowd(directory: &Path, keys: usize) -> PathBuf {
    let mut lines = String::new();
    let mut seconds = 0;
    let mut write = |record| {
        let at =
            SystemTime::UNIX_EPOCH + Duration::from_secs(BEGINNING) + Duration::from_millis(seconds * 90);
        seconds += 1;
        let entry = JournalEntry::new(Uuid::from_u128(1), record).with_time(at);
        lines.push_str(&serde_json::to_string(&entry).unwrap());
        lines.push('\n');
    };
    write(JournalRecord::begin(Some(HOSTILE.into()), keys as u64));
    for number in 0..keys {
        let provider = ["dolfin", "devin", "sinjapp", "github-enterprise-cloud"][number * number % 7 % 4];
        let long = "long-".repeat(if number % 50 == 3 { 30 } else { 1 });
        let key: keyrevoke::KeyRef = format!("{provider}:{long}{number}").parse().unwrap();
        write(JournalRecord::intent(key.clone()));
        let result = match number % 40 {
            3 => refused(HOSTILE),
            5 => refused(&"unbroken".repeat(60)),
            7 | 8 => no_answer(),
            11 if number < 100 => continue,
            _ => dead(),
        };
        write(JournalRecord::outcome(key, Some("2026-11".into()), result));
    }
    write(JournalRecord::end());
    let path = directory.join("crowd.jsonl");
    fs::write(&path, lines).unwrap();
    path
}

const PHONE: (u32, u32) = (390, 844);
const DESK: (u32, u32) = (1280, 900);

/// What is wrong with the page as it stands there: what reaches out of the window, what is not the program's own, and
/// text that is hard to tell from its ground (WCAG 2.2 asks for 4.5 to 1).
const WRONG: &str = r#"(() => {
    const wrong = [];
    const width = document.documentElement.clientWidth;
    if (document.documentElement.scrollWidth > width) wrong.push(`scrolls sideways: ${document.documentElement.scrollWidth} in ${width}`);
    if ('hostile' in window) wrong.push('a script ran');
    const foreign = document.querySelectorAll('script, img, iframe, object, embed, link, form, a, [style], [onload], [onerror], [onmouseover]');
    if (foreign.length) wrong.push(`foreign: ${foreign[0].outerHTML.slice(0, 200)}`);
    if (document.styleSheets.length != 1) wrong.push('the style is not there');
    const parse = (colour) => { const n = colour.match(/[\d.]+/g).map(Number); return n.length < 4 ? [...n, 1] : n; };
    const light = ([r, g, b]) => [r, g, b].map(v => v / 255).map(v => v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4)
        .reduce((sum, v, i) => sum + v * [.2126, .7152, .0722][i], 0);
    const ground = (element) => {
        for (let e = element; e; e = e.parentElement) { const c = parse(getComputedStyle(e).backgroundColor); if (c[3] == 1) return c; }
        return [255, 255, 255, 1];
    };
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    let seen = 0;
    for (let text = texts.nextNode(); text && seen < 3000; text = texts.nextNode()) {
        if (!text.data.trim()) continue;
        seen++;
        const element = text.parentElement;
        const [one, other] = [light(parse(getComputedStyle(element).color)), light(ground(element))];
        const contrast = (Math.max(one, other) + .05) / (Math.min(one, other) + .05);
        if (contrast < 4.5) wrong.push(`contrast ${contrast.toFixed(2)}: ${text.data.slice(0, 60)}`);
        const box = element.getBoundingClientRect();
        if (box.right > width + .5 || box.left < -.5) wrong.push(`out of the window: ${text.data.slice(0, 60)}`);
    }
    const levels = [...document.querySelectorAll('h1, h2, h3')].map(h => Number(h.tagName[1]));
    if (levels.filter(level => level == 1).length != 1) wrong.push('not one main heading');
    for (const input of document.querySelectorAll('input')) if (!input.labels.length) wrong.push('an input without a label');
    for (const named of document.querySelectorAll('[aria-labelledby]')) if (!document.getElementById(named.getAttribute('aria-labelledby'))) wrong.push('a name that is not there');
    for (const label of document.querySelectorAll('label')) { const box = label.getBoundingClientRect(); if (box.width && box.height < 24) wrong.push(`hard to hit: ${label.textContent}`); }
    return wrong;
})()"#;

/// A page of this many keys, looked at in one window; the pictures stay in the target directory for people.
fn look(browser: &mut Chromium, page: &Path, name: &str, keys: u64, size: (u32, u32), scheme: &str) {
    let album = Path::new(env!("CARGO_TARGET_TMPDIR")).join("page");
    fs::create_dir_all(&album).unwrap();
    let address = format!("file://{}", page.display());
    browser.look(size, scheme);
    browser.open("about:blank");
    let blank = browser.picture(false).len();
    browser.open(&address);
    let what = format!("{name}-{}-{scheme}", size.0);
    assert_eq!(browser.evaluate(WRONG), json!([]), "{what}");
    assert_eq!(browser.complaints(&address), Vec::<String>::new(), "{what}");
    let listed = browser.evaluate("document.querySelectorAll('.keys > li').length");
    assert_eq!(listed, json!(keys), "{what}");
    let picture = browser.picture(keys < 100);
    assert!(
        picture.len() > 5 * blank,
        "{what}: {} bytes, blank {blank}",
        picture.len()
    );
    fs::write(album.join(format!("{what}.png")), picture).unwrap();
}

fn look_everywhere(browser: &mut Chromium, page: &Path, name: &str, keys: u64) {
    for size in [PHONE, DESK, (320, 640)] {
        for scheme in ["light", "dark"] {
            look(browser, page, name, keys, size, scheme);
        }
    }
    let printed = browser.print();
    assert!(
        printed.starts_with(b"%PDF") && printed.len() > 10_000,
        "{name}: {}",
        printed.len()
    );
    fs::write(
        Path::new(env!("CARGO_TARGET_TMPDIR"))
            .join("page")
            .join(format!("{name}.pdf")),
        printed,
    )
    .unwrap();
}

#[tokio::test]
#[ignore = "needs chromium"]
async fn a_browser_shows_it_at_every_width_in_every_light_and_on_paper() {
    let incident = incident().await;
    let directory = incident.directory.clone();
    let mut browser = Chromium::start(&directory);
    let page = directory.join("page.html");
    let write = |journal: &Path| {
        let (_, _, err) = report(journal, &["--html", page.to_str().unwrap()]);
        assert_eq!(err, "");
    };
    write(&directory.join("run.jsonl"));
    look_everywhere(&mut browser, &page, "incident", 8);

    // What is shown when one state alone is asked for.
    browser.look(PHONE, "light");
    browser.open(&format!("file://{}", page.display()));
    let shown = "[...document.querySelectorAll('.keys > li')].filter(key => key.offsetParent).map(key => key.className)";
    browser.evaluate("document.querySelector('label[for=show-live]').click()");
    assert_eq!(browser.evaluate(shown), json!(["live", "live", "live"]));

    write(&crowd(&directory, 40));
    look_everywhere(&mut browser, &page, "crowd", 40);
    let text = browser.evaluate("document.querySelector('.keys').innerText");
    assert!(
        text.as_str()
            .unwrap()
            .contains("<script>window.hostile = 1; alert(1)</script>"),
        "{text}"
    );

    let mut done = Incident::new();
    done.begin("ada@example.org", 2).await;
    done.outcome("dolfin:1", dead()).await;
    done.outcome("dolfin:2", dead()).await;
    done.end().await;
    write(&done.directory.join("run.jsonl"));
    look_everywhere(&mut browser, &page, "done", 2);
}

#[tokio::test]
#[ignore = "needs chromium"]
async fn ten_thousand_hostile_keys_are_a_page_like_any_other() {
    let incident = Incident::new();
    let page = incident.directory.join("page.html");
    let journal = crowd(&incident.directory, 10_000);
    let (code, _, err) = report(&journal, &["--html", page.to_str().unwrap()]);
    assert_eq!((code, err.as_str()), (1, ""));
    let mut browser = Chromium::start(&incident.directory);
    look(&mut browser, &page, "many", 10_000, PHONE, "light");
    look(&mut browser, &page, "many", 10_000, DESK, "dark");
    let title: Value = browser.evaluate("document.title");
    assert_eq!(
        title,
        "Revoked keys: 8997 dead, 500 live, 500 unknown, 3 in flight"
    );
}
