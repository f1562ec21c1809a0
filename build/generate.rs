//! progenitor, what we add to its output, and the guard over what comes out.

use proc_macro2::{TokenStream, TokenTree};
use progenitor::{GenerationSettings, Generator, HooksMode, InterfaceStyle, TagStyle};
use quote::{ToTokens, quote};
use serde_json::Value;

use super::operations::Kept;

/// The Rust text of one provider's client.
pub(crate) fn client(document: Value, operations: &[&Kept], version: &str) -> Result<String, String> {
    let file = progenitor_output(document);
    let mut file = file.map_err(|reason| format!("progenitor: {reason}"))?;
    remove_default_constructor(&mut file)?;
    send_in_one_place(&mut file)?;
    guard(&file, operations)?;
    let added = additions(operations, version, &look_ups(&file, operations)?);
    Ok(quote!(#file #added).to_string())
}

fn progenitor_output(document: Value) -> Result<syn::File, String> {
    let text = |error: &dyn std::fmt::Display| error.to_string();
    let spec = serde_json::from_value(document).map_err(|error| text(&error))?;
    let inner = "crate::wire::Call".parse();
    let mut settings = GenerationSettings::default();
    settings
        .with_interface(InterfaceStyle::Positional)
        .with_tag(TagStyle::Merged)
        // The methods call hooks that nobody implements: one that does not end as the others must not compile.
        .with_hooks(HooksMode::Expected)
        .with_inner_type(inner.map_err(|error: proc_macro2::LexError| text(&error))?);
    let tokens = Generator::new(&settings).generate_tokens(&spec);
    syn::parse2(tokens.map_err(|error| text(&error))?).map_err(|error| text(&error))
}

/// `Client::new` makes an HTTP client that follows redirects, takes proxies from the environment and panics without
/// certificates. Nobody should be able to call it.
fn remove_default_constructor(file: &mut syn::File) -> Result<(), String> {
    let mut removed = 0;
    for block in client_impls(file) {
        let before = block.items.len();
        block
            .items
            .retain(|item| !matches!(item, syn::ImplItem::Fn(f) if f.sig.ident == "new"));
        removed += before - block.items.len();
    }
    if removed == 1 {
        Ok(())
    } else {
        Err(format!(
            "expected one `Client::new` in progenitor's output, found {removed}"
        ))
    }
}

/// progenitor ends each method with the same hooks, request and reading of the status, and compiling that dozens of times
/// is most of what a client costs. Here a method makes its request and no more; what is the same for all, the last check
/// and the credential among it, stands in the crate once. The header that is left out would be taken off there.
fn send_in_one_place(file: &mut syn::File) -> Result<(), String> {
    let asserts =
        |item: &syn::Item| words(item.to_token_stream()).contains(&"assert_client_hooks".to_owned());
    file.items.retain(|item| !asserts(item));
    let functions = client_impls(file).flat_map(|block| &mut block.items);
    for item in functions {
        let syn::ImplItem::Fn(function) = item else {
            continue;
        };
        if function.sig.asyncness.is_none() {
            continue;
        }
        let name = function.sig.ident.to_string();
        let version = quote! {
            let mut header_map = ::reqwest::header::HeaderMap::with_capacity(1usize);
            header_map.append(
                ::reqwest::header::HeaderName::from_static("api-version"),
                ::reqwest::header::HeaderValue::from_static(Self::api_version()),
            );
        };
        let version_is_sent = quote!(.headers(header_map));
        let end = quote! {
            let info = OperationInfo { operation_id: #name, };
            self.pre(&mut request, &info).await?;
            let result = self.exec(request, &info).await;
            self.post(&result, &info).await?;
            let response = result?;
            match response.status().as_u16() {
                200..=299 => { Ok(ResponseValue::stream(response)) }
                _ => { Err(Error::ErrorResponse(ResponseValue::stream(response))) }
            }
        };
        let own_end = quote! {
            let info = OperationInfo { operation_id: #name, };
            self.inner.send(&self.client, request, info).await
        };
        let mut body: Vec<TokenTree> = function
            .block
            .stmts
            .iter()
            .flat_map(ToTokens::to_token_stream)
            .collect();
        // What the address begins with was read before.
        let address = (quote!((url)), quote!((self.inner.address(url))));
        let left_out = [(version, quote!()), (version_is_sent, quote!())];
        for (known, instead) in left_out.into_iter().chain([address, (end, own_end)]) {
            let known: Vec<TokenTree> = known.into_iter().collect();
            let is_there = |found: &[TokenTree]| {
                let text = |tokens: &[TokenTree]| words(tokens.iter().cloned().collect());
                text(found) == text(&known)
            };
            let found = body.windows(known.len()).position(is_there);
            let from = found.ok_or_else(|| format!("progenitor's `{name}` is not made as it was"))?;
            body.splice(from..from + known.len(), instead);
        }
        let body: TokenStream = body.into_iter().collect();
        function.block = syn::parse2(quote!({ #body })).map_err(|error| error.to_string())?;
        function.sig.output = syn::parse_quote!(-> crate::wire::Sent);
    }
    Ok(())
}

fn client_impls(file: &mut syn::File) -> impl Iterator<Item = &mut syn::ItemImpl> {
    file.items.iter_mut().filter_map(|item| match item {
        syn::Item::Impl(block) if block.trait_.is_none() => Some(block),
        _ => None,
    })
}

/// What was generated must be what was listed: the last line between a slip above and a revoke-all in the binary.
///
/// Everything that is sent is told an `OperationInfo`, so counting their ids counts the requests.
fn guard(file: &syn::File, operations: &[&Kept]) -> Result<(), String> {
    let tokens = words(file.to_token_stream());
    let mut ids: Vec<&str> = tokens
        .windows(3)
        .filter(|words| words[0] == "operation_id" && words[1] == ":")
        .map(|words| words[2].as_str())
        .collect();
    let mut listed: Vec<String> = operations.iter().map(|kept| format!("{:?}", kept.name)).collect();
    ids.sort_unstable();
    listed.sort_unstable();
    if ids != listed {
        let (ids, listed) = (ids.join(", "), listed.join(", "));
        return Err(format!(
            "the generated client has the operations {ids}; listed are {listed}"
        ));
    }
    let sends = tokens.windows(3).filter(|words| words[..2] == [".", "send"]);
    if sends.count() != operations.len() || tokens.iter().any(|word| word == "exec" || word == "execute") {
        return Err("the generated client sends in other ways than one for each operation".into());
    }
    let functions = || {
        let items = file.items.iter().filter_map(|item| match item {
            syn::Item::Impl(block) if block.trait_.is_none() => Some(&block.items),
            _ => None,
        });
        items.flatten().filter_map(|item| match item {
            syn::ImplItem::Fn(function) if function.sig.asyncness.is_some() => Some(function),
            _ => None,
        })
    };
    if functions().count() != operations.len() {
        return Err("the generated client has more methods than operations are listed".into());
    }
    for kept in operations {
        let function = functions().find(|function| function.sig.ident == kept.name);
        let words = function.map(|function| words(function.block.to_token_stream()));
        let template = format!("{:?}", format_string(&kept.path));
        let url = ["format", "!", "(", &template];
        let call = [
            ".",
            &kept.method,
            "(",
            "self",
            ".",
            "inner",
            ".",
            "address",
            "(",
            "url",
            ")",
            ")",
        ];
        let has = |wanted: &[&str]| {
            let found = |words: &Vec<String>| words.windows(wanted.len()).any(|words| words == wanted);
            words.as_ref().is_some_and(found)
        };
        // A parameter that nobody listed could make another question of a harmless one.
        let new = ["QueryParam", ":", ":", "new", "("];
        let windows = words.iter().flat_map(|words| words.windows(new.len() + 1));
        let mut query: Vec<&String> = windows
            .filter(|words| words[..new.len()] == new)
            .map(|words| &words[new.len()])
            .collect();
        let mut listed: Vec<String> = kept.query.iter().map(|name| format!("{name:?}")).collect();
        query.sort_unstable();
        listed.sort_unstable();
        if !has(&url) || !has(&call) || query.into_iter().ne(&listed) {
            let Kept {
                name, method, path, ..
            } = kept;
            return Err(format!(
                "the generated `{name}` is not {} {path}",
                method.to_uppercase()
            ));
        }
    }
    Ok(())
}

/// `/keys/{id}` as progenitor writes it into `format!`: base and parameters are all `{}`.
fn format_string(path: &str) -> String {
    let mut text = String::from("{}");
    let mut rest = path;
    while let Some((fixed, after)) = rest.split_once('{') {
        text.push_str(fixed);
        text.push_str("{}");
        rest = after.split_once('}').map_or("", |(_, rest)| rest);
    }
    text + rest
}

fn words(tokens: TokenStream) -> Vec<String> {
    let mut found = Vec::new();
    for token in tokens {
        match token {
            TokenTree::Group(group) => {
                let open = match group.delimiter() {
                    proc_macro2::Delimiter::Parenthesis => "(",
                    _ => "{",
                };
                let close = if open == "(" { ")" } else { "}" };
                found.push(open.to_owned());
                found.extend(words(group.stream()));
                found.push(close.to_owned());
            }
            token => found.push(token.to_string()),
        }
    }
    found
}

/// One arm for each operation that changes nothing and has no body: the parameters of a look-up, by their names in the
/// document, handed to the generated method in its order and types. What a look-up does not have, or what is not of the type,
/// is left out here, and noticed by the guard over the final request.
fn look_ups(file: &syn::File, operations: &[&Kept]) -> Result<Vec<TokenStream>, String> {
    let items = file.items.iter().filter_map(|item| match item {
        syn::Item::Impl(block) if block.trait_.is_none() => Some(&block.items),
        _ => None,
    });
    let functions: Vec<&syn::ImplItemFn> = items
        .flatten()
        .filter_map(|item| match item {
            syn::ImplItem::Fn(function) => Some(function),
            _ => None,
        })
        .collect();
    let mut arms = Vec::new();
    for kept in operations.iter().filter(|kept| kept.method == "get") {
        let function = functions.iter().find(|function| function.sig.ident == kept.name);
        let function = function.ok_or_else(|| format!("progenitor made no `{}`", kept.name))?;
        let words = words(function.block.to_token_stream());
        let mut names: Vec<(&str, &str)> = words
            .windows(6)
            .filter(|words| words[..2] == ["new", "("] && words[3..5] == [",", "&"])
            .map(|words| (words[5].as_str(), words[2].trim_matches('"')))
            .collect();
        let in_path = words
            .windows(4)
            .filter(|words| words[..3] == ["encode_path", "(", "&"]);
        names.extend(
            in_path
                .map(|words| words[3].as_str())
                .zip(template_names(&kept.path)),
        );
        let mut arguments = Vec::new();
        for input in &function.sig.inputs {
            let syn::FnArg::Typed(input) = input else { continue };
            let (argument, kind) = (input.pat.to_token_stream().to_string(), &input.ty);
            let name = names.iter().find(|(known, _)| *known == argument);
            let (_, name) =
                name.ok_or_else(|| format!("nothing says what `{argument}` of `{}` is", kept.name))?;
            let kind = kind.to_token_stream().to_string().replace(' ', "");
            arguments.push(match kind.as_str() {
                "&'astr" => quote!(lookup.part(#name)),
                "Option<&'astr>" => quote!(lookup.query(#name)),
                option if option.starts_with("Option<") => {
                    quote!(lookup.query(#name).and_then(|text| text.parse().ok()))
                }
                borrowed if borrowed.starts_with('&') => quote!(&crate::lookup::read(lookup.part(#name))?),
                _ => quote!(crate::lookup::read(lookup.part(#name))?),
            });
        }
        let (name, method) = (&kept.name, &function.sig.ident);
        arms.push(quote!(#name => self.#method(#(#arguments),*).await));
    }
    Ok(arms)
}

/// The names in `/users/{user}/keys/{key}`, in their order.
fn template_names(path: &str) -> impl Iterator<Item = &str> {
    let parts = path.split('{').skip(1);
    parts.filter_map(|part| part.split_once('}').map(|(name, _)| name))
}

/// What the crate knows the client by.
fn additions(operations: &[&Kept], version: &str, look_ups: &[TokenStream]) -> TokenStream {
    let operations = operations.iter().map(|kept| {
        let (name, path) = (&kept.name, &kept.path);
        let method = kept.method.to_uppercase();
        let (prefixed, query, names_keys) = (kept.prefixed, &kept.query, kept.names_keys);
        quote!(crate::wire::Operation {
            name: #name,
            method: #method,
            path: #path,
            prefixed: #prefixed,
            query: &[#(#query),*],
            names_keys: #names_keys,
        })
    });
    quote! {
        impl crate::wire::Generated for Client {
            const OPERATIONS: &'static [crate::wire::Operation] = &[#(#operations),*];
            const DOCUMENT: &'static str = #version;

            fn with(baseurl: &str, client: ::reqwest::Client, inner: crate::wire::Call) -> Self {
                Self::new_with_client(baseurl, client, inner)
            }

            async fn look_up(&self, lookup: &crate::lookup::Lookup) -> crate::wire::Sent {
                match lookup.operation {
                    #(#look_ups,)*
                    _ => crate::lookup::not_offered().await,
                }
            }
        }
    }
}
