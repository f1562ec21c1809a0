//! G. Ids and credentials that must never reach a URL or a header.

use keyrevoke::fakes::Fake;
use keyrevoke::{
    Credential, Delivery, ErrorKind, KeyRef, KeyState, Revoke, RevokeError, devin, dolfin, sinjapp,
};
use uuid::Uuid;

use crate::common::{error, summary};

const REFUSED: (ErrorKind, KeyState, Delivery) = (ErrorKind::InvalidInput, KeyState::Live, Delivery::NotSent);

/// None of these ids leaves, at any provider, in any place of its key.
async fn never_leave(ids: &[&str]) {
    for provider in keyrevoke::providers() {
        let fake = Fake::start(provider.name()).await.unwrap();
        let revoker = fake.builder().build().unwrap();
        let good = fake.new_key();
        let places = good.key().split('/').count();
        for id in ids {
            for place in 0..places {
                let mut parts: Vec<&str> = good.key().split('/').collect();
                parts[place] = id;
                let error = match KeyRef::new(provider.name(), parts.join("/")) {
                    Ok(key) => error(revoker.revoke(&key).await),
                    Err(refused) => RevokeError::from(refused),
                };
                assert_eq!(summary(&error), REFUSED, "{} {id:?}", provider.name());
            }
        }
        assert!(fake.requests().is_empty(), "{}", provider.name());
    }
}

#[tokio::test]
async fn row_085_an_empty_id_and_dots_never_leave() {
    never_leave(&["", ".", "..", "...", "/", "./.."]).await;
}

#[tokio::test]
async fn row_086_a_backslash_never_leaves() {
    never_leave(&["\\", "..\\api-keys", "x\\..", "\\..\\api-keys", "a\\b"]).await;
}

#[tokio::test]
async fn row_087_characters_that_no_id_has_never_leave() {
    let long = "a".repeat(129);
    let endless = "a".repeat(10_000);
    let mut ids = vec![
        long.as_str(),
        endless.as_str(),
        "a/b",
        "a?b",
        "a#b",
        "a%2fb",
        "%2e%2e",
        "a;b",
        "a b",
        " a",
        "a\r\nb",
    ];
    ids.extend([
        "a\0b",
        "a\tb",
        "\u{fe}\u{ff}",
        "é",
        "a\u{202e}b",
        "a\u{200b}b",
        "аpk-1",
    ]);
    never_leave(&ids).await;
}

#[tokio::test]
async fn row_089_a_uuid_has_one_form_and_is_never_nil() {
    let id = "2f1d3c5e-8a4b-4c6d-9e7f-0123456789ab";
    assert_eq!(
        id.to_uppercase().parse::<dolfin::KeyId>().unwrap().to_string(),
        id
    );
    for form in [
        format!("{{{id}}}"),
        format!("urn:uuid:{id}"),
        id.replace('-', ""),
        Uuid::nil().to_string(),
    ] {
        assert!(form.parse::<dolfin::KeyId>().is_err(), "{form}");
    }
    assert!(dolfin::KeyId::new(Uuid::nil()).is_err());
    never_leave(&["00000000-0000-0000-0000-000000000000"]).await;
}

#[tokio::test]
async fn row_090_a_number_is_positive_and_written_in_one_way() {
    for text in [
        "0",
        "-1",
        "07",
        "+7",
        "9223372036854775808",
        "1.0",
        "1e3",
        "0x7",
        "",
        "٧",
    ] {
        assert!(text.parse::<sinjapp::KeyId>().is_err(), "{text}");
    }
    assert_eq!(
        "9223372036854775807".parse::<sinjapp::KeyId>().unwrap().get(),
        i64::MAX
    );
    never_leave(&["0", "-1"]).await;
}

#[tokio::test]
async fn row_091_a_secret_in_the_place_of_an_id_is_refused_and_not_shown() {
    never_leave(&[
        "apk_user_canary0123456789",
        "cog_canary0123456789",
        "sk_live_canary0123456789",
    ])
    .await;
    for secret in [
        "apk_canary",
        "apk_user_canary0123456789",
        "cog_canary",
        "sk-canary0123456789",
        ".apk_canary0123456789",
    ] {
        let refused = devin::KeyId::new(secret).unwrap_err();
        assert!(!format!("{refused} {refused:?}").contains("canary"), "{refused}");
    }
}

#[tokio::test]
async fn row_092_a_credential_with_a_control_is_refused_and_not_shown() {
    refused_credentials(&[
        "canary\r\nx-admin: 1",
        "can\0ary",
        "canary\n\n",
        "can\u{7f}ary",
        "can\x1bary",
    ])
    .await;
}

#[tokio::test]
async fn row_093_a_credential_that_is_none_is_refused_and_not_shown() {
    let long = "canary".repeat(700);
    refused_credentials(&[
        "", "\n", " canary", "canary ", "\tcanary", "canary\t", "can ary", "canäry", &long,
    ])
    .await;
}

async fn refused_credentials(texts: &[&str]) {
    for provider in keyrevoke::providers() {
        let fake = Fake::start(provider.name()).await.unwrap();
        for text in texts {
            let refused = fake
                .builder()
                .with_credential(Credential::from_text(*text))
                .build()
                .unwrap_err();
            assert_eq!(
                refused.problems().len(),
                1,
                "{} {text:?}: {refused}",
                provider.name()
            );
            assert!(!format!("{refused} {refused:?}").contains("can"), "{refused}");
        }
        assert!(fake.requests().is_empty());
    }
}
