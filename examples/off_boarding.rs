//! A person leaves: which keys are theirs, kill them, and say what is left to do. From the person to a list, from the
//! list to a plan, from the plan to a run, from the run to a report. Runs against the built-in fakes:
//! `cargo run --features fakes --example off_boarding`.

use std::error::Error;

use keyrevoke::fakes::Fake;
use keyrevoke::journal::{MemoryJournal, receipts};
use keyrevoke::{AnyRevoker, Checks, KeyFilter, KeyInfo, KeyState, Registry, Revoke, Verification};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let fake = Fake::start("devin").await?; // in an application: the real one
    for _ in 0..4 {
        fake.new_key();
    }
    let revokers = [fake.builder().build()?];
    let person = "person-0@example.com";

    // A provider that cannot be listed, or whose list breaks off, ends the job before anything is sent: half of the keys
    // would look like all of them.
    let mut keys = Vec::new();
    for revoker in &revokers {
        let (theirs, unclear) = keys_of(revoker, person).await?;
        println!("{}: keys of {person}: {}", revoker.provider(), theirs.len());
        for key in unclear {
            println!("  {} names no owner: ask who uses it", key.key());
        }
        keys.extend(theirs);
    }

    let journal = MemoryJournal::new(); // in an application: FileJournal::open("off-boarding.jsonl")?
    let mut registry = Registry::new()
        .with_journal(journal.clone())
        .with_operator("off-boarding job")
        .with_checks(Checks::new().with_verification(Verification::new()));
    for revoker in revokers {
        registry = registry.with(revoker);
    }
    let plan = registry.plan(keys.iter().map(|key| key.key().clone()))?;
    for planned in plan.iter() {
        println!("will revoke {}", planned.key());
    }

    let mut run = plan.revoke_all();
    while let Some((key, result)) = run.next().await {
        println!("{:<8} {key}", KeyState::from(&result));
    }
    for receipt in receipts(&journal).await? {
        match &receipt.result {
            Some(Ok(dead)) => println!("{}: {dead}", receipt.key),
            Some(Err(error)) => println!("{}: {error}; next: {}", receipt.key, error.next_step()),
            None => println!("{}: in flight; next: verify at the provider", receipt.key),
        }
    }
    assert_eq!(
        keys.len(),
        1,
        "the fake gives every other key to a person of its own"
    );
    assert!(!fake.is_live(keys[0].key()));
    Ok(())
}

/// The keys that work and are this person's, and those of which the provider does not say whose they are.
async fn keys_of(revoker: &AnyRevoker, person: &str) -> Result<(Vec<KeyInfo>, Vec<KeyInfo>), Box<dyn Error>> {
    let filter = KeyFilter::new().with_owner(person);
    let (mut theirs, mut unclear) = (Vec::new(), Vec::new());
    let mut all = revoker.list(&KeyFilter::new());
    while let Some(key) = all.next().await {
        let key = key?;
        if key.state() == KeyState::Dead {
            continue;
        }
        if filter.matches(&key) {
            theirs.push(key);
        } else if filter.is_undecided(&key) {
            unclear.push(key);
        }
    }
    Ok((theirs, unclear))
}
