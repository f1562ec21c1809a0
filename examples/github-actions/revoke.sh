#!/usr/bin/env bash
# Revokes the keys of $LIST, and says on the run's page what became of them. Ends with keyrevoke's own code: 0 if every key
# is dead, 1 if one is live, 3 if one is in doubt, 2 if nothing was sent, 4 if this machine failed.
set -uo pipefail
: "${LIST:?}" "${JOURNAL:?}" "${PAGE:?}"

code=0
keyrevoke revoke --from "$LIST" --journal "$JOURNAL" --yes || code=$?

if [ -s "$JOURNAL" ]; then
  # The report says the same as the run; it must not say it better, so its own code is not used.
  keyrevoke report "$JOURNAL" --html "$PAGE" --format markdown >>"${GITHUB_STEP_SUMMARY:-/dev/stdout}" || true
fi
case $code in
  0) ;;
  1) echo "::error::At least one key still works." ;;
  2) echo "::error::The list or the settings are wrong; nothing was sent." ;;
  3) echo "::error::No key is known to work, and at least one is in doubt." ;;
  *) echo "::error::keyrevoke could not do its work (code $code)." ;;
esac
exit "$code"
