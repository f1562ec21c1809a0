//! Slack, tokens: `POST /auth.revoke` with the token itself.
//!
//! Facts from the vendor's pages auth.revoke and auth.test and its document (slackapi/slack-api-specs), read 2026-11. The
//! token that is to die is the credential, and is named nowhere else. The status is 200 whatever happened; `ok`, `revoked`
//! and `error` tell. `token_revoked` and `token_expired` are said of that very token. `invalid_auth` is not: it is also said
//! where the token's network is restricted to others than ours. `account_inactive` can be taken back by whoever brings the
//! user back. The bot user that dies with a bot token is whom that token is of, and no credential of its own. Never confirmed
//! against the live service.

use crate::builder::Builder;
use crate::credential::Form;
use crate::identify::{BASE64URL, DIGITS, SecretForm};
use crate::identify::Part::{Is, Of};
use crate::lookup::{Lookup, PROBE};
use crate::outcome::{ErrorKind, KeyState};
use crate::probe::{ProbeRule, accepted, refused};
use crate::provider::{About, Base, IdsReused, Provider, Repeat, generated};
use crate::secret_key::secret_key;
use crate::verdict::{ALREADY_REVOKED, Expect, Meaning, Member, NOT_FOUND, REVOKED, Rule, UNAUTHENTICATED, on};
use crate::wire::Sent;

generated!("slack");

/// Marks builders and revokers for Slack.
#[derive(Clone, Copy, Debug)]
pub struct Slack;

/// Begins a revoker for Slack, which takes no credential: each token revokes itself.
pub fn builder() -> Builder<Slack> {
    Builder::new(Slack)
}

secret_key!(
    /// A token of a bot, a user or a workspace.
    Token, "slack", None, "a token that begins with xox", |text| text.starts_with("xox")
);

const REVOKE: &str = "docs.slack.dev, auth.revoke, read 2026-11-27";
const TEST: &str = "docs.slack.dev, auth.test, read 2026-11-27";

const FORBIDDEN: Meaning = Meaning::Not(ErrorKind::PermissionDenied, KeyState::Live);
const REJECTED: Meaning = Meaning::Not(ErrorKind::Rejected, KeyState::Live);
const LIMITED: Meaning = Meaning::Not(ErrorKind::RateLimited, KeyState::Live);
const FAILED: Meaning = Meaning::Not(ErrorKind::Unavailable, KeyState::Unknown);

/// A failure of this code.
macro_rules! failed {
    ($code:literal, $meaning:expr) => {
        on(200, $meaning)
            .with(Expect::Object(&[Member::IsBool("ok", false), Member::Is("error", $code)]))
            .source(REVOKE)
    };
}

const RULES: &[Rule] = &[
    on(200, REVOKED)
        .with(Expect::Object(&[Member::IsBool("ok", true), Member::IsBool("revoked", true)]))
        .source(REVOKE),
    // Nothing was done, as in the test mode, which is never asked for.
    on(200, REJECTED)
        .with(Expect::Object(&[Member::IsBool("ok", true), Member::IsBool("revoked", false)]))
        .source(REVOKE),
    failed!("token_revoked", ALREADY_REVOKED),
    failed!("token_expired", ALREADY_REVOKED),
    failed!("invalid_auth", NOT_FOUND),
    failed!("account_inactive", NOT_FOUND),
    failed!("not_authed", UNAUTHENTICATED),
    failed!("not_bearer_token", REJECTED),
    failed!("not_allowed_token_type", REJECTED),
    failed!("no_permission", FORBIDDEN),
    failed!("missing_scope", FORBIDDEN),
    failed!("access_denied", FORBIDDEN),
    failed!("accesslimited", FORBIDDEN),
    failed!("ekm_access_denied", FORBIDDEN),
    failed!("enterprise_is_restricted", FORBIDDEN),
    failed!("org_login_required", FORBIDDEN),
    failed!("ratelimited", LIMITED),
    // Some of it may have been done.
    failed!("internal_error", FAILED),
    failed!("fatal_error", FAILED),
    failed!("service_unavailable", FAILED),
];

/// A refusal with this code of the token itself.
macro_rules! refusal {
    ($code:literal) => {
        refused(200, Expect::Object(&[Member::IsBool("ok", false), Member::Is("error", $code)]), TEST)
    };
}

const PROBE_RULES: &[ProbeRule] = &[
    accepted(200, Expect::Object(&[Member::IsBool("ok", true), Member::IsText("user_id")]), TEST),
    refusal!("token_revoked"),
    refusal!("token_expired"),
    // After the death of a bot's token, whose user is deactivated with it.
    refused(
        200,
        Expect::Object(&[Member::IsBool("ok", false), Member::Is("error", "account_inactive")]),
        "slack.com/help, Manage deactivated members' apps and integrations: tokens are revoked, and made anew for bots; docs.slack.dev, auth.test; read 2026-11-27",
    ),
];

const SECRET_SOURCE: &str = "scanners, and api.slack.com, auth.revoke, for the way; read 2026-11-22";
/// What the secrets of its keys look like.
const SECRET_FORMS: &[SecretForm] = &[
    SecretForm::new(
        "slack-bot-token",
        "Slack",
        "bot token",
        &[Is(&["xoxb-"]), Of(DIGITS, 8, 14), Is(&["-"]), Of(BASE64URL, 18, 64)],
    )
    .source(SECRET_SOURCE),
    SecretForm::new(
        "slack-user-token",
        "Slack",
        "user, workspace or configuration token",
        &[Is(&["xoxp-", "xoxe-", "xoxe.xoxp-", "xoxe.xoxb-", "xoxa-", "xoxr-", "xoxs-", "xoxo-"]), Of(BASE64URL, 20, 255)],
    )
    .source(SECRET_SOURCE),
];

impl Provider for Slack {
    type Key = Token;
    type Client = generated::Client;

    const ABOUT: About = About {
        name: "slack",
        aliases: &[],
        vendor: "Slack",
        key_form: "SECRET",
        credentials: &[Form::Itself(&Form::Bearer)],
        credential_help: "the token itself",
        base: Base {
            default: Some("https://slack.com/api"),
            example: "https://slack.com/api",
            domains: &["slack.com", "slack-gov.com"],
            placeholders: &[],
        },
        settings: &[],
        rules: RULES,
        repeat: (Repeat::Harmless, "a token that is revoked is refused, mostly by a code that says so; docs.slack.dev, auth.revoke, read 2026-11-27"),
        ids_reused: (IdsReused::No, "a token is named by nothing but itself; docs.slack.dev, auth.revoke, read 2026-11-27"),
        missing: (None, "a token that never was gets invalid_auth, as one from the wrong network does; docs.slack.dev, auth.revoke, read 2026-11-27"),
        propagation: None,
        reversible: false,
        also_dies: "the bot user of a bot token, which is deactivated and leaves its channels",
        proves: "death by 200 with ok and revoked true, earlier death by token_revoked or token_expired; invalid_auth may be another network's token",
    };

    const SECRET_FORMS: &'static [SecretForm] = SECRET_FORMS;

    async fn revoke(client: &generated::Client, _key: &Token) -> Sent {
        client.revoke().await
    }

    fn probe(secret: &str) -> Option<Lookup> {
        secret.starts_with("xox").then(|| Lookup::new(PROBE))
    }

    const PROBE_CREDENTIALS: &'static [Form] = &[Form::Bearer];
    const PROBE_RULES: &'static [ProbeRule] = PROBE_RULES;
}

#[cfg(feature = "fakes")]
mod fake {
    use serde_json::json;

    use super::Slack;
    use crate::fakes::{Asked, Case, FakeAnswers, Issued, Reply};

    fn failed(code: &str) -> Reply {
        Reply::new(200).with_json(json!({ "ok": false, "error": code }))
    }

    impl FakeAnswers for Slack {
        const BASE_PATH: &'static str = "/api";
        const CREDENTIALS: &'static [&'static str] = &[];

        fn secret(number: u64) -> String {
            format!("xoxb-0123456789-{number:024x}")
        }

        fn answer(case: Case, _: &[(&'static str, String)]) -> Reply {
            match case {
                Case::Revoked => Reply::new(200).with_json(json!({ "ok": true, "revoked": true })),
                // What bot tokens get, whose user is deactivated.
                Case::Again => failed("account_inactive"),
                Case::Unknown => failed("invalid_auth"),
                Case::Unauthenticated => failed("not_authed"),
            }
        }

        fn look_up(asked: &Asked, _: &[Issued]) -> Option<Reply> {
            Some(match &asked.by {
                Some(_) => Reply::new(200).with_json(json!({
                    "ok": true,
                    "url": "https://fake.slack.com/",
                    "team": "Fake",
                    "user": "fake",
                    "team_id": "T00000001",
                    "user_id": "U00000001",
                })),
                None => failed("account_inactive"),
            })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::answer::Body;
    use crate::golden::answer;
    use crate::verdict::{Again, verdict};

    #[test]
    fn each_code_says_what_it_proves_of_this_token() {
        let said = |body: &str| {
            let attempt = answer(200, &[("content-type", "application/json")], Body::Complete(body.into()));
            verdict(RULES, &[], &attempt)
        };
        let failed = |code: &str| said(&format!(r#"{{"ok":false,"error":"{code}"}}"#));
        let state = |code: &str| match failed(code).meaning {
            Meaning::Dead(..) => KeyState::Dead,
            Meaning::Not(_, state) => state,
        };
        for code in ["token_revoked", "token_expired"] {
            assert_eq!(failed(code).meaning, ALREADY_REVOKED, "{code}");
        }
        for code in ["invalid_auth", "account_inactive", "internal_error", "a_code_of_tomorrow"] {
            assert_eq!(state(code), KeyState::Unknown, "{code}");
        }
        for code in ["not_authed", "no_permission", "not_bearer_token", "ratelimited"] {
            assert_eq!(state(code), KeyState::Live, "{code}");
        }
        assert_eq!(failed("ratelimited").again, Again::Untouched);
        assert_eq!(failed("internal_error").again, Again::IfHarmless);
        assert_eq!(said(r#"{"ok":true,"revoked":false}"#).meaning, REJECTED);
        for contradiction in [
            r#"{"ok":true}"#,
            r#"{"ok":false,"revoked":true}"#,
            r#"{"revoked":true}"#,
            r#"{"error":"token_revoked"}"#,
            r#"{"ok":true,"error":"token_revoked"}"#,
        ] {
            let Meaning::Not(ErrorKind::UnexpectedAnswer, KeyState::Unknown) = said(contradiction).meaning else {
                panic!("{contradiction}")
            };
        }
    }

    #[test]
    fn only_what_is_said_of_this_token_refuses_it() {
        use crate::credential::Redactor;
        use crate::probe::{Probed, probed};
        let said = |body: &str| {
            let attempt = answer(200, &[("content-type", "application/json")], Body::Complete(body.into()));
            probed(PROBE_RULES, &Slack::ABOUT, &attempt, &Redactor::default())
        };
        assert_eq!(said(r#"{"ok":true,"user_id":"U1","team_id":"T1"}"#), Probed::Accepted);
        for code in ["token_revoked", "token_expired", "account_inactive"] {
            assert_eq!(said(&format!(r#"{{"ok":false,"error":"{code}"}}"#)), Probed::Refused, "{code}");
        }
        for unknown in [
            r#"{"ok":false,"error":"invalid_auth"}"#,
            r#"{"ok":false,"error":"not_authed"}"#,
            r#"{"ok":false,"error":"org_login_required"}"#,
            r#"{"ok":false,"error":"ekm_access_denied"}"#,
            r#"{"ok":false,"error":"access_denied"}"#,
            r#"{"ok":false,"error":"ratelimited"}"#,
            r#"{"ok":false}"#,
            r#"{"ok":true,"error":"token_revoked"}"#,
            r#"{"ok":true,"user_id":"U1","error":"token_revoked"}"#,
        ] {
            assert!(matches!(said(unknown), Probed::Unknown(_)), "{unknown}");
        }
    }
}
