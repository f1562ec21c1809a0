//! Texts of providers and of people, made harmless where they are shown.

/// One line in which nothing changes how the rest is shown: control characters, terminal commands and text direction
/// are written out as escapes.
pub(super) fn line(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_control() || is_invisible(c) {
            line.extend(c.escape_default());
        } else {
            line.push(c);
        }
    }
    line
}

/// A cell of a Markdown table, or a line of a list: no character of it is Markdown or HTML.
pub(super) fn markdown(text: &str) -> String {
    let mut cell = String::with_capacity(text.len());
    for c in line(text).chars() {
        match c {
            '&' => cell.push_str("&amp;"),
            '<' => cell.push_str("&lt;"),
            '>' => cell.push_str("&gt;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '~' | '#' | '!' | '@' => cell.extend(['\\', c]),
            _ => cell.push(c),
        }
    }
    cell
}

/// A text, or the value of a quoted attribute, of an HTML page.
pub(super) fn html(text: &str) -> String {
    let mut html = String::with_capacity(text.len());
    for c in line(text).chars() {
        match c {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\'' => html.push_str("&#39;"),
            _ => html.push(c),
        }
    }
    html
}

/// A cell that no spreadsheet takes for a formula.
pub(super) fn csv(text: &str) -> String {
    let line = line(text);
    let begins = |c: char| matches!(c, '=' | '+' | '-' | '@' | '＝' | '＋' | '－' | '＠');
    if line.trim_start().starts_with(begins) {
        return format!("'{line}");
    }
    line
}

/// Unicode's bidirectional and zero-width controls, its line ends, and its tags.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}
