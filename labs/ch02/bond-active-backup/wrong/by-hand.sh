#!/bin/sh
# node: sv1
# fails: survives_reboot
# The right bond, made by hand: the file still tells of eth0.
set -eu

ifdown --force eth0
modprobe bonding
ip link add bond0 type bond mode active-backup miimon 100
ip link set eth0 down
ip link set eth1 down
ip link set eth0 master bond0
ip link set eth1 master bond0
ip link set bond0 type bond primary eth0
ip link set bond0 up
ip address add 192.168.1.161/24 dev bond0
sync
