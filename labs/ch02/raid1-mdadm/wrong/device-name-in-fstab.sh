#!/bin/sh
# fails: data_is_mounted
# Mounted at boot by device name: right until the array is called md127.
set -eu

for disk in vdb vdc; do
    parted -s "/dev/$disk" mklabel gpt mkpart raid 1MiB 100% set 1 raid on
done
udevadm settle
mdadm --create --run /dev/md0 --level=1 --raid-devices=2 /dev/vdb1 /dev/vdc1
mdadm --wait /dev/md0 || true
mkfs.ext4 -q /dev/md0
mkdir -p /data
echo "/dev/md0  /data  ext4  defaults,nofail  0  2" >>/etc/fstab
systemctl daemon-reload
mount /data
cp -a /root/tokens /data/
mdadm --detail --scan >>/etc/mdadm/mdadm.conf
sync
