#!/usr/bin/env bash
# What each further provider adds to the build of this crate: CPU seconds of the crate alone, its dependencies being built,
# as it is and with PROVIDERS (10) more, which are one provider under other names. What is built in CARGO_TARGET_DIR is used.
# Usage: benches/cost-provider.sh [PROVIDERS [CARGO OPTIONS]], such as 10 --release
set -euo pipefail
cd "$(dirname "$0")/.."
more=${1:-10} options=("${@:2}")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export CARGO_TERM_COLOR=never CARGO_INCREMENTAL=0 CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$work/target}

copy="$work/copy"
mkdir "$copy"
git ls-files -z | tar --null -T - -cf - | tar -xf - -C "$copy"
cd "$copy"

# CPU seconds of a command and all that it starts, whatever else the machine does.
cpu() {
  local TIMEFORMAT='%U %S' spent
  spent=$({ time "$@" >"$work/log" 2>&1; } 2>&1) || { cat "$work/log" >&2; return 1; }
  awk '{ printf "%.1f", $1 + $2 }' <<<"$spent"
}
measure() {
  touch build.rs src/lib.rs
  cpu cargo build --locked --lib "${options[@]}"
}

cargo build --locked --lib --quiet "${options[@]}"
before=$(measure)
for number in $(seq "$more"); do
  name="extra$number"
  sed "s/\"sendgrid\"/\"$name\"/g; s/SendGrid/Extra$number/g; s/sendgrid::/$name::/g" src/providers/sendgrid.rs >"src/providers/$name.rs"
  sed -i "s/^    sendgrid::SendGrid,/&\n    $name::Extra$number,/" src/providers.rs
  awk '/^\[/ { on = /^\[+sendgrid[.\]]/ } on' specs/providers.toml | sed "s/^\(\[*\)sendgrid/\1$name/; s/\"sendgrid.yaml\"/\"$name.yaml\"/" >"$work/rows"
  cp specs/sendgrid.yaml "specs/$name.yaml"
  { echo && cat "$work/rows"; } >>specs/providers.toml
done
# A copy without them would cost nothing more.
[ "$(grep -c '::Extra[0-9]*,$' src/providers.rs)" = "$more" ]
[ "$(grep -c '^\[extra[0-9]*\.operations\.revoke\]$' specs/providers.toml)" = "$more" ]
after=$(measure)
awk -v before="$before" -v after="$after" -v more="$more" -v options="${options[*]}" 'BEGIN {
  printf "the crate alone%s: %.1f CPU seconds; with %d providers more %.1f, which is %.2f for each\n",
    options == "" ? "" : " (" options ")", before, more, after, (after - before) / more }'
