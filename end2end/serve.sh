#!/usr/bin/env bash
# The server for the browser tests, on demo data made anew. Playwright starts and stops it.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

address=${1:-127.0.0.1:3100}
data=target/e2e/data
log=target/e2e/server.log

rm -rf "$data"
mkdir -p "$data"
export LEPTOS_SITE_ROOT=target/site
if ! target/debug/mailuo demo --data-dir "$data" >"$log" 2>&1; then
    echo "mailuo demo failed:" >&2
    tail -n 20 "$log" >&2
    exit 1
fi
exec target/debug/mailuo serve --data-dir "$data" --addr "$address" >>"$log" 2>&1
