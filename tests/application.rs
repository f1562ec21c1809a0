//! What an application does with the crate, by its public API alone.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeMap;
use std::error::Error;
use std::sync::{Arc, Mutex};

use keyrevoke::{
    AnyRevoker, Credential, Delivery, Disposition, ErrorKind, Evidence, FieldError, InvalidInput, KeyRef,
    KeyState, RetryPolicy, Revocation, Revoke, RevokeError, RevokeResult, devin, devin_v3, dolfin, kadosei,
    sinjapp,
};
use uuid::Uuid;

/// An application's own fake.
#[derive(Default)]
struct Scripted {
    asked: Mutex<Vec<String>>,
}

impl Revoke for Scripted {
    type Key = String;

    fn provider(&self) -> &str {
        "intern"
    }

    async fn revoke(&self, key: &String) -> RevokeResult {
        self.asked.lock().unwrap().push(key.clone());
        match key.as_str() {
            "dead" => Ok(
                Revocation::new("intern", Disposition::Revoked, [Evidence::ProviderAnswer]).with_status(204),
            ),
            "live" => Err(RevokeError::new(
                "intern",
                ErrorKind::PermissionDenied,
                KeyState::Live,
            )),
            _ => Err(RevokeError::new("intern", ErrorKind::Pending, KeyState::Unknown)),
        }
    }
}

/// The code under test: what an incident job does with each state.
async fn act<R: Revoke<Key: From<String>>>(revoker: &R, key: &str) -> &'static str {
    match KeyState::from(&revoker.revoke(&key.to_owned().into()).await) {
        KeyState::Dead => "close the ticket",
        KeyState::Live => "page somebody",
        KeyState::Unknown => "look again",
    }
}

#[tokio::test]
async fn an_application_acts_on_each_state_with_a_fake_of_its_own() {
    let fake = Scripted::default();
    assert_eq!(act(&fake, "dead").await, "close the ticket");
    assert_eq!(act(&fake, "live").await, "page somebody");
    assert_eq!(act(&fake, "odd").await, "look again");
    assert_eq!(*fake.asked.lock().unwrap(), ["dead", "live", "odd"]);
}

#[tokio::test]
async fn revokers_of_many_providers_stand_in_one_map() {
    let fake = Arc::new(Scripted::default());
    struct Shared(Arc<Scripted>);
    impl Revoke for Shared {
        type Key = String;
        fn provider(&self) -> &str {
            self.0.provider()
        }
        async fn revoke(&self, key: &String) -> RevokeResult {
            self.0.revoke(key).await
        }
    }
    let mut revokers: BTreeMap<String, AnyRevoker> = BTreeMap::new();
    revokers.insert("intern".into(), AnyRevoker::new(Shared(Arc::clone(&fake))));
    let devin = devin::builder()
        .with_credential(Credential::bearer("apk_user_x"))
        .build()
        .unwrap();
    revokers.insert("devin".into(), AnyRevoker::new(devin));

    let key: KeyRef = "intern:dead".parse().unwrap();
    assert!(revokers[key.provider()].revoke(&key).await.is_ok());

    // A key in the wrong hands goes nowhere.
    let error = revokers["intern"]
        .revoke(&"devin:apk-1".parse().unwrap())
        .await
        .unwrap_err();
    assert_eq!(
        (error.kind(), error.delivery()),
        (ErrorKind::InvalidInput, Delivery::NotSent)
    );
    let error = revokers["devin"]
        .revoke(&"devin:..".parse().unwrap())
        .await
        .unwrap_err();
    assert_eq!(
        (error.kind(), error.key_state()),
        (ErrorKind::InvalidInput, KeyState::Live)
    );
    assert_eq!(*fake.asked.lock().unwrap(), ["dead"]);

    assert!(revokers["devin"].check(&"devin:apk-1".parse().unwrap()).is_ok());
    assert!(revokers["devin"].check(&"devin:..".parse().unwrap()).is_err());
    let spawned =
        tokio::spawn(async move { revokers["intern"].revoke(&"intern:live".parse().unwrap()).await });
    assert!(spawned.await.unwrap().is_err());
}

#[tokio::test]
async fn a_plain_wiremock_server_will_do() {
    use wiremock::matchers::{header, method, path};
    use wiremock::{Mock, MockServer, ResponseTemplate};

    let server = MockServer::start().await;
    Mock::given(method("POST"))
        .and(path("/api-keys/2f1d3c5e-8a4b-4c6d-9e7f-0123456789ab/revoke"))
        .and(header("x-dolfin-api-key", "dol_live_x"))
        .and(header("x-dolfin-organisation-id", "org-1"))
        .respond_with(ResponseTemplate::new(204))
        .expect(1)
        .mount(&server)
        .await;
    let revoker = dolfin::builder()
        .with_base_url(server.uri())
        .with_credential(Credential::api_key("dol_live_x"))
        .with_organisation_id("org-1")
        .with_retry(RetryPolicy::none())
        .build()
        .unwrap();
    assert!(
        revoker
            .revoke(&"2F1D3C5E-8A4B-4C6D-9E7F-0123456789AB".parse().unwrap())
            .await
            .is_ok()
    );
}

#[tokio::test]
async fn the_path_version_of_devin_and_the_bearer_form_of_dolfin_are_settings() {
    use wiremock::matchers::{header, method, path};
    use wiremock::{Mock, MockServer, ResponseTemplate};

    let server = MockServer::start().await;
    for version in ["v3beta1", "v3"] {
        Mock::given(method("DELETE"))
            .and(path(format!(
                "/{version}/enterprise/service-users/service-user-1/api-keys/k1"
            )))
            .and(header("authorization", "Bearer cog_x"))
            .respond_with(
                ResponseTemplate::new(409).set_body_json(serde_json::json!({ "detail": "already revoked" })),
            )
            .expect(1)
            .mount(&server)
            .await;
    }
    Mock::given(method("POST"))
        .and(header("authorization", "Bearer a.b.c"))
        .respond_with(ResponseTemplate::new(204))
        .expect(1)
        .mount(&server)
        .await;
    let builder = || {
        devin_v3::builder()
            .with_base_url(server.uri())
            .with_credential(Credential::bearer("cog_x"))
    };
    let key: devin_v3::Key = "service-user-1/k1".parse().unwrap();
    assert!(builder().build().unwrap().revoke(&key).await.is_ok());
    assert!(
        builder()
            .with_path_version(devin_v3::PathVersion::V3)
            .build()
            .unwrap()
            .revoke(&key)
            .await
            .is_ok()
    );
    assert!(builder().with_setting("path-version", "/v2").build().is_err());

    let dolfin = dolfin::builder()
        .with_base_url(server.uri())
        .with_credential(Credential::bearer("a.b.c"));
    let key = dolfin::KeyId::new(Uuid::from_u128(7)).unwrap();
    assert!(dolfin.build().unwrap().revoke(&key).await.is_ok());
}

#[test]
fn typed_keys_round_trip_and_refuse_what_no_key_is() {
    fn round_trip<K: std::str::FromStr<Err = InvalidInput> + ToString>(text: &str) {
        assert_eq!(text.parse::<K>().unwrap().to_string(), text);
    }
    let uuid = "2f1d3c5e-8a4b-4c6d-9e7f-0123456789ab";
    round_trip::<dolfin::KeyId>(uuid);
    round_trip::<devin::KeyId>("apk-abc_1.2~3");
    round_trip::<devin_v3::Key>("service-user-1/key-2");
    round_trip::<kadosei::Key>(&format!("{uuid}/{uuid}"));
    round_trip::<sinjapp::KeyId>("9223372036854775807");
    round_trip::<KeyRef>("devin-v3:service-user-1/key-2");

    assert!(dolfin::KeyId::new(Uuid::nil()).is_err());
    assert!(dolfin::KeyId::try_from(Uuid::nil()).is_err());
    assert!(kadosei::ApplicationId::new(Uuid::nil()).is_err());
    for form in [
        "{2f1d3c5e-8a4b-4c6d-9e7f-0123456789ab}",
        "urn:uuid:2f1d3c5e-8a4b-4c6d-9e7f-0123456789ab",
        "2f1d3c5e8a4b4c6d9e7f0123456789ab",
    ] {
        assert!(form.parse::<dolfin::KeyId>().is_err(), "{form}");
    }
    for number in [0, -1, i64::MIN] {
        assert!(sinjapp::KeyId::new(number).is_err());
    }
    for text in [
        "",
        "dolfin",
        ":x",
        "dolfin:",
        "Dolfin:x",
        "dol fin:x",
        "-:x",
        "1:x",
    ] {
        assert!(text.parse::<KeyRef>().is_err(), "{text}");
    }
}

#[test]
fn both_arms_serialize_alike_and_hold_what_was_put_in() {
    let dead = Revocation::new("intern", Disposition::AlreadyRevoked, [Evidence::InferredAnswer])
        .with_status(409)
        .with_attempts(2)
        .with_provider_code("Gone.Already")
        .with_request_id("r-1")
        .with_reversible(true)
        .with_propagation(std::time::Duration::from_secs(30));
    let error = RevokeError::new("intern", ErrorKind::RateLimited, KeyState::Live)
        .with_status(429)
        .with_title("Slow down")
        .with_detail("later")
        .with_field_errors([FieldError::new("id", "bad")])
        .with_retry_after(std::time::Duration::from_millis(1500))
        .with_source("socket closed");
    let (dead_json, error_json) = (
        serde_json::to_value(&dead).unwrap(),
        serde_json::to_value(&error).unwrap(),
    );
    let names = |value: &serde_json::Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&dead_json), names(&error_json));
    assert_eq!(dead_json["state"], "dead");
    assert_eq!(dead_json["disposition"], "already_revoked");
    assert_eq!(dead_json["kind"], serde_json::Value::Null);
    assert_eq!(dead_json["propagation_ms"], 30_000);
    assert_eq!(error_json["state"], "live");
    assert_eq!(error_json["kind"], "rate_limited");
    assert_eq!(error_json["delivery"], "answered");
    assert_eq!(error_json["retryable"], true);
    assert_eq!(error_json["retry_after_ms"], 1500);
    assert_eq!(error.source().unwrap().to_string(), "socket closed");
    assert!(!error.to_string().contains("socket closed"));
    assert_eq!(error.clone().key_state(), KeyState::Live);

    // An error never says that a key is dead.
    assert_eq!(
        RevokeError::new("intern", ErrorKind::Conflict, KeyState::Dead).key_state(),
        KeyState::Unknown
    );
    assert_eq!(size_of::<RevokeError>(), size_of::<usize>());
}

#[test]
fn every_kind_has_a_next_step_of_its_own() {
    use ErrorKind::*;
    let kinds = [
        InvalidInput,
        NotSent,
        Unauthenticated,
        PermissionDenied,
        NotFound,
        Misdirected,
        Rejected,
        Conflict,
        RateLimited,
        Pending,
        Redirected,
        NoAnswer,
        Unavailable,
        UnexpectedAnswer,
        Cancelled,
        Vetoed,
        Scheduled,
        WrongObject,
    ];
    let mut steps = std::collections::BTreeSet::new();
    for kind in kinds {
        let live = matches!(
            kind,
            InvalidInput
                | NotSent
                | Unauthenticated
                | PermissionDenied
                | Misdirected
                | Rejected
                | RateLimited
                | Cancelled
                | Vetoed
                | Scheduled
        );
        let state = if live { KeyState::Live } else { KeyState::Unknown };
        assert!(
            steps.insert(RevokeError::new("x", kind, state).next_step()),
            "{kind}"
        );
        let unknown = RevokeError::new("x", kind, KeyState::Unknown).next_step();
        assert!(
            !unknown.contains("changed nothing") && !unknown.contains("nothing was sent")
                || kind == InvalidInput,
            "{kind}: {unknown}"
        );
    }
}

#[tokio::test]
async fn bad_input_is_an_error_that_question_marks_carry() {
    async fn job() -> Result<Revocation, RevokeError> {
        let revoker = sinjapp::builder()
            .with_base_url("http://127.0.0.1:1/api/v1")
            .with_credential(Credential::api_key("k"))
            .build()?;
        revoker.revoke(&"0".parse()?).await
    }
    let error = job().await.unwrap_err();
    assert_eq!(
        (error.kind(), error.provider(), error.attempts()),
        (ErrorKind::InvalidInput, "sinjapp", 0)
    );
    let unset = sinjapp::builder().build().map(|_| ()).unwrap_err();
    assert_eq!(unset.problems().len(), 2);
    assert_eq!(RevokeError::from(unset).kind(), ErrorKind::InvalidInput);
}

#[cfg(feature = "blocking")]
mod blocking {
    use keyrevoke::blocking::{Revoke, Revoker};

    use super::*;

    #[test]
    fn the_blocking_form_has_the_same_names() {
        let revoker = Revoker::new(Scripted::default());
        assert_eq!(revoker.provider(), "intern");
        assert!(revoker.revoke(&"dead".into()).is_ok());
        assert_eq!(
            revoker.revoke(&"live".into()).unwrap_err().key_state(),
            KeyState::Live
        );
    }

    #[tokio::test]
    async fn it_may_be_called_inside_a_runtime() {
        let typed = devin::builder()
            .with_base_url("http://127.0.0.1:1")
            .with_credential(Credential::bearer("apk_user_x"))
            .with_retry(RetryPolicy::none())
            .build()
            .unwrap();
        let revoker: keyrevoke::blocking::AnyRevoker = Revoker::new(AnyRevoker::new(typed));
        let error = revoker.revoke(&"devin:apk-1".parse().unwrap()).unwrap_err();
        assert_eq!(
            (error.kind(), error.key_state()),
            (ErrorKind::NotSent, KeyState::Live)
        );
    }

    #[test]
    fn a_panic_of_a_revoker_is_doubt_and_not_a_panic_of_the_caller() {
        struct Broken;
        impl keyrevoke::Revoke for Broken {
            type Key = String;
            fn provider(&self) -> &str {
                "intern"
            }
            async fn revoke(&self, _: &String) -> RevokeResult {
                panic!("broken")
            }
        }
        let error = Revoker::new(Broken).revoke(&"x".into()).unwrap_err();
        assert_eq!(
            (error.kind(), error.key_state()),
            (ErrorKind::Cancelled, KeyState::Unknown)
        );
    }
}
