#!/bin/sh
# The server as the student finds it: a volume over two disks, with data and a writer.
set -eu

pvcreate -q /dev/vdb /dev/vdc
vgcreate -q vg01 /dev/vdb /dev/vdc
lvcreate -q -y -l 75 -n lv01 vg01
mkfs.ext4 -q /dev/vg01/lv01
uuid=$(blkid -s UUID -o value /dev/vg01/lv01)
echo "UUID=$uuid  /data  ext4  defaults,nofail  0  2" >>/etc/fstab
mkdir -p /data
mount /data

mkdir /data/tokens
cd /data/tokens
for name in orders customers stock; do
    head -c 3000 /dev/urandom | base64 >"$name.txt"
done
sha256sum ./*.txt >SHA256SUMS
sync

ln -s ../diary.service /etc/systemd/system/multi-user.target.wants/
systemctl daemon-reload
systemctl start diary
