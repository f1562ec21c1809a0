//! Rows 11 to 22: a request left, and no answer tells what became of it. Rows 23 and 24 are tests of the loop
//! itself, in `src/retry_tests.rs`.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use keyrevoke::fakes::Fake;
use keyrevoke::{
    AttemptEnd, AttemptStart, BoxFuture, ClientOptions, Delivery, ErrorKind, KeyState, Observer, Revoke, Veto,
};
use tokio::task::JoinSet;

use crate::common::{ATTEMPT, NO_ANSWER, builder, error, providers, repeating, revoke_at, summary, through};
use crate::proxy::{FaultProxy, Way};
use crate::server::{FaultServer, Script, Step, after_read, answer, replies};
use crate::tls::Authority;

/// Servers hold on for a minute; a call must end long before.
const SOON: Duration = Duration::from_secs(20);

/// At every provider: unknown, and sent once more only where a repeat is declared to do no harm.
async fn is_unknown_and_bounded(script: Script) {
    let mut tasks = JoinSet::new();
    for (provider, sends) in providers() {
        let script = script.clone();
        tasks.spawn(async move {
            let server = FaultServer::start([script]);
            let began = Instant::now();
            let error = error(revoke_at(provider, &server.url()).await);
            assert_eq!(summary(&error), NO_ANSWER, "{provider}: {error}");
            let seen = (
                error.attempts() as usize,
                server.requests(),
                server.connections().len(),
            );
            assert_eq!(seen, (sends, sends, sends), "{provider}: {error}");
            assert!(error.next_step().starts_with("Verify"), "{}", error.next_step());
            assert!(began.elapsed() < SOON, "{provider}: {:?}", began.elapsed());
        });
    }
    tasks.join_all().await;
}

#[tokio::test]
async fn row_011_a_connection_that_ends_after_the_request_leaves_it_unknown() {
    is_unknown_and_bounded(vec![Step::Read]).await;
    is_unknown_and_bounded(replies(&b"HTTP/1.1 204 No Con"[..])).await;

    // The same before a provider that did its work each time.
    let fake = Fake::start("devin").await.unwrap();
    let proxy = FaultProxy::before(&fake.base_url(), [Way::Cut(0), Way::Cut(12)]).await;
    let key = fake.new_key();
    let error = error(through(&fake, proxy.base_url()).revoke(&key).await);
    assert_eq!(summary(&error), NO_ANSWER);
    assert_eq!(
        (proxy.asked(), proxy.delivered(), fake.requests().len()),
        (2, 2, 2)
    );
    assert!(!fake.is_live(&key), "which nobody could know");
}

#[tokio::test]
async fn row_012_a_reset_after_the_request_leaves_it_unknown() {
    is_unknown_and_bounded(after_read(Step::Reset)).await;

    // A reset may hide either: the request that never arrived, and the key that died.
    for way in [Way::LoseRequest, Way::LoseAnswer] {
        let fake = Fake::start("devin").await.unwrap();
        let proxy = FaultProxy::before(&fake.base_url(), [way, way]).await;
        let key = fake.new_key();
        let error = error(through(&fake, proxy.base_url()).revoke(&key).await);
        assert_eq!(summary(&error), NO_ANSWER, "{way:?}");
        assert_eq!(fake.is_live(&key), way == Way::LoseRequest, "{way:?}");
        let delivered = if way == Way::LoseAnswer { 2 } else { 0 };
        assert_eq!((proxy.asked(), proxy.delivered()), (2, delivered), "{way:?}");
    }
}

#[tokio::test]
async fn row_013_a_silent_server_is_left_at_the_attempt_timeout() {
    is_unknown_and_bounded(after_read(Step::Hold)).await;

    // An answer that comes too late is no answer, although the server gives it.
    let late = vec![
        Step::Read,
        Step::Wait(Duration::from_secs(40)),
        Step::Send(answer(204, &[], b"")),
    ];
    let server = FaultServer::start([late]);
    let began = Instant::now();
    assert_eq!(
        summary(&error(revoke_at("sinjapp", &server.url()).await)),
        NO_ANSWER
    );
    assert!(began.elapsed() < SOON);
    assert_eq!(server.requests(), 1);

    // One that comes in time is one.
    let fake = Fake::start("devin").await.unwrap();
    let proxy = FaultProxy::before(&fake.base_url(), [Way::Delay(Duration::from_millis(200))]).await;
    let result = through(&fake, proxy.base_url()).revoke(&fake.new_key()).await;
    assert_eq!((result.unwrap().attempts(), proxy.delivered()), (1, 1));
}

#[tokio::test]
async fn row_014_a_head_that_dribbles_does_not_prolong_the_call() {
    let dribble = Step::Dribble {
        bytes: answer(204, &[("x-slow", &"x".repeat(600))], b""),
        at_once: 1,
        every: Duration::from_millis(100),
    };
    is_unknown_and_bounded(after_read(dribble)).await;
}

#[tokio::test]
async fn row_015_interim_answers_without_end_do_not_prolong_the_call() {
    for head in [
        "HTTP/1.1 100 Continue\r\n\r\n",
        "HTTP/1.1 103 Early Hints\r\n\r\n",
    ] {
        let slowly = Step::Dribble {
            bytes: head.repeat(600).into_bytes(),
            at_once: head.len(),
            every: Duration::from_millis(100),
        };
        is_unknown_and_bounded(after_read(slowly)).await;
        // As fast as it can be read.
        let server = FaultServer::start([after_read(Step::Endlessly(head.into()))]);
        let began = Instant::now();
        let error = error(revoke_at("sinjapp", &server.url()).await);
        assert_eq!(summary(&error), NO_ANSWER, "{error}");
        assert!(began.elapsed() < SOON, "{:?}", began.elapsed());
        server.left_early().await;
        assert_eq!(server.requests(), 1);
    }
    // A few of them before an answer are in order.
    let server = FaultServer::start([replies(
        [b"HTTP/1.1 100 Continue\r\n\r\n".repeat(3), answer(204, &[], b"")].concat(),
    )]);
    assert!(revoke_at("dolfin", &server.url()).await.is_ok());
    assert_eq!(server.requests(), 1);
}

#[tokio::test]
async fn row_016_what_is_not_http_is_no_answer() {
    for bytes in [
        &b"\0\0\0\0\0\0\0\0\r\n\r\n"[..],
        b"<html>hello</html>\r\n\r\n",
        b"HTTP/0.9 204 No\r\n\r\n",
        b"HTTP/1.1 1000 No\r\n\r\n",
        b"HTTP/1.1 20 No\r\n\r\n",
        b"HTTP/1.1 -204 No\r\n\r\n",
        b"HTTP/1.1 099 No\r\n\r\n",
        b"HTTP/1.1 000 No\r\n\r\n",
        b"HTTP/1.1 abc No\r\n\r\n",
        b"HTTP/2 204\r\n\r\n",
        b"HTTP/1.1 204 No Content\r\nno colon here\r\n\r\n",
        b"HTTP/1.1 204 No Content\r\nx: a\0b\r\n\r\n",
        b"HTTP/1.1 204 No Content\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\ncontent-length: ten\r\n\r\n{}",
    ] {
        is_unknown_and_bounded(replies(bytes)).await;
    }
    // The old answer without a head says nothing either.
    is_unknown_and_bounded(replies(&br#"{"status":"success"}"#[..])).await;
}

#[tokio::test]
async fn row_017_a_head_that_is_too_large_is_no_answer() {
    let large = answer(204, &[("x-large", &"x".repeat(1 << 20))], b"");
    let names: Vec<String> = (0..200).map(|number| format!("x-{number}")).collect();
    let headers: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "v")).collect();
    is_unknown_and_bounded(replies(large)).await;
    is_unknown_and_bounded(replies(answer(204, &headers, b""))).await;
}

/// A frame of HTTP/2.
fn frame(kind: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = (payload.len() as u32).to_be_bytes();
    [&length[1..], &[kind, 0], &stream.to_be_bytes(), payload].concat()
}

#[tokio::test]
async fn row_018_http_2_resets_meet_a_client_that_speaks_http_1_1_and_sends_once() {
    // SETTINGS, then RST_STREAM with INTERNAL_ERROR and CANCEL.
    for code in [2u32, 8] {
        let bytes = [frame(4, 0, b""), frame(3, 1, &code.to_be_bytes())].concat();
        is_unknown_and_bounded(replies(bytes)).await;
    }
    // A server that would rather speak HTTP/2 is not asked for it, by TLS or by an upgrade.
    let authority = Authority::new();
    let config = authority.server("localhost", 2099, &["h2", "http/1.1"]);
    let server = FaultServer::start_tls(config, [replies(answer(204, &[], b""))]);
    let (builder, key) = builder("sinjapp", &server.url_by_name()).await;
    let options = ClientOptions::new().with_root_certificates(authority.pem());
    let revoker = builder.with_options(options).build().unwrap();
    assert!(revoker.revoke(&key).await.is_ok());
    let received = server.received().to_lowercase();
    assert!(
        received.lines().next().unwrap().ends_with(" http/1.1"),
        "{received}"
    );
    assert!(!received.contains("upgrade") && !received.contains("http2-settings"));
    assert_eq!(server.requests(), 1);
}

#[tokio::test]
async fn row_019_an_http_2_refusal_or_goodbye_makes_nobody_send_again_in_secret() {
    let preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec();
    let refused_stream = frame(3, 1, &7u32.to_be_bytes());
    let goaway = frame(7, 0, &[0; 8]);
    for bytes in [
        preface,
        [frame(4, 0, b""), refused_stream].concat(),
        [frame(4, 0, b""), goaway].concat(),
    ] {
        // Where nothing may be sent twice, one request is all that anybody sees.
        is_unknown_and_bounded(replies(bytes)).await;
    }
}

#[tokio::test]
async fn row_020_no_connection_is_used_twice_so_none_can_be_stale() {
    // Says that it keeps the connection, and closes it at the worst moment: when the next request has come.
    let worst = vec![
        Step::Read,
        Step::Send(answer(
            204,
            &[("connection", "keep-alive"), ("keep-alive", "timeout=60")],
            b"",
        )),
        Step::Read,
        Step::Reset,
    ];
    let server = FaultServer::start([worst]);
    let (builder, key) = builder("sinjapp", &server.url()).await;
    let revoker = builder.build().unwrap();
    for _ in 0..30 {
        assert_eq!(revoker.revoke(&key).await.unwrap().attempts(), 1);
    }
    assert_eq!((server.requests(), server.connections().len()), (30, 30));
    assert!(
        server
            .connections()
            .iter()
            .all(|connection| connection.requests() == 1)
    );
}

/// Writes down what it is told.
#[derive(Clone, Default)]
struct Journal(Arc<Mutex<Vec<String>>>);

impl Observer for Journal {
    fn before_attempt<'a>(&'a self, start: &'a AttemptStart<'a>) -> BoxFuture<'a, Result<(), Veto>> {
        self.0.lock().unwrap().push(format!("began {}", start.number()));
        Box::pin(async { Ok(()) })
    }

    fn after_attempt<'a>(&'a self, end: &'a AttemptEnd<'a>) -> BoxFuture<'a, ()> {
        self.0.lock().unwrap().push(format!("ended {}", end.number()));
        Box::pin(async {})
    }
}

#[tokio::test]
async fn row_021_a_call_that_is_dropped_in_flight_stands_in_the_journal_as_begun() {
    let server = FaultServer::start([after_read(Step::Hold)]);
    let (builder, key) = builder("dolfin", &server.url()).await;
    let journal = Journal::default();
    let revoker = builder
        .with_attempt_timeout(Duration::from_secs(20))
        .with_observer(journal.clone())
        .build()
        .unwrap();
    {
        let mut call = Box::pin(revoker.revoke(&key));
        while server.requests() == 0 {
            let soon = tokio::time::timeout(Duration::from_millis(10), &mut call).await;
            assert!(soon.is_err(), "{soon:?}");
        }
        assert_eq!(
            *journal.0.lock().unwrap(),
            ["began 1"],
            "before the bytes went out"
        );
    }
    server.left_early().await;
    assert_eq!(*journal.0.lock().unwrap(), ["began 1"], "no verdict is invented");
    assert_eq!((server.requests(), server.connections().len()), (1, 1));
}

#[tokio::test]
async fn row_022_a_call_that_is_cancelled_in_flight_is_unknown() {
    for provider in repeating().chain(["sinjapp"]) {
        let server = FaultServer::start([after_read(Step::Hold)]);
        let (builder, key) = builder(provider, &server.url()).await;
        let revoker = builder
            .with_attempt_timeout(Duration::from_secs(20))
            .build()
            .unwrap();
        let arrived = async {
            while server.requests() == 0 {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        let error = error(revoker.revoke_until(&key, arrived).await);
        assert_eq!(
            summary(&error),
            (ErrorKind::Cancelled, KeyState::Unknown, Delivery::MaybeSent)
        );
        assert_eq!(error.attempts(), 1, "{provider}");
        assert!(error.next_step().starts_with("Verify"), "{}", error.next_step());
        server.left_early().await;
        assert_eq!((server.requests(), server.connections().len()), (1, 1));
    }
    // Cancelled in the second attempt, after a first that may have been carried out.
    let server = FaultServer::start([after_read(Step::Reset), after_read(Step::Hold)]);
    let (builder, key) = builder("dolfin", &server.url()).await;
    let revoker = builder.with_attempt_timeout(ATTEMPT * 20).build().unwrap();
    let arrived = async {
        while server.requests() < 2 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    let error = error(revoker.revoke_until(&key, arrived).await);
    assert_eq!(error.key_state(), KeyState::Unknown);
    assert_eq!(server.requests(), 2);
}
