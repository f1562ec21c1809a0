//! No secret in any text: not in errors, proofs, their serialized forms and causes, and not in what any crate of
//! the tree logs at TRACE, whatever the server echoes.
#![cfg(feature = "fakes")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::error::Error;
use std::fmt::{self, Write as _};
use std::sync::{Mutex, Once, PoisonError};

use keyrevoke::fakes::{Fake, Reply};
use keyrevoke::{AnyRevoker, Credential, KeyRef, ProviderInfo, RetryPolicy, Revoke, RevokeResult, Secret};
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::{TestCaseError, TestRunner};
use serde_json::json;
use tracing::field::{Field, Visit};
use tracing::span;

/// Everything that was logged.
static LOG: Mutex<String> = Mutex::new(String::new());

struct Everything;

struct Texts;

impl Visit for Texts {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        writeln!(LOG.lock().unwrap(), "{field}={value:?}").unwrap();
    }
}

impl tracing::Subscriber for Everything {
    fn enabled(&self, _: &tracing::Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, span: &span::Attributes<'_>) -> span::Id {
        span.record(&mut Texts);
        span::Id::from_u64(1)
    }

    fn record(&self, _: &span::Id, values: &span::Record<'_>) {
        values.record(&mut Texts);
    }

    fn event(&self, event: &tracing::Event<'_>) {
        writeln!(LOG.lock().unwrap(), "{}", event.metadata().target()).unwrap();
        event.record(&mut Texts);
    }

    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}

    fn enter(&self, _: &span::Id) {}

    fn exit(&self, _: &span::Id) {}
}

/// reqwest and others log by the older crate.
impl log::Log for Everything {
    fn enabled(&self, _: &log::Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &log::Record<'_>) {
        writeln!(LOG.lock().unwrap(), "{} {}", record.target(), record.args()).unwrap();
    }

    fn flush(&self) {}
}

/// Neither begins as a known vendor's secrets do: they must be known by being ours.
const CANARY: &str = "Canary.7Qx-secret_of_the_administrator";
/// A key's own secret, which a server may show too. Only its beginning gives it away, so it must be a word.
const LEAKED: &str = "sk_live_CanaryOfTheKey0123456789";

/// The echo in a place of an answer where a careless server could put it.
#[derive(Clone, Debug)]
struct Echo {
    status: u16,
    form: usize,
    place: usize,
    header: usize,
    leaked: bool,
}

fn echo() -> impl Strategy<Value = Echo> {
    let statuses = [
        200, 202, 204, 301, 307, 400, 401, 403, 404, 409, 422, 429, 500, 503, 999,
    ];
    let places = (0..FORMS.len(), 0..7_usize, 0..6_usize, any::<bool>());
    (select(statuses.to_vec()), places).prop_map(|(status, (form, place, header, leaked))| Echo {
        status,
        form,
        place,
        header,
        leaked,
    })
}

const FORMS: [fn(&str) -> String; 7] = [
    |secret| secret.to_owned(),
    |secret| format!("Bearer {secret}"),
    |secret| format!("bad token '{secret}', {secret}{secret}"),
    |secret| secret.to_uppercase(),
    |secret| secret.to_lowercase(),
    |secret| format!("{}{secret}", "x".repeat(495)),
    |secret| format!("\r\n\u{1b}[31m{secret}\u{202e}"),
];
const WORDS: usize = 5; // the first forms

impl Echo {
    fn reply(&self, canary: &str) -> Reply {
        let text = if self.leaked {
            FORMS[self.form % WORDS](LEAKED)
        } else {
            FORMS[self.form](canary)
        };
        let text = text.as_str();
        let body = match self.place {
            0 => json!({ "detail": text }),
            1 => json!({ "detail": [{ "loc": ["header", text], "msg": text }] }),
            2 => json!({ "title": text, "type": text, "status": 409 }),
            3 => json!({ "error": { "message": text, "code": text } }),
            4 => json!({ "errors": { text: [text] }, "message": [text, text] }),
            5 => json!({ "error": text, "code": text, "details": [{ "field": text, "message": text }] }),
            _ => json!({ "status": text, "api_key_id": text, "detail": text }),
        };
        let one_line: String = text.chars().filter(|c| matches!(c, ' '..='~')).collect();
        let reply = Reply::new(self.status).with_json(body);
        match self.header {
            0 => reply.with_header("x-request-id", one_line),
            1 => reply.with_header(
                "location",
                format!("https://{one_line}.example.org/{one_line}?{one_line}"),
            ),
            2 => reply.with_header("retry-after", one_line),
            3 => Reply::new(self.status).with_body(&format!("text/{one_line}"), text),
            4 => reply.with_header("set-cookie", one_line),
            _ => reply,
        }
    }
}

/// A secret of a form that the provider takes, with the canary in it.
fn secret_for(provider: &ProviderInfo) -> String {
    let mut forms = ["", "xoxb-", "ghp_", "gho_", "glpat-"]
        .into_iter()
        .map(|form| format!("{form}{CANARY}"));
    let fits = |text: &String| provider.check_secret(&Secret::new(text.clone()).unwrap()).is_ok();
    forms.find(fits).expect("a form")
}

/// Everything that an application could print of a result.
fn all_texts(result: &RevokeResult) -> String {
    let mut texts = serde_json::to_string(
        result
            .as_ref()
            .map_or_else(|e| json!(e), |d| json!(d))
            .as_object()
            .unwrap(),
    )
    .unwrap();
    match result {
        Ok(dead) => write!(texts, "{dead} {dead:?} {dead:#?} {}", dead.next_step()).unwrap(),
        Err(error) => {
            write!(texts, "{error} {error:?} {error:#?} {}", error.next_step()).unwrap();
            let mut cause: Option<&dyn Error> = Some(error);
            while let Some(error) = cause {
                write!(texts, "{error} {error:?}").unwrap();
                cause = error.source();
            }
        }
    }
    texts
}

fn hides(text: &str, what: &str) -> Result<(), TestCaseError> {
    let text = text.to_lowercase();
    let secrets = [CANARY, LEAKED, "Y2xpZW50"].map(str::to_lowercase);
    let found = secrets.iter().any(|secret| text.contains(secret.as_str()));
    prop_assert!(!found, "{what}: {text}");
    Ok(())
}

/// Sends every echo at every provider, one after another, because what is logged belongs to the process.
fn for_every_echo(check: impl Fn(&RevokeResult, &AnyRevoker) -> Result<(), TestCaseError>) {
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    static LISTENING: Once = Once::new();
    let _alone = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    LISTENING.call_once(|| {
        tracing::subscriber::set_global_default(Everything).unwrap();
        log::set_logger(&Everything).unwrap();
        log::set_max_level(log::LevelFilter::Trace);
    });
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let fakes: Vec<(Fake, AnyRevoker, Option<String>)> = keyrevoke::providers()
        .iter()
        .map(|provider| {
            let fake = runtime.block_on(Fake::start(provider.name())).unwrap();
            // Where two values are wanted, the second is the secret one.
            let pairs = provider
                .credentials()
                .first() // which is what plain text is taken for
                .is_some_and(|form| {
                    form.contains(":PASSWORD") || form.contains("FIRST:") || form.contains("ID:SECRET")
                });
            let text = if pairs {
                format!("client:{CANARY}")
            } else {
                CANARY.to_owned()
            };
            let mut builder = fake.builder().with_retry(RetryPolicy::immediate());
            // Where there is a key that is a secret, its own is what must not come out.
            let by_secret = provider.revokes_by_secret();
            if !by_secret {
                builder = builder.with_credential(Credential::from_text(text));
            }
            let own = by_secret.then(|| secret_for(provider));
            (fake, builder.build().unwrap(), own)
        })
        .collect();
    let cases = std::env::var("PROPTEST_CASES")
        .ok()
        .and_then(|given| given.parse().ok());
    let mut runner = TestRunner::new(ProptestConfig {
        cases: cases.unwrap_or(256),
        failure_persistence: None,
        ..ProptestConfig::default()
    });
    let which = select((0..fakes.len()).collect::<Vec<_>>());
    runner
        .run(&(which, echo()), |(which, echo)| {
            LOG.lock().unwrap().clear();
            let (fake, revoker, own) = &fakes[which];
            fake.answer_next(echo.reply(own.as_deref().unwrap_or(CANARY)));
            let key = match own {
                Some(secret) => {
                    KeyRef::of_secret(fake.provider(), Secret::new(secret.as_str()).unwrap()).unwrap()
                }
                None => fake.new_key(),
            };
            let result = runtime.block_on(revoker.revoke(&key));
            fake.behave();
            check(&result, revoker)
        })
        .unwrap();
}

#[test]
fn row_095_no_echo_brings_a_secret_into_any_text() {
    for_every_echo(|result, revoker| {
        hides(&all_texts(result), "result")?;
        hides(&format!("{revoker:?}"), "revoker")
    });
}

#[test]
fn row_096_no_echo_brings_a_secret_into_any_log() {
    // Looked at within each case: afterwards the log may be another test's.
    let seen = RefCell::new(BTreeSet::new());
    let targets = ["keyrevoke", "hyper_util", "reqwest"];
    for_every_echo(|_, _| {
        let log = LOG.lock().unwrap_or_else(PoisonError::into_inner).clone();
        seen.borrow_mut()
            .extend(targets.into_iter().filter(|target| log.contains(target)));
        hides(&log, "log")
    });
    assert_eq!(seen.into_inner(), BTreeSet::from(targets), "what was captured");
}
