//! Behaviour seen at real servers that are not providers yet (Medusa 2.21), replayed by rule sets of the tests, and
//! what the rule language makes of it. Medusa writes times as text; here they are UNIX seconds, as at Devin.

use crate::answer::{Attempt, Body};
use crate::golden::{NOW, answer};
use crate::outcome::{ErrorKind, KeyState};
use crate::verdict::{
    ALREADY_REVOKED, Expect, Meaning, Member, REVOKED, Rule, SCHEDULED, WRONG_OBJECT, on, verdict,
};

/// `POST /admin/api-keys/{id}/revoke`, which takes a `revoke_in` and calls a planned death revoked.
const MEDUSA: &[Rule] = &[
    on(200, REVOKED).with(Expect::Object(&[
        Member::IsParameter("id", "id"),
        Member::IsText("revoked_by"),
        Member::NullOrPast("revoked_at"),
    ])),
    on(200, SCHEDULED).with(Expect::Object(&[
        Member::IsParameter("id", "id"),
        Member::Future("revoked_at"),
    ])),
    on(200, WRONG_OBJECT).with(Expect::Object(&[Member::IsNotParameter("id", "id")])),
    on(400, ALREADY_REVOKED).with(Expect::Object(&[Member::Is("type", "already_revoked")])),
];

fn medusa(status: u16, headers: &[(&str, &str)], body: &str) -> Meaning {
    let headers = [headers, &[("content-type", "application/json")]].concat();
    let attempt: Attempt = answer(status, &headers, Body::Complete(body.into()));
    verdict(MEDUSA, &[("id", "key-1".to_owned())], &attempt).meaning
}

fn revoked_at(id: &str, time: u64) -> String {
    format!(r#"{{"id":"{id}","revoked_by":"user-1","revoked_at":{time}}}"#)
}

#[test]
fn row_050_a_death_that_is_planned_leaves_the_key_live() {
    for (in_seconds, meaning) in [
        (0, REVOKED),
        (300, REVOKED),
        (301, SCHEDULED),
        (1_000_000, SCHEDULED),
    ] {
        assert_eq!(
            medusa(200, &[], &revoked_at("key-1", NOW + in_seconds)),
            meaning,
            "{in_seconds}"
        );
    }
    // The answer's own clock decides, not ours: by it an hour has passed since.
    let an_hour_later = [("date", "Sun, 22 Nov 2026 01:00:00 GMT")];
    assert_eq!(
        medusa(200, &an_hour_later, &revoked_at("key-1", NOW + 3600)),
        REVOKED
    );
    assert_eq!(
        medusa(
            200,
            &[],
            r#"{"id":"key-1","revoked_by":"user-1","revoked_at":"soon"}"#
        ),
        Meaning::Not(ErrorKind::UnexpectedAnswer, KeyState::Unknown)
    );
}

#[test]
fn row_051_an_empty_object_for_an_unknown_id_proves_nothing() {
    let unexpected = Meaning::Not(ErrorKind::UnexpectedAnswer, KeyState::Unknown);
    assert_eq!(medusa(200, &[], "{}"), unexpected);
    assert_eq!(medusa(200, &[], r#"{"api_key":{}}"#), unexpected);
}

#[test]
fn row_052_an_answer_about_another_key_is_an_alarm() {
    for time in [NOW - 1, NOW + 1000] {
        assert_eq!(
            medusa(200, &[], &revoked_at("key-2", time)),
            Meaning::Not(ErrorKind::WrongObject, KeyState::Unknown)
        );
    }
}

#[test]
fn row_060_a_400_is_a_death_by_its_type_and_never_by_its_words() {
    let words = "There are 1 secret keys that are already revoked.";
    let body = |kind: &str| format!(r#"{{"type":"{kind}","message":"{words}"}}"#);
    assert_eq!(medusa(400, &[], &body("already_revoked")), ALREADY_REVOKED);
    // What Medusa really sends: it says the same of a key whose death is only planned.
    let refused = Meaning::Not(ErrorKind::Rejected, KeyState::Live);
    assert_eq!(medusa(400, &[], &body("not_allowed")), refused);
    assert_eq!(medusa(400, &[], &format!(r#"{{"message":"{words}"}}"#)), refused);
    for provider in crate::providers::ways() {
        let parameters = provider
            .entry()
            .parameters(&(provider.entry().fake().key)(1))
            .unwrap();
        let rules = provider.entry().about().rules;
        for kind in ["already_revoked", "not_allowed", "ApiKey.AlreadyRevoked"] {
            let headers = [("content-type", "application/json")];
            let attempt = answer(400, &headers, Body::Complete(body(kind).into()));
            assert_eq!(
                verdict(rules, &parameters, &attempt).meaning,
                refused,
                "{}",
                provider.name()
            );
        }
    }
}
