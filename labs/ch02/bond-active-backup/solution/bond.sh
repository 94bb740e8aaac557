#!/bin/sh
# Let go of eth0 by the old file, describe the bond in the new one, bring it up.
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
    bond-slaves eth0 eth1
FILE
ifup bond0
sync
