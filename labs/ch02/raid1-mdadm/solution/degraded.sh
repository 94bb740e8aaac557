#!/bin/sh
# vdb is out. md notices with the next write; the data are there; forget the disk.
set -eu

date >/data/without-vdb
sync /data/without-vdb
grep -q '\[2/1\]' /proc/mdstat
(cd /data/tokens && sha256sum --quiet -c SHA256SUMS)
udevadm settle
mdadm /dev/md0 --fail detached --remove detached
