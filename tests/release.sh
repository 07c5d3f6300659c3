#!/usr/bin/env bash
# The optimised program says what the tested one says, of every fixture: a compiler may go wrong
# where no test of a debug build can see it.
#
#     tests/release.sh DEBUG_BINARY RELEASE_BINARY
set -euo pipefail

fixtures=$(cd "$(dirname "$0")/fixtures" && pwd)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# All that the fixture's transcripts come to, for a program with a home and a ledger of its own, and
# how each command ended (10: nothing to report).
told() {
    local program=$1 home=$2 command
    for command in "report agent" "sessions" "turns"; do
        # shellcheck disable=SC2086 # two words
        env -i HOME="$home" PATH=/usr/bin:/bin TZ=UTC SPENDTOP_DB="$home/ledger.db" \
            "$program" $command --json || echo "status $?"
    done
}

# A home as the fixture has it: its files, or its database.
lay_out() {
    local fixture=$1 home=$2
    rm -rf "${home:?}"
    if [ -d "$fixture/home" ]; then
        cp -r "$fixture/home" "$home"
    else
        mkdir -p "$home/.local/share/opencode"
        python3 -c 'import sqlite3, sys; sqlite3.connect(sys.argv[2]).executescript(open(sys.argv[1]).read())' \
            "$fixture/opencode.db.sql" "$home/.local/share/opencode/opencode.db"
    fi
}

count=0
for fixture in "$fixtures"/{claude,codex,copilot,gemini,opencode,qwen}/*/; do
    lay_out "$fixture" "$scratch/1"
    lay_out "$fixture" "$scratch/2"
    told "$1" "$scratch/1" >"$scratch/debug"
    told "$2" "$scratch/2" >"$scratch/release"
    if ! diff -u "$scratch/debug" "$scratch/release"; then
        echo "the release build differs on $fixture" >&2
        exit 1
    fi
    count=$((count + 1))
done
echo "$count fixtures: both builds say the same"
