//! The build script: vendors' documents as they are build, broken ones fail with file and reason, and nothing that is not
//! listed is ever generated. The transforms' own tests stand beside them and run from here.

#![allow(clippy::unwrap_used, clippy::panic)]

#[path = "../build/body.rs"]
mod body;
#[path = "../build/dialect.rs"]
mod dialect;
#[path = "../build/fault.rs"]
mod fault;
#[path = "../build/operations.rs"]
mod operations;
#[path = "../build/parameters.rs"]
mod parameters;
#[path = "../build/path.rs"]
mod path;
#[path = "../build/reference.rs"]
mod reference;
#[path = "../build/types.rs"]
mod types;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

const NULL_FIRST: &str = include_str!("documents/null-first.yaml");
const LONG_NAME: &str = include_str!("documents/long-name.yaml");
const TENANT: &str = include_str!("documents/tenant.yaml");

const LEDGER: (&str, &str) = ("post", "/keys/{id}/revoke");
const ROBOTS: (&str, &str) = ("delete", "/v2/robots/keys/{robot_key}");
const PIGEON: (&str, &str) = ("delete", "/keys/{pigeonKey}");

/// A package with documents and nothing else, for the build script to work on.
struct Package {
    root: PathBuf,
}

struct Run {
    ok: bool,
    error: String,
    out: PathBuf,
}

impl Package {
    fn new(name: &str) -> Self {
        let root = Path::new(env!("CARGO_TARGET_TMPDIR"))
            .join("documents")
            .join(name);
        let _ = fs::remove_dir_all(&root);
        fs::create_dir_all(root.join("specs")).unwrap();
        Self { root }
    }

    /// One provider `p` with one document.
    fn with(name: &str, (method, path): (&str, &str), more: &str, document: &str) -> Self {
        let package = Self::new(name);
        let operation = format!("method = '{method}'\npath = '{path}'\n{more}");
        package.file(
            "specs/providers.toml",
            &format!("[p.operations.revoke]\n{operation}\n{}", listed("p.yaml")),
        );
        package.file("specs/p.yaml", document);
        package
    }

    fn file(&self, name: &str, text: &str) -> &Self {
        let path = self.root.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
        self
    }

    fn run(&self) -> Run {
        self.run_in("out", &[])
    }

    fn run_in(&self, out: &str, variables: &[(&str, &str)]) -> Run {
        let out = self.root.join("..").join(format!("{out} of {}", self.name()));
        let _ = fs::remove_dir_all(&out);
        fs::create_dir_all(&out).unwrap();
        let output = Command::new(env!("KEYREVOKE_BUILD_SCRIPT"))
            .env_clear()
            .env("CARGO_MANIFEST_DIR", &self.root)
            .env("OUT_DIR", &out)
            .envs(variables.iter().copied())
            .current_dir(&self.root)
            .output()
            .unwrap();
        let error = String::from_utf8(output.stderr).unwrap();
        assert!(!error.contains("panicked at"), "{error}");
        Run {
            ok: output.status.success(),
            error,
            out,
        }
    }

    fn name(&self) -> String {
        self.root.file_name().unwrap().to_string_lossy().into_owned()
    }
}

impl Run {
    fn built(self) -> Self {
        assert!(self.ok && self.error.is_empty(), "{}", self.error);
        self
    }

    /// The build failed, and what it said has all of this in it.
    fn failed(&self, wanted: &[&str]) {
        assert!(!self.ok, "built, but should have failed with {wanted:?}");
        for wanted in wanted {
            assert!(
                self.error.contains(wanted),
                "{wanted:?} is not in: {}",
                self.error
            );
        }
        assert_eq!(files(&self.out).len(), 0, "a failed build writes nothing");
    }

    fn text(&self, file: &str) -> String {
        fs::read_to_string(self.out.join(file)).unwrap()
    }

    fn json(&self, file: &str) -> Value {
        serde_json::from_str(&self.text(file)).unwrap()
    }

    /// The generated text without blanks and last commas, so that looking something up does not depend on layout.
    fn code(&self, provider: &str) -> String {
        let text: String = self.text(&format!("{provider}.rs")).split_whitespace().collect();
        text.replace(",)", ")").replace(",>", ">").replace(",}", "}")
    }
}

/// A document's table in the manifest.
fn listed(file: &str) -> String {
    format!(
        "[[p.documents]]\nfile = '{file}'\npage = 'https://vendor.example'\nread = '2026-11-22'\nlicence = 'none'\n"
    )
}

fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.insert(path.clone(), fs::read(&path).unwrap());
        }
    }
    found
}

// ---- what must build

#[test]
fn documents_as_vendors_publish_them_build() {
    let run = Package::with("null-first", LEDGER, "", NULL_FIRST).run().built();
    let code = run.code("p");
    assert!(
        code.contains("asyncfnrevoke<'a>(&'aself,id:&'a::uuid::Uuid)"),
        "{code}"
    );
    assert!(!code.contains("doctest") && !code.contains("Endsakey"));
    let status = &run.json("p.json")["operations"]["revoke"]["responses"]["409"]["content"]["application/problem+json"]
        ["schema"]["properties"]["status"];
    assert_eq!(
        status["type"],
        json!(["null", "integer", "string"]),
        "the vendor's own dialect"
    );

    let run = Package::with("long-name", ROBOTS, "", LONG_NAME).run().built();
    let code = run.code("p");
    assert!(
        code.contains("asyncfnrevoke<'a>(&'aself,robot_key:&'astr)"),
        "{code}"
    );
    assert!(
        code.contains("constDOCUMENT:&'staticstr=\"2.10\""),
        "a version is text: {code}"
    );
    let responses = &run.json("p.json")["operations"]["revoke"]["responses"];
    let example = json!({"yes": "yes", "off": "off", "1.0": 16, "when": "2026-11-22", "text": "404"});
    assert_eq!(
        responses["200"]["content"]["application/json"]["example"],
        example
    );
    let items = &responses["422"]["content"]["application/json"]["schema"]["properties"]["detail"]["items"];
    let cycle = json!({"x-keyrevoke-cycle": "#/components/schemas/Place"});
    assert_eq!(items["properties"]["next"], cycle);

    let run = Package::with("tenant", PIGEON, "", TENANT).run().built();
    let code = run.code("p");
    assert!(
        code.contains("asyncfnrevoke<'a>(&'aself,pigeon_key:i64)"),
        "{code}"
    );
    assert!(code.contains("constDOCUMENT:&'staticstr=\"1.0\""), "{code}");
    let revoke = &run.json("p.json")["operations"]["revoke"];
    assert_eq!(revoke["method"], "DELETE");
    assert_eq!(revoke["parameters"][0]["schema"]["minimum"], 1);
    let unauthorized = &revoke["responses"]["401"]["content"]["application/json"]["schema"];
    assert_eq!(
        unauthorized["properties"]["message"]["example"],
        "Unauthenticated."
    );
}

#[test]
fn every_operation_hands_out_status_headers_and_bytes_and_sends_in_one_place() {
    let code = Package::with("open", LEDGER, "", NULL_FIRST)
        .run()
        .built()
        .code("p");
    assert!(
        code.contains("->crate::wire::Sent{") && code.contains(".post(self.inner.address(url)).build()?"),
        "{code}"
    );
    let sends =
        r#"letinfo=OperationInfo{operation_id:"revoke"};self.inner.send(&self.client,request,info).await}"#;
    assert_eq!(code.matches(sends).count(), 1, "{code}");
    // What progenitor would send by, and the header with the document's version.
    for theirs in [
        "self.exec(",
        "ClientHooksfor",
        "header_map",
        "assert_client_hooks",
    ] {
        assert!(!code.contains(theirs), "{theirs}: {code}");
    }
    let operation = r#"crate::wire::Operation{name:"revoke",method:"POST",path:"/keys/{id}/revoke",prefixed:true,query:&[],names_keys:false}"#;
    assert!(code.contains(operation), "{code}");
    assert!(
        !code.contains("ClientBuilder") && !code.contains("fnnew("),
        "{code}"
    );
}

#[test]
fn a_vendors_whole_document_builds_and_only_the_listed_operation_is_in_it() {
    let mut root: Value = json!({"openapi": "3.1.0", "info": {"title": "t", "version": "撤销"}, "paths": {}});
    for n in 0..400 {
        let junk = json!({"operationId": 7, "parameters": "none", "responses": {"default": {"$ref": "nowhere.yaml"}}});
        root["paths"][format!("/things/{n}")] = json!({"get": junk, "delete": junk});
        root["components"]["schemas"][format!("S{n}")] = json!({"type": ["?"], "if": {}, "properties": 3});
    }
    let id = json!({"name": "id", "in": "path", "required": true, "schema": {"type": "string"}});
    let odd = json!({"schema": {"$ref": "#/components/schemas/S1"}});
    let responses = json!({"2XX": {"content": {"*/*": odd}}, "default": {"$ref": "#/nowhere"}});
    root["paths"]["/keys/{id}"] = json!({"delete": {"parameters": [id], "responses": responses}, "get": {}});
    root["paths"]["/keys"] = json!({"delete": {"operationId": "revoke"}});

    // As JSON writers put an emoji; YAML readers trip over it.
    let document = serde_json::to_string_pretty(&root).unwrap();
    let document = document.replace("\"t\"", r#""\ud83d\udd11""#);
    let run = Package::with("whole", ("delete", "/keys/{id}"), "", &document)
        .run()
        .built();
    let code = run.code("p");
    assert_eq!(code.matches("operation_id:").count(), 1, "{code}");
    assert_eq!(
        code.matches(".delete(self.inner.address(url))").count(),
        1,
        "{code}"
    );
    // The version of the document is not ASCII; as a header it would panic in the first call.
    assert!(code.contains("fnapi_version()->&'staticstr{\"0\"}"), "{code}");
    assert!(code.contains("constDOCUMENT:&'staticstr=\"撤销\""), "{code}");
    assert!(
        code.contains("format!(\"{}/keys/{}\",") && !code.contains("things"),
        "{code}"
    );
    let responses = &run.json("p.json")["operations"]["revoke"]["responses"];
    assert_eq!(
        responses["default"],
        json!({"x-keyrevoke-unresolved": "#/nowhere"})
    );
}

#[test]
fn arguments_follow_the_path_whatever_the_order_of_declaration() {
    let document = "
openapi: 3.0.0
info: {title: t, version: 1}
paths:
  /z/{zulu}/a/{alpha}/m/{mike}:
    parameters:
      - {name: mike, in: path, required: true, schema: {type: integer}}
    delete:
      parameters:
        - {name: alpha, in: path, required: true, schema: {type: string, format: uuid}}
        - {name: zulu, in: path, required: true, schema: {type: string, maxLength: 5}}
";
    let operation = ("delete", "/z/{zulu}/a/{alpha}/m/{mike}");
    let code = Package::with("order", operation, "", document)
        .run()
        .built()
        .code("p");
    let expected = "(&'aself,zulu:&'astr,alpha:&'a::uuid::Uuid,mike:i64)";
    assert!(code.contains(expected), "{code}");
}

#[test]
fn a_path_prefix_is_left_to_the_base_url() {
    let package = Package::with("prefix", ROBOTS, "[p]\npath_prefix = '/v2'", LONG_NAME);
    let run = package.run().built();
    let code = run.code("p");
    assert!(code.contains("format!(\"{}/robots/keys/{}\","), "{code}");
    assert!(code.contains("path:\"/robots/keys/{robot_key}\""), "{code}");
    let published = &run.json("p.json")["operations"]["revoke"]["path"];
    assert_eq!(published, "/v2/robots/keys/{robot_key}");
    Package::with("prefix-other", ROBOTS, "[p]\npath_prefix = '/v3'", LONG_NAME)
        .run()
        .failed(&[
            "specs/p.yaml: paths > /v2/robots/keys/{robot_key} > delete",
            "path_prefix `/v3`",
        ]);
}

#[test]
fn several_documents_make_one_client() {
    let package = Package::new("several");
    let find = "[p.operations.find]\nmethod = 'get'\npath = '/keys/{id}'\ndocument = 'p-find.json'\n";
    let revoke = "[p.operations.revoke]\nmethod = 'post'\npath = '/keys/{id}/revoke'\n";
    let manifest = [find, revoke, &listed("p.yaml"), &listed("p-find.json")].concat();
    let id = json!({"name": "id", "in": "path", "required": true, "schema": {"type": "string"}});
    let found = r#"{"openapi": "3.0.1", "info": {"title": "\ud83d\udd11", "version": "9"}, "paths": {"/keys/{id}": {"get": {"parameters": [ID]}}}}"#;
    package
        .file("specs/providers.toml", &manifest)
        .file("specs/p.yaml", NULL_FIRST)
        .file("specs/p-find.json", &found.replace("ID", &id.to_string()));
    let run = package.run().built();
    let code = run.code("p");
    assert_eq!(code.matches("operation_id:").count(), 2);
    assert!(
        code.contains("constDOCUMENT:&'staticstr=\"v1\""),
        "the revoke document's version"
    );
    let description = run.json("p.json");
    assert_eq!(description["document"], "p.yaml");
    assert_eq!(description["operations"]["find"]["document"], "p-find.json");
}

#[test]
fn bodies_of_all_shapes_generate() {
    let document = "
openapi: 3.1.0
info: {title: t, version: 1}
paths:
  /revoke:
    post:
      requestBody:
        content:
          application/json:
            schema: {$ref: '#/components/schemas/Body'}
components:
  schemas:
    Body:
      type: object
      required: [type, reason, either]
      properties:
        type: {const: key}
        reason: {type: [string, 'null'], enum: [leaked, rotated, null], default: leaked}
        either: {type: ['null', string, integer], format: int32, pattern: x}
        maybe: {anyOf: [{$ref: '#/components/schemas/Body'}, {type: 'null'}]}
        when: {type: string, format: date-time, minLength: 1}
        ids: {type: array, minItems: 1, uniqueItems: true, items: {type: string, format: uuid}}
";
    let code = Package::with("bodies", ("post", "/revoke"), "", document)
        .run()
        .built()
        .code("p");
    assert!(
        code.contains("asyncfnrevoke<'a>(&'aself,body:&'atypes::Body)"),
        "{code}"
    );
    // None of these crates may become necessary at run time.
    assert!(!code.contains("regress") && !code.contains("chrono"), "{code}");
}

// ---- what must not

#[test]
fn row_108_revoking_everything_is_never_generated_even_if_it_stands_beside() {
    let code = Package::with("beside", ROBOTS, "", LONG_NAME)
        .run()
        .built()
        .code("p");
    assert!(
        !code.contains("revoke_all") && !code.contains("\"{}/v2/robots/keys\""),
        "{code}"
    );
}

#[test]
fn row_108_a_listed_delete_on_a_collection_fails() {
    let all = ("delete", "/v2/robots/keys");
    let reason = "acts on a whole collection";
    let place = "specs/p.yaml: paths > /v2/robots/keys > delete";
    Package::with("collection", all, "", LONG_NAME)
        .run()
        .failed(&[place, reason]);
    // Saying that its body names the keys does not help if it has no body.
    Package::with("collection-bodiless", all, "body_names_keys = true", LONG_NAME)
        .run()
        .failed(&[place, "has no body"]);
    let body = "    delete:\n      requestBody: {content: {application/json: {schema: {type: object}}}}\n      operationId: >-\n        revoke_all";
    let with_body = LONG_NAME.replacen("    delete:\n      operationId: >-\n        revoke_all", body, 1);
    assert_ne!(with_body, LONG_NAME);
    Package::with("collection-body", all, "body_names_keys = true", &with_body)
        .run()
        .built();
    Package::with("collection-body-unsaid", all, "", &with_body)
        .run()
        .failed(&[place, reason]);
}

#[test]
fn a_look_up_is_a_get_or_is_declared_harmless() {
    let document = "
openapi: 3.0.0
info: {title: t, version: 1}
paths:
  /v1/keys/{id}: {delete: {parameters: [{name: id, in: path, required: true, schema: {type: string}}]}}
  /v1/keys:
    get: {requestBody: {content: {application/json: {schema: {type: object}}}}}
    post: {requestBody: {content: {application/json: {schema: {type: object}}}}}
    delete: {requestBody: {content: {application/json: {schema: {type: object}}}}}
    put: {}
    patch: {}
";
    let with = |name: &str, operation: &str, method: &str, more: &str| {
        let list = format!("[p.operations.{operation}]\nmethod = '{method}'\npath = '/v1/keys'\n{more}\n");
        Package::with(name, ("delete", "/v1/keys/{id}"), &list, document).run()
    };
    let code = with("look-up-get", "list", "get", "").built().code("p");
    assert!(
        code.contains("asyncfnlist<'a>(&'aself)->"),
        "a GET has no body: {code}"
    );
    with("look-up-post", "list", "post", "harmless = true").built();
    for (method, more) in [
        ("post", ""),
        ("put", ""),
        ("patch", "harmless = true"),
        ("delete", ""),
        ("delete", "body_names_keys = true\nharmless = true"),
    ] {
        with("look-up-changes", "list", method, more)
            .failed(&["specs/providers.toml: p > operations > list", "must be a GET"]);
    }
    with("look-up-vain", "list", "get", "harmless = true").failed(&["a GET needs no `harmless"]);
    // A second revocation is named as one, and the collection stays out of its reach.
    with("look-up-revoke", "revoke_all", "delete", "").failed(&["acts on a whole collection"]);
}

#[test]
fn a_query_has_the_listed_parameters_only() {
    let document = "
openapi: 3.1.0
info: {title: t, version: 1}
paths:
  /v1/keys/{id}: {delete: {parameters: [{name: id, in: path, required: true, schema: {type: string}}]}}
  /v2/keys:
    get:
      parameters:
        - {name: zone, in: query, schema: {anyOf: [{type: string}, {type: 'null'}]}}
        - {name: delete, in: query, schema: {type: boolean, default: true}}
        - {name: page, in: query, schema: {type: integer, minimum: 1, default: 1}}
";
    let list = "prefixed = false\narguments = ['page', 'zone']";
    let list =
        format!("[p.operations.list]\nmethod = 'get'\npath = '/v2/keys'\n{list}\n[p]\npath_prefix = '/v1'\n");
    let operation = ("delete", "/v1/keys/{id}");
    let code = Package::with("query", operation, &list, document)
        .run()
        .built()
        .code("p");
    assert!(
        code.contains("asyncfnlist<'a>(&'aself,page:Option<i64>,zone:Option<&'astr>)"),
        "{code}"
    );
    assert_eq!(code.matches("QueryParam::new(").count(), 2, "{code}");
    let listed = r#"Operation{name:"list",method:"GET",path:"/v2/keys",prefixed:false,query:&["#;
    assert!(
        code.contains(listed)
            && code.contains(r#"path:"/keys/{id}",prefixed:true,query:&[],names_keys:false"#),
        "{code}"
    );
}

#[test]
fn a_broken_document_fails_with_its_file_the_place_and_the_reason() {
    let revoke = "paths > /keys/{id}/revoke > post";
    for (name, from, to, wanted) in [
        (
            "missing-version",
            "openapi: 3.1.1",
            "api: 1",
            ["", "not an OpenAPI document"],
        ),
        (
            "swagger",
            "openapi: 3.1.1",
            "swagger: '2.0'",
            ["swagger", "Swagger 2"],
        ),
        (
            "newer",
            "3.1.1",
            "3.2.0",
            ["openapi", "OpenAPI 3.2.0 is not known"],
        ),
        (
            "nameless",
            "  version: v1\n",
            "",
            ["info > version", "no version"],
        ),
        (
            "syntax",
            "responses:\n        '204':",
            "responses: [\n        '204':",
            ["line ", "not readable as YAML"],
        ),
        (
            "tab",
            "  title: Ledger",
            "\ttitle: Ledger",
            ["line ", "not readable as YAML"],
        ),
        (
            "twice",
            "  version: v1",
            "  version: v1\n  version: v2",
            ["line 9", "the key `version` stands twice"],
        ),
        (
            "twice-status",
            "        '409':",
            "        204:\n          description: x\n        '409':",
            ["line ", "the key `204` stands twice"],
        ),
        (
            "second",
            "\n\n\n",
            "\n---\nopenapi: 3.0.0\n",
            ["line ", "second YAML document"],
        ),
        (
            "merge-key",
            "  title: Ledger",
            "  title: Ledger\n  <<: {a: b}",
            ["line ", "merge keys"],
        ),
        (
            "tag",
            "title: Ledger",
            "title: !secret Ledger",
            ["line ", "unknown tag"],
        ),
        (
            "moved",
            "/keys/{id}/revoke:",
            "/keys/{id}/end:",
            [
                "paths",
                "there is no POST /keys/{id}/revoke in this document; it has POST /keys/{id}/end",
            ],
        ),
        (
            "method",
            "    post:",
            "    delete:",
            ["paths", "it has DELETE /keys/{id}/revoke"],
        ),
        (
            "undeclared",
            "name: id",
            "name: key",
            [revoke, "the parameter \"key\" is not in the path"],
        ),
        (
            "no-parameters",
            "      parameters:",
            "      x-parameters:",
            ["> parameters > id", "not declared"],
        ),
        (
            "optional",
            "required: true",
            "required: false",
            ["> parameters > id", "`required: true`"],
        ),
        (
            "boolean",
            "type: string\n            format: uuid",
            "type: boolean",
            [
                "> parameters > id > schema",
                "the type is \"boolean\"; it must be string or integer",
            ],
        ),
        (
            "query",
            "      parameters:",
            "      parameters:\n        - {name: force, in: query, required: true, schema: {type: string}}",
            ["> parameters > force", "required query parameter"],
        ),
        (
            "keyword",
            "            format: uuid",
            "            $dynamicRef: x",
            ["> parameters > id > schema > $dynamicRef", "not known"],
        ),
        (
            "multipart",
            "      parameters:",
            "      requestBody: {content: {multipart/form-data: {schema: {}}}}\n      parameters:",
            ["> requestBody > content", "multipart/form-data"],
        ),
        (
            "dangling",
            "      parameters:",
            "      requestBody: {content: {application/json: {schema: {$ref: '#/components/schemas/Gone'}}}}\n      parameters:",
            ["components > schemas > Gone", "not there"],
        ),
        (
            "bodies",
            "      parameters:",
            "      requestBody: {$ref: '#/components/requestBodies/Gone'}\n      parameters:",
            ["> requestBody", "nothing is at"],
        ),
        (
            "self-alias",
            "  title: Ledger",
            "  title: &a [*a]",
            ["line ", "alias"],
        ),
    ] {
        let document = NULL_FIRST.replacen(from, to, 1);
        assert_ne!(document, NULL_FIRST, "{name} changes nothing");
        let package = Package::with(&format!("broken-{name}"), LEDGER, "", &document);
        package.run().failed(&["specs/p.yaml: ", wanted[0], wanted[1]]);
    }
}

#[test]
fn a_document_that_contradicts_the_key_type_fails_by_name_and_not_in_the_compiler() {
    let more = "ids = { id = 'uuid' }\nbody = false\n";
    Package::with("ids-right", LEDGER, more, NULL_FIRST).run().built();
    for (name, from, to, wanted) in [
        (
            "ids-wrong",
            "format: uuid",
            "format: text",
            ["parameters > id", "uuid"],
        ),
        (
            "body-needed",
            "      parameters:",
            "      requestBody: {required: true, content: {application/json: {schema: {type: object}}}}\n      parameters:",
            ["> requestBody", "needs a body"],
        ),
    ] {
        let document = NULL_FIRST.replacen(from, to, 1);
        assert_ne!(document, NULL_FIRST, "{name} changes nothing");
        let package = Package::with(name, LEDGER, more, &document);
        package.run().failed(&["specs/p.yaml: ", wanted[0], wanted[1]]);
    }
}

#[test]
fn aliases_of_aliases_do_not_grow_without_end() {
    let mut bomb = String::from("x-0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for n in 1..12 {
        let alias = format!("*a{}", n - 1);
        bomb.push_str(&format!("x-{n}: &a{n} [{}]\n", vec![alias; 10].join(", ")));
    }
    let document = format!("{bomb}{}", NULL_FIRST.trim_start_matches("---\n"));
    let package = Package::with("bomb", LEDGER, "", &document);
    package
        .run()
        .failed(&["specs/p.yaml: line ", "stand for too much"]);
}

#[test]
fn anchors_and_aliases_cannot_exhaust_stack_or_memory() {
    // Each level nests around the one before: shallow where it is written, thousands of levels deep where it is used.
    let mut deep = String::from("x-0: &a0 {type: string}\n");
    for n in 1..130 {
        let (open, close) = ("{items: ".repeat(90), "}".repeat(90));
        deep.push_str(&format!("x-{n}: &a{n} {open}*a{} {close}\n", n - 1));
    }
    let document = format!("{deep}{}", NULL_FIRST.trim_start_matches("---\n"));
    Package::with("deep-alias", LEDGER, "", &document)
        .run()
        .failed(&["specs/p.yaml: line 3: nested too deeply"]);
    // An anchor keeps a copy of what it marks: marks around marks keep it many times over.
    let (wide, marks) = (vec!["x"; 20_000].join(", "), 1..=90);
    let open: String = marks.clone().map(|n| format!("[&m{n} ")).collect();
    let bomb = format!("x: {open}[{wide}]{}\n", "]".repeat(marks.count()));
    let document = format!("{bomb}{}", NULL_FIRST.trim_start_matches("---\n"));
    Package::with("anchors", LEDGER, "", &document)
        .run()
        .failed(&["specs/p.yaml: line ", "stand for too much"]);
}

#[test]
fn what_progenitor_cannot_do_is_a_message_and_not_a_panic() {
    // Typify cannot make an enum of numbers that are not numbers, and says so by panicking or by an error.
    for (name, schema) in [
        ("number-enum", "{type: integer, enum: [a]}"),
        ("empty-one-of", "{not: {type: string}, type: object, enum: [1]}"),
    ] {
        let body = format!(
            "      requestBody: {{content: {{application/json: {{schema: {schema}}}}}}}\n      parameters:"
        );
        let document = NULL_FIRST.replacen("      parameters:", &body, 1);
        let run = Package::with(name, LEDGER, "", &document).run();
        run.failed(&["specs/p.yaml: progenitor: "]);
    }
}

#[test]
fn unreadable_files_fail_by_name() {
    let package = Package::with("absent", LEDGER, "", "");
    package.run().failed(&["specs/p.yaml: the file is empty"]);
    fs::write(package.root.join("specs/p.yaml"), [0xff, 0xfe]).unwrap();
    package.run().failed(&["specs/p.yaml: not UTF-8"]);
    fs::remove_file(package.root.join("specs/p.yaml")).unwrap();
    package.run().failed(&["specs/p.yaml: No such file"]);
    fs::remove_file(package.root.join("specs/providers.toml")).unwrap();
    package.run().failed(&["specs/providers.toml: No such file"]);
    let deep = "- ".repeat(500);
    Package::with("deep", LEDGER, "", &deep)
        .run()
        .failed(&["specs/p.yaml: line 1: nested too deeply"]);
    let deep = "[".repeat(100_000);
    Package::with("deeper", LEDGER, "", &deep)
        .run()
        .failed(&["specs/p.yaml: line 1: "]);
    let twice = r#"{"openapi": "3.0.0", "openapi": "3.1.0"}"#;
    Package::with("json-twice", LEDGER, "", twice)
        .run()
        .failed(&["specs/p.yaml: line 1", "stands twice"]);
    let package = Package::new("json-broken");
    let operation = "[p.operations.revoke]\nmethod = 'get'\npath = '/a'\ndocument = 'p.json'\n";
    package.file("specs/p.json", "{\n\"openapi\" 1}");
    package.file(
        "specs/providers.toml",
        &format!("{operation}{}", listed("p.json")),
    );
    package
        .run()
        .failed(&["specs/p.json: line 2", "not readable as JSON"]);
}

#[test]
fn all_broken_documents_are_named_at_once() {
    let package = Package::with("both", LEDGER, "", "[");
    let other = "[q.operations.revoke]\nmethod = 'post'\npath = '/x'\n";
    let manifest = fs::read_to_string(package.root.join("specs/providers.toml")).unwrap();
    let listed = listed("q.yaml").replace("[p.", "[q.");
    package.file("specs/providers.toml", &format!("{manifest}{other}{listed}"));
    package.file("specs/q.yaml", "swagger: '2.0'");
    package
        .run()
        .failed(&["specs/p.yaml: line ", "specs/q.yaml: swagger"]);
}

#[test]
fn documents_that_disagree_fail_with_both_names() {
    let document = |kind: &str, path: &str| {
        format!(
            "{{openapi: 3.0.0, info: {{title: t, version: 1}}, paths: {{{path}: {{post: {{requestBody: {{content: {{application/json: \
             {{schema: {{$ref: '#/components/schemas/Body'}}}}}}}}}}}}}}, components: {{schemas: {{Body: {{type: {kind}}}}}}}}}"
        )
    };
    let package = Package::with("disagree", ("post", "/a"), "", &document("string", "/a"));
    let manifest = fs::read_to_string(package.root.join("specs/providers.toml")).unwrap();
    let find =
        "[p.operations.find]\nmethod = 'post'\npath = '/b'\ndocument = 'p-find.yaml'\nharmless = true\n";
    package.file(
        "specs/providers.toml",
        &format!("{manifest}{find}{}", listed("p-find.yaml")),
    );
    package.file("specs/p-find.yaml", &document("integer", "/b"));
    package.run().failed(&[
        "components > schemas > Body",
        "p.yaml and p-find.yaml mean different things",
    ]);
    package.file("specs/p-find.yaml", &document("string", "/b"));
    package.run().built();
}

#[test]
fn a_slip_in_the_manifest_fails() {
    let good = fs::read_to_string(
        Package::with("manifest", LEDGER, "", NULL_FIRST)
            .root
            .join("specs/providers.toml"),
    )
    .unwrap();
    for (name, from, to, wanted) in [
        (
            "syntax",
            "[p.operations.revoke]",
            "[p.operations.revoke",
            "line 1",
        ),
        ("unknown", "method =", "methd =", "methd"),
        ("unknown-document", "licence =", "license =", "license"),
        (
            "unknown-provider",
            "[p.operations.revoke]",
            "[p]\nprefix = ''\n[p.operations.revoke]",
            "prefix",
        ),
        (
            "no-revoke",
            "operations.revoke",
            "operations.find",
            "p: there is no operation `revoke`",
        ),
        (
            "method-case",
            "'post'",
            "'POST'",
            "p > operations > revoke: `method` must be one of",
        ),
        (
            "upper-name",
            "[p.operations.revoke]",
            "[p.operations.Revoke]",
            "not usable as the name",
        ),
        (
            "hook-name",
            "[p.operations.revoke]",
            "[p.operations.post]",
            "not usable as the name",
        ),
        (
            "absent-document",
            "file = 'p.yaml'",
            "file = 'q.yaml'",
            "p.yaml is not among",
        ),
        (
            "unused-document",
            "file = 'p.yaml'",
            "file = 'q.yaml'",
            "no operation is taken from this document",
        ),
        (
            "elsewhere",
            "file = 'p.yaml'",
            "file = '../p.yaml'",
            "lies beside the manifest",
        ),
        (
            "page",
            "'https://vendor.example'",
            "'somewhere'",
            "`page` must be",
        ),
        ("date", "'2026-11-22'", "'2026-13-22'", "`read` must be a date"),
        ("licence", "'none'", "' '", "`licence` must not be empty"),
        (
            "harmless-revoke",
            "method =",
            "harmless = true\nmethod =",
            "p > operations > revoke: a revocation is not `harmless`",
        ),
        (
            "unprefixed-revoke",
            "method =",
            "prefixed = false\nmethod =",
            "`prefixed = false` is for a look-up",
        ),
        (
            "argument",
            "method =",
            "arguments = ['page']\nmethod =",
            "`arguments` lists page",
        ),
    ] {
        let manifest = good.replacen(from, to, 1);
        assert_ne!(manifest, good, "{name} changes nothing");
        let package = Package::with(&format!("manifest-{name}"), LEDGER, "", NULL_FIRST);
        package.file("specs/providers.toml", &manifest);
        package.run().failed(&["specs/p", wanted]);
    }
    let package = Package::with("manifest-twice", LEDGER, "", NULL_FIRST);
    package.file("specs/providers.toml", &format!("{good}{good}"));
    package.run().failed(&["specs/providers.toml: line "]);
    // The tests' own provider must not take a real one's place.
    let package = Package::with("manifest-clash", LEDGER, "", NULL_FIRST);
    package.file("tests/specimen/providers.toml", &good);
    package.file("tests/specimen/p.yaml", NULL_FIRST);
    package
        .run()
        .failed(&["tests/specimen/providers.toml: p: ", "another manifest"]);
}

// ---- how it builds

#[test]
fn row_109_the_output_depends_on_the_documents_alone() {
    let package = Package::with("same", ROBOTS, "", LONG_NAME);
    let names = |run: &Run| -> BTreeMap<_, _> {
        let named = files(&run.out).into_iter();
        named
            .map(|(path, bytes)| (path.file_name().unwrap().to_owned(), bytes))
            .collect()
    };
    let first = names(&package.run().built());
    assert_eq!(first.len(), 2);
    let elsewhere = [
        ("TZ", "Pacific/Kiritimati"),
        ("LANG", "tr_TR.UTF-8"),
        ("LC_ALL", "C"),
        ("HOME", "/nowhere"),
    ];
    assert_eq!(first, names(&package.run_in("other out", &elsewhere).built()));
}

#[test]
fn nothing_is_written_outside_of_out_dir() {
    let package = Package::with("outside", LEDGER, "", NULL_FIRST);
    let before = files(&package.root);
    package
        .run_in("outside", &[("HOME", package.root.to_str().unwrap())])
        .built();
    assert_eq!(before, files(&package.root));
}

#[test]
fn an_unchanged_file_is_not_written_again() {
    let package = Package::with("unchanged", LEDGER, "", NULL_FIRST);
    let run = package.run().built();
    let time = |file: &str| fs::metadata(run.out.join(file)).unwrap().modified().unwrap();
    let old = std::time::SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1_000_000_000);
    for file in ["p.rs", "p.json"] {
        fs::File::options()
            .append(true)
            .open(run.out.join(file))
            .unwrap()
            .set_modified(old)
            .unwrap();
    }
    let again = Command::new(env!("KEYREVOKE_BUILD_SCRIPT"))
        .env("CARGO_MANIFEST_DIR", &package.root)
        .env("OUT_DIR", &run.out)
        .output();
    assert!(again.unwrap().status.success());
    assert_eq!((time("p.rs"), time("p.json")), (old, old));
}

#[test]
fn without_cargo_the_script_says_what_it_misses() {
    let output = Command::new(env!("KEYREVOKE_BUILD_SCRIPT"))
        .env_clear()
        .output()
        .unwrap();
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(
        !output.status.success() && error.contains("CARGO_MANIFEST_DIR is not set"),
        "{error}"
    );
}
