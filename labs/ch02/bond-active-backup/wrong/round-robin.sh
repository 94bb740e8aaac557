#!/bin/sh
# node: sv1
# fails: bond_is_active_backup
# Both cables in turn: it survives a cut, but the switch is not asked, and packets
# arrive out of order.
set -eu

ifdown --force eth0
cat >/etc/network/interfaces <<'FILE'
auto lo
iface lo inet loopback

auto bond0
iface bond0 inet static
    address 192.168.1.161/24
    bond-mode balance-rr
    bond-miimon 100
    bond-slaves eth0 eth1
FILE
ifup bond0
sync
