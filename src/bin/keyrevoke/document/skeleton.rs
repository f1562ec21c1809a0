//! How a provider begins that is made of a document: its row, and its module with what only a person can know left open.

use serde_json::Value;

use super::operations::Kept;

/// A document that the build takes, and what was read in it.
pub(super) struct Made<'a> {
    pub(super) name: &'a str,
    pub(super) file: &'a str,
    pub(super) root: &'a Value,
    pub(super) kept: &'a Kept,
    /// Names and forms of the ids in the path.
    pub(super) ids: Vec<(String, &'static str)>,
    pub(super) names_keys: bool,
    /// Does the path end in a word for whoever calls?
    pub(super) revokes_caller: bool,
    pub(super) has_body: bool,
    /// The headers that the module must set.
    pub(super) sets_headers: Vec<String>,
    pub(super) today: &'a str,
}

/// The schema of an answer, if it has one.
pub(super) fn schema(response: &Value) -> Option<&Value> {
    let content = response.get("content")?.as_object()?;
    let json = content.iter().find(|(media, _)| media.contains("json"));
    json?.1.get("schema")
}

/// The truth value of an answer that can mean nothing else than that the key is dead.
fn told_by(response: &Value) -> Option<&str> {
    let members = schema(response)?.get("properties")?.as_object()?;
    let says = |(name, schema): &(&String, &Value)| {
        schema["type"] == "boolean" && ["revoked", "deleted", "disabled"].contains(&name.as_str())
    };
    members.iter().find(says).map(|(name, _)| name.as_str())
}

impl Made<'_> {
    pub(super) fn text(&self) -> String {
        let marker = self.marker();
        let module = self.name.replace('-', "_");
        format!(
            "## specs/providers.toml\n\n{}\n## the table in src/providers.rs\n\n    {module}::{marker},\n\n## src/providers/{module}.rs\n\n{}",
            self.row(),
            self.module(&marker)
        )
    }

    fn row(&self) -> String {
        let Self { name, kept, .. } = self;
        let ids: Vec<String> = self
            .ids
            .iter()
            .map(|(id, form)| format!("{id} = \"{form}\""))
            .collect();
        let ids = if ids.is_empty() {
            String::new()
        } else {
            format!("ids = {{ {} }}\n", ids.join(", "))
        };
        let body = match (self.has_body, self.names_keys) {
            (false, _) if self.revokes_caller => "revokes_caller = true\nbody = false\n",
            (false, _) => "body = false\n",
            (true, false) => "",
            (true, true) => "body_names_keys = true\n",
        };
        let headers = match self.sets_headers.as_slice() {
            [] => String::new(),
            headers => format!("sets_headers = {headers:?}\n"),
        };
        let document = if self.file == format!("{name}.yaml") {
            String::new()
        } else {
            format!("document = \"{}\"\n", self.file)
        };
        format!(
            "[{name}.operations.revoke]\nmethod = \"{}\"\npath = \"{}\"\n{document}{ids}{headers}{body}\n[[{name}.documents]]\nfile = \
             \"{}\"\npage = \"https://PAGE\"\nread = \"{}\"\nlicence = \"none stated; facts restated in our own words\"\n",
            kept.method, kept.path, self.file, self.today
        )
    }

    /// The names of what the document knows of the request's body.
    fn members_of_body(&self) -> String {
        let body = self
            .kept
            .written_out
            .get("requestBody")
            .or_else(|| self.kept.operation.get("requestBody"));
        let members = body
            .and_then(schema)
            .and_then(|schema| schema.get("properties"))
            .and_then(Value::as_object);
        let names: Vec<&str> = members
            .into_iter()
            .flatten()
            .map(|(name, _)| name.as_str())
            .collect();
        if names.is_empty() {
            "none documented".to_owned()
        } else {
            names.join(", ")
        }
    }

    fn marker(&self) -> String {
        let words = self
            .name
            .split(|c: char| !c.is_ascii_alphanumeric())
            .filter(|word| !word.is_empty());
        words.map(|word| word[..1].to_uppercase() + &word[1..]).collect()
    }

    fn base(&self) -> String {
        match self.root.pointer("/servers/0/url").and_then(Value::as_str) {
            Some(url) if url.starts_with("https://") && !url.contains('{') => {
                let url = url.trim_end_matches('/');
                let host = url.trim_start_matches("https://").split(['/', ':']).next().unwrap_or_default();
                let domain = host.strip_prefix("api.").unwrap_or(host);
                format!(
                    "Base {{\n            default: Some(\"{url}\"),\n            example: \"{url}\",\n            domains: \
                     &[\"{}\"],\n            placeholders: &[],\n        }}",
                    domain
                )
            }
            _ => "Base {\n            default: None,\n            example: \"https://HOST\",\n            domains: &[],\n            \
                  placeholders: &[],\n        }"
                .to_owned(),
        }
    }

    /// The documented successes as rules.
    fn rules(&self, source: &str) -> String {
        let responses = self.kept.written_out.get("responses").and_then(Value::as_object);
        let successes = responses
            .into_iter()
            .flatten()
            .filter(|(status, _)| status.starts_with('2') && *status != "202");
        let rules = successes.map(|(status, response)| {
            let members = schema(response)
                .and_then(|schema| schema.get("properties"))
                .and_then(Value::as_object);
            match (status.as_str(), members) {
                ("204" | "205", _) => format!("    on({status}, REVOKED).source(\"{source}\"),\n"),
                (_, members) => {
                    let kind =
                        |schema: &Value| schema["type"].as_str().unwrap_or("of several types").to_owned();
                    let names = members
                        .into_iter()
                        .flatten()
                        .map(|(name, schema)| format!("{name} ({})", kind(schema)));
                    let names: Vec<String> = names.collect();
                    let names = if names.is_empty() {
                        "none documented".to_owned()
                    } else {
                        names.join(", ")
                    };
                    let proof = match told_by(response) {
                        Some(name) => format!("Member::IsBool(\"{name}\", true)"),
                        None => "Member::Is(\"STATE\", \"REVOKED\")".to_owned(),
                    };
                    format!(
                        "    // Its members: {names}.\n    on({status}, REVOKED)\n        \
                         .with(Expect::Object(&[{proof}]))\n        .source(\"{source}\"),\n"
                    )
                }
            }
        });
        rules.collect()
    }

    fn module(&self, marker: &str) -> String {
        let Self { name, kept, .. } = self;
        let source = format!("PAGE, read {}", self.today);
        let key_form = match self.ids.as_slice() {
            [(_, "uuid")] => "UUID".to_owned(),
            [(_, "integer")] => "NUMBER".to_owned(),
            [_] => "ID".to_owned(),
            ids => ids
                .iter()
                .map(|(id, _)| id.to_uppercase())
                .collect::<Vec<_>>()
                .join("/"),
        };
        let rules = self.rules(&source);
        let members = if rules.contains("Expect::") {
            "Expect, Member, REVOKED, Rule, on"
        } else {
            "REVOKED, Rule, on"
        };
        let success = kept.written_out.get("responses").and_then(Value::as_object);
        let success = success
            .and_then(|all| all.keys().find(|status| status.starts_with('2')))
            .cloned();
        let response = success
            .as_ref()
            .and_then(|status| kept.written_out["responses"].get(status));
        let success = match (success.as_deref(), response.and_then(told_by)) {
            (Some(status @ ("204" | "205")), _) => format!("Reply::new({status})"),
            (status, Some(name)) => {
                format!(
                    "Reply::new({}).with_json(json!({{ \"{name}\": true }}))",
                    status.unwrap_or("200")
                )
            }
            (status, None) => {
                format!(
                    "Reply::new({}).with_json(json!({{ \"STATE\": \"REVOKED\" }}))",
                    status.unwrap_or("200")
                )
            }
        };
        let method = kept.method.to_uppercase();
        let one_id = [(String::from("id"), "text")];
        // Where the body alone names the key, its module says how.
        let ids: &[(String, &'static str)] = if self.ids.is_empty() { &one_id } else { &self.ids };
        let (imports, key, mut arguments) = match self.revokes_caller {
            true => secret(name),
            false => key(name, ids),
        };
        let (key_type, key_argument) = match (self.revokes_caller, ids.len()) {
            (true, _) => ("Token", "_key"),
            (false, 1) => ("KeyId", "key"),
            (false, _) => ("Key", "key"),
        };
        let key_form = if self.revokes_caller { "SECRET" } else { &key_form };
        let credential = if self.revokes_caller {
            "Form::Itself(&Form::Bearer)"
        } else {
            "Form::Bearer"
        };
        let (credential_text, credential_help) = match self.revokes_caller {
            true => (
                "Takes no credential: each token revokes itself.",
                "the token itself",
            ),
            false => (
                "Credential: WHICH, as a [bearer token](crate::Credential::bearer).",
                "WHICH",
            ),
        };
        let accepted = if self.revokes_caller {
            ""
        } else {
            "\"fake-administrator\""
        };
        let key_parts = if key_type == "KeyId" { "KeyParts, " } else { "" };
        let content = if self.has_body {
            let members = self.members_of_body();
            // Where the body alone names the key, the path has no place for it.
            arguments = match self.ids.is_empty() {
                true => "&BODY".to_owned(),
                false => format!("{arguments}, &BODY"),
            };
            format!(
                "    /// Members of the body: {members}. Each is a `Part`; what stands here is all that the guard lets leave.\n    \
                 const CONTENT: Content = Content::Json(&[(\"MEMBER\", Part::Text(\"VALUE\"))]);\n\n"
            )
        } else {
            String::new()
        };
        let content_import = if self.has_body {
            "use crate::content::{Content, Part};\n"
        } else {
            ""
        };
        let fake = match self.revokes_caller {
            true => ("secret", "format!(\"fake-token-{number:08}\")".to_owned()),
            false => ("key", fake_key(ids)),
        };
        format!(
            r#"//! {marker}: `{method} {path}`.
//!
//! Facts from PAGE, read {today}. What a second revoke gets is not stated, so nothing that may have arrived is sent again.
//! Never confirmed against the live service.

use crate::builder::Builder;
{content_import}use crate::credential::Form;
{crate_imports}use crate::provider::{{About, Base, IdsReused, {key_parts}Provider, Repeat, generated}};
{secret_import}use crate::verdict::{{{members}}};
use crate::wire::Sent;

generated!("{name}");

/// Marks builders and revokers for {marker}.
#[derive(Clone, Copy, Debug)]
pub struct {marker};

/// Begins a revoker for {marker}.
///
/// {credential_text}
pub fn builder() -> Builder<{marker}> {{
    Builder::new({marker})
}}

{key}
const RULES: &[Rule] = &[
{rules}];

impl Provider for {marker} {{
    type Key = {key_type};
    type Client = generated::Client;

    const ABOUT: About = About {{
        name: "{name}",
        aliases: &[],
        vendor: "{marker}",
        key_form: "{key_form}",
        credentials: &[{credential}],
        credential_help: "{credential_help}",
        base: {base},
        settings: &[],
        rules: RULES,
        repeat: (Repeat::Never, "nothing is stated about a second revoke; {source}"),
        ids_reused: (IdsReused::Possible, "nothing is stated; {source}"),
        missing: (None, "nothing is stated of its body; {source}"),
        propagation: None,
        reversible: false,
        also_dies: "",
        proves: "death by WHAT",
    }};

{content}    async fn revoke(client: &generated::Client, {key_argument}: &{key_type}) -> Sent {{
        client.revoke({arguments}).await
    }}
}}

#[cfg(feature = "fakes")]
mod fake {{
    use serde_json::json;

    use super::{marker};
    use crate::fakes::{{Case, FakeAnswers, Reply}};

    impl FakeAnswers for {marker} {{
        const CREDENTIALS: &'static [&'static str] = &[{accepted}];

        fn {fake_name}(number: u64) -> String {{
            {fake}
        }}

        fn answer(case: Case, _: &[(&'static str, String)]) -> Reply {{
            match case {{
                Case::Revoked => {success},
                Case::Again | Case::Unknown => Reply::new(404).with_json(json!({{ "message": "no such key" }})),
                Case::Unauthenticated => Reply::new(401).with_json(json!({{ "message": "not authorised" }})),
            }}
        }}
    }}
}}
"#,
            path = kept.path,
            today = self.today,
            crate_imports = imports,
            secret_import = if self.revokes_caller {
                "use crate::secret_key::secret_key;\n"
            } else {
                ""
            },
            fake_name = fake.0,
            fake = fake.1,
            base = self.base(),
        )
    }
}

/// As [`key`], of a token that is its own credential.
fn secret(name: &str) -> (String, String, String) {
    let key =
        format!("secret_key!(\n    /// A token, which revokes itself.\n    Token, \"{name}\", None\n);\n");
    (String::new(), key, String::new())
}

/// Imports, the key's type, and what its call takes.
fn key(name: &str, ids: &[(String, &'static str)]) -> (String, String, String) {
    let macro_of = |form: &str| match form {
        "uuid" => "uuid_id",
        "integer" => "number_id",
        _ => "text_id",
    };
    let argument = |form: &str, of: &str| match form {
        "uuid" => format!("{of}.as_uuid()"),
        "integer" => format!("{of}.get()"),
        _ => format!("{of}.as_str()"),
    };
    if let [(id, form)] = ids {
        let name_of = macro_of(form);
        let key = format!(
            "{name_of}!(\n    /// The id of a key. Not the key itself.\n    KeyId, \"{name}\", \"key\"\n);\n\nimpl KeyParts for \
             KeyId {{\n    fn parameters(&self) -> Vec<(&'static str, String)> {{\n        vec![(\"{id}\", self.to_string())]\n    \
             }}\n}}\n"
        );
        return (
            format!("use crate::key::{name_of};\n"),
            key,
            argument(form, "key"),
        );
    }
    let mut macros: Vec<&str> = ids.iter().map(|(_, form)| macro_of(form)).collect();
    macros.push("ids_key");
    macros.sort_unstable();
    macros.dedup();
    let crate_imports = format!("use crate::key::{{{}}};\n", macros.join(", "));
    let type_of = |id: &str| {
        let words = id.split('_').filter(|word| !word.is_empty());
        let joined: String = words.map(|word| word[..1].to_uppercase() + &word[1..]).collect();
        format!("{}Id", joined.trim_end_matches("Id"))
    };
    let field = |id: &str| {
        let mut snake = String::new();
        for c in id.chars() {
            if c.is_ascii_uppercase() && !snake.is_empty() && !snake.ends_with('_') {
                snake.push('_');
            }
            snake.push(c.to_ascii_lowercase());
        }
        snake
    };
    let mut key = String::new();
    for (id, form) in ids {
        key.push_str(&format!(
            "{}!(\n    /// The {id} of a key.\n    {}, \"{name}\", \"{id}\"\n);\n",
            macro_of(form),
            type_of(id)
        ));
    }
    let form: Vec<String> = ids.iter().map(|(id, _)| id.to_uppercase()).collect();
    let form = form.join("/");
    key.push_str(&format!(
        "\nids_key!(\n    /// A key; as text `{form}`.\n    Key, \"{name}\", \"{form}\",\n"
    ));
    for (id, _) in ids {
        key.push_str(&format!(
            "    /// Its {id}.\n    {}: {} = \"{id}\",\n",
            field(id),
            type_of(id)
        ));
    }
    key.push_str(");\n");
    let arguments = ids
        .iter()
        .map(|(id, form)| argument(form, &format!("key.{}", field(id))));
    let arguments: Vec<String> = arguments.collect();
    (crate_imports, key, arguments.join(", "))
}

/// The n-th key of the fake.
fn fake_key(ids: &[(String, &'static str)]) -> String {
    let last = ids.len().saturating_sub(1);
    let parts = ids
        .iter()
        .enumerate()
        .map(|(index, (_, form))| match (*form, index == last) {
            ("uuid", true) => "fa4e0000-0000-4000-8000-{number:012x}",
            ("uuid", false) => "fa4e0000-0000-4000-8000-000000000001",
            ("integer", true) => "{number}",
            ("integer", false) => "1",
            (_, true) => "key-fa4e{number}",
            (_, false) => "owner-fa4e",
        });
    format!("format!(\"{}\")", parts.collect::<Vec<_>>().join("/"))
}
