#!/bin/sh
# node: sv1
# fails: returns_to_primary
# Nothing says which card is preferred: after the repair traffic stays where it is.
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
    bond-slaves eth0 eth1
FILE
ifup bond0
sync
