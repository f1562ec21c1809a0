//! What HTTP mock servers cannot do: broken, slow, endless and encrypted peers, byte by byte.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::time::{Duration, Instant};

use keyrevoke::{
    ClientOptions, Credential, Delivery, ErrorKind, KeyState, RetryPolicy, Revoke, RevokeError, devin,
    dolfin, sinjapp,
};
use support::{RawServer, Then};

/// Revokes one key at Dolfin, where a repeat is conclusive.
async fn dolfin_at(url: &str) -> Result<keyrevoke::Revocation, RevokeError> {
    let revoker = dolfin::builder()
        .with_base_url(url)
        .with_credential(Credential::api_key("dol_live_canary"))
        .with_retry(RetryPolicy::immediate())
        .with_attempt_timeout(Duration::from_millis(400))
        .build()
        .unwrap();
    revoker
        .revoke(&"2f1d3c5e-8a4b-4c6d-9e7f-0123456789ab".parse().unwrap())
        .await
}

/// So many requests came, and each was the documented one.
fn check_sent(server: &RawServer, count: usize) {
    let heads = server.heads();
    assert_eq!(heads.len(), count, "{heads:?}");
    for head in heads {
        assert!(
            head.starts_with("POST /api-keys/2f1d3c5e-8a4b-4c6d-9e7f-0123456789ab/revoke HTTP/1.1\r\n"),
            "{head}"
        );
        assert!(head.contains("x-dolfin-api-key: dol_live_canary\r\n"), "{head}");
    }
}

fn http(head: &str, body: &[u8]) -> Then {
    Then::Send([head.replace('\n', "\r\n").as_bytes(), b"\r\n\r\n", body].concat())
}

#[tokio::test]
async fn no_answer_is_unknown_and_asked_again_once() {
    for then in [
        Then::Hold(Vec::new()),
        Then::Reset,
        Then::Send(Vec::new()),
        Then::Send(b"HTTP/1.1 2".to_vec()),
    ] {
        let server = RawServer::start(then.clone()).await;
        let error = dolfin_at(&server.url()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NoAnswer, "{then:?}: {error}");
        assert_eq!(
            (error.key_state(), error.delivery()),
            (KeyState::Unknown, Delivery::MaybeSent),
            "{then:?}"
        );
        assert_eq!(error.attempts(), 2, "{then:?}");
        check_sent(&server, 2);
    }
}

#[tokio::test]
async fn no_answer_is_not_asked_again_where_ids_may_be_reused() {
    let server = RawServer::start(Then::Reset).await;
    let revoker = sinjapp::builder()
        .with_base_url(server.url())
        .with_credential(Credential::api_key("canary"))
        .with_retry(RetryPolicy::immediate())
        .build()
        .unwrap();
    let error = revoker
        .revoke(&sinjapp::KeyId::new(7).unwrap())
        .await
        .unwrap_err();
    assert_eq!(
        (error.kind(), error.key_state()),
        (ErrorKind::NoAnswer, KeyState::Unknown)
    );
    assert!(!error.is_retryable());
    assert_eq!(server.requests(), 1);
}

#[tokio::test]
async fn what_is_not_http_is_unknown() {
    for bytes in [
        &b"\0\0\0\0\0\0\0\0"[..],
        b"<html>hello</html>\r\n\r\n",
        b"HTTP/0.9 204 No\r\n\r\n",
        b"HTTP/1.1 1000 No\r\n\r\n",
        b"HTTP/1.1 abc No\r\n\r\n",
        b"HTTP/1.1 204 No Content\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n",
        b"HTTP/2 204\r\n\r\n",
    ] {
        let server = RawServer::start(Then::Send(bytes.to_vec())).await;
        let result = dolfin_at(&server.url()).await;
        let error = result.expect_err(&String::from_utf8_lossy(bytes));
        assert_eq!(error.key_state(), KeyState::Unknown, "{error}");
        check_sent(&server, 2);
    }
}

#[tokio::test]
async fn statuses_that_nobody_defined_are_unknown() {
    for status in [199, 299, 399, 499, 599, 600, 999] {
        let server = RawServer::start(http(&format!("HTTP/1.1 {status} X\ncontent-length: 0"), b"")).await;
        let error = dolfin_at(&server.url()).await.expect_err("unknown");
        assert_eq!(error.key_state(), KeyState::Unknown, "{status}: {error}");
        check_sent(&server, if matches!(status, 199 | 299) { 2 } else { 1 });
    }
}

#[tokio::test]
async fn a_body_that_is_cut_or_endless_proves_nothing() {
    let problem = br#"{"title":"ApiKey.AlreadyRevoked""#;
    let head = "HTTP/1.1 409 Conflict\ncontent-type: application/problem+json";
    let server = RawServer::start(http(&format!("{head}\ncontent-length: 100"), problem)).await;
    let error = dolfin_at(&server.url()).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.key_state(), error.status()),
        (ErrorKind::Conflict, KeyState::Unknown, Some(409))
    );
    check_sent(&server, 1);

    // Ended by closing the connection, so that only the JSON itself shows that it is cut.
    let server = RawServer::start(http(head, problem)).await;
    let error = dolfin_at(&server.url()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict);
    check_sent(&server, 1);

    let endless = [br#"{"title":""#.to_vec(), vec![b'x'; 70_000], br#""}"#.to_vec()].concat();
    let server = RawServer::start(http(
        &format!("{head}\ncontent-length: {}", endless.len()),
        &endless,
    ))
    .await;
    let error = dolfin_at(&server.url()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict);
    assert!(error.detail().unwrap().contains("65536"), "{error}");
    check_sent(&server, 1);

    // The head came, the body does not: the status is known, and the call ends in time.
    let started = Instant::now();
    let server = RawServer::start(Then::Hold(
        b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n{".to_vec(),
    ))
    .await;
    let error = dolfin_at(&server.url()).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.status(), error.attempts()),
        (ErrorKind::NoAnswer, Some(200), 2)
    );
    assert!(
        started.elapsed() < Duration::from_secs(30),
        "the server holds for 60 s"
    );
}

#[tokio::test]
async fn row_047_a_204_is_dead_whatever_follows_it() {
    let server = RawServer::start(http("HTTP/1.1 204 No Content\ncontent-length: 5", b"oops!")).await;
    assert!(dolfin_at(&server.url()).await.is_ok());
    check_sent(&server, 1);
    assert_eq!(server.connections(), 1);
}

#[tokio::test]
async fn every_attempt_has_a_connection_of_its_own() {
    let server = RawServer::start(Then::Hold(
        b"HTTP/1.1 503 X\r\ncontent-length: 0\r\n\r\n".to_vec(),
    ))
    .await;
    let error = dolfin_at(&server.url()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    check_sent(&server, 2);
    assert_eq!(server.connections(), 2);
}

#[tokio::test]
async fn a_peer_without_tls_gets_no_request() {
    for then in [
        Then::Send(b"HTTP/1.1 204 No Content\r\n\r\n".to_vec()),
        Then::Hold(Vec::new()),
    ] {
        let server = RawServer::start(then).await;
        let error = dolfin_at(&server.url().replace("http://", "https://"))
            .await
            .unwrap_err();
        assert_eq!(
            (error.kind(), error.key_state()),
            (ErrorKind::NotSent, KeyState::Live),
            "{error}"
        );
        assert_eq!(error.delivery(), Delivery::NotSent);
        check_sent(&server, 0);
    }
}

#[tokio::test]
async fn a_proxy_of_the_options_is_used_and_its_refusals_are_told_apart() {
    let proxy = RawServer::start(http(
        "HTTP/1.1 407 Proxy Authentication Required\ncontent-length: 0",
        b"",
    ))
    .await;
    let builder = || {
        devin::builder()
            .with_credential(Credential::bearer("apk_user_canary"))
            .with_retry(RetryPolicy::none())
    };
    let key = devin::KeyId::new("apk-1").unwrap();

    let options = ClientOptions::new().with_proxy(proxy.url());
    let through = builder()
        .with_base_url("http://127.0.0.1:1")
        .with_options(options.clone())
        .build()
        .unwrap();
    let error = through.revoke(&key).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.key_state(), error.status()),
        (ErrorKind::Unauthenticated, KeyState::Live, Some(407))
    );
    assert!(error.next_step().contains("proxy"));
    assert_eq!(proxy.requests(), 1);

    // With TLS the proxy is asked for a tunnel, which it refuses: nothing reached the provider.
    let tunnelled = builder()
        .with_base_url("https://127.0.0.1:1")
        .with_options(options)
        .build()
        .unwrap();
    let error = tunnelled.revoke(&key).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.key_state()),
        (ErrorKind::NotSent, KeyState::Live)
    );
    assert_eq!(proxy.requests(), 2);

    for bad in [
        "",
        "proxy:3128",
        "socks5://127.0.0.1:1",
        "http://",
        "http://127.0.0.1 :1",
    ] {
        let error = builder()
            .with_options(ClientOptions::new().with_proxy(bad))
            .build()
            .unwrap_err();
        assert!(error.to_string().contains("proxy"), "{bad}: {error}");
    }
    // A plain-text request through a proxy elsewhere would show it the credential.
    let elsewhere = ClientOptions::new().with_proxy("http://proxy.example.com:3128");
    let error = builder()
        .with_base_url("http://127.0.0.1:1")
        .with_options(elsewhere.clone())
        .build()
        .unwrap_err();
    assert!(error.to_string().contains("proxy"), "{error}");
    assert!(builder().with_options(elsewhere).build().is_ok());
}

#[tokio::test]
async fn certificates_that_are_none_are_refused_at_construction() {
    let builder = || devin::builder().with_credential(Credential::bearer("apk_user_canary"));
    let options = ClientOptions::new().with_root_certificates("not a certificate");
    assert!(
        builder()
            .with_options(options)
            .build()
            .unwrap_err()
            .to_string()
            .contains("certificate")
    );
    let options = ClientOptions::new().with_client_identity("canary");
    let error = builder().with_options(options.clone()).build().unwrap_err();
    assert!(error.to_string().contains("identity"), "{error}");
    assert!(!format!("{error} {error:?} {options:?}").contains("canary"));
}
