//! Certainty on both sides of a call: looking before a key is revoked, and after.

use std::time::Duration;

use tokio::time::Instant;

use crate::ask::{Acceptance, unsupported};
use crate::checks::{Attestation, Checks, Verification};
use crate::client::{OneCall, RevokerInner};
use crate::key_info::{KeyInfo, KeyStatus};
use crate::outcome::{
    Delivery, Disposition, ErrorKind, Evidence, KeyState, Revocation, RevokeError, RevokeResult,
};
use crate::provider::{About, Provider, Repeat};
use crate::within::Within;

/// What was seen before anything was sent.
#[derive(Default)]
struct Before {
    listed: Option<KeyInfo>,
    secret_accepted: bool,
}

/// What one look says.
enum Look {
    Dead(Evidence),
    /// The repeat itself was what killed it.
    Killed(Box<Revocation>),
    Accepted,
    Listed,
    /// It does not tell, now.
    Silent,
    /// Nothing here can ever tell.
    Blind,
}

/// Between looks: at once, then ever longer.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

impl<P: Provider> RevokerInner<P> {
    pub(crate) async fn revoke_checked(
        &self,
        key: &P::Key,
        within: &Within<'_>,
        checks: &Checks,
    ) -> RevokeResult {
        let before = self.look_before(key, checks).await?;
        if let Some(info) = before.listed.as_ref().filter(|info| self.is_done(info)) {
            // We would rather send nothing.
            return Ok(listed_dead(self.about().name, info));
        }
        let call = OneCall::new(self, key, *within);
        let result = call.run_until(call.ended()).await;
        let result = attested(self.about(), result, checks.attestation.as_ref());
        match &checks.verification {
            Some(verification) => self.verify(key, within, verification, &before, result).await,
            None => result,
        }
    }

    /// Is what the provider says of a key what this revoker is there for? A key that is switched off is dead as long as
    /// nobody switches it on, which is as much as a reversible revocation does; where deletion is asked for, neither that
    /// nor the end of a key's time is enough.
    pub(crate) fn is_done(&self, info: &KeyInfo) -> bool {
        match (self.deletion, info.status()) {
            (Some(_), status) => status == KeyStatus::Revoked,
            (None, KeyStatus::Inactive) => self.about().reversible,
            (None, status) => status.state() == KeyState::Dead,
        }
    }

    /// Looks the key up where that is asked for or can help, and stops what must not go on.
    async fn look_before(&self, key: &P::Key, checks: &Checks) -> Result<Before, RevokeError> {
        if !checks.own {
            self.refuse_own(key).await?;
        }
        let wanted = checks.expectation.as_ref().filter(|wanted| !wanted.is_empty());
        let mut before = Before::default();
        if wanted.is_some() || (checks.verification.is_some() && !P::find(key).is_empty()) {
            match (self.find(key).await, wanted) {
                (Ok(info), wanted) => {
                    let differences = wanted.map(|wanted| wanted.differences(&info)).unwrap_or_default();
                    if !differences.is_empty() {
                        return Err(wrong_key(self.about(), &differences));
                    }
                    before.listed = Some(info);
                }
                // What is expected could not be compared.
                (Err(error), Some(_)) => return Err(not_compared(error)),
                (Err(_), None) => {}
            }
        }
        if let Some(secret) = checks
            .verification
            .as_ref()
            .and_then(|check| check.secret.as_ref())
        {
            let accepted = self.probe(secret).await;
            before.secret_accepted = accepted.is_ok_and(|accepted| accepted == Acceptance::Accepted);
        }
        Ok(before)
    }

    /// A key that revokes itself leaves nobody who could look; the caller must have meant it.
    async fn refuse_own(&self, key: &P::Key) -> Result<(), RevokeError> {
        if P::whoami().is_none() {
            return Ok(());
        }
        let own = self.whoami().await.ok().flatten();
        if own.is_none_or(|own| own.key().key() != key.to_string()) {
            return Ok(());
        }
        Err(
            RevokeError::new(self.about().name, ErrorKind::WrongKey, KeyState::Live)
                .with_delivery(Delivery::NotSent)
                .with_attempts(0)
                .with_detail("it is the credential in use, and that was not said to be meant"),
        )
    }

    async fn verify(
        &self,
        key: &P::Key,
        within: &Within<'_>,
        verification: &Verification,
        before: &Before,
        result: RevokeResult,
    ) -> RevokeResult {
        // Nothing was changed, or the alarm is about another key: there is nothing to look for.
        let is_over = |error: &RevokeError| {
            error.key_state() == KeyState::Live || error.kind() == ErrorKind::WrongObject
        };
        if result.as_ref().err().is_some_and(is_over) {
            return result;
        }
        let began = Instant::now();
        let budget = verification.budget(self.about().propagation);
        let (mut pause, mut last) = (FIRST_PAUSE, Look::Silent);
        loop {
            match self.look_after(key, within, verification, before, &result).await {
                Look::Dead(evidence) => {
                    return Ok(confirmed(self.about(), result, before, evidence)
                        .with_verified_after(began.elapsed()));
                }
                Look::Killed(dead) => return Ok(*dead),
                Look::Blind => return result,
                Look::Silent => {}
                look => last = look,
            }
            if began.elapsed() + pause >= budget || within.is_ended() {
                break;
            }
            within.sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
        match (last, result) {
            (Look::Accepted, result) => Err(still(
                self.about(),
                ErrorKind::StillAccepted,
                KeyState::Live,
                result,
            )),
            (Look::Listed, result @ Ok(_)) => Err(still(
                self.about(),
                ErrorKind::StillListed,
                KeyState::Unknown,
                result,
            )),
            (_, result) => result,
        }
    }

    /// The secret tells most: it is what an attacker would try. Then the provider's list, then a repeat.
    async fn look_after(
        &self,
        key: &P::Key,
        within: &Within<'_>,
        verification: &Verification,
        before: &Before,
        result: &RevokeResult,
    ) -> Look {
        let mut blind = true;
        if let Some(secret) = &verification.secret {
            match self.probe(secret).await {
                Ok(Acceptance::Accepted) => return Look::Accepted,
                // Of a secret that was never seen to work, a refusal says nothing of this key.
                Ok(Acceptance::Refused) if result.is_ok() || before.secret_accepted => {
                    return Look::Dead(Evidence::SecretRefused);
                }
                Ok(Acceptance::Refused) => {}
                Err(error) => blind &= error.kind() == ErrorKind::Unsupported,
            }
        }
        if !P::find(key).is_empty() {
            match self.find(key).await {
                Ok(info) if self.is_done(&info) => return Look::Dead(Evidence::ReadBack),
                Ok(info) if info.state() == KeyState::Live || self.deletion.is_some() => return Look::Listed,
                // Absent now, and seen there before by this very call.
                Err(error) if error.kind() == ErrorKind::NotFound && error.status().is_none() => {
                    if before.listed.is_some() {
                        return Look::Dead(Evidence::ReadBack);
                    }
                }
                Ok(_) | Err(_) => blind = false,
            }
        }
        if self.about().may_repeat() == Repeat::Conclusive {
            let within = Within {
                in_doubt: true,
                ..*within
            };
            let call = OneCall::new(self, key, within);
            return match call.run_until(call.ended()).await {
                Ok(dead) if dead.disposition() == Disposition::AlreadyRevoked => Look::Dead(Evidence::Repeat),
                Ok(dead) if result.is_err() => Look::Killed(Box::new(dead)),
                _ => Look::Silent,
            };
        }
        if blind { Look::Blind } else { Look::Silent }
    }
}

/// The provider lists the key as dead, and nothing was sent.
pub(crate) fn listed_dead(provider: &'static str, info: &KeyInfo) -> Revocation {
    Revocation::new(provider, Disposition::AlreadyRevoked, [Evidence::ReadBack])
        .with_attempts(0)
        .with_reversible(info.status() == KeyStatus::Inactive)
        .with_detail(format!(
            "the provider lists it as {}; nothing was sent",
            info.status()
        ))
}

/// The provider's own "no such key", about a key that the caller knows to have existed.
fn attested(about: &About, result: RevokeResult, attestation: Option<&Attestation>) -> RevokeResult {
    match (result, attestation) {
        (Err(error), Some(attestation)) if error.is_missing() => {
            let dead = Revocation::new(
                about.name,
                Disposition::AlreadyRevoked,
                [Evidence::CallerAttested],
            );
            Ok(dead.with_facts(error.into_facts()).with_detail(format!(
                "no such key, and the caller attests that there was: {}",
                attestation.basis()
            )))
        }
        (result, _) => result,
    }
}

fn confirmed(about: &About, result: RevokeResult, before: &Before, evidence: Evidence) -> Revocation {
    match result {
        Ok(dead) => dead.with_evidence(evidence),
        Err(error) => {
            let seen_alive = before.listed.is_some() || before.secret_accepted;
            let who = if seen_alive {
                Disposition::Revoked
            } else {
                Disposition::AlreadyRevoked
            };
            Revocation::new(about.name, who, [evidence])
                .with_reversible(about.reversible)
                .with_facts(error.into_facts())
        }
    }
}

/// What the provider called dead, or may have carried out, and what still shows otherwise.
fn still(about: &About, kind: ErrorKind, state: KeyState, result: RevokeResult) -> RevokeError {
    let facts = match result {
        Ok(dead) => dead.into_facts(),
        Err(error) => error.into_facts(),
    };
    RevokeError::new(about.name, kind, state).with_facts(facts)
}

fn wrong_key(about: &About, differences: &[String]) -> RevokeError {
    RevokeError::new(about.name, ErrorKind::WrongKey, KeyState::Live)
        .with_delivery(Delivery::NotSent)
        .with_attempts(0)
        .with_detail(differences.join("; "))
}

/// Nothing was sent that could change a key.
fn not_compared(error: RevokeError) -> RevokeError {
    let provider = error.provider().to_owned();
    if error.kind() == ErrorKind::Unsupported {
        let why = "ask about this key, so that what is expected of it cannot be compared";
        return unsupported(provider, why).into_live();
    }
    match error.kind() {
        // Dead, or never there: either way not the key that is meant.
        ErrorKind::NotFound => error.with_delivery(Delivery::NotSent),
        _ => error.into_live(),
    }
}
