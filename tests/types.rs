//! At home with others: what every public type is, and how results go through `?` into the error types of applications.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use keyrevoke::*;

fn shared<T: Send + Sync + 'static>() {}
fn sent<T: Send + 'static>() {}

#[test]
fn every_type_is_send_sync_and_static() {
    shared::<(
        Acceptance,
        AnyProvider,
        AnyRevoker,
        AttemptEnd<'static>,
        AttemptStart<'static>,
    )>();
    shared::<(
        Attestation,
        BuildError,
        Builder<dolfin::Dolfin>,
        Builder<AnyProvider>,
        Capabilities,
    )>();
    shared::<(
        Checks,
        ClientOptions,
        Count,
        Counters,
        Credential,
        Delivery,
        Detached,
        Disposition,
    )>();
    shared::<(
        ErrorKind,
        Evidence,
        Expectation,
        Fact,
        FieldError,
        GaveUp,
        InvalidInput,
        KeyFilter,
    )>();
    shared::<(
        KeyInfo,
        KeyRef,
        KeyState,
        KeyStatus,
        Manual,
        Match,
        Plan,
        PlanError,
        PlanProblem,
    )>();
    shared::<(
        Planned<'static>,
        ProviderInfo,
        Registry,
        Repeat,
        RetryPolicy,
        Revocation,
        RevokeError,
    )>();
    shared::<(
        RevokeResult,
        Revoker<dolfin::Dolfin>,
        Secret,
        Stopper,
        Verification,
        Veto,
        Which,
    )>();
    shared::<(
        Box<dyn Observer>,
        Box<dyn CredentialSource>,
        dolfin::KeyId,
        kadosei::Key,
    )>();
    // Streams and futures: whoever polls them has them alone.
    sent::<(Run, Keys, BoxFuture<'static, ()>)>();
    {
        use keyrevoke::journal::*;
        shared::<(
            FileJournal,
            JournalEntry,
            JournalError,
            JournalErrorKind,
            JournalRecord,
        )>();
        shared::<(MemoryJournal, Receipt, Receipts, Box<dyn Journal>)>();
    }
    #[cfg(feature = "fakes")]
    shared::<(fakes::Fake, fakes::Received, fakes::Reply)>();
    #[cfg(feature = "blocking")]
    shared::<blocking::Revoker<Revoker<dolfin::Dolfin>>>();
}

/// Traits cannot be listed as types; everything else that the crate's root names must be in the test above.
#[test]
fn no_type_is_forgotten() {
    const TRAITS: &[&str] = &["BuildTarget", "Provider", "Revoke", "Within"];
    let root = include_str!("../src/lib.rs");
    let this = include_str!("types.rs");
    let (test, _) = this.split_once("no_type_is_forgotten").unwrap();
    let named = |text: &str, name: &str| {
        text.split(|c: char| !c.is_alphanumeric() && c != '_')
            .any(|word| word == name)
    };
    let uses = root
        .split("pub use ")
        .skip(1)
        .filter_map(|text| text.split_once(';'));
    let mut count = 0;
    for (list, _) in uses {
        for name in list.split(|c: char| !c.is_alphanumeric() && c != '_') {
            if name.starts_with(char::is_uppercase) && !TRAITS.contains(&name) {
                assert!(named(test, name), "{name} is in no list of the test above");
                count += 1;
            }
        }
    }
    assert!(count > 40, "{count}");
}

fn refused() -> RevokeResult {
    let input: Result<KeyRef, InvalidInput> = "dolfin:".parse();
    Err(RevokeError::from(input.unwrap_err()))
}

#[test]
fn results_go_through_the_question_mark() {
    fn plain() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        refused()?;
        Ok(())
    }
    fn with_anyhow() -> anyhow::Result<()> {
        use anyhow::Context;
        refused().context("the nightly job")?;
        let _: KeyRef = "dolfin:".parse()?;
        Ok(())
    }
    fn with_miette() -> miette::Result<()> {
        use miette::IntoDiagnostic;
        refused().into_diagnostic()?;
        Ok(())
    }
    let error = plain().unwrap_err();
    assert_eq!(
        error.downcast_ref::<RevokeError>().unwrap().key_state(),
        KeyState::Live
    );
    let error = with_anyhow().unwrap_err();
    assert_eq!(
        error.downcast_ref::<RevokeError>().unwrap().kind(),
        ErrorKind::InvalidInput
    );
    assert!(error.chain().any(|cause| cause.is::<InvalidInput>()));
    let report = with_miette().unwrap_err();
    assert!(report.to_string().contains("invalid input"), "{report}");
}
