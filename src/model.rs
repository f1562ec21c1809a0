//! Every way in which one call can go, checked exhaustively: the real loop, the real memory and the real tables
//! of every provider, against a world that loses requests and answers, delivers twice and late, hides a foreign
//! tenant's key behind a 404, gives freed ids to other keys, and has a second administrator.
//!
//! What the world cannot do is part of the claim. A refusal (401, 422, 429) comes from in front of whatever
//! delivers twice; [`Place::Behind`] shows that no client could stand the other order. A dead key stays dead:
//! nobody brings the same key back.

use stateright::{Checker, HasDiscoveries, Model, Property};

use crate::answer::{Attempt, Body, Failure, FailureReason};
use crate::fakes::Case;
use crate::golden::answer;
use crate::outcome::{Delivery, Disposition, ErrorKind, Evidence, KeyState};
use crate::provider::{About, IdsReused, Repeat};
use crate::providers::ProviderInfo;
use crate::replay::{Then, replay, said};
use crate::retry::{Attempted, Memory, RetryPolicy, conclude_early};
use crate::verdict::{Again, Meaning, Verdict, verdict};

const DEAD: &str = "dead is never a lie";
const LIVE: &str = "live is never said if an attempt of this call was or will be carried out";
const OTHER: &str = "no other key dies by a repeat where ids may be re-used";
const BOUND: &str = "at most two ambiguous sends and five attempts";

/// What the call hears of an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Heard {
    NotSent,
    /// Nothing, until the attempt times out.
    Nothing,
    Revoked,
    AlreadyRevoked,
    NotFound,
    RateLimited,
    Unauthenticated,
    Rejected,
    /// A gateway's 503, whatever happened behind it.
    Failed,
    /// A captive portal's 200.
    Portal,
}

const ALL: [Heard; 10] = {
    use Heard::*;
    [
        NotSent,
        Nothing,
        Revoked,
        AlreadyRevoked,
        NotFound,
        RateLimited,
        Unauthenticated,
        Rejected,
        Failed,
        Portal,
    ]
};

/// The rules under which the call judges: ours, or one of those that look reasonable and are wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Rule {
    Ours,
    NotFoundIsDead,
    /// No answer means that nothing happened.
    SilenceIsNotSent,
    /// The last answer decides alone.
    LastAnswerDecides,
    /// Revoking twice never hurts.
    RepeatAnywhere,
}

/// Where refusals come from, seen from whatever delivers twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    InFront,
    Behind,
}

struct OneCall {
    repeat: Repeat,
    ids_reused: bool,
    refusals: Place,
    rule: Rule,
    verdicts: Vec<(Heard, Attempted)>,
}

impl OneCall {
    fn new(provider: &ProviderInfo, ids_reused: IdsReused, rule: Rule) -> Self {
        let about = About {
            ids_reused: (ids_reused, "the model's"),
            ..*provider.entry().about()
        };
        let judged = |heard| (heard, judged(provider, &about, rule, heard));
        Self {
            repeat: if rule == Rule::RepeatAnywhere {
                Repeat::Conclusive
            } else {
                about.may_repeat()
            },
            ids_reused: ids_reused == IdsReused::Possible,
            refusals: Place::InFront,
            rule,
            verdicts: ALL.map(judged).to_vec(),
        }
    }

    fn script(&self, heard: &[(Heard, Then)]) -> Vec<(Attempted, Then)> {
        let judged = |wanted| {
            self.verdicts
                .iter()
                .find(|(heard, _)| *heard == wanted)
                .unwrap()
                .1
        };
        heard
            .iter()
            .map(|(heard, then)| (judged(*heard), *then))
            .collect()
    }

    /// What the loop does after all that was heard.
    fn go_on(&self, state: &mut State) {
        let ended = replay(RetryPolicy::immediate(), self.repeat, &self.script(&state.heard));
        state.phase = match ended {
            None => Phase::Asks,
            Some(mut ended) => {
                ended.in_doubt &= self.rule != Rule::LastAnswerDecides;
                self.end(state, said(&ended));
                return;
            }
        };
    }

    /// How the call got there matters no more, and is left out so that fewer states differ.
    fn end(&self, state: &mut State, said: KeyState) {
        state.heard.clear();
        state.phase = Phase::Ended(said);
    }

    /// What the loop would keep in mind if it were ended from outside now.
    fn in_doubt(&self, state: &State) -> bool {
        let mut memory = Memory::default();
        for (attempted, _) in self.script(&state.heard) {
            memory.record(&attempted.verdict);
        }
        memory.ambiguous > 0
    }
}

/// The real verdict on the provider's real answer, unless the rule is a wrong one.
fn judged(provider: &ProviderInfo, about: &About, rule: Rule, heard: Heard) -> Attempted {
    let fake = provider.entry().fake();
    let parameters = provider.entry().parameters(&(fake.key)(1)).unwrap();
    let provider_says = |case| (fake.answer)(case, &parameters).answered();
    let failure = |reason| Failure {
        reason,
        message: String::new(),
    };
    let bare = |status| answer(status, &[], Body::Complete(Vec::new()));
    let attempt = match heard {
        Heard::NotSent => Attempt::NotSent(failure(FailureReason::Connect)),
        Heard::Nothing => Attempt::MaybeSent(failure(FailureReason::Timeout)),
        Heard::Revoked => provider_says(Case::Revoked),
        Heard::AlreadyRevoked => provider_says(Case::Again),
        Heard::NotFound => provider_says(Case::Unknown),
        Heard::Unauthenticated => provider_says(Case::Unauthenticated),
        Heard::RateLimited => bare(429),
        Heard::Rejected => bare(422),
        Heard::Failed => bare(503),
        Heard::Portal => answer(
            200,
            &[("content-type", "text/html")],
            Body::Complete(b"<html>".to_vec()),
        ),
    };
    let mut verdict = verdict(about.rules, &parameters, &attempt);
    match (rule, verdict.meaning) {
        (Rule::NotFoundIsDead, Meaning::Not(ErrorKind::NotFound, _)) => {
            verdict.meaning = Meaning::Dead(Disposition::AlreadyRevoked, Evidence::InferredAnswer);
        }
        (Rule::SilenceIsNotSent, Meaning::Not(ErrorKind::NoAnswer, _)) => {
            verdict = Verdict {
                meaning: Meaning::Not(ErrorKind::NotSent, KeyState::Live),
                again: Again::Untouched,
            };
        }
        _ => {}
    }
    Attempted {
        verdict,
        delivery: match attempt {
            Attempt::NotSent(_) => Delivery::NotSent,
            Attempt::MaybeSent(_) => Delivery::MaybeSent,
            Attempt::Answered(_) => Delivery::Answered,
        },
        retry_after: None,
        refused: heard == Heard::Unauthenticated,
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Phase {
    /// The loop asks for an attempt.
    Asks,
    Waits {
        /// Sent after an attempt of which nobody knows whether it was carried out.
        repeat: bool,
        /// Copies of the request that are under way; more than one where something delivers twice.
        copies: u8,
        /// The request is past the point where it could be refused.
        passed: bool,
    },
    Ended(KeyState),
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct State {
    /// The id is another tenant's, or mistyped: the key that is meant lives, and nothing we send reaches it.
    foreign: bool,
    heard: Vec<(Heard, Then)>,
    attempts: u8,
    ambiguous: u8,
    phase: Phase,
    /// Is the key that is meant live?
    ours: bool,
    /// The next key that got the freed id, and whether it is live.
    other: Option<bool>,
    /// Copies of given-up attempts that are still under way: of first ones, of repeats.
    late: [u8; 2],
    duplicated: bool,
    /// A request of this call killed the key that is meant.
    carried_out: bool,
    /// A repeat of this call killed another key.
    hit_other: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Action {
    NeverLeaves(Then),
    Leaves,
    IsDuplicated,
    IsRefused(Heard, Then),
    IsAnswered(Then),
    AnswerIsLost,
    GatewayAnswers(Heard, Then),
    TimesOut(Then),
    ArrivesLate { repeat: bool },
    IsEndedFromOutside,
    AdministratorRevokes,
    AdministratorReissues,
}

impl OneCall {
    /// The provider gets one copy; what it answers.
    fn arrives(&self, state: &mut State, repeat: bool) -> Heard {
        if state.foreign {
            return Heard::NotFound;
        }
        match state.other {
            Some(true) => {
                state.other = Some(false);
                state.hit_other |= repeat;
                Heard::Revoked
            }
            None if state.ours => {
                (state.ours, state.carried_out) = (false, true);
                Heard::Revoked
            }
            _ => Heard::AlreadyRevoked,
        }
    }

    /// The attempt is over for the call; its copies may still arrive.
    fn hears(&self, state: &mut State, heard: Heard, then: Then) {
        if let Phase::Waits { repeat, copies, .. } = state.phase {
            state.late[usize::from(repeat)] += copies;
        }
        state.heard.push((heard, then));
        state.attempts += 1;
        state.ambiguous += u8::from(is_ambiguous(heard));
        self.go_on(state);
    }
}

impl Model for OneCall {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        let begin = |foreign| State {
            foreign,
            heard: Vec::new(),
            attempts: 0,
            ambiguous: 0,
            phase: Phase::Asks,
            ours: true,
            other: None,
            late: [0, 0],
            duplicated: false,
            carried_out: false,
            hit_other: false,
        };
        vec![begin(false), begin(true)]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        use Action::*;
        let thens = [
            Then::GoesOn,
            Then::TimeRunsOut,
            Then::TimeRunsOutInThePause,
            Then::NothingIsLeft,
        ];
        let refusals = [Heard::RateLimited, Heard::Unauthenticated, Heard::Rejected];
        match state.phase {
            Phase::Asks => {
                actions.extend([Leaves, IsEndedFromOutside]);
                actions.extend(thens.map(NeverLeaves));
            }
            Phase::Waits { copies, passed, .. } => {
                actions.push(IsEndedFromOutside);
                let refusable = match self.refusals {
                    Place::InFront => !passed,
                    Place::Behind => copies > 0,
                };
                for then in thens {
                    actions.extend([TimesOut(then), GatewayAnswers(Heard::Failed, then)]);
                    actions.push(GatewayAnswers(Heard::Portal, then));
                    if refusable {
                        actions.extend(refusals.map(|heard| IsRefused(heard, then)));
                    }
                    if copies > 0 {
                        actions.push(IsAnswered(then));
                    }
                }
                if copies > 0 {
                    actions.push(AnswerIsLost);
                    if !state.duplicated {
                        actions.push(IsDuplicated);
                    }
                }
            }
            Phase::Ended(_) => {}
        }
        for repeat in [false, true] {
            if state.late[usize::from(repeat)] > 0 {
                actions.push(ArrivesLate { repeat });
            }
        }
        if state.ours {
            actions.push(AdministratorRevokes);
        } else if state.other.is_none() && self.ids_reused && !state.foreign {
            actions.push(AdministratorReissues);
        }
    }

    fn next_state(&self, last: &State, action: Action) -> Option<State> {
        let mut state = last.clone();
        match (action, &mut state.phase) {
            (Action::NeverLeaves(then), _) => self.hears(&mut state, Heard::NotSent, then),
            (Action::Leaves, phase) => {
                let repeat = last.heard.iter().any(|(heard, _)| is_ambiguous(*heard));
                *phase = Phase::Waits {
                    repeat,
                    copies: 1,
                    passed: false,
                };
            }
            (Action::IsDuplicated, Phase::Waits { copies, passed, .. }) => {
                (*copies, *passed, state.duplicated) = (*copies + 1, true, true);
            }
            (Action::IsRefused(heard, then), Phase::Waits { copies, .. }) => {
                *copies -= 1;
                self.hears(&mut state, heard, then);
            }
            (Action::IsAnswered(then), Phase::Waits { repeat, copies, .. }) => {
                *copies -= 1;
                let repeat = *repeat;
                let heard = self.arrives(&mut state, repeat);
                self.hears(&mut state, heard, then);
            }
            (
                Action::AnswerIsLost,
                Phase::Waits {
                    repeat,
                    copies,
                    passed,
                },
            ) => {
                (*copies, *passed) = (*copies - 1, true);
                let repeat = *repeat;
                self.arrives(&mut state, repeat);
            }
            (Action::GatewayAnswers(heard, then), _) => self.hears(&mut state, heard, then),
            (Action::TimesOut(then), _) => self.hears(&mut state, Heard::Nothing, then),
            (Action::ArrivesLate { repeat }, _) => {
                state.late[usize::from(repeat)] -= 1;
                self.arrives(&mut state, repeat);
            }
            (Action::IsEndedFromOutside, _) => {
                if let Phase::Waits { repeat, copies, .. } = last.phase {
                    state.late[usize::from(repeat)] += copies;
                }
                let in_flight = matches!(last.phase, Phase::Waits { .. });
                self.end(&mut state, conclude_early(in_flight, self.in_doubt(last)));
            }
            (Action::AdministratorRevokes, _) => state.ours = false,
            (Action::AdministratorReissues, _) => state.other = Some(true),
            _ => return None,
        }
        Some(state)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        fn says(state: &State, wanted: KeyState) -> bool {
            state.phase == Phase::Ended(wanted)
        }
        vec![
            Property::always(DEAD, |_, state| !(says(state, KeyState::Dead) && state.ours)),
            Property::always(LIVE, |_, state| {
                !(says(state, KeyState::Live) && state.carried_out)
            }),
            Property::always(OTHER, |_, state: &State| !state.hit_other),
            Property::always(BOUND, |_, state: &State| {
                state.ambiguous <= 2 && state.attempts <= 5
            }),
            // Else the others could hold because nothing happens.
            Property::sometimes("dead is said", |_, state| says(state, KeyState::Dead)),
            Property::sometimes("live is said", |_, state| says(state, KeyState::Live)),
            Property::sometimes("unknown is said", |_, state| says(state, KeyState::Unknown)),
            Property::sometimes("five attempts are made", |_, state: &State| state.attempts == 5),
        ]
    }

    fn within_boundary(&self, state: &State) -> bool {
        state.attempts <= 6 // a wrong rule may never end
    }
}

/// After this nobody but the provider knows whether the attempt was carried out.
fn is_ambiguous(heard: Heard) -> bool {
    matches!(heard, Heard::Nothing | Heard::Failed | Heard::Portal)
}

fn provider(name: &str) -> &'static ProviderInfo {
    crate::provider(name).unwrap()
}

#[test]
fn every_way_a_call_can_go_keeps_the_promise() {
    let mut checked = Vec::new();
    for provider in crate::providers::ways() {
        for ids_reused in [IdsReused::No, IdsReused::Possible] {
            let call = OneCall::new(provider, ids_reused, Rule::Ours);
            // Providers whose answers mean the same share one check.
            let meanings = call.verdicts.iter().map(|(_, attempted)| attempted.verdict);
            let states = meanings.map(|verdict| match verdict.meaning {
                Meaning::Dead(..) => (KeyState::Dead, verdict.again),
                Meaning::Not(_, state) => (state, verdict.again),
            });
            let kind = (call.repeat, ids_reused, states.collect::<Vec<_>>());
            if checked.contains(&kind) {
                continue;
            }
            let checker = call.checker().threads(2).spawn_bfs().join();
            let states = checker.unique_state_count();
            println!(
                "{}, repeat {:?}, ids re-used {ids_reused:?}: {states} states",
                provider.name(),
                kind.0
            );
            for property in [DEAD, LIVE, OTHER, BOUND] {
                checker.assert_no_discovery(property);
            }
            // Where no answer is a proof, dead is never said.
            if provider.can_confirm() {
                checker.assert_properties();
            }
            checked.push(kind);
        }
    }
    assert!(
        [Repeat::Never, Repeat::Harmless, Repeat::Conclusive]
            .iter()
            .all(|repeat| checked.iter().any(|(checked, ..)| checked == repeat))
    );
}

#[test]
fn rules_that_look_reasonable_are_refuted() {
    for (rule, name, property) in [
        (Rule::NotFoundIsDead, "dolfin", DEAD),
        (Rule::NotFoundIsDead, "devin", DEAD),
        (Rule::NotFoundIsDead, "sinjapp", DEAD),
        (Rule::SilenceIsNotSent, "devin", LIVE),
        (Rule::SilenceIsNotSent, "devin", BOUND),
        (Rule::LastAnswerDecides, "dolfin", LIVE),
        (Rule::RepeatAnywhere, "sinjapp", OTHER),
    ] {
        let provider = provider(name);
        let call = OneCall::new(provider, provider.entry().about().ids_reused.0, rule);
        let found = HasDiscoveries::AnyOf([property].into());
        let checker = call.checker().finish_when(found).spawn_bfs().join();
        let refutation = checker.assert_any_discovery(property);
        println!("{rule:?} at {name}, refuted: {:?}", refutation.into_actions());
    }
}

#[test]
fn a_limiter_behind_something_that_delivers_twice_defeats_every_client() {
    // The first copy kills, its answer is lost, the second is refused: the call sees one 429 and nothing else.
    // It is the price of "429 leaves the key untouched", without which no rate limit could be waited out.
    let mut call = OneCall::new(provider("dolfin"), IdsReused::No, Rule::Ours);
    call.refusals = Place::Behind;
    let found = HasDiscoveries::AnyOf([LIVE].into());
    let checker = call.checker().finish_when(found).spawn_bfs().join();
    checker.assert_any_discovery(LIVE);
}
