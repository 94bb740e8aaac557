#!/bin/sh
# A checksum is no signature: whoever is on the wire can make one.
set -eu

peer=10.0.0.2
[ "$(uname -n)" = n2 ] && peer=10.0.0.1

cat >/etc/ha.d/authkeys <<'FILE'
auth 1
1 crc
FILE
chmod 600 /etc/ha.d/authkeys

cat >/etc/ha.d/ha.cf <<FILE
logfile /var/log/ha-log
keepalive 1
warntime 3
deadtime 8
initdead 20
udpport 694
ucast eth1 $peer
auto_failback off
node n1 n2
FILE

echo "n1 IPaddr::192.168.1.129/24/eth0" >/etc/ha.d/haresources
sync
