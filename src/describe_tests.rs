use std::time::{Duration, SystemTime};

use serde_json::{Value, json};

use super::describe;
use crate::fakes::{Fake, Reply};
use crate::journal::{Journal, JournalRecord, MemoryJournal};
use crate::outcome::{Disposition, ErrorKind, Evidence, KeyState};
use crate::registry::Registry;
use crate::revoke::Revoke;
use crate::{Acceptance, KeyStatus, Repeat, Secret, Verification, conformance, timestamp};

/// All that can be said.
fn whole() -> Value {
    json!({
        "vendor": "Acme keys",
        "credential": ["headers x-acme-id x-acme-secret", "bearer"],
        "credential_help": "a token of the platform team",
        "method": "DELETE",
        "path": "/v1/projects/{project}/keys/{id}:disable",
        "ids": { "project": "text", "id": "uuid", "owner": "integer" },
        "json": { "reason": "leaked", "owner": "{owner}" },
        "headers": { "x-acme-version": "2" },
        "base_url": "https://keys.acme.example/api",
        "rules": [
            {
                "status": 200,
                "body": { "key": { "id": "{id}", "status": "disabled" }, "errors": [] },
                "means": "revoked",
                "source": "Acme handbook, Keys",
                "read": "2026-11-22",
            },
            {
                "status": 409,
                "body": { "code": "already_disabled", "message": "<text>" },
                "means": "already_revoked",
                "source": "Acme handbook, Keys",
                "read": "2026-11",
            },
        ],
        "repeat": { "is": "conclusive", "source": "Acme handbook, Keys", "read": "2026-11" },
        "ids_reused": { "is": "no", "source": "they are UUIDs", "read": "2026-11" },
        "missing": { "body": { "code": "no_such_key" }, "source": "Acme handbook, Errors", "read": "2026-11" },
        "propagation_seconds": 30,
        "probe": {
            "path": "/v1/me",
            "rules": [
                { "status": 200, "body": { "ok": true }, "means": "accepted", "source": "handbook", "read": "2026-11" },
                {
                    "status": 401,
                    "body": { "code": "bad_token" },
                    "means": "refused",
                    "source": "handbook",
                    "read": "2026-11",
                },
            ],
        },
    })
}

/// The least that can be said.
fn least() -> Value {
    json!({
        "credential": "bearer",
        "method": "DELETE",
        "path": "/keys/{id}",
        "ids": { "id": "text" },
        "rules": [{ "status": 204, "means": "revoked", "source": "handbook", "read": "2026-11-22" }],
    })
}

fn with(mut description: Value, member: &str, value: Value) -> Value {
    description[member] = value;
    description
}

/// The same with look-ups, which have a path and a source.
fn looked_up(mut description: Value, looks: Value) -> Value {
    for (name, look) in looks.as_object().unwrap() {
        description[name] = look.clone();
        if name != "key" {
            let look = description[name].as_object_mut().unwrap();
            look.entry("path").or_insert(json!("/keys"));
            look.insert("source".into(), json!("handbook"));
            look.insert("read".into(), json!("2026-11-27"));
        }
    }
    description
}

/// The descriptions of the suites: one of each form of credential, key and body.
fn all() -> Vec<crate::ProviderInfo> {
    let form = json!({ "token_id": "{id}", "hint": "api_key" });
    let by_form = with(
        with(with(least(), "path", json!("/revoke")), "method", json!("POST")),
        "form",
        form,
    );
    let by_list = with(
        with(least(), "path", json!("/keys")),
        "json",
        json!({ "ids": ["{id}"] }),
    );
    let by_number = with(
        with(least(), "credential", json!("basic")),
        "ids",
        json!({ "id": "integer" }),
    );
    let deactivated = json!({
        "credential": ["scheme Token", "header x-key"],
        "method": "PATCH",
        "path": "/users/{user}/keys/{id}/",
        "ids": { "id": "uuid", "user": "text" },
        "json": { "status": "inactive" },
        "rules": [{
            "status": 200,
            "body": { "status": "inactive", "id": "{id}", "deleted_at": "<null or past>" },
            "means": "revoked",
            "source": "handbook",
            "read": "2026-11",
        }],
        "repeat": { "is": "conclusive", "source": "handbook", "read": "2026-11" },
        "ids_reused": { "is": "no", "source": "handbook", "read": "2026-11" },
        "reversible": true,
    });
    let with_children = with(least(), "also_dies", json!("the tokens that it has made"));
    let with_children = looked_up(
        with_children,
        json!({
            "list": { "items": "data.ids", "bare": true, "whole": true, "query": { "list": "true" } },
            "key": { "state": "active" },
        }),
    );
    let state = json!({ "active": { "state": "on" }, "revoked": { "state": "off", "ended": "<past>" } });
    let by_cursor = looked_up(
        least(),
        json!({
            "list": { "items": "keys", "cursor": { "query": "after", "member": "page.next" }, "total": "page.total" },
            "key": { "ids": { "id": "meta.key_id" }, "state": state, "name": "label" },
        }),
    );
    let by_page = looked_up(
        with(least(), "path", json!("/users/{user}/keys/{id}")),
        json!({
            "list": { "path": "/users/{user}/keys", "page": { "query": "page[number]", "first": 0 } },
            "key": { "state": "active" },
        }),
    );
    let by_page = with(by_page, "ids", json!({ "id": "uuid", "user": "text" }));
    let of_pages = |pages: Value| {
        let list = with(with(pages, "items", json!("keys")), "total", json!("count"));
        looked_up(least(), json!({ "list": list, "key": { "state": "active" } }))
    };
    let by_pages = [
        ("acme-pages", of_pages(json!({ "page": { "query": "page" } }))),
        ("acme-skip", of_pages(json!({ "offset": { "query": "skip" } }))),
        (
            "acme-bare",
            looked_up(
                least(),
                json!({
                    "list": { "bare": true, "page": { "query": "page", "first": 0 } },
                    "key": { "state": "active" },
                }),
            ),
        ),
    ];
    let by_offset = looked_up(
        least(),
        json!({
            "list": { "items": "keys", "offset": { "query": "skip" }, "more": "has_more" },
            "find": { "path": "/keys/{id}", "item": "key" },
            "key": { "state": { "active": { "revoked": false }, "revoked": { "revoked": true } } },
        }),
    );
    let by_find = looked_up(
        least(),
        json!({ "find": { "path": "/keys/{id}" }, "key": { "state": "active" } }),
    );
    let by_secret = with(
        with(
            with(least(), "path", json!("/tokens/revoke")),
            "form",
            json!({ "token": "{secret}" }),
        ),
        "ids",
        json!({ "secret": "secret" }),
    );
    let by_secret = with(
        with(by_secret, "method", json!("POST")),
        "probe",
        whole()["probe"].clone(),
    );
    let by_find = with(
        by_find,
        "missing",
        json!({ "body": { "code": "no_such_key" }, "source": "handbook", "read": "2026-11" }),
    );
    [
        ("acme", whole()),
        ("acme-least", least()),
        ("acme-form", by_form),
        ("acme-list", by_list),
        ("acme-number", by_number),
        ("acme-inactive", deactivated),
        ("acme-children", with_children),
        ("acme-cursor", by_cursor),
        ("acme-page", by_page),
        ("acme-offset", by_offset),
        ("acme-find", by_find),
        ("acme-secret", by_secret),
    ]
    .into_iter()
    .chain(by_pages)
    .map(|(name, description)| describe(name, &description).unwrap())
    .collect()
}

#[tokio::test]
async fn what_is_described_keeps_what_the_others_keep() {
    conformance::check(&all()).await;
}

#[test]
fn what_also_dies_is_more_than_was_asked_unless_the_description_says_otherwise() {
    let also = with(least(), "also_dies", json!("its children"));
    for (name, description, takes) in [
        ("acme-least", least(), false),
        ("acme-also", also.clone(), true),
        (
            "acme-grant",
            with(also.clone(), "more_than_the_key", json!(false)),
            false,
        ),
        (
            "acme-more",
            with(also.clone(), "more_than_the_key", json!(true)),
            true,
        ),
    ] {
        let info = describe(name, &description).unwrap();
        assert_eq!(info.takes_more_than_the_key(), takes, "{name}");
        assert_eq!(info.also_dies().is_some(), name != "acme-least", "{name}");
    }
    for (description, expected) in [
        (
            with(least(), "more_than_the_key", json!(true)),
            "nothing says what dies too",
        ),
        (
            with(also, "more_than_the_key", json!("no")),
            "is neither true nor false",
        ),
    ] {
        let said = problems("acme", &description).join("\n");
        assert!(said.contains(expected), "{expected}: {said}");
    }
}

#[tokio::test]
async fn a_described_request_is_sent_as_it_is_described() {
    let fake = Fake::of(&describe("acme", &whole()).unwrap()).await;
    let revoker = fake.builder().build().unwrap();
    let key = fake.new_key();
    assert_eq!(
        key.to_string(),
        "acme:project-fa4e1/fa4e0000-0000-4000-8000-000000000001/1"
    );
    let dead = revoker.revoke(&key).await.unwrap();
    assert_eq!(dead.propagation(), Some(std::time::Duration::from_secs(30)));
    let requests = fake.requests();
    assert_eq!(requests.len(), 1);
    assert_eq!(requests[0].method, "DELETE");
    assert_eq!(
        requests[0].path,
        "/v1/projects/project-fa4e1/keys/fa4e0000-0000-4000-8000-000000000001:disable"
    );
    let body: Value = serde_json::from_slice(&requests[0].body).unwrap();
    assert_eq!(body, json!({ "reason": "leaked", "owner": "1" }));
    for (name, value) in [
        ("x-acme-version", "2"),
        ("x-acme-id", "fake-administrator"),
        ("x-acme-secret", "fake-password"),
        ("content-type", "application/json"),
    ] {
        assert_eq!(requests[0].header(name), Some(value));
    }

    let again = revoker.revoke(&key).await.unwrap();
    assert_eq!(again.disposition(), Disposition::AlreadyRevoked);
    // In its canonical form whatever the case of a UUID.
    let upper = "acme:project-fa4e1/FA4E0000-0000-4000-8000-000000000001/1"
        .parse()
        .unwrap();
    assert_eq!(revoker.check(&upper).unwrap(), key);
    assert_eq!(revoker.capabilities().repeat(), Repeat::Conclusive);
}

#[tokio::test]
async fn a_described_probe_verifies_by_the_secret() {
    let fake = Fake::of(&describe("acme", &whole()).unwrap()).await;
    let revoker = fake.builder().build().unwrap();
    assert!(revoker.capabilities().can_probe());
    let key = fake.new_key();
    let secret = Secret::new(fake.secret(&key).unwrap()).unwrap();
    assert_eq!(revoker.probe(&secret).await.unwrap(), Acceptance::Accepted);
    let dead = revoker
        .revoke_verified(&key, Verification::new().with_secret(secret.clone()))
        .await
        .unwrap();
    assert!(dead.evidence().contains(&Evidence::SecretRefused), "{dead:?}");
    assert_eq!(revoker.probe(&secret).await.unwrap(), Acceptance::Refused);

    let without = Fake::of(&describe("acme-least", &least()).unwrap()).await;
    let error = without
        .builder()
        .build()
        .unwrap()
        .probe(&secret)
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert!(without.requests().is_empty());
}

#[tokio::test]
async fn described_providers_stand_in_a_registry_beside_the_others_and_in_its_journal() {
    let acme = describe("acme", &whole()).unwrap();
    let (own, devin) = (Fake::of(&acme).await, Fake::start("devin").await.unwrap());
    let journal = MemoryJournal::new();
    let registry = Registry::new()
        .with(own.builder().build().unwrap())
        .with_tenant("emea", own.builder().build().unwrap())
        .unwrap()
        .with(devin.builder().build().unwrap())
        .with_journal(journal.clone());
    let keys = [
        own.new_key(),
        own.new_key().with_tenant("emea").unwrap(),
        devin.new_key(),
    ];
    let mut run = registry.plan(keys).unwrap().revoke_all();
    let mut dead = 0;
    while let Some((key, result)) = run.next().await {
        assert_eq!(KeyState::from(&result), KeyState::Dead, "{key}: {result:?}");
        dead += 1;
    }
    assert_eq!(dead, 3);
    let mut documents = Vec::new();
    let mut visit = |entry: crate::journal::JournalEntry| {
        if let JournalRecord::Outcome { key, document, .. } = entry.record {
            documents.push((key.provider().to_owned(), document.unwrap()));
        }
    };
    journal.replay(&mut visit).await.unwrap();
    documents.sort();
    assert_eq!(documents.len(), 3);
    assert_eq!(documents[0].1, acme.document_version());
    assert!(
        acme.document_version().starts_with("description "),
        "{documents:?}"
    );
}

#[test]
fn the_same_description_is_the_same_provider() {
    let (first, second) = (
        describe("acme", &whole()).unwrap(),
        describe("acme", &whole()).unwrap(),
    );
    assert!(std::ptr::eq(first.entry().about(), second.entry().about()));
    let other = describe("acme", &with(whole(), "reversible", json!(true))).unwrap();
    assert_ne!(first.document_version(), other.document_version());
    assert_eq!(first.facts().len(), 2 + 2 + 3);
    assert!(
        first.facts().iter().all(|fact| crate::facts::is_date(&fact.read)),
        "{:?}",
        first.facts()
    );
}

fn problems(name: &str, description: &Value) -> Vec<String> {
    let error = describe(name, description).expect_err(&description.to_string());
    error.problems().iter().map(ToString::to_string).collect()
}

#[test]
fn everything_that_is_wrong_with_a_description_is_said_at_once() {
    let wrong = json!({
        "vendor": "",
        "credential": "password",
        "method": "GET",
        "path": "/v1/../keys",
        "ids": { "id": "number" },
        "colour": "red",
        "base_url": "http://keys.acme.example",
        "rules": [{ "status": 204, "means": "gone" }],
        "repeat": { "is": "maybe", "source": "handbook", "read": "yesterday" },
    });
    let said = problems("Acme!", &wrong).join("\n");
    for expected in [
        "is not a provider's name",
        "colour is not known",
        "vendor is no text",
        "credential \"pa…\" (8 characters) is no form of a credential",
        "method is not one that may change something",
        "path cannot be sent",
        "ids id is no form of an id",
        "in the clear",
        "rules[0] means is not known",
        "rules[0] source is missing",
        "rules[0] read is missing",
        "repeat is not known",
        "repeat read is no day or month",
    ] {
        assert!(said.contains(expected), "{expected}:\n{said}");
    }
    assert!(problems("acme", &json!(null)).join(" ").contains("is no table"));
}

#[test]
fn what_stands_in_the_place_of_a_form_of_a_credential_may_be_the_credential_and_is_not_shown() {
    for credential in [
        "correct-horse-battery",
        "bearer correct-horse-battery",
        "headers correct-horse-battery",
    ] {
        let said = problems("acme", &with(least(), "credential", json!(credential))).join("\n");
        assert!(said.contains("is no form of a credential"), "{said}");
        assert!(!said.contains("horse"), "{said}");
    }
}

#[test]
fn a_secret_in_a_description_is_refused_wherever_it_stands_and_not_echoed() {
    let rule = |member: &str, text: &str| {
        let mut rule = least()["rules"][0].clone();
        rule[member] = json!(text);
        with(least(), "rules", json!([rule]))
    };
    for (description, place) in [
        (with(least(), "path", json!("/sk_live_canary/{id}")), "path holds"),
        (with(least(), "path", json!("/v1/ghp_canary/{id}")), "path holds"),
        (
            with(least(), "vendor", json!("Acme (sk_live_canary)")),
            "vendor holds",
        ),
        (
            with(least(), "also_dies", json!("what glpat-canary0123 made")),
            "also_dies holds",
        ),
        (
            with(least(), "base_url", json!("https://acme.example/ghp_canary0123")),
            "base_url holds",
        ),
        (rule("source", "ask for sk_live_canary"), "rules[0] source holds"),
        (with(least(), "sk_live_canary", json!(1)), "is named by"),
        (
            with(least(), "json", json!({ "deep": ["x", "sk_live_canary"] })),
            "json deep[1] holds",
        ),
        (
            with(least(), "probe", json!({ "path": "/ghp_canary", "rules": [] })),
            "probe path holds",
        ),
    ] {
        let said = problems("acme", &description).join("\n");
        assert!(
            said.contains(place) && said.contains("a secret (not shown)"),
            "{place}: {said}"
        );
        assert!(!said.contains("canary"), "{said}");
    }
    // How secrets begin may be told.
    let help = with(
        least(),
        "credential_help",
        json!("Bearer token (sk_live_… or ghp_…)"),
    );
    assert!(describe("acme-help", &help).is_ok());
}

#[test]
fn an_id_is_a_whole_segment_of_a_path_or_has_one_word_behind_it() {
    for path in [
        "/v1/keys/{id}*",
        "/v1/keys/{id},{id2}",
        "/v1/keys/{id};all",
        "/v1/keys/{id}:*",
        "/v1/keys/{id}:",
        "/v1/keys/{id}.",
        "/v1/keys/{id}..",
        "/v1/keys/{id}-all",
        "/v1/keys/{id}.json.*",
        "/v1/keys/all-{id}",
        "/v1/keys/({id})",
        "/v1/*/{id}",
        "/v1/keys;all/{id}",
        "/v1/keys/{id}+",
        "/v1/keys/{id}é",
    ] {
        let said = problems("acme", &with(least(), "path", json!(path))).join("\n");
        assert!(
            said.contains("more in it than a name or an id") || said.contains("cannot be sent"),
            "{path}: {said}"
        );
        let probe = json!({ "path": path.replace("{id}", "me"), "rules": [] });
        let said = problems("acme", &with(least(), "probe", probe)).join("\n");
        assert!(said.contains("probe"), "{path}: {said}");
    }
    for path in [
        "/v1/keys/{id}",
        "/v1/keys/{id}:revoke",
        "/v1/keys/{id}.json",
        "/v1.2/a-b_c~d/@me/{id}",
    ] {
        let taken = describe("acme-path", &with(least(), "path", json!(path)));
        assert!(taken.is_ok(), "{path}: {taken:?}");
    }
}

#[test]
fn a_description_that_could_kill_more_or_call_a_live_key_dead_is_refused() {
    let rule = |status: u16, body: Option<Value>, means: &str| {
        let mut rule = json!({ "status": status, "means": means, "source": "handbook", "read": "2026-11" });
        if let Some(body) = body {
            rule["body"] = body;
        }
        with(least(), "rules", json!([rule, least()["rules"][0]]))
    };
    let telling = || Some(json!({ "status": "revoked" }));
    for (description, expected) in [
        (
            with(least(), "path", json!("/keys")),
            "acts on a whole collection",
        ),
        (
            with(least(), "path", json!("/keys/{id}/tokens")),
            "acts on a whole collection",
        ),
        (
            with(least(), "path", json!("/keys/{id}?all=true")),
            "cannot be sent",
        ),
        (with(least(), "path", json!("/keys/{id}#x")), "cannot be sent"),
        (
            with(least(), "path", json!("/keys/%2e%2e/{id}")),
            "cannot be sent",
        ),
        (with(least(), "path", json!("//host/{id}")), "cannot be sent"),
        (with(least(), "path", json!("keys/{id}")), "cannot be sent"),
        (with(least(), "path", json!("/{id}/{id}")), "cannot be sent"),
        (
            with(least(), "path", json!("/keys/{other}")),
            "is not among the ids",
        ),
        (
            with(least(), "ids", json!({ "id": "text", "b": "uuid" })),
            "stands neither in the path nor in the body",
        ),
        (with(least(), "ids", json!({})), "is not among the ids"),
        (
            with(least(), "json", json!({ "ids": ["{id}", "{id}"] })),
            "is a list of something else",
        ),
        (
            with(least(), "json", json!({ "id": "all of {id}" })),
            "has braces",
        ),
        (
            with(least(), "json", json!({ "id": "{other}" })),
            "not among the ids",
        ),
        (
            with(with(least(), "json", json!({})), "form", json!({})),
            "stands beside form",
        ),
        (
            with(least(), "headers", json!({ "host": "elsewhere" })),
            "no header that can be set",
        ),
        (
            with(least(), "headers", json!({ "Authorization": "x" })),
            "no header that can be set",
        ),
        (
            with(least(), "headers", json!({ "x-a": "a\r\nb: c" })),
            "has no value that can stand",
        ),
        (
            with(least(), "headers", json!({ "x-a": "sk_live_canary" })),
            "looks like a secret",
        ),
        (
            with(least(), "headers", json!({ "x-http-method-override": "DELETE" })),
            "no header that can be set",
        ),
        (
            with(least(), "headers", json!({ "x-original-url": "/v1/keys" })),
            "no header that can be set",
        ),
        (
            with(least(), "json", json!({ "token": "sk_live_canary" })),
            "looks like a secret",
        ),
        (
            with(least(), "form", json!({ "_method": "DELETE" })),
            "makes another request of it",
        ),
        (
            with(least(), "credential", json!("scheme Bearer sk_canary")),
            "is no form of a credential",
        ),
        (
            with(least(), "base_url", json!("https://user@host")),
            "holds the character '@'",
        ),
        (
            with(least(), "base_url", json!("https://host/?q")),
            "holds the character '?'",
        ),
        (with(least(), "rules", json!([])), "rules is missing, or no list"),
        (rule(200, None, "revoked"), "needs a body"),
        (rule(200, Some(json!({})), "revoked"), "needs a body"),
        (
            rule(200, Some(json!({ "id": "<text>" })), "revoked"),
            "needs a body",
        ),
        (rule(202, telling(), "revoked"), "still to be done"),
        (rule(302, telling(), "revoked"), "only a success"),
        (rule(404, telling(), "revoked"), "only a success"),
        (rule(404, None, "already_revoked"), "said of a mistyped id too"),
        (
            rule(404, telling(), "already_revoked"),
            "said of a mistyped id too",
        ),
        (rule(204, None, "already_revoked"), "needs a body"),
        (rule(409, None, "already_revoked"), "needs a body"),
        (
            rule(410, Some(json!({ "detail": "<text>" })), "already_revoked"),
            "needs a body",
        ),
        // Of a key that could not be revoked now, too.
        (
            rule(409, Some(json!({ "key": { "id": "{id}" } })), "already_revoked"),
            "needs a body",
        ),
        (rule(401, telling(), "already_revoked"), "says nothing of a key"),
        (rule(500, telling(), "already_revoked"), "says nothing of a key"),
        (rule(404, None, "misdirected"), "the key may be dead"),
        (rule(200, telling(), "rejected"), "the key may be dead"),
        (rule(408, None, "rejected"), "the key may be dead"),
        (rule(503, None, "unauthenticated"), "the key may be dead"),
        (rule(503, None, "not_found"), "not the provider's to explain"),
        (rule(204, telling(), "revoked"), "has no body"),
        (rule(204, None, "unknown"), "is never reached"),
        (
            with(
                least(),
                "missing",
                json!({ "body": {}, "source": "x", "read": "2026-11" }),
            ),
            "is said by others too",
        ),
        (
            with(
                least(),
                "repeat",
                json!({ "is": "conclusive", "source": "x", "read": "2026-11" }),
            ),
            "no rule says already_revoked",
        ),
        (
            with(
                least(),
                "probe",
                json!({ "path": "/me", "rules": [
                    { "status": 401, "means": "refused", "source": "x", "read": "2026-11" },
                ]}),
            ),
            "others than the provider answer so too",
        ),
        (
            with(least(), "probe", json!({ "path": "/keys/{id}", "rules": [] })),
            "has ids in it",
        ),
    ]
    .into_iter()
    .chain(looks_that_are_refused())
    {
        let said = problems("acme", &description).join("\n");
        assert!(said.contains(expected), "{expected}: {said}");
        assert!(!said.contains("canary"), "{said}");
    }
    for name in ["devin", "applications", "keyrevoke", "", "a b", "A", "-a"] {
        let said = problems(name, &least()).join("\n");
        assert!(said.contains("provider"), "{name}: {said}");
    }
}

/// What could make an inventory look whole that is not, or a living key look dead.
fn looks_that_are_refused() -> Vec<(Value, &'static str)> {
    let listed = |list: Value, key: Value| looked_up(least(), json!({ "list": list, "key": key }));
    let active = || json!({ "state": "active" });
    let state = |state: Value| listed(json!({ "whole": true }), json!({ "state": state }));
    let tenants = with(
        with(least(), "path", json!("/tenants/{tenant}/keys/{id}")),
        "ids",
        json!({ "id": "text", "tenant": "text" }),
    );
    let not_whole = "does not say in one way where it ends";
    vec![
        (listed(json!({ "items": "keys" }), active()), not_whole),
        (
            listed(json!({ "whole": true, "offset": { "query": "skip" } }), active()),
            not_whole,
        ),
        (
            listed(json!({ "whole": false }), active()),
            "list whole is not true",
        ),
        (
            listed(
                json!({ "whole": true, "more": "more", "items": "keys" }),
                active(),
            ),
            "does not go with whole",
        ),
        (
            listed(
                json!({ "cursor": { "query": "after", "member": "next" } }),
                active(),
            ),
            "an answer that is the list itself",
        ),
        (
            listed(
                json!({ "items": "keys", "cursor": { "query": "after" } }),
                active(),
            ),
            "list cursor has no member",
        ),
        (
            listed(json!({ "page": { "query": "page", "first": 2 } }), active()),
            "neither with 0 nor with 1",
        ),
        (
            listed(json!({ "page": { "query": "a&b=c" } }), active()),
            "is no plain name",
        ),
        (
            listed(json!({ "path": "/keys*", "whole": true }), active()),
            "more in it than a name or an id",
        ),
        (
            listed(json!({ "path": "/{owner}/keys", "whole": true }), active()),
            "owner} is not among the ids",
        ),
        (with(least(), "key", active()), "describes entries of nothing"),
        (
            listed(json!({ "whole": true }), json!({})),
            "key state is missing",
        ),
        (state(json!("revoked")), "key state is no table"),
        (
            state(json!({ "revoked": {} })),
            "could be said of a key that lives",
        ),
        (
            state(json!({ "revoked": { "revoked_at": "<text>" } })),
            "could be said of a key that lives",
        ),
        (
            state(json!({ "revoked": { "id": "{id}" } })),
            "could be said of a key that lives",
        ),
        (
            state(json!({ "expired": { "ids": ["{id}"] } })),
            "could be said of a key that lives",
        ),
        // Where a revocation can be undone, it is dead as well.
        (
            state(json!({ "inactive": { "disabled_at": "<text>" } })),
            "could be said of a key that lives",
        ),
        (
            state(json!({ "expired": { "expires_at": "<past>" } })),
            "could be said of a key that lives",
        ),
        (
            listed(
                json!({ "whole": true, "bare": true }),
                json!({ "state": { "active": {} } }),
            ),
            "goes neither with find nor with states",
        ),
        (
            looked_up(
                tenants,
                json!({
                    "list": { "path": "/tenants/{tenant}/keys", "whole": true },
                    "find": { "path": "/keys/{id}" },
                    "key": active(),
                }),
            ),
            "find tenant is an id that an answer has to hold",
        ),
    ]
}

/// Two lists of one service: of a tenant's keys, by their cursor, and the key itself.
fn of_tenants() -> Value {
    let own = with(
        with(least(), "path", json!("/tenants/{tenant}/keys/{id}")),
        "ids",
        json!({ "id": "text", "tenant": "text" }),
    );
    looked_up(
        own,
        json!({
            "list": {
                "path": "/tenants/{tenant}/keys",
                "items": "data.keys",
                "query": { "limit": "2" },
                "cursor": { "query": "after", "member": "next" },
            },
            "key": {
                "ids": { "id": "key_id" },
                "state": { "active": { "on": true }, "revoked": { "state": "revoked" } },
                "name": "about.label",
                "owner": "user",
                "hint": "hint",
                "created_at": "created",
                "expires_at": "expires",
            },
        }),
    )
}

#[tokio::test]
async fn an_entry_is_read_as_it_is_described_and_pages_are_asked_for_one_after_the_other() {
    let info = describe("acme-tenants", &of_tenants()).unwrap();
    let fake = Fake::of(&info).await;
    let revoker = fake.builder().build().unwrap();
    assert!(revoker.capabilities().can_find() && !revoker.capabilities().can_list());
    let [_first, _second, key] = [(); 3].map(|()| fake.new_key());
    let found = revoker.find(&key).await.unwrap();
    assert_eq!((found.key(), found.state()), (&key, KeyState::Live));
    let asked: Vec<String> = fake.requests().into_iter().map(|asked| asked.path).collect();
    let page = "/tenants/tenant-fa4e1/keys?limit=2";
    assert_eq!(
        asked,
        [page.to_owned(), format!("{page}&after=2+%2B%26%23%3D%25%C3%A9")]
    );

    let entry = |changed: Value| {
        let mut entry = json!({
            "key_id": key.key().rsplit('/').next(),
            "tenant": "tenant-fa4e1",
            "on": true,
            "state": "fine",
            "about": { "label": "CI" },
            "user": "ada@example.com",
            "hint": "ak-...9f3c",
            "created": "2026-01-02T03:04:05Z",
            "expires": null,
        });
        for (name, value) in changed.as_object().unwrap() {
            entry[name] = value.clone();
        }
        entry
    };
    let page = |changed: Value, next: Value| json!({ "data": { "keys": [entry(changed)] }, "next": next });
    fake.answer_next_look(Reply::new(200).with_json(page(json!({}), Value::Null)));
    let found = revoker.find(&key).await.unwrap();
    assert_eq!(
        (found.name(), found.owner(), found.last4()),
        (Some("CI"), Some("ada@example.com"), Some("9f3c"))
    );
    assert!(found.created_at().is_some() && found.expires_at().is_none());

    for (changed, status) in [
        (json!({ "on": false, "state": "revoked" }), KeyStatus::Revoked),
        (json!({ "on": false }), KeyStatus::Unknown),
        // Both at once, and no state at all.
        (json!({ "state": "revoked" }), KeyStatus::Unknown),
        (json!({ "on": "yes", "state": 1 }), KeyStatus::Unknown),
        (json!({ "expires": "2020-01-01T00:00:00Z" }), KeyStatus::Expired),
        (json!({ "expires": 1_577_836_800 }), KeyStatus::Expired),
        // So services write that there is no end.
        (json!({ "expires": 0 }), KeyStatus::Active),
        (json!({ "expires": "1970-01-01T00:00:00Z" }), KeyStatus::Active),
        (json!({ "expires": "0001-01-01T00:00:00Z" }), KeyStatus::Active),
    ] {
        fake.answer_next_look(Reply::new(200).with_json(page(changed.clone(), json!(""))));
        let found = revoker.find(&key).await.unwrap();
        assert_eq!(found.status(), status, "{changed}");
    }

    // Whatever is not the described list is no inventory without the key.
    let other = json!({ "key_id": "other" });
    for body in [
        json!({ "data": { "keys": [] } }),
        json!({ "data": { "keys": [] }, "next": 7 }),
        json!({ "data": null, "next": null }),
        json!({ "keys": [], "next": null }),
        json!({ "data": { "keys": {} }, "next": null }),
        json!({ "data": { "keys": ["x"] }, "next": null }),
        json!({ "data": { "keys": [{}] }, "next": null }),
        page(json!({ "key_id": "a/b" }), Value::Null),
        page(json!({ "key_id": null }), Value::Null),
        page(json!({ "key_id": "other", "about": "CI" }), Value::Null),
    ] {
        fake.answer_next_look(Reply::new(200).with_json(&body));
        let error = revoker.find(&key).await.unwrap_err();
        assert_eq!(
            (error.kind(), error.key_state()),
            (ErrorKind::UnexpectedAnswer, KeyState::Unknown),
            "{body}: {error}"
        );
    }
    fake.answer_next_look(Reply::new(200).with_json(page(other, Value::Null)));
    assert_eq!(revoker.find(&key).await.unwrap_err().kind(), ErrorKind::NotFound);
}

#[tokio::test]
async fn what_a_list_of_another_owner_holds_is_not_taken_for_this_ones() {
    let mapped = with(
        of_tenants(),
        "key",
        json!({ "ids": { "tenant": "of" }, "state": "active" }),
    );
    let fake = Fake::of(&describe("acme-mapped", &mapped).unwrap()).await;
    let revoker = fake.builder().build().unwrap();
    let key = fake.new_key();
    assert!(revoker.find(&key).await.is_ok());
    let (_, id) = key.key().split_once('/').unwrap();
    let body = json!({ "data": { "keys": [{ "id": id, "of": "somebody" }] }, "next": null });
    fake.answer_next_look(Reply::new(200).with_json(body));
    let error = revoker.find(&key).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::UnexpectedAnswer, "{error}");
    assert!(error.detail().unwrap().contains("of another list"), "{error}");
}

#[tokio::test]
async fn a_death_that_was_only_accepted_is_verified_by_the_described_list() {
    let fake = Fake::of(&describe("acme-tenants", &of_tenants()).unwrap()).await;
    let revoker = fake.builder().build().unwrap();
    let key = fake.new_key();
    fake.answer_next_revocation(Reply::new(202).carried_out());
    let dead = revoker.revoke_verified(&key, Verification::new()).await.unwrap();
    assert!(dead.evidence().contains(&Evidence::ReadBack), "{dead:?}");
    let methods: Vec<String> = fake.requests().into_iter().map(|asked| asked.method).collect();
    assert_eq!(methods, ["GET", "DELETE", "GET"]);
    // What is listed as dead is not revoked again.
    let again = revoker.revoke_verified(&key, Verification::new()).await.unwrap();
    assert_eq!(
        (again.disposition(), again.attempts()),
        (Disposition::AlreadyRevoked, 0)
    );
}

/// A service without nulls writes the beginning of UNIX time for what has not happened, and some plan an end.
#[tokio::test]
async fn a_time_that_stands_for_none_or_is_to_come_is_no_death() {
    let soon = timestamp::format(SystemTime::now() + Duration::from_secs(240));
    let description = looked_up(
        least(),
        json!({
            "list": { "items": "keys", "whole": true },
            "key": {
                "state": { "active": { "on": true }, "revoked": { "revoked_at": "<past>" } },
                "expires_at": "expires_at",
            },
        }),
    );
    let fake = Fake::of(&describe("acme-times", &description).unwrap()).await;
    let revoker = fake.builder().build().unwrap();
    for (times, requests) in [
        (json!({ "revoked_at": "2026-01-02T00:00:00Z" }), 1),
        (json!({ "expires_at": "2026-01-02T00:00:00Z", "on": true }), 1),
        (json!({ "revoked_at": "1970-01-01T00:00:00Z" }), 3),
        (json!({ "revoked_at": "1970-01-01T00:00:00-12:00" }), 3),
        (json!({ "expires_at": 0, "on": true }), 3),
        (json!({ "revoked_at": soon }), 3),
    ] {
        let key = fake.new_key();
        let mut entry = times.clone();
        entry["id"] = json!(key.key());
        let before = fake.requests().len();
        fake.answer_next_look(Reply::new(200).with_json(json!({ "keys": [entry] })));
        revoker.revoke_verified(&key, Verification::new()).await.unwrap();
        assert_eq!(fake.requests().len() - before, requests, "{times}");
        assert_eq!(fake.is_live(&key), requests == 1, "{times}");
    }
}

#[tokio::test]
async fn a_key_that_is_known_by_its_secret_alone_is_told_in_the_body_and_shown_nowhere() {
    let own = all().into_iter().find(|own| own.name() == "acme-secret").unwrap();
    assert!(own.revokes_by_secret());
    assert_eq!(
        (own.key_form(), own.body().as_str()),
        ("SECRET", "token=<secret>")
    );
    let fake = Fake::of(&own).await;
    let revoker = fake.builder().build().unwrap();
    let key = fake.new_key();
    let secret = fake.secret(&key).unwrap();
    assert!(key.as_str().starts_with("acme-secret:sha256:"), "{key}");
    let result = revoker.revoke_verified(&key, Verification::new()).await;
    let shown = format!("{result:?} {key:?} {revoker:?}");
    assert!(!shown.contains(&secret), "{shown}");
    assert!(result.unwrap().evidence().contains(&Evidence::SecretRefused));
    let revocations: Vec<_> = fake
        .requests()
        .into_iter()
        .filter(|asked| asked.method == "POST")
        .collect();
    assert_eq!(revocations.len(), 1);
    assert_eq!(revocations[0].body, format!("token={secret}").into_bytes());
    assert_eq!(revocations[0].path, "/tokens/revoke");

    // As text it could be anything, and is not echoed.
    let text: Result<crate::KeyRef, _> = "acme-secret:canary-secret-0001".parse();
    let said = text.unwrap_err().to_string();
    assert!(
        said.contains("by the secret itself") && !said.contains("canary"),
        "{said}"
    );
    let of_secret = crate::KeyRef::of_secret("acme-secret", Secret::new("canary-secret-0001").unwrap());
    assert!(revoker.check(&of_secret.unwrap()).is_ok());

    for (ids, expected) in [
        (
            json!({ "secret": "secret", "id": "text" }),
            "not the one id of that name",
        ),
        (json!({ "id": "secret" }), "not the one id of that name"),
    ] {
        let said = problems("acme", &with(least(), "ids", ids)).join("\n");
        assert!(said.contains(expected), "{said}");
    }
    let listed = looked_up(
        with(
            with(least(), "path", json!("/keys/{secret}")),
            "ids",
            json!({ "secret": "secret" }),
        ),
        json!({ "list": { "whole": true }, "key": { "state": "active" } }),
    );
    let said = problems("acme", &listed).join("\n");
    assert!(said.contains("the keys have none"), "{said}");
}

#[tokio::test]
async fn a_whole_list_that_links_to_a_further_page_is_not_whole() {
    let description = looked_up(
        least(),
        json!({ "list": { "whole": true }, "key": { "state": "active" } }),
    );
    let fake = Fake::of(&describe("acme-whole", &description).unwrap()).await;
    let revoker = fake.builder().build().unwrap();
    let key = fake.new_key();
    assert!(revoker.find(&key).await.is_ok());
    let page = Reply::new(200).with_json(json!([{ "id": "other" }]));
    fake.answer_next_look(page.clone());
    assert_eq!(revoker.find(&key).await.unwrap_err().kind(), ErrorKind::NotFound);
    fake.answer_next_look(page.with_header("link", "</keys?page=2>; rel=\"next\""));
    let error = revoker.find(&key).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::UnexpectedAnswer, "{error}");
}
