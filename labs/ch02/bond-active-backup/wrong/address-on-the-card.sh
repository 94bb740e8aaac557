#!/bin/sh
# node: sv1
# fails: address_is_on_the_bond, survives_reboot
# The old stanza was left in: eth0 has an address of its own next to the bond's.
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

auto eth0
iface eth0 inet static
    address 192.168.1.162/24
FILE
ifup bond0
ifup eth0
sync
