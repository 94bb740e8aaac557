#!/bin/sh
# Until the address answers, and a little longer, so that both have settled.
set -eu

for _ in $(seq 60); do
    if ping -c 1 -W 1 192.168.1.129 >/dev/null; then
        sleep 5
        exit 0
    fi
done
exit 1
