# shellcheck shell=bash disable=SC2034
# Shared by the scripts beside it. Source it; it goes to the repository's root and sets up PATH.
set -euo pipefail

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$ROOT"

# Tools that are not the project's own code live outside its target folder and are kept.
TOOLS="${MAILUO_TOOLS:-$HOME/.cache/mailuo/tools}"
TOOLCHAIN_FILE="$(dirname "$TOOLS")/toolchain"

# The crate and the command line tool must be of one version, so the version stands in Cargo.toml alone.
WASM_BINDGEN_VERSION=$(awk '/^wasm-bindgen *=/ && match($0, /"=[0-9.]+"/) { print substr($0, RSTART + 2, RLENGTH - 3); exit }' Cargo.toml)
CARGO_LEPTOS_VERSION=0.3.11

# rustup's cargo before a cargo of Debian's: only the first can switch toolchains.
PATH="$TOOLS/bin:$ROOT/node_modules/.bin:${CARGO_HOME:-$HOME/.cargo}/bin:$PATH"
export PATH
export PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD=1
# The shell of Chromium has no window to draw around its pages, and does them in half the time.
CHROMIUM_SHELL=/usr/lib/chromium/chromium-headless-shell
CHROMIUM_GIVEN=${CHROMIUM:-}
# A target folder set elsewhere would hide the binary from the scripts, which look in target/.
unset CARGO_TARGET_DIR
# Nothing is built a second time there, and what is kept for that is half of the target folder.
[[ -z ${CI:-} ]] || export CARGO_INCREMENTAL=0

STARTED=$EPOCHREALTIME
STEP_NAMES=()
STEP_SECONDS=()
CURRENT_STEP=
ON_EXIT=()

die() {
    printf 'error: %s\n' "$*" >&2
    exit 1
}

# Seconds since $1 (an EPOCHREALTIME), with one decimal.
seconds_since() {
    local now=${EPOCHREALTIME/[.,]/} then=${1/[.,]/} tenths
    tenths=$(((now - then) / 100000))
    printf '%d.%d' $((tenths / 10)) $((tenths % 10))
}

# step "what it does" command…: says so, runs it, says how long it took.
# The command is not run inside a condition, so that `set -e` holds within it.
step() {
    local text=$1 from=$EPOCHREALTIME took
    shift
    CURRENT_STEP=$text
    CURRENT_STEP_FROM=$from
    printf '==> %s\n' "$text"
    "$@"
    took=$(seconds_since "$from")
    STEP_NAMES+=("$text")
    STEP_SECONDS+=("$took")
    CURRENT_STEP=
    printf '    %s s\n' "$took"
}

# on_exit command…: run when the script ends, in any way, the last registered first.
on_exit() {
    ON_EXIT=("$(printf '%q ' "$@")" "${ON_EXIT[@]}")
}

finish() {
    local status=$? command
    trap - EXIT
    set +e
    for command in "${ON_EXIT[@]}"; do
        eval "$command"
    done
    if ((status != 0)) && [[ -n $CURRENT_STEP ]]; then
        printf '\nFAILED: %s (after %s s, exit status %d)\n' \
            "$CURRENT_STEP" "$(seconds_since "$CURRENT_STEP_FROM")" "$status" >&2
    fi
    exit "$status"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# Takes the browser that is there; to be asked again once script/setup has run.
use_chromium() {
    if [[ -n $CHROMIUM_GIVEN ]]; then
        CHROMIUM=$CHROMIUM_GIVEN
    elif [[ -x $CHROMIUM_SHELL ]]; then
        CHROMIUM=$CHROMIUM_SHELL
    else
        CHROMIUM=/usr/bin/chromium
    fi
    export CHROMIUM
}
use_chromium

# A table of the steps so far and their seconds.
print_summary() {
    local i width=4
    for i in "${!STEP_NAMES[@]}"; do
        ((${#STEP_NAMES[i]} <= width)) || width=${#STEP_NAMES[i]}
    done
    printf '\n%-*s  %8s\n' "$width" step seconds
    for i in "${!STEP_NAMES[@]}"; do
        printf '%-*s  %8s\n' "$width" "${STEP_NAMES[i]}" "${STEP_SECONDS[i]}"
    done
}

as_root() {
    if ((EUID == 0)); then
        "$@"
    elif command -v sudo >/dev/null; then
        sudo "$@"
    else
        die "this needs root, and there is no sudo: $*"
    fi
}

# need_debian PACKAGE…: installs those that are missing.
need_debian() {
    local package log missing=()
    if ! command -v apt-get >/dev/null; then
        echo "    not a Debian system: please see to it that these are installed: $*"
        return
    fi
    for package; do
        [[ $(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null || true) == installed ]] || missing+=("$package")
    done
    ((${#missing[@]})) || return 0
    echo "    installing Debian packages: ${missing[*]}"
    as_root apt-get -qq update || echo "    (not every package list could be refreshed)"
    log=$(mktemp)
    if ! as_root env DEBIAN_FRONTEND=noninteractive \
        apt-get -qq -o Dpkg::Use-Pty=0 install --no-install-recommends "${missing[@]}" >"$log" 2>&1; then
        tail -n 30 "$log" >&2
        rm -f "$log"
        die "apt-get could not install them"
    fi
    rm -f "$log"
}

# The Rust release that /usr/bin/rustc is, or nothing.
debian_rust_version() {
    /usr/bin/rustc --version 2>/dev/null | cut -d' ' -f2 || true
}

# Where the standard library for wasm lies that script/setup builds for Debian's compiler; the stamp names the compiler.
DEBIAN_WASM_LIB=/usr/lib/rustlib/wasm32-unknown-unknown/lib
DEBIAN_WASM_STAMP=$DEBIAN_WASM_LIB/.built-by-mailuo

debian_wasm_ready() {
    local version
    version=$(debian_rust_version)
    [[ -n $version && $(cat "$DEBIAN_WASM_STAMP" 2>/dev/null) == "$version" ]] &&
        [[ $(rustup run debian rustc --version 2>/dev/null | cut -d' ' -f2) == "$version" ]]
}

# Takes the toolchain that script/setup chose: one for everything, or all is compiled twice.
use_toolchain() {
    if [[ $(cat "$TOOLCHAIN_FILE" 2>/dev/null) == debian ]]; then
        export RUSTUP_TOOLCHAIN=debian
    fi
}
