#!/bin/sh
# fails: vdb_is_retired
# Moved and out of the group, but the next person will still take it for one of LVM's.
set -eu

pvcreate /dev/vdd
vgextend vg01 /dev/vdd
pvmove -i 1 /dev/vdb
vgreduce vg01 /dev/vdb
