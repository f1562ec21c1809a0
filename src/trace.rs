//! What `tracing` shows of calls and requests, under the names of OpenTelemetry's semantic conventions for HTTP clients
//! (opentelemetry.io, HTTP spans, read 2026-11-27). Never a URL, a header or a body: they may hold secrets. The path is
//! the document's, without the ids.

use tracing::Span;
use tracing::field::Empty;

use crate::answer::{Attempt, FailureReason};
use crate::outcome::{KeyState, RevokeResult};
use crate::wire::{Operation, Target};

/// Begins the span of a call, which is the parent of its requests.
pub(crate) fn call(provider: &str, tenant: Option<&str>, key: &dyn std::fmt::Display) -> Span {
    tracing::info_span!(
        target: "keyrevoke",
        "revoke",
        provider,
        tenant,
        %key,
        state = Empty,
        "error.type" = Empty,
        otel.status_code = Empty,
    )
}

/// Ends it.
pub(crate) fn called(span: &Span, result: &RevokeResult) {
    span.record("state", KeyState::from(result).as_str());
    if let Err(error) = result {
        span.record("error.type", error.kind().as_str());
        span.record("otel.status_code", "ERROR");
    }
}

/// Begins the span of one request; the first of its kind in a call is number 1.
pub(crate) fn request(target: &Target, operation: &str, number: u32) -> Span {
    let base = target.base_of(operation);
    let documented: Option<&Operation> = target.operation(operation);
    let method = documented.map_or("_OTHER", |operation| operation.method);
    let path = documented.map_or("", |operation| operation.path);
    let template = format_args!("{}{path}", base.path().trim_end_matches('/'));
    tracing::info_span!(
        target: "keyrevoke",
        "request",
        otel.name = format_args!("{method} {template}"),
        otel.kind = "client",
        http.request.method = method,
        http.request.resend_count = (number > 1).then_some(number.saturating_sub(1)),
        url.scheme = base.scheme(),
        url.template = template,
        server.address = base.host_str(),
        server.port = base.port_or_known_default(),
        http.response.status_code = Empty,
        "error.type" = Empty,
        otel.status_code = Empty,
    )
}

/// Ends it.
pub(crate) fn answered(span: &Span, attempt: &Attempt) {
    let failed = |kind: &str| {
        span.record("error.type", kind);
        span.record("otel.status_code", "ERROR");
    };
    match attempt {
        Attempt::Answered(answer) => {
            span.record("http.response.status_code", answer.status);
            if answer.status >= 400 {
                failed(&answer.status.to_string());
            }
        }
        Attempt::NotSent(failure) | Attempt::MaybeSent(failure) => failed(match failure.reason {
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
