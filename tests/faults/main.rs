//! Faults and the verdict each must get, row by row: `rows.toml` is the table, and a test's name carries the
//! number of its row. Every test asserts what was sent as well as what came back.
#![cfg(feature = "fakes")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod ambiguity;
mod claims;
mod common;
mod hygiene;
mod ids;
mod nothing_sent;
mod perhaps_sent;
mod proxy;
mod redirects;
mod refusals;
mod resources;
mod reused_ids;
mod rows;
mod server;
mod stale;
mod tls;
