//! Certainty on both sides of a call: looking before a key is revoked, and after.

use std::collections::HashSet;
use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use crate::ask::{Acceptance, Found, unsupported};
use crate::checks::{Attestation, Checks, Verification};
use crate::client::{Core, OneCall};
use crate::erased::ErasedKey;
use crate::key::KeyRef;
use crate::key_info::{KeyInfo, KeyStatus};
use crate::outcome::{
    Delivery, Disposition, ErrorKind, Evidence, KeyState, Revocation, RevokeError, RevokeResult,
};
use crate::provider::{About, IdsReused, Repeat};
use crate::within::{ENDED, Within, unless};

/// What was seen before anything was sent.
#[derive(Default)]
struct Before {
    listed: Option<KeyInfo>,
    secret_accepted: bool,
}

impl Before {
    /// Does anything that was seen say that the key worked?
    fn saw_it_live(&self) -> bool {
        self.secret_accepted
            || self
                .listed
                .as_ref()
                .is_some_and(|info| info.state() == KeyState::Live)
    }
}

/// What was seen since.
#[derive(Default)]
struct Since {
    secret_accepted: bool,
    /// The last look found the key to be gone, and these others.
    absent: Option<HashSet<KeyRef>>,
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

impl Core {
    pub(crate) async fn revoke_checked(
        &self,
        key: &dyn ErasedKey,
        within: &Within<'_>,
        checks: &Checks,
    ) -> RevokeResult {
        // Whatever a look refuses says nothing of an earlier call that may have been carried out.
        let refuse = |error: RevokeError| {
            if within.in_doubt {
                error.into_doubt()
            } else {
                error
            }
        };
        // Before the looks, too: what is refused sends nothing at all.
        self.check_more().map_err(|problem| refuse(problem.into()))?;
        let looked = unless(within.finished(), self.look_before(key, within, checks)).await;
        let before = looked
            .unwrap_or_else(|| Err(ended(self.about())))
            .map_err(refuse)?;
        if let Some(info) = before.listed.as_ref().filter(|info| self.is_done(info))
            // What an attacker can use is not dead, whatever a list says.
            && !before.secret_accepted
        {
            // We would rather send nothing.
            return Ok(listed_dead(self.about(), info));
        }
        let call = OneCall::new(self, key, *within);
        let result = call.run_until(call.ended()).await;
        let attestation = checks.attestation.as_ref().filter(|_| !before.saw_it_live());
        let result = attested(self.about(), result, attestation);
        let Some(verification) = &checks.verification else {
            return result;
        };
        let result = self.verify(key, within, verification, &before, result).await;
        let secret = verification.secret.as_ref().or(key.secret());
        let untried = secret.is_some_and(|secret| !self.can_probe(secret));
        if untried {
            with_words(result, UNTRIED)
        } else {
            result
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
    async fn look_before(
        &self,
        key: &dyn ErasedKey,
        within: &Within<'_>,
        checks: &Checks,
    ) -> Result<Before, RevokeError> {
        if !checks.own {
            self.refuse_own(key).await?;
        }
        let wanted = checks.expectation.as_ref().filter(|wanted| !wanted.is_empty());
        let can_help = within.in_doubt || checks.verification.is_some();
        let mut before = Before::default();
        if wanted.is_some() || (can_help && !key.find().is_empty()) {
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
        let verification = checks.verification.as_ref();
        if let Some(secret) = verification.and_then(|check| check.secret.as_ref().or(key.secret())) {
            let accepted = self.probe(secret).await;
            before.secret_accepted = accepted.is_ok_and(|accepted| accepted == Acceptance::Accepted);
        }
        Ok(before)
    }

    /// A key that revokes itself leaves nobody who could look; the caller must have meant it.
    async fn refuse_own(&self, key: &dyn ErasedKey) -> Result<(), RevokeError> {
        let mut is_own = self.is_own(key);
        if !is_own && self.provider.whoami().is_some() {
            let own = self.whoami().await.ok().flatten();
            is_own = own.is_some_and(|own| own.key().key() == key.to_string());
        }
        if !is_own {
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
        key: &dyn ErasedKey,
        within: &Within<'_>,
        verification: &Verification,
        before: &Before,
        mut result: RevokeResult,
    ) -> RevokeResult {
        // Nothing was changed, or the alarm is about another key: there is nothing to look for.
        let is_over = |error: &RevokeError| {
            error.key_state() == KeyState::Live || error.kind() == ErrorKind::WrongObject
        };
        if result.as_ref().err().is_some_and(is_over) {
            return result;
        }
        let began = Instant::now();
        let end = began + verification.budget(self.about().propagation);
        let (mut pause, mut since) = (FIRST_PAUSE, Since::default());
        let mut listed = false;
        let accepted = loop {
            let look = self.look_after(key, within, verification, before, &mut since, &result);
            let look = unless(within.abandoned(), timeout_at(self.end_of_look(end), look)).await;
            let accepted = matches!(look, Some(Ok(Look::Accepted)));
            match look {
                Some(Ok(Look::Dead(evidence))) => {
                    return Ok(confirmed(self.about(), result, before, evidence)
                        .with_verified_after(began.elapsed()));
                }
                // Its own answer was good, and is looked after like any other.
                Some(Ok(Look::Killed(dead))) => result = Ok(*dead),
                Some(Ok(Look::Blind)) => return result,
                Some(Ok(Look::Listed)) => listed = true,
                _ => {}
            }
            // The last look is at the end of the time, and not before: until then the key may die.
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() || within.is_ended() {
                break accepted && left.is_zero();
            }
            within.sleep(pause.min(left)).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        };
        match result {
            result if accepted => Err(still(
                self.about(),
                ErrorKind::StillAccepted,
                KeyState::Live,
                result,
            )),
            Ok(dead) if since.secret_accepted => Err(still(
                self.about(),
                ErrorKind::StillAccepted,
                KeyState::Unknown,
                Ok(dead),
            )),
            Ok(dead) if listed => Err(still(
                self.about(),
                ErrorKind::StillListed,
                KeyState::Unknown,
                Ok(dead),
            )),
            result => result,
        }
    }

    /// A look changes nothing, so that it may be given up; but one attempt is always given its time.
    fn end_of_look(&self, end: Instant) -> Instant {
        end.max(Instant::now() + self.attempt_timeout)
    }

    /// The secret tells most: it is what an attacker would try. Then the provider's list, then a repeat.
    async fn look_after(
        &self,
        key: &dyn ErasedKey,
        within: &Within<'_>,
        verification: &Verification,
        before: &Before,
        since: &mut Since,
        result: &RevokeResult,
    ) -> Look {
        let mut blind = true;
        if let Some(secret) = verification.secret.as_ref().or(key.secret()) {
            match self.probe(secret).await {
                Ok(Acceptance::Accepted) => {
                    since.secret_accepted = true;
                    return Look::Accepted;
                }
                Ok(Acceptance::Refused) if before.secret_accepted || since.secret_accepted => {
                    if result.is_ok() || self.accepts_us(key, secret).await {
                        return Look::Dead(Evidence::SecretRefused);
                    }
                    blind = false;
                }
                // Of a secret that was never seen to work, a refusal says nothing of this key.
                Ok(Acceptance::Refused) => {}
                // It worked after the revocation, and nothing but its refusal outweighs that.
                Err(_) if since.secret_accepted => return Look::Silent,
                Err(error) => blind &= error.kind() == ErrorKind::Unsupported,
            }
        }
        if !key.find().is_empty() {
            let absent = since.absent.take();
            match self.look_up(key).await {
                Ok(Found::Key(info)) if self.is_done(&info) => {
                    return Look::Dead(Evidence::ReadBack);
                }
                Ok(Found::Key(info)) if is_successor(self.about(), before, &info) => {
                    return Look::Dead(Evidence::ReadBack);
                }
                Ok(Found::Key(info)) if info.state() == KeyState::Live || self.deletion.is_some() => {
                    return Look::Listed;
                }
                // Absent now, and seen there before by this very call. A list that lags, or that changed while it was
                // read, can hide a key that is there: where nothing else speaks of its death, it has to be absent twice,
                // with nobody else come or gone between.
                Ok(Found::Absent(others)) if before.listed.is_some() => {
                    if result.is_ok() || absent.as_ref() == Some(&others) {
                        return Look::Dead(Evidence::ReadBack);
                    }
                    since.absent = Some(others);
                    blind = false;
                }
                Ok(Found::Absent(_)) => {}
                Ok(Found::Key(_)) | Err(_) => blind = false,
            }
        }
        if self.about().may_repeat() == Repeat::Conclusive {
            let within = Within {
                in_doubt: true,
                ..*within
            };
            let call = OneCall::new(self, key, within);
            let missing = |error: &RevokeError| error.kind() == ErrorKind::NotFound;
            return match call.run_until(call.ended()).await {
                Ok(dead) if dead.disposition() == Disposition::AlreadyRevoked => Look::Dead(Evidence::Repeat),
                Ok(dead) if result.is_err() => Look::Killed(Box::new(dead)),
                // The same answer again: another repeat would get it, too.
                Err(error) if blind && missing(&error) && result.as_ref().is_err_and(missing) => Look::Blind,
                _ => Look::Silent,
            };
        }
        if blind { Look::Blind } else { Look::Silent }
    }
}

/// Is this a later key, which got the id of the one that was there before?
fn is_successor(about: &About, before: &Before, info: &KeyInfo) -> bool {
    let known = before.listed.as_ref().and_then(KeyInfo::created_at);
    about.ids_reused.0 == IdsReused::Possible
        && known.is_some_and(|known| info.created_at().is_some_and(|created| created > known))
}

/// Said of a call that was given a secret to try.
const UNTRIED: &str = "the secret was not tried: the provider publishes no way to try one of this form";

/// The same, with words of ours beside the provider's.
fn with_words(result: RevokeResult, words: &str) -> RevokeResult {
    let beside = |known: Option<&str>| known.map_or(words.to_owned(), |known| format!("{known}; {words}"));
    match result {
        Ok(dead) => {
            let detail = beside(dead.detail());
            Ok(dead.with_detail(detail))
        }
        Err(error) => {
            let detail = beside(error.detail());
            Err(error.with_detail(detail))
        }
    }
}

/// The provider lists the key as dead, and nothing was sent.
fn listed_dead(about: &About, info: &KeyInfo) -> Revocation {
    let dead = Revocation::new(about.name, Disposition::AlreadyRevoked, [Evidence::ReadBack]);
    dead.with_attempts(0)
        .with_reversible(info.status() == KeyStatus::Inactive)
        .with_propagation(about.propagation)
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
            let dead = dead.with_propagation(about.propagation);
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
                .with_propagation(about.propagation)
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

/// The run was ended while the key was looked at.
fn ended(about: &About) -> RevokeError {
    RevokeError::new(about.name, ErrorKind::Cancelled, KeyState::Live)
        .with_delivery(Delivery::NotSent)
        .with_attempts(0)
        .with_detail(ENDED)
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
