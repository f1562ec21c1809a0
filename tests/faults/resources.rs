//! Rows 101 to 105: what an answer, or a thousand calls, may cost.

use std::collections::HashSet;
use std::sync::Arc;

use keyrevoke::fakes::{Fake, Reply};
use keyrevoke::{AnyRevoker, KeyRef, KeyState, Revoke, RevokeResult};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::common::{error, revoke_at, through};
use crate::server::{FaultServer, Port, Step, answer, replies};

/// What the system may take from a server before the client reads it, with much to spare.
const BUFFERS: usize = 32 << 20;

#[tokio::test]
async fn row_101_a_body_without_end_is_left_at_64_kib() {
    let json = "content-type: application/json\r\n";
    let long = format!("HTTP/1.1 200 OK\r\n{json}content-length: {}\r\n\r\n", 200 << 20);
    let chunked = format!("HTTP/1.1 200 OK\r\n{json}transfer-encoding: chunked\r\n\r\n");
    let until_closed = format!("HTTP/1.1 200 OK\r\n{json}\r\n");
    let piece = [b"4000\r\n".to_vec(), vec![b' '; 0x4000], b"\r\n".to_vec()].concat();
    for (head, piece) in [
        (long, vec![b' '; 1 << 14]),
        (chunked, piece),
        (until_closed, vec![b' '; 1 << 14]),
    ] {
        let server = FaultServer::start([vec![
            Step::Read,
            Step::Send(head.clone().into()),
            Step::Endlessly(piece),
        ]]);
        let error = error(revoke_at("devin", &server.url()).await);
        assert_eq!(
            (error.key_state(), error.status()),
            (KeyState::Unknown, Some(200)),
            "{error}"
        );
        assert!(error.to_string().contains("65536"), "{error}");
        let connection = server.left_early().await;
        assert!(connection.sent < BUFFERS, "{}", connection.sent);
        assert_eq!((error.attempts(), server.requests()), (1, 1), "{head}");
    }
}

/// The proof of a death at Devin.
const SUCCESS: &[u8] = br#"{"status":"success"}"#;

/// The same in all encodings that the HTTP client can be built to undo.
fn compressed() -> [(&'static str, Vec<u8>); 4] {
    let gzip = [
        0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x03, 0xab, 0x56, 0x2a, 0x2e, 0x49, 0x2c, 0x29,
        0x2d, 0x56, 0xb2, 0x52, 0x2a, 0x2e, 0x4d, 0x4e, 0x4e, 0x2d, 0x2e, 0x56, 0xaa, 0x05, 0x00, 0x98, 0x41,
        0xd2, 0x7d, 0x14, 0x00, 0x00, 0x00,
    ];
    let deflate = [
        0x78, 0xda, 0xab, 0x56, 0x2a, 0x2e, 0x49, 0x2c, 0x29, 0x2d, 0x56, 0xb2, 0x52, 0x2a, 0x2e, 0x4d, 0x4e,
        0x4e, 0x2d, 0x2e, 0x56, 0xaa, 0x05, 0x00, 0x4d, 0x1c, 0x07, 0x58,
    ];
    // These two may hold their text as it is.
    let brotli = [&[0x30, 0x01, 0x10], SUCCESS, &[0x03]].concat();
    let zstd = [&[0x28, 0xb5, 0x2f, 0xfd, 0x20, 20, 0xa1, 0, 0], SUCCESS].concat();
    [
        ("gzip", gzip.into()),
        ("deflate", deflate.into()),
        ("br", brotli),
        ("zstd", zstd),
    ]
}

/// One mebibyte of zeros, as gzip: one kilobyte, most of it zeros too.
fn mebibyte() -> Vec<u8> {
    let (head, tail): (&[u8], &[u8]) = (
        &[
            0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x03, 0xed, 0xc1, 0x31, 0x01, 0x00, 0x00,
            0x00, 0xc2, 0xa0, 0xf5, 0x4f, 0x6d, 0x08, 0x5f, 0xa0,
        ],
        &[0x3e, 0x03, 0x1c, 0xea, 0x38, 0xa7, 0x00, 0x00, 0x10, 0x00],
    );
    [head, &[0; 1016], tail].concat()
}

#[tokio::test]
async fn row_102_a_compressed_answer_is_not_decompressed() {
    let json = ("content-type", "application/json");
    let reply = |encoding, body: &[u8]| replies(answer(200, &[json, ("content-encoding", encoding)], body));
    // As it is, it is taken.
    let server = FaultServer::start([reply("identity", SUCCESS)]);
    assert!(revoke_at("devin", &server.url()).await.is_ok());

    let mut answers = compressed().to_vec();
    for encoding in ["gzip", "x-gzip", "GZIP", "identity, gzip"] {
        answers.push((encoding, mebibyte().repeat(60)));
        answers.push((encoding, mebibyte().repeat(1000)));
    }
    for (encoding, body) in answers {
        let server = FaultServer::start([reply(encoding, &body)]);
        let error = error(revoke_at("devin", &server.url()).await);
        assert_eq!(
            (error.key_state(), error.status()),
            (KeyState::Unknown, Some(200)),
            "{encoding}: {error}"
        );
        assert_eq!((error.attempts(), server.requests()), (1, 1), "{encoding}");
        assert!(!server.received().to_lowercase().contains("accept-encoding"));
    }
}

#[tokio::test]
async fn row_103_brackets_in_brackets_overflow_nothing() {
    let json = ("content-type", "application/json");
    for (open, count) in [
        ("[", 5_000_000),
        ("[", 60_000),
        (r#"{"status":"#, 6_000),
        ("[", 200),
    ] {
        for status in [200, 409, 422] {
            let body = open.repeat(count);
            let server = FaultServer::start([replies(answer(status, &[json], body.as_bytes()))]);
            let error = error(revoke_at("devin", &server.url()).await);
            // A refusal's status decides, whatever its body.
            let state = if status == 422 {
                KeyState::Live
            } else {
                KeyState::Unknown
            };
            assert_eq!(
                (error.key_state(), error.status()),
                (state, Some(status)),
                "{open} {count}"
            );
            assert_eq!((error.attempts(), server.requests()), (1, 1));
        }
    }
}

/// Revokes all keys with one client, this many at a time.
async fn all(revoker: &AnyRevoker, keys: Vec<KeyRef>, at_once: usize) -> Vec<RevokeResult> {
    let permits = Arc::new(Semaphore::new(at_once));
    let mut tasks = JoinSet::new();
    for key in keys {
        let (revoker, permits) = (revoker.clone(), Arc::clone(&permits));
        tasks.spawn(async move {
            let _permit = permits.acquire().await.unwrap();
            revoker.revoke(&key).await
        });
    }
    tasks.join_all().await
}

#[tokio::test]
async fn row_104_a_thousand_calls_share_one_client() {
    let fake = Fake::start("dolfin").await.unwrap();
    let keys: Vec<KeyRef> = (0..1000).map(|_| fake.new_key()).collect();
    let bystander = fake.new_key();
    let results = all(&through(&fake, &fake.base_url()), keys.clone(), 64).await;
    assert_eq!(results.len(), 1000);
    for result in results {
        assert_eq!(result.unwrap().attempts(), 1);
    }
    let requests = fake.requests();
    let paths: HashSet<&str> = requests.iter().map(|request| request.path.as_str()).collect();
    assert_eq!((requests.len(), paths.len()), (1000, 1000), "each key once");
    assert!(keys.iter().all(|key| !fake.is_live(key)));
    assert!(fake.is_live(&bystander));
}

#[tokio::test]
async fn row_105_a_provider_that_is_down_gets_as_many_repeats_as_the_budget_has() {
    const BUDGET: usize = 100;
    let fake = Fake::start("dolfin").await.unwrap();
    fake.answer_always(Reply::new(503));
    let keys: Vec<KeyRef> = (0..1000).map(|_| fake.new_key()).collect();
    let results = all(&through(&fake, &fake.base_url()), keys, 64).await;
    let attempts: usize = results
        .into_iter()
        .map(|result| error(result).attempts() as usize)
        .sum();
    assert_eq!((attempts, fake.requests().len()), (1000 + BUDGET, 1000 + BUDGET));
    drop(fake);

    // Nobody there at all.
    let (nobody, fake) = (Port::new(), Fake::start("sinjapp").await.unwrap());
    let keys: Vec<KeyRef> = (0..1000).map(|_| fake.new_key()).collect();
    let results = all(&through(&fake, &nobody.url()), keys, 64).await;
    let attempts: usize = results
        .into_iter()
        .map(|result| error(result).attempts() as usize)
        .sum();
    assert_eq!(attempts, 1000 + BUDGET);
}
