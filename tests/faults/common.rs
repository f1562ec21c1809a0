//! What the rows have in common.

use std::time::Duration;

use keyrevoke::fakes::Fake;
use keyrevoke::{
    AnyProvider, AnyRevoker, Builder, Delivery, ErrorKind, KeyRef, KeyState, RetryPolicy, Revoke,
    RevokeError, RevokeResult,
};

/// How long an attempt may take against servers that hold on for much longer.
pub(crate) const ATTEMPT: Duration = Duration::from_millis(600);

/// A builder without pauses, whose attempts end soon, for a server of this address; and a key.
pub(crate) async fn builder(provider: &str, url: &str) -> (Builder<AnyProvider>, KeyRef) {
    let fake = Fake::start(provider).await.unwrap();
    let builder = fake
        .builder()
        .with_base_url(url)
        .with_retry(RetryPolicy::immediate())
        .with_attempt_timeout(ATTEMPT);
    (builder, fake.new_key())
}

/// Revokes one key of a provider whose server has this address.
pub(crate) async fn revoke_at(provider: &str, url: &str) -> RevokeResult {
    let (builder, key) = builder(provider, url).await;
    builder.build().unwrap().revoke(&key).await
}

/// A revoker for a fake that is reached by another address.
pub(crate) fn through(fake: &Fake, url: &str) -> AnyRevoker {
    fake.builder()
        .with_base_url(url)
        .with_retry(RetryPolicy::immediate())
        .build()
        .unwrap()
}

pub(crate) fn error(result: RevokeResult) -> RevokeError {
    result.expect_err("not confirmed dead")
}

/// Kind, state and delivery, which is what most rows are about.
pub(crate) fn summary(error: &RevokeError) -> (ErrorKind, KeyState, Delivery) {
    (error.kind(), error.key_state(), error.delivery())
}

pub(crate) const NOT_SENT: (ErrorKind, KeyState, Delivery) =
    (ErrorKind::NotSent, KeyState::Live, Delivery::NotSent);
pub(crate) const NO_ANSWER: (ErrorKind, KeyState, Delivery) =
    (ErrorKind::NoAnswer, KeyState::Unknown, Delivery::MaybeSent);

/// Every provider of the table, with how many times it may be sent what got no answer.
pub(crate) fn providers() -> impl Iterator<Item = (&'static str, usize)> {
    keyrevoke::providers().iter().map(|provider| {
        let never = provider.repeat() == keyrevoke::Repeat::Never || provider.may_reuse_ids();
        (provider.name(), if never { 1 } else { 2 })
    })
}

/// The providers that may be asked again.
pub(crate) fn repeating() -> impl Iterator<Item = &'static str> {
    providers()
        .filter(|(_, sends)| *sends > 1)
        .map(|(provider, _)| provider)
}
