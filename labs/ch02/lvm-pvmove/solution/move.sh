#!/bin/sh
# Somewhere to go, then everything off vdb while /data is in use.
set -eu

pvcreate /dev/vdd
vgextend vg01 /dev/vdd
pvmove -i 1 /dev/vdb
