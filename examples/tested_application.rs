//! An application that revokes keys, and its tests: with a fake of its own for every verdict, and with the crate's fakes
//! for what is sent. `cargo test --features fakes --example tested_application`.

use std::error::Error;

use keyrevoke::fakes::Fake;
use keyrevoke::{KeyRef, KeyState, Revoke};

/// What the application does with a leaked key: it closes the ticket if the key is dead, and else wakes somebody up.
///
/// It takes whatever revokes: an [`AnyRevoker`](keyrevoke::AnyRevoker) in production, a fake in tests.
async fn on_leak<R: Revoke>(revoker: &R, key: &R::Key) -> Action {
    match revoker.revoke(key).await {
        Ok(_) => Action::CloseTicket,
        Err(error) => Action::Wake {
            urgent: error.key_state() == KeyState::Live,
            text: format!("{key}: {error}. {}", error.next_step()),
        },
    }
}

#[derive(Debug, PartialEq)]
enum Action {
    CloseTicket,
    Wake { urgent: bool, text: String },
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let fake = Fake::start("dolfin").await?;
    let revoker = fake.builder().build()?;
    let keys: [KeyRef; 2] = [fake.new_key(), fake.unknown_key()];
    for key in keys {
        println!("{:?}", on_leak(&revoker, &key).await);
    }
    Ok(())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic)] // a failed test may panic
mod tests {
    use keyrevoke::fakes::Reply;
    use keyrevoke::{Disposition, ErrorKind, Evidence, Revocation, RevokeError, RevokeResult};

    use super::*;

    /// A fake without a server: it gives what it was told to.
    struct Scripted(RevokeResult);

    impl Revoke for Scripted {
        type Key = String;

        fn provider(&self) -> &str {
            "scripted"
        }

        async fn revoke(&self, _key: &String) -> RevokeResult {
            self.0.clone()
        }
    }

    async fn action(result: RevokeResult) -> Action {
        on_leak(&Scripted(result), &"key-1".to_owned()).await
    }

    #[tokio::test]
    async fn a_dead_key_closes_the_ticket() {
        let dead = Revocation::new(
            "scripted",
            Disposition::AlreadyRevoked,
            [Evidence::ProviderAnswer],
        );
        assert_eq!(action(Ok(dead)).await, Action::CloseTicket);
    }

    #[tokio::test]
    async fn a_key_that_lives_is_urgent_and_one_in_doubt_is_not() {
        for (kind, state, wanted) in [
            (ErrorKind::PermissionDenied, KeyState::Live, true),
            (ErrorKind::NoAnswer, KeyState::Unknown, false),
        ] {
            let Action::Wake { urgent, text } = action(Err(RevokeError::new("scripted", kind, state))).await
            else {
                panic!("nobody is told of {kind}");
            };
            assert_eq!(urgent, wanted);
            assert!(text.starts_with("key-1: "), "{text}");
        }
    }

    #[tokio::test]
    async fn at_the_provider_one_request_is_sent_and_an_outage_is_no_death() {
        let fake = Fake::start("dolfin").await.unwrap();
        let revoker = fake
            .builder()
            .with_retry(keyrevoke::RetryPolicy::none())
            .build()
            .unwrap();
        let key = fake.new_key();
        fake.answer_next(Reply::new(503));
        assert!(matches!(
            on_leak(&revoker, &key).await,
            Action::Wake { urgent: false, .. }
        ));
        assert!(fake.is_live(&key));
        assert_eq!(on_leak(&revoker, &key).await, Action::CloseTicket);
        assert_eq!(fake.requests().len(), 2);
    }
}
