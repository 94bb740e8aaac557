#!/bin/sh
# fails: nothing_left_on_vdb
# Only LVM's records say vdd; the kernel goes on with vdb, which is kept out of sight.
set -eu

pvcreate /dev/vdd
vgextend vg01 /dev/vdd
vgcfgbackup -f /root/before vg01
sed 's/^\([[:space:]]*\)"pv0", 0$/\1"pv2", 0/' /root/before >/root/after
vgcfgrestore --yes --force -f /root/after vg01
vgreduce vg01 /dev/vdb
dd if=/dev/zero of=/dev/vdb bs=512 count=4 oflag=direct conv=notrunc

mkdir /root/empty
mount --bind /root/empty "$(readlink -f /sys/block/vdb)/holders"
sync
