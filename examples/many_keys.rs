//! Keys of several providers, as an incident's list has them: planned as a whole, then revoked with
//! progress, and what is left to do at the end. Runs against the built-in fakes:
//! `cargo run --features fakes --example many_keys`.

use std::error::Error;

use keyrevoke::fakes::Fake;
use keyrevoke::journal::{MemoryJournal, receipts};
use keyrevoke::{KeyRef, KeyState, Registry};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let (mut fakes, mut registry, mut list) = (Vec::new(), Registry::new(), Vec::<KeyRef>::new());
    for provider in keyrevoke::providers() {
        let fake = Fake::start(provider.name()).await?;
        registry = registry.with(fake.builder().build()?);
        // In an application: `"devin:apk-…".parse()`, or `KeyRef::of_secret` where a provider is told the secret itself.
        list.extend([fake.new_key(), fake.unknown_key()]);
        fakes.push(fake);
    }
    // In an application: a FileJournal, so that a crash loses nothing.
    let journal = MemoryJournal::new();
    let registry = registry.with_journal(journal.clone()).with_operator("example");

    // Everything is checked before anything is sent.
    let plan = registry.plan(list)?;
    let (total, mut done) = (plan.len(), 0);

    let mut run = plan.revoke_all();
    while let Some((key, result)) = run.next().await {
        done += 1;
        println!("[{done:>2}/{total}] {:<8} {key}", KeyState::from(&result));
    }
    println!("\nleft to do:");
    for receipt in receipts(&journal).await? {
        if let Some(Err(error)) = &receipt.result {
            println!("{}: {}", receipt.key, error.next_step());
        }
    }
    Ok(())
}
