//! HTML in which nothing but this program's own words is markup.

use std::fmt::Write as _;

use crate::report::cells;

/// A document as it is written. What comes from a journal has no way into it but [`text`](Self::text): markup must be
/// known when the program is built.
#[derive(Default)]
pub(super) struct Markup(String);

impl Markup {
    /// Markup of this program's own.
    pub(super) fn raw(&mut self, markup: &'static str) -> &mut Self {
        self.0.push_str(markup);
        self
    }

    /// Whatever somebody else wrote, as text or as the value of a quoted attribute.
    pub(super) fn text(&mut self, text: &str) -> &mut Self {
        self.0.push_str(&cells::html(text));
        self
    }

    pub(super) fn number(&mut self, number: usize) -> &mut Self {
        // Writing to a String cannot fail.
        let _ = write!(self.0, "{number}");
        self
    }

    pub(super) fn into_string(self) -> String {
        self.0
    }
}
