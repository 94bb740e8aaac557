#!/usr/bin/env bash
# `make test`: everything CI runs, from a clean clone on a bare Debian 12.
# The quick checks come first, so that a slip is told before the machines start.
set -euo pipefail
cd "$(dirname "$0")/.."
started=$SECONDS

step() { printf '\n━━ %s (after %d s)\n' "$1" $((SECONDS - started)); }
finish() {
    status=$?
    python3 backend/bootstrap down >/dev/null || true
    [ $status -eq 0 ] || printf '\nFAILED after %d s\n' $((SECONDS - started))
}
trap finish EXIT

step "Preparing the machine"
python3 backend/bootstrap prepare
step "Style" && make --no-print-directory lint
step "Types" && make --no-print-directory types
step "Layers" && make --no-print-directory layers
step "Tests that need nothing running" && make --no-print-directory test-unit
step "Pages: unit tests and sizes" && make --no-print-directory test-pages
step "Real machines: driver contract and lab proofs" && make --no-print-directory test-docker
step "A browser, from sign-in to full points" && make --no-print-directory test-e2e
step "All passed"
