#!/usr/bin/env bash
# The server for the browser tests, on demo data made anew. Playwright starts and stops it.
# E2E_BUILD names a folder with a build of its own (mailuo, hash.txt, site/), so that a build may go on beside a run.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

address=${1:-127.0.0.1:3100}
folder=${2:-target/e2e}
data=$folder/data
log=$folder/server.log
mailuo=target/debug/mailuo
site=target/site
if [ -n "${E2E_BUILD:-}" ]; then
    mailuo=$E2E_BUILD/mailuo
    site=$E2E_BUILD/site
fi

rm -rf "$data"
mkdir -p "$data"
export LEPTOS_SITE_ROOT=$site
if ! "$mailuo" demo --data-dir "$data" >"$log" 2>&1; then
    echo "mailuo demo failed:" >&2
    tail -n 20 "$log" >&2
    exit 1
fi
# The pages with examples on data that no test has changed yet.
"$mailuo" routes --json --data-dir "$data" >"$folder/routes.json"
exec "$mailuo" serve --data-dir "$data" --addr "$address" >>"$log" 2>&1
