//! The path of a listed operation: found, cut to size, and refused where it could reach more than one key.

use serde_json::Value;

use super::fault::Fault;

/// Words at the end of a path that mean whoever calls.
const CALLER: [&str; 3] = ["self", "current", "me"];

/// A Devin client with `DELETE /v2/enterprise/api-keys` would be one empty id away from revoking every key of a company.
/// So no DELETE on a collection is generated, but for one whose listed body names the keys, and for one that is said to
/// revoke whoever calls and ends in a word for that.
///
/// `{id}.json` and `{id}:revoke` begin with the parameter and are fine; `/keys{format}` is still the collection.
pub(crate) fn refuse_collection_delete(
    method: &str,
    path: &str,
    body_names_keys: bool,
    revokes_caller: bool,
) -> Result<(), String> {
    let last = path.rsplit('/').next().unwrap_or_default();
    if revokes_caller && !(method == "delete" && CALLER.contains(&last)) {
        return Err(format!(
            "`revokes_caller = true` is for a DELETE that ends in one of: {}",
            CALLER.join(", ")
        ));
    }
    if revokes_caller {
        return Ok(());
    }
    if method != "delete" || last.starts_with('{') {
        return Ok(());
    }
    if body_names_keys {
        return Ok(());
    }
    Err(format!(
        "DELETE {path} acts on a whole collection: its last segment is not a parameter \
         (only a revoke with `body_names_keys = true` or `revokes_caller = true` may do that)"
    ))
}

/// The names of a path's parameters, in order; an error where the path would not survive being put into a URL.
pub(crate) fn parameters(path: &str) -> Result<Vec<String>, String> {
    let segments = path
        .strip_prefix('/')
        .ok_or_else(|| format!("the path {path} does not begin with `/`"))?;
    // Where all requests go to one path, it is the body that says which of them one is.
    if segments.is_empty() {
        return Ok(Vec::new());
    }
    // A slash at the end is part of some vendors' paths; an empty segment elsewhere is never meant.
    let segments = segments.strip_suffix('/').unwrap_or(segments);
    let mut names = Vec::new();
    for segment in segments.split('/') {
        let name = parameter(segment)
            .ok_or_else(|| format!("the path {path} has a segment `{segment}` that is not understood"))?;
        let Some(name) = name else { continue };
        if names.iter().any(|known| known == name) {
            return Err(format!("the path {path} has `{{{name}}}` twice"));
        }
        names.push(name.to_owned());
    }
    Ok(names)
}

/// A segment is fixed text with at most one `{parameter}` in it; `None` if it is neither.
fn parameter(segment: &str) -> Option<Option<&str>> {
    let safe = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:@".contains(&byte);
    let Some((before, rest)) = segment.split_once('{') else {
        let fixed = !["", ".", ".."].contains(&segment) && segment.bytes().all(safe);
        return fixed.then_some(None);
    };
    let (name, after) = rest.split_once('}')?;
    let fixed = before.bytes().chain(after.bytes()).all(safe);
    (fixed && !name.is_empty() && !name.contains('{')).then_some(Some(name))
}

/// Devin v3 puts its version into every path; the crate adds the chosen version to the base URL instead.
pub(crate) fn strip_prefix<'p>(path: &'p str, prefix: Option<&str>) -> Result<&'p str, String> {
    let Some(prefix) = prefix else {
        return Ok(path);
    };
    let literal = parameters(prefix).is_ok_and(|names| names.is_empty());
    if !literal || prefix.ends_with('/') {
        return Err(format!("path_prefix `{prefix}` is not like `/v1`"));
    }
    path.strip_prefix(prefix)
        .filter(|rest| rest.starts_with('/'))
        .ok_or_else(|| format!("the path {path} does not begin with path_prefix `{prefix}`"))
}

/// The operation at this path and method, together with its path item.
pub(crate) fn find<'a>(root: &'a Value, method: &str, path: &str) -> Result<(&'a Value, &'a Value), Fault> {
    let item = root.get("paths").and_then(|paths| paths.get(path));
    let found = item.and_then(|item| Some((item, item.get(method)?)));
    found.ok_or_else(|| {
        let wanted = format!("{} {path}", method.to_uppercase());
        let near = look_alikes(root, path);
        let hint = if near.is_empty() {
            "nothing in it looks alike".to_owned()
        } else {
            format!("it has {}", near.join(", "))
        };
        Fault::new("paths", format!("there is no {wanted} in this document; {hint}"))
    })
}

/// Up to five operations with the most path segments in common: a vendor that moves a path should be quick to follow.
fn look_alikes(root: &Value, path: &str) -> Vec<String> {
    let methods = [
        "get", "put", "post", "delete", "options", "head", "patch", "trace",
    ];
    let mut near = Vec::new();
    let paths = root.get("paths").and_then(Value::as_object);
    for (other, item) in paths.into_iter().flatten() {
        let common = in_common(path, other);
        for method in methods {
            if common > 0 && item.get(method).is_some() {
                near.push((
                    std::cmp::Reverse(common),
                    format!("{} {other}", method.to_uppercase()),
                ));
            }
        }
    }
    near.sort();
    near.into_iter().take(5).map(|(_, name)| name).collect()
}

fn in_common(path: &str, other: &str) -> usize {
    let fixed = |segment: &&str| !segment.is_empty() && !segment.contains('{');
    let own: Vec<&str> = path.split('/').filter(fixed).collect();
    other
        .split('/')
        .filter(fixed)
        .filter(|segment| own.contains(segment))
        .count()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_delete_must_end_in_a_parameter_unless_its_body_names_the_keys() {
        for path in [
            "/keys",
            "/keys/",
            "/keys/{id}/",
            "/keys/{id}/tokens",
            "/keys{format}",
            "/",
            "",
        ] {
            assert!(
                refuse_collection_delete("delete", path, false, false).is_err(),
                "{path}"
            );
            assert!(
                refuse_collection_delete("delete", path, true, false).is_ok(),
                "{path}"
            );
        }
        for path in ["/keys/{id}", "/keys/{id}.json", "/keys/{id}:revoke"] {
            assert!(
                refuse_collection_delete("delete", path, false, false).is_ok(),
                "{path}"
            );
        }
        assert!(refuse_collection_delete("post", "/keys/{id}/revoke", false, false).is_ok());
        // Whoever calls, and nobody else.
        assert!(refuse_collection_delete("delete", "/tokens/self", false, true).is_ok());
        for (method, path) in [
            ("delete", "/tokens"),
            ("delete", "/tokens/{id}"),
            ("delete", "/self/tokens"),
            ("delete", "/tokens/self.json"),
            ("post", "/tokens/self"),
        ] {
            assert!(
                refuse_collection_delete(method, path, false, true).is_err(),
                "{method} {path}"
            );
        }
    }

    #[test]
    fn paths_that_a_url_would_change_are_refused() {
        assert_eq!(parameters("/a/{b}/c.d/{e}:f").unwrap(), ["b", "e"]);
        assert!(parameters("/a/{b}/").is_ok());
        assert_eq!(parameters("/"), Ok(Vec::new()));
        for path in [
            "", "a", "//", "/a//b", "/a/./b", "/a/../b", "/a?b", "/a#b", "/a b", "/a\\b", "/ä", "/a%2fb",
            "/{a}{b}", "/{}", "/{a", "/a}", "/{a}/{a}", "/{{a}}",
        ] {
            assert!(parameters(path).is_err(), "{path}");
        }
    }

    #[test]
    fn a_prefix_is_whole_segments() {
        assert_eq!(strip_prefix("/v3beta1/x/{y}", Some("/v3beta1")), Ok("/x/{y}"));
        assert_eq!(strip_prefix("/x", None), Ok("/x"));
        for prefix in ["/v3", "v3beta1", "/v3beta1/", "", "/", "/v3beta1/x/{y}", "/{v}"] {
            assert!(strip_prefix("/v3beta1/x/{y}", Some(prefix)).is_err(), "{prefix}");
        }
    }

    #[test]
    fn an_absent_operation_is_reported_with_its_look_alikes() {
        let root = json!({"paths": {"/v2/keys": {"delete": {}}, "/v2/keys/{id}": {"get": {}}, "/other": {"get": {}}}});
        assert!(find(&root, "get", "/v2/keys/{id}").is_ok());
        let fault = find(&root, "delete", "/v2/keys/{key}").unwrap_err();
        assert!(
            fault
                .reason
                .ends_with("it has DELETE /v2/keys, GET /v2/keys/{id}"),
            "{fault}"
        );
        assert!(find(&json!({}), "get", "/x").is_err());
    }
}
