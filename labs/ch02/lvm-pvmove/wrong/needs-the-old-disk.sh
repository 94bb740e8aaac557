#!/bin/sh
# fails: survives_the_pull
# The data have moved; systemd was told long ago that /data stands and falls with vdb.
set -eu

pvcreate /dev/vdd
vgextend vg01 /dev/vdd
pvmove -i 1 /dev/vdb
vgreduce vg01 /dev/vdb
pvremove /dev/vdb

mkdir -p /etc/systemd/system/data.mount.d
printf '[Unit]\nBindsTo=dev-vdb.device\n' >/etc/systemd/system/data.mount.d/disk.conf
systemctl daemon-reload
