//! The edge to the generated clients: what `build.rs` emits for each, and the guard that every request passes
//! before it leaves.

use std::fmt;
use std::sync::Arc;

use progenitor_client::{ByteStream, Error, OperationInfo};
use reqwest::header::{ACCEPT, CONTENT_LENGTH, CONTENT_TYPE, HeaderName, HeaderValue};
use reqwest::{Method, Request, Response, Url};

use crate::content::Content;
use crate::credential::Prepared;
use crate::key::is_id_character;
use crate::lookup::{Lookup, not_offered};

/// What a call to a generated operation gives: the responses are opened, so that status, headers and bytes
/// always come back and no answer is lost to a schema.
pub(crate) type Sent = Result<Response, Error<ByteStream>>;

/// An operation of a provider's document, under our name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Operation {
    pub name: &'static str,
    pub method: &'static str,
    /// The document's path, without a prefix that is a setting.
    pub path: &'static str,
    /// Does that prefix stand before it?
    pub prefixed: bool,
    /// The parameters that may stand in the query.
    pub query: &'static [&'static str],
    /// Is it the body alone that says which keys are meant?
    pub names_keys: bool,
}

/// What `build.rs` implements for each generated client.
pub trait Generated: Send + Sync {
    const OPERATIONS: &'static [Operation];
    /// The version that the provider gives its document.
    const DOCUMENT: &'static str;
    fn with(baseurl: &str, client: reqwest::Client, call: Call) -> Self;
    /// Sends a look-up that has no body, by the name of its operation.
    fn look_up(&self, _lookup: &Lookup) -> impl Future<Output = Sent> + Send {
        not_offered()
    }
}

/// What stays the same for every request of one revoker.
pub(crate) struct Target {
    /// With the prefix that is a setting, and without a slash at its end.
    pub(crate) base: Url,
    /// Without that prefix.
    pub(crate) root: Url,
    pub(crate) operations: &'static [Operation],
    /// The provider's own settings.
    pub(crate) headers: Vec<(HeaderName, HeaderValue)>,
}

impl Target {
    pub(crate) fn operation(&self, name: &str) -> Option<&'static Operation> {
        self.operations.iter().find(|listed| listed.name == name)
    }

    /// What stands before an operation's path.
    pub(crate) fn base_of(&self, operation: &str) -> &Url {
        match self.operation(operation) {
            Some(operation) if !operation.prefixed => &self.root,
            _ => &self.base,
        }
    }
}

/// What one request must be. The generated client carries it, and sends through it.
#[derive(Clone)]
pub struct Call {
    pub(crate) target: Arc<Target>,
    pub(crate) parameters: Arc<Vec<(&'static str, String)>>,
    /// Names and values of the query; none where a key is revoked.
    pub(crate) query: Arc<Vec<(&'static str, String)>>,
    /// The body; empty where a key is looked up.
    pub(crate) content: Content,
    pub(crate) credential: Arc<Prepared>,
}

/// Without the values of the parameters, which can be secrets.
impl fmt::Debug for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Not the parameters: a secret that is asked about is one of them.
        f.debug_struct("Call").finish_non_exhaustive()
    }
}

impl Call {
    /// What stands in the path under this name; empty where nothing does, which the guard refuses.
    pub(crate) fn parameter(&self, name: &str) -> &str {
        let found = self.parameters.iter().find(|(known, _)| *known == name);
        found.map(|(_, value)| value.as_str()).unwrap_or_default()
    }

    /// The address that a generated method wrote. Of its origin it is known what it is, so that only the path is read; what
    /// cannot be read is the bare base, which the last check refuses.
    pub fn address(&self, text: String) -> Url {
        let base = &self.target.base;
        let origin = base.as_str().strip_suffix(base.path());
        let path = origin.and_then(|origin| text.strip_prefix(origin));
        match path.filter(|path| path.starts_with('/') && !path.contains(['?', '#'])) {
            Some(path) => {
                let mut url = base.clone();
                url.set_path(path);
                url
            }
            None => Url::parse(&text).unwrap_or_else(|_| base.clone()),
        }
    }

    /// Sends what a generated method has made, after the last check, and hands out whatever comes back. There is no other
    /// way out for any of them.
    pub async fn send(&self, client: &reqwest::Client, mut request: Request, info: OperationInfo) -> Sent {
        self.prepare(&mut request, info.operation_id)
            .map_err(Error::Custom)?;
        Ok(client.execute(request).await?)
    }

    /// Checks the final request against the document and the typed key, then adds the credential. The key
    /// types already refuse what could change a path; this stops it even if one were by-passed.
    pub(crate) fn prepare(&self, request: &mut Request, operation: &str) -> Result<(), String> {
        let listed = self.target.operation(operation);
        let listed = listed.ok_or("the operation is not a listed one")?;
        let (url, base) = (request.url(), self.target.base_of(operation));
        let expected = fill(listed.path, &self.parameters)?;
        let goes_elsewhere = url.scheme() != base.scheme()
            || url.host() != base.host()
            || url.port_or_known_default() != base.port_or_known_default();
        if goes_elsewhere || !url.username().is_empty() || url.password().is_some() {
            return Err("the request would go to another origin".into());
        }
        let path = url.path().strip_prefix(base.path().trim_end_matches('/'));
        if path != Some(&expected) || url.fragment().is_some() {
            return Err("the request's path is not the documented one".into());
        }
        self.check_query(listed, url)?;
        if listed.method != request.method().as_str() {
            return Err("the request's method is not the documented one".into());
        }
        if request.method() == Method::GET && request.body().is_some() {
            return Err("the request has a body, which a GET must not have".into());
        }
        self.check_body(listed, request)?;
        // RFC 9110 section 8.6 asks for it, and some gateways answer 411 without.
        let says_empty = request.body().is_none() && request.method() == Method::POST;
        let headers = request.headers_mut();
        headers.reserve(2 + self.target.headers.len() + self.credential.headers.len());
        headers.remove(&API_VERSION); // progenitor's own; no provider asks for it
        // Laravel and others answer errors as HTML unless JSON is asked for.
        headers.entry(ACCEPT).or_insert_with(|| ACCEPTED.clone());
        if says_empty {
            headers.insert(CONTENT_LENGTH, NOTHING.clone());
        }
        for (name, value) in self.target.headers.iter().chain(&self.credential.headers) {
            headers.insert(name.clone(), value.clone());
        }
        #[cfg(feature = "aws")]
        if let Some(signer) = &self.credential.signer {
            signer.sign(request)?;
        }
        Ok(())
    }

    /// The body that the provider's module declares, for this very key, and nothing beside it.
    fn check_body(&self, listed: &Operation, request: &Request) -> Result<(), String> {
        if listed.names_keys && self.content.names().is_empty() {
            return Err("the request would name no key".into());
        }
        if self.content == Content::Empty && request.body().is_none() {
            return Ok(());
        }
        let body = match request.body() {
            None => None,
            Some(body) => Some(body.as_bytes().ok_or("the request's body cannot be checked")?),
        };
        let parameters: Vec<(&str, &str)> = self
            .parameters
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        let media = request.headers().get(CONTENT_TYPE);
        self.content.check(media, body, &parameters)
    }

    /// The pairs that were asked for, in whatever order, each once and to the byte: a cursor that arrives changed could
    /// be the cursor of another page. Decoding would not do, as it takes different bytes for the same text.
    fn check_query(&self, listed: &Operation, url: &Url) -> Result<(), String> {
        if self.query.iter().any(|(name, _)| !listed.query.contains(name)) {
            return Err("the document has no such query parameter".into());
        }
        if self.query.is_empty() && url.query().is_none() {
            return Ok(());
        }
        let mut expected = url.clone();
        expected.set_query(None);
        if !self.query.is_empty() {
            expected.query_pairs_mut().extend_pairs(self.query.iter());
        }
        let pairs = |url: &Url| {
            let pairs = url.query().map(|query| query.split('&').map(ToOwned::to_owned));
            let mut pairs: Option<Vec<String>> = pairs.map(Iterator::collect);
            pairs.iter_mut().for_each(|pairs| pairs.sort_unstable());
            pairs
        };
        if pairs(url) != pairs(&expected) {
            return Err("the request's query is not the one that was asked for".into());
        }
        Ok(())
    }
}

static API_VERSION: HeaderName = HeaderName::from_static("api-version");
static ACCEPTED: HeaderValue = HeaderValue::from_static("application/json, application/problem+json");
static NOTHING: HeaderValue = HeaderValue::from_static("0");

/// A document's path with its parameters' values, which may stand in a segment with fixed text around them.
pub(crate) fn fill(template: &str, parameters: &[(&str, String)]) -> Result<String, String> {
    let values = parameters.iter().map(|(_, value)| value.len());
    let mut path = String::with_capacity(template.len() + values.sum::<usize>());
    let mut rest = template;
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

/// Unreserved characters only, and at least one that is not a dot; or two such texts with one `@` between them, as in the
/// address by which Google knows a service account. In a path an `@` means nothing (RFC 3986 section 3.3).
fn is_plain_segment(value: &str) -> bool {
    let is_plain = |text: &str| text.chars().all(is_id_character) && text.chars().any(|c| c != '.');
    match value.split_once('@') {
        Some((name, domain)) => is_plain(name) && is_plain(domain),
        None => is_plain(value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::content::Part;
    use crate::credential::{Credential, Form};

    const OPERATIONS: &[Operation] = &[
        Operation {
            name: "revoke",
            method: "DELETE",
            path: "/v2/enterprise/api-keys/{api_key_id}",
            prefixed: true,
            query: &[],
            names_keys: false,
        },
        Operation {
            name: "revoke_named",
            method: "DELETE",
            path: "/keys",
            prefixed: false,
            query: &[],
            names_keys: true,
        },
        Operation {
            name: "list",
            method: "GET",
            path: "/keys",
            prefixed: false,
            query: &["after", "first"],
            names_keys: false,
        },
    ];

    fn call(id: &str) -> Call {
        let credential = Credential::bearer("canary")
            .prepare("devin", &[Form::Bearer])
            .unwrap();
        Call {
            target: Arc::new(Target {
                base: Url::parse("http://127.0.0.1:9/base").unwrap(),
                root: Url::parse("http://127.0.0.1:9").unwrap(),
                operations: OPERATIONS,
                headers: Vec::new(),
            }),
            parameters: Arc::new(vec![("api_key_id", id.to_owned())]),
            query: Arc::default(),
            content: Content::Empty,
            credential: Arc::new(credential),
        }
    }

    fn listing(query: &[(&'static str, &str)]) -> Call {
        let query = query.iter().map(|(name, value)| (*name, (*value).to_owned()));
        Call {
            query: Arc::new(query.collect()),
            ..call("")
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
            "@",
            "a@",
            "@a",
            "..@a",
            "a@..",
            "a@b@c",
            "a@b/c",
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

    /// As the generated client puts pairs into a query.
    fn asked(query: &[(&'static str, &str)]) -> Request {
        let client = reqwest::Client::new();
        let request = client.get("http://127.0.0.1:9/keys").query(query);
        request.build().unwrap()
    }

    #[test]
    fn any_cursor_travels_as_it_came() {
        for cursor in [
            "eyJsYXN0X2lkIjoiYWJjIn0=",
            "a&first=2",
            "a=b",
            "a#b",
            "50%",
            "%26",
            "a+b c",
            "?/\\;",
            "ключ 🔑",
            "\u{fffd}",
        ] {
            let pairs = [("first", "50"), ("after", cursor)];
            let mut request = asked(&pairs);
            listing(&pairs).prepare(&mut request, "list").unwrap();
            let sent: Vec<_> = request.url().query_pairs().collect();
            assert_eq!(sent[1], ("after".into(), cursor.into()));
            assert_eq!(request.url().path(), "/keys");
            // The order of the parameters means nothing.
            let turned = [pairs[1], pairs[0]];
            listing(&turned).prepare(&mut asked(&pairs), "list").unwrap();
        }
    }

    #[test]
    fn a_query_that_was_not_asked_for_is_stopped() {
        let wanted = [("first", "50"), ("after", "a&b")];
        for query in [
            "",
            "?",
            "?first=50",
            "?first=50&after=a",
            "?first=50&after=a&b",
            "?first=50&after=a%26b&",
            "?first=50&after=a%26b&after=a%26b",
            "?first=50&after=a%26b&all=1",
            "?first=50&after=A%26b",
            "?first=50&aft%65r=a%26b",
            "?first=50;after=a%26b",
            "?first=51&after=a%26b",
        ] {
            let mut request = request("GET", &format!("http://127.0.0.1:9/keys{query}"));
            let refused = listing(&wanted).prepare(&mut request, "list");
            assert!(refused.is_err() && request.headers().is_empty(), "{query}");
        }
        // Bytes that decode to the same text as the cursor are another cursor.
        let mut request = request("GET", "http://127.0.0.1:9/keys?after=%FF");
        assert!(
            listing(&[("after", "\u{fffd}")])
                .prepare(&mut request, "list")
                .is_err()
        );
        // What the document does not have is not sent, even if it was asked for.
        let undocumented = [("offset", "1")];
        assert!(
            listing(&undocumented)
                .prepare(&mut asked(&undocumented), "list")
                .is_err()
        );
        assert!(listing(&[]).prepare(&mut asked(&wanted), "list").is_err());
        assert!(listing(&[]).prepare(&mut asked(&[]), "list").is_ok());
    }

    #[test]
    fn a_look_up_has_no_body_and_a_revocation_no_query() {
        let mut request = asked(&[]);
        *request.body_mut() = Some("all".into());
        assert!(listing(&[]).prepare(&mut request, "list").is_err());
        let url = "http://127.0.0.1:9/base/v2/enterprise/api-keys/k1";
        for query in ["?", "?first=1", "?after="] {
            let mut request = self::request("DELETE", &format!("{url}{query}"));
            assert!(call("k1").prepare(&mut request, "revoke").is_err(), "{query}");
        }
        let mut by_query = call("k1");
        by_query.query = Arc::new(vec![("first", "1".into())]);
        let mut request = self::request("DELETE", &format!("{url}?first=1"));
        assert!(by_query.prepare(&mut request, "revoke").is_err());
    }

    /// A request of the operation whose body alone says what dies, as a key type that checks nothing would make it.
    fn named(id: &str, content: Content, media: &'static str, body: Option<&str>) -> Result<(), String> {
        let call = Call {
            content,
            parameters: Arc::new(vec![("id", id.to_owned())]),
            ..call("")
        };
        let mut request = request("DELETE", "http://127.0.0.1:9/keys");
        if let Some(body) = body {
            request
                .headers_mut()
                .insert(CONTENT_TYPE, HeaderValue::from_static(media));
            *request.body_mut() = Some(body.to_owned().into());
        }
        let result = call.prepare(&mut request, "revoke_named");
        assert_eq!(
            request.headers().contains_key("authorization"),
            result.is_ok(),
            "{body:?}"
        );
        result
    }

    #[test]
    fn a_body_that_does_not_name_this_one_key_is_stopped() {
        const JSON: &str = "application/json";
        let content = Content::Json(&[("ids", Part::Only("id"))]);
        assert_eq!(named("k1", content, JSON, Some(r#"{ "ids": ["k1"] }"#)), Ok(()));
        assert_eq!(
            named("k\"1\\", content, JSON, Some(r#"{"ids":["k\"1\\"]}"#)),
            Ok(())
        );
        for body in [
            "",
            "null",
            "[]",
            r#"["k1"]"#,
            "{}",
            r#"{"ids":null}"#,
            r#"{"ids":[]}"#,
            r#"{"ids":[""]}"#,
            r#"{"ids":[null]}"#,
            r#"{"ids":"k1"}"#,
            r#"{"ids":["k2"]}"#,
            r#"{"ids":["K1"]}"#,
            r#"{"ids":["k1","k2"]}"#,
            r#"{"ids":["k1","k1"]}"#,
            r#"{"ids":["k1"],"owner":true}"#,
            r#"{"ids":["k1"],"name":null}"#,
            r#"{"ids":["k2"],"ids":["k1"]}"#,
            r#"{"ids":["k1"]}{}"#,
            r#"{"id":"k1"}"#,
        ] {
            assert!(named("k1", content, JSON, Some(body)).is_err(), "{body}");
        }
        let good = r#"{"ids":["k1"]}"#;
        assert!(named("k1", content, JSON, None).is_err());
        assert!(named("k1", content, "application/x-ndjson", Some(good)).is_err());
        assert!(named("k1", content, "text/plain", Some(good)).is_err());
        // A key type that lets nothing through as an id, and modules that name no key or another parameter.
        assert!(named("", content, JSON, Some(r#"{"ids":[""]}"#)).is_err());
        for content in [
            Content::Empty,
            Content::Json(&[]),
            Content::Json(&[("status", Part::Text("inactive"))]),
            Content::Json(&[("ids", Part::Only("key"))]),
        ] {
            for body in [
                None,
                Some(""),
                Some("{}"),
                Some(good),
                Some(r#"{"status":"inactive"}"#),
            ] {
                assert!(named("k1", content, JSON, body).is_err(), "{content:?} {body:?}");
            }
        }
    }

    #[test]
    fn a_form_that_is_not_the_declared_one_is_stopped() {
        const FORM: &str = "application/x-www-form-urlencoded";
        let content = Content::Form(&[("token", Part::Parameter("id")), ("hint", Part::Text("a b"))]);
        assert_eq!(
            named("a&b=+%", content, FORM, Some("token=a%26b%3D%2B%25&hint=a+b")),
            Ok(())
        );
        for body in [
            "",
            "token=",
            "token=&hint=a+b",
            "token=k1",
            "hint=a+b",
            "token=k2&hint=a+b",
            "token=k1&hint=a+b&token=k2",
            "token=k1&hint=a+b&client_id=x",
            "token=k1&hint=a%20b",
            "hint=a+b&token=k1",
        ] {
            assert!(named("k1", content, FORM, Some(body)).is_err(), "{body}");
        }
        assert!(named("k1", content, "application/json", Some("token=k1&hint=a+b")).is_err());
        assert!(named("", content, FORM, Some("token=&hint=a+b")).is_err());
    }

    #[test]
    fn a_body_that_is_not_declared_is_stopped() {
        let mut request = request("DELETE", "http://127.0.0.1:9/base/v2/enterprise/api-keys/k1");
        *request.body_mut() = Some("{}".into());
        assert!(call("k1").prepare(&mut request, "revoke").is_err());
        *request.body_mut() = None;
        let declared = Call {
            content: Content::Json(&[("status", Part::Text("inactive"))]),
            ..call("k1")
        };
        assert!(declared.prepare(&mut request, "revoke").is_err());
    }

    #[test]
    fn an_address_is_the_one_that_its_text_says() {
        let call = call("k1");
        for text in [
            "http://127.0.0.1:9/base/keys/k1",
            "http://127.0.0.1:9/keys/%C3%A9%2F",
            "http://127.0.0.1:9/keys/a b/\u{e9}",
            "http://127.0.0.1:9/keys/../x/./y//z",
            "http://127.0.0.1:9/keys\\..\\x",
            "http://127.0.0.1:9/keys?x=/#y",
            "http://127.0.0.1:9/keys#y",
            "http://127.0.0.1:9",
            "http://127.0.0.1:9@other.example/keys",
            "http://127.0.0.1:99/keys",
            "http://127.0.0.1/keys",
            "https://127.0.0.1:9/keys",
        ] {
            assert_eq!(call.address(text.to_owned()), Url::parse(text).unwrap(), "{text}");
        }
        let mut unread = request("DELETE", call.address("keys/k1".to_owned()).as_str());
        assert_eq!(unread.url().as_str(), "http://127.0.0.1:9/base");
        assert!(call.prepare(&mut unread, "revoke").is_err());
    }

    #[test]
    fn the_prefix_stands_before_the_operations_that_have_it_and_no_other() {
        let target = call("k1").target;
        assert_eq!(target.base_of("revoke").as_str(), "http://127.0.0.1:9/base");
        assert_eq!(target.base_of("list").as_str(), "http://127.0.0.1:9/");
        let mut request = request("GET", "http://127.0.0.1:9/base/keys");
        assert!(listing(&[]).prepare(&mut request, "list").is_err());
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
