//! Keys of several providers as text, as they stand in an incident's list. Runs against the built-in fakes:
//! `cargo run --features fakes --example many_keys`.

use std::collections::BTreeMap;
use std::error::Error;

use keyrevoke::fakes::Fake;
use keyrevoke::{AnyRevoker, KeyRef, KeyState, Revoke};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut fakes = Vec::new();
    let mut revokers: BTreeMap<String, AnyRevoker> = BTreeMap::new();
    let mut list = String::new();
    for provider in keyrevoke::providers() {
        let fake = Fake::start(provider.name()).await?;
        revokers.insert(provider.name().to_owned(), fake.builder().build()?);
        list.push_str(&format!("{}\n{}\n", fake.new_key(), fake.unknown_key()));
        fakes.push(fake);
    }

    // First read everything, so that nothing is sent if a line is wrong.
    let keys = list.lines().map(str::parse).collect::<Result<Vec<KeyRef>, _>>()?;
    for key in &keys {
        revokers[key.provider()].check(key)?;
    }

    let mut open = Vec::new();
    for key in keys {
        let result = revokers[key.provider()].revoke(&key).await;
        println!("{:<8} {key}", KeyState::from(&result));
        if let Err(error) = result {
            open.push(format!("{key}: {}", error.next_step()));
        }
    }
    println!("\nleft to do:\n{}", open.join("\n"));
    Ok(())
}
