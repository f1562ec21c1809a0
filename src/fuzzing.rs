//! The way in for the targets in `fuzz/`: one answer, judged and reported as in a call, without a network. cargo fuzz
//! sets `cfg(fuzzing)`; no other build has this module.

use std::time::{Duration, SystemTime};

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};

use crate::answer::{Answer, Attempt, Body};
use crate::client::{judged, report};
use crate::credential::Credential;
use crate::input::InvalidInput;
use crate::outcome::RevokeResult;
use crate::providers::ProviderInfo;
use crate::retry::{Ended, Memory};
use crate::verdict::Meaning;

/// What came back for a request with this secret.
#[derive(Clone, Debug)]
pub struct Answered<'a> {
    /// The credential, as text.
    pub secret: &'a str,
    /// Did something before leave doubt?
    pub in_doubt: bool,
    /// From 100 to 999.
    pub status: u16,
    /// Names and values; what HTTP does not allow is left out.
    pub headers: Vec<(&'a [u8], &'a [u8])>,
    /// `None` if it was cut off.
    pub body: Option<&'a [u8]>,
}

/// What a call says whose last attempt got this answer.
pub fn reported(provider: &ProviderInfo, answered: &Answered<'_>) -> Result<RevokeResult, InvalidInput> {
    let about = provider.entry().about();
    let credential = Credential::from_text(answered.secret).prepare(about.name, about.credentials)?;
    let mut headers = HeaderMap::new();
    for (name, value) in &answered.headers {
        if let (Ok(name), Ok(value)) = (HeaderName::from_bytes(name), HeaderValue::from_bytes(value)) {
            headers.append(name, value);
        }
    }
    let body = answered
        .body
        .map_or(Body::Cut, |bytes| Body::Complete(bytes.to_vec()));
    // The same moment always, or what was found could not be found again.
    let received = SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_305_600);
    let attempt = Attempt::Answered(Box::new(Answer::new(answered.status, headers, body, received)));
    let (attempted, seen) = judged(about, &parameters(provider)?, &attempt, &credential.redactor);
    let mut memory = Memory {
        earlier_doubt: answered.in_doubt,
        ..Memory::default()
    };
    memory.record(&attempted.verdict);
    let ended = Ended {
        memory,
        decisive: Some((attempted, seen)),
        in_doubt: answered.in_doubt,
        gave_up: None,
    };
    Ok(report(about, ended))
}

/// The key that was to die, by the path parameters of the request.
pub fn parameters(provider: &ProviderInfo) -> Result<Vec<(&'static str, String)>, InvalidInput> {
    let entry = provider.entry();
    entry.parameters(&(entry.fake().key)(7))
}

/// Has the provider a rule by which this status can be a death?
pub fn may_prove(provider: &ProviderInfo, status: u16) -> bool {
    let mut rules = provider.entry().about().rules.iter();
    rules.any(|rule| rule.status == status && matches!(rule.meaning, Meaning::Dead(..)))
}
