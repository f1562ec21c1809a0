//! When it happened: outcomes over time, and the runs that they are from.

use std::time::{Duration, SystemTime};

use keyrevoke::journal::Receipt;
use uuid::Uuid;

use super::markup::Markup;
use super::{Look, time};

/// Into how many stretches the time is cut.
const STRETCHES: usize = 48;

/// The outcomes of a stretch of time, by look.
type Stretch = [usize; Look::ALL.len()];

/// When the last of a key is known: its outcome, or the request that has none.
fn moment(receipt: &Receipt) -> Option<SystemTime> {
    receipt.at.or(receipt.began)
}

pub(super) fn figure(page: &mut Markup, receipts: &[Receipt]) {
    let moments = || receipts.iter().filter_map(moment);
    let begins = receipts.iter().filter_map(|receipt| receipt.began);
    let (Some(first), Some(last)) = (begins.chain(moments()).min(), moments().max()) else {
        return;
    };
    let whole = last.duration_since(first).unwrap_or_default();
    let mut stretches = [Stretch::default(); STRETCHES];
    for receipt in receipts {
        if let Some(at) = moment(receipt) {
            let since = at.duration_since(first).unwrap_or_default();
            stretches[place(since, whole)][Look::of(receipt) as usize] += 1;
        }
    }
    page.raw("<section aria-labelledby=\"timeline\">\n<h2 id=\"timeline\">Timeline</h2>\n<figure>\n");
    chart(page, &stretches);
    page.raw("<div class=\"axis quiet\">");
    time(page, first);
    page.raw("<span>").text(&length(whole)).raw("</span>");
    time(page, last);
    let highest = stretches.iter().map(|stretch| stretch.iter().sum()).max();
    let highest: usize = highest.unwrap_or_default();
    page.raw("</div>\n<figcaption class=\"quiet\">When the outcome of each key was known, coloured by state; the highest bar is ")
        .number(highest)
        .raw(if highest == 1 { " key within " } else { " keys within " })
        .text(&length(whole / STRETCHES as u32))
        .raw(".</figcaption>\n</figure>\n</section>\n");
}

fn place(since: Duration, whole: Duration) -> usize {
    let share = since.as_secs_f64() / whole.as_secs_f64().max(f64::MIN_POSITIVE);
    ((share * STRETCHES as f64) as usize).min(STRETCHES - 1)
}

/// Bars of 1000 at most; one key is never too small to be seen.
fn chart(page: &mut Markup, stretches: &[Stretch; STRETCHES]) {
    const LEAST: usize = 25;
    let highest = stretches
        .iter()
        .map(|stretch| stretch.iter().sum::<usize>())
        .max();
    let highest = highest.unwrap_or_default().max(1);
    page.raw("<svg class=\"chart\" viewBox=\"0 0 4800 1080\" preserveAspectRatio=\"none\" role=\"img\" aria-label=\"Outcomes over time\">");
    for (index, stretch) in stretches.iter().enumerate() {
        let mut bottom = 1080;
        for look in [Look::Dead, Look::Unknown, Look::Flight, Look::Live] {
            let keys = stretch[look as usize];
            if keys == 0 {
                continue;
            }
            let height = (keys * 1000 / highest).max(LEAST).min(bottom);
            bottom -= height;
            page.raw("<rect class=\"").raw(look.class());
            page.raw("\" x=\"").number(index * 4800 / STRETCHES);
            page.raw("\" y=\"").number(bottom);
            page.raw("\" width=\"").number(4800 / STRETCHES);
            page.raw("\" height=\"").number(height);
            page.raw("\"><title>")
                .number(keys)
                .raw(" ")
                .raw(look.word())
                .raw("</title></rect>");
        }
    }
    page.raw("</svg>\n");
}

/// The runs that the verdicts are from, in the order of their beginning.
pub(super) fn runs(page: &mut Markup, receipts: &[Receipt]) {
    let mut runs: Vec<(Uuid, Vec<&Receipt>)> = Vec::new();
    let mut known = std::collections::HashMap::new();
    for receipt in receipts {
        let index = *known.entry(receipt.run).or_insert(runs.len());
        if index == runs.len() {
            runs.push((receipt.run, Vec::new()));
        }
        runs[index].1.push(receipt);
    }
    page.raw("<section aria-labelledby=\"runs\">\n<h2 id=\"runs\">Runs</h2>\n<ol class=\"runs\">\n");
    for (run, receipts) in runs {
        let moments = || receipts.iter().filter_map(|receipt| moment(receipt));
        page.raw("<li>");
        match receipts.first().and_then(|receipt| receipt.by.as_deref()) {
            Some(by) => page.raw("<strong><bdi>").text(by).raw("</bdi></strong>"),
            None => page.raw("<strong>Somebody</strong>"),
        };
        page.raw(match receipts.len() {
            1 => ": the verdict of 1 key",
            _ => ": the verdicts of ",
        });
        if receipts.len() != 1 {
            page.number(receipts.len()).raw(" keys");
        }
        if let (Some(first), Some(last)) = (moments().min(), moments().max()) {
            page.raw(", ");
            time(page, first);
            if last != first {
                page.raw(" to ");
                time(page, last);
            }
        }
        page.raw("<div class=\"quiet\">run <code>")
            .text(&run.to_string())
            .raw("</code>");
        if let Some(version) = receipts.first().and_then(|receipt| receipt.version.as_deref()) {
            page.raw(", by keyrevoke <bdi>").text(version).raw("</bdi>");
        }
        page.raw("</div></li>\n");
    }
    page.raw("</ol>\n</section>\n");
}

/// A length of time in its largest unit that is not below one.
fn length(time: Duration) -> String {
    let seconds = time.as_secs();
    match seconds {
        0 => format!("{} ms", time.as_millis()),
        1..120 => format!("{seconds} s"),
        120..7_200 => format!("{} min", seconds / 60),
        7_200..172_800 => format!("{} h", seconds / 3_600),
        _ => format!("{} days", seconds / 86_400),
    }
}
