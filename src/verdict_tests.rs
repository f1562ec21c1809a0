//! Each condition of the rule language, on both sides of what it asks for.

use reqwest::header::HeaderMap;
use serde_json::{Value, json};

use super::*;

/// The answer came at this moment, with this status, for this key.
const NOW: u64 = 1_000_000;
const STATUS: u16 = 409;
const KEY: &str = "key-1";

fn holds(member: Member, body: &Value) -> bool {
    let received = SystemTime::UNIX_EPOCH + Duration::from_secs(NOW);
    let answer = Answer::new(STATUS, HeaderMap::new(), Body::Complete(Vec::new()), received);
    let text = body.to_string();
    let tree = Tree::parse(text.as_bytes()).unwrap();
    member.holds(
        tree.as_object().unwrap(),
        &answer,
        CLOCK_SKEW,
        &[("other", "x".into()), ("id", KEY.into())],
    )
}

fn all_hold(member: Member, bodies: &[Value]) {
    for body in bodies {
        assert!(holds(member, body), "{member:?}: {body}");
    }
}

fn none_holds(member: Member, bodies: &[Value]) {
    for body in bodies {
        assert!(!holds(member, body), "{member:?}: {body}");
    }
}

#[test]
fn a_member_is_of_its_type_and_value() {
    let member = Member::Is("m", "a");
    all_hold(member, &[json!({"m": "a", "n": 1})]);
    none_holds(
        member,
        &[
            json!({}),
            json!({"m": "b"}),
            json!({"m": ["a"]}),
            json!({"n": "a"}),
        ],
    );
    let member = Member::IsOther("m", "a");
    all_hold(member, &[json!({"m": "b"}), json!({"m": "A"}), json!({"m": ""})]);
    none_holds(
        member,
        &[json!({}), json!({"m": "a"}), json!({"m": 1}), json!({"m": null})],
    );
    let member = Member::IsBool("m", false);
    all_hold(member, &[json!({"m": false})]);
    none_holds(
        member,
        &[
            json!({}),
            json!({"m": true}),
            json!({"m": "false"}),
            json!({"m": 0}),
        ],
    );
    let member = Member::IsText("m");
    all_hold(member, &[json!({"m": ""})]);
    none_holds(member, &[json!({}), json!({"m": 1}), json!({"m": null})]);
    let (list, object) = (json!({"m": []}), json!({"m": {}}));
    all_hold(Member::IsList("m"), std::slice::from_ref(&list));
    none_holds(
        Member::IsList("m"),
        &[json!({}), json!({"m": "[]"}), object.clone()],
    );
    all_hold(Member::IsObject("m"), std::slice::from_ref(&object));
    none_holds(Member::IsObject("m"), &[json!({}), json!({"m": "{}"}), list]);
    let member = Member::Says("m", "gone");
    all_hold(member, &[json!({"m": "gone"}), json!({"m": "It is GONE."})]);
    none_holds(
        member,
        &[json!({}), json!({"m": "going"}), json!({"m": ["gone"]})],
    );
}

#[test]
fn an_answer_is_about_our_key_or_another_or_says_nothing_of_it() {
    let (ours, other) = (Member::IsParameter("m", "id"), Member::IsNotParameter("m", "id"));
    all_hold(ours, &[json!({"m": KEY})]);
    none_holds(
        ours,
        &[
            json!({}),
            json!({"m": "x"}),
            json!({"m": "KEY-1"}),
            json!({"m": 1}),
        ],
    );
    all_hold(
        other,
        &[json!({"m": "x"}), json!({"m": "KEY-1"}), json!({"m": ""})],
    );
    none_holds(
        other,
        &[json!({}), json!({"m": KEY}), json!({"m": 1}), json!({"m": null})],
    );
    let (ours, other) = (Member::EndsWith("m", "id"), Member::EndsWithOther("m", "id"));
    let of_ours = [
        json!({"m": format!("keys/{KEY}")}),
        json!({"m": format!("/a/{KEY}")}),
    ];
    let of_others = [
        json!({"m": KEY}),
        json!({"m": format!("keys/{KEY}/")}),
        json!({"m": format!("keys/x{KEY}")}),
        json!({"m": format!("{KEY}/x")}),
        json!({"m": ""}),
    ];
    let neither = [json!({}), json!({"m": 1}), json!({"m": null})];
    all_hold(ours, &of_ours);
    all_hold(other, &of_others);
    none_holds(ours, &of_others);
    none_holds(other, &of_ours);
    none_holds(ours, &neither);
    none_holds(other, &neither);
}

#[test]
fn a_time_has_passed_or_is_to_come_with_some_minutes_for_the_clocks() {
    let (past, future) = (Member::NullOrPast("m"), Member::Future("m"));
    let passed = [json!({"m": 0}), json!({"m": NOW}), json!({"m": NOW + 300})];
    let to_come = [json!({"m": NOW + 301}), json!({"m": u64::MAX})];
    let neither = [json!({}), json!({"m": -1}), json!({"m": 1.5}), json!({"m": "0"})];
    all_hold(past, &passed);
    all_hold(past, &[json!({"m": null})]);
    all_hold(future, &to_come);
    none_holds(past, &to_come);
    none_holds(future, &passed);
    none_holds(future, &[json!({"m": null})]);
    none_holds(past, &neither);
    none_holds(future, &neither);
}

#[test]
fn a_problem_has_a_documented_member_and_does_not_contradict_the_status() {
    all_hold(
        Member::ProblemDetails,
        &[
            json!({"title": "t", "more": 1}),
            json!({"detail": null}),
            json!({"status": STATUS}),
            json!({"status": "409", "type": "about:blank"}),
            json!({"status": null, "instance": "/x"}),
        ],
    );
    none_holds(
        Member::ProblemDetails,
        &[
            json!({}),
            json!({"more": 1}),
            json!({"title": 1}),
            json!({"title": "t", "detail": []}),
            json!({"title": "t", "status": 404}),
            json!({"status": "404"}),
            json!({"status": true}),
        ],
    );
}

#[test]
fn a_code_is_found_among_words_and_another_is_not_overlooked() {
    let has = Member::HasCode(&["title", "detail"], "Key.Dead");
    all_hold(
        has,
        &[
            json!({"title": "Key.Dead"}),
            json!({"title": "x", "detail": "error Key.Dead: gone"}),
        ],
    );
    none_holds(
        has,
        &[
            json!({}),
            json!({"title": "Key.Deadly"}),
            json!({"title": "Key.Locked"}),
            json!({"type": "Key.Dead"}),
        ],
    );
    let no_other = Member::NoOtherCode(&["title", "type", "detail"], "Key.Dead");
    all_hold(
        no_other,
        &[
            json!({}),
            json!({"title": "Key.Dead", "detail": "see docs.example.org"}),
            json!({"type": "https://docs.example.org/errors/dead", "detail": "gone"}),
            json!({"type": "https://docs.example.org"}),
            json!({"other": "Key.Locked"}),
        ],
    );
    none_holds(
        no_other,
        &[
            json!({"title": "Key.Dead", "detail": "Key.Locked"}),
            json!({"title": "key.locked"}),
            json!({"type": "https://docs.example.org/errors/key.locked"}),
            json!({"type": "urn:errors:key.locked"}),
        ],
    );
}

#[cfg(feature = "fakes")]
#[test]
fn a_condition_names_the_members_that_it_reads() {
    assert_eq!(Member::IsOther("m", "a").names(), ["m"]);
    assert_eq!(Member::Future("m").names(), ["m"]);
    assert_eq!(Member::NoOtherCode(&["m", "n"], "A.B").names(), ["m", "n"]);
    let problem = ["type", "title", "detail", "instance", "status"];
    assert_eq!(Member::ProblemDetails.names(), problem);
}

#[test]
fn a_number_and_a_null_are_told_from_what_resembles_them() {
    let member = Member::IsNumber("m", 401);
    all_hold(member, &[json!({"m": 401})]);
    none_holds(
        member,
        &[
            json!({}),
            json!({"m": 400}),
            json!({"m": 401.5}),
            json!({"m": "401"}),
            json!({"m": null}),
        ],
    );
    let member = Member::IsNull("m");
    all_hold(member, &[json!({"m": null})]);
    none_holds(
        member,
        &[json!({}), json!({"m": false}), json!({"m": ""}), json!({"m": 0})],
    );
}

#[test]
fn a_time_as_text_has_passed_or_is_to_come_with_some_minutes_for_the_clocks() {
    // NOW is 1970-01-12T13:46:40Z.
    let (past, future) = (Member::IsPastTime("m"), Member::IsFutureTime("m"));
    let gone = [
        json!({"m": "1970-01-12T13:46:40Z"}),
        json!({"m": "1970-01-03T00:00:00Z"}),
        json!({"m": "1970-01-12T13:51:40.5Z"}),
        json!({"m": "1970-01-12T15:46:40+02:00"}),
    ];
    let to_come = [
        json!({"m": "1970-01-12T13:51:41Z"}),
        json!({"m": "2026-11-27T00:00:00Z"}),
    ];
    let neither = [
        json!({}),
        json!({"m": null}),
        json!({"m": 1}),
        json!({"m": "1000000"}),
        json!({"m": "yesterday"}),
        json!({"m": "1969-12-31T23:59:59Z"}),
        // No time at all, at many services.
        json!({"m": "1970-01-01T00:00:00Z"}),
        json!({"m": "1970-01-01T00:00:00-12:00"}),
    ];
    all_hold(past, &gone);
    none_holds(past, &to_come);
    none_holds(past, &neither);
    all_hold(future, &to_come);
    none_holds(future, &gone);
    none_holds(future, &neither);
}

#[test]
fn only_the_provider_itself_refuses_a_credential() {
    let answered = |status| {
        let received = SystemTime::UNIX_EPOCH + Duration::from_secs(NOW);
        let answer = Answer::new(status, HeaderMap::new(), Body::Complete(Vec::new()), received);
        Attempt::Answered(Box::new(answer))
    };
    let refused = |attempt: &Attempt| is_refused(verdict(&[], &[], attempt).meaning, attempt);
    assert!(refused(&answered(401)));
    for status in [200, 204, 400, 403, 404, 407, 429, 500] {
        assert!(!refused(&answered(status)), "{status}");
    }
    // A proxy's refusal means the same for the key, and says nothing of our credential there.
    assert!(!is_refused(UNAUTHENTICATED, &answered(407)));
    // That none could be had is told as unauthenticated too, and nobody refused it.
    let none = Attempt::NotSent(crate::answer::Failure {
        reason: FailureReason::Credential,
        message: "none".into(),
    });
    assert_eq!(verdict(&[], &[], &none).meaning, UNAUTHENTICATED);
    assert!(!refused(&none));
}

#[test]
fn what_was_not_sent_is_live_and_tried_again_only_where_time_may_help() {
    for (reason, kind, again) in [
        (FailureReason::Guard, ErrorKind::InvalidInput, Again::No),
        (FailureReason::Credential, ErrorKind::Unauthenticated, Again::No),
        (FailureReason::Late, ErrorKind::NotSent, Again::No),
        (FailureReason::Tls, ErrorKind::NotSent, Again::No),
        (FailureReason::Connect, ErrorKind::NotSent, Again::Untouched),
    ] {
        let attempt = Attempt::NotSent(crate::answer::Failure {
            reason,
            message: "none".into(),
        });
        let wanted = Verdict {
            meaning: Meaning::Not(kind, KeyState::Live),
            again,
        };
        assert_eq!(verdict(&[], &[], &attempt), wanted, "{attempt:?}");
    }
}

#[test]
fn a_success_that_tells_of_an_error_proves_nothing_and_an_alarm_stands() {
    const MEMBERS: &[Member] = &[
        Member::IsBool("ok", true),
        Member::In("data", &[Member::IsText("id")]),
    ];
    const LOOKS: &[Member] = &[Member::IsBool("ok", true), Member::IsNull("error")];
    let rules = [
        on(200, REVOKED).with(Expect::Object(MEMBERS)),
        on(409, ALREADY_REVOKED).with(Expect::Object(&[Member::IsText("error")])),
    ];
    let said = |rules: &[Rule], status: u16, body: &str| {
        let received = SystemTime::UNIX_EPOCH + Duration::from_secs(NOW);
        let mut headers = HeaderMap::new();
        headers.insert("content-type", "application/json".parse().unwrap());
        let answer = Answer::new(status, headers, Body::Complete(body.into()), received);
        verdict(rules, &[], &Attempt::Answered(Box::new(answer))).meaning
    };
    let success = |more: &str, inner: &str| format!(r#"{{"ok":true,"data":{{"id":"1"{inner}}}{more}}}"#);
    for none in [
        "",
        r#","error":null"#,
        r#","errors":[]"#,
        r#","error":"""#,
        r#","Errors":{}"#,
        r#","error":false"#,
        r#","error_count":0"#,
        r#","warning":"w""#,
        r#","terror":"t""#,
        r#","err":"e""#,
    ] {
        assert_eq!(said(&rules, 200, &success(none, "")), REVOKED, "{none}");
        assert_eq!(said(&rules, 200, &success("", none)), REVOKED, "in data: {none}");
    }
    let unexpected = Meaning::Not(ErrorKind::UnexpectedAnswer, KeyState::Unknown);
    for told in [
        r#","error":"no""#,
        r#","errors":[{"code":1}]"#,
        r#","Error":{"Code":"x"}"#,
        r#","errorCode":"x""#,
        r#","error":true"#,
        r#","error_count":1"#,
        r#","error":0.5"#,
        r#","success":false"#,
    ] {
        assert_eq!(said(&rules, 200, &success(told, "")), unexpected, "{told}");
        assert_eq!(
            said(&rules, 200, &success("", told)),
            unexpected,
            "in data: {told}"
        );
    }
    // Elsewhere in the answer nothing is read, and refusals tell of errors.
    assert_eq!(
        said(&rules, 200, &success(r#","more":{"error":"x"}"#, "")),
        REVOKED
    );
    assert_eq!(said(&rules, 409, r#"{"error":"gone"}"#), ALREADY_REVOKED);
    // What the rule itself asks for is no contradiction.
    let reads = [on(200, REVOKED).with(Expect::Object(&[Member::Is("error", "none")]))];
    assert_eq!(said(&reads, 200, r#"{"error":"none"}"#), REVOKED);
    assert_eq!(
        said(&reads, 200, r#"{"error":"none","errors":["x"]}"#),
        unexpected
    );
    assert_eq!(said(&reads, 200, r#"{"error":"none","ok":false}"#), unexpected);
    assert_eq!(
        said(&reads, 200, r#"{"error":"none","ok":true,"success":null}"#),
        REVOKED
    );
    let fails = [on(200, ALREADY_REVOKED).with(Expect::Object(&[Member::IsBool("ok", false)]))];
    assert_eq!(said(&fails, 200, r#"{"ok":false}"#), ALREADY_REVOKED);
    let looks = [on(200, REVOKED).with(Expect::Object(LOOKS))];
    assert_eq!(said(&looks, 200, r#"{"ok":true,"error":null}"#), REVOKED);
    // Live is claimed no more than dead; and an alarm is not silenced.
    for (meaning, left) in [
        (SCHEDULED, unexpected),
        (UNAUTHENTICATED, unexpected),
        (WRONG_OBJECT, WRONG_OBJECT),
    ] {
        let rules = [on(200, meaning).with(Expect::Object(MEMBERS))];
        assert_eq!(said(&rules, 200, &success("", "")), meaning);
        assert_eq!(
            said(&rules, 200, &success(r#","error":"no""#, "")),
            left,
            "{meaning:?}"
        );
    }
}
