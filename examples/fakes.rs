//! How an application tests its own code against the fakes: every answer that a provider can give, and some
//! that it never should. `cargo run --features fakes --example fakes`.

use std::error::Error;
use std::time::Duration;

use keyrevoke::fakes::{Fake, Reply};
use keyrevoke::{ErrorKind, KeyState, RetryPolicy, Revoke};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    for provider in keyrevoke::providers() {
        let fake = Fake::start(provider.name()).await?;
        let revoker = fake
            .builder()
            .with_retry(RetryPolicy::none())
            .with_attempt_timeout(Duration::from_secs(5))
            .build()?;
        for (reply, kind, state) in [
            (Reply::new(403), ErrorKind::PermissionDenied, KeyState::Live),
            (
                Reply::new(429).with_header("retry-after", "30"),
                ErrorKind::RateLimited,
                KeyState::Live,
            ),
            (
                Reply::new(503).carried_out(),
                ErrorKind::Unavailable,
                KeyState::Unknown,
            ),
            (
                Reply::new(200).with_body("text/html", "<p>Sign in to Wi-Fi"),
                ErrorKind::UnexpectedAnswer,
                KeyState::Unknown,
            ),
        ] {
            fake.answer_next(reply);
            let Err(error) = revoker.revoke(&fake.new_key()).await else {
                return Err("none of these answers is a death".into());
            };
            assert_eq!((error.kind(), error.key_state()), (kind, state));
            println!("{error}");
        }
        assert_eq!(fake.requests().len(), 4, "each call sent one request");
    }
    Ok(())
}
