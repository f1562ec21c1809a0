//! One request, sent once: what became of it, without any opinion on what it means.

use std::error::Error;
use std::future::Future;
use std::time::SystemTime;

use reqwest::Response;
use reqwest::header::{CONTENT_LENGTH, HeaderMap};
use tokio::time::{Instant, timeout_at};

use crate::answer::{Answer, Attempt, BODY_LIMIT, Body, Failure, FailureReason};
use crate::wire::Sent;

/// Sends the request once and reads the answer, within the limit.
pub(crate) async fn attempt(request: impl Future<Output = Sent>, limit: Instant) -> Attempt {
    attempt_to_read(BODY_LIMIT, request, limit).await
}

/// The same for an answer of which so many bytes are read.
pub(crate) async fn attempt_to_read(
    most: usize,
    request: impl Future<Output = Sent>,
    limit: Instant,
) -> Attempt {
    let Ok(sent) = timeout_at(limit, request).await else {
        return Attempt::MaybeSent(failure(
            FailureReason::Timeout,
            "no answer within the attempt timeout",
        ));
    };
    use progenitor_client::Error as Generated;
    match sent {
        Ok(response) if has_two_lengths(response.headers()) => {
            Attempt::MaybeSent(failure(FailureReason::Broken, "the answer states two lengths"))
        }
        Ok(response) => Attempt::Answered(Box::new(read_answer(response, most, limit).await)),
        Err(Generated::CommunicationError(error)) => unanswered(error),
        Err(Generated::Custom(reason) | Generated::InvalidRequest(reason)) => {
            Attempt::NotSent(failure(FailureReason::Guard, reason))
        }
        // The opened responses leave nothing else, but "nothing else" must not rest on that.
        Err(_) => Attempt::MaybeSent(failure(
            FailureReason::Broken,
            "the generated client could not read the answer",
        )),
    }
}

/// RFC 9112 section 6.3 calls this unrecoverable: two answers may have been mixed. hyper refuses it too, but not
/// where the status says that there is no body.
fn has_two_lengths(headers: &HeaderMap) -> bool {
    let mut lengths = headers.get_all(CONTENT_LENGTH).iter();
    lengths
        .next()
        .is_some_and(|first| lengths.any(|other| other != first))
}

/// Reads at most so many bytes, and not past the limit in time.
async fn read_answer(mut response: Response, most: usize, limit: Instant) -> Answer {
    let received = SystemTime::now();
    let (status, headers) = (response.status().as_u16(), std::mem::take(response.headers_mut()));
    let read = async {
        let mut bytes = Vec::new();
        loop {
            match response.chunk().await {
                Ok(None) => return Body::Complete(bytes),
                Ok(Some(chunk)) if bytes.len() + chunk.len() > most => return Body::TooLong,
                Ok(Some(chunk)) => bytes.extend_from_slice(&chunk),
                Err(_) => return Body::Cut,
            }
        }
    };
    let body = timeout_at(limit, read).await.unwrap_or(Body::Cut);
    Answer::new(status, headers, body, received)
}

/// Sorts a transport error. `is_connect` is asked before anything else: a time-out while connecting is both.
fn unanswered(error: reqwest::Error) -> Attempt {
    let error = error.without_url();
    let message = chain(&error);
    if error.is_builder() {
        return Attempt::NotSent(failure(FailureReason::Guard, message));
    }
    if error.is_connect() {
        let reason = if is_tls(&error) {
            FailureReason::Tls
        } else {
            FailureReason::Connect
        };
        return Attempt::NotSent(failure(reason, message));
    }
    let reason = if error.is_timeout() {
        FailureReason::Timeout
    } else {
        FailureReason::Broken
    };
    Attempt::MaybeSent(failure(reason, message))
}

fn failure(reason: FailureReason, message: impl Into<String>) -> Failure {
    Failure {
        reason,
        message: message.into(),
    }
}

/// Is an error of the TLS library somewhere in the chain? It hides in I/O errors, one in another, which
/// `source()` passes over.
fn is_tls(error: &(dyn Error + 'static)) -> bool {
    let inner = error
        .downcast_ref::<std::io::Error>()
        .and_then(std::io::Error::get_ref);
    error.is::<rustls::Error>()
        || inner.is_some_and(|inner| is_tls(inner))
        || error.source().is_some_and(is_tls)
}

/// The texts of an error and its causes, without repetitions.
pub(crate) fn chain(error: &dyn Error) -> String {
    let mut texts: Vec<String> = Vec::new();
    let mut next = Some(error);
    while let Some(error) = next {
        let text = error.to_string();
        if texts.last().is_none_or(|last| !last.contains(&text)) {
            texts.push(text);
        }
        next = error.source();
    }
    texts.join(": ")
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use wiremock::matchers::any;
    use wiremock::{Mock, MockServer, ResponseTemplate};

    use super::*;

    #[tokio::test]
    async fn a_body_is_read_up_to_64_kib_and_not_a_byte_further() {
        for (length, read) in [
            (65_536, Body::Complete(vec![b' '; 65_536])),
            (65_537, Body::TooLong),
        ] {
            let server = MockServer::start().await;
            let answer = ResponseTemplate::new(200).set_body_bytes(vec![b' '; length]);
            Mock::given(any()).respond_with(answer).mount(&server).await;
            let client = reqwest::Client::builder().no_proxy().build().unwrap();
            let response = client.get(server.uri()).send().await.unwrap();
            let limit = Instant::now() + Duration::from_secs(60);
            let attempt = attempt(async { Ok(response) }, limit).await;
            let Attempt::Answered(answer) = attempt else {
                panic!("{attempt:?}")
            };
            assert!(answer.body == read, "{length} bytes");
        }
    }
}
