//! AWS IAM access keys: signed forms, answers in XML.
#![cfg(all(feature = "aws", feature = "fakes"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::time::Duration;

use keyrevoke::fakes::{Fake, Reply};
use keyrevoke::{
    AnyRevoker, Attestation, Credential, Delivery, ErrorKind, Evidence, KeyRef, KeyState, RetryPolicy,
    Revoke, Verification,
};

const ID: &str = "AKIAFA4EADMINISTRATR";
const SECRET: &str = "fake/secret+access/key";

async fn fake() -> Fake {
    Fake::start("aws-iam").await.unwrap()
}

fn revoker(fake: &Fake) -> AnyRevoker {
    let builder = fake.builder().with_retry(RetryPolicy::immediate());
    builder.build().unwrap()
}

#[tokio::test]
async fn a_signed_form_says_which_key_is_made_inactive_and_the_secret_stays_here() {
    let fake = fake().await;
    let key = fake.new_key();
    let id = key.key().rsplit('/').next().unwrap();
    let dead = revoker(&fake).revoke(&key).await.unwrap();
    assert!(dead.is_reversible() && dead.status() == Some(200), "{dead:?}");

    let deleting = fake.builder().with_deletion().build().unwrap();
    let dead = deleting.revoke(&key).await.unwrap();
    assert!(!dead.is_reversible(), "{dead:?}");

    let requests = fake.requests();
    let bodies: Vec<&str> = requests
        .iter()
        .map(|request| std::str::from_utf8(&request.body).unwrap())
        .collect();
    let rest = "UserName=fake-user&Version=2010-05-08";
    assert_eq!(
        bodies,
        [
            format!("AccessKeyId={id}&Action=UpdateAccessKey&Status=Inactive&{rest}"),
            format!("AccessKeyId={id}&Action=DeleteAccessKey&{rest}"),
        ]
    );
    for request in &requests {
        assert_eq!((request.method.as_str(), request.path.as_str()), ("POST", "/"));
        assert_eq!(request.header("accept"), Some("text/xml"));
        let authorization = request.header("authorization").unwrap();
        assert!(
            authorization.starts_with(&format!("AWS4-HMAC-SHA256 Credential={ID}/")),
            "{authorization}"
        );
        assert!(
            authorization
                .contains("/us-east-1/iam/aws4_request, SignedHeaders=content-type;host;x-amz-date,")
        );
        assert!(!format!("{request:?}").contains(SECRET));
        assert_eq!(request.header("x-amz-security-token"), None);
    }
}

#[tokio::test]
async fn a_temporary_key_sends_the_token_of_its_session_and_signs_it() {
    let fake = fake().await;
    let temporary = Credential::temporary_key_pair(ID, SECRET, "session/token==");
    let shown = format!("{temporary:?}");
    let revoker = fake.builder().with_credential(temporary).build().unwrap();
    // The fake knows no such session.
    let error = revoker.revoke(&fake.new_key()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthenticated);
    let requests = fake.requests();
    assert_eq!(
        requests[0].header("x-amz-security-token"),
        Some("session/token==")
    );
    let authorization = requests[0].header("authorization").unwrap();
    assert!(authorization.contains("x-amz-security-token"), "{authorization}");
    for text in [shown, format!("{revoker:?} {error:?}")] {
        assert!(
            !text.contains("session/token") && !text.contains(SECRET),
            "{text}"
        );
    }
    for incomplete in ["AKIAX", "AKIAX:", ":secret", "AKIAX:secret:", "AKIAX::token"] {
        let built = fake
            .builder()
            .with_credential(Credential::from_text(incomplete))
            .build();
        assert!(built.is_err(), "{incomplete}");
    }
}

#[tokio::test]
async fn a_wrong_signature_and_a_wrong_clock_leave_the_key_live() {
    let fake = fake().await;
    let key = fake.new_key();
    let wrong = fake
        .builder()
        .with_credential(Credential::key_pair(ID, "another-secret"))
        .build()
        .unwrap();
    let error = wrong.revoke(&key).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.key_state(), error.delivery()),
        (ErrorKind::Unauthenticated, KeyState::Live, Delivery::Answered)
    );
    assert_eq!(error.provider_code(), Some("SignatureDoesNotMatch"));
    assert!(fake.is_live(&key));

    let refused = |status: u16, code: &str| {
        let body = format!("<ErrorResponse><Error><Code>{code}</Code></Error></ErrorResponse>");
        Reply::new(status).with_body("text/xml", body)
    };
    for (reply, kind) in [
        (refused(400, "RequestExpired"), ErrorKind::Rejected),
        (refused(403, "AccessDenied"), ErrorKind::PermissionDenied),
        (refused(403, "InvalidClientTokenId"), ErrorKind::Unauthenticated),
        (refused(403, "ExpiredToken"), ErrorKind::Unauthenticated),
        (refused(403, "ExpiredTokenException"), ErrorKind::Unauthenticated),
    ] {
        fake.answer_always(reply);
        let error = revoker(&fake).revoke(&key).await.unwrap_err();
        assert_eq!((error.kind(), error.key_state()), (kind, KeyState::Live));
    }
    assert!(fake.is_live(&key));
}

#[tokio::test]
async fn what_iam_throttles_is_sent_again() {
    for code in ["Throttling", "ThrottlingException"] {
        let fake = fake().await;
        let throttled = || {
            let body = format!("<ErrorResponse><Error><Code>{code}</Code></Error></ErrorResponse>");
            Reply::new(400).with_body("text/xml", body)
        };
        let key = fake.new_key();
        fake.answer_next_revocation(throttled());
        let dead = revoker(&fake).revoke(&key).await.unwrap();
        assert_eq!((dead.attempts(), fake.requests().len()), (2, 2), "{code}");
        let deleting = fake
            .builder()
            .with_deletion()
            .with_retry(RetryPolicy::immediate());
        fake.answer_next_revocation(throttled());
        let dead = deleting.build().unwrap().revoke(&key).await.unwrap();
        assert_eq!(dead.attempts(), 2, "{code}");

        let key = fake.new_key();
        fake.answer_next_look(throttled());
        assert_eq!(revoker(&fake).find(&key).await.unwrap().state(), KeyState::Live);
        for _ in 0..9 {
            fake.answer_next(throttled());
        }
        let error = revoker(&fake).revoke(&key).await.unwrap_err();
        assert_eq!(
            (error.kind(), error.key_state()),
            (ErrorKind::RateLimited, KeyState::Live),
            "{code}"
        );
        let error = revoker(&fake).find(&key).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::RateLimited, "{code}");
    }
}

#[tokio::test]
async fn only_the_documented_element_is_a_death() {
    let fake = fake().await;
    let key = fake.new_key();
    let xml = |body: &str| Reply::new(200).with_body("text/xml", body);
    let sound = "<UpdateAccessKeyResponse><ResponseMetadata><RequestId>1</RequestId></ResponseMetadata></UpdateAccessKeyResponse>";
    for reply in [
        Reply::new(200),
        Reply::new(200).with_body("text/html", sound),
        Reply::new(200).with_body("text/html", "<html><body>sign in</body></html>"),
        Reply::new(200).with_json(serde_json::json!({
            "UpdateAccessKeyResponse": { "ResponseMetadata": { "RequestId": "1" } }
        })),
        xml("<UpdateAccessKeyResponse/>"),
        xml(
            "<DeleteAccessKeyResponse><ResponseMetadata><RequestId>1</RequestId></ResponseMetadata></DeleteAccessKeyResponse>",
        ),
        xml(&sound.replace("RequestId", "Other")),
        xml(&sound[..sound.len() - 4]),
        xml(&format!("{sound}{sound}")),
        xml(&format!("<!DOCTYPE x>{sound}")),
        xml("<ErrorResponse><Error><Code>Throttling</Code></Error></ErrorResponse>"),
    ] {
        fake.answer_always(reply.clone());
        let error = revoker(&fake).revoke(&key).await.unwrap_err();
        assert_eq!(error.key_state(), KeyState::Unknown, "{reply:?}");
    }
    fake.answer_always(Reply::new(200).with_body("text/xml; charset=utf-8", sound));
    assert!(revoker(&fake).revoke(&key).await.is_ok());
}

#[tokio::test]
async fn a_key_that_iam_does_not_have_is_dead_by_the_callers_word_alone() {
    let fake = fake().await;
    let unknown = fake.unknown_key();
    let error = revoker(&fake).revoke(&unknown).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.key_state()),
        (ErrorKind::NotFound, KeyState::Unknown)
    );
    assert_eq!(error.provider_code(), Some("NoSuchEntity"));
    let known = Attestation::new("the inventory of yesterday");
    let dead = revoker(&fake).revoke_known(&unknown, known).await.unwrap();
    assert_eq!(dead.evidence(), [Evidence::CallerAttested]);
}

#[tokio::test]
async fn the_list_of_the_users_keys_shows_what_became_of_one() {
    let fake = fake().await;
    let verification = || Verification::new().with_budget(Duration::from_secs(2));
    let (key, other) = (fake.new_key(), fake.new_key());
    assert_eq!(revoker(&fake).find(&key).await.unwrap().state(), KeyState::Live);

    // Done behind an answer that is lost.
    fake.answer_next_revocation(Reply::new(502).with_body("text/html", "x").carried_out());
    fake.answer_next_revocation(Reply::new(502).with_body("text/html", "x"));
    let dead = revoker(&fake)
        .revoke_verified(&key, verification())
        .await
        .unwrap();
    assert!(dead.is_reversible());
    assert_eq!(dead.evidence(), [Evidence::ReadBack]);

    let deleting = fake.builder().with_deletion().build().unwrap();
    let dead = deleting.revoke_verified(&key, verification()).await.unwrap();
    assert!(!dead.is_reversible());
    assert!(fake.is_live(&other));
}

#[tokio::test]
async fn the_name_of_a_user_is_encoded_and_no_name_makes_another_form() {
    let fake = fake().await;
    let key: KeyRef = "aws-iam:a+b=c,d.e@f-g_h/AKIAIOSFODNN7EXAMPLE".parse().unwrap();
    let error = revoker(&fake).revoke(&key).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    let body = String::from_utf8(fake.requests()[0].body.clone()).unwrap();
    assert!(body.contains("&UserName=a%2Bb%3Dc%2Cd.e%40f-g_h&"), "{body}");
    for wrong in [
        "aws-iam:a&b/AKIAIOSFODNN7EXAMPLE",
        "aws-iam:a b/AKIAIOSFODNN7EXAMPLE",
        "aws-iam:/AKIAIOSFODNN7EXAMPLE",
        "aws-iam:a/b/AKIAIOSFODNN7EXAMPLE",
        "aws-iam:AKIAIOSFODNN7EXAMPLE",
        "aws-iam:a/AKIASHORT",
    ] {
        let checked = wrong.parse::<KeyRef>().map(|key| revoker(&fake).check(&key));
        assert!(!matches!(checked, Ok(Ok(_))), "{wrong}");
    }
    assert_eq!(fake.requests().len(), 1);
}
