#!/bin/sh
# vdb is out: the files are whole, and nobody misses it.
set -eu

test ! -e /dev/vdb
(cd /data/tokens && sha256sum --quiet -c SHA256SUMS)
systemctl is-active --quiet diary
lvs vg01/lv01
