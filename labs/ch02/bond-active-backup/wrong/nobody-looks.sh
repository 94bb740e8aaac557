#!/bin/sh
# node: sv1
# fails: link_is_watched, survives_reboot
# A bond without miimon: all looks well until the cable goes.
set -eu

ifdown --force eth0
cat >/etc/network/interfaces <<'FILE'
auto lo
iface lo inet loopback

auto bond0
iface bond0 inet static
    address 192.168.1.161/24
    bond-mode active-backup
    bond-primary eth0
    bond-slaves eth0 eth1
FILE
ifup bond0
sync
