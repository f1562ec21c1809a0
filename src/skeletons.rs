//! What `keyrevoke providers --check` prints for a document is compiled here like any provider's module, just as printed:
//! a stranger begins with it. That it is what is printed, `tests/cli_providers.rs` knows.

#![allow(unreachable_pub, dead_code)] // public where a provider's would be, and left open where a person must decide

use std::fmt::Debug;
use std::str::FromStr;

use crate::fakes::{Case, FakeAnswers};
use crate::provider::{KeyParts, Provider};
use crate::secret::Secret;
use crate::wire::Generated;

/// Behind a macro, where no formatter looks for them.
macro_rules! printed {
    ($($path:literal $module:ident :: $marker:ident,)*) => {
        $(#[path = $path] mod $module;)*

        #[test]
        fn what_is_printed_for_a_document_compiles_and_begins_a_provider() {
            $(begins_a_provider::<$module::$marker>();)*
        }
    };
}

printed! {
    "../tests/specimen/made_text.rs" made_text::MadeText,
    "../tests/specimen/made_uuid.rs" made_uuid::MadeUuid,
    "../tests/specimen/made_number.rs" made_number::MadeNumber,
    "../tests/specimen/made_two.rs" made_two::MadeTwo,
    "../tests/specimen/made_three.rs" made_three::MadeThree,
    "../tests/specimen/made_caller.rs" made_caller::MadeCaller,
}

fn begins_a_provider<P: Provider + FakeAnswers>()
where
    <P::Key as FromStr>::Err: Debug,
{
    let name = P::ABOUT.name;
    let key = P::Key::of_secret(&Secret::new(P::secret(7)).unwrap());
    let key = match key {
        Some(key) => key.unwrap(),
        None => {
            let key: P::Key = P::key(7).parse().unwrap();
            assert_eq!(key.to_string(), P::key(7), "{name}");
            for other in ["", "/", "a//b", "a/b/c/d"] {
                assert!(other.parse::<P::Key>().is_err(), "{name}: {other}");
            }
            key
        }
    };
    // Whatever the path names, the key does.
    let [revoke] = P::Client::OPERATIONS else {
        panic!("{name}: one operation was listed")
    };
    let wanted: Vec<String> = key
        .parameters()
        .iter()
        .map(|(name, _)| format!("{{{name}}}"))
        .collect();
    assert!(wanted.iter().all(|name| revoke.path.contains(name)), "{name}");
    assert_eq!(revoke.path.matches('{').count(), wanted.len(), "{name}");
    let rule = P::ABOUT.rules.first().unwrap();
    assert_eq!(
        P::answer(Case::Revoked, &[]).answered_status(),
        rule.status,
        "{name}"
    );
    assert!(
        P::ABOUT.rules.iter().all(|rule| rule.source.contains("PAGE")),
        "{name}"
    );
}
