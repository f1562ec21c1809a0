use std::collections::BTreeSet;

use proptest::prelude::*;

use super::pattern::tests::checksum;
use super::*;
use crate::input::looks_like_secret;

/// So many made-up characters. Secrets are put together here, so that no scanner takes this file for a leak.
fn some(of: &str, count: usize) -> String {
    of.chars().cycle().take(count).collect()
}

const MIXED: &str = "Zq3Xv8Kp1Ym6Rt";
const HEXES: &str = "9f3c07ab51de";

fn mixed(count: usize) -> String {
    some(MIXED, count)
}

fn hex(count: usize) -> String {
    some(HEXES, count)
}

/// A token with this beginning whose checksum is right.
fn summed(mark: &str) -> String {
    let random = mixed(30);
    format!("{mark}{random}{}", checksum(&random))
}

fn found(secret: &str) -> Vec<&'static str> {
    let secret = Secret::new(secret).unwrap();
    identify(&secret).iter().map(Match::rule).collect()
}

/// Each rule with secrets that only it identifies, and texts that it must not fit.
fn cases() -> Vec<(&'static str, Vec<String>, Vec<String>)> {
    let wrong_sum = |mark: &str| format!("{mark}{}{}", mixed(30), "000000");
    let long = |mark: &str| format!("{mark}{}", mixed(40));
    let jwt = format!("eyJ{}.{}.{}", mixed(30), mixed(300), mixed(120));
    let t = |text: &str| text.to_owned();
    vec![
        (
            "dolfin-api-key",
            vec![long("dol_live_"), long("dol_test_"), long("dol_")],
            vec![
                t("dol_live"),
                t("dol_abc"),
                long("Dol_live_"),
                long("dol-live-"),
                long("xdol_live_"),
            ],
        ),
        (
            "devin-personal-key",
            vec![long("apk_user_")],
            vec![t("apk_user_"), long("apk-user-"), long("apk_")],
        ),
        (
            "devin-service-key",
            vec![long("apk_")],
            vec![t("apk_1"), long("apk-"), long("APK_")],
        ),
        (
            "devin-v3-key",
            vec![long("cog_")],
            vec![t("cog_1"), long("cog"), long("cog-")],
        ),
        (
            "kadosei-key",
            vec![long("ks_live_"), long("ks_test_")],
            vec![t("ks_live_1"), long("ks_"), long("ks_live")],
        ),
        (
            "github-personal-token-classic",
            vec![summed("ghp_")],
            vec![
                wrong_sum("ghp_"),
                summed("ghx_"),
                summed("ghp-"),
                summed("ghp_") + "0",
                format!("ghp_{}", mixed(20)),
            ],
        ),
        (
            "github-personal-token",
            vec![format!("github_pat_{}_{}", mixed(22), mixed(59))],
            vec![
                format!("github_pat_{}", mixed(82)),
                format!("github_pat_{}_{}", mixed(22), mixed(58)),
                format!("github_pat_{}_{}", mixed(22), mixed(60)),
            ],
        ),
        (
            "github-user-token",
            vec![summed("gho_"), summed("ghu_")],
            vec![
                wrong_sum("gho_"),
                wrong_sum("ghu_"),
                summed("ghr_"),
                summed("gho_") + "_",
            ],
        ),
        (
            "github-refresh-token",
            vec![format!("ghr_{}", mixed(76))],
            vec![format!("ghr_{}", mixed(77)), format!("ghr_{}", mixed(35))],
        ),
        (
            "github-installation-token",
            vec![summed("ghs_")],
            vec![wrong_sum("ghs_"), format!("ghs_123456_{jwt}")],
        ),
        (
            "github-installation-token-stateless",
            vec![format!("ghs_123456_{jwt}")],
            vec![
                format!("ghs_{jwt}"),
                format!("ghs_abc_{jwt}"),
                format!("ghs_1_eyJ{}", mixed(60)),
                jwt.clone(),
            ],
        ),
        (
            "gitlab-access-token",
            vec![format!("glpat-{}", mixed(20)), format!("glpat-{}-_", mixed(18))],
            vec![
                format!("glpat-{}", mixed(19)),
                format!("glpat-{}", mixed(21)),
                format!("glpat_{}", mixed(20)),
            ],
        ),
        (
            "gitlab-access-token-routable",
            vec![
                format!("glpat-{}.{}", mixed(27), hex(9)),
                format!("glpat-{}.01.{}", mixed(40), hex(9)),
            ],
            vec![
                format!("glpat-{}.{}", mixed(26), hex(9)),
                format!("glpat-{}.{}", mixed(27), mixed(9)),
                format!("glpat-{}", mixed(27)),
            ],
        ),
        (
            "gitlab-other-token",
            vec![
                format!("gldt-{}", mixed(20)),
                format!("glptt-{}", hex(40)),
                format!("glrt-t1_{}.01.{}", mixed(27), hex(9)),
            ],
            vec![format!("gldt-{}", mixed(19)), format!("glxx-{}", mixed(20))],
        ),
        (
            "npm-token",
            vec![summed("npm_")],
            vec![wrong_sum("npm_"), summed("npm-"), summed("NPM_")],
        ),
        (
            "pypi-token",
            vec![
                format!("pypi-AgEIcHlwaS5vcmc{}", mixed(100)),
                format!("pypi-AgENdGVzdC5weXBpLm9yZw{}", mixed(100)),
            ],
            vec![
                format!("pypi-{}", mixed(120)),
                format!("pypi-AgEIcHlwaS5vcmc{}", mixed(20)),
            ],
        ),
        (
            "docker-token",
            vec![format!("dckr_pat_{}", mixed(27))],
            vec![format!("dckr_pat_{}", mixed(12)), format!("dckr_{}", mixed(27))],
        ),
        (
            "openai-project-key",
            vec![
                format!("sk-proj-{}T3BlbkFJ{}", mixed(20), mixed(20)),
                format!("sk-proj-{}T3BlbkFJ{}", mixed(74), mixed(74)),
                format!("sk-svcacct-{}T3BlbkFJ{}", mixed(58), mixed(58)),
            ],
            vec![
                format!("sk-proj-{}", mixed(48)),
                format!("sk-proj-{}T3BlbkFJ{}", mixed(19), mixed(20)),
            ],
        ),
        (
            "openai-admin-key",
            vec![format!("sk-admin-{}T3BlbkFJ{}", mixed(58), mixed(58))],
            vec![
                format!("sk-admin-{}", mixed(120)),
                format!("sk-adm-{}T3BlbkFJ{}", mixed(58), mixed(58)),
            ],
        ),
        (
            "openai-key",
            vec![format!("sk-{}T3BlbkFJ{}", mixed(20), mixed(20))],
            vec![
                format!("sk-{}", mixed(48)),
                format!("sk-{}T3BlbkFJ{}", mixed(20), mixed(21)),
                format!("pk-{}T3BlbkFJ{}", mixed(20), mixed(20)),
            ],
        ),
        (
            "anthropic-api-key",
            vec![format!("sk-ant-api03-{}AA", mixed(93))],
            vec![
                format!("sk-ant-api03-{}AB", mixed(93)),
                format!("sk-ant-api03-{}AA", mixed(92)),
                format!("sk-ant-{}AA", mixed(93)),
            ],
        ),
        (
            "anthropic-admin-key",
            vec![format!("sk-ant-admin01-{}AA", mixed(93))],
            vec![
                format!("sk-ant-admin01-{}", mixed(93)),
                format!("sk-ant-admin-{}AA", mixed(93)),
            ],
        ),
        (
            "openrouter-key",
            vec![format!("sk-or-v1-{}", hex(64))],
            vec![
                format!("sk-or-v1-{}", hex(63)),
                format!("sk-or-v1-{}", mixed(64)),
                format!("sk-or-{}", hex(64)),
            ],
        ),
        (
            "huggingface-token",
            vec![
                format!("hf_{}", some("ZqXvKpYmRt", 34)),
                format!("api_org_{}", some("ZqXvKpYmRt", 34)),
            ],
            vec![
                format!("hf_{}", some("ZqXvKpYmRt", 33)),
                format!("hf_{}", mixed(34)),
                format!("hf-{}", some("ZqXvKpYmRt", 34)),
            ],
        ),
        (
            "pinecone-key",
            vec![
                format!("pcsk_{}_{}", mixed(5), mixed(63)),
                format!("pcsk_{}_{}", mixed(6), mixed(63)),
            ],
            vec![
                format!("pcsk_{}_{}", mixed(4), mixed(63)),
                format!("pcsk_{}_{}", mixed(5), mixed(62)),
                format!("pcsk_{}", mixed(69)),
            ],
        ),
        (
            "slack-bot-token",
            vec![
                format!("xoxb-{}-{}-{}", some("123", 12), some("456", 13), mixed(24)),
                format!("xoxb-{}-{}", some("123", 11), mixed(24)),
            ],
            vec![
                format!("xoxb-{}", mixed(24)),
                format!("xoxb-{}-{}", some("123", 11), mixed(10)),
                t("xoxb-not-a-token"),
            ],
        ),
        (
            "slack-user-token",
            vec![
                format!("xoxp-{}-{}-{}", some("123", 12), some("456", 12), mixed(32)),
                format!("xoxe.xoxp-1-{}", mixed(163)),
            ],
            vec![
                t("xoxp-short"),
                format!("xoxx-{}", mixed(40)),
                format!("xoxp_{}", mixed(40)),
            ],
        ),
        (
            "slack-app-token",
            vec![format!(
                "xapp-1-A{}-{}-{}",
                some("0B1C", 10),
                some("123", 13),
                hex(64)
            )],
            vec![
                format!("xapp-{}", mixed(64)),
                format!("xapp-1-A{}-{}-{}", some("0B1C", 10), some("123", 13), hex(20)),
            ],
        ),
        (
            "sendgrid-key",
            vec![format!("SG.{}.{}", mixed(22), mixed(43))],
            vec![
                format!("SG.{}", mixed(66)),
                format!("SG.{}.{}", mixed(21), mixed(44)),
                format!("sg.{}.{}", mixed(22), mixed(43)),
            ],
        ),
        (
            "twilio-key-id",
            vec![format!("SK{}", hex(32))],
            vec![
                format!("AC{}", hex(32)),
                format!("SK{}", hex(31)),
                format!("SK{}", mixed(32)),
            ],
        ),
        (
            "mailgun-key",
            vec![format!("key-{}", hex(32))],
            vec![
                format!("key-{}", hex(33)),
                format!("pubkey-{}", hex(32)),
                format!("key_{}", hex(32)),
            ],
        ),
        (
            "discord-token",
            vec![
                format!("MT{}.G{}.{}", mixed(24), mixed(5), mixed(38)),
                format!("ND{}.X{}.{}", mixed(22), mixed(5), mixed(27)),
            ],
            vec![
                format!("AT{}.G{}.{}", mixed(24), mixed(5), mixed(38)),
                format!("MT{}.{}", mixed(24), mixed(38)),
                jwt.clone(),
            ],
        ),
        (
            "stripe-key",
            vec![
                format!("sk_live_{}", mixed(24)),
                format!("rk_live_51{}", mixed(97)),
                format!("sk_test_{}", mixed(24)),
            ],
            vec![
                format!("pk_live_{}", mixed(24)),
                format!("sk_{}", mixed(24)),
                t("sk_live_short"),
                format!("sk_live_{}-", mixed(24)),
            ],
        ),
        (
            "square-token",
            vec![format!("EAAA{}", mixed(60)), format!("sq0atp-{}", mixed(22))],
            vec![
                format!("EAAB{}", mixed(60)),
                format!("sq0atp-{}", mixed(21)),
                format!("EAAA{}", mixed(61)),
            ],
        ),
        (
            "shopify-token",
            vec![
                format!("shpat_{}", hex(32)),
                format!("shpca_{}", hex(32)),
                format!("shppa_{}", hex(32)),
            ],
            vec![
                format!("shpat_{}", hex(31)),
                format!("shpat_{}", mixed(32)),
                format!("shpxx_{}", hex(32)),
            ],
        ),
        (
            "shopify-app-secret",
            vec![format!("shpss_{}", hex(32))],
            vec![format!("shpss_{}", hex(33)), format!("shpss-{}", hex(32))],
        ),
        (
            "workos-key",
            vec![
                format!("sk_a2V5X{}", mixed(60)),
                format!("sk_live_a2V5X{}", mixed(60)),
                format!("sk_test_a2V5X{}=", mixed(60)),
            ],
            vec![format!("sk_live_{}", mixed(60)), format!("sk_a2V5X{}", mixed(10))],
        ),
        // Clerk's all fit Stripe's looser form, with as much fixed text: see below.
        (
            "clerk-key",
            vec![],
            vec![format!("sk_live_{}", mixed(24)), format!("rk_live_{}", mixed(42))],
        ),
        (
            "okta-token",
            vec![format!("00{}", mixed(40))],
            vec![format!("00{}", mixed(39)), format!("01{}", mixed(40))],
        ),
        (
            "aws-access-key-id",
            vec![format!("AKIA{}", some("Q3XVKP5Y", 16))],
            vec![
                format!("AKIA{}", some("Q3XVKP5Y", 15)),
                format!("AKIA{}", some("q3xv", 16)),
                format!("AKIA{}", some("Q018", 16)),
            ],
        ),
        (
            "aws-temporary-key-id",
            vec![format!("ASIA{}", some("Q3XVKP5Y", 16))],
            vec![format!("AROA{}", some("Q3XVKP5Y", 16))],
        ),
        (
            "cloudflare-token",
            vec![format!("cfut_{}", mixed(48)), format!("cfat_{}", mixed(46))],
            vec![format!("cfut_{}", mixed(40)), format!("cfxt_{}", mixed(48))],
        ),
        (
            "cloudflare-global-key",
            vec![format!("cfk_{}", mixed(48))],
            vec![format!("cfk_{}", mixed(37)), format!("cfk-{}", mixed(48))],
        ),
        (
            "digitalocean-token",
            vec![
                format!("dop_v1_{}", hex(64)),
                format!("doo_v1_{}", hex(64)),
                format!("dor_v1_{}", hex(64)),
            ],
            vec![
                format!("dop_v1_{}", hex(63)),
                format!("dop_v2_{}", hex(64)),
                format!("dop_v1_{}", mixed(64)),
            ],
        ),
        (
            "vercel-token",
            vec![format!("vcp_{}", mixed(56)), format!("vck_{}", mixed(56))],
            vec![format!("vcx_{}", mixed(56)), t("vcp_short")],
        ),
        (
            "supabase-access-token",
            vec![format!("sbp_{}", hex(40)), format!("sbp_oauth_{}", hex(40))],
            vec![
                format!("sbp_{}", hex(39)),
                format!("sbp_{}", mixed(40)),
                format!("sb_publishable_{}", mixed(31)),
            ],
        ),
        (
            "supabase-secret-key",
            vec![format!("sb_secret_{}_{}", mixed(22), mixed(8))],
            vec![t("sb_secret_short"), format!("sb_{}", mixed(31))],
        ),
        (
            "databricks-token",
            vec![format!("dapi{}", hex(32)), format!("dapi{}-2", hex(32))],
            vec![
                format!("dapi{}", hex(31)),
                format!("dapi{}-23", hex(32)),
                format!("dapi{}", mixed(32)),
            ],
        ),
        (
            "influxdb-v3-token",
            vec![format!("apiv3_{}==", mixed(86))],
            vec![format!("apiv3-{}", mixed(86)), t("apiv3_short")],
        ),
        (
            "influxdb-token",
            vec![format!("{}==", mixed(86))],
            vec![mixed(86), mixed(88), format!("{}==", mixed(85))],
        ),
        (
            "grafana-service-account-token",
            vec![format!("glsa_{}_{}", mixed(32), hex(8))],
            vec![
                format!("glsa_{}", mixed(41)),
                format!("glsa_{}_{}", mixed(32), hex(7)),
            ],
        ),
        (
            "heroku-key",
            vec![format!("HRKU-AA{}", mixed(58))],
            vec![format!("HRKU-{}", mixed(58)), format!("HRKU-AA{}", mixed(57))],
        ),
        (
            "linear-key",
            vec![format!("lin_api_{}", mixed(40))],
            vec![format!("lin_api_{}", mixed(39)), format!("lin_{}", mixed(40))],
        ),
        (
            "notion-token",
            vec![format!("ntn_{}{}", some("123", 11), mixed(35))],
            vec![
                format!("ntn_{}", some("Zq", 46)),
                format!("ntn_{}{}", some("123", 11), mixed(34)),
            ],
        ),
        (
            "notion-token-legacy",
            vec![format!("secret_{}", mixed(43))],
            vec![format!("secret_{}", mixed(42)), t("secret_santa")],
        ),
    ]
}

#[test]
fn every_rule_finds_its_secrets_and_no_others() {
    for (rule, its, others) in cases() {
        for secret in its {
            assert_eq!(found(&secret), [rule], "{secret}");
        }
        for text in others {
            assert!(!found(&text).contains(&rule), "{rule}: {text}");
        }
    }
}

#[test]
fn every_rule_has_cases_a_source_and_a_way_to_kill() {
    let names: Vec<&str> = forms().map(|found| found.form.name).collect();
    let unique: BTreeSet<&str> = names.iter().copied().collect();
    assert_eq!(names.len(), unique.len());
    let covered: BTreeSet<&str> = cases().iter().map(|(rule, ..)| *rule).collect();
    assert!(covered.is_subset(&unique));
    for found in forms().filter(|found| !covered.contains(found.form.name)) {
        fits_what_its_fake_issues(found);
    }
    for Match { form: rule, provider } in forms() {
        assert!(
            rule.source.contains("read 2026-") || rule.source == "from memory",
            "{}",
            rule.name
        );
        assert!(provider.is_some() || rule.manual.is_some(), "{}", rule.name);
        if let Some(name) = provider {
            assert_eq!(crate::provider(name).unwrap().name(), name);
            assert_eq!(
                crate::provider(name).unwrap().vendor().split(' ').next(),
                Some(rule.vendor)
            );
        }
        if let Some(Manual { page, how }) = rule.manual {
            assert!(
                page.is_none_or(|page| page.starts_with("https://"))
                    && how.ends_with('.')
                    && !how.contains('\n'),
                "{}",
                rule.name
            );
        }
        let is_word = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        assert!(rule.name.chars().all(is_word), "{}", rule.name);
    }
}

/// The form of a provider's own secrets, without cases above: its fake has the secret, and what is cut or longer is none.
#[cfg(feature = "fakes")]
fn fits_what_its_fake_issues(Match { form, provider }: Match) {
    let name = provider.unwrap_or_else(|| panic!("{} needs cases: no fake issues such secrets", form.name));
    let fake = crate::provider(name).unwrap().entry().fake();
    let issued = match form.is_id {
        true => (fake.key)(7).rsplit('/').next().unwrap().to_owned(),
        false => (fake.secret)(7),
    };
    assert_eq!(found(&issued), [form.name], "{name}");
    let (half, tail) = (&issued[..issued.len() / 2], &issued[1..]);
    for other in [
        half.to_owned(),
        tail.to_owned(),
        format!("x{issued}"),
        format!("{issued}!"),
    ] {
        assert!(!found(&other).contains(&form.name), "{name}: {other}");
    }
}

#[cfg(not(feature = "fakes"))]
fn fits_what_its_fake_issues(_: Match) {}

/// Of some the form is that of any number or text, of others the rule is that of another kind of secret.
#[test]
#[cfg(feature = "fakes")]
fn golden_every_provider_has_a_rule_or_publishes_no_form() {
    let rules = |name: &str| -> Vec<&str> {
        let own = forms().filter(|found| found.provider == Some(name));
        own.map(|found| found.form.name).collect()
    };
    let lines = crate::providers().iter().map(|provider| {
        let rules = rules(provider.name());
        match rules.as_slice() {
            [] => format!("{}: no form of its secrets is known\n", provider.name()),
            rules => format!("{}: {}\n", provider.name(), rules.join(", ")),
        }
    });
    crate::golden::compare("secrets.txt", &lines.collect::<String>());
}

#[test]
fn what_two_vendors_could_have_issued_is_said_of_both_and_what_says_more_wins() {
    assert_eq!(
        found(&format!("sk_live_{}", mixed(42))),
        ["stripe-key", "clerk-key"]
    );
    // It fits Stripe's form as well.
    assert_eq!(found(&format!("sk_live_a2V5X{}", mixed(42))), ["workos-key"]);
    // It fits the form of service keys as well.
    assert_eq!(found(&format!("apk_user_{}", mixed(20))), ["devin-personal-key"]);
}

#[test]
fn what_a_match_says() {
    let secret = Secret::new(summed("ghp_")).unwrap();
    let [found] = identify(&secret)[..] else {
        panic!("one rule")
    };
    assert!(found.is_checked() && !found.is_id());
    assert_eq!((found.vendor(), found.provider()), ("GitHub", Some("github")));
    assert_eq!(format!("{found:?}"), "Match(\"github-personal-token-classic\")");
    let json = serde_json::to_value(found).unwrap();
    let members: BTreeSet<&str> = json.as_object().unwrap().keys().map(String::as_str).collect();
    let expected = [
        "checked", "id", "manual", "provider", "rule", "source", "vendor", "what",
    ];
    assert_eq!(members, expected.into());
    assert!(json["manual"].is_null() && json["provider"] == "github" && json["checked"] == true);
    let secret = Secret::new(summed("ghs_")).unwrap();
    let json = serde_json::to_value(identify(&secret)[0]).unwrap();
    assert_eq!(
        json["manual"]["page"],
        "https://docs.github.com/en/rest/apps/installations"
    );
    assert!(json["provider"].is_null());
}

#[test]
fn what_is_identified_looks_like_a_secret_and_ids_do_not() {
    for (name, its, _) in cases() {
        let rule = forms().find(|found| found.form.name == name).unwrap().form;
        for secret in its {
            let says_little = rule.fits(&secret) < Some(4);
            let marked = ["hf_", "SG."].iter().any(|mark| secret.starts_with(mark));
            assert_eq!(
                looks_like_secret(&secret),
                !rule.is_id && (!says_little || marked),
                "{name}"
            );
        }
    }
    for id in [
        "2f1d3c5e-8a4b-4c6d-9e7f-0123456789ab",
        "apk-abc1234567890abcdef1234567890abcdef",
        "service-user-1",
        "apikey_01Rj2N8SVvo6BePZj99NhmiT",
        "key_01HXYZ0123456789ABCDEFGHJK",
        "dol",
        "key-2",
        "42",
    ] {
        assert!(!looks_like_secret(id), "{id}");
    }
}

proptest! {
    #[test]
    fn no_text_makes_it_panic_or_show_itself(
        text in "\\PC*|[!-~]{1,200}|(ghp_|sk-|sk_live_|npm_|xoxb-|glpat-|00|M)[!-~]{0,120}",
    ) {
        has_form_of_secret(&text);
        let shown = match Secret::new(format!("{text}CaNaRy")) {
            Ok(secret) => {
                let matches = identify(&secret);
                format!("{secret} {secret:?} {matches:?} {}", serde_json::to_string(&matches).unwrap())
            }
            Err(error) => format!("{error} {error:?}"),
        };
        prop_assert!(!shown.contains("CaNaRy"), "{}", shown);
    }

    /// A token that is one character off is not its vendor's: the checksum sees every such change.
    #[test]
    fn one_wrong_character_breaks_the_checksum(at in 4_usize..40, to in "[0-9A-Za-z]") {
        let sound = summed("ghp_");
        let mut wrong = sound.clone();
        wrong.replace_range(at..=at, &to);
        prop_assert_eq!(found(&wrong).is_empty(), wrong != sound);
    }
}
