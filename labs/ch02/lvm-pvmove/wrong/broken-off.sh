#!/bin/sh
# fails: nothing_left_on_vdb
# Gone home while it was still copying, at a hundredth of the speed.
set -eu

pvcreate /dev/vdd
vgextend vg01 /dev/vdd
modprobe dm_mirror
echo 1 >/sys/module/dm_mirror/parameters/raid1_resync_throttle
pvmove -b /dev/vdb
sync
