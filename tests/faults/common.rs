//! What the rows have in common.

use std::time::Duration;

use keyrevoke::fakes::{Fake, Reply};
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

/// Can an answer of this provider be a proof?
pub(crate) fn can_confirm(provider: &str) -> bool {
    keyrevoke::provider(provider).unwrap().can_confirm()
}

/// Is a credential given to this provider's revoker?
pub(crate) fn takes_credential(provider: &str) -> bool {
    !keyrevoke::provider(provider).unwrap().takes_no_credential()
}

/// The providers that may be asked again.
pub(crate) fn repeating() -> impl Iterator<Item = &'static str> {
    providers()
        .filter(|(_, sends)| *sends > 1)
        .map(|(provider, _)| provider)
}

/// What a provider's fake that always answers this gives, and how many requests it saw.
pub(crate) async fn answered(provider: &str, reply: &Reply) -> (RevokeResult, usize) {
    let fake = Fake::start(provider).await.unwrap();
    fake.answer_always(reply.clone());
    let revoker = fake
        .builder()
        .with_retry(RetryPolicy::immediate())
        .build()
        .unwrap();
    let result = revoker.revoke(&fake.new_key()).await;
    (result, fake.requests().len())
}

/// Every provider answers this with an error of this kind and state after so many requests.
pub(crate) async fn everywhere(
    reply: Reply,
    kind: ErrorKind,
    state: KeyState,
    requests: impl Fn(&str) -> usize,
) {
    for (provider, _) in providers() {
        let (result, sent) = answered(provider, &reply).await;
        assert_eq!(
            summary(&error(result)),
            (kind, state, Delivery::Answered),
            "{provider}: {reply:?}"
        );
        assert_eq!(sent, requests(provider), "{provider}: {reply:?}");
    }
}

/// Once, or twice where a repeat names the state of the key.
pub(crate) fn twice_if_conclusive(provider: &str) -> usize {
    let conclusive = keyrevoke::provider(provider).unwrap().repeat() == keyrevoke::Repeat::Conclusive;
    if conclusive { 2 } else { 1 }
}
