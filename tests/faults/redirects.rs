//! F. Redirects, proxies and addresses: where a credential could go.

use keyrevoke::fakes::{Fake, Reply};
use keyrevoke::{ClientOptions, ErrorKind, KeyState, Revoke};

use crate::common::{builder, error, everywhere, providers};
use crate::server::{FaultServer, answer, replies};
use crate::tls::Authority;

#[tokio::test]
async fn row_077_no_redirect_is_followed() {
    for (provider, _) in providers() {
        let second = Fake::start(provider).await.unwrap();
        let first = Fake::start(provider).await.unwrap();
        for status in [301, 302, 303, 307, 308] {
            first.answer_next(
                Reply::new(status).with_header("location", format!("{}/x?token=canary", second.base_url())),
            );
            let error = error(first.builder().build().unwrap().revoke(&first.new_key()).await);
            assert_eq!(
                (error.kind(), error.key_state()),
                (ErrorKind::Redirected, KeyState::Unknown),
                "{provider}"
            );
            assert!(
                error.detail().unwrap().contains("127.0.0.1") && !error.to_string().contains("canary"),
                "{error}"
            );
        }
        assert_eq!(
            (first.requests().len(), second.requests().len()),
            (5, 0),
            "{provider}"
        );
    }
    for place in ["", "x", "//", "http://", "javascript:x", "\u{fe}"] {
        let reply = Reply::new(302).with_header("location", place);
        everywhere(reply, ErrorKind::Redirected, KeyState::Unknown, |_| 1).await;
    }
}

#[tokio::test]
async fn row_078_a_redirect_to_the_collection_never_reaches_it() {
    // FastAPI sends the path with a slash at its end to the one without: here, to "revoke all".
    let fake = Fake::start("devin").await.unwrap();
    let all = format!("{}/v2/enterprise/api-keys", fake.base_url());
    for place in [
        all.as_str(),
        "/v2/enterprise/api-keys",
        "/v2/enterprise/api-keys/",
        "../api-keys",
    ] {
        fake.answer_next(Reply::new(307).with_header("location", place));
        let error = error(fake.builder().build().unwrap().revoke(&fake.new_key()).await);
        assert_eq!(error.kind(), ErrorKind::Redirected, "{place}");
    }
    assert_eq!(fake.requests().len(), 4);
    assert!(
        fake.requests()
            .iter()
            .all(|request| request.path.starts_with("/v2/enterprise/api-keys/apk-"))
    );
    assert!(fake.take_unexpected().is_empty());
}

#[tokio::test]
async fn row_079_a_redirect_from_https_to_http_is_not_followed_either() {
    let (plain, authority) = (FaultServer::start([]), Authority::new());
    let location = format!("{}/x", plain.url());
    let redirect = answer(307, &[("location", &location), ("content-length", "0")], b"");
    let server = FaultServer::start_tls(authority.server("localhost", 2099, &[]), [replies(redirect)]);
    let (builder, key) = builder("dolfin", &server.url_by_name()).await;
    let options = ClientOptions::new().with_root_certificates(authority.pem());
    let error = error(builder.with_options(options).build().unwrap().revoke(&key).await);
    assert_eq!(
        (error.kind(), error.key_state()),
        (ErrorKind::Redirected, KeyState::Unknown),
        "{error}"
    );
    assert_eq!((server.requests(), plain.connections().len()), (1, 0));
}

#[tokio::test]
async fn row_081_plain_http_goes_to_loopback_only() {
    for (provider, _) in providers() {
        let fake = Fake::start(provider).await.unwrap();
        for host in [
            "example.org",
            "127.0.0.1.example.org",
            "localhost.example.org",
            "localhost.",
            "10.0.0.1",
            "[::2]",
        ] {
            let refused = fake
                .builder()
                .with_base_url(format!("http://{host}/x"))
                .build()
                .unwrap_err();
            assert!(
                refused.to_string().contains("base URL"),
                "{provider} {host}: {refused}"
            );
        }
        for host in ["127.0.0.1:1", "127.1.2.3", "localhost:1", "[::1]"] {
            assert!(
                fake.builder()
                    .with_base_url(format!("http://{host}/x"))
                    .build()
                    .is_ok(),
                "{host}"
            );
        }
    }
}

#[tokio::test]
async fn row_082_an_address_with_more_than_host_and_plain_path_is_refused() {
    for (provider, _) in providers() {
        let fake = Fake::start(provider).await.unwrap();
        for url in [
            "https://user@127.0.0.1",
            "https://u:p@127.0.0.1",
            "https://127.0.0.1/?q",
            "https://127.0.0.1/#f",
            "https://127.0.0.1/a//b",
            "https://127.0.0.1/./a",
            "https://127.0.0.1/a/..",
            "https://127.0.0.1/\ta",
            "https://127.0.0.1\n",
            "https://127.0.0.1\\a",
            "https://é.example",
            "file:///x",
            "https://",
            "127.0.0.1",
            "",
            "https://127.0.0.1/%2e%2e/x",
        ] {
            assert!(
                fake.builder().with_base_url(url).build().is_err(),
                "{provider} {url:?}"
            );
        }
        assert!(
            fake.builder()
                .with_base_url("https://127.0.0.1/a/b/")
                .build()
                .is_ok()
        );
    }
}

#[tokio::test]
async fn row_083_a_host_outside_the_providers_domains_needs_a_word() {
    for provider in keyrevoke::providers() {
        let fake = Fake::start(provider.name()).await.unwrap();
        let elsewhere = || fake.builder().with_base_url("https://keys.example.org/x");
        assert_eq!(
            elsewhere().build().is_ok(),
            provider.domains().is_empty(),
            "{}",
            provider.name()
        );
        let named = ClientOptions::new().allow_host("keys.example.org");
        assert!(
            elsewhere().with_options(named).build().is_ok(),
            "{}",
            provider.name()
        );
        for domain in provider.domains() {
            let own = domain.trim_start_matches('.');
            assert!(
                fake.builder()
                    .with_base_url(format!("https://acme.{own}/x"))
                    .build()
                    .is_ok(),
                "{domain}"
            );
            for imitation in [format!("https://{own}.example.org"), format!("https://evil{own}")] {
                assert!(
                    fake.builder().with_base_url(&imitation).build().is_err(),
                    "{imitation}"
                );
            }
        }
    }
}

#[test]
fn row_084_a_missing_address_is_named() {
    for provider in keyrevoke::providers() {
        let refused = keyrevoke::builder(provider.name())
            .unwrap()
            .build()
            .err()
            .map_or_else(String::new, |error| error.to_string());
        assert_eq!(
            refused.contains("base URL is not set"),
            provider.base_url().is_none(),
            "{refused}"
        );
    }
}
