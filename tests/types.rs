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

/// Every provider's marker and key, whichever they are: the bounds of the trait say so, or this does not compile.
#[allow(dead_code)]
fn every_provider_and_its_key_are<P: Provider>() {
    shared::<(P, P::Key, Revoker<P>, <Revoker<P> as Revoke>::Key)>();
}

/// Every type that the crate's root and its modules name must be in the list above. Traits cannot be listed as types, and
/// the providers' modules are spoken for by their trait.
#[test]
fn no_type_is_forgotten() {
    const OTHERS: &[&str] = &["BuildTarget", "Provider", "Revoke", "SCHEMA", "Within"];
    let (list, _) = include_str!("types.rs")
        .split_once("every_provider_and_its_key_are")
        .unwrap();
    let listed: Vec<&str> = words(list).collect();
    let reexported = [include_str!("../src/lib.rs"), include_str!("../src/journal.rs")]
        .into_iter()
        .flat_map(|text| text.split("pub use ").skip(1))
        .filter_map(|text| text.split_once(';'))
        .flat_map(|(names, _)| words(names))
        .filter(|name| name.starts_with(char::is_uppercase));
    let of_modules = [
        include_str!("../src/blocking.rs"),
        include_str!("../src/conformance.rs"),
        include_str!("../src/fakes.rs"),
        include_str!("../src/journal.rs"),
        include_str!("../src/timestamp.rs"),
    ];
    let declared = of_modules.into_iter().flat_map(str::lines).filter_map(|line| {
        let name = line
            .strip_prefix("pub struct ")
            .or_else(|| line.strip_prefix("pub enum "))?;
        words(name).next()
    });
    let mut count = 0;
    for name in reexported.chain(declared).filter(|name| !OTHERS.contains(name)) {
        assert!(listed.contains(&name), "{name} is in no list of the test above");
        count += 1;
    }
    assert!(count > 60, "{count}");
    // Another public module would have to be read here too.
    let root = include_str!("../src/lib.rs");
    let modules: Vec<&str> = root
        .lines()
        .filter_map(|line| line.strip_prefix("pub mod ")?.split([';', ' ']).next())
        .collect();
    assert_eq!(
        modules,
        [
            "blocking",
            "conformance",
            "fakes",
            "fuzzing",
            "guide",
            "journal",
            "timestamp"
        ]
    );
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_alphanumeric() && c != '_')
        .filter(|word| !word.is_empty())
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
    let cause = error
        .downcast_ref::<RevokeError>()
        .unwrap()
        .cause::<InvalidInput>();
    assert!(cause.unwrap().subject().starts_with("key"));
    assert!(
        error
            .downcast_ref::<RevokeError>()
            .unwrap()
            .cause::<BuildError>()
            .is_none()
    );
    let report = with_miette().unwrap_err();
    assert!(report.to_string().contains("invalid input"), "{report}");
}

#[cfg(feature = "miette")]
#[test]
fn miette_shows_the_code_and_the_next_step() {
    fn job() -> miette::Result<()> {
        let revoker = keyrevoke::builder("dolfin")?.build()?;
        let key: KeyRef = "dolfin:".parse()?;
        drop((revoker, key));
        Ok(())
    }
    fn later() -> miette::Result<()> {
        Err(RevokeError::new("dolfin", ErrorKind::NotFound, KeyState::Unknown))?;
        Ok(())
    }
    let shown = |report: &miette::Report| {
        let mut text = String::new();
        let handler = miette::NarratableReportHandler::new();
        handler.render_report(&mut text, report.as_ref()).unwrap();
        text
    };
    // No credential was given.
    let unbuilt = job().unwrap_err();
    assert_eq!(unbuilt.code().unwrap().to_string(), "keyrevoke::invalid_input");
    assert!(shown(&unbuilt).contains("credential"), "{}", shown(&unbuilt));
    let report = later().unwrap_err();
    assert_eq!(report.code().unwrap().to_string(), "keyrevoke::not_found");
    let next_step = RevokeError::new("dolfin", ErrorKind::NotFound, KeyState::Unknown).next_step();
    let text = shown(&report);
    assert!(text.contains(&*next_step), "{text}");
    assert!(text.contains("not found"), "{text}");
    assert_eq!(
        report.downcast_ref::<RevokeError>().unwrap().key_state(),
        KeyState::Unknown
    );
}

/// What error reporters print: the error, then the cause of each.
fn chain(error: &dyn std::error::Error) -> Vec<String> {
    let mut texts = vec![error.to_string()];
    let mut cause = error.source();
    while let Some(error) = cause {
        texts.push(error.to_string());
        cause = error.source();
    }
    texts
}

#[tokio::test]
async fn reporters_of_errors_print_no_cause_twice() {
    let invalid: InvalidInput = "no key".parse::<dolfin::KeyId>().unwrap_err();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let nobody = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let unbuilt = dolfin::builder().with_base_url("nowhere").build().unwrap_err();
    assert!(unbuilt.problems().len() > 1, "{unbuilt}");
    let revoker = dolfin::builder()
        .with_base_url(nobody)
        .with_credential(Credential::api_key("x"))
        .with_retry(RetryPolicy::none())
        .build()
        .unwrap();
    let key = "2f1d3c5e-8a4b-4c6d-9e7f-0123456789ab".parse().unwrap();
    let unreachable = revoker.revoke(&key).await.unwrap_err();
    assert_eq!(unreachable.kind(), ErrorKind::NotSent);
    let unplanned = Registry::new()
        .plan(["dolfin:1".parse::<KeyRef>().unwrap()])
        .unwrap_err();
    for error in [
        invalid.into(),
        unbuilt.into(),
        unreachable,
        RevokeError::from(unplanned),
    ] {
        let texts = chain(&error);
        for (index, text) in texts.iter().enumerate() {
            let before = texts[..index].join(": ");
            let part = text.lines().next().unwrap();
            assert!(!before.contains(part), "{texts:?}");
        }
        // Whoever prints the error alone reads why, too.
        assert!(texts[0].contains(error.detail().unwrap()), "{texts:?}");
    }
    // Another cause than what is said stays reachable.
    let caused = RevokeError::new("dolfin", ErrorKind::NotSent, KeyState::Live)
        .with_detail("no socket")
        .with_source(std::io::Error::other("out of files"));
    assert_eq!(chain(&caused).len(), 2);
    assert_eq!(chain(&caused)[1], "out of files");
}
