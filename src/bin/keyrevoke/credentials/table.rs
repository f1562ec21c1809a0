//! From the text of the file to accounts. Everything that is wrong is said at once, by line.

use std::ops::Range;

use keyrevoke::ProviderInfo;
use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue};

use super::{Account, Given};
use crate::known;
use crate::output;

/// The accounts, or everything that is wrong.
pub(super) fn accounts(file: &str, text: &str) -> Result<Vec<Account>, Vec<String>> {
    let mut reading = Reading {
        file,
        text,
        problems: Vec::new(),
    };
    let (root, errors) = DeTable::parse_recoverable(text);
    for error in &errors {
        // Printed as a whole, the error would quote the line.
        let reason = format!("is not valid TOML: {}", error.message());
        reading.refuse(error.span().unwrap_or_default(), reason);
    }
    let accounts = if errors.is_empty() {
        reading.providers(root.get_ref())
    } else {
        Vec::new()
    };
    let mut problems = reading.problems;
    if problems.is_empty() {
        return Ok(accounts);
    }
    problems.sort();
    Err(problems.into_iter().map(|(_, problem)| problem).collect())
}

struct Reading<'a> {
    file: &'a str,
    text: &'a str,
    /// By position.
    problems: Vec<(usize, String)>,
}

/// The members that every account may have; the provider's settings come on top.
const MEMBERS: [&str; 4] = ["credential", "credential_command", "base_url", "key_id"];

impl Reading<'_> {
    fn refuse(&mut self, at: Range<usize>, reason: impl AsRef<str>) {
        let before = self.text.get(..at.start).unwrap_or(self.text);
        let line = before.matches('\n').count() + 1;
        let column = before.chars().rev().take_while(|c| *c != '\n').count() + 1;
        let problem = format!("{} line {line}, column {column}: {}", self.file, reason.as_ref());
        self.problems.push((at.start, problem));
    }

    fn providers(&mut self, root: &DeTable<'_>) -> Vec<Account> {
        let mut accounts = Vec::new();
        let mut seen: Vec<&str> = Vec::new();
        for (name, value) in root {
            let provider = match known::provider(name.get_ref()) {
                Ok(provider) => provider,
                Err(problem) => {
                    self.refuse(
                        name.span(),
                        format!("is no provider's name; {}", problem.remedy()),
                    );
                    continue;
                }
            };
            if seen.contains(&provider.name()) {
                self.refuse(
                    name.span(),
                    format!(
                        "is {} by another name, which has a table already; put all in one",
                        provider.name()
                    ),
                );
            }
            seen.push(provider.name());
            let Some(members) = value.get_ref().as_table() else {
                self.refuse(
                    name.span(),
                    format!("is not a table; write [{}]", provider.name()),
                );
                continue;
            };
            let tenants = members.iter().find(|(name, _)| name.get_ref() == "tenants");
            if tenants.is_none() || members.len() > 1 {
                accounts.extend(self.account(provider, None, name.span(), members));
            }
            if let Some((name, tenants)) = tenants {
                accounts.extend(self.tenants(provider, name.span(), tenants.get_ref()));
            }
        }
        accounts
    }

    fn tenants(
        &mut self,
        provider: &'static ProviderInfo,
        at: Range<usize>,
        value: &DeValue<'_>,
    ) -> Vec<Account> {
        let mut accounts = Vec::new();
        let Some(tenants) = value.as_table().filter(|tenants| !tenants.is_empty()) else {
            self.refuse(
                at,
                format!("names no tenant; write [{}.tenants.NAME]", provider.name()),
            );
            return accounts;
        };
        for (name, value) in tenants {
            if !is_tenant(name.get_ref()) {
                self.refuse(
                    name.span(),
                    "is not taken as a tenant's name (not shown); give 1 to 64 letters, digits, -, _ and ., beginning \
                     with a letter or digit",
                );
            } else if let Some(members) = value.get_ref().as_table() {
                accounts.extend(self.account(provider, Some(name.get_ref()), name.span(), members));
            } else {
                self.refuse(
                    name.span(),
                    format!("is not a table; write [{}.tenants.NAME]", provider.name()),
                );
            }
        }
        accounts
    }

    /// One account; `None` where something is wrong with it.
    fn account(
        &mut self,
        provider: &'static ProviderInfo,
        tenant: Option<&str>,
        at: Range<usize>,
        members: &DeTable<'_>,
    ) -> Option<Account> {
        let place = match tenant {
            Some(tenant) if tenant.contains('.') => format!("[{}.tenants.\"{tenant}\"]", provider.name()),
            Some(tenant) => format!("[{}.tenants.{tenant}]", provider.name()),
            None => format!("[{}]", provider.name()),
        };
        let before = self.problems.len();
        let (mut text, mut command, mut base_url, mut key_id) = (None, None, None, None);
        let mut settings = Vec::new();
        for (name, value) in members {
            match &**name.get_ref() {
                "credential" => text = self.text(&place, name, value),
                "credential_command" => command = self.command(&place, name, value),
                "base_url" => base_url = self.text(&place, name, value),
                "key_id" => key_id = self.text(&place, name, value),
                "tenants" if tenant.is_none() => {}
                own if provider.settings().any(|(known, _)| known == own) => {
                    let value = self.text(&place, name, value);
                    settings.extend(value.map(|value| (own.to_owned(), value)));
                }
                _ => {
                    let own = provider.settings().map(|(name, _)| name);
                    let known: Vec<&str> = MEMBERS.into_iter().chain(own).collect();
                    let reason = format!(
                        "{place} has a member that is not known; give one of: {}",
                        known.join(", ")
                    );
                    self.refuse(name.span(), reason);
                }
            }
        }
        if let Some(Err(problem)) = key_id.as_deref().map(|id| provider.check_key(id)) {
            self.refuse(at.clone(), format!("{place} has a wrong key_id: {problem}"));
        }
        let given = ["credential", "credential_command"].map(|name| members.contains_key(name));
        let none = provider.takes_no_credential();
        if none && (given[0] || given[1]) {
            let reason = format!("{place} has a credential, and the provider takes none; leave it out");
            self.refuse(at, reason);
        } else if !none && given[0] == given[1] {
            let both = if given[0] { "both" } else { "neither" };
            let reason = format!("{place} has {both} of credential and credential_command; give one of them");
            self.refuse(at, reason);
        }
        let text = text.map(|text| Given::Text(text.into()));
        let credential = text
            .or(command.map(Given::Command))
            .or(none.then_some(Given::Nothing))?;
        (self.problems.len() == before).then(|| Account {
            provider,
            tenant: tenant.map(str::to_owned),
            place: format!("{place} of {}", self.file),
            credential,
            base_url,
            key_id,
            settings,
        })
    }

    /// A text that is not empty.
    fn text(
        &mut self,
        place: &str,
        name: &Spanned<DeString<'_>>,
        value: &Spanned<DeValue<'_>>,
    ) -> Option<String> {
        let text = value.get_ref().as_str().filter(|text| !text.is_empty());
        if text.is_none() {
            let reason = format!(
                "{place} {} is no text, or empty; put it in quotes",
                name.get_ref()
            );
            self.refuse(name.span(), reason);
        }
        text.map(str::to_owned)
    }

    fn command(
        &mut self,
        place: &str,
        name: &Spanned<DeString<'_>>,
        value: &Spanned<DeValue<'_>>,
    ) -> Option<Vec<String>> {
        let texts = value.get_ref().as_array().and_then(|array| {
            let texts = array
                .iter()
                .map(|value| value.get_ref().as_str().map(str::to_owned));
            texts.collect::<Option<Vec<String>>>()
        });
        let sound = |texts: &Vec<String>| {
            texts.first().is_some_and(|program| !program.is_empty())
                && texts.iter().all(|text| !text.contains('\0'))
        };
        let command = texts.filter(sound);
        if command.is_none() {
            let reason = format!(
                "{place} credential_command is not a program and its arguments; write [\"PROGRAM\", \"ARGUMENT\", …]"
            );
            self.refuse(name.span(), reason);
        }
        command
    }
}

/// Is it a tenant's name, and not somebody's secret?
fn is_tenant(name: &str) -> bool {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    (1..=64).contains(&name.len())
        && name.starts_with(|c: char| c.is_ascii_alphanumeric())
        && name.chars().all(is_plain)
        && !output::looks_like_secret(name)
}
