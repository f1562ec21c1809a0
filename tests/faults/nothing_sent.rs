//! Rows 1 to 10: no byte of a request leaves. Row 10 is a test of the loop itself, in `src/retry_tests.rs`.

use std::future::{Future, pending, ready};
use std::pin::pin;
use std::process::Command;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use keyrevoke::{
    AttemptStart, BoxFuture, ClientOptions, Credential, Delivery, ErrorKind, KeyState, Observer, Revoke, Veto,
};
use tokio::io::AsyncReadExt;
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;

use crate::common::{ATTEMPT, NOT_SENT, builder, error, providers, revoke_at, summary};
use crate::server::{FaultServer, Port, Step, after_read, answer, replies};
use crate::tls::Authority;

#[tokio::test]
async fn row_001_a_refused_connection_leaves_the_key_live_and_may_be_tried_again() {
    let nobody = Port::new();
    for (provider, _) in providers() {
        let error = error(revoke_at(provider, &nobody.url()).await);
        assert_eq!(summary(&error), NOT_SENT, "{provider}: {error}");
        assert!(error.is_retryable());
        assert_eq!(
            error.attempts(),
            5,
            "{provider}: nothing left, so all may be made"
        );
    }
}

#[tokio::test]
async fn row_002_a_host_name_that_has_no_address_leaves_the_key_live() {
    // Longer than a label may be: no resolver takes it, so nobody is asked.
    let host = format!("{}.invalid", "a".repeat(64));
    let (builder, key) = builder("dolfin", &format!("http://{host}")).await;
    let revoker = builder
        .with_options(ClientOptions::new().allow_http_host(host))
        .build()
        .unwrap();
    let error = error(revoker.revoke(&key).await);
    assert_eq!(summary(&error), NOT_SENT, "{error}");
    assert!(error.to_string().contains("dns"), "{error}");
    assert!(error.next_step().contains("host name"));
    assert!(error.is_retryable());
}

#[tokio::test]
async fn row_003_a_peer_that_does_not_take_the_connection_leaves_the_key_live() {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let listener = socket.listen(1).unwrap(); // and never accepts
    let address = listener.local_addr().unwrap();
    let mut waiting = Vec::new();
    while let Ok(stream) = timeout(Duration::from_millis(300), TcpStream::connect(address)).await {
        waiting.push(stream.unwrap());
    }
    let error = error(revoke_at("dolfin", &format!("http://{address}")).await);
    assert_eq!(summary(&error), NOT_SENT, "{error}");
    assert!(error.is_retryable());
    // Whatever stands in the queue holds no byte.
    drop(waiting);
    while let Ok(accepted) = timeout(Duration::from_millis(50), listener.accept()).await {
        let mut received = Vec::new();
        let _ = accepted.unwrap().0.read_to_end(&mut received).await;
        assert!(received.is_empty(), "{received:?}");
    }
}

/// What happens if it does occur stands in `src/retry_tests.rs`, under the same number.
#[tokio::test]
async fn row_004_timeouts_out_of_order_are_refused_at_construction() {
    let seconds = Duration::from_secs;
    for (connect, attempt, deadline) in [(5, 5, 30), (6, 5, 30), (1, 30, 30), (1, 31, 30), (0, 5, 30)] {
        let (builder, _) = builder("dolfin", "http://127.0.0.1:1").await;
        let refused = builder
            .with_options(ClientOptions::new().with_connect_timeout(seconds(connect)))
            .with_attempt_timeout(seconds(attempt))
            .with_deadline(seconds(deadline))
            .build()
            .unwrap_err();
        assert!(refused.to_string().contains("timeouts"), "{refused}");
    }
    // A deadline alone draws the others below it.
    let (builder, _) = builder("dolfin", "http://127.0.0.1:1").await;
    let builder = builder.with_attempt_timeout(Duration::from_millis(50));
    assert!(builder.with_deadline(Duration::from_millis(100)).build().is_ok());
}

#[tokio::test]
async fn row_005_a_certificate_that_cannot_be_trusted_gets_no_request_and_no_second_try() {
    let authority = Authority::new();
    let options = |pem: &str| ClientOptions::new().with_root_certificates(pem);
    let (trusted, unknown) = (options(authority.pem()), ClientOptions::new());
    let good = authority.server("localhost", 2099, &[]);
    let expired = authority.server("localhost", 2021, &[]);
    let misnamed = authority.server("other.example", 2099, &[]);
    for (name, config, options, is_good) in [
        ("good", &good, &trusted, true),
        ("expired", &expired, &trusted, false),
        ("wrong name", &misnamed, &trusted, false),
        ("unknown issuer", &good, &unknown, false),
        (
            "another issuer",
            &good,
            &self::options_of(&Authority::new()),
            false,
        ),
    ] {
        let server = FaultServer::start_tls(config.clone(), [replies(answer(204, &[], b""))]);
        let (builder, key) = builder("dolfin", &server.url_by_name()).await;
        let revoker = builder.with_options(options.clone()).build().unwrap();
        let result = revoker.revoke(&key).await;
        let connections = server.connections();
        assert_eq!(connections.len(), 1, "{name}: {result:?}");
        if is_good {
            assert!(result.is_ok(), "{name}: {result:?}");
            assert_eq!(server.requests(), 1, "{name}");
            continue;
        }
        let error = error(result);
        assert_eq!(summary(&error), NOT_SENT, "{name}: {error}");
        assert!(!error.is_retryable(), "{name}");
        assert!(error.to_string().contains("certificate"), "{name}: {error}");
        assert!(
            connections[0].received.is_empty(),
            "{name}: nothing, not even encrypted"
        );
    }
}

fn options_of(authority: &Authority) -> ClientOptions {
    ClientOptions::new().with_root_certificates(authority.pem())
}

#[tokio::test]
async fn row_006_a_peer_that_speaks_no_tls_or_stalls_gets_no_request() {
    for script in [
        vec![Step::Send(answer(204, &[], b""))],
        vec![Step::Hold],
        vec![Step::Reset],
        vec![Step::Wait(Duration::from_millis(50)), Step::Reset],
    ] {
        let server = FaultServer::start([script.clone()]);
        let url = server.url().replace("http://", "https://");
        let error = error(revoke_at("dolfin", &url).await);
        assert_eq!(summary(&error), NOT_SENT, "{script:?}: {error}");
        assert_eq!(server.requests(), 0, "{script:?}");
        assert!(!server.received().contains("fake"), "{script:?}: no credential");
    }
}

/// Runs itself again in an environment without certificates.
#[tokio::test]
async fn row_007_a_machine_without_certificates_is_told_so_by_the_constructor() {
    const CHILD: &str = "KEYREVOKE_TEST_WITHOUT_CERTIFICATES";
    if std::env::var_os(CHILD).is_some() {
        let build = |options| {
            keyrevoke::devin::builder()
                .with_credential(Credential::bearer("canary"))
                .with_options(options)
                .build()
        };
        let error = build(ClientOptions::new()).unwrap_err();
        assert!(error.to_string().contains("certificates"), "{error}");
        assert!(
            build(options_of(&Authority::new())).is_ok(),
            "with its own it needs no others"
        );
        return;
    }
    let status = Command::new(std::env::current_exe().unwrap())
        .args(["row_007_", "--nocapture"])
        .env(CHILD, "1")
        .env("SSL_CERT_FILE", "/dev/null")
        .env("SSL_CERT_DIR", "/nonexistent")
        .output()
        .unwrap();
    assert!(status.status.success(), "{status:?}");
}

#[tokio::test]
async fn row_008_a_proxy_that_makes_no_tunnel_leaves_the_key_live() {
    for script in [
        replies(answer(403, &[], b"")),
        replies(answer(407, &[], b"")),
        replies(answer(502, &[], b"")),
        replies(&b"nonsense"[..]),
        after_read(Step::Reset),
        after_read(Step::Hold),
    ] {
        let proxy = FaultServer::start([script.clone()]);
        let (builder, key) = builder("dolfin", "https://127.0.0.1:9").await;
        let options = ClientOptions::new().with_proxy(proxy.url());
        let revoker = builder.with_options(options).build().unwrap();
        let error = error(revoker.revoke(&key).await);
        assert_eq!(summary(&error), NOT_SENT, "{script:?}: {error}");
        let received = proxy.received();
        assert_eq!(
            received.matches("CONNECT ").count(),
            proxy.requests(),
            "{received}"
        );
        assert!(
            !received.contains("api-keys") && !received.contains("fake"),
            "{received}"
        );
    }
}

/// Takes its time before it lets anything leave.
struct Slow(Duration);

impl Observer for Slow {
    fn before_attempt<'a>(&'a self, _: &'a AttemptStart<'a>) -> BoxFuture<'a, Result<(), Veto>> {
        Box::pin(async {
            tokio::time::sleep(self.0).await;
            Ok(())
        })
    }
}

#[tokio::test]
async fn row_009_what_has_ended_before_the_first_byte_sends_nothing() {
    let server = FaultServer::start([replies(answer(204, &[], b""))]);

    // Cancelled before it began.
    let (plain, key) = builder("dolfin", &server.url()).await;
    let revoker = plain.build().unwrap();
    let cancelled = error(revoker.revoke_until(&key, ready(())).await);
    assert_eq!(
        summary(&cancelled),
        (ErrorKind::Cancelled, KeyState::Live, Delivery::NotSent)
    );
    assert_eq!(cancelled.attempts(), 0);

    // Polled never, then dropped.
    drop(revoker.revoke(&key));

    // Cancelled, and late, while somebody else still thinks about it.
    for is_cancelled in [true, false] {
        let (slow, key) = builder("dolfin", &server.url()).await;
        let slow = slow.with_observer(Slow(Duration::from_secs(60)));
        let revoker = slow.with_deadline(ATTEMPT * 2).build().unwrap();
        let error = if is_cancelled {
            let soon = tokio::time::sleep(Duration::from_millis(50));
            error(revoker.revoke_until(&key, soon).await)
        } else {
            error(revoker.revoke_until(&key, pending()).await)
        };
        let kind = if is_cancelled {
            ErrorKind::Cancelled
        } else {
            ErrorKind::NotSent
        };
        assert_eq!(
            summary(&error),
            (kind, KeyState::Live, Delivery::NotSent),
            "{error}"
        );
    }

    // Dropped after a first poll, before the observer gave leave.
    let (slow, key) = builder("dolfin", &server.url()).await;
    let revoker = slow.with_observer(Slow(Duration::from_secs(60))).build().unwrap();
    {
        let mut call = pin!(revoker.revoke(&key));
        let polled = call.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        assert!(matches!(polled, Poll::Pending));
    }
    assert_eq!((server.connections().len(), server.requests()), (0, 0));
}
