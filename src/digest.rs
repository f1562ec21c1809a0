//! SHA-256, by the library that TLS brings along.

#[cfg(feature = "aws-lc-rs")]
use aws_lc_rs::digest::{SHA256, digest};
#[cfg(not(feature = "aws-lc-rs"))]
use ring::digest::{SHA256, digest};

/// The 32 bytes of the digest.
pub(crate) fn sha256(bytes: &[u8]) -> impl AsRef<[u8]> {
    digest(&SHA256, bytes)
}
