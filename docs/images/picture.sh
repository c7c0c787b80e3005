#!/bin/sh
# Draws html-plan.png: the HTML page of a plan of examples/confluent, against the embedded emulator. Needs chromium.
set -eu
cd "$(dirname "$0")/../../examples"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT INT TERM
set -a
. ./confluent/demo.env
set +a
notifconf plan confluent --endpoint emulator::memory: --quiet --format html --output "$work/plan.html"
chromium --headless --no-sandbox --disable-gpu --hide-scrollbars --user-data-dir="$work/profile" \
  --window-size=900,1000 --screenshot="$work/plan.png" "file://$work/plan.html" 2> "$work/log"
cp "$work/plan.png" ../docs/images/html-plan.png
