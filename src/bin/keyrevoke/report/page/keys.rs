//! Every key with its verdict, and what that rests on.

use keyrevoke::journal::Receipt;

use super::markup::Markup;
use super::{Counts, Look, MOST_LISTED, more, time};
use crate::report::why;

pub(super) fn list(page: &mut Markup, receipts: &[Receipt], all: &Counts) {
    let mut sorted: Vec<&Receipt> = receipts.iter().collect();
    sorted.sort_by_key(|receipt| Look::of(receipt));
    page.raw("<section aria-labelledby=\"keys\">\n<h2 id=\"keys\">The keys</h2>\n");
    filter(page, receipts.len(), all);
    page.raw("<ul class=\"keys\">\n");
    // One run is spoken of above, and not again with every key.
    let runs_differ = receipts.iter().any(|receipt| receipt.run != receipts[0].run);
    for receipt in sorted.iter().take(MOST_LISTED) {
        key(page, receipt, runs_differ);
    }
    page.raw("</ul>\n");
    more(page, receipts.len(), MOST_LISTED);
    page.raw("</section>\n");
}

/// Shows the keys of one state alone; the style does it, without a script.
fn filter(page: &mut Markup, total: usize, all: &Counts) {
    let states: Vec<Look> = Look::ALL.into_iter().filter(|look| all[look] > 0).collect();
    if states.len() < 2 {
        return;
    }
    page.raw("<fieldset class=\"filter\">\n<legend>Show</legend>\n")
        .raw("<input type=\"radio\" name=\"show\" id=\"show-all\" checked><label for=\"show-all\">all ")
        .number(total)
        .raw("</label>\n");
    for look in states {
        page.raw("<input type=\"radio\" name=\"show\" id=\"show-")
            .raw(look.class())
            .raw("\"><label for=\"show-")
            .raw(look.class())
            .raw("\">")
            .raw(look.word())
            .raw(" ")
            .number(all[&look])
            .raw("</label>\n");
    }
    page.raw("</fieldset>\n");
}

fn key(page: &mut Markup, receipt: &Receipt, runs_differ: bool) {
    let look = Look::of(receipt);
    page.raw("<li class=\"").raw(look.class());
    page.raw("\"><span class=\"chip\">")
        .raw(look.word())
        .raw("</span>");
    page.raw("<div><code><bdi>")
        .text(receipt.key.as_str())
        .raw("</bdi></code><div class=\"quiet\">");
    if let Some(at) = receipt.at {
        time(page, at);
    }
    if let Some(by) = receipt.by.as_deref().filter(|_| runs_differ) {
        page.raw(" by <bdi>").text(by).raw("</bdi>");
    }
    page.raw("</div></div><div class=\"why\"><bdi>")
        .text(&why(receipt))
        .raw("</bdi>");
    rests_on(page, receipt);
    page.raw("</div></li>\n");
}

/// The proof of a death, and what it was read by.
fn rests_on(page: &mut Markup, receipt: &Receipt) {
    let Some(Ok(dead)) = &receipt.result else {
        return;
    };
    let words = |evidence: &keyrevoke::Evidence| evidence.as_str().replace('_', " ");
    let evidence: Vec<String> = dead.evidence().iter().map(words).collect();
    page.raw("<div class=\"quiet\">rests on ")
        .text(&evidence.join(", "));
    if let Some(document) = &receipt.document {
        page.raw("; document <bdi>").text(document).raw("</bdi>");
    }
    page.raw("</div>");
}
