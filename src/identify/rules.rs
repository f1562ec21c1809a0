//! The forms of secrets of vendors whose keys no provider here revokes; those of providers stand in their modules. A vendor's page is named where it states the form; "scanners" are the rules of gitleaks, and others
//! where they are named, which find such secrets in practice. Read 2026-11-22. What only says where to click is from
//! memory where no page is named for it.
//!
//! Left out are secrets that look like any hexadecimal number or random text (Algolia, Datadog, Elasticsearch, Sinjapp,
//! Mailgun's newer ones), and those of more than one line (Google's service accounts).

use super::SecretForm;
use super::pattern::Part::{Is, Of};
use super::pattern::{
    ALNUM, BASE32, BASE64, BASE64URL, DIGITS, HEX, HEX_ANY_CASE, LETTERS, TOKEN, ends_with_crc32,
};

const SCANNERS: &str = "scanners, read 2026-11-22";
const GITHUB: &str = "github.blog, Authentication token format updates (2021-03-31) and its announcement of the checksum; which CRC and digits, from tokens published as examples; read 2026-11-22";
const GITHUB_APPS: &str = "https://docs.github.com/en/rest/apps/installations";
const GITHUB_APPS_WAY: &str = "Call DELETE /installation/token with the token itself, or wait: it lives one hour, or as long as its workflow.";
const GITLAB: &str =
    "docs.gitlab.com, GitLab token overview, for the beginning; scanners for the rest; read 2026-11-22";
const GITLAB_PAGE: &str = "https://docs.gitlab.com/security/tokens/";
const OPENAI: &str = "scanners (gitleaks, GitGuardian), read 2026-11-22";
const OPENAI_PAGE: &str = "https://platform.openai.com/api-keys";
const OPENAI_WAY: &str =
    "Delete it in the API keys of its project; a service account's key, by deleting the service account.";
const ANTHROPIC: &str =
    "platform.claude.com, Get an API key, for the beginning; scanners for the rest; read 2026-11-22";
const SHOPIFY: &str = "shopify.dev, changelog, lengths of access tokens (2020-04-01) and of app secrets (2020-01-28); read 2026-11-22";
const CLOUDFLARE: &str = "developers.cloudflare.com, Token formats; what the checksum is, and its length, are not stated; read 2026-11-22";
const CLOUDFLARE_PAGE: &str = "https://dash.cloudflare.com/profile/api-tokens";
const AWS: &str =
    "docs.aws.amazon.com, GetAccessKeyInfo, for the beginning; scanners for the rest; read 2026-11-22";
const NOTION_PAGE: &str = "https://www.notion.so/my-integrations";
const NOTION_WAY: &str = "Refresh the secret of the integration, or delete the integration.";

/// The provider's own where it is compiled in.
pub(crate) const AWS_ACCESS_KEY_ID: SecretForm = SecretForm::new(
    "aws-access-key-id",
    "AWS",
    "id of an access key",
    &[Is(&["AKIA"]), Of(BASE32, 16, 16)],
)
.an_id()
.by_hand(
    "https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_access-keys.html",
    "Deactivate the access key of this id, then delete it: UpdateAccessKey, DeleteAccessKey.",
)
.source(AWS);

/// Those of keys that no provider here revokes.
pub(super) const OTHERS: &[SecretForm] = &[
    // Code and packages.

    SecretForm::new("github-installation-token", "GitHub", "installation token of an app", &[Is(&["ghs_"]), Of(ALNUM, 36, 36)])
        .with_checksum(ends_with_crc32)
        .by_hand(GITHUB_APPS, GITHUB_APPS_WAY)
        .source(GITHUB),
    SecretForm::new(
        "github-installation-token-stateless",
        "GitHub",
        "installation token of an app",
        &[
            Is(&["ghs_"]),
            Of(DIGITS, 1, 20),
            Is(&["_eyJ"]),
            Of(BASE64URL, 8, 2048),
            Is(&["."]),
            Of(BASE64URL, 8, 2048),
            Is(&["."]),
            Of(BASE64URL, 8, 2048),
        ],
    )
    .by_hand(GITHUB_APPS, GITHUB_APPS_WAY)
    .source("docs.github.com, Generating an installation access token: ghs_APPID_JWT since 2026-04-27; read 2026-11-22"),
    SecretForm::new(
        "gitlab-other-token",
        "GitLab",
        "token of an application, deployment, runner, job, trigger, agent, feed or the like",
        &[
            Is(&[
                "glagent-", "glcbt-", "gldt-", "glffct-", "glft-", "glimt-", "gloas-", "glptt-", "glrt-", "glrtr-",
                "glsoat-", "glwt-",
            ]),
            Of(TOKEN, 20, 300),
        ],
    )
    .by_hand(GITLAB_PAGE, "Revoke or reset it where the page says for its kind.")
    .source(GITLAB),
    SecretForm::new("npm-token", "npm", "access token", &[Is(&["npm_"]), Of(ALNUM, 36, 36)])
        .with_checksum(ends_with_crc32)
        .in_words("Delete it in the access tokens of its owner's account; npm says that it may take an hour.")
        .source("github.blog, Announcing npm's new access token format (2021-09-23); read 2026-11-22"),
    SecretForm::new(
        "pypi-token",
        "PyPI",
        "API token",
        // What base64 makes of the names of the index and of its twin for tests, with which the token begins.
        &[Is(&["pypi-AgEIcHlwaS5vcmc", "pypi-AgENdGVzdC5weXBpLm9yZw"]), Of(BASE64URL, 50, 1000)],
    )
    .in_words("Remove it in the account settings of its owner, at the index that issued it.")
    .source(SCANNERS),
    SecretForm::new("docker-token", "Docker", "access token", &[Is(&["dckr_pat_", "dckr_oat_"]), Of(BASE64URL, 20, 64)])
        .by_hand(
            "https://app.docker.com/settings/personal-access-tokens",
            "Delete it in the personal or organisation access tokens.",
        )
        .source("docs.docker.com, Create access token, which shows the beginning; the rest from memory; read 2026-11-22"),
    // Models.

    SecretForm::new(
        "openai-key",
        "OpenAI",
        "API key of a user",
        &[Is(&["sk-"]), Of(ALNUM, 20, 20), Is(&["T3BlbkFJ"]), Of(ALNUM, 20, 20)],
    )
    .by_hand(OPENAI_PAGE, OPENAI_WAY)
    .source(OPENAI),
    SecretForm::new(
        "anthropic-admin-key",
        "Anthropic",
        "admin API key",
        &[Is(&["sk-ant-admin01-"]), Of(BASE64URL, 93, 93), Is(&["AA"])],
    )
    .by_hand(
        "https://platform.claude.com/settings/admin-keys",
        "Disable or delete it in the admin keys of the organisation.",
    )
    .source(ANTHROPIC),
    SecretForm::new(
        "huggingface-token",
        "Hugging Face",
        "user or organisation token",
        &[Is(&["hf_", "api_org_"]), Of(LETTERS, 34, 34)],
    )
    .by_hand(
        "https://huggingface.co/settings/tokens",
        "Its owner invalidates or deletes it in the access token settings: there is no public operation for it.",
    )
    .source("scanners, and huggingface.co, User access tokens, for the way; read 2026-11-22"),
    // Messages.

    SecretForm::new(
        "slack-app-token",
        "Slack",
        "app-level token",
        &[
            Is(&["xapp-"]),
            Of(DIGITS, 1, 1),
            Is(&["-"]),
            Of(ALNUM, 8, 16),
            Is(&["-"]),
            Of(DIGITS, 8, 16),
            Is(&["-"]),
            Of(ALNUM, 32, 128),
        ],
    )
    .by_hand("https://api.slack.com/apps", "Revoke it under the app's Basic Information, App-Level Tokens.")
    .source("scanners, and docs.gitlab.com, Exposure of a Slack app level token, for the way; read 2026-11-22"),
    SecretForm::new("mailgun-key", "Mailgun", "private API key", &[Is(&["key-"]), Of(HEX, 32, 32)])
        .by_hand("https://app.mailgun.com/settings/api_security", "Delete it in the API keys of the account.")
        .source(SCANNERS),
    SecretForm::new(
        "discord-token",
        "Discord",
        "token of a bot or user",
        // Base64 of the account's number, whose digits make it begin so.
        &[
            Is(&["M", "N", "O"]),
            Of(BASE64URL, 22, 27),
            Is(&["."]),
            Of(BASE64URL, 6, 7),
            Is(&["."]),
            Of(BASE64URL, 27, 38),
        ],
    )
    .by_hand(
        "https://discord.com/developers/applications",
        "Reset the token on the Bot page of its application; a user's, by changing the password.",
    )
    .source("scanners (Sapphire's TokenRegex), the longer ends from memory; read 2026-11-22"),
    // Money.
    SecretForm::new(
        "stripe-key",
        "Stripe",
        "secret or restricted key",
        &[Is(&["sk_live_", "sk_test_", "rk_live_", "rk_test_"]), Of(ALNUM, 10, 128)],
    )
    .by_hand(
        "https://dashboard.stripe.com/apikeys",
        "Roll or delete it on this page, with expiry now: there is no public operation for it.",
    )
    .source("docs.stripe.com, API keys, for the way; what Stripe told GitLab of the form, in its tracker; read 2026-11-22"),
    SecretForm::new("square-token", "Square", "access token", &[Is(&["EAAA", "sq0atp-"]), Of(BASE64URL, 22, 60)])
        .by_hand(
            "https://developer.squareup.com/apps",
            "Replace the token under Credentials, or revoke the application's tokens under OAuth.",
        )
        .source(SCANNERS),
    SecretForm::new(
        "shopify-token",
        "Shopify",
        "access token",
        &[Is(&["shpat_", "shpca_", "shppa_"]), Of(HEX_ANY_CASE, 32, 32)],
    )
    .by_hand(
        "https://admin.shopify.com/",
        "Uninstall the app that has it, or rotate its credentials: the shop's settings list it under Apps.",
    )
    .source(SHOPIFY),
    SecretForm::new("shopify-app-secret", "Shopify", "secret of an app", &[Is(&["shpss_"]), Of(HEX_ANY_CASE, 32, 32)])
        .by_hand("https://dev.shopify.com/dashboard", "Rotate the client secret in the settings of the app.")
        .source(SHOPIFY),
    // Identity.

    SecretForm::new("clerk-key", "Clerk", "secret key of an instance", &[Is(&["sk_live_", "sk_test_"]), Of(ALNUM, 40, 50)])
        .by_hand(
            "https://dashboard.clerk.com/~/api-keys",
            "Add another secret key on this page, then delete this one.",
        )
        .source("clerk.com, changelog, Secret keys are only shown once (2026-10-19), for the way; nango.dev for the beginning; the length from memory; read 2026-11-22"),
    // Clouds and data.
    #[cfg(not(feature = "aws"))]
    AWS_ACCESS_KEY_ID,
    SecretForm::new("aws-temporary-key-id", "AWS", "id of a temporary access key", &[Is(&["ASIA"]), Of(BASE32, 16, 16)])
        .an_id()
        .by_hand(
            "https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_revoke-sessions.html",
            "Revoke the active sessions of its role: temporary keys cannot be deleted, they end by themselves.",
        )
        .source(AWS),
    SecretForm::new("cloudflare-global-key", "Cloudflare", "global API key", &[Is(&["cfk_"]), Of(ALNUM, 41, 64)])
        .by_hand(CLOUDFLARE_PAGE, "Change the Global API Key in its user's profile.")
        .source(CLOUDFLARE),
    SecretForm::new(
        "digitalocean-token",
        "DigitalOcean",
        "personal, OAuth or refresh token",
        &[Is(&["dop_v1_", "doo_v1_", "dor_v1_"]), Of(HEX, 64, 64)],
    )
    .by_hand("https://cloud.digitalocean.com/account/api/tokens", "Delete it in the API settings of its owner.")
    .source("scanners (gitleaks, GitLab), and GitGuardian for the way; read 2026-11-22"),
    SecretForm::new(
        "vercel-token",
        "Vercel",
        "access token, integration token, app token or API key",
        &[Is(&["vcp_", "vci_", "vca_", "vcr_", "vck_"]), Of(ALNUM, 20, 128)],
    )
    .by_hand(
        "https://vercel.com/account/tokens",
        "Delete it in the tokens of its owner, or the integration, app or API key that it belongs to.",
    )
    .source("vercel.com, changelog, New token formats and secret scanning, which states the beginning alone; read 2026-11-22"),
    SecretForm::new(
        "supabase-access-token",
        "Supabase",
        "personal or OAuth access token",
        &[Is(&["sbp_", "sbp_oauth_"]), Of(HEX, 40, 128)],
    )
    .by_hand("https://supabase.com/dashboard/account/tokens", "Delete it in the access tokens of its owner.")
    .source("the check of Supabase's command line, quoted in its discussions; longer ones, which are scoped, from memory; read 2026-11-22"),
    SecretForm::new("supabase-secret-key", "Supabase", "secret key of a project", &[Is(&["sb_secret_"]), Of(BASE64URL, 20, 64)])
        .by_hand("https://supabase.com/docs/guides/api/api-keys", "Delete it in the API keys of its project.")
        .source("guides that show the beginning; the rest from memory; read 2026-11-22"),
    SecretForm::new(
        "databricks-token",
        "Databricks",
        "personal access token",
        &[Is(&["dapi"]), Of(HEX, 32, 32), Is(&["", "-"]), Of(DIGITS, 0, 1)],
    )
    .by_hand(
        "https://docs.databricks.com/dev-tools/auth/pat.html",
        "Revoke it in its owner's settings under Developer, Access tokens, or by its id: databricks tokens delete.",
    )
    .source("scanners, and learn.microsoft.com, tokens command group, for the way; read 2026-11-22"),
    SecretForm::new("influxdb-v3-token", "InfluxDB", "token of InfluxDB 3", &[Is(&["apiv3_"]), Of(BASE64, 40, 128)])
        .by_hand(
            "https://docs.influxdata.com/influxdb3/core/admin/tokens/",
            "Delete it by its name: influxdb3 delete token; an operator token, by making it anew.",
        )
        .source("from memory; docs.influxdata.com, Manage tokens, for the way, read 2026-11-22"),
    SecretForm::new(
        "grafana-service-account-token",
        "Grafana",
        "service account token",
        &[Is(&["glsa_"]), Of(ALNUM, 32, 32), Is(&["_"]), Of(HEX_ANY_CASE, 8, 8)],
    )
    .by_hand(
        "https://grafana.com/docs/grafana/latest/administration/service-accounts/",
        "Delete it in its service account, on the instance that issued it.",
    )
    .source(SCANNERS),
    SecretForm::new("heroku-key", "Heroku", "API key or OAuth token", &[Is(&["HRKU-AA"]), Of(BASE64URL, 58, 58)])
        .by_hand(
            "https://dashboard.heroku.com/account/applications",
            "Revoke the authorization that has it, or regenerate the account's API key.",
        )
        .source(SCANNERS),
    // Work.
    SecretForm::new("linear-key", "Linear", "personal API key", &[Is(&["lin_api_"]), Of(ALNUM, 40, 40)])
        .by_hand(
            "https://linear.app/settings/account/security",
            "Revoke it under Security & access, Personal API keys.",
        )
        .source("scanners (gitleaks, GitLab), read 2026-11-22"),
    SecretForm::new("notion-token", "Notion", "integration token", &[Is(&["ntn_"]), Of(DIGITS, 11, 11), Of(ALNUM, 35, 35)])
        .by_hand(NOTION_PAGE, NOTION_WAY)
        .source("scanners, and GitGuardian for the way; read 2026-11-22"),
    SecretForm::new("notion-token-legacy", "Notion", "integration token", &[Is(&["secret_"]), Of(ALNUM, 43, 43)])
        .by_hand(NOTION_PAGE, NOTION_WAY)
        .source("GitGuardian for the way; the form from memory; read 2026-11-22"),
];
