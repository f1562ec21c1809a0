//! What is taken for a key's id and what is refused, on both sides of every bound.

use std::hash::BuildHasher;

use super::*;

const SECRET: &str = "sk_live_0123456789abcdef";

fn id(text: &str) -> Result<String, InvalidInput> {
    check_id("example", "key", text)
}

fn number(text: &str) -> Result<i64, InvalidInput> {
    check_number("example", "key", text)
}

fn pair(text: &str) -> Result<(&str, &str), InvalidInput> {
    split_ids("example", "FIRST/SECOND", text).map(|[first, second]| (first, second))
}

#[test]
fn a_reference_says_whose_key_it_names_and_is_read_back_from_its_text() {
    let key = KeyRef::new("devin-v3", "user-1/key:2").unwrap();
    assert_eq!((key.provider(), key.key()), ("devin-v3", "user-1/key:2"));
    assert_eq!(key.to_string(), "devin-v3:user-1/key:2");
    assert_eq!(key.to_string().parse(), Ok(key.clone()));
    let json = serde_json::to_string(&key).unwrap();
    assert_eq!(json, r#""devin-v3:user-1/key:2""#);
    assert_eq!(serde_json::from_str::<KeyRef>(&json).unwrap(), key);
}

#[test]
fn a_reference_may_name_a_tenant_and_is_another_key_then() {
    let key = KeyRef::new("kadosei", "a/b").unwrap();
    assert_eq!(key.tenant(), None);
    let longest = "t".repeat(64);
    for tenant in ["t", "7", "Acme-2_x.y", &longest] {
        let there = key.with_tenant(tenant).unwrap();
        assert_eq!(there.as_str(), format!("kadosei@{tenant}:a/b"));
        assert_eq!(
            (there.provider(), there.tenant(), there.key()),
            ("kadosei", Some(tenant), "a/b")
        );
        assert_eq!(there.as_str().parse(), Ok(there.clone()));
        assert_ne!(there, key);
    }
    for tenant in ["", "-t", ".t", "_t", "t/u", "t@u", "é", "t u", &"t".repeat(65)] {
        let refused = key.with_tenant(tenant).unwrap_err();
        assert!(refused.reason().contains("names a tenant"), "{tenant}: {refused}");
    }
    let refused = key.with_tenant(SECRET).unwrap_err();
    assert_eq!(refused.reason(), LOOKS_LIKE_SECRET);
    // An `@` behind the colon is the key's own.
    let at_sign: KeyRef = "p:user@example".parse().unwrap();
    assert_eq!((at_sign.tenant(), at_sign.key()), (None, "user@example"));
}

#[test]
fn a_reference_begins_with_a_bounded_name_and_names_a_key() {
    let longest = "p".repeat(64);
    for provider in ["p", "p-2", &longest] {
        assert_eq!(KeyRef::new(provider, "1").unwrap().provider(), provider);
    }
    for provider in ["", "P", "2p", "-p", "p_2", "pé", "p.example", &"p".repeat(65)] {
        let refused = KeyRef::new(provider, "1").unwrap_err();
        assert!(
            refused.reason().contains("provider's name"),
            "{provider}: {refused}"
        );
    }
    assert_eq!(KeyRef::new("p", "").unwrap_err().reason(), "names no key");
    assert_eq!("p".parse::<KeyRef>().unwrap_err().reason(), "names no provider");
}

#[test]
fn the_key_itself_is_refused_wherever_its_id_belongs_and_is_never_shown() {
    let uuid = |text| check_uuid("example", "key", text).map(drop);
    let whole = |text| KeyRef::new("example", text).map(drop);
    let within = format!("user-1/{SECRET}");
    for refused in [
        id(SECRET).map(drop),
        number(SECRET).map(drop),
        uuid(SECRET),
        pair(SECRET).map(drop),
        whole(SECRET),
        whole(&within),
    ] {
        let refused = refused.unwrap_err();
        assert_eq!(
            (refused.provider(), refused.subject()),
            ("example", "example key")
        );
        assert_eq!(
            (refused.reason(), refused.remedy()),
            (LOOKS_LIKE_SECRET, SECRET_REMEDY)
        );
    }
    // A pair's halves are looked at one by one: whoever splits checks both.
    assert_eq!(pair(&within), Ok(("user-1", SECRET)));
}

#[test]
fn an_id_is_bounded_and_means_one_thing() {
    let longest = "k".repeat(LONGEST_ID);
    for sound in [
        "1",
        "k",
        "-1-",
        "0x0",
        "10",
        "a.b~c_d-e",
        "selfish",
        "nullable",
        &longest,
    ] {
        assert_eq!(id(sound).as_deref(), Ok(sound));
    }
    let nil = Uuid::nil().to_string();
    for (text, reason) in [
        ("", "is empty"),
        (&"k".repeat(LONGEST_ID + 1)[..], "is longer than 128 bytes"),
        ("a/b", "holds the character '/'"),
        ("a\\b", "holds the character '\\\\'"),
        ("a%2fb", "holds the character '%'"),
        ("é", "holds the character 'é'"),
        ("..", "no letter and no digit"),
        ("-_~", "no letter and no digit"),
        ("0", "zero, a negative number or the nil UUID"),
        ("00", "zero, a negative number or the nil UUID"),
        ("-1", "zero, a negative number or the nil UUID"),
        (&nil, "zero, a negative number or the nil UUID"),
        ("Self", "can mean the caller's own key"),
        ("ALL", "can mean the caller's own key"),
        ("undefined", "can mean the caller's own key"),
        ("_all", "can mean the caller's own key"),
    ] {
        let refused = id(text).unwrap_err();
        assert!(refused.reason().contains(reason), "{text}: {refused}");
    }
}

#[test]
fn a_uuid_has_one_form_and_is_not_nil() {
    let uuid = |text: &str| check_uuid("example", "key", text).map(|uuid| uuid.to_string());
    let lower = "2f1d3c5e-8a4b-4c6d-9e7f-0123456789ab";
    assert_eq!(uuid(lower).as_deref(), Ok(lower));
    assert_eq!(uuid(&lower.to_uppercase()).as_deref(), Ok(lower));
    let (simple, braced) = (lower.replace('-', ""), format!("{{{lower}}}"));
    let urn = format!("urn:uuid:{lower}");
    for text in ["", "1", &simple, &braced, &urn, &lower[1..]] {
        let refused = uuid(text).unwrap_err();
        assert_eq!(refused.reason(), "is not a UUID in its hyphenated form", "{text}");
    }
    let refused = uuid(&Uuid::nil().to_string()).unwrap_err();
    assert_eq!(refused.reason(), "is the nil UUID, which is no key's id");
}

#[test]
fn a_number_is_positive_and_has_one_form() {
    for (text, sound) in [("1", 1), ("10", 10), ("9223372036854775807", i64::MAX)] {
        assert_eq!(number(text), Ok(sound));
    }
    for text in [
        "",
        "0",
        "-0",
        "-1",
        "+1",
        "01",
        " 1",
        "1.0",
        "1e3",
        "one",
        "9223372036854775808",
    ] {
        let refused = number(text).unwrap_err();
        assert!(refused.reason().contains("is not a whole number"), "{text}");
    }
}

#[test]
fn a_pair_has_exactly_one_slash() {
    assert_eq!(pair("a/b"), Ok(("a", "b")));
    for text in ["", "a", "a/b/c", "a/b/", "//"] {
        let refused = pair(text).unwrap_err();
        assert_eq!(
            refused.reason(),
            "is not two ids with one slash between them",
            "{text}"
        );
        assert_eq!(refused.remedy(), "write FIRST/SECOND");
    }
}

#[test]
fn a_key_of_a_secret_keeps_it_beside_its_text_and_is_compared_by_the_text() {
    let secret = |text: &str| crate::Secret::new(text).unwrap();
    let key = KeyRef::of_secret("slack", secret("xoxb-canary-1")).unwrap();
    let text = format!("slack:{}", secret("xoxb-canary-1").digest());
    assert_eq!(
        (key.to_string(), key.provider(), key.tenant()),
        (text.clone(), "slack", None)
    );
    assert_eq!(format!("{key:?}"), format!("KeyRef({text:?})"));
    let at = key.with_tenant("acme").unwrap();
    assert_eq!((at.tenant(), at.key()), (Some("acme"), key.key()));
    assert_eq!(at.without_tenant(), key);
    for key in [&key, &at, &at.without_tenant()] {
        assert_eq!(key.secret().unwrap().expose(), "xoxb-canary-1", "{key}");
    }

    let known: KeyRef = text.parse().unwrap();
    assert!(known == key && known.secret().is_none());
    let other = KeyRef::of_secret("slack", secret("xoxb-canary-2")).unwrap();
    assert_ne!(key, other);
    assert_eq!(key.cmp(&other), key.as_str().cmp(other.as_str()));
    assert_eq!(key.partial_cmp(&other), Some(key.cmp(&other)));
    assert_eq!(other.cmp(&key), key.cmp(&other).reverse());
    let several = std::collections::HashSet::from([key.clone(), known, other]);
    assert_eq!(several.len(), 2);
    let hashes: std::collections::HashSet<u64> =
        several.iter().map(|key| several.hasher().hash_one(key)).collect();
    assert_eq!(hashes.len(), 2);

    for text in ["slack:xoxb-canary-1", "slack:some-id", "slack@acme:12345"] {
        let problem = text.parse::<KeyRef>().unwrap_err();
        assert!(!format!("{problem:?}").contains("canary"), "{problem:?}");
    }
    let as_text = "slack:some-id".parse::<KeyRef>().unwrap_err();
    assert!(as_text.reason().contains("as text"), "{as_text}");
    assert!(not_at_hand("slack".into()).reason().contains("not at hand"));
}
