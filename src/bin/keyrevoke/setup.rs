//! From arguments and environment to keys and revokers; nothing is sent, and everything that is wrong is said.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::fs;
use std::io;

use keyrevoke::{
    AnyProvider, BuildError, Builder, ClientOptions, Credential, InvalidInput, KeyRef, ProviderInfo, Registry,
};

use crate::credentials::{Account, Credentials, Refused};
use crate::known;
use crate::output::{self, LocalFailure};
use crate::revoke::{self, Connection};

/// What the arguments and the environment amount to.
#[derive(Default)]
pub(crate) struct Setup {
    pub(crate) registry: Registry,
    /// Whose revokers could not be made, by what is wrong in `problems`.
    pub(crate) broken: Broken,
    /// What is wrong with the input, besides the keys.
    pub(crate) problems: Vec<String>,
    /// What is wrong with this machine, and matters only where the input is right.
    pub(crate) local: Option<LocalFailure>,
    /// Is deletion asked for?
    deletes: bool,
    /// May more die than the keys?
    takes_more: bool,
}

/// Whose revokers are missing for a reason that is said by itself.
#[derive(Default)]
pub(crate) struct Broken {
    /// No file of credentials, no revokers.
    all: bool,
    /// Providers, by their names, for whose default tenant there is none.
    providers: HashSet<String>,
}

impl Broken {
    pub(crate) fn contains(&self, key: &KeyRef) -> bool {
        let provider = known::provider(key.provider());
        let is_one = |provider: &ProviderInfo| self.providers.contains(provider.name());
        self.all || (key.tenant().is_none() && provider.is_ok_and(is_one))
    }
}

impl Setup {
    /// Revokers that only look, which needs no word for what a revocation would take.
    pub(crate) fn looking(arguments: &Connection, keys: &[KeyRef]) -> Self {
        let setup = Self {
            takes_more: true,
            ..Self::default()
        };
        setup.with(arguments, keys)
    }

    /// Revokers that do what was asked for, and no more.
    pub(crate) fn revoking(arguments: &revoke::Arguments, keys: &[KeyRef]) -> Self {
        let setup = Self {
            deletes: arguments.delete,
            takes_more: arguments.more_than_the_key,
            ..Self::default()
        };
        setup.with(&arguments.connection, keys)
    }

    fn with(self, arguments: &Connection, keys: &[KeyRef]) -> Self {
        let needed: HashSet<(&str, Option<&str>)> =
            keys.iter().map(|key| (key.provider(), key.tenant())).collect();
        self.of(arguments, &needed)
    }

    /// The revoker of one provider and tenant.
    pub(crate) fn of_one(arguments: &Connection, provider: &ProviderInfo, tenant: Option<&str>) -> Self {
        Self::default().of(arguments, &HashSet::from([(provider.name(), tenant)]))
    }

    fn of(self, arguments: &Connection, needed: &HashSet<(&str, Option<&str>)>) -> Self {
        let mut setup = self;
        let options = setup.options(arguments);
        let base_urls = setup.base_urls(&arguments.base_url, &options);
        let Some(credentials) = setup.credentials(arguments) else {
            setup.broken.all = true;
            return setup;
        };
        for provider in known::providers() {
            let names = || {
                [provider.name()]
                    .into_iter()
                    .chain(provider.aliases().iter().copied())
            };
            let tenants = needed
                .iter()
                .filter(|(name, _)| names().any(|known| known == *name));
            let tenants: BTreeSet<Option<&str>> = tenants.map(|(_, tenant)| *tenant).collect();
            for tenant in tenants {
                let account = credentials.get(provider.name(), tenant);
                match (tenant, account) {
                    (None, account) => {
                        let base_url = base_urls.get(provider.name());
                        setup.add_default(provider, arguments, &options, base_url, account);
                    }
                    (Some(tenant), Some(account)) => {
                        setup.add_tenant(provider, arguments, &options, tenant, account);
                    }
                    // The plan says of each key that there is nothing for it.
                    (Some(_), None) => {}
                }
            }
        }
        setup
    }

    /// What the file of credentials gives, if there is one; `None` where it cannot be taken.
    fn credentials(&mut self, arguments: &Connection) -> Option<Credentials> {
        match arguments.credentials.as_deref().map(Credentials::read) {
            None => Some(Credentials::default()),
            Some(Ok(credentials)) => Some(credentials),
            Some(Err(Refused::Wrong(problems))) => {
                self.problems.extend(problems);
                None
            }
            Some(Err(Refused::Unreadable(failure))) => {
                self.local = Some(failure);
                None
            }
        }
    }

    fn options(&mut self, arguments: &Connection) -> ClientOptions {
        let mut options = ClientOptions::new();
        match (&arguments.proxy, std::env::var("KEYREVOKE_PROXY")) {
            (Some(proxy), _) if proxy.contains('@') => self.problems.push(
                "--proxy holds a user name or password (not shown); give the URL in KEYREVOKE_PROXY"
                    .to_owned(),
            ),
            (Some(proxy), _) => options = options.with_proxy(proxy),
            (None, Ok(proxy)) => options = options.with_proxy(proxy),
            (None, Err(_)) => {}
        }
        if let Some(file) = &arguments.ca_file {
            match fs::read(file) {
                Ok(pem) => options = options.with_root_certificates(pem),
                Err(error) => {
                    let text = format!("cannot read {}: {error}", output::path(file));
                    self.local = Some(io::Error::new(error.kind(), text).into());
                }
            }
        }
        if let Some(idle) = arguments.keep_connections {
            options = options.with_connection_reuse(idle);
        }
        let options = arguments
            .allow_host
            .iter()
            .fold(options, |options, host| options.allow_host(host));
        arguments
            .allow_http_host
            .iter()
            .fold(options, |options, host| options.allow_http_host(host))
    }

    /// Checks the address of every provider that has one given, whether or not it has a key.
    fn base_urls(&mut self, given: &[String], options: &ClientOptions) -> HashMap<String, String> {
        let mut base_urls = HashMap::new();
        for text in given {
            let Some((name, url)) = text.split_once('=') else {
                self.problems.push("--base-url: is not PROVIDER=URL".to_owned());
                continue;
            };
            let provider = match known::provider(name) {
                Ok(provider) => provider,
                Err(problem) => {
                    self.problems.push(format!("--base-url: {problem}"));
                    continue;
                }
            };
            let built = known::provider(name).map(|provider| {
                provider
                    .builder()
                    .with_options(options.clone())
                    .with_base_url(url)
                    .build()
            });
            let wrong = built.map(Result::err).unwrap_or_default();
            let wrong = wrong
                .iter()
                .flat_map(BuildError::problems)
                .filter(|problem| is_about(problem, "base URL"));
            self.problems
                .extend(wrong.map(|problem| format!("--base-url: {problem}")));
            let before = base_urls.insert(provider.name().to_owned(), url.to_owned());
            if before.is_some_and(|before| before != url) {
                self.problems
                    .push(format!("--base-url: two addresses of {name} are given; give one"));
            }
        }
        base_urls
    }

    /// A tenant's revoker, from the file alone.
    fn add_tenant(
        &mut self,
        provider: &ProviderInfo,
        arguments: &Connection,
        options: &ClientOptions,
        tenant: &str,
        account: &Account,
    ) {
        let Ok(builder) = self.begin(provider, arguments, options) else {
            return;
        };
        let built = account.apply(builder).build();
        let added = built.map(|revoker| std::mem::take(&mut self.registry).with_tenant(tenant, revoker));
        match added {
            Ok(Ok(registry)) => self.registry = registry,
            Ok(Err(problem)) => self.problems.push(problem.to_string()),
            Err(error) => {
                let problems = error.problems().iter();
                self.problems
                    .extend(problems.map(|problem| format!("{problem} (in {})", account.place())));
            }
        }
    }

    /// The revoker for keys that name no tenant: from the file, the environment and the options.
    fn add_default(
        &mut self,
        provider: &ProviderInfo,
        arguments: &Connection,
        options: &ClientOptions,
        base_url: Option<&String>,
        account: Option<&Account>,
    ) {
        let Ok(mut builder) = self.begin(provider, arguments, options) else {
            return;
        };
        if let Some(account) = account {
            builder = account.apply(builder);
            self.refuse_twice(provider, account, base_url.is_some());
        }
        let mut unreadable = Vec::new();
        let mut read = |setting: &str| {
            from_environment(provider, setting).unwrap_or_else(|problem| {
                unreadable.push((setting.to_owned(), problem.to_string()));
                None
            })
        };
        if let Some(text) = read("credential") {
            builder = builder.with_credential(Credential::from_text(text));
        }
        match base_url {
            Some(url) => builder = builder.with_base_url(url),
            None => {
                if let Some(url) = read("base-url") {
                    builder = builder.with_base_url(url);
                }
            }
        }
        for (setting, _) in provider.settings() {
            if let Some(value) = read(setting) {
                builder = builder.with_setting(setting, value);
            }
        }
        let built = builder.build();
        let no_credential = unreadable.iter().any(|(setting, _)| setting == "credential");
        self.problems
            .extend(unreadable.into_iter().map(|(_, problem)| problem));
        match built {
            Ok(revoker) => {
                self.registry = std::mem::take(&mut self.registry).with(revoker);
            }
            Err(error) => {
                self.broken.providers.insert(provider.name().to_owned());
                // Said already.
                let known = |problem: &&InvalidInput| {
                    (no_credential && is_about(problem, "credential"))
                        || (base_url.is_some() && is_about(problem, "base URL"))
                };
                let problems = error.problems().iter().filter(|problem| !known(problem));
                self.problems
                    .extend(problems.map(|problem| with_source(provider, account, problem)));
            }
        }
    }

    fn begin(
        &self,
        provider: &ProviderInfo,
        arguments: &Connection,
        options: &ClientOptions,
    ) -> Result<Builder<AnyProvider>, InvalidInput> {
        let builder = known::provider(provider.name())
            .map(ProviderInfo::builder)?
            .with_options(options.clone())
            .with_deadline(arguments.timeout);
        let builder = match self.deletes {
            true => builder.with_deletion(),
            false => builder,
        };
        Ok(match self.takes_more {
            true => builder.with_more_than_the_key(),
            false => builder,
        })
    }

    /// What is given by the file and elsewhere too: nobody could tell which was meant.
    fn refuse_twice(&mut self, provider: &ProviderInfo, account: &Account, has_option: bool) {
        let settings = provider.settings().map(|(name, _)| name);
        for setting in ["credential", "base-url"].into_iter().chain(settings) {
            let elsewhere = match (setting, has_option) {
                ("base-url", true) => Some("--base-url".to_owned()),
                _ => set_variable(provider, setting),
            };
            if let Some(elsewhere) = elsewhere.filter(|_| account.gives(setting)) {
                self.problems.push(format!(
                    "{} {} is given twice, by {elsewhere} and by {}; remove one of them",
                    provider.name(),
                    setting.replace("base-url", "base URL"),
                    account.place()
                ));
            }
        }
    }
}

fn is_about(problem: &InvalidInput, what: &str) -> bool {
    problem.subject().ends_with(what)
}

/// Where a value is missing or wrong, names the variable or the table that it is taken from.
fn with_source(provider: &ProviderInfo, account: Option<&Account>, problem: &InvalidInput) -> String {
    let settings = [("credential", "credential"), ("base-url", "base URL")];
    let setting = settings.into_iter().find(|(_, what)| is_about(problem, what));
    let account = account.filter(|account| setting.is_none_or(|(setting, _)| account.gives(setting)));
    if let Some(account) = account {
        format!("{problem} (in {})", account.place())
    } else if is_about(problem, "credential") {
        format!("{problem} (in {})", variable(provider.name(), "credential"))
    } else if is_about(problem, "base URL") {
        let (variable, name) = (variable(provider.name(), "base-url"), provider.name());
        format!("{problem} (in {variable} or --base-url {name}=URL)")
    } else {
        problem.to_string()
    }
}

fn variable(provider: &str, setting: &str) -> String {
    format!("KEYREVOKE_{provider}_{setting}")
        .to_uppercase()
        .replace('-', "_")
}

/// A variable under the provider's name, else under one of its aliases.
fn from_environment(provider: &ProviderInfo, setting: &str) -> Result<Option<String>, InvalidInput> {
    let Some(variable) = set_variable(provider, setting) else {
        return Ok(None);
    };
    let value = std::env::var_os(&variable).unwrap_or_default();
    value.into_string().map(Some).map_err(|_| {
        let owner = provider.name().to_owned();
        InvalidInput::new(
            owner,
            variable,
            "is not valid UTF-8 (not shown)",
            "set it to plain text",
        )
    })
}

/// The name of that variable.
fn set_variable(provider: &ProviderInfo, setting: &str) -> Option<String> {
    let names = [provider.name()]
        .into_iter()
        .chain(provider.aliases().iter().copied());
    let mut variables = names.map(|name| variable(name, setting));
    variables.find(|variable| std::env::var_os(variable).is_some())
}
