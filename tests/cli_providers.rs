//! `keyrevoke providers`: what is relied on, documents of new providers, and providers of one's own.
#![cfg(all(feature = "cli", feature = "fakes"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use keyrevoke::fakes::Fake;
use serde_json::Value;

/// With nothing in the environment that this process has not set itself.
fn keyrevoke() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_keyrevoke"));
    command.env_clear();
    command
}

fn run(arguments: &[&str]) -> Output {
    keyrevoke().args(arguments).output().unwrap()
}

fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn err(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// A file of this test alone, gone when it is over.
struct File(PathBuf);

impl File {
    fn new(name: &str, text: &str) -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
        let path = folder.join(format!("{}-{name}", std::process::id()));
        std::fs::write(&path, text).unwrap();
        Self(path)
    }

    fn text(&self) -> &str {
        self.0.to_str().unwrap()
    }
}

impl Drop for File {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

const ACME: &str = r#"
[acme]
vendor = "Acme keys"
credential = "bearer"
method = "DELETE"
path = "/v1/projects/{project}/keys/{id}"
ids = { project = "text", id = "uuid" }
rules = [
  { status = 200, body = { id = "{id}", state = "revoked" }, means = "revoked", source = "handbook, Keys", read = 2026-11-22 },
]
"#;

const KEY: &str = "acme:web/2f1d3c5e-8a4b-4c6d-9e7f-0123456789ab";

#[tokio::test]
async fn a_key_of_a_provider_of_ones_own_is_revoked_like_any_other() {
    let file = File::new("acme.toml", ACME);
    let table: toml::Table = toml::from_str(ACME).unwrap();
    let fake = Fake::of(&keyrevoke::describe("acme", &table["acme"]).unwrap()).await;
    let key = fake.new_key().to_string();
    let command = |given: &str| {
        let mut command = keyrevoke();
        command.args(["revoke", "--json", given, "--providers", file.text()]);
        command.env("KEYREVOKE_ACME_CREDENTIAL", fake.credential_text());
        command.env("KEYREVOKE_ACME_BASE_URL", fake.base_url());
        tokio::task::spawn_blocking(move || command.output().unwrap())
    };
    let output = command(&key).await.unwrap();
    assert_eq!(output.status.code(), Some(0), "{}{}", out(&output), err(&output));
    let line: Value = serde_json::from_str(out(&output).trim()).unwrap();
    assert_eq!(
        (&line["key"], &line["state"]),
        (&key.as_str().into(), &"dead".into())
    );
    assert_eq!(fake.requests().len(), 1);
    assert_eq!(fake.requests()[0].method, "DELETE");

    let unknown = command(&fake.unknown_key().to_string()).await.unwrap();
    assert_eq!(unknown.status.code(), Some(3), "{}", out(&unknown));
    let refused = command("acme:web/self").await.unwrap();
    assert_eq!(refused.status.code(), Some(2), "{}", err(&refused));
    assert_eq!(fake.requests().len(), 2);
}

#[test]
fn providers_of_ones_own_are_listed_planned_and_named_where_something_is_missing() {
    let file = File::new("listed.toml", ACME);
    let output = keyrevoke()
        .args(["providers", "acme"])
        .env("KEYREVOKE_PROVIDERS", file.text())
        .output()
        .unwrap();
    let text = out(&output);
    for expected in [
        "acme:PROJECT/ID",
        "DELETE /v1/projects/{project}/keys/{id}",
        "200 {id: <id>, state: \"revoked\"} means dead revoked provider_answer",
        "handbook, Keys, read 2026-11-22",
        "confirmed   never",
    ] {
        assert!(text.contains(expected), "{expected}: {text}");
    }
    let all = run(&["providers", "--providers", file.text()]);
    assert!(out(&all).contains("acme:PROJECT/ID") && out(&all).contains("dolfin:UUID"));

    let dry = keyrevoke()
        .args(["--providers", file.text(), "revoke", "--dry-run", "--json", KEY])
        .env("KEYREVOKE_ACME_CREDENTIAL", "x")
        .env("KEYREVOKE_ACME_BASE_URL", "https://keys.acme.example")
        .output()
        .unwrap();
    assert_eq!(dry.status.code(), Some(0), "{}", err(&dry));
    assert!(
        out(&dry).contains("DELETE /v1/projects/{project}/keys/{id}"),
        "{}",
        out(&dry)
    );

    let nothing = run(&["--providers", file.text(), "revoke", KEY]);
    assert_eq!(nothing.status.code(), Some(2));
    let said = err(&nothing);
    assert!(
        said.contains("KEYREVOKE_ACME_CREDENTIAL") && said.contains("KEYREVOKE_ACME_BASE_URL"),
        "{said}"
    );
    let unknown = run(&["--providers", file.text(), "providers", "acne"]);
    assert_eq!(unknown.status.code(), Some(2));
    let (ours, last) = (keyrevoke::providers(), ", acme");
    let last = format!("{}{last}", ours.last().unwrap().name());
    assert!(err(&unknown).contains(&last), "{}", err(&unknown));
}

#[tokio::test]
async fn what_takes_more_than_the_key_needs_a_word_and_says_so() {
    let text = format!("{ACME}also_dies = \"the tokens that it has made\"\n");
    let file = File::new("more.toml", &text);
    let table: toml::Table = toml::from_str(&text).unwrap();
    let fake = Fake::of(&keyrevoke::describe("acme", &table["acme"]).unwrap()).await;
    let key = fake.new_key().to_string();
    let command = |arguments: &[&str]| {
        let mut command = keyrevoke();
        command
            .args(["--providers", file.text(), "revoke", &key])
            .args(arguments);
        command.env("KEYREVOKE_ACME_CREDENTIAL", fake.credential_text());
        command.env("KEYREVOKE_ACME_BASE_URL", fake.base_url());
        tokio::task::spawn_blocking(move || command.output().unwrap())
    };
    for arguments in [&[][..], &["--dry-run"], &["--verify=1"]] {
        let refused = command(arguments).await.unwrap();
        assert_eq!(refused.status.code(), Some(2), "{}", err(&refused));
        for expected in [
            "the tokens that it has made",
            "--more-than-the-key",
            "nothing was sent",
        ] {
            assert!(err(&refused).contains(expected), "{}", err(&refused));
        }
        assert!(out(&refused).is_empty(), "{}", out(&refused));
    }
    let planned = command(&["--more-than-the-key", "--dry-run"]).await.unwrap();
    let line = "takes along the tokens that it has made (--more-than-the-key)";
    assert!(out(&planned).contains(line), "{}", out(&planned));
    assert!(fake.requests().is_empty());

    let dead = command(&["--more-than-the-key"]).await.unwrap();
    assert_eq!(dead.status.code(), Some(0), "{}{}", out(&dead), err(&dead));
    assert_eq!(fake.requests().len(), 1);

    let shown = out(&run(&["--providers", file.text(), "providers", "acme"]));
    let line = "also dies   the tokens that it has made: nothing is sent without --more-than-the-key";
    assert!(shown.contains(line), "{shown}");
}

/// The descriptions of the guide, as they stand there.
fn of_guide() -> String {
    let guide = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/guide/own_provider.md");
    let text = std::fs::read_to_string(guide).unwrap();
    let (_, rest) = text.split_once("```toml\n").unwrap();
    rest.split_once("```").unwrap().0.to_owned()
}

#[tokio::test]
async fn the_descriptions_of_the_guide_keep_what_the_others_keep() {
    let tables: toml::Table = toml::from_str(&of_guide()).unwrap();
    let described = tables
        .iter()
        .map(|(name, table)| keyrevoke::describe(name, table));
    let described: Vec<_> = described.collect::<Result<_, _>>().unwrap();
    assert_eq!(described.len(), 2);
    keyrevoke::conformance::check(&described).await;
}

#[tokio::test]
async fn the_vault_of_the_guide_is_listed_found_and_its_tokens_are_verified_to_be_dead() {
    let file = File::new("guide.toml", &of_guide());
    let tables: toml::Table = toml::from_str(&of_guide()).unwrap();
    let fake = Fake::of(&keyrevoke::describe("vault", &tables["vault"]).unwrap()).await;
    let (key, other) = (fake.new_key().to_string(), fake.new_key().to_string());
    let command = |arguments: &[&str]| {
        let mut command = keyrevoke();
        command.args(["--providers", file.text()]).args(arguments);
        command.env("KEYREVOKE_VAULT_CREDENTIAL", fake.credential_text());
        command.env("KEYREVOKE_VAULT_BASE_URL", fake.base_url());
        tokio::task::spawn_blocking(move || command.output().unwrap())
    };
    let listed = command(&["list", "vault"]).await.unwrap();
    assert_eq!(listed.status.code(), Some(0), "{}", err(&listed));
    assert!(
        out(&listed).contains(&key) && out(&listed).contains(&other),
        "{}",
        out(&listed)
    );
    // A look needs no word.
    let found = command(&["find", &key]).await.unwrap();
    assert_eq!(found.status.code(), Some(1), "{}{}", out(&found), err(&found));

    let before = fake.requests().len();
    let refused = command(&["revoke", &key, "--verify"]).await.unwrap();
    assert_eq!(refused.status.code(), Some(2), "{}", out(&refused));
    assert_eq!(fake.requests().len(), before, "nothing was sent");

    let dead = command(&["revoke", "--json", &key, "--verify", "--more-than-the-key"])
        .await
        .unwrap();
    assert_eq!(dead.status.code(), Some(0), "{}{}", out(&dead), err(&dead));
    let line: Value = serde_json::from_str(out(&dead).trim()).unwrap();
    assert!(line["evidence"].to_string().contains("read_back"), "{line}");
    let sent: Vec<String> = fake.requests()[before..]
        .iter()
        .map(|request| format!("{} {}", request.method, request.path))
        .collect();
    let list = "GET /auth/token/accessors?list=true";
    assert_eq!(sent, [list, "POST /auth/token/revoke-accessor", list]);
    let gone = command(&["find", &key]).await.unwrap();
    assert_eq!(gone.status.code(), Some(3), "{}", out(&gone));
}

#[test]
fn a_file_that_is_wrong_is_refused_with_all_that_is_wrong_and_nothing_is_sent() {
    let wrong = ACME
        .replace("/{id}", "")
        .replace("read = 2026-11-22", "read = 2026");
    let wrong = format!("{wrong}\n[devin]\ncredential = \"bearer\"\n");
    let file = File::new("wrong.toml", &wrong);
    let output = run(&["--providers", file.text(), "revoke", KEY]);
    assert_eq!(output.status.code(), Some(2));
    let said = err(&output);
    for expected in [
        "acts on a whole collection",
        "ids id stands neither in the path nor in the body",
        "rules[0] read is no text",
        "devin is the name of a provider that is here already",
    ] {
        assert!(said.contains(expected), "{expected}: {said}");
    }
    let secrets = File::new("secrets.toml", "credential = \"canary\nnext");
    let output = run(&["--providers", secrets.text(), "providers"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(
        err(&output).contains("line 2") && !err(&output).contains("canary"),
        "{}",
        err(&output)
    );
    let absent = run(&["--providers", "/nowhere/providers.toml", "providers"]);
    assert_eq!(absent.status.code(), Some(4), "{}", err(&absent));
}

#[test]
fn a_provider_is_shown_in_full_with_source_and_date_of_all_that_is_relied_on() {
    for provider in keyrevoke::providers() {
        let text = out(&run(&["providers", provider.name()]));
        for fact in provider.facts() {
            assert!(
                text.contains(&format!("{}, read {}", fact.source, fact.read)),
                "{fact:?}: {text}"
            );
        }
        assert!(text.contains("confirmed   "), "{text}");
        let json: Value =
            serde_json::from_str(out(&run(&["providers", provider.name(), "--json"])).trim()).unwrap();
        assert_eq!(json["facts"].as_array().unwrap().len(), provider.facts().len());
        assert!(
            json["facts"][0]["read"].as_str().unwrap().starts_with("2026-"),
            "{json}"
        );
    }
}

fn specs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("specs")
}

/// The listed revocations: provider, document, method and path, ids.
fn revocations() -> Vec<(String, String, String, toml::Table)> {
    let text = std::fs::read_to_string(specs().join("providers.toml")).unwrap();
    let manifest: toml::Table = toml::from_str(&text).unwrap();
    let revocation = |(name, provider): (&String, &toml::Value)| {
        let revoke = &provider["operations"]["revoke"];
        let text = |member: &str| {
            revoke
                .get(member)
                .and_then(toml::Value::as_str)
                .map(str::to_owned)
        };
        let document = text("document").unwrap_or_else(|| format!("{name}.yaml"));
        let operation = format!(
            "{} {}",
            text("method").unwrap().to_uppercase(),
            text("path").unwrap()
        );
        let ids = revoke
            .get("ids")
            .and_then(toml::Value::as_table)
            .cloned()
            .unwrap_or_default();
        (name.clone(), document, operation, ids)
    };
    manifest.iter().map(revocation).collect()
}

#[test]
fn the_rows_that_are_printed_for_our_own_documents_are_those_that_are_listed() {
    for (name, document, operation, ids) in revocations() {
        let file = specs().join(document);
        let output = run(&[
            "providers",
            "--check",
            file.to_str().unwrap(),
            "--operation",
            &operation,
        ]);
        assert_eq!(output.status.code(), Some(0), "{name}: {}", err(&output));
        let text = out(&output);
        let (_, row) = text.split_once("## specs/providers.toml").unwrap();
        let (row, module) = row.split_once("## the table").unwrap();
        let row: toml::Table = toml::from_str(row).unwrap();
        let (_, row) = row.iter().next().unwrap();
        let printed = &row["operations"]["revoke"];
        let said = format!(
            "{} {}",
            printed["method"].as_str().unwrap().to_uppercase(),
            printed["path"].as_str().unwrap()
        );
        assert_eq!(said, operation);
        let none = toml::Table::new();
        let found = printed
            .get("ids")
            .and_then(toml::Value::as_table)
            .unwrap_or(&none);
        for (id, form) in &ids {
            assert_eq!(found.get(id), Some(form), "{name}");
        }
        assert!(module.contains("impl Provider for "), "{module}");
    }
}

/// What `src/skeletons.rs` compiles.
#[test]
fn what_is_printed_for_a_document_is_what_is_compiled() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/specimen");
    let kept: toml::Table = std::fs::read_to_string(folder.join("providers.toml"))
        .unwrap()
        .parse()
        .unwrap();
    let made = kept.keys().filter(|name| name.starts_with("made-"));
    let made: Vec<&String> = made.collect();
    assert_eq!(made.len(), 6);
    for name in made {
        let file = folder.join(format!("{name}.yaml"));
        let output = run(&["providers", "--check", file.to_str().unwrap()]);
        assert_eq!(output.status.code(), Some(0), "{name}: {}", err(&output));
        let text = out(&output);
        let (row, rest) = text.split_once("## the table in src/providers.rs").unwrap();
        let (line, module) = rest.split_once(".rs\n\n").unwrap();
        let row: toml::Table = row.trim_start_matches("## specs/providers.toml").parse().unwrap();
        let (mut row, mut listed) = (row[name].clone(), kept[name].clone());
        for date in [&mut row, &mut listed].map(|row| &mut row["documents"][0]["read"]) {
            *date = "the day".into();
        }
        assert_eq!(row, listed, "{name}");
        let path = folder.join(format!("{}.rs", name.replace('-', "_")));
        let today = date_of(&text);
        let module = module.trim_end_matches('\n').to_owned() + "\n";
        let module = module.replace(&today, "2026-11-27");
        if std::env::var_os("KEYREVOKE_BLESS").is_some() {
            std::fs::write(&path, &module).unwrap();
        }
        assert_eq!(module, std::fs::read_to_string(&path).unwrap(), "{name}");
        let marker: String = name
            .split('-')
            .map(|word| word[..1].to_uppercase() + &word[1..])
            .collect();
        assert!(
            line.contains(&format!("{}::{marker},", name.replace('-', "_"))),
            "{line}"
        );
    }
}

/// The day that stands in what is printed.
fn date_of(text: &str) -> String {
    let (_, rest) = text.split_once("read = \"").unwrap();
    rest[..10].to_owned()
}

#[test]
fn everything_that_a_document_lacks_is_said_at_once_with_its_place() {
    let document = r#"
openapi: 3.1.0
info: { title: Acme }
paths:
  /keys/{id}/{part}:
    delete:
      parameters:
        - { name: id, in: path, required: true, schema: { type: boolean } }
        - { name: tenant, in: query, required: true, schema: { type: string } }
      requestBody: { required: true, content: { text/plain: { schema: { type: string } } } }
      responses: {}
"#;
    let file = File::new("lacking.yaml", document);
    let output = run(&["providers", "--check", file.text()]);
    assert_eq!(output.status.code(), Some(2));
    let said = err(&output);
    assert!(out(&output).is_empty());
    for expected in [
        "info > version: there is no version",
        "paths > /keys/{id}/{part} > delete > parameters > id > schema: the type is \"boolean\"",
        "parameters > tenant: a required query parameter must be listed",
        "delete > requestBody",
    ] {
        assert!(said.contains(expected), "{expected}: {said}");
    }

    let twice = File::new("twice.yaml", "openapi: 3.1.0\nopenapi: 3.0.0\n");
    let output = run(&["providers", "--check", twice.text()]);
    assert_eq!(output.status.code(), Some(2));
    assert!(err(&output).contains("line 2"), "{}", err(&output));

    let whole = document.replace("/keys/{id}/{part}", "/keys");
    let collection = File::new("collection.yaml", &whole);
    let output = run(&["providers", "--check", collection.text()]);
    assert!(err(&output).contains("delete"), "{}", err(&output));
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn what_a_new_document_says_otherwise_is_named() {
    let ours = specs().join("workos.yaml");
    let text = std::fs::read_to_string(&ours).unwrap();
    let compare = |changed: &str| {
        let file = File::new("new.yaml", changed);
        let output = run(&[
            "providers",
            "--check",
            file.text(),
            "--against",
            ours.to_str().unwrap(),
        ]);
        (output.status.code().unwrap(), out(&output))
    };
    assert_eq!(compare(&text), (0, String::new()));
    // What is none of ours.
    let more = text.replacen("paths:\n", "paths:\n  /other:\n    get: { responses: {} }\n", 1);
    assert_eq!(compare(&more).0, 0);

    let renamed = text.replace("/api_keys/{id}", "/v2/api_keys/{id}");
    let (code, said) = compare(&renamed);
    assert_eq!(code, 1);
    assert!(
        said.contains("DELETE /api_keys/{id}: there is no DELETE /api_keys/{id}"),
        "{said}"
    );
    assert!(said.contains("it has DELETE /v2/api_keys/{id}"), "{said}");

    for (from, to, expected) in [
        ("'204':", "'200':", "the answer 204 is gone"),
        (
            "'204':",
            "'202': { description: x }\n        '204':",
            "the answer 202 is new",
        ),
        (
            "type: string\n      responses",
            "type: integer\n      responses",
            "path parameter id: its type was \"string\", and is \"integer\"",
        ),
        (
            "      parameters:\n        - name: id",
            "      parameters:\n        - { name: force, in: query, required: true, schema: { type: boolean } }\n        - name: id",
            "the query parameter force is new, and required",
        ),
        (
            "                  message:",
            "                  text:",
            "answer 404 > message is gone",
        ),
    ] {
        assert!(text.contains(from), "{from}");
        let (code, said) = compare(&text.replacen(from, to, 1));
        assert_eq!(code, 1, "{expected}");
        assert!(said.contains(expected), "{expected}: {said}");
    }
}
