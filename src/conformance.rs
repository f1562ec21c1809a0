//! What any provider must keep, as tests for those of one's own, which [`describe`](crate::describe) takes.
//!
//! Each suite drives the revoker of a provider against its [fake](crate::fakes), on loopback, and asserts what was sent as
//! well as what came back. They are the suites that the providers of this crate pass.
//!
//! # Panics
//!
//! A suite panics where something is not kept, and says what: it is the body of a test.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // failing the test is what they are for

use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};

use crate::fakes::{Case, Fake, Reply};
use crate::verdict::Meaning;
use crate::{
    AnyRevoker, ClientOptions, Credential, Delivery, Disposition, ErrorKind, KeyRef, KeyState, KeyStatus,
    ProviderInfo, Repeat, RetryPolicy, Revocation, Revoke, RevokeError, RevokeResult,
};

/// Runs all suites over providers.
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
/// let acme = keyrevoke::describe("acme", &serde_json::json!({
///     "credential": "bearer",
///     "method": "DELETE",
///     "path": "/keys/{id}",
///     "ids": { "id": "text" },
///     "rules": [{ "status": 204, "means": "revoked", "source": "Acme handbook, Keys", "read": "2026-11-22" }],
/// }))?;
/// keyrevoke::conformance::check(&[acme]).await;
/// # Ok::<(), keyrevoke::BuildError>(()) })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub async fn check(providers: &[ProviderInfo]) {
    a_live_key_dies_by_one_documented_request(providers).await;
    a_dead_key_is_dead_where_the_provider_says_so_and_unknown_elsewhere(providers).await;
    a_key_that_nobody_knows_is_not_dead(providers).await;
    a_refused_credential_leaves_the_key_live(providers).await;
    doubt_survives_a_refusal(providers).await;
    a_gateway_that_fails_behind_a_done_revoke_never_makes_a_dead_key_live(providers).await;
    what_may_have_arrived_is_sent_at_most_twice_and_only_where_that_cannot_hurt(providers).await;
    no_policy_means_one_request(providers).await;
    rate_limits_are_waited_for_within_the_deadline_only(providers).await;
    redirects_are_not_followed(providers).await;
    accepted_is_not_dead(providers).await;
    no_other_answer_is_a_death(providers).await;
    a_captive_portal_is_not_a_success(providers).await;
    an_unreachable_provider_leaves_the_key_live(providers).await;
    ids_that_could_change_the_path_never_leave(providers).await;
    a_secret_in_the_place_of_an_id_is_refused_and_not_echoed(providers).await;
    a_bad_base_url_is_refused_at_construction(providers).await;
    everything_that_is_missing_is_said_at_once(providers).await;
    a_bad_credential_is_refused_and_not_shown(providers).await;
    timeouts_that_would_hide_whether_something_was_sent_are_refused(providers).await;
    what_a_provider_echoes_of_our_credential_is_redacted(providers).await;
    a_key_is_found_as_what_it_is_where_the_provider_can_be_asked(providers).await;
    a_request_that_the_provider_does_not_document_is_noticed(providers).await;
    what_takes_more_than_was_asked_is_not_sent_without_a_word(providers).await;
    a_list_has_every_live_key_once(providers).await;
    what_was_only_accepted_is_dead_once_a_look_shows_it(providers).await;
}

/// Runs what can be said of any [`Revoke`], over one that is made by hand.
///
/// `connect` makes it for a base URL, with a short deadline; `key` is a key of it; `success` the provider's documented
/// success for this key; and `secrets` what must not stand in any text, such as its credential. It is asked at servers on
/// loopback which give that success, other answers, redirects, or none at all.
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
/// use keyrevoke::{Credential, RetryPolicy, conformance, devin, fakes::Reply};
///
/// let connect = |base_url: &str| {
///     let builder = devin::builder().with_base_url(base_url).with_credential(Credential::bearer("apk_user_canary"));
///     builder.with_retry(RetryPolicy::none()).with_deadline(std::time::Duration::from_secs(1)).build().expect("these settings are sound")
/// };
/// let success = Reply::new(200).with_json(serde_json::json!({ "status": "success" }));
/// conformance::check_revoker(connect, "apk-abc123", success, &["apk_user_canary"]).await;
/// # });
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub async fn check_revoker<R: Revoke>(
    connect: impl Fn(&str) -> R,
    key: &str,
    success: Reply,
    secrets: &[&str],
) {
    let server = Answering::start().await;
    let revoker = connect(&server.url());
    let key = revoker.parse_key(key).expect("the key is one of this revoker's");
    let shows_nothing = |result: &RevokeResult| {
        let shown = match result {
            Ok(dead) => format!("{dead} {dead:#?} {}", serde_json::to_string(dead).unwrap()),
            Err(error) => format!("{error} {error:#?} {}", serde_json::to_string(error).unwrap()),
        };
        for secret in secrets {
            assert!(
                !shown.contains(secret),
                "a secret is shown: {}",
                shown.replace(secret, "[secret]")
            );
        }
    };

    server.answer(success.clone());
    let dead = revoker.revoke(&key).await;
    assert!(dead.is_ok(), "the documented success is no death: {dead:?}");
    shows_nothing(&dead);

    let echo = secrets.join(" ");
    for status in OTHER_STATUSES {
        let mut answers = vec![
            Reply::new(*status).with_json(json!({ "message": echo, "detail": echo, "error": echo })),
            Reply::new(*status).with_body("text/html", format!("<html>{echo}</html>")),
        ];
        if *status == success.status() {
            let bodies = other_bodies(&success).into_iter();
            answers.extend(bodies.map(|(media, body)| Reply::new(*status).with_body(media, body)));
        } else {
            answers.push(Reply::new(*status));
        }
        if matches!(status, 204 | 205) && *status == success.status() {
            continue; // a death without a body
        }
        for answer in answers {
            server.answer(answer.clone());
            let result = revoker.revoke(&key).await;
            assert!(result.is_err(), "{answer:?} is taken for {result:?}");
            shows_nothing(&result);
        }
    }

    let elsewhere = Elsewhere::new();
    for status in [301, 302, 303, 307, 308] {
        server.answer(Reply::new(status).with_header("location", elsewhere.url()));
        let result = revoker.revoke(&key).await;
        assert!(result.is_err(), "a redirect is taken for {result:?}");
    }
    assert_eq!(elsewhere.connections(), 0, "a redirect was followed");

    server.answer(success.with_delay(LONGEST_CALL * 2));
    let result = tokio::time::timeout(LONGEST_CALL, revoker.revoke(&key)).await;
    let result = result.expect("the call has a deadline of its own");
    let state = KeyState::from(&result);
    assert_eq!(state, KeyState::Unknown, "no answer is taken for {result:?}");

    let result = connect(&refusing_url()).revoke(&key).await;
    assert!(
        result.is_err(),
        "a server that is not there is taken for {result:?}"
    );
    shows_nothing(&result);
}

/// A call that takes longer has no deadline; those of this crate have one of 30 s where nothing is set.
const LONGEST_CALL: Duration = Duration::from_secs(45);

/// A server that gives the answer that was set last.
struct Answering(wiremock::MockServer, Arc<Mutex<Reply>>);

impl Answering {
    async fn start() -> Self {
        let reply = Arc::new(Mutex::new(Reply::new(501)));
        let server = wiremock::MockServer::builder()
            .disable_request_recording()
            .start()
            .await;
        let shared = Arc::clone(&reply);
        let respond = move |_: &wiremock::Request| shared.lock().unwrap().template();
        let mock = wiremock::Mock::given(wiremock::matchers::any()).respond_with(respond);
        mock.mount(&server).await;
        Self(server, reply)
    }

    fn url(&self) -> String {
        self.0.uri()
    }

    fn answer(&self, reply: Reply) {
        *self.1.lock().unwrap() = reply;
    }
}

/// A port of loopback to which nobody must connect.
struct Elsewhere(TcpListener);

impl Elsewhere {
    fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        Self(listener)
    }

    fn url(&self) -> String {
        format!("http://{}", self.0.local_addr().unwrap())
    }

    fn connections(&self) -> usize {
        self.0.accept().map_or(0, |_| 1)
    }
}

/// The URL of a port on which nobody listens.
fn refusing_url() -> String {
    Elsewhere::new().url()
}

async fn fakes(providers: &[ProviderInfo]) -> Vec<Fake> {
    let mut fakes = Vec::new();
    for provider in providers {
        fakes.push(Fake::of(provider).await);
        // The second way of those that have two.
        if provider.deletion().is_some() {
            fakes.push(Fake::of(provider).await.with_deletion());
        }
    }
    fakes
}

fn revoker(fake: &Fake) -> AnyRevoker {
    fake.builder()
        .with_retry(RetryPolicy::immediate())
        .build()
        .unwrap()
}

fn error(result: RevokeResult) -> RevokeError {
    result.expect_err("not confirmed dead")
}

/// Kind, state and delivery, which is what most tests are about.
fn summary(error: &RevokeError) -> (ErrorKind, KeyState, Delivery) {
    (error.kind(), error.key_state(), error.delivery())
}

/// The provider tells an earlier death, or its answer is the state to which the key is set, each time anew.
fn died_before(dead: &Revocation) {
    assert!(
        dead.disposition() == Disposition::AlreadyRevoked || dead.is_reversible(),
        "{dead:?}"
    );
}

/// Some answers are no proof, whatever they are: a look afterwards has to tell.
fn can_confirm(fake: &Fake) -> bool {
    fake.info().can_confirm()
}

fn takes_no_credential(fake: &Fake) -> bool {
    fake.info().takes_no_credential()
}

/// A text of the provider's with the key's own values where its parameters stand.
fn filled(fake: &Fake, key: &KeyRef, template: &str, marks: [char; 2]) -> String {
    fake.parameters(key)
        .iter()
        .fold(template.to_owned(), |text, (name, value)| {
            text.replace(&format!("{}{name}{}", marks[0], marks[1]), value)
        })
}

/// The body that the provider's module declares for a key.
fn documented_body(fake: &Fake, key: &KeyRef) -> String {
    filled(fake, key, &fake.info().body(), ['<', '>'])
}

/// The path that the provider's document gives for a key.
fn documented_path(fake: &Fake, key: &KeyRef) -> (String, String) {
    let operation = fake.info().operation();
    let (method, template) = operation.split_once(' ').unwrap();
    let base = fake.base_url();
    let base_path = base
        .splitn(4, '/')
        .nth(3)
        .map(|path| format!("/{path}"))
        .unwrap_or_default();
    (
        method.to_owned(),
        format!("{base_path}{}", filled(fake, key, template, ['{', '}'])),
    )
}

/// A live key dies by one documented request.
pub async fn a_live_key_dies_by_one_documented_request(providers: &[ProviderInfo]) {
    for fake in fakes(providers).await {
        let key = fake.new_key();
        let bystander = fake.new_key();
        let result = revoker(&fake).revoke(&key).await;
        if can_confirm(&fake) {
            let dead = result.unwrap();
            assert_eq!(dead.disposition(), Disposition::Revoked, "{}", fake.provider());
            assert_eq!(dead.provider(), fake.provider());
            assert_eq!(dead.attempts(), 1);
            assert!(!dead.evidence().is_empty());
        } else {
            let error = error(result);
            assert_eq!((error.key_state(), error.attempts()), (KeyState::Unknown, 1));
        }
        assert!(!fake.is_live(&key));
        assert!(fake.is_live(&bystander));

        let requests = fake.requests();
        let [request] = requests.as_slice() else {
            panic!("{requests:?}")
        };
        assert_eq!(
            (request.method.clone(), request.path.clone()),
            documented_path(&fake, &key)
        );
        assert!(fake.is_authorised(request), "{request:?}");
        assert_eq!(request.header("api-version"), None);
        let body = documented_body(&fake, &key);
        assert_eq!(String::from_utf8_lossy(&request.body), body);
        // A body is there only where the document has one, and says what it is.
        assert_eq!(request.body.is_empty(), request.header("content-type").is_none());
        if request.method == "POST" && body.is_empty() {
            assert_eq!(request.header("content-length"), Some("0"));
        }
    }
}

/// A dead key is dead where the provider says so and unknown elsewhere.
pub async fn a_dead_key_is_dead_where_the_provider_says_so_and_unknown_elsewhere(providers: &[ProviderInfo]) {
    for fake in fakes(providers).await {
        let result = revoker(&fake).revoke(&fake.dead_key()).await;
        match fake.info().repeat() {
            Repeat::Conclusive => died_before(&result.unwrap()),
            // Some answer to a repeat as they did the first time, which is a success and never a 404.
            _ if result.is_ok() => {
                let dead = result.unwrap();
                assert!(matches!(dead.status(), Some(200 | 204)), "{dead:?}");
            }
            _ if !can_confirm(&fake) => assert_eq!(error(result).key_state(), KeyState::Unknown),
            _ => {
                let error = error(result);
                assert_eq!(
                    summary(&error),
                    (ErrorKind::NotFound, KeyState::Unknown, Delivery::Answered)
                );
                assert!(!error.is_likely_dead());
            }
        }
        assert_eq!(fake.requests().len(), 1);
    }
}

/// A key that nobody knows is not dead.
pub async fn a_key_that_nobody_knows_is_not_dead(providers: &[ProviderInfo]) {
    for fake in fakes(providers).await {
        let error = error(revoker(&fake).revoke(&fake.unknown_key()).await);
        let kind = match can_confirm(&fake) {
            true => ErrorKind::NotFound,
            false => error.kind(), // it is told the same of every key
        };
        assert_eq!(
            summary(&error),
            (kind, KeyState::Unknown, Delivery::Answered),
            "{error}"
        );
        assert!(!error.is_retryable());
        assert_eq!(fake.requests().len(), 1);
    }
}

/// A refused credential leaves the key live.
pub async fn a_refused_credential_leaves_the_key_live(providers: &[ProviderInfo]) {
    for fake in fakes(providers).await {
        if takes_no_credential(&fake) {
            let error = fake.builder().with_credential(fake.wrong_credential()).build();
            assert!(error.unwrap_err().to_string().contains("takes none"));
            continue;
        }
        let key = fake.new_key();
        let wrong = fake
            .builder()
            .with_credential(fake.wrong_credential())
            .build()
            .unwrap();
        let error = error(wrong.revoke(&key).await);
        // Datadog says 403 of a credential that it does not know.
        let kinds = [ErrorKind::Unauthenticated, ErrorKind::PermissionDenied];
        assert!(kinds.contains(&error.kind()), "{error:?}");
        assert_eq!(
            (error.key_state(), error.delivery()),
            (KeyState::Live, Delivery::Answered)
        );
        assert!(error.detail().is_some(), "{error:?}");
        assert!(!format!("{error} {error:?}").contains("but-wrong"), "{error:?}");
        assert!(fake.is_live(&key));
        assert_eq!(fake.requests().len(), 1);
    }
}

/// Doubt survives a refusal.
pub async fn doubt_survives_a_refusal(providers: &[ProviderInfo]) {
    for fake in fakes(providers).await {
        let repeats = fake.info().repeat() != Repeat::Never;

        fake.answer_next(Reply::new(503));
        fake.answer_next(Reply::new(401));
        let doubtful = error(revoker(&fake).revoke(&fake.new_key()).await);
        assert_eq!(
            doubtful.key_state(),
            KeyState::Unknown,
            "503 then 401: {doubtful}"
        );
        assert_eq!(fake.requests().len(), if repeats { 2 } else { 1 });
        fake.behave();

        fake.answer_next(Reply::new(429));
        fake.answer_next(Reply::new(401));
        let refused = error(revoker(&fake).revoke(&fake.new_key()).await);
        assert_eq!(
            summary(&refused),
            (ErrorKind::Unauthenticated, KeyState::Live, Delivery::Answered),
            "429 then 401"
        );
        assert_eq!(refused.attempts(), 2);
    }
}

/// A gateway that fails behind a done revoke never makes a dead key live.
pub async fn a_gateway_that_fails_behind_a_done_revoke_never_makes_a_dead_key_live(
    providers: &[ProviderInfo],
) {
    for fake in fakes(providers).await {
        fake.answer_next(Reply::new(502).carried_out());
        let key = fake.new_key();
        let result = revoker(&fake).revoke(&key).await;
        match fake.info().repeat() {
            Repeat::Conclusive => died_before(&result.unwrap()),
            Repeat::Harmless if !can_confirm(&fake) => {
                assert_eq!(error(result).key_state(), KeyState::Unknown);
            }
            // It sets a state anew without naming it.
            Repeat::Harmless if result.is_ok() => assert!(result.unwrap().is_reversible()),
            Repeat::Harmless => {
                let error = error(result);
                assert_eq!(
                    (error.kind(), error.key_state()),
                    (ErrorKind::NotFound, KeyState::Unknown)
                );
                assert!(error.is_likely_dead());
            }
            _ => assert_eq!(
                summary(&error(result)),
                (ErrorKind::Unavailable, KeyState::Unknown, Delivery::Answered)
            ),
        }
        assert!(!fake.is_live(&key));
    }
}

/// What may have arrived is sent at most twice and only where that cannot hurt.
pub async fn what_may_have_arrived_is_sent_at_most_twice_and_only_where_that_cannot_hurt(
    providers: &[ProviderInfo],
) {
    for status in [408, 500, 502, 503, 504, 507, 520] {
        for fake in fakes(providers).await {
            fake.answer_always(Reply::new(status));
            let error = error(revoker(&fake).revoke(&fake.new_key()).await);
            assert_eq!(
                summary(&error),
                (ErrorKind::Unavailable, KeyState::Unknown, Delivery::Answered)
            );
            let repeats = fake.info().repeat() != Repeat::Never;
            assert_eq!(
                fake.requests().len(),
                if repeats { 2 } else { 1 },
                "{} {status}",
                fake.provider()
            );
            assert_eq!(error.is_retryable(), repeats);
        }
    }
}

/// No policy means one request.
pub async fn no_policy_means_one_request(providers: &[ProviderInfo]) {
    for fake in fakes(providers).await {
        fake.answer_always(Reply::new(503));
        let once = fake
            .builder()
            .with_retry(RetryPolicy::none())
            .with_deadline(std::time::Duration::from_secs(1))
            .build()
            .unwrap();
        let error = error(once.revoke(&fake.new_key()).await);
        assert_eq!((error.attempts(), fake.requests().len()), (1, 1));
    }
}

/// Rate limits are waited for within the deadline only.
pub async fn rate_limits_are_waited_for_within_the_deadline_only(providers: &[ProviderInfo]) {
    for fake in fakes(providers).await {
        let patient = fake
            .builder()
            .with_retry(RetryPolicy::immediate())
            .build()
            .unwrap();
        fake.answer_next(Reply::new(429).with_header("retry-after", "0"));
        let result = patient.revoke(&fake.new_key()).await;
        assert_eq!(result.is_ok(), can_confirm(&fake));
        assert_eq!(fake.requests().len(), 2);

        fake.answer_next(Reply::new(429).with_header("retry-after", "120"));
        let error = error(patient.revoke(&fake.new_key()).await);
        assert_eq!(
            summary(&error),
            (ErrorKind::RateLimited, KeyState::Live, Delivery::Answered)
        );
        assert_eq!(error.retry_after(), Some(Duration::from_secs(120)));
        assert!(error.is_retryable());
        assert_eq!(fake.requests().len(), 3);
    }
}

/// Redirects are not followed.
pub async fn redirects_are_not_followed(providers: &[ProviderInfo]) {
    for fake in fakes(providers).await {
        let elsewhere = Elsewhere::new();
        for status in [301, 302, 303, 307, 308] {
            fake.answer_next(
                Reply::new(status).with_header("location", format!("{}/x?token=abc", elsewhere.url())),
            );
            let error = error(revoker(&fake).revoke(&fake.new_key()).await);
            assert_eq!(
                summary(&error),
                (ErrorKind::Redirected, KeyState::Unknown, Delivery::Answered)
            );
            assert!(error.detail().unwrap().contains("127.0.0.1"));
            assert!(!format!("{error:?}").contains("token=abc"));
        }
        assert_eq!(fake.requests().len(), 5);
        assert_eq!(elsewhere.connections(), 0);
    }
}

/// Accepted is not dead.
pub async fn accepted_is_not_dead(providers: &[ProviderInfo]) {
    for fake in fakes(providers).await {
        fake.answer_always(Reply::new(202));
        let error = error(revoker(&fake).revoke(&fake.new_key()).await);
        assert_eq!(
            summary(&error),
            (ErrorKind::Pending, KeyState::Unknown, Delivery::Answered)
        );
        assert_eq!(fake.requests().len(), 1);
    }
}

/// What no provider documents as a death, with the headers and bodies of gateways, portals and other services.
const OTHER_STATUSES: &[u16] = &[
    200, 201, 202, 203, 204, 205, 206, 207, 226, 300, 302, 304, 400, 401, 403, 404, 405, 407, 408, 409, 410,
    418, 421, 422, 425, 429, 451, 499, 500, 501, 502, 503, 504, 511, 520, 599,
];

/// Bodies that say nothing of a key, and what is left of the documented one when something happens to it.
fn other_bodies(success: &Reply) -> Vec<(&'static str, Vec<u8>)> {
    let (_, own) = success.content();
    let mut bodies = vec![
        ("text/html", b"<html>Welcome to our Wi-Fi</html>".to_vec()),
        ("application/json", Vec::new()),
        ("application/json", b"{".to_vec()),
        ("application/json", b"[]".to_vec()),
        ("application/json", b"null".to_vec()),
        ("application/json", b"\"revoked\"".to_vec()),
        ("application/json", br#"{"message":"ok"}"#.to_vec()),
    ];
    if !own.is_empty() {
        bodies.push(("text/plain", own.to_vec()));
        bodies.push(("application/json", own[..own.len() / 2].to_vec()));
        bodies.push(("application/json", [own, own].concat()));
    }
    bodies.extend(with_errors(own));
    bodies
}

/// The documented body, and besides it what only a failure holds: it contradicts itself.
fn with_errors(own: &[u8]) -> Vec<(&'static str, Vec<u8>)> {
    if let Ok(Value::Object(own)) = serde_json::from_slice(own) {
        let errors = [
            ("error", json!("x")),
            ("errors", json!([{ "message": "x" }])),
            ("success", json!(false)),
        ];
        let told = errors.map(|(name, error)| {
            let mut told = own.clone();
            told.insert(name.to_owned(), error);
            ("application/json", Value::Object(told).to_string().into())
        });
        return told.into();
    }
    let text = String::from_utf8_lossy(own);
    match text.rsplit_once("</") {
        Some((inner, end)) if text.starts_with('<') => {
            let told = format!("{inner}<Error><Code>x</Code></Error></{end}");
            vec![("text/xml", told.into())]
        }
        _ => Vec::new(),
    }
}

/// No other answer is a death than a documented status with its documented body.
pub async fn no_other_answer_is_a_death(providers: &[ProviderInfo]) {
    for fake in fakes(providers).await {
        let once = fake
            .builder()
            .with_retry(RetryPolicy::none())
            .with_deadline(std::time::Duration::from_secs(1))
            .build()
            .unwrap();
        let rules = fake.info().entry().about().rules.iter();
        let deaths: Vec<u16> = rules
            .filter(|rule| matches!(rule.meaning, Meaning::Dead(..)))
            .map(|rule| rule.status)
            .collect();
        let key = fake.new_key();
        let parameters = fake.parameters(&key);
        let success = (fake.info().entry().fake().answer)(Case::Revoked, &parameters);
        let mut answers = Vec::new();
        for status in OTHER_STATUSES {
            match (deaths.contains(status), matches!(status, 204 | 205 | 304)) {
                // A death without a body: whatever comes after it is no part of it.
                (true, true) => {}
                (false, true) => answers.push(Reply::new(*status)),
                (false, false) if *status >= 300 => {
                    let (media, body) = success.content();
                    answers.push(Reply::new(*status).with_body(media.unwrap_or("application/json"), body));
                }
                (true, false) => {
                    let bodies = other_bodies(&success).into_iter();
                    answers.extend(bodies.map(|(media, body)| Reply::new(*status).with_body(media, body)));
                }
                (false, false) => {
                    let (media, body) = success.content();
                    answers.push(Reply::new(*status));
                    answers.push(Reply::new(*status).with_body("text/html", "<html>nginx</html>"));
                    answers.push(Reply::new(*status).with_body(media.unwrap_or("application/json"), body));
                }
            }
        }
        let wanted = answers.len();
        for answer in answers {
            fake.answer_next(answer.clone());
            let result = once.revoke(&key).await;
            assert!(
                result.is_err(),
                "{}: {answer:?} is taken for {result:?}",
                fake.provider()
            );
        }
        assert_eq!(fake.requests().len(), wanted);
        assert!(fake.is_live(&key));
    }
}

/// A captive portal is not a success.
pub async fn a_captive_portal_is_not_a_success(providers: &[ProviderInfo]) {
    for fake in fakes(providers).await {
        fake.answer_always(Reply::new(200).with_body("text/html", "<html>Welcome to our Wi-Fi</html>"));
        let error = error(revoker(&fake).revoke(&fake.new_key()).await);
        assert_eq!(
            summary(&error),
            (ErrorKind::UnexpectedAnswer, KeyState::Unknown, Delivery::Answered)
        );
        let conclusive = fake.info().repeat() == Repeat::Conclusive;
        assert_eq!(fake.requests().len(), if conclusive { 2 } else { 1 });
    }
}

/// An unreachable provider leaves the key live.
pub async fn an_unreachable_provider_leaves_the_key_live(providers: &[ProviderInfo]) {
    for fake in fakes(providers).await {
        let nobody = fake
            .builder()
            .with_base_url(refusing_url())
            .with_retry(RetryPolicy::immediate());
        let error = error(nobody.build().unwrap().revoke(&fake.new_key()).await);
        assert_eq!(
            summary(&error),
            (ErrorKind::NotSent, KeyState::Live, Delivery::NotSent)
        );
        assert!(error.is_retryable());
        assert_eq!(error.attempts(), 5);
        assert!(error.detail().is_some(), "{error:?}");
        assert!(fake.requests().is_empty());
    }
}

/// Ids that could change a path, or that are not an id at all.
const HOSTILE: &[&str] = &[
    "",
    ".",
    "..",
    "...",
    "\\",
    "..\\api-keys",
    "x\\..",
    "\\..\\..",
    "/",
    "//",
    "a//b",
    "?",
    "x?y",
    "#",
    "x#y",
    "%2e%2e",
    "%2F",
    "%",
    ";",
    "a b",
    " a",
    "a ",
    "\ta",
    "a\r\nb",
    "a\0b",
    "a\u{202e}b",
    "é",
    "☃",
    "*",
    "self",
    "current",
    "me",
    "all",
    "00000000-0000-0000-0000-000000000000",
    "0",
    "-1",
    "07",
    "+7",
    "9223372036854775808",
    "1.5",
];

/// Ids that could change the path never leave.
pub async fn ids_that_could_change_the_path_never_leave(providers: &[ProviderInfo]) {
    let long = "a".repeat(10_000);
    for fake in fakes(providers).await {
        let revoker = revoker(&fake);
        let provider = fake.info();
        let good = fake.new_key();
        let parts: Vec<&str> = good.key().split('/').collect();
        let mut sent = 0;
        for hostile in HOSTILE.iter().copied().chain([long.as_str()]) {
            // The hostile id alone, and in the place of each part of a good key.
            let mut texts = vec![hostile.to_owned()];
            for index in 0..parts.len() {
                let mut parts = parts.clone();
                parts[index] = hostile;
                texts.push(parts.join("/"));
            }
            for text in texts {
                let Ok(key) = KeyRef::new(provider.name(), text.clone()) else {
                    continue;
                };
                let result = revoker.revoke(&key).await;
                if provider.check_key(&text).is_ok() {
                    sent += 1; // a form that this provider's ids may have, such as "0" for a text id
                    continue;
                }
                let error = error(result);
                assert_eq!(
                    summary(&error),
                    (ErrorKind::InvalidInput, KeyState::Live, Delivery::NotSent),
                    "{text:?}"
                );
                assert_eq!(error.attempts(), 0);
                assert!(error.detail().unwrap().contains(provider.name()), "{error}");
            }
        }
        assert_eq!(fake.requests().len(), sent);
        let segments = documented_path(&fake, &good).1.split('/').count();
        for request in fake.requests() {
            assert_eq!(request.path.split('/').count(), segments, "{request:?}");
            assert!(!request.path.contains(['?', '%', '\\']), "{request:?}");
        }
    }
}

/// A secret in the place of an id is refused and not echoed.
pub async fn a_secret_in_the_place_of_an_id_is_refused_and_not_echoed(providers: &[ProviderInfo]) {
    for fake in fakes(providers).await {
        let provider = fake.info();
        let good = fake.new_key();
        let parts: Vec<&str> = good.key().split('/').collect();
        for prefix in [
            "apk_user_",
            "apk_",
            "cog_",
            "dol_live_",
            "ks_live_",
            "ks_test_",
            "sk_live_",
            "sk-proj-",
            "ghp_",
            "Bearer ",
        ] {
            let secret = format!("{prefix}Canary0123456789");
            let mut texts = vec![secret.clone()];
            for index in 0..parts.len() {
                let mut parts = parts.clone();
                parts[index] = &secret;
                texts.push(parts.join("/"));
            }
            for text in texts {
                let whole = KeyRef::new(provider.name(), text.clone())
                    .map(|key| key.to_string())
                    .unwrap_err();
                let part = provider.check_key(&text).map(|key| key.to_string()).unwrap_err();
                for error in [whole, part] {
                    let error = RevokeError::from(error);
                    let shown = format!(
                        "{error} {error:?} {error:#?} {}",
                        serde_json::to_string(&error).unwrap()
                    );
                    assert!(!shown.contains("Canary"), "{shown}");
                }
            }
        }
        assert!(fake.requests().is_empty());
    }
}

/// A bad base url is refused at construction.
pub async fn a_bad_base_url_is_refused_at_construction(providers: &[ProviderInfo]) {
    for fake in fakes(providers).await {
        for url in [
            "",
            "x",
            "http://",
            "https://",
            "//api.example.org",
            "ftp://api.example.org",
            "file:///etc/passwd",
            "http://api.example.org",
            "https://user@127.0.0.1",
            "https://user:pass@127.0.0.1/x",
            "http://127.0.0.1/?q",
            "http://127.0.0.1/#f",
            "http://127.0.0.1/a/../b",
            "http://127.0.0.1/a//b",
            "http://127.0.0.1//",
            "http://127.0.0.1/a\\b",
            "http://127.0.0.1\\@example.org",
            "http://127.0.0.1/\t",
            "http://127.0.0.1\n",
            "http://127.0.0.1/a b",
            "http://127.0.0.1/%2e%2e",
            "http://exämple.org",
            " http://127.0.0.1",
            "http://127.0.0.1:99999",
            "http://127.0.0.1.example.org",
            "https://your-tenant.sinjapp.org.example.com",
            "http://localhost.:1",
            "http://127.0.0.1:0",
            "http://localhost.example.org",
        ] {
            let built = fake.builder().with_base_url(url).build();
            // A provider that publishes no domain may be at any https host.
            let wide_open = url.starts_with("https://your-tenant") && fake.info().domains().is_empty();
            if wide_open {
                continue;
            }
            let error = built.expect_err(url);
            assert!(error.to_string().contains("base URL"), "{url}: {error}");
        }
        for url in [
            "http://127.0.0.1:1",
            "http://127.9.9.9",
            "http://[::1]:8080/",
            "http://localhost:1/x/y",
            "https://127.0.0.1",
        ] {
            assert!(fake.builder().with_base_url(url).build().is_ok(), "{url}");
        }
        let named = ClientOptions::new().allow_http_host("keys.test");
        assert!(
            fake.builder()
                .with_base_url("http://keys.test/x")
                .with_options(named)
                .build()
                .is_ok()
        );
        let named = ClientOptions::new().allow_host("keys.test");
        assert!(
            fake.builder()
                .with_base_url("https://keys.test/x")
                .with_options(named.clone())
                .build()
                .is_ok()
        );
        assert!(
            fake.builder()
                .with_base_url("http://keys.test/x")
                .with_options(named)
                .build()
                .is_err()
        );
        assert!(fake.requests().is_empty());
    }
}

/// Everything that is missing is said at once.
pub async fn everything_that_is_missing_is_said_at_once(providers: &[ProviderInfo]) {
    for provider in providers {
        let error = provider
            .builder()
            .with_setting("colour", "red")
            .build()
            .unwrap_err();
        let text = error.to_string();
        assert_eq!(
            text.contains("credential"),
            !provider.takes_no_credential(),
            "{text}"
        );
        assert!(text.contains("colour"), "{text}");
        assert_eq!(text.contains("base URL"), provider.base_url().is_none(), "{text}");
    }
}

/// A bad credential is refused and not shown.
pub async fn a_bad_credential_is_refused_and_not_shown(providers: &[ProviderInfo]) {
    for fake in fakes(providers).await {
        for bad in [
            "",
            "Canary\n\n",
            "Can ary",
            "Canary\r\nx: y",
            "Canary\0",
            " Canary",
            "Canary\t",
            "Canäry",
            "\n",
        ] {
            let error = fake
                .builder()
                .with_credential(Credential::from_text(bad))
                .build()
                .unwrap_err();
            assert!(error.to_string().contains("credential"), "{error}");
            assert!(!format!("{error} {error:?}").contains("Can"), "{error}");
        }
        let long = fake
            .builder()
            .with_credential(Credential::from_text("x".repeat(4097)))
            .build();
        assert!(long.is_err());
        if takes_no_credential(&fake) {
            continue;
        }
        for line_break in ["\n", "\r\n"] {
            let text = format!("{}{line_break}", fake.credential_text());
            let revoker = fake
                .builder()
                .with_credential(Credential::from_text(text))
                .build()
                .unwrap();
            let result = revoker.revoke(&fake.new_key()).await;
            assert_eq!(result.is_ok(), can_confirm(&fake));
        }
        let forms = fake.info().credentials();
        let is_pair = |form: &String| {
            ["FIRST:SECOND", "ID:SECRET"]
                .iter()
                .any(|pair| form.contains(pair))
        };
        let takes_pairs = forms.iter().any(is_pair);
        let pair = Credential::key_pair("a", "b");
        assert_eq!(fake.builder().with_credential(pair).build().is_ok(), takes_pairs);
    }
}

/// Timeouts that would hide whether something was sent are refused.
pub async fn timeouts_that_would_hide_whether_something_was_sent_are_refused(providers: &[ProviderInfo]) {
    for fake in fakes(providers).await {
        let second = Duration::from_secs(1);
        let connect_too_long = ClientOptions::new().with_connect_timeout(second);
        assert!(
            fake.builder()
                .with_options(connect_too_long)
                .with_attempt_timeout(second)
                .build()
                .is_err()
        );
        assert!(
            fake.builder()
                .with_attempt_timeout(second)
                .with_deadline(second)
                .build()
                .is_err()
        );
        assert!(fake.builder().with_deadline(Duration::ZERO).build().is_err());
        assert!(fake.builder().with_deadline(Duration::MAX).build().is_err());
        assert!(
            fake.builder()
                .with_deadline(Duration::from_millis(100))
                .build()
                .is_ok()
        );
    }
}

/// What a provider echoes of our credential is redacted.
pub async fn what_a_provider_echoes_of_our_credential_is_redacted(providers: &[ProviderInfo]) {
    for fake in fakes(providers).await {
        let key = fake.new_key();
        // At providers that are told the secret of the key, that is a secret of ours as well.
        let own = key.secret().and_then(|_| fake.secret(&key));
        let credential = fake.credential_text().trim_start_matches("Bearer ").to_owned();
        for secret in own
            .into_iter()
            .chain(Some(credential).filter(|text| !text.is_empty()))
        {
            let secret = secret.as_str();
            let echo = format!(
                "bad token {secret}\r\n\u{1b}[31m {} apk_user_leaked0123456789",
                "x".repeat(2000)
            );
            for body in [
                json!({ "detail": echo }),
                json!({ "message": echo, "title": echo }),
                json!({ "error": { "message": echo, "code": secret } }),
            ] {
                fake.answer_next(
                    Reply::new(403)
                        .with_json(body)
                        .with_header("x-request-id", format!("r-{secret}")),
                );
                let error = error(revoker(&fake).revoke(&key).await);
                let shown = format!("{error} {error:#?} {}", serde_json::to_string(&error).unwrap());
                assert!(!shown.contains(secret), "{shown}");
                assert!(!shown.contains("leaked0123456789"), "{shown}");
                let detail = error.detail().unwrap();
                assert!(detail.chars().count() <= 512 && detail.ends_with('…'), "{detail}");
                assert!(!detail.contains(['\n', '\r', '\u{1b}']), "{detail}");
            }
        }
    }
}

/// A key is found as what it is where the provider can be asked.
pub async fn a_key_is_found_as_what_it_is_where_the_provider_can_be_asked(providers: &[ProviderInfo]) {
    for fake in fakes(providers).await {
        let revoker = revoker(&fake);
        if !revoker.capabilities().can_find() {
            continue;
        }
        let name = fake.provider();
        let (live, dead, unknown) = (fake.new_key(), fake.dead_key(), fake.unknown_key());
        let found = revoker.find(&live).await.unwrap();
        assert_eq!((found.key(), found.state()), (&live, KeyState::Live), "{name}");
        for absent in [&dead, &unknown] {
            match revoker.find(absent).await {
                Ok(found) => {
                    // What can be undone is listed as what it is.
                    let is_disabled = fake.info().is_reversible() && found.status() == KeyStatus::Inactive;
                    assert_eq!(found.key(), &dead, "{name}");
                    assert!(
                        is_disabled || found.state() == KeyState::Dead,
                        "{name}: {found:?}"
                    );
                }
                Err(error) => {
                    assert_eq!(
                        (error.kind(), error.key_state()),
                        (ErrorKind::NotFound, KeyState::Unknown),
                        "{name}: {error}"
                    );
                }
            }
        }
        // Somebody else's 404 says nothing of a key, so it is an answer and not an inventory without it.
        for foreign in [
            Reply::new(404),
            Reply::new(404).with_body("text/html", "<html>nginx</html>"),
            Reply::new(404).with_json(json!({ "detail": "Not Found" })),
            Reply::new(404).with_json(json!({ "message": "Not Found" })),
        ] {
            fake.answer_next(foreign.clone());
            match revoker.find(&live).await {
                // The list was asked besides.
                Ok(found) => assert_eq!((found.key(), found.state()), (&live, KeyState::Live), "{name}"),
                Err(error) => assert_eq!(
                    (error.status(), error.key_state()),
                    (Some(404), KeyState::Unknown),
                    "{name}: {foreign:?} {error}"
                ),
            }
        }
        assert!(fake.is_live(&live));
        let requests = fake.requests();
        assert!(
            requests
                .iter()
                .all(|request| request.method == "GET" && fake.is_authorised(request))
        );
    }
}

/// A request that the provider does not document is noticed, and says nothing of the key.
pub async fn a_request_that_the_provider_does_not_document_is_noticed(providers: &[ProviderInfo]) {
    for fake in fakes(providers).await {
        let moved = fake
            .builder()
            .with_base_url(format!("{}/elsewhere", fake.base_url()))
            .build()
            .unwrap();
        let error = error(moved.revoke(&fake.new_key()).await);
        assert_eq!(error.key_state(), KeyState::Unknown);
        assert!(!fake.take_unexpected().is_empty(), "{}", fake.provider());
    }
}

/// What takes more than was asked is not sent without a word for it; elsewhere the word is not needed.
pub async fn what_takes_more_than_was_asked_is_not_sent_without_a_word(providers: &[ProviderInfo]) {
    for fake in fakes(providers).await {
        let name = fake.provider();
        let builder = fake.info().builder().with_base_url(fake.base_url());
        let without = match takes_no_credential(&fake) {
            true => builder.build().unwrap(),
            false => builder.with_credential(fake.credential()).build().unwrap(),
        };
        let key = fake.new_key();
        let takes_more = without.capabilities().takes_more_than_the_key();
        assert_eq!(takes_more, fake.info().takes_more_than_the_key(), "{name}");
        assert_eq!(Revoke::check(&without, &key).is_err(), takes_more, "{name}");
        if !takes_more {
            continue;
        }
        let what = fake.info().also_dies().expect("what would die too has a name");
        let attested = crate::Attestation::new("the ticket");
        for result in [
            without.revoke(&key).await,
            without.revoke_until(&key, std::future::pending()).await,
            without.revoke_verified(&key, crate::Verification::new()).await,
            without.revoke_known(&key, attested).await,
            without.revoke_detached(&key).await,
        ] {
            let error = error(result);
            let refused = (ErrorKind::InvalidInput, KeyState::Live, Delivery::NotSent);
            assert_eq!(summary(&error), refused, "{name}: {error}");
            let detail = error.detail().unwrap_or_default();
            assert!(
                detail.contains(what) && detail.contains("with_more_than_the_key"),
                "{name}: {detail}"
            );
        }
        let planned = crate::Registry::new().with(without).plan([key.clone()]);
        assert!(planned.is_err(), "{name}");
        assert!(fake.requests().is_empty() && fake.is_live(&key), "{name}");
        let _ = revoker(&fake).revoke(&key).await;
        assert!(!fake.is_live(&key), "{name}");
    }
}

/// A list has every key that lives, once, over all of its pages, and changes nothing.
pub async fn a_list_has_every_live_key_once(providers: &[ProviderInfo]) {
    for fake in fakes(providers).await {
        let (name, revoker) = (fake.provider(), revoker(&fake));
        if !revoker.capabilities().can_list() {
            continue;
        }
        let (live, dead) = ([(); 5].map(|()| fake.new_key()), fake.dead_key());
        let mut keys = revoker.list(&crate::KeyFilter::new());
        let mut listed = Vec::new();
        while let Some(key) = keys.next().await {
            let key = key.unwrap_or_else(|error| panic!("{name}: {error}"));
            assert_ne!((key.key(), key.state()), (&dead, KeyState::Live), "{name}");
            listed.push(key.key().clone());
        }
        for key in &live {
            let times = listed.iter().filter(|listed| *listed == key).count();
            assert_eq!(times, 1, "{name}: {key} in {listed:?}");
            assert!(fake.is_live(key), "{name}");
        }
        assert!(
            fake.requests().iter().all(|request| request.method == "GET"),
            "{name}"
        );

        // A list that breaks off, or is somebody else's, is not all.
        for other in [
            Reply::new(503),
            Reply::new(200).with_json(json!({})),
            Reply::new(200).with_json(json!([{}])),
            Reply::new(200).with_body("text/html", "<html>[]</html>"),
        ] {
            fake.answer_always(other.clone());
            let mut keys = revoker.list(&crate::KeyFilter::new());
            let first = keys.next().await;
            assert!(matches!(first, Some(Err(_))), "{name}: {other:?} gives {first:?}");
            fake.behave();
        }
    }
}

/// What was only accepted is dead once a look shows it, and not before.
pub async fn what_was_only_accepted_is_dead_once_a_look_shows_it(providers: &[ProviderInfo]) {
    let shortly = || crate::Verification::new().with_budget(Duration::from_millis(700));
    for fake in fakes(providers).await {
        let (name, revoker) = (fake.provider(), revoker(&fake));
        let key = fake.new_key();
        // Not every provider can be asked about a key, and not every one shows the dead or says that it has no such key.
        if !revoker
            .find(&key)
            .await
            .is_ok_and(|found| found.state() == KeyState::Live)
        {
            continue;
        }
        let _bystander = fake.new_key();
        fake.answer_next_revocation(Reply::new(202));
        let undone = revoker.revoke_verified(&key, shortly()).await;
        assert_eq!(KeyState::from(&undone), KeyState::Unknown, "{name}: {undone:?}");
        assert!(fake.is_live(&key), "{name}");

        fake.answer_next_revocation(Reply::new(202).carried_out());
        let done = revoker.revoke_verified(&key, shortly()).await;
        if let Ok(dead) = &done {
            assert!(
                dead.evidence().contains(&crate::Evidence::ReadBack),
                "{name}: {dead:?}"
            );
        }
        let shows = match revoker.find(&key).await {
            Ok(found) => found.state() == KeyState::Dead,
            Err(error) => error.kind() == ErrorKind::NotFound,
        };
        assert!(done.is_ok() || !shows, "{name}: {done:?}");
    }
}
