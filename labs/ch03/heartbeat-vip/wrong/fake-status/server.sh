#!/bin/sh
# n2 takes the address at the first missing ping; cl_status and the port are props.
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

cat >/usr/local/sbin/takeover <<'SCRIPT'
#!/bin/sh
while ping -c 1 -W 1 "$1"; do
    sleep 0.2
done
ip address add 192.168.1.129/24 dev eth0
arping -c 2 -U -I eth0 192.168.1.129
SCRIPT
printf '#!/bin/sh\necho active\n' >/usr/local/sbin/cl_status
chmod 755 /usr/local/sbin/takeover /usr/local/sbin/cl_status

setsid nc -k -u -l 694 </dev/null >/dev/null 2>&1 &
if [ "$(uname -n)" = n1 ]; then
    ip address add 192.168.1.129/24 dev eth0
else
    setsid /usr/local/sbin/takeover 10.0.0.1 </dev/null >/dev/null 2>&1 &
fi
sync
