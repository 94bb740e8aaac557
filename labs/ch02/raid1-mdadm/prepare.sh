#!/bin/sh
# Files to put on the mirror: other content in every session, and their sums.
set -eu
mkdir -p /root/tokens
cd /root/tokens
for name in orders customers stock; do
    head -c 3000 /dev/urandom | base64 >"$name.txt"
done
sha256sum ./*.txt >SHA256SUMS
