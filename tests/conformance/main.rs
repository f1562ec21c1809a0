//! The suites that [`keyrevoke::conformance`] has for any provider, over the whole table. A provider that is added is
//! tested by them before anybody writes a test of its own.
#![cfg(feature = "fakes")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use keyrevoke::fakes::{Fake, Reply};
use keyrevoke::{
    Disposition, ErrorKind, Evidence, KeyState, Revocation, Revoke, RevokeError, RevokeResult, conformance,
    providers,
};

macro_rules! suites {
    ($($name:ident,)*) => {
        $(#[tokio::test]
        async fn $name() {
            conformance::$name(providers()).await;
        })*
    };
}

suites! {
    a_live_key_dies_by_one_documented_request,
    a_dead_key_is_dead_where_the_provider_says_so_and_unknown_elsewhere,
    a_key_that_nobody_knows_is_not_dead,
    a_refused_credential_leaves_the_key_live,
    doubt_survives_a_refusal,
    a_gateway_that_fails_behind_a_done_revoke_never_makes_a_dead_key_live,
    what_may_have_arrived_is_sent_at_most_twice_and_only_where_that_cannot_hurt,
    no_policy_means_one_request,
    rate_limits_are_waited_for_within_the_deadline_only,
    redirects_are_not_followed,
    accepted_is_not_dead,
    no_other_answer_is_a_death,
    a_captive_portal_is_not_a_success,
    an_unreachable_provider_leaves_the_key_live,
    ids_that_could_change_the_path_never_leave,
    a_secret_in_the_place_of_an_id_is_refused_and_not_echoed,
    a_bad_base_url_is_refused_at_construction,
    everything_that_is_missing_is_said_at_once,
    a_bad_credential_is_refused_and_not_shown,
    timeouts_that_would_hide_whether_something_was_sent_are_refused,
    what_a_provider_echoes_of_our_credential_is_redacted,
    a_key_is_found_as_what_it_is_where_the_provider_can_be_asked,
    a_request_that_the_provider_does_not_document_is_noticed,
    what_takes_more_than_was_asked_is_not_sent_without_a_word,
    a_list_has_every_live_key_once,
    what_was_only_accepted_is_dead_once_a_look_shows_it,
}

#[tokio::test]
async fn a_fake_fails_the_test_that_sends_what_its_provider_does_not_document() {
    for provider in providers() {
        let fake = Fake::of(provider).await;
        let moved = fake
            .builder()
            .with_base_url(format!("{}/elsewhere", fake.base_url()))
            .build();
        assert!(moved.unwrap().revoke(&fake.new_key()).await.is_err());
        let dropped = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| drop(fake)));
        assert!(dropped.is_err(), "{}", provider.name());
    }
}

/// Made by hand, and wrong: it says always the same.
struct Always(RevokeResult);

impl Revoke for Always {
    type Key = String;

    fn provider(&self) -> &str {
        "intern"
    }

    async fn revoke(&self, _key: &String) -> RevokeResult {
        self.0.clone()
    }
}

/// What the suite says of it.
async fn objection(result: RevokeResult) -> String {
    let suite = tokio::spawn(async move {
        let connect = |_: &str| Always(result.clone());
        conformance::check_revoker(connect, "k-1", Reply::new(204), &["canary"]).await;
    });
    let panic = suite.await.unwrap_err().into_panic();
    panic.downcast_ref::<String>().cloned().unwrap_or_default()
}

#[tokio::test]
async fn a_revoker_made_by_hand_that_is_wrong_is_found_out() {
    let dead = Revocation::new("intern", Disposition::Revoked, [Evidence::ProviderAnswer]);
    assert!(objection(Ok(dead)).await.contains("is taken for Ok"));
    let live = RevokeError::new("intern", ErrorKind::Rejected, KeyState::Live);
    assert!(
        objection(Err(live))
            .await
            .contains("the documented success is no death")
    );
    let leaky = Revocation::new("intern", Disposition::Revoked, [Evidence::ProviderAnswer]);
    assert!(
        objection(Ok(leaky.with_detail("canary")))
            .await
            .contains("a secret is shown: ")
    );
}
