//! A provider of one's own, described as data, tested as those of this crate are, and used like them.
//! `cargo run --features fakes --example own_provider`.

use std::error::Error;

use keyrevoke::fakes::Fake;
use keyrevoke::{Checks, ProviderInfo, Registry, Verification, conformance};
use serde_json::json;

/// What the handbook of the platform team says.
fn acme() -> Result<ProviderInfo, keyrevoke::BuildError> {
    let description = json!({
        "vendor": "Acme keys",
        "credential": "header x-acme-admin",
        "credential_help": "a token of the platform team",
        "method": "POST",
        "path": "/v1/projects/{project}/keys/{id}/revoke",
        "ids": { "project": "text", "id": "uuid" },
        "json": { "reason": "leaked" },
        "rules": [
            {
                "status": 200,
                "body": { "id": "{id}", "state": "revoked" },
                "means": "revoked",
                "source": "Acme handbook, Keys",
                "read": "2026-11-22",
            },
            {
                "status": 409,
                "body": { "code": "already_revoked" },
                "means": "already_revoked",
                "source": "Acme handbook, Keys",
                "read": "2026-11-22",
            },
        ],
        "repeat": { "is": "conclusive", "source": "Acme handbook, Keys", "read": "2026-11-22" },
        "ids_reused": { "is": "no", "source": "they are UUIDs", "read": "2026-11-22" },
        "list": {
            "path": "/v1/projects/{project}/keys",
            "items": "keys",
            "cursor": { "query": "after", "member": "next" },
            "source": "Acme handbook, Listing keys",
            "read": "2026-11-27",
        },
        "key": { "state": { "active": { "state": "active" }, "revoked": { "state": "revoked" } }, "name": "label" },
    });
    keyrevoke::describe("acme", &description)
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let acme = acme()?;
    for fact in acme.facts() {
        println!(
            "{} {} {} ({}, {})",
            fact.about, fact.answer, fact.means, fact.source, fact.read
        );
    }

    // In your own tests.
    conformance::check(&[acme]).await;

    // With base URL and credential of your own instead of a fake's.
    let (ours, devin) = (Fake::of(&acme).await, Fake::start("devin").await?);
    let registry = Registry::new()
        .with(ours.builder().build()?)
        .with(devin.builder().build()?)
        .with_checks(Checks::new().with_verification(Verification::new()));
    let mut run = registry.plan([ours.new_key(), devin.new_key()])?.revoke_all();
    while let Some((key, result)) = run.next().await {
        println!("{key}: {}", result?);
    }
    Ok(())
}
