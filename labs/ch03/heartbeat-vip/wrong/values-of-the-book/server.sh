#!/bin/sh
# Half a minute until anybody is missed, and a start time too short for that.
set -eu

peer=10.0.0.2
[ "$(uname -n)" = n2 ] && peer=10.0.0.1

cat >/etc/ha.d/authkeys <<'FILE'
auth 1
1 sha1 two-can-keep-a-secret
FILE
chmod 600 /etc/ha.d/authkeys

cat >/etc/ha.d/ha.cf <<FILE
logfile /var/log/ha-log
keepalive 2
warntime 10
deadtime 30
initdead 40
udpport 694
ucast eth1 $peer
auto_failback off
node n1 n2
FILE

echo "n1 IPaddr::192.168.1.129/24/eth0" >/etc/ha.d/haresources
sync
