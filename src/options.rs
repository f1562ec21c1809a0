//! How requests travel: typed settings instead of a raw HTTP client builder, which would let redirects,
//! verbose logs or a second credential in.

use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

use reqwest::Url;
use reqwest::redirect::Policy;
use reqwest::tls::Version;

use crate::credential::{Credential, Form, Redactor};
use crate::input::InvalidInput;
use crate::key::is_id_character;
use crate::provider::Base;

/// Transport settings, shared by any number of revokers.
///
/// What is not here is not up for setting: redirects are never followed, nothing is sent again behind our
/// back, HTTP/1.1 only, TLS 1.2 or later, proxies only from here and never from the environment.
///
/// ```
/// use std::time::Duration;
/// use keyrevoke::ClientOptions;
///
/// let options = ClientOptions::new()
///     .with_proxy("http://proxy.example.com:3128")
///     .with_connect_timeout(Duration::from_secs(2));
/// ```
#[derive(Clone, Default)]
pub struct ClientOptions {
    proxy: Option<String>,
    root_certificates: Vec<Vec<u8>>,
    identity: Option<Vec<u8>>,
    connect_timeout: Option<Duration>,
    http_hosts: Vec<String>,
    hosts: Vec<String>,
    reuse: Option<Duration>,
}

/// So many connections are kept at most, where any are.
const MOST_KEPT: usize = 64;

/// Enough for three SYNs on a lossy line.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

impl ClientOptions {
    /// No proxy, the system's certificates, five seconds to connect.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sends requests through a proxy, `http://[USER:PASSWORD@]HOST:PORT` or `https://…`.
    pub fn with_proxy(mut self, url: impl Into<String>) -> Self {
        self.proxy = Some(url.into());
        self
    }

    /// Trusts further certificate authorities, given as PEM (one or many), besides the system's.
    pub fn with_root_certificates(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.root_certificates.push(pem.into());
        self
    }

    /// Presents a client certificate: its private key and its chain as one PEM text.
    pub fn with_client_identity(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.identity = Some(pem.into());
        self
    }

    /// How long connecting may take, TLS included. It must be shorter than the attempt timeout, so that a
    /// time-out while connecting is known to have sent nothing.
    pub fn with_connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = Some(timeout);
        self
    }

    /// Keeps connections for further requests, for at most this long without one. Without it each attempt has a
    /// connection of its own.
    ///
    /// It saves connecting, which counts over a long list, and has a price: a connection that the provider closes while
    /// a request is on its way makes the answer ambiguous, and the key unknown where a repeat could hurt. Keep the time
    /// well below what the provider keeps idle connections for. Requests that were not written to a kept connection at
    /// all may be written to another one unseen.
    pub fn with_connection_reuse(mut self, idle: Duration) -> Self {
        self.reuse = Some(idle);
        self
    }

    /// Allows plain HTTP to this host, for test networks. Without it, HTTP goes to loopback only, because the
    /// credential would travel in the clear.
    pub fn allow_http_host(mut self, host: impl Into<String>) -> Self {
        self.http_hosts.push(host.into());
        self
    }

    /// Allows a base URL on this host although it is outside the provider's published domains.
    pub fn allow_host(mut self, host: impl Into<String>) -> Self {
        self.hosts.push(host.into());
        self
    }

    /// What must not come back in any text: the proxy's password, plain and as it travels.
    pub(crate) fn redactor(&self) -> Redactor {
        let url = self.proxy.as_ref().and_then(|proxy| Url::parse(proxy).ok());
        let user = url.filter(|url| url.password().is_some());
        let prepared = user.and_then(|url| {
            let proxy = Credential::basic(url.username(), url.password().unwrap_or_default());
            proxy.prepare("proxy", &[Form::Basic]).ok()
        });
        prepared.map(|prepared| prepared.redactor).unwrap_or_default()
    }

    pub(crate) fn connect_timeout(&self) -> Option<Duration> {
        self.connect_timeout
    }

    /// Checks a base URL: exactly what stands before the paths of the provider's document.
    pub(crate) fn check_base(
        &self,
        provider: &'static str,
        base: &Base,
        text: &str,
    ) -> Result<Url, InvalidInput> {
        let refuse = |reason: String| {
            Err(InvalidInput::new(
                provider,
                format!("{provider} base URL"),
                reason,
                format!(
                    "give what stands before the paths of the provider's document: {}",
                    base.example
                ),
            ))
        };
        // On the raw text, because parsing a URL deletes tabs and line breaks and turns `\` into `/`.
        if let Some(c) = text
            .chars()
            .find(|c| !c.is_ascii_graphic() || matches!(c, '\\' | '?' | '#' | '@' | '%'))
        {
            return refuse(format!(
                "holds the character '{}'; no blanks, controls, user names, queries or fragments are allowed",
                c.escape_debug()
            ));
        }
        let Some((scheme, rest)) = text.split_once("://") else {
            return refuse("has no scheme".into());
        };
        let (_, path) = rest.trim_end_matches('/').split_once('/').unwrap_or((rest, ""));
        let is_plain = |segment: &str| {
            segment.chars().all(is_id_character) && segment.chars().any(|c| c.is_ascii_alphanumeric())
        };
        if rest.ends_with("//") || !(path.is_empty() || path.split('/').all(is_plain)) {
            return refuse("has a path with an empty, dotted or encoded segment".into());
        }
        let is_http = match scheme.to_ascii_lowercase().as_str() {
            "https" => false,
            "http" => true,
            _ => return refuse("is not an https URL".into()),
        };
        let url = match Url::parse(text.trim_end_matches('/')) {
            Ok(url) if url.has_host() => url,
            _ => return refuse("is not a URL".into()),
        };
        let host = url.host_str().unwrap_or_default().to_owned();
        // A name that ends in a dot is looked up in DNS even if it is localhost's.
        if host.starts_with('.') || host.ends_with('.') || host.contains("..") || url.port() == Some(0) {
            return refuse("names a host with an empty label, or port 0".into());
        }
        let named = |hosts: &[String]| hosts.iter().any(|named| named.eq_ignore_ascii_case(&host));
        if is_loopback(&host) {
            return Ok(url);
        }
        if is_http && !named(&self.http_hosts) {
            return refuse(format!(
                "would send the credential to {host} in the clear; use https, or name a test network's host with allow_http_host (--allow-http-host)"
            ));
        }
        if base
            .placeholders
            .iter()
            .any(|placeholder| host.eq_ignore_ascii_case(placeholder))
        {
            return refuse(format!(
                "names {host}, which is a placeholder in the provider's documentation"
            ));
        }
        // A domain that begins with a dot is one of which only the names below are tenants'.
        let is_own = |domain: &str| match domain.strip_prefix('.') {
            Some(_) => host.ends_with(domain),
            None => host == domain || host.strip_suffix(domain).is_some_and(|sub| sub.ends_with('.')),
        };
        let published = base.domains.is_empty() || base.domains.iter().any(|domain| is_own(domain));
        if !published && !named(&self.hosts) && !named(&self.http_hosts) {
            return refuse(format!(
                "names {host}, which is outside the provider's published domains ({}); if it is right, name it with allow_host (--allow-host)",
                base.domains.join(", ")
            ));
        }
        Ok(url)
    }

    /// The HTTP client for one base URL, with every setting that a destructive call needs.
    pub(crate) fn client(
        &self,
        provider: &'static str,
        base: &Url,
        connect_timeout: Duration,
    ) -> Result<reqwest::Client, InvalidInput> {
        let refuse = |subject: &str, reason: String, remedy: &'static str| {
            InvalidInput::new(provider, format!("{provider} {subject}"), reason, remedy)
        };
        #[cfg(not(feature = "aws-lc-rs"))]
        let _ = rustls::crypto::ring::default_provider().install_default(); // fails where the application has one, which is as good
        let mut builder = reqwest::Client::builder()
            // A redirect re-sends the request and its own credential header to wherever the answer says.
            .redirect(Policy::none())
            // reqwest sends again by itself after some HTTP/2 errors.
            .retry(reqwest::retry::never())
            .http1_only()
            // A kept connection that the provider closes makes an answer ambiguous.
            .pool_max_idle_per_host(if self.reuse.is_some() { MOST_KEPT } else { 0 })
            .pool_idle_timeout(self.reuse)
            .no_proxy()
            .referer(false)
            // Features unify: another crate may have switched decompression on, and a bomb with it.
            .no_gzip()
            .no_brotli()
            .no_deflate()
            .no_zstd()
            .tls_backend_rustls()
            .tls_version_min(Version::TLS_1_2)
            .https_only(base.scheme() == "https")
            .connect_timeout(connect_timeout)
            .user_agent(concat!("keyrevoke/", env!("CARGO_PKG_VERSION")));
        // Without TLS on the way, a machine without certificates is no obstacle: tests on loopback in a bare container.
        let needs_tls = base.scheme() == "https"
            || self
                .proxy
                .as_ref()
                .is_some_and(|proxy| !proxy.starts_with("http:"));
        if !needs_tls {
            builder = builder.tls_certs_only([]);
        }
        for pem in &self.root_certificates {
            let certificates = reqwest::Certificate::from_pem_bundle(pem)
                .ok()
                .filter(|list| !list.is_empty());
            let certificates = certificates.ok_or_else(|| {
                refuse(
                    "root certificates",
                    "hold no PEM certificate".into(),
                    "give a file of PEM certificates",
                )
            })?;
            builder = builder.tls_certs_merge(certificates);
        }
        if let Some(pem) = &self.identity {
            let identity = reqwest::Identity::from_pem(pem).map_err(|_| {
                refuse(
                    "client identity",
                    "is not a PEM private key with its certificates (not shown)".into(),
                    "give both in one PEM text",
                )
            })?;
            builder = builder.identity(identity);
        }
        if let Some(proxy) = &self.proxy {
            builder = builder.proxy(self.check_proxy(proxy, base).map_err(|reason| {
                refuse(
                    "proxy",
                    reason.into(),
                    "give http://HOST:PORT or https://HOST:PORT",
                )
            })?);
        }
        builder.build().map_err(|error| {
            refuse(
                "HTTP client",
                format!("cannot be made: {}", crate::attempt::chain(&error.without_url())),
                "check the system's certificates, or give root certificates",
            )
        })
    }

    fn check_proxy(&self, text: &str, base: &Url) -> Result<reqwest::Proxy, &'static str> {
        let sound = text.chars().all(|c| c.is_ascii_graphic() && c != '\\');
        let url = Url::parse(text)
            .ok()
            .filter(|url| sound && url.has_host() && matches!(url.scheme(), "http" | "https"));
        let url = url.ok_or("is not an http or https URL (not shown)")?;
        let host = url.host_str().unwrap_or_default();
        let named = self
            .http_hosts
            .iter()
            .any(|named| named.eq_ignore_ascii_case(host));
        if base.scheme() == "http" && !is_loopback(host) && !named {
            return Err("would be shown the credential, because the base URL is plain http");
        }
        reqwest::Proxy::all(url).map_err(|_| "is not taken by the HTTP client (not shown)")
    }
}

impl fmt::Debug for ClientOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A proxy's URL may hold its password, an identity is a private key.
        f.debug_struct("ClientOptions")
            .field("proxy", &self.proxy.as_ref().map(|_| "[redacted]"))
            .field("root_certificates", &self.root_certificates.len())
            .field("identity", &self.identity.as_ref().map(|_| "[redacted]"))
            .field("connect_timeout", &self.connect_timeout)
            .field("http_hosts", &self.http_hosts)
            .field("hosts", &self.hosts)
            .finish()
    }
}

fn is_loopback(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost")
        || address.parse().is_ok_and(|address: IpAddr| address.is_loopback())
}

/// The time to connect where nothing is set: below the attempt timeout, whatever that is.
pub(crate) fn default_connect_timeout(attempt: Duration) -> Duration {
    CONNECT_TIMEOUT.min(attempt / 2)
}
