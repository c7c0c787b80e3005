#!/bin/sh
# The main job on an example, against the embedded emulator: no credentials, no network.
# It shows the plan, applies it, and shows that a second plan is empty.
set -eu
cd "$(dirname "$0")"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT INT TERM

# With PYTHON, the checkout runs on that interpreter. Without it, the installed notifconf runs.
if [ -n "${PYTHON-}" ]; then
  export PYTHONPATH="${PWD%/examples}"
  notifconf() { "$PYTHON" -m notifconf "$@"; }
fi

step() {
  printf '\n$ %s\n' "$*"
  "$@"
}

for provider in confluent konnect; do
  set -a
  . "./$provider/demo.env"
  set +a
  endpoint="emulator:$work/$provider.sqlite"
  step notifconf plan "$provider" --endpoint "$endpoint"
  step notifconf apply "$provider" --endpoint "$endpoint" --auto-approve
  step notifconf plan "$provider" --endpoint "$endpoint" --detailed-exitcode
done
printf '\nDone: the second plans are empty.\n'
