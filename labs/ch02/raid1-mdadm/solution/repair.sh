#!/bin/sh
# vdb is back, and its contents are old: take it in again and wait for the copy.
set -eu

udevadm settle
for _ in 1 2 3 4 5 6 7 8 9 10; do
    [ -b /dev/vdb1 ] && break
    sleep 0.5
done
mdadm /dev/md0 --add /dev/vdb1
mdadm --wait /dev/md0 || true
grep -q '\[UU\]' /proc/mdstat
