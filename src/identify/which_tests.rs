use proptest::prelude::*;

use super::*;
use crate::key_info::KeyStatus;

fn key(id: &str, prefix: Option<&str>, last4: Option<&str>) -> KeyInfo {
    let info = KeyInfo::new(format!("devin:{id}").parse().unwrap(), KeyStatus::Active);
    let info = prefix.map_or(info.clone(), |prefix| info.with_prefix(prefix));
    last4.map_or(info.clone(), |last4| info.with_last4(last4))
}

fn refs(ids: &[&str]) -> Vec<KeyRef> {
    ids.iter()
        .map(|id| format!("devin:{id}").parse().unwrap())
        .collect()
}

#[test]
fn which_key_it_is_is_said_of_one_that_shows_enough_and_of_no_other() {
    let mine = key("a", Some("apk_user"), Some("9f3c"));
    let other = key("b", Some("apk_user"), Some("0000"));
    let twin = key("c", None, Some("9f3c"));
    let silent = key("d", None, None);
    let marked = key("e", Some("apk_user"), None);
    let one = |id: &str| Which::One(refs(&[id]).remove(0));
    let several = |ids: &[&str]| Which::Several(refs(ids));
    for (inventory, expected) in [
        (vec![], Which::None),
        (vec![&mine], one("a")),
        (vec![&twin], one("c")),
        (vec![&other, &mine, &silent, &marked], one("a")),
        (vec![&mine, &mine], one("a")),
        (vec![&mine, &twin], several(&["a", "c"])),
        (vec![&other], Which::None),
        (vec![&silent], Which::None),
        (vec![&marked], Which::None),
        (vec![&silent, &marked, &other], Which::None),
    ] {
        let inventory: Vec<KeyInfo> = inventory.into_iter().cloned().collect();
        let secret = Secret::new("apk_user_0123456789ab9f3c").unwrap();
        assert_eq!(which(&secret, &inventory), expected, "{inventory:?}");
    }
}

#[test]
fn what_a_key_shows_must_fit_in_whole_and_tell_it_from_others() {
    let one = || Which::One(refs(&["a"]).remove(0));
    let unsure = || Which::Several(refs(&["a"]));
    let anthropic = format!("sk-ant-api03-{}3XAA", "Zq3Xv8Kp1Ym6R".repeat(7));
    for (secret, prefix, last4, expected) in [
        // The last characters.
        ("cog_0123456789ab9f3c", None, Some("9f3c"), one()),
        ("cog_0123456789ab9f3c", None, Some("f3c"), unsure()),
        ("cog_0123456789ab9f3c", None, Some("c"), unsure()),
        ("cog_0123456789ab9f3c", None, Some(""), Which::None),
        ("cog_0123456789ab9f3c", None, Some("9F3C"), Which::None),
        ("cog_0123456789ab9f3c", None, Some("****9f3c"), one()),
        ("cog_0123456789ab9f3c", None, Some("…f3c"), Which::None),
        // The beginning.
        ("cog_0123456789ab9f3c", Some("cog_0123"), None, one()),
        ("cog_0123456789ab9f3c", Some("cog_012"), None, unsure()),
        ("cog_0123456789ab9f3c", Some("cog_"), None, Which::None),
        ("cog_0123456789ab9f3c", Some("cog"), None, Which::None),
        ("cog_0123456789ab9f3c", Some("COG_0123"), None, Which::None),
        ("cog_0123456789ab9f3c", Some("cog_***"), None, Which::None),
        ("cog_0123456789ab9f3c", Some("0123"), None, Which::None),
        // Both: each must fit, and they count together.
        ("cog_0123456789ab9f3c", Some("cog_01"), Some("3c"), one()),
        ("cog_0123456789ab9f3c", Some("cog_01"), Some("c"), unsure()),
        (
            "cog_0123456789ab9f3c",
            Some("cog_0123"),
            Some("0000"),
            Which::None,
        ),
        (
            "cog_0123456789ab9f3c",
            Some("cog_9999"),
            Some("9f3c"),
            Which::None,
        ),
        // A beginning alone is enough only beyond what a rule says to be the beginning of all.
        (
            "AIzaZq3Xv8Kp1Ym6RtZq3Xv8Kp1Ym6RtZq3Xv8K",
            Some("AIzaZq3X"),
            None,
            one(),
        ),
        (
            "AIzaZq3Xv8Kp1Ym6RtZq3Xv8Kp1Ym6RtZq3Xv8K",
            Some("AIzaZq3"),
            None,
            unsure(),
        ),
        ("dol_test_0123456789", Some("dol_test"), None, Which::None),
        ("acme_0123456789", Some("acme_012"), None, unsure()),
        ("acme_0123456789", Some("acme_012"), Some("9"), one()),
        ("acme_0123456789", Some("acme_"), None, Which::None),
        ("0123456789abcdef", Some("01234567"), None, unsure()),
        ("0123456-89abcdef", Some("01234567"), None, Which::None),
        ("AKIAQ3XVKP5YQ3XVKP5Y", Some("AKIAQ3XV"), None, unsure()),
        // An end that all have tells nothing, by a rule (two of Anthropic's four are the same) or as padding.
        (&anthropic, None, Some("3XAA"), unsure()),
        (&anthropic, Some("sk-ant-a"), Some("3XAA"), unsure()),
        (&anthropic, None, Some("AA"), Which::None),
        ("0123456789abcd==", None, Some("cd=="), unsure()),
        ("0123456789abcd==", None, Some("=="), Which::None),
        // As short as what is shown of it.
        ("9f3c", None, Some("9f3c"), one()),
        ("3c", None, Some("9f3c"), Which::None),
    ] {
        let secret = Secret::new(secret).unwrap();
        let shown = key("a", prefix, last4);
        assert_eq!(which(&secret, &[shown]), expected, "{prefix:?} {last4:?}");
    }
}

proptest! {
    /// Whatever is shown, nothing panics and no key is taken that shows something else; and of keys that show the same,
    /// none is taken.
    #[test]
    fn the_one_key_shows_what_the_secret_has(
        secret in "[!-~]{1,40}",
        shown in prop::collection::vec((prop::option::of("\\PC{0,9}"), prop::option::of("\\PC{0,5}"), any::<bool>()), 0..6),
    ) {
        let end: String = secret.chars().rev().take(4).collect::<Vec<_>>().into_iter().rev().collect();
        let inventory: Vec<KeyInfo> = shown
            .iter()
            .enumerate()
            .map(|(number, (prefix, last4, is_mine))| {
                let last4 = if *is_mine { Some(end.as_str()) } else { last4.as_deref() };
                key(&number.to_string(), prefix.as_deref(), last4)
            })
            .collect();
        let secret = Secret::new(secret).unwrap();
        if let Which::One(one) = which(&secret, &inventory) {
            let mut fitting = inventory.iter().filter(|key| telling(secret.expose(), shared_ends(secret.expose()), key) > 0);
            prop_assert!(fitting.any(|key| key.key() == &one));
        }
        let twice: Vec<KeyInfo> = ["x", "y"].map(|id| key(id, None, Some(&end))).to_vec();
        prop_assert!(!matches!(which(&secret, &twice), Which::One(_)));
    }
}
