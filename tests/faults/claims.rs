//! D. Answers that claim success.

use keyrevoke::fakes::{Fake, Reply};
use keyrevoke::{Disposition, ErrorKind, Evidence, KeyState, Revoke};
use serde_json::json;

use crate::common::{answered, error, everywhere, twice_if_conclusive};

#[tokio::test]
async fn row_039_a_204_is_dead_where_it_is_the_documented_success() {
    for (provider, evidence) in [
        ("dolfin", Evidence::ProviderAnswer),
        ("sinjapp", Evidence::ProviderAnswer),
        ("kadosei", Evidence::InferredAnswer),
    ] {
        let (result, sent) = answered(provider, &Reply::new(204)).await;
        let dead = result.unwrap();
        assert_eq!(
            (dead.disposition(), dead.evidence(), sent),
            (Disposition::Revoked, &[evidence][..], 1),
            "{provider}"
        );
    }
}

#[tokio::test]
async fn row_040_devins_200_is_dead_if_its_status_says_success() {
    let (result, sent) = answered(
        "devin",
        &Reply::new(200).with_json(json!({ "status": "success" })),
    )
    .await;
    assert_eq!((result.unwrap().disposition(), sent), (Disposition::Revoked, 1));
}

/// Devin answers 200 with this, and it proves nothing.
async fn proves_nothing_at_devin(bodies: &[serde_json::Value]) {
    for body in bodies {
        let (result, sent) = answered("devin", &Reply::new(200).with_json(body)).await;
        let error = error(result);
        assert_eq!(
            (error.kind(), error.key_state(), sent),
            (ErrorKind::UnexpectedAnswer, KeyState::Unknown, 1),
            "{body}"
        );
    }
}

#[tokio::test]
async fn row_041_devins_200_without_its_status_is_unknown() {
    proves_nothing_at_devin(&[
        json!({}),
        json!([]),
        json!({ "detail": "x" }),
        json!({ "success": false }),
        json!("success"),
    ])
    .await;
}

#[tokio::test]
async fn row_042_devins_200_with_another_status_is_unknown() {
    let other = ["error", "pending", "Success", "successful", ""].map(|status| json!({ "status": status }));
    proves_nothing_at_devin(&other).await;
    proves_nothing_at_devin(&[
        json!({ "status": true }),
        json!({ "status": ["success"] }),
        json!({ "status": null }),
    ])
    .await;
}

#[tokio::test]
async fn row_043_a_captive_portals_page_is_never_dead() {
    let page = Reply::new(200).with_body("text/html", "<html>{\"status\":\"success\"}</html>");
    everywhere(
        page,
        ErrorKind::UnexpectedAnswer,
        KeyState::Unknown,
        twice_if_conclusive,
    )
    .await;
}

#[tokio::test]
async fn row_044_json_that_is_not_sent_as_json_is_unknown() {
    for (provider, body) in [("devin", r#"{"status":"success"}"#), ("kadosei", "{}")] {
        for media in [
            "text/html",
            "text/plain",
            "application/octet-stream",
            "",
            "application/problem+json",
        ] {
            let (result, sent) = answered(provider, &Reply::new(200).with_body(media, body)).await;
            // A problem document is JSON, and contradicts a success.
            assert_eq!(
                (error(result).key_state(), sent),
                (KeyState::Unknown, 1),
                "{provider} {media}"
            );
        }
        let (result, _) = answered(provider, &Reply::new(200).with_header("x-body", "untyped")).await;
        assert_eq!(error(result).key_state(), KeyState::Unknown);
    }
}

#[tokio::test]
async fn row_045_a_body_beyond_64_kib_is_not_read_to_its_end() {
    let long = json!({ "status": "success", "filler": "x".repeat(70_000) });
    let (result, sent) = answered("devin", &Reply::new(200).with_json(&long)).await;
    let error = error(result);
    assert_eq!(
        (error.status(), error.key_state(), sent),
        (Some(200), KeyState::Unknown, 1)
    );
    assert!(error.detail().unwrap().contains("65536"), "{error}");
}

#[tokio::test]
async fn row_046_a_body_that_ends_before_its_json_does_is_unknown() {
    for cut in [r#"{"status":"success""#, r#"{"status":"succ"#, "{"] {
        let (result, sent) = answered("devin", &Reply::new(200).with_body("application/json", cut)).await;
        assert_eq!((error(result).key_state(), sent), (KeyState::Unknown, 1), "{cut}");
    }
}

#[tokio::test]
async fn row_048_a_success_that_is_not_documented_is_unknown_and_cleared_up_where_a_repeat_can() {
    for (provider, status) in [
        ("dolfin", 200),
        ("devin", 204),
        ("devin-v3", 204),
        ("sinjapp", 200),
    ] {
        let (result, sent) = answered(provider, &Reply::new(status)).await;
        assert_eq!(
            (error(result).key_state(), sent),
            (KeyState::Unknown, twice_if_conclusive(provider)),
            "{provider}"
        );
    }
    for status in [201, 203, 205, 206, 207, 226, 299] {
        everywhere(
            Reply::new(status),
            ErrorKind::UnexpectedAnswer,
            KeyState::Unknown,
            twice_if_conclusive,
        )
        .await;
    }
    // Dolfin did it and answered oddly: the repeat finds the key dead.
    let fake = Fake::start("dolfin").await.unwrap();
    fake.answer_next(Reply::new(200).carried_out());
    let dead = fake
        .builder()
        .build()
        .unwrap()
        .revoke(&fake.new_key())
        .await
        .unwrap();
    assert_eq!(
        (dead.disposition(), fake.requests().len()),
        (Disposition::AlreadyRevoked, 2)
    );
}

#[tokio::test]
async fn row_049_accepted_is_pending_and_not_asked_again() {
    everywhere(Reply::new(202), ErrorKind::Pending, KeyState::Unknown, |_| 1).await;
    everywhere(
        Reply::new(202).with_json(json!({ "status": "success" })),
        ErrorKind::Pending,
        KeyState::Unknown,
        |_| 1,
    )
    .await;
}

#[tokio::test]
async fn row_053_json_that_can_be_read_in_two_ways_is_unknown() {
    for body in [
        r#"{"status":"error","status":"success"}"#,
        "\u{feff}{\"status\":\"success\"}",
        r#"{"status":"success"} trailing"#,
        r#"{"status":"success"}{"status":"error"}"#,
    ] {
        let (result, sent) = answered("devin", &Reply::new(200).with_body("application/json", body)).await;
        assert_eq!(
            (error(result).key_state(), sent),
            (KeyState::Unknown, 1),
            "{body}"
        );
    }
}
