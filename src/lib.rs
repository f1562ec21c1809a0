#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]
#[cfg(not(any(feature = "aws-lc-rs", feature = "ring")))]
compile_error!("TLS needs cryptography: switch on the feature `aws-lc-rs`, which is the default, or `ring`");

mod answer;
mod ask;
mod attempt;
mod builder;
mod capabilities;
mod checks;
mod clean;
mod client;
mod content;
#[cfg(all(test, feature = "fakes"))]
mod contract;
mod counters;
mod credential;
mod describe;
mod described;
mod detail;
#[cfg(feature = "miette")]
mod diagnostic;
mod digest;
mod erased;
mod error;
mod facts;
#[cfg(all(test, feature = "fakes"))]
mod golden;
mod identify;
mod input;
mod inventory;
mod json;
mod key;
mod key_filter;
mod key_info;
mod lane;
mod lookup;
#[cfg(all(test, feature = "fakes"))]
mod lookup_tests;
#[cfg(all(test, feature = "fakes"))]
mod model;
#[cfg(all(test, feature = "fakes"))]
mod observed;
mod observer;
mod options;
mod outcome;
mod plan;
mod probe;
#[cfg(all(test, feature = "fakes"))]
mod properties;
mod provider;
mod providers;
mod registry;
#[cfg(all(test, feature = "fakes"))]
mod replay;
mod resume;
mod retry;
mod revocation;
mod revoke;
mod run;
mod secret;
mod secret_key;
#[cfg(feature = "aws")]
mod sigv4;
#[cfg(all(test, feature = "fakes"))]
mod skeletons;
mod source;
#[cfg(all(test, feature = "fakes"))]
mod specimen;
mod trace;
mod tree;
mod verdict;
#[cfg(all(test, feature = "fakes"))]
mod verdict_speed;
mod verify;
mod wire;
mod within;
mod work;
mod written;
#[cfg(feature = "aws")]
mod xml;

#[cfg(feature = "blocking")]
pub mod blocking;
#[cfg(feature = "fakes")]
pub mod conformance;
#[cfg(feature = "fakes")]
pub mod fakes;
#[cfg(all(fuzzing, feature = "fakes"))]
#[doc(hidden)]
pub mod fuzzing;
#[cfg(any(doc, doctest))]
pub mod guide;
pub mod journal;
pub mod timestamp;

pub use ask::{Acceptance, Keys};
pub use builder::{BuildError, BuildTarget, Builder};
pub use capabilities::Capabilities;
pub use checks::{Attestation, Checks, Expectation, Verification};
pub use client::Revoker;
pub use counters::{Count, Counters};
pub use credential::Credential;
pub use describe::describe;
pub use facts::Fact;
pub use identify::{Manual, Match, Which, identify, which};
pub use input::InvalidInput;
pub use key::KeyRef;
pub use key_filter::KeyFilter;
pub use key_info::{KeyInfo, KeyStatus};
pub use observer::{AttemptEnd, AttemptStart, BoxFuture, Observer, Veto};
pub use options::ClientOptions;
pub use outcome::{
    Delivery, Disposition, ErrorKind, Evidence, FieldError, GaveUp, KeyState, Revocation, RevokeError,
    RevokeResult, SCHEMA,
};
pub use plan::{Plan, PlanError, PlanProblem, Planned};
pub use provider::{Provider, Repeat};
pub use providers::modules::*;
pub use providers::{AnyProvider, ProviderInfo, builder, provider, providers};
pub use registry::Registry;
pub use retry::RetryPolicy;
pub use revoke::{AnyRevoker, Detached, Revoke};
pub use run::Run;
pub use secret::Secret;
pub use source::CredentialSource;
pub use within::Stopper;
#[doc(hidden)]
pub use within::Within;
