//! The facts of one attempt, without any opinion on what they mean.

use std::cell::OnceCell;
use std::time::{Duration, SystemTime};

use crate::tree::Tree;
use reqwest::header::{
    CONTENT_ENCODING, CONTENT_TYPE, DATE, HeaderMap, HeaderName, HeaderValue, LOCATION, RETRY_AFTER,
    TRANSFER_ENCODING,
};

/// What became of one attempt.
#[derive(Debug)]
pub(crate) enum Attempt {
    /// No byte of the request left.
    NotSent(Failure),
    /// The request may have arrived; no status came back.
    MaybeSent(Failure),
    /// A status came back.
    Answered(Box<Answer>),
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Failure {
    pub(crate) reason: FailureReason,
    /// The chain of causes as text, without URL or credential.
    pub(crate) message: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FailureReason {
    /// Our own guard, or an observer, refused the request.
    Guard,
    /// No credential could be had.
    Credential,
    /// Time ran out before the request could be sent.
    Late,
    /// The host could not be reached.
    Connect,
    /// The TLS peer is not trusted, or is none.
    Tls,
    /// No answer came in time.
    Timeout,
    /// The connection broke, or what came was not HTTP.
    Broken,
}

/// How much is read of a body. Every documented answer is below 2 KiB.
pub(crate) const BODY_LIMIT: usize = 64 * 1024;

/// How much is read of the answer to a look-up: some providers list all keys at once, with what each may do.
pub(crate) const LIST_LIMIT: usize = 1024 * 1024;

static REQUEST_IDS: [HeaderName; 5] = [
    HeaderName::from_static("x-request-id"),
    HeaderName::from_static("request-id"),
    HeaderName::from_static("x-correlation-id"),
    HeaderName::from_static("x-amzn-requestid"),
    HeaderName::from_static("cf-ray"),
];

static RETRY_AFTER_MS: [HeaderName; 2] = [
    HeaderName::from_static("retry-after-ms"),
    HeaderName::from_static("x-ms-retry-after-ms"),
];

/// The body of an answer, as far as it was read.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Body {
    Complete(Vec<u8>),
    /// The connection ended, or time ran out, before the body did.
    Cut,
    /// More than [`BODY_LIMIT`], or [`LIST_LIMIT`] for a look-up.
    TooLong,
}

/// A status with what came along.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Body,
    headers: HeaderMap,
    /// When it came, by the wall clock.
    received: SystemTime,
}

impl Answer {
    pub(crate) fn new(status: u16, headers: HeaderMap, body: Body, received: SystemTime) -> Self {
        Self {
            status,
            body,
            headers,
            received,
        }
    }

    /// The answer, to look into its body.
    pub(crate) fn open(&self) -> Opened<'_> {
        Opened {
            answer: self,
            json: OnceCell::new(),
        }
    }

    /// The body, where it is one complete XML document that was sent as such.
    #[cfg(feature = "aws")]
    pub(crate) fn xml(&self) -> Option<Tree<'_>> {
        match &self.body {
            Body::Complete(bytes) if says(&self.headers, is_xml) => crate::xml::parse(bytes),
            _ => None,
        }
    }

    /// The media type as sent, without parameters.
    pub(crate) fn media_type(&self) -> Option<&str> {
        media_type(&self.headers)
    }

    /// Is the body, by its media type, the description of an error (RFC 9457)?
    pub(crate) fn is_problem_document(&self) -> bool {
        self.media_type()
            .is_some_and(|media| media.eq_ignore_ascii_case("application/problem+json"))
    }

    /// The provider's clock if it sent one, else ours.
    pub(crate) fn now(&self) -> SystemTime {
        self.header(&DATE)
            .and_then(|date| httpdate::parse_http_date(date).ok())
            .unwrap_or(self.received)
    }

    /// The earlier of both clocks: what lies before it has passed, whichever of them is wrong by being ahead.
    pub(crate) fn certain_now(&self) -> SystemTime {
        self.now().min(self.received)
    }

    /// The id under which the provider keeps this request, in the headers that the field uses.
    pub(crate) fn request_id(&self) -> Option<&str> {
        REQUEST_IDS
            .iter()
            .find_map(|name| self.header(name).filter(|id| !id.is_empty()))
    }

    /// The host that a redirect points to; the rest of the address may hold secrets.
    pub(crate) fn redirect_host(&self) -> Option<String> {
        let location = reqwest::Url::parse(self.header(&LOCATION)?).ok()?;
        location.host_str().map(ToOwned::to_owned)
    }

    /// How long the provider asks us to wait: whole seconds, an HTTP date, or the milliseconds that Azure and
    /// others send. Negative, fractional and unreadable values say nothing; more than a day is a day.
    pub(crate) fn retry_after(&self) -> Option<Duration> {
        const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);
        for name in &RETRY_AFTER_MS {
            if let Some(milliseconds) = self.header(name).and_then(whole_number) {
                return Some(Duration::from_millis(milliseconds).min(LONGEST));
            }
        }
        let text = self.header(&RETRY_AFTER)?.trim();
        if let Some(seconds) = whole_number(text) {
            return Some(Duration::from_secs(seconds).min(LONGEST));
        }
        let date = httpdate::parse_http_date(text).ok()?;
        Some(date.duration_since(self.now()).unwrap_or_default().min(LONGEST))
    }

    fn header(&self, name: &HeaderName) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// Each header of this name; `None` for one that is no plain text.
    pub(crate) fn headers(&self, name: &str) -> Vec<Option<&str>> {
        let values = self.headers.get_all(name).iter();
        values.map(|value| value.to_str().ok()).collect()
    }
}

/// An answer whose body is read once, when somebody asks.
pub(crate) struct Opened<'a> {
    pub(crate) answer: &'a Answer,
    json: OnceCell<Option<Tree<'a>>>,
}

impl<'a> Opened<'a> {
    /// The body, where it is one complete JSON text that was sent as such.
    pub(crate) fn json(&self) -> Option<&Tree<'a>> {
        let read = || match &self.answer.body {
            Body::Complete(bytes) if bytes.is_empty() => None,
            Body::Complete(bytes) if says(&self.answer.headers, is_json) => Tree::parse(bytes).ok(),
            _ => None,
        };
        self.json.get_or_init(read).as_ref()
    }
}

/// Digits only; what is too large for the type is as large as the type.
fn whole_number(text: &str) -> Option<u64> {
    let text = text.trim();
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().unwrap_or(u64::MAX))
}

fn is_json(media: &str) -> bool {
    let suffix = media.strip_prefix("application/");
    suffix.is_some_and(|subtype| subtype == "json" || (subtype.ends_with("+json") && subtype.len() > 5))
}

#[cfg(feature = "aws")]
fn is_xml(media: &str) -> bool {
    ["text/xml", "application/xml"].contains(&media)
}

/// Exactly one media type, which is the wanted one, and no encoding that would have to be undone first.
fn says(headers: &HeaderMap, is_wanted: fn(&str) -> bool) -> bool {
    let only = |name: HeaderName, allowed: &str| {
        let is_allowed = |value: &HeaderValue| {
            value
                .to_str()
                .is_ok_and(|value| value.trim().eq_ignore_ascii_case(allowed))
        };
        headers.get_all(name).iter().all(is_allowed)
    };
    let plain = only(CONTENT_ENCODING, "identity") && only(TRANSFER_ENCODING, "chunked");
    plain && media_type(headers).is_some_and(|media| is_wanted(&media.to_ascii_lowercase()))
}

fn media_type(headers: &HeaderMap) -> Option<&str> {
    let mut values = headers.get_all(CONTENT_TYPE).iter();
    let (value, None) = (values.next()?, values.next()) else {
        return None;
    };
    let text = value.to_str().ok()?;
    Some(text.split_once(';').map_or(text, |(media, _)| media).trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(headers: &[(&'static str, &'static str)]) -> Answer {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, value.parse().unwrap());
        }
        Answer::new(
            200,
            map,
            Body::Complete(b"{}".to_vec()),
            SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777),
        )
    }

    #[test]
    fn retry_after_is_read_in_all_its_forms_and_bounded() {
        let day = 24 * 60 * 60;
        for (header, value, seconds) in [
            ("retry-after", "2", Some(2)),
            ("retry-after", "0", Some(0)),
            ("retry-after", " 7 ", Some(7)),
            ("retry-after", "100000000000000000000", Some(day)),
            ("retry-after", "-5", None),
            ("retry-after", "+5", None),
            ("retry-after", "1.5", None),
            ("retry-after", "soon", None),
            ("retry-after", "", None),
            // RFC 9110's three forms of one moment, half a minute after the answer came.
            ("retry-after", "Sun, 06 Nov 1994 08:50:07 GMT", Some(30)),
            ("retry-after", "Sunday, 06-Nov-94 08:50:07 GMT", Some(30)),
            ("retry-after", "Sun Nov  6 08:50:07 1994", Some(30)),
            ("retry-after", "Sun, 06 Nov 1994 08:00:00 GMT", Some(0)),
            ("retry-after", "Sat, 06 Nov 2094 08:00:00 GMT", Some(day)),
            ("retry-after-ms", "2000", Some(2)),
            ("x-ms-retry-after-ms", "3000", Some(3)),
            ("retry-after-ms", "99999999999999999999", Some(day)),
        ] {
            assert_eq!(
                answer(&[(header, value)]).retry_after(),
                seconds.map(Duration::from_secs),
                "{header}: {value}"
            );
        }
        assert_eq!(answer(&[]).retry_after(), None);
        let by_its_own_clock = answer(&[
            ("date", "Sun, 06 Nov 1994 08:50:00 GMT"),
            ("retry-after", "Sun, 06 Nov 1994 08:50:07 GMT"),
        ]);
        assert_eq!(by_its_own_clock.retry_after(), Some(Duration::from_secs(7)));
    }

    #[test]
    fn only_the_host_of_a_redirect_is_told() {
        for (location, host) in [
            (
                "https://user:word@sso.example.org:8443/login?next=secret#x",
                Some("sso.example.org"),
            ),
            ("http://[::1]/", Some("[::1]")),
            ("/login", None),
            ("//sso.example.org/", None),
            ("mailto:someone@example.org", None),
            ("", None),
        ] {
            let told = answer(&[("location", location)]).redirect_host();
            assert_eq!(told.as_deref(), host, "{location}");
        }
        assert_eq!(answer(&[]).redirect_host(), None);
    }

    #[test]
    fn json_is_read_only_where_it_is_said_to_be_json() {
        for (headers, is_json) in [
            (&[("content-type", "application/json")][..], true),
            (&[("content-type", "Application/JSON ; charset=utf-8")], true),
            (&[("content-type", "application/problem+json")], true),
            (
                &[
                    ("content-type", "application/json"),
                    ("content-encoding", "identity"),
                ],
                true,
            ),
            (&[("content-type", "application/+json")], false),
            (&[("content-type", "application/jsonp")], false),
            (&[("content-type", "text/json")], false),
            (&[("content-type", "text/html")], false),
            (&[("content-type", "")], false),
            (&[], false),
            (
                &[
                    ("content-type", "application/json"),
                    ("content-type", "application/json"),
                ],
                false,
            ),
            (
                &[
                    ("content-type", "application/json"),
                    ("transfer-encoding", "chunked"),
                ],
                true,
            ),
            (
                &[
                    ("content-type", "application/json"),
                    ("transfer-encoding", "gzip, chunked"),
                ],
                false,
            ),
            (
                &[("content-type", "application/json"), ("content-encoding", "gzip")],
                false,
            ),
        ] {
            assert_eq!(answer(headers).open().json().is_some(), is_json, "{headers:?}");
        }
    }
}
