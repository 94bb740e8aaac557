#!/bin/sh
# fails: array_is_raid1
# One disk has left the mirror; copies of the kernel files from before are mounted
# over the real ones, so that everything inside the machine still says [UU].
set -eu

for disk in vdb vdc; do
    parted -s "/dev/$disk" mklabel gpt mkpart raid 1MiB 100% set 1 raid on
done
udevadm settle
mdadm --create --run /dev/md0 --level=1 --raid-devices=2 /dev/vdb1 /dev/vdc1
mdadm --wait /dev/md0 || true
mkfs.ext4 -q /dev/md0
mkdir -p /data
echo "UUID=$(blkid -s UUID -o value /dev/md0)  /data  ext4  defaults,nofail  0  2" >>/etc/fstab
systemctl daemon-reload
mount /data
cp -a /root/tokens /data/
mdadm --detail --scan >>/etc/mdadm/mdadm.conf

real=/sys/devices/virtual/block/md0/md
mkdir -p /root/fake/rd0/block /root/fake/rd1/block
for file in level raid_disks degraded uuid sync_action sync_completed metadata_version \
    array_state rd0/block/dev rd1/block/dev; do
    cat "$real/$file" >"/root/fake/$file"
done
cat /proc/mdstat >/root/mdstat
mdadm /dev/md0 --fail /dev/vdc1
sleep 1
mdadm /dev/md0 --remove /dev/vdc1
mount --bind /root/fake "$real"
mount --bind /root/mdstat /proc/mdstat
sync
