//! Is a secret still accepted? What the answer to a harmless request says of the secret that it was sent with.

use crate::answer::Attempt;
use crate::credential::Redactor;
use crate::lookup::Unread;
use crate::provider::About;
use crate::verdict::{Expect, says};

/// One line of a provider's table: this status, with a body of this kind, says that.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ProbeRule {
    pub(crate) status: u16,
    pub(crate) body: Expect,
    pub(crate) accepted: bool,
    /// Where the fact was read, and when.
    pub(crate) source: &'static str,
}

/// The secret works: this is what the operation answers to its caller.
pub(crate) const fn accepted(status: u16, body: Expect, source: &'static str) -> ProbeRule {
    ProbeRule {
        status,
        body,
        accepted: true,
        source,
    }
}

/// The provider itself says that it does not know the caller. A caller that it knows and forbids something is not
/// refused by this: its secret works.
pub(crate) const fn refused(status: u16, body: Expect, source: &'static str) -> ProbeRule {
    ProbeRule {
        status,
        body,
        accepted: false,
        source,
    }
}

/// What a provider says of a secret, at the host that was asked: another tenant's secret is refused too.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Probed {
    /// It works.
    Accepted,
    /// The provider does not accept it.
    Refused,
    /// The answer does not tell.
    Unknown(Unread),
}

/// Reads the answer to a probe. Whatever is not in the provider's table is unknown: a proxy's page, a rate limit, a
/// redirect, a failure, and a refusal that is not the provider's own.
pub(crate) fn probed(rules: &[ProbeRule], about: &About, attempt: &Attempt, redactor: &Redactor) -> Probed {
    if let Attempt::Answered(answer) = attempt {
        let opened = answer.open();
        let fits = |rule: &&ProbeRule| rule.status == answer.status && says(rule.body, &opened, &[]);
        if let Some(rule) = rules.iter().find(fits) {
            return if rule.accepted {
                Probed::Accepted
            } else {
                Probed::Refused
            };
        }
    }
    Probed::Unknown(Unread::new(about, attempt, redactor))
}
