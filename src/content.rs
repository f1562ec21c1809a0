//! What the body of a request that revokes must be, as data. A body decides what dies as much as a path does, so the
//! guard compares the final one with this.

use std::fmt;

use reqwest::Url;
use reqwest::header::HeaderValue;
use serde_json::Value;

/// The body of a provider's revoke request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Content {
    /// There is none.
    #[default]
    Empty,
    /// A JSON object of exactly these members.
    Json(&'static [(&'static str, Part)]),
    /// A form of exactly these fields.
    Form(&'static [(&'static str, Part)]),
}

/// A value in a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The same for every key.
    Text(&'static str),
    /// A truth value, the same for every key.
    Truth(bool),
    /// The key's parameter of this name.
    Parameter(&'static str),
    /// A list of that parameter alone, where the provider would take several keys.
    Only(&'static str),
}

impl Content {
    /// The parameters by which the body says which key is meant, in order.
    pub(crate) fn names(self) -> Vec<&'static str> {
        let parts = match self {
            Self::Empty => &[],
            Self::Json(parts) | Self::Form(parts) => parts,
        };
        let named = parts.iter().filter_map(|(_, part)| match part {
            Part::Parameter(name) | Part::Only(name) => Some(*name),
            Part::Text(_) | Part::Truth(_) => None,
        });
        named.collect()
    }

    /// The parameters in a body, if it is the declared one for some key.
    #[cfg(feature = "fakes")]
    pub(crate) fn unfill(self, media: Option<&str>, body: &[u8]) -> Option<Vec<(&'static str, String)>> {
        let media = media.and_then(|media| HeaderValue::from_str(media).ok());
        let (parts, texts): (_, Vec<Option<String>>) = match self {
            Self::Empty => return body.is_empty().then(Vec::new),
            Self::Json(parts) => {
                let found = crate::json::parse(body).ok()?;
                let text = |name: &str, part: &Part| match (part, found.get(name)?) {
                    (Part::Only(_), list) => Some(list.get(0)?.as_str()?.to_owned()),
                    (_, text) => Some(text.as_str()?.to_owned()),
                };
                (parts, parts.iter().map(|(name, part)| text(name, part)).collect())
            }
            Self::Form(parts) => {
                let url = Url::parse(&format!("form:?{}", std::str::from_utf8(body).ok()?)).ok()?;
                let text =
                    |name: &str| Some(url.query_pairs().find(|(known, _)| known == name)?.1.into_owned());
                (parts, parts.iter().map(|(name, _)| text(name)).collect())
            }
        };
        let mut parameters = Vec::new();
        for ((_, part), text) in parts.iter().zip(texts) {
            if let Part::Parameter(name) | Part::Only(name) = part {
                parameters.push((*name, text?));
            }
        }
        // What else is in it, and what is twice, shows when it is made anew.
        let borrowed: Vec<(&str, &str)> = parameters
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        self.check(media.as_ref(), Some(body), &borrowed)
            .is_ok()
            .then_some(parameters)
    }

    /// Media type and bytes of the body for these parameters.
    pub(crate) fn fill(
        self,
        parameters: &[(&str, String)],
    ) -> Result<Option<(&'static str, Vec<u8>)>, String> {
        let parameters: Vec<(&str, &str)> = parameters
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        Ok(match self {
            Self::Empty => None,
            Self::Json(parts) => Some(("application/json", json(parts, &parameters)?.to_string().into())),
            Self::Form(parts) => Some((
                "application/x-www-form-urlencoded",
                form(parts, &parameters)?.into(),
            )),
        })
    }

    /// Compares a final body with what it must be for these parameters; what is wrong shows nothing of either.
    pub(crate) fn check(
        self,
        media: Option<&HeaderValue>,
        body: Option<&[u8]>,
        parameters: &[(&str, &str)],
    ) -> Result<(), String> {
        let wrong = |is_wrong: bool| {
            if is_wrong {
                Err("the request's body is not the documented one".to_owned())
            } else {
                Ok(())
            }
        };
        let is = |wanted: &str| media.is_some_and(|media| media == wanted);
        match (self, body) {
            (Self::Empty, body) => wrong(body.is_some()),
            (Self::Json(parts), Some(body)) => {
                let found = crate::json::parse(body).ok();
                let wanted = json(parts, parameters)?;
                wrong(!is("application/json") || found != Some(wanted))
            }
            (Self::Form(parts), Some(body)) => {
                let wanted = form(parts, parameters)?;
                wrong(!is("application/x-www-form-urlencoded") || body != wanted.as_bytes())
            }
            (_, None) => wrong(true),
        }
    }
}

fn json(parts: &[(&str, Part)], parameters: &[(&str, &str)]) -> Result<Value, String> {
    let members = parts.iter().map(|(name, part)| {
        let value = part.value(parameters)?;
        let value = match part {
            Part::Only(_) => Value::from(vec![value]),
            Part::Truth(truth) => Value::from(*truth),
            _ => Value::from(value),
        };
        Ok(((*name).to_owned(), value))
    });
    members.collect()
}

/// Encoded as the generated client does it, so that it can be compared to the byte.
fn form(parts: &[(&str, Part)], parameters: &[(&str, &str)]) -> Result<String, String> {
    let mut url = Url::parse("form:").map_err(|error| error.to_string())?;
    for (name, part) in parts {
        url.query_pairs_mut().append_pair(name, part.value(parameters)?);
    }
    Ok(url.query().unwrap_or_default().to_owned())
}

/// A text as it stands in a form.
pub(crate) fn encoded(text: &str) -> String {
    let Ok(mut url) = Url::parse("form:") else {
        return String::new(); // it is well formed
    };
    url.query_pairs_mut().append_key_only(text);
    url.query().unwrap_or_default().to_owned()
}

impl Part {
    fn value<'a>(&'a self, parameters: &[(&str, &'a str)]) -> Result<&'a str, String> {
        let name = match self {
            Self::Text(text) => return Ok(text),
            Self::Truth(truth) => return Ok(if *truth { "true" } else { "false" }),
            Self::Parameter(name) | Self::Only(name) => name,
        };
        let value = parameters.iter().find(|(known, _)| known == name);
        let (_, value) = value.ok_or("a parameter of the body has no value")?;
        if value.is_empty() {
            return Err("the request would name no key".into());
        }
        Ok(value)
    }
}

/// With `<name>` where a parameter stands.
impl fmt::Display for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (parts, is_json) = match self {
            Self::Empty => return Ok(()),
            Self::Json(parts) => (parts, true),
            Self::Form(parts) => (parts, false),
        };
        let fields = parts.iter().map(|(name, part)| {
            let (value, is_list) = match part {
                Part::Text(text) => ((*text).to_owned(), false),
                Part::Truth(truth) if is_json => return format!(r#""{name}":{truth}"#),
                Part::Truth(truth) => (truth.to_string(), false),
                Part::Parameter(name) => (format!("<{name}>"), false),
                Part::Only(name) => (format!("<{name}>"), true),
            };
            match (is_json, is_list) {
                (true, true) => format!(r#""{name}":["{value}"]"#),
                (true, false) => format!(r#""{name}":"{value}""#),
                (false, _) => format!("{name}={value}"),
            }
        });
        let fields: Vec<String> = fields.collect();
        if is_json {
            write!(f, "{{{}}}", fields.join(","))
        } else {
            f.write_str(&fields.join("&"))
        }
    }
}
