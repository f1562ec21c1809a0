//! The guide: from one key to a job in Kubernetes, and what "dead" rests on. Every example is compiled and run.
//!
//! 1. [One key](one_key)
//! 2. [A list of keys](list)
//! 3. [Looking before and after](verification)
//! 4. [What "dead" means](dead)
//! 5. [Testing your code](testing)
//! 6. [Running in Kubernetes](kubernetes)
//! 7. [Traces and counters](telemetry)
//! 8. [JSON, for programs](json)
//! 9. [A provider of one's own](own_provider)
//! 10. [Adding a provider](new_provider)
//!
//! Larger pieces to copy stand in `examples/`: an off-boarding job, a service that is told of leaks by GitHub's secret
//! scanning, an application and its tests, a step for GitHub Actions.

#[doc = include_str!("../docs/guide/one_key.md")]
pub mod one_key {}

#[doc = include_str!("../docs/guide/list.md")]
pub mod list {}

#[doc = include_str!("../docs/guide/verification.md")]
pub mod verification {}

#[doc = include_str!("../docs/guide/dead.md")]
pub mod dead {}

#[doc = include_str!("../docs/guide/testing.md")]
pub mod testing {}

#[doc = include_str!("../docs/guide/kubernetes.md")]
pub mod kubernetes {}

#[doc = include_str!("../docs/guide/telemetry.md")]
pub mod telemetry {}

#[doc = include_str!("../docs/guide/json.md")]
pub mod json {}

#[doc = include_str!("../docs/guide/own_provider.md")]
pub mod own_provider {}

#[doc = include_str!("../docs/guide/new_provider.md")]
pub mod new_provider {}
