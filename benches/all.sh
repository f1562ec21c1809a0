#!/usr/bin/env bash
# Every figure of docs/benchmarks.md, one after the other. Run it on a machine that does nothing else.
# Usage: benches/all.sh; `SKIP_COST=1 benches/all.sh` leaves out what builds from scratch.
set -euo pipefail
cd "$(dirname "$0")/.."
export CARGO_TERM_COLOR=never
date -u +%F
uname -sr
grep -m1 'model name' /proc/cpuinfo || true
nproc
benches=(one_call bulk limited memory)
cargo bench --locked --features fakes $(printf -- '--bench %s ' "${benches[@]}") --no-run
for bench in "${benches[@]}"; do
  printf '\n== %s\n' "$bench"
  cargo bench --locked --quiet --features fakes --bench "$bench"
done
printf '\n== a verdict\n'
cargo test --locked --quiet --release --all-features --lib -- --ignored --nocapture how_long_a_verdict_takes
if [ -z "${SKIP_COST:-}" ]; then
  printf '\n== what it costs to depend on this crate\n'
  benches/cost.sh
  benches/cost-provider.sh 10
  benches/cost-provider.sh 10 --release
fi
