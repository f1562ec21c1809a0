#!/usr/bin/env bash
# What we cost those who depend on us: crates, CPU seconds of a cold build, and size of a ten-line program, against the
# same program on hand-written reqwest. It takes some minutes. What a further provider adds: benches/cost-provider.sh
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD
unset CARGO_TARGET_DIR # a cold build is one
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export CARGO_TERM_COLOR=never CARGO_INCREMENTAL=0

# CPU seconds of a command and all that it starts, whatever else the machine does.
cpu() {
  local TIMEFORMAT='%U %S' spent
  spent=$({ time "$@" >"$work/log" 2>&1; } 2>&1) || { cat "$work/log" >&2; return 1; }
  awk '{ printf "%.1f", $1 + $2 }' <<<"$spent"
}

program() { # name, dependencies, main
  mkdir -p "$work/$1/src"
  printf '[package]\nname = "%s"\nedition = "2024"\n[dependencies]\n%s\n[workspace]\n' "$1" "$2" >"$work/$1/Cargo.toml"
  printf '%s\n' "$3" >"$work/$1/src/main.rs"
  cp "$root/Cargo.lock" "$work/$1/Cargo.lock" # the same versions for both
}

runtime='tokio = { version = "1", default-features = false, features = ["rt"] }'
program keyrevoke "keyrevoke = { path = \"$root\" }
$runtime" 'use keyrevoke::{Credential, Revoke, dolfin};
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let revoker = dolfin::builder().with_credential(Credential::api_key(std::env::var("DOLFIN_KEY")?)).build()?;
    let key: dolfin::KeyId = std::env::args().nth(1).unwrap_or_default().parse()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let dead = runtime.block_on(revoker.revoke(&key))?;
    println!("{key}: {dead}");
    Ok(())
}'
sed -i 's/name = "keyrevoke"/name = "with-keyrevoke"/' "$work/keyrevoke/Cargo.toml"
program by-hand 'reqwest = { version = "0.13.5", default-features = false, features = ["rustls"] }
'"$runtime" 'fn main() -> Result<(), Box<dyn std::error::Error>> {
    let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build()?;
    let key = std::env::args().nth(1).unwrap_or_default();
    let url = format!("https://api.dolfinai.co/api-keys/{key}/revoke");
    let request = client.post(url).header("x-dolfin-api-key", std::env::var("DOLFIN_KEY")?).header("content-length", "0");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let answer = runtime.block_on(request.send())?;
    println!("{key}: {}", answer.status());
    Ok(())
}'

for name in by-hand keyrevoke; do
  cd "$work/$name"
  cargo fetch --quiet
  crates=$(cargo tree --edges normal --prefix none --no-dedupe | sort -u | wc -l)
  with_build=$(cargo tree --edges normal,build --prefix none --no-dedupe | sort -u | wc -l)
  seconds=$(cpu cargo build --release)
  binary=$(find target/release -maxdepth 1 -type f -executable)
  size=$(stat -c %s "$binary")
  strip -o "$work/stripped" "$binary"
  printf '%-10s %s crates in the binary, %s with those of the build, %s CPU seconds of a cold release build, %s bytes, %s stripped\n' \
    "$name" "$crates" "$with_build" "$seconds" "$size" "$(stat -c %s "$work/stripped")"
done
