#!/bin/sh
# Draws the HTML pages of examples/confluent, against the embedded emulator: a plan, who is told of what, and the report
# on two plans. Needs chromium.
set -eu
cd "$(dirname "$0")/../../examples"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT INT TERM
set -a
. ./confluent/demo.env
. ./konnect/demo.env
set +a

draw() { # NAME HEIGHT [WIDTH]
  chromium --headless --no-sandbox --disable-gpu --hide-scrollbars --user-data-dir="$work/profile" \
    --window-size="${3:-900},$2" --screenshot="$work/$1.png" "file://$work/$1.html" 2> "$work/log"
  cp "$work/$1.png" "../docs/images/html-$1.png"
}

notifconf plan confluent --endpoint emulator::memory: --quiet --format html --output "$work/plan.html"
draw plan 1000
notifconf coverage confluent --endpoint emulator::memory: --quiet --format html --output "$work/coverage.html"
draw coverage 1750 700
for team in confluent konnect; do
  notifconf plan "$team" --endpoint emulator::memory: --quiet --format json --output "$work/$team.json"
done
notifconf report "$work/confluent.json" "$work/konnect.json" --format html --output "$work/report.html"
draw report 420
