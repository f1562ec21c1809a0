//! One key, one verdict, and what to do in each state. Runs against the built-in fake:
//! `cargo run --features fakes --example one_key`.

use std::error::Error;

use keyrevoke::fakes::Fake;
use keyrevoke::{Credential, KeyState, Revoke, dolfin};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let provider = Fake::start("dolfin").await?; // in an application: the real one
    let key: dolfin::KeyId = provider.new_key().key().parse()?;

    let revoker = dolfin::builder()
        .with_base_url(provider.base_url()) // in an application: leave it out
        .with_credential(Credential::api_key(provider.credential_text()))
        .build()?;

    let result = revoker.revoke(&key).await;
    match (KeyState::from(&result), result) {
        (_, Ok(dead)) => println!("{key}: {dead}"),
        (KeyState::Live, Err(error)) => println!("{key} still works: {error}\nnext: {}", error.next_step()),
        (_, Err(error)) => println!("{key} is in doubt: {error}\nnext: {}", error.next_step()),
    }
    Ok(())
}
