//! Text to tree, strictly: what a lenient reader would settle silently is an error here.
//!
//! The events come from `saphyr-parser`; the tree is made here, because no reader over serde does all three: refuse a
//! key that stands twice (the second would silently replace the operation we reviewed), take every key as the text
//! that was written (`204:` is a status, not a number), and keep `version: 1.10` from becoming 1.1.

use std::collections::BTreeMap;

use saphyr_parser::{Event, Parser, ScalarStyle, ScanError, Span, StrInput, Tag};
use serde_json::{Map, Number, Value};

use super::fault::Fault;
use super::json;

/// Deeper than any document; stops a broken one before it exhausts the stack.
const MAX_DEPTH: usize = 100;
/// More than any document repeats; aliases of aliases grow without end, and so do anchors around anchors.
const MAX_COPIED: usize = 1_000_000;

/// Reads a document, whichever of the two notations it is in.
///
/// JSON is tried first where the text looks like it: YAML readers trip over the `\ud83d\ude00` escapes that JSON
/// writers emit for an emoji in a description.
pub(crate) fn document(bytes: &[u8], is_json: bool) -> Result<Value, Fault> {
    let text =
        std::str::from_utf8(bytes).map_err(|error| Fault::new("", format!("not UTF-8 text: {error}")))?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if is_json || text.trim_start().starts_with('{') {
        match json::parse(text.as_bytes()) {
            Ok(value) => return Ok(value),
            Err(error) if is_json => {
                let place = format!("line {}", error.line());
                return Err(Fault::new(place, format!("not readable as JSON: {error}")));
            }
            Err(_) => {}
        }
    }
    yaml(text)
}

fn yaml(text: &str) -> Result<Value, Fault> {
    let mut reader = Yaml {
        events: Parser::new_from_str(text),
        anchors: BTreeMap::new(),
        copied: 0,
        path: Vec::new(),
    };
    let mut root: Option<Value> = None;
    loop {
        match reader.next()? {
            (Event::StreamEnd, _) => break,
            (Event::StreamStart | Event::DocumentStart(_) | Event::DocumentEnd, _) => {}
            (event, span) => {
                let value = reader.node(event, span)?;
                // A `---` below the document opens a second, empty one: harmless.
                if root.is_none() {
                    root = Some(value);
                } else if !value.is_null() {
                    return Err(at(&span, "a second YAML document begins here"));
                }
            }
        }
    }
    root.ok_or_else(|| Fault::new("", "the file is empty"))
}

struct Yaml<'t> {
    events: Parser<'t, StrInput<'t>>,
    anchors: BTreeMap<usize, Value>,
    /// Values that anchors have kept and aliases have stood for so far.
    copied: usize,
    path: Vec<String>,
}

impl<'t> Yaml<'t> {
    fn next(&mut self) -> Result<(Event<'t>, Span), Fault> {
        match self.events.next_event() {
            Some(Ok(event)) => Ok(event),
            Some(Err(error)) => Err(syntax(&error)),
            None => Err(Fault::new("", "the YAML text ends too early")),
        }
    }

    fn node(&mut self, event: Event<'t>, span: Span) -> Result<Value, Fault> {
        if self.path.len() > MAX_DEPTH {
            return Err(at(&span, "nested too deeply"));
        }
        let (anchor, value) = match event {
            Event::Scalar(text, style, anchor, tag) => {
                (anchor, self.scalar(&text, style, tag.as_deref(), &span)?)
            }
            Event::SequenceStart(anchor, _) => (anchor, self.sequence()?),
            Event::MappingStart(anchor, _) => (anchor, self.mapping()?),
            Event::Alias(anchor) => {
                let Some(value) = self.anchors.get(&anchor) else {
                    return Err(at(&span, "an alias that stands inside its own anchor"));
                };
                // As deep as if it were written out here: aliases of aliases would get past the limit otherwise.
                if self.path.len() + depth(value) > MAX_DEPTH {
                    return Err(at(&span, "nested too deeply"));
                }
                return copy(&mut self.copied, value, &span);
            }
            _ => return Err(at(&span, "a value was expected here")),
        };
        if anchor != 0 {
            let value = copy(&mut self.copied, &value, &span)?;
            self.anchors.insert(anchor, value);
        }
        Ok(value)
    }

    fn sequence(&mut self) -> Result<Value, Fault> {
        let mut values = Vec::new();
        loop {
            match self.next()? {
                (Event::SequenceEnd, _) => return Ok(Value::Array(values)),
                (event, span) => {
                    self.path.push(values.len().to_string());
                    values.push(self.node(event, span)?);
                    self.path.pop();
                }
            }
        }
    }

    fn mapping(&mut self) -> Result<Value, Fault> {
        let mut members = Map::new();
        loop {
            let (key, span) = match self.next()? {
                (Event::MappingEnd, _) => return Ok(Value::Object(members)),
                (Event::Scalar(text, style, ..), span) => {
                    // YAML 1.2 has no merge keys, and ignoring one would lose what it merges.
                    if text == "<<" && style == ScalarStyle::Plain {
                        return Err(at(&span, "merge keys (`<<`) are not part of YAML 1.2"));
                    }
                    (text.into_owned(), span)
                }
                (_, span) => return Err(at(&span, "a key must be plain text")),
            };
            if members.contains_key(&key) {
                return Err(at(&span, format!("the key `{key}` stands twice")));
            }
            self.path.push(key.clone());
            let (event, span) = self.next()?;
            let value = self.node(event, span)?;
            self.path.pop();
            members.insert(key, value);
        }
    }

    fn scalar(&self, text: &str, style: ScalarStyle, tag: Option<&Tag>, span: &Span) -> Result<Value, Fault> {
        let quoted = style != ScalarStyle::Plain;
        let as_text = match tag {
            None => quoted,
            Some(tag) if tag.suffix.is_empty() => true,
            Some(tag) if tag.is_yaml_core_schema() && tag.suffix == "str" => true,
            Some(tag) if tag.is_yaml_core_schema() => false,
            Some(tag) => return Err(at(span, format!("unknown tag {tag}"))),
        };
        // The one scalar whose spelling matters: `version: 1.10` is not version 1.1.
        if as_text || self.path == ["info", "version"] {
            return Ok(Value::String(text.to_owned()));
        }
        Ok(plain(text))
    }
}

/// The core schema of YAML 1.2: `yes`, `no`, `on` and `off` are text, as are dates and infinities.
fn plain(text: &str) -> Value {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Value::Null,
        "true" | "True" | "TRUE" => return Value::Bool(true),
        "false" | "False" | "FALSE" => return Value::Bool(false),
        _ => {}
    }
    let based = |prefix, radix| {
        let digits: &str = text.strip_prefix(prefix)?;
        let digits = digits.strip_prefix('+').map_or(Some(digits), |_| None)?;
        u64::from_str_radix(digits, radix).ok().map(Number::from)
    };
    let decimal = || {
        let numeric = text.bytes().all(|byte| b"0123456789+-.eE".contains(&byte));
        let float = || text.parse().ok().and_then(Number::from_f64);
        let integer = || {
            let unsigned = text.parse::<u64>().ok().map(Number::from);
            unsigned.or_else(|| text.parse::<i64>().ok().map(Number::from))
        };
        numeric.then(|| integer().or_else(float)).flatten()
    };
    based("0x", 16)
        .or_else(|| based("0o", 8))
        .or_else(decimal)
        .map_or_else(|| Value::String(text.to_owned()), Value::Number)
}

fn copy(copied: &mut usize, value: &Value, span: &Span) -> Result<Value, Fault> {
    *copied += size(value);
    if *copied > MAX_COPIED {
        return Err(at(span, "the aliases of this document stand for too much"));
    }
    Ok(value.clone())
}

/// How many levels are below this value.
fn depth(value: &Value) -> usize {
    let below = |values: &mut dyn Iterator<Item = &Value>| values.map(|value| 1 + depth(value)).max();
    let below = match value {
        Value::Array(values) => below(&mut values.iter()),
        Value::Object(members) => below(&mut members.values()),
        _ => None,
    };
    below.unwrap_or(0)
}

fn size(value: &Value) -> usize {
    1 + match value {
        Value::Array(values) => values.iter().map(size).sum(),
        Value::Object(members) => members.values().map(size).sum(),
        _ => 0,
    }
}

fn at(span: &Span, reason: impl Into<String>) -> Fault {
    Fault::new(format!("line {}", span.start.line()), reason)
}

fn syntax(error: &ScanError) -> Fault {
    let place = format!("line {}", error.marker().line());
    Fault::new(place, format!("not readable as YAML: {}", error.info()))
}
