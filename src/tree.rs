//! What the body of an answer holds. Its texts stay where they stand in the body, since most of them are looked at once.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::Number;

/// A JSON value.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Tree<'a> {
    Null,
    Bool(bool),
    Number(Number),
    String(Cow<'a, str>),
    Array(Vec<Self>),
    Object(Members<'a>),
}

/// The members of a JSON object, no two of one name, in the order in which they stand there.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Members<'a>(Vec<(Cow<'a, str>, Tree<'a>)>);

impl<'a> Tree<'a> {
    /// Reads one JSON text, as strictly as [`json::parse`](crate::json::parse) does.
    pub(crate) fn parse(bytes: &'a [u8]) -> serde_json::Result<Self> {
        serde_json::from_slice(bytes)
    }

    pub(crate) fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text),
            _ => None,
        }
    }

    pub(crate) fn as_u64(&self) -> Option<u64> {
        match self {
            Self::Number(number) => number.as_u64(),
            _ => None,
        }
    }

    pub(crate) fn as_bool(&self) -> Option<bool> {
        match self {
            Self::Bool(truth) => Some(*truth),
            _ => None,
        }
    }

    pub(crate) fn as_array(&self) -> Option<&Vec<Self>> {
        match self {
            Self::Array(items) => Some(items),
            _ => None,
        }
    }

    pub(crate) fn as_object(&self) -> Option<&Members<'a>> {
        match self {
            Self::Object(members) => Some(members),
            _ => None,
        }
    }

    pub(crate) fn is_array(&self) -> bool {
        self.as_array().is_some()
    }

    pub(crate) fn is_object(&self) -> bool {
        self.as_object().is_some()
    }

    pub(crate) fn is_null(&self) -> bool {
        *self == Self::Null
    }
}

impl<'a> Members<'a> {
    pub(crate) fn get(&self, name: &str) -> Option<&Tree<'a>> {
        self.iter()
            .find_map(|(known, value)| (known == name).then_some(value))
    }

    pub(crate) fn contains_key(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &Tree<'a>)> {
        self.0.iter().map(|(name, value)| (name.as_ref(), value))
    }

    /// An error is the first name that is there twice.
    pub(crate) fn new(members: Vec<(Cow<'a, str>, Tree<'a>)>) -> Result<Self, Cow<'a, str>> {
        /// Up to so many, each is compared with each.
        const FEW: usize = 16;
        let mut names: Vec<&str>;
        let twice = if members.len() <= FEW {
            let earlier = |(at, (name, _)): (usize, &(Cow<'a, str>, _))| {
                let is_there = members[..at].iter().any(|(known, _)| known == name);
                is_there.then(|| name.clone())
            };
            members.iter().enumerate().find_map(earlier)
        } else {
            names = members.iter().map(|(name, _)| name.as_ref()).collect();
            names.sort_unstable();
            let twice = names.windows(2).find(|pair| pair[0] == pair[1]);
            twice.map(|pair| pair[0].to_owned().into())
        };
        match twice {
            Some(name) => Err(name),
            None => Ok(Self(members)),
        }
    }
}

impl<'de> Deserialize<'de> for Tree<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TreeVisitor)
    }
}

struct TreeVisitor;

impl<'de> Visitor<'de> for TreeVisitor {
    type Value = Tree<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Tree<'de>, E> {
        Ok(Tree::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Tree<'de>, E> {
        Ok(Tree::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Tree<'de>, E> {
        Ok(Tree::Number(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Tree<'de>, E> {
        Ok(Number::from_f64(value).map_or(Tree::Null, Tree::Number))
    }

    fn visit_borrowed_str<E>(self, value: &'de str) -> Result<Tree<'de>, E> {
        Ok(Tree::String(value.into()))
    }

    fn visit_str<E>(self, value: &str) -> Result<Tree<'de>, E> {
        Ok(Tree::String(value.to_owned().into()))
    }

    fn visit_unit<E>(self) -> Result<Tree<'de>, E> {
        Ok(Tree::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Tree<'de>, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = access.next_element()? {
            items.push(item);
        }
        Ok(Tree::Array(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Tree<'de>, A::Error> {
        let mut members = Vec::new();
        while let Some((Name(name), value)) = access.next_entry()? {
            members.push((name, value));
        }
        let members = Members::new(members);
        members
            .map(Tree::Object)
            .map_err(|name| A::Error::custom(format!("the key `{name}` stands twice")))
    }
}

/// A name that stays where it stands; serde copies a text unless it is told to borrow it.
#[derive(Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;
    use crate::json;

    /// The same as serde_json holds it.
    fn value(tree: &Tree<'_>) -> Value {
        match tree {
            Tree::Null => Value::Null,
            Tree::Bool(truth) => Value::Bool(*truth),
            Tree::Number(number) => Value::Number(number.clone()),
            Tree::String(text) => Value::String(text.to_string()),
            Tree::Array(items) => items.iter().map(value).collect(),
            Tree::Object(members) => members
                .iter()
                .map(|(name, member)| (name.to_owned(), value(member)))
                .collect(),
        }
    }

    fn same(text: &[u8]) -> Result<bool, TestCaseError> {
        let (read, expected) = (Tree::parse(text).ok(), json::parse(text).ok());
        prop_assert_eq!(read.as_ref().map(value), expected);
        Ok(read.is_some())
    }

    /// JSON texts, sound and not, with names that are there twice.
    fn texts() -> impl Strategy<Value = String> {
        let leaf = prop_oneof![
            Just("null".to_owned()),
            any::<bool>().prop_map(|truth| truth.to_string()),
            any::<i64>().prop_map(|number| number.to_string()),
            any::<f64>().prop_map(|number| format!("{number:e}")),
            proptest::sample::select(vec![
                "-0",
                "1e999",
                "01",
                "18446744073709551616",
                "NaN",
                "\"\\ud800\"",
                "\"\\u00e9\\n\""
            ])
            .prop_map(str::to_owned),
            any::<String>().prop_map(|text| Value::from(text).to_string()),
        ];
        let name = prop_oneof![8 => "[a-z]{1,3}".prop_map(|name| format!("\"{name}\"")), 1 => Just("\"\\u0061\"".to_owned())];
        leaf.prop_recursive(4, 64, 20, move |inner| {
            let member = (name.clone(), inner.clone()).prop_map(|(name, value)| format!("{name}:{value}"));
            prop_oneof![
                vec(inner, 0..20).prop_map(|items| format!("[{}]", items.join(", "))),
                vec(member, 0..20).prop_map(|members| format!("{{{}}}", members.join(","))),
            ]
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn an_answer_is_read_as_strictly_as_any_document(text in texts(), cut in any::<prop::sample::Index>()) {
            same(text.as_bytes())?;
            same(&text.as_bytes()[..cut.index(text.len())])?;
            same(format!("{text} {text}").as_bytes())?;
        }
    }

    #[test]
    fn what_could_be_read_in_two_ways_is_not_read() {
        let many = |twice: bool| {
            let names =
                (0..40).map(|number| format!("\"m{}\":1", if twice && number == 39 { 3 } else { number }));
            format!("{{{}}}", names.collect::<Vec<_>>().join(","))
        };
        for (text, is_sound) in [
            (r#"{"status":"success","status":"error"}"#.to_owned(), false),
            (r#"{"a":1,"\u0061":2}"#.to_owned(), false),
            (r#"{"a":{"b":1,"b":1}}"#.to_owned(), false),
            (many(true), false),
            (many(false), true),
            ("{} {}".to_owned(), false),
            ("\u{feff}{}".to_owned(), false),
            ("[".repeat(5_000_000), false),
            (format!("{}{}", "[".repeat(127), "]".repeat(127)), true),
            (format!("{}{}", "[".repeat(128), "]".repeat(128)), false),
        ] {
            assert_eq!(
                Tree::parse(text.as_bytes()).is_ok(),
                is_sound,
                "{}",
                &text[..text.len().min(80)]
            );
            assert!(same(text.as_bytes()).unwrap() == is_sound);
        }
        assert!(!same(b"\"\xff\"").unwrap());
    }
}
