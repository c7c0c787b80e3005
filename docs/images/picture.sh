#!/bin/sh
# Draws the HTML pages of examples/confluent, against the embedded emulator: a plan, who is told of what, and the report
# on two plans. Then a plan of 300 changes, on a wide and on a narrow screen. Needs chromium.
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

{
  cat << 'END'
version: 1
provider: confluent
integrations:
  oncall: {target: {kind: Webhook, url: "${ONCALL_URL}"}}
  platform-slack: {target: {kind: Slack, webhook_url: "${PLATFORM_SLACK_URL}"}}
  data-teams: {target: {kind: MsTeams, webhook_url: "${DATA_TEAMS_URL}"}}
subscriptions:
  - match: {severity: CRITICAL, category: SERVICE}
    integrations: [oncall, platform-slack]
resources:
END
  for cluster in lkc-8n3qvr lkc-5w1ymt lkc-4k7bxa lkc-9p2cde; do
    for number in $(seq 73); do
      echo "  - resource: environment=env-p7x2kq/cloud-cluster=$cluster/connector=sink-$number"
      echo "    subscriptions: [{notification_type: Connector in FAILED state, integrations: [data-teams, oncall]}]"
    done
  done
} > "$work/notifconf.yaml"
(cd "$work" && notifconf plan --endpoint emulator::memory: --quiet --format html --output large-plan.html)
cp "$work/large-plan.html" "$work/large-plan-narrow.html"
draw large-plan 1200 1200
draw large-plan-narrow 1400 400
