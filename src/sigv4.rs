//! Signature Version 4: AWS takes no secret on the wire, but a signature over the final request that is made with it.

use std::time::SystemTime;

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use reqwest::Request;
use reqwest::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use secrecy::{ExposeSecret, SecretString};

/// Which service of AWS is meant, and where it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scope {
    /// As in `iam`.
    pub service: &'static str,
    /// As in `us-east-1`.
    pub region: &'static str,
}

/// What signs: an access key, with the token of the session where it is a temporary one.
#[derive(Clone)]
pub(crate) struct Signer {
    pub(crate) scope: Scope,
    pub(crate) id: String,
    pub(crate) secret: SecretString,
    pub(crate) token: Option<SecretString>,
}

impl PartialEq for Signer {
    fn eq(&self, other: &Self) -> bool {
        let token = |signer: &Self| {
            signer
                .token
                .as_ref()
                .map(|token| token.expose_secret().to_owned())
        };
        self.scope == other.scope
            && self.id == other.id
            && self.secret.expose_secret() == other.secret.expose_secret()
            && token(self) == token(other)
    }
}

/// What is signed of a request, besides its host.
pub(crate) struct Signed<'a> {
    pub(crate) method: &'a str,
    pub(crate) url: &'a str,
    pub(crate) media: Option<&'a str>,
    pub(crate) body: &'a [u8],
}

impl Signer {
    /// Adds the headers that authorise this very request, at this moment.
    pub(crate) fn sign(&self, request: &mut Request) -> Result<(), String> {
        let media = request.headers().get(CONTENT_TYPE);
        let media = media.and_then(|media| media.to_str().ok()).map(ToOwned::to_owned);
        let body = match request.body() {
            None => Vec::new(),
            Some(body) => body
                .as_bytes()
                .ok_or("the request's body cannot be signed")?
                .to_vec(),
        };
        let signed = Signed {
            method: request.method().as_str(),
            url: request.url().as_str(),
            media: media.as_deref(),
            body: &body,
        };
        for (name, value) in self.headers(&signed, SystemTime::now())? {
            let unsound = "the request's signature cannot stand in a header";
            let name = HeaderName::try_from(name).map_err(|_| unsound)?;
            let mut value = HeaderValue::try_from(value).map_err(|_| unsound)?;
            value.set_sensitive(true);
            request.headers_mut().insert(name, value);
        }
        Ok(())
    }

    /// The headers for a request that is signed at a time. What goes wrong shows nothing of the secret.
    pub(crate) fn headers(
        &self,
        signed: &Signed<'_>,
        at: SystemTime,
    ) -> Result<Vec<(String, String)>, String> {
        let failed = "the request could not be signed";
        let token = self.token.as_ref().map(|token| token.expose_secret().to_owned());
        let secret = self.secret.expose_secret();
        let identity = Credentials::new(&self.id, secret, token, None, "keyrevoke").into();
        let parameters = v4::SigningParams::builder()
            .identity(&identity)
            .region(self.scope.region)
            .name(self.scope.service)
            .time(at)
            .settings(SigningSettings::default())
            .build()
            .map_err(|_| failed)?;
        let headers = signed.media.map(|media| (CONTENT_TYPE.as_str(), media));
        let body = SignableBody::Bytes(signed.body);
        let request = SignableRequest::new(signed.method, signed.url, headers.into_iter(), body);
        let request = request.map_err(|_| failed)?;
        let (instructions, _) = sign(request, &parameters.into())
            .map_err(|_| failed)?
            .into_parts();
        let (headers, query) = instructions.into_parts();
        if !query.is_empty() {
            return Err(failed.into());
        }
        let headers = headers.into_iter();
        Ok(headers
            .map(|header| (header.name().to_owned(), header.value().to_owned()))
            .collect())
    }
}

#[cfg(feature = "fakes")]
impl Signer {
    /// Does the request that a fake received carry this signer's signature over just what arrived, and is it fresh?
    pub(crate) fn has_signed(&self, request: &crate::fakes::Received) -> bool {
        /// AWS refuses what is older, or from as far in the future.
        const LONGEST: std::time::Duration = std::time::Duration::from_secs(900);
        let expected = || {
            let date = request.header("x-amz-date")?;
            // 20260101T000000Z
            let part = |range: std::ops::Range<usize>| date.get(range);
            let (day, time) = (
                [part(0..4)?, part(4..6)?, part(6..8)?],
                [part(9..11)?, part(11..13)?, part(13..15)?],
            );
            let at = crate::timestamp::parse(&format!("{}T{}Z", day.join("-"), time.join(":"))).ok()?;
            let now = SystemTime::now();
            let age = now.duration_since(at).or_else(|_| at.duration_since(now)).ok()?;
            let url = format!("http://{}{}", request.header("host")?, request.path);
            let signed = Signed {
                method: &request.method,
                url: &url,
                media: request.header("content-type"),
                body: &request.body,
            };
            let headers = self.headers(&signed, at).ok()?;
            let arrived = |(name, value): &(String, String)| request.header(name) == Some(value);
            Some(age <= LONGEST && !headers.is_empty() && headers.iter().all(arrived))
        };
        expected().unwrap_or(false)
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::*;

    /// The example of AWS's own page on signing, "Create a signed AWS API request": IAM, ListUsers.
    #[test]
    fn the_signature_is_that_of_the_vendors_example() {
        let signer = Signer {
            scope: Scope {
                service: "iam",
                region: "us-east-1",
            },
            id: "AKIDEXAMPLE".into(),
            secret: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY".into(),
            token: None,
        };
        let signed = Signed {
            method: "GET",
            url: "https://iam.amazonaws.com/?Action=ListUsers&Version=2010-05-08",
            media: Some("application/x-www-form-urlencoded; charset=utf-8"),
            body: b"",
        };
        // 2015-08-30T12:36:00Z
        let at = UNIX_EPOCH + Duration::from_secs(1_440_938_160);
        let headers = signer.headers(&signed, at).unwrap();
        let header = |name: &str| {
            headers
                .iter()
                .find(|(known, _)| known == name)
                .map(|(_, value)| value.as_str())
        };
        assert_eq!(header("x-amz-date"), Some("20150830T123600Z"));
        assert_eq!(
            header("authorization"),
            Some(
                "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/iam/aws4_request, \
                 SignedHeaders=content-type;host;x-amz-date, \
                 Signature=5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7"
            )
        );
        let temporary = Signer {
            token: Some("session".into()),
            ..signer.clone()
        };
        let headers = temporary.headers(&signed, at).unwrap();
        assert!(
            headers
                .iter()
                .any(|(name, value)| name == "x-amz-security-token" && value == "session")
        );
        assert!(temporary != signer);
    }
}
