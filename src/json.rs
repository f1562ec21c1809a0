//! JSON as strict as a proof must be: a document that could be read in two ways is not read at all.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

/// Reads one JSON text. An error for a member named twice (parsers differ in which one counts), text after the
/// end, a byte order mark, or nesting deeper than serde_json's limit of 128. The build script reads documents with
/// it too.
pub(crate) fn parse(bytes: &[u8]) -> serde_json::Result<Value> {
    serde_json::from_slice::<Strict>(bytes).map(|strict| strict.0)
}

struct Strict(Value);

impl<'de> Deserialize<'de> for Strict {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(StrictVisitor).map(Self)
    }
}

struct StrictVisitor;

impl<'de> Visitor<'de> for StrictVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let mut items = Vec::new();
        while let Some(Strict(item)) = access.next_element()? {
            items.push(item);
        }
        Ok(Value::Array(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let mut members = Map::new();
        while let Some(name) = access.next_key::<String>()? {
            let Strict(value) = access.next_value()?;
            if members.contains_key(&name) {
                return Err(A::Error::custom(format!("the key `{name}` stands twice")));
            }
            members.insert(name, value);
        }
        Ok(Value::Object(members))
    }
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn what_could_be_read_in_two_ways_is_not_read() {
        for text in [
            r#"{"status":"success","status":"error"}"#,
            r#"{"a":{"b":1,"b":2}}"#,
            r#"[{"b":1,"b":1}]"#,
            "{} {}",
            "{}x",
            "\u{feff}{}",
            "",
            "{",
            r#"{"a":NaN}"#,
        ] {
            assert!(parse(text.as_bytes()).is_err(), "{text}");
        }
        assert!(parse("[".repeat(5_000_000).as_bytes()).is_err());
    }

    #[test]
    fn everything_else_is_read_as_serde_json_reads_it() {
        for text in [
            r#" {"a":[1,-2,3.5,"x",null,true,{}]} "#,
            "{}",
            "[]",
            "null",
            r#""é\n""#,
            "1e3",
        ] {
            assert_eq!(
                parse(text.as_bytes()).ok(),
                serde_json::from_str(text).ok(),
                "{text}"
            );
        }
    }
}
