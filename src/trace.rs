//! What `tracing` shows of calls and requests: OpenTelemetry's names where it has one, and our own under `keyrevoke.`
//! (semantic conventions: HTTP client spans, recording errors, naming; read 2026-11-27). Never a header, a body, or
//! what a provider said; of a URL neither ids nor a query, which may be secrets.
//!
//! Left out of what is recommended: `network.peer.*` and `network.protocol.version`, which the client does not always
//! know, and the description of a status, which would hold the provider's words.

use std::fmt;

use tracing::Span;
use tracing::field::Empty;

use crate::answer::{Attempt, Body, FailureReason};
use crate::outcome::{ErrorKind, KeyState, RevokeResult};
use crate::wire::{Operation, Target};

/// A span that says how it ended, and so that it was given up if nobody says otherwise.
pub(crate) struct Watched {
    span: Span,
    ended: bool,
}

impl Watched {
    fn new(span: Span) -> Self {
        Self { span, ended: false }
    }

    pub(crate) fn span(&self) -> Span {
        self.span.clone()
    }

    fn failed(&self, kind: &str) {
        self.span.record("error.type", kind);
        self.span.record("otel.status_code", "ERROR");
    }

    /// Ends a call.
    pub(crate) fn called(mut self, result: &RevokeResult) {
        self.ended = true;
        self.span
            .record("keyrevoke.state", KeyState::from(result).as_str());
        if let Err(error) = result {
            self.failed(error.kind().as_str());
        }
    }

    /// Ends a request.
    pub(crate) fn answered(mut self, attempt: &Attempt) {
        self.ended = true;
        match attempt {
            Attempt::Answered(answer) => {
                self.span.record("http.response.status_code", answer.status);
                match answer.body {
                    _ if answer.status >= 400 => self.failed(&answer.status.to_string()),
                    Body::Complete(_) => {}
                    Body::Cut => self.failed("body_cut"),
                    Body::TooLong => self.failed("body_too_long"),
                }
            }
            Attempt::NotSent(failure) | Attempt::MaybeSent(failure) => self.failed(match failure.reason {
                FailureReason::Guard => "guard",
                FailureReason::Credential => "credential",
                FailureReason::Late => "late",
                FailureReason::Connect => "connect",
                FailureReason::Tls => "tls",
                FailureReason::Timeout => "timeout",
                FailureReason::Broken => "broken",
            }),
        }
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        if !self.ended {
            self.failed(ErrorKind::Cancelled.as_str());
        }
    }
}

/// Begins the span of a call, which is the parent of its requests.
pub(crate) fn call(provider: &str, tenant: Option<&str>, key: &dyn fmt::Display) -> Watched {
    Watched::new(tracing::info_span!(
        target: "keyrevoke",
        "revoke",
        keyrevoke.provider = provider,
        keyrevoke.tenant = tenant,
        keyrevoke.key = %key,
        keyrevoke.state = Empty,
        "error.type" = Empty,
        otel.status_code = Empty,
    ))
}

/// Begins the span of one request; the first of its kind in a call is number 1.
pub(crate) fn request(target: &Target, operation: &str, number: u32) -> Watched {
    let base = target.base_of(operation);
    let documented: Option<&Operation> = target.operation(operation);
    // One that is not documented is not sent.
    let (method, name) = documented.map_or(("_OTHER", "HTTP"), |operation| {
        (operation.method, operation.method)
    });
    let path = documented.map_or("", |operation| operation.path);
    let start = base.as_str().trim_end_matches('/');
    let template = format_args!("{}{path}", base.path().trim_end_matches('/'));
    Watched::new(tracing::info_span!(
        target: "keyrevoke",
        "request",
        otel.name = format_args!("{name} {template}"),
        otel.kind = "client",
        http.request.method = method,
        http.request.resend_count = (number > 1).then_some(number.saturating_sub(1)),
        url.full = format_args!("{start}{}", Scrubbed(path)),
        url.template = template,
        url.scheme = base.scheme(),
        server.address = base.host_str(),
        server.port = base.port_or_known_default(),
        http.response.status_code = Empty,
        "error.type" = Empty,
        otel.status_code = Empty,
    ))
}

/// A documented path with the convention's word in place of each id, some of which are secrets.
struct Scrubbed<'a>(&'a str);

impl fmt::Display for Scrubbed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, part) in self.0.split('{').enumerate() {
            match part.split_once('}') {
                Some((_, after)) if index > 0 => write!(f, "REDACTED{after}")?,
                _ => f.write_str(part)?,
            }
        }
        Ok(())
    }
}
