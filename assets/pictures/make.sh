#!/usr/bin/env bash
# Draws the README's pictures: `spendtop demo` in a real terminal, some minutes into its story.
#
#     assets/pictures/make.sh [PROGRAM]      (needs tmux and python3)
set -euo pipefail
here=$(dirname "$(realpath "$0")")
program=$(realpath "${1:-$here/../../target/release/spendtop}")
cd "$here"
home=$(mktemp -d)
terminal="spendtop-pictures-$$"
trap 'tmux -L "$terminal" kill-server 2>/dev/null; rm -rf "$home"' EXIT

# picture NAME KEY...: what the screen shows after these keys, when the runaway was ended.
picture() {
    local name=$1
    shift
    tmux -L "$terminal" -f /dev/null new-session -d -x 120 -y 40 \
        "env -i HOME=$home PATH=/usr/bin:/bin TERM=tmux-256color LANG=C.UTF-8 TZ=UTC \
         $program demo --speed 30 --now 2026-11-23T14:41:00Z"
    sleep 14
    for key in "$@"; do
        tmux -L "$terminal" send-keys "$key"
        sleep 1
    done
    tmux -L "$terminal" capture-pane -e -p | python3 render.py >"$name.svg"
    tmux -L "$terminal" send-keys q
    sleep 1
    tmux -L "$terminal" kill-server 2>/dev/null || true
}

picture live
picture session Enter
picture activity 4
