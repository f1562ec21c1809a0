//! Counters of results as text for Prometheus.
//!
//! ```sh
//! cargo run --features fakes --example metrics
//! ```

use keyrevoke::fakes::Fake;
use keyrevoke::{Counters, ErrorKind, Registry};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (dolfin, devin) = (Fake::start("dolfin").await?, Fake::start("devin").await?);
    let counters = Counters::new();
    let registry = Registry::new()
        .with(dolfin.builder().build()?)
        .with(devin.builder().build()?)
        .with_counters(counters.clone());
    let keys = [
        dolfin.new_key(),
        dolfin.new_key(),
        dolfin.unknown_key(),
        devin.new_key(),
    ];
    let mut run = registry.plan(keys)?.revoke_all();
    while run.next().await.is_some() {}
    print!("{}", text(&counters));
    Ok(())
}

/// What an application answers to GET /metrics.
fn text(counters: &Counters) -> String {
    let mut text =
        "# HELP keyrevoke_results_total Verdicts about keys, by provider, state and kind of trouble.\n\
                    # TYPE keyrevoke_results_total counter\n"
            .to_owned();
    for count in counters.snapshot() {
        // Names of providers, states and kinds hold nothing that would have to be escaped.
        text.push_str(&format!(
            "keyrevoke_results_total{{provider=\"{}\",state=\"{}\",kind=\"{}\"}} {}\n",
            count.provider,
            count.state,
            count.kind.map_or("", ErrorKind::as_str),
            count.count
        ));
    }
    text
}
