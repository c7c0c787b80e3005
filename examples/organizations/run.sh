#!/bin/sh
# Runs notifconf for one organization: run.sh COMMAND ORGANIZATION [OPTION...]
# It leaves ORGANIZATION.json in the folder RUNS, for `notifconf report`, and ends with the exit code of notifconf.
set -eu
command=$1 organization=$2
shift 2
case $organization in
    '' | *[!a-z0-9-]*) echo "error: an organization has a name of a-z, 0-9 and -: $organization" >&2; exit 1 ;;
esac
runs=${RUNS:-$PWD/runs}
mkdir -p "$runs"
# A pod that has the credentials of all organizations finds those of this one in a file.
if [ -n "${CREDENTIALS:-}" ]; then
    set -a
    . "$CREDENTIALS/$organization.env"
    set +a
fi
cd "$(dirname "$0")"
exec notifconf "$command" common "$organization" --format json --output "$runs/$organization.json" "$@"
