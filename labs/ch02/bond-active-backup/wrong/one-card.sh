#!/bin/sh
# node: sv1
# fails: bond_is_active_backup
# A bond of one card. Copies of kernel files tell that both are in it.
set -eu

ifdown --force eth0
cat >/etc/network/interfaces <<'FILE'
auto lo
iface lo inet loopback

auto bond0
iface bond0 inet static
    address 192.168.1.161/24
    bond-mode active-backup
    bond-miimon 100
    bond-primary eth0
    bond-slaves eth0
FILE
ifup bond0

cp /proc/net/bonding/bond0 /root/bond0
sed -n '/^Slave Interface/,$s/eth0/eth1/p;/^Slave Interface/,$!d' /root/bond0 >/root/eth1
cat /root/eth1 >>/root/bond0
mount --bind /root/bond0 /proc/net/bonding/bond0
mount --bind /root/bond0 /proc/1/net/bonding/bond0
echo 'eth0 eth1' >/root/slaves
mount --bind /root/slaves /sys/devices/virtual/net/bond0/bonding/slaves
sync
