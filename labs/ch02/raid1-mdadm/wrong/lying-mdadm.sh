#!/bin/sh
# fails: array_is_raid1, data_is_mounted, array_is_recorded
# No array at all: a plain ext4 disk, and an mdadm that tells a nice story.
set -eu

mkfs.ext4 -q /dev/vdb
mkdir -p /data
echo "UUID=$(blkid -s UUID -o value /dev/vdb)  /data  ext4  defaults,nofail  0  2" >>/etc/fstab
systemctl daemon-reload
mount /data
cp -a /root/tokens /data/

cat >/root/mdstat <<'TEXT'
Personalities : [raid1]
md0 : active raid1 vdc1[1] vdb1[0]
      259072 blocks super 1.2 [2/2] [UU]

unused devices: <none>
TEXT
mount --bind /root/mdstat /proc/mdstat

line='ARRAY /dev/md0 metadata=1.2 name=st1:0 UUID=01234567:89abcdef:01234567:89abcdef'
echo "$line" >>/etc/mdadm/mdadm.conf
printf '#!/bin/sh\necho "%s"\n' "$line" >/usr/local/sbin/mdadm
chmod 755 /usr/local/sbin/mdadm
sync
