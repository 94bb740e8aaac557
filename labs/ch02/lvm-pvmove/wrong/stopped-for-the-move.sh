#!/bin/sh
# fails: writing_went_on
# To be on the safe side, everything was stopped and unmounted first.
set -eu

pvcreate /dev/vdd
vgextend vg01 /dev/vdd
systemctl stop diary
umount /data
pvmove -i 1 /dev/vdb
sleep 6
mount /data
systemctl start diary
vgreduce vg01 /dev/vdb
pvremove /dev/vdb
sleep 2
