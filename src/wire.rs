//! The edge to the generated clients: what `build.rs` emits for each, and the guard that every request passes
//! before it leaves.

use std::fmt;
use std::sync::Arc;

use progenitor_client::{ByteStream, ResponseValue};
use reqwest::header::{ACCEPT, CONTENT_LENGTH, HeaderName, HeaderValue};
use reqwest::{Method, Request, Url};

use crate::credential::Prepared;
use crate::key::is_id_character;

/// What a call to a generated operation gives: the responses are opened, so that status, headers and bytes
/// always come back and no answer is lost to a schema.
pub(crate) type Sent = Result<ResponseValue<ByteStream>, progenitor_client::Error<ByteStream>>;

/// An operation of a provider's document, under our name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Operation {
    pub name: &'static str,
    pub method: &'static str,
    /// The document's path, without a prefix that is a setting.
    pub path: &'static str,
}

/// What `build.rs` implements for each generated client.
pub trait Generated: Send + Sync {
    const OPERATIONS: &'static [Operation];
    /// The version that the provider gives its document.
    const DOCUMENT: &'static str;
    fn with(baseurl: &str, client: reqwest::Client, call: Call) -> Self;
}

/// What stays the same for every request of one revoker.
pub(crate) struct Target {
    /// Without a slash at its end.
    pub(crate) base: Url,
    pub(crate) operations: &'static [Operation],
    /// The provider's own settings.
    pub(crate) headers: Vec<(HeaderName, HeaderValue)>,
}

/// What one request must be. The generated client carries it to its `pre` hook.
#[derive(Clone)]
pub struct Call {
    pub(crate) target: Arc<Target>,
    pub(crate) parameters: Arc<Vec<(&'static str, String)>>,
    pub(crate) credential: Arc<Prepared>,
}

impl fmt::Debug for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call")
            .field("parameters", &self.parameters)
            .finish_non_exhaustive()
    }
}

impl Call {
    /// Checks the final request against the document and the typed key, then adds the credential. The key
    /// types already refuse what could change a path; this stops it even if one were by-passed.
    pub fn prepare(&self, request: &mut Request, operation: &str) -> Result<(), String> {
        let expected = self.expected_path(operation)?;
        let (url, base) = (request.url(), &self.target.base);
        if url.origin() != base.origin() || !url.username().is_empty() || url.password().is_some() {
            return Err("the request would go to another origin".into());
        }
        if url.path() != expected || url.query().is_some() || url.fragment().is_some() {
            return Err("the request's path is not the documented one".into());
        }
        let listed = self
            .target
            .operations
            .iter()
            .find(|listed| listed.name == operation);
        if listed.is_none_or(|listed| listed.method != request.method().as_str()) {
            return Err("the request's method is not the documented one".into());
        }
        // RFC 9110 section 8.6 asks for it, and some gateways answer 411 without.
        let says_empty = request.body().is_none() && request.method() == Method::POST;
        let headers = request.headers_mut();
        headers.remove("api-version"); // progenitor's own; no provider asks for it
        // Laravel and others answer errors as HTML unless JSON is asked for.
        headers.entry(ACCEPT).or_insert(HeaderValue::from_static(
            "application/json, application/problem+json",
        ));
        if says_empty {
            headers.insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
        }
        for (name, value) in self.target.headers.iter().chain(&self.credential.headers) {
            headers.insert(name.clone(), value.clone());
        }
        Ok(())
    }

    /// The base path and the document's template, filled with the key's own values.
    fn expected_path(&self, operation: &str) -> Result<String, String> {
        let template = self
            .target
            .operations
            .iter()
            .find(|listed| listed.name == operation);
        let template = template.ok_or("the operation is not a listed one")?.path;
        Ok(format!(
            "{}{}",
            self.target.base.path().trim_end_matches('/'),
            fill(template, &self.parameters)?
        ))
    }
}

/// A document's path with its parameters' values, which may stand in a segment with fixed text around them.
pub(crate) fn fill(template: &str, parameters: &[(&str, String)]) -> Result<String, String> {
    let (mut path, mut rest) = (String::new(), template);
    while let Some((fixed, after)) = rest.split_once('{') {
        let (name, after) = after
            .split_once('}')
            .ok_or("the document's path has an open brace")?;
        let value = parameters.iter().find(|(given, _)| *given == name);
        let (_, value) = value.ok_or("a path parameter has no value")?;
        if !is_plain_segment(value) {
            return Err("the key id would change the request's path".into());
        }
        path.push_str(fixed);
        path.push_str(value);
        rest = after;
    }
    path.push_str(rest);
    Ok(path)
}

/// The values of a template's parameters in a path that fits it.
#[cfg(feature = "fakes")]
pub(crate) fn unfill(template: &'static str, path: &str) -> Option<Vec<(&'static str, String)>> {
    let (mut parameters, mut template, mut path) = (Vec::new(), template, path);
    while let Some((fixed, after)) = template.split_once('{') {
        let (name, after) = after.split_once('}')?;
        path = path.strip_prefix(fixed)?;
        // A value ends where the fixed text after it begins, and never holds a slash.
        let next = after.split('{').next().unwrap_or_default();
        let end = if next.is_empty() {
            path.len()
        } else {
            path.find(next)?
        };
        let value = &path[..end];
        if !is_plain_segment(value) {
            return None;
        }
        parameters.push((name, value.to_owned()));
        (template, path) = (after, &path[end..]);
    }
    (template == path).then_some(parameters)
}

/// Unreserved characters only, and at least one that is not a dot.
fn is_plain_segment(value: &str) -> bool {
    value.chars().all(is_id_character) && value.chars().any(|c| c != '.')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::credential::{Credential, Form};

    const OPERATIONS: &[Operation] = &[Operation {
        name: "revoke",
        method: "DELETE",
        path: "/v2/enterprise/api-keys/{api_key_id}",
    }];

    fn call(id: &str) -> Call {
        let base = Url::parse("http://127.0.0.1:9/base").unwrap();
        let credential = Credential::bearer("canary")
            .prepare("devin", &[Form::Bearer])
            .unwrap();
        Call {
            target: Arc::new(Target {
                base,
                operations: OPERATIONS,
                headers: Vec::new(),
            }),
            parameters: Arc::new(vec![("api_key_id", id.to_owned())]),
            credential: Arc::new(credential),
        }
    }

    fn request(method: &str, url: &str) -> Request {
        Request::new(method.parse().unwrap(), Url::parse(url).unwrap())
    }

    #[test]
    fn a_request_that_is_the_documented_one_gets_the_credential() {
        let mut request = request("DELETE", "http://127.0.0.1:9/base/v2/enterprise/api-keys/k1");
        request
            .headers_mut()
            .insert("api-version", HeaderValue::from_static("1"));
        call("k1").prepare(&mut request, "revoke").unwrap();
        assert_eq!(request.headers()["authorization"], "Bearer canary");
        assert!(request.headers()["authorization"].is_sensitive());
        assert!(!request.headers().contains_key("api-version"));
        assert!(!format!("{request:?} {:?}", call("k1")).contains("canary"));
    }

    #[test]
    fn ids_that_change_the_path_are_stopped_even_where_the_key_type_was_by_passed() {
        let ids = [
            "",
            ".",
            "..",
            "...",
            "\\",
            "..\\api-keys",
            "x\\..",
            "/",
            "a/b",
            "?",
            "#",
            "%2e%2e",
            "%2F",
            "a b",
            "é",
            "a\n",
        ];
        for id in ids {
            // What the generated client would make of it.
            let url = format!("http://127.0.0.1:9/base/v2/enterprise/api-keys/{id}");
            let mut request = request("DELETE", &url);
            assert!(call(id).prepare(&mut request, "revoke").is_err(), "{id:?}");
            assert!(request.headers().is_empty(), "{id:?}");
        }
    }

    #[test]
    fn templates_are_filled_and_read_back_with_fixed_text_around_values() {
        for (template, path) in [
            ("/keys/{a}", "/keys/1"),
            ("/a/{a}/b/{b}", "/a/1/b/2"),
            ("/Accounts/{a}/Keys/{b}.json", "/Accounts/1/Keys/2.json"),
            ("/keys/{a}:revoke", "/keys/1:revoke"),
            ("/oauth/revoke", "/oauth/revoke"),
        ] {
            let values = [("a", "1".to_owned()), ("b", "2".to_owned())];
            assert_eq!(fill(template, &values).unwrap(), path);
            #[cfg(feature = "fakes")]
            assert_eq!(fill(template, &unfill(template, path).unwrap()).unwrap(), path);
        }
        assert!(fill("/keys/{c}", &[("a", "1".to_owned())]).is_err());
        #[cfg(feature = "fakes")]
        for path in [
            "/keys",
            "/keys/",
            "/keys/1/2",
            "/keys/1?x",
            "/other/1",
            "/keys/%2e",
        ] {
            assert_eq!(unfill("/keys/{a}", path), None, "{path}");
        }
    }

    #[test]
    fn another_host_path_method_query_or_operation_is_stopped() {
        for (method, url, operation) in [
            (
                "DELETE",
                "http://127.0.0.1:8/base/v2/enterprise/api-keys/k1",
                "revoke",
            ),
            (
                "DELETE",
                "https://127.0.0.1:9/base/v2/enterprise/api-keys/k1",
                "revoke",
            ),
            (
                "DELETE",
                "http://u@127.0.0.1:9/base/v2/enterprise/api-keys/k1",
                "revoke",
            ),
            ("DELETE", "http://127.0.0.1:9/v2/enterprise/api-keys/k1", "revoke"),
            (
                "DELETE",
                "http://127.0.0.1:9/base/v2/enterprise/api-keys",
                "revoke",
            ),
            (
                "DELETE",
                "http://127.0.0.1:9/base/v2/enterprise/api-keys/",
                "revoke",
            ),
            (
                "DELETE",
                "http://127.0.0.1:9/base/v2/enterprise/api-keys/k2",
                "revoke",
            ),
            (
                "DELETE",
                "http://127.0.0.1:9/base/v2/enterprise/api-keys/k1?all",
                "revoke",
            ),
            (
                "DELETE",
                "http://127.0.0.1:9/base/v2/enterprise/api-keys/k1#x",
                "revoke",
            ),
            (
                "POST",
                "http://127.0.0.1:9/base/v2/enterprise/api-keys/k1",
                "revoke",
            ),
            (
                "DELETE",
                "http://127.0.0.1:9/base/v2/enterprise/api-keys/k1",
                "revoke_all",
            ),
        ] {
            let mut request = request(method, url);
            assert!(
                call("k1").prepare(&mut request, operation).is_err(),
                "{method} {url} {operation}"
            );
            assert!(request.headers().is_empty(), "{url}");
        }
    }
}
