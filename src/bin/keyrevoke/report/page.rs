//! The report as a page: one file without scripts that loads nothing, for whoever decides what happens next.

mod keys;
mod markup;
mod timeline;

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use keyrevoke::journal::Receipt;
use keyrevoke::{KeyState, timestamp};

use self::markup::Markup;
use super::Report;
use crate::Exit;

const STYLE: &str = include_str!("page/style.css");

/// How many keys a page lists: a browser shows these with ease. The other forms of the report hold all.
const MOST_LISTED: usize = 20_000;

/// How many keys are listed with each thing to do.
const MOST_TO_DO: usize = 1_000;

/// What a key is, in the order in which a person wants to know.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Look {
    Flight,
    Live,
    Unknown,
    Dead,
}

impl Look {
    const ALL: [Self; 4] = [Self::Flight, Self::Live, Self::Unknown, Self::Dead];

    fn of(receipt: &Receipt) -> Self {
        match (receipt.is_in_flight(), receipt.state()) {
            (true, _) => Self::Flight,
            (_, KeyState::Live) => Self::Live,
            (_, KeyState::Unknown) => Self::Unknown,
            (_, KeyState::Dead) => Self::Dead,
        }
    }

    /// The name of its style.
    fn class(self) -> &'static str {
        match self {
            Self::Flight => "flight",
            Self::Live => "live",
            Self::Unknown => "unknown",
            Self::Dead => "dead",
        }
    }

    fn word(self) -> &'static str {
        match self {
            Self::Flight => "in flight",
            other => other.class(),
        }
    }
}

/// How many keys there are of each look.
type Counts = BTreeMap<Look, usize>;

fn counts<'a>(receipts: impl IntoIterator<Item = &'a Receipt>) -> Counts {
    let mut counts: Counts = Look::ALL.map(|look| (look, 0)).into();
    for receipt in receipts {
        *counts.entry(Look::of(receipt)).or_default() += 1;
    }
    counts
}

pub(super) fn html(report: &Report) -> String {
    let mut page = Markup::default();
    let all = counts(&report.receipts);
    head(&mut page, report);
    verdict(&mut page, report, &all);
    to_do(&mut page, report);
    if !report.receipts.is_empty() {
        timeline::figure(&mut page, &report.receipts);
        providers(&mut page, &report.receipts);
        timeline::runs(&mut page, &report.receipts);
        keys::list(&mut page, &report.receipts, &all);
    }
    meanings(&mut page);
    page.raw("</body>\n</html>\n");
    page.into_string()
}

fn head(page: &mut Markup, report: &Report) {
    let hash = STANDARD.encode(crate::digest::sha256(STYLE.as_bytes()));
    page.raw("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
    // Should anything of a provider's ever become markup, it runs nothing, loads nothing and looks like nothing.
    page.raw("<meta http-equiv=\"Content-Security-Policy\" content=\"default-src &#39;none&#39;; style-src &#39;sha256-")
        .text(&hash)
        .raw("&#39;; base-uri &#39;none&#39;; form-action &#39;none&#39;\">\n")
        .raw("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n")
        .raw("<meta name=\"color-scheme\" content=\"light dark\">\n")
        .raw("<meta name=\"referrer\" content=\"no-referrer\">\n<meta name=\"robots\" content=\"noindex\">\n")
        .raw("<meta name=\"generator\" content=\"keyrevoke\">\n<title>Revoked keys: ")
        .text(&report.counts())
        .raw("</title>\n<style>")
        .raw(STYLE)
        .raw("</style>\n</head>\n<body>\n");
}

/// What the reader must know if they read one sentence only.
fn verdict(page: &mut Markup, report: &Report, all: &Counts) {
    let look = match report.exit() {
        Exit::AllDead => Look::Dead,
        Exit::SomeLive => Look::Live,
        _ => Look::Unknown,
    };
    page.raw("<header>\n<div class=\"verdict ")
        .raw(look.class())
        .raw("\">\n<p class=\"quiet kicker\">Revocation of API keys</p>\n<h1>")
        .text(&sentence(report, all))
        .raw("</h1>\n");
    let times = report
        .receipts
        .iter()
        .flat_map(|receipt| [receipt.began, receipt.at]);
    if let Some(last) = times.flatten().max() {
        page.raw("<p class=\"quiet\">As the run’s journal stood at ");
        time(page, last);
        page.raw(". Times are UTC.</p>\n");
    }
    page.raw("</div>\n<dl class=\"counts\">\n");
    for look in [Look::Live, Look::Unknown, Look::Flight, Look::Dead] {
        let count = all[&look];
        page.raw("<div class=\"")
            .raw(if count == 0 { "none" } else { look.class() })
            .raw("\"><dt>")
            .raw(look.word())
            .raw("</dt><dd>")
            .number(count)
            .raw("</dd></div>\n");
    }
    page.raw("</dl>\n");
    bar(page, all);
    page.raw("</header>\n");
}

fn sentence(report: &Report, all: &Counts) -> String {
    let total = report.receipts.len();
    let (live, doubtful) = (all[&Look::Live], all[&Look::Unknown] + all[&Look::Flight]);
    let mut parts = Vec::new();
    if live > 0 {
        parts.push(format!(
            "{} still {}",
            of(live, total),
            if live == 1 { "works" } else { "work" }
        ));
    }
    if doubtful > 0 {
        let verb = if doubtful == 1 { "is" } else { "are" };
        let who = if live > 0 {
            doubtful.to_string()
        } else {
            of(doubtful, total)
        };
        parts.push(format!("{who} {verb} in doubt"));
    }
    if report.missing > 0 {
        let verb = if report.missing == 1 { "was" } else { "were" };
        parts.push(format!("at least {} {verb} never tried", report.missing));
    }
    let mut text = match (parts.is_empty(), total) {
        (true, 0) => "The journal speaks of no key".to_owned(),
        (true, 1) => "The key is dead".to_owned(),
        (true, _) => format!("All {total} keys are dead"),
        (false, _) => parts.join("; "),
    };
    if let Some(first) = text.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    text + "."
}

fn of(count: usize, total: usize) -> String {
    match total {
        1 => "the key".to_owned(),
        _ => format!("{count} of {total} keys"),
    }
}

/// The shares of the states.
fn bar(page: &mut Markup, counts: &Counts) {
    let total: usize = counts.values().sum();
    if total == 0 {
        return;
    }
    page.raw("<svg class=\"bar\" viewBox=\"0 0 10000 1\" preserveAspectRatio=\"none\" aria-hidden=\"true\">");
    let mut before = 0;
    for look in [Look::Live, Look::Unknown, Look::Flight, Look::Dead] {
        let (from, to) = (before * 10_000 / total, (before + counts[&look]) * 10_000 / total);
        before += counts[&look];
        if counts[&look] == 0 {
            continue;
        }
        page.raw("<rect class=\"")
            .raw(look.class())
            .raw("\" x=\"")
            .number(from);
        page.raw("\" width=\"").number(to - from).raw("\" height=\"1\"/>");
    }
    page.raw("</svg>\n");
}

fn to_do(page: &mut Markup, report: &Report) {
    let (gaps, steps) = (report.gaps(), report.next_steps());
    page.raw("<main>\n<section aria-labelledby=\"to-do\">\n<h2 id=\"to-do\">What to do next</h2>\n");
    if gaps.is_empty() && steps.is_empty() {
        page.raw("<p class=\"done dead\">Nothing is left to do.</p>\n");
    }
    if !gaps.is_empty() {
        page.raw("<ul class=\"gaps\">\n");
        for gap in gaps {
            page.raw("<li>").text(&gap).raw("</li>\n");
        }
        page.raw("</ul>\n");
    }
    if !steps.is_empty() {
        page.raw("<ol>\n");
    }
    for (sentence, receipts) in &steps {
        let look = receipts.iter().map(|receipt| Look::of(receipt)).min();
        page.raw("<li class=\"step ")
            .raw(look.unwrap_or(Look::Unknown).class())
            .raw("\">\n<h3>")
            .text(sentence)
            .raw("</h3>\n");
        // What is out of sight in a list that scrolls must not be out of mind: not every system shows that it does.
        page.raw("<p class=\"quiet\">")
            .text(&keys_of(receipts.len()))
            .raw("</p>\n");
        // Whoever has no mouse must be able to scroll it.
        page.raw("<ul tabindex=\"0\" aria-label=\"Keys\">\n");
        for receipt in receipts.iter().take(MOST_TO_DO) {
            page.raw("<li><label><input type=\"checkbox\"> <code><bdi>")
                .text(receipt.key.as_str())
                .raw("</bdi></code></label></li>\n");
        }
        page.raw("</ul>\n");
        more(page, receipts.len(), MOST_TO_DO);
        page.raw("</li>\n");
    }
    if !steps.is_empty() {
        page.raw("</ol>\n");
    }
    page.raw("</section>\n");
}

fn keys_of(count: usize) -> String {
    match count {
        1 => "1 key".to_owned(),
        _ => format!("{count} keys"),
    }
}

/// Says what a list leaves out.
fn more(page: &mut Markup, all: usize, listed: usize) {
    if let Some(left @ 1..) = all.checked_sub(listed) {
        page.raw("<p class=\"quiet\">")
            .number(left)
            .raw(" more are not listed here; <code>keyrevoke report --format csv</code> lists all.</p>\n");
    }
}

fn providers(page: &mut Markup, receipts: &[Receipt]) {
    let mut by_provider: BTreeMap<(&str, Option<&str>), Vec<&Receipt>> = BTreeMap::new();
    for receipt in receipts {
        let name = (receipt.key.provider(), receipt.key.tenant());
        by_provider.entry(name).or_default().push(receipt);
    }
    page.raw("<section aria-labelledby=\"providers\">\n<h2 id=\"providers\">By provider</h2>\n<table>\n")
        .raw("<thead><tr><th scope=\"col\">provider</th>");
    for look in [Look::Live, Look::Unknown, Look::Flight, Look::Dead] {
        page.raw("<th scope=\"col\">").raw(look.word()).raw("</th>");
    }
    page.raw("</tr></thead>\n<tbody>\n");
    for ((provider, tenant), receipts) in by_provider {
        let counts = counts(receipts);
        page.raw("<tr><th scope=\"row\"><bdi>").text(provider);
        if let Some(tenant) = tenant {
            // Where there is little room, the line breaks here and not inside of a name.
            page.raw("@<wbr>").text(tenant);
        }
        page.raw("</bdi>");
        bar(page, &counts);
        page.raw("</th>");
        for look in [Look::Live, Look::Unknown, Look::Flight, Look::Dead] {
            let count = counts[&look];
            let class = if count == 0 { "none" } else { look.class() };
            page.raw("<td class=\"")
                .raw(class)
                .raw("\">")
                .number(count)
                .raw("</td>");
        }
        page.raw("</tr>\n");
    }
    page.raw("</tbody>\n</table>\n</section>\n");
}

fn time(page: &mut Markup, time: std::time::SystemTime) {
    let text = timestamp::format(time);
    page.raw("<time datetime=\"").text(&text).raw("\">");
    page.text(&clock(time)).raw("</time>");
}

/// A time as people read it, to the second.
fn clock(time: std::time::SystemTime) -> String {
    let text = timestamp::format(time);
    let second = text.split('.').next().unwrap_or_default();
    second.replace('T', " ")
}

/// What the page's words mean, since it is read by people who were not there.
fn meanings(page: &mut Markup) {
    page.raw(
        "<section aria-labelledby=\"words\">\n<h2 id=\"words\">What the words mean</h2>\n<dl class=\"meaning\">\n\
         <dt>dead</dt><dd>The provider confirmed that the key works no more. What the proof rests on stands beside \
         each key.</dd>\n\
         <dt>live</dt><dd>The run changed nothing. Take the key for one that works now.</dd>\n\
         <dt>unknown</dt><dd>The answer, or the lack of one, does not tell whether the key works.</dd>\n\
         <dt>in flight</dt><dd>A request was about to leave, and its outcome is not written down: the run goes on, or \
         was cut off there.</dd>\n</dl>\n</section>\n</main>\n<footer class=\"quiet\">\n<p>Written by keyrevoke ",
    )
    .text(env!("CARGO_PKG_VERSION"))
    .raw(" from the run’s journal. The page holds ids of keys and names of people, and no secret.</p>\n</footer>\n");
}
