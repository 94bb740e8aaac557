#!/bin/sh
# fails: nothing_left_on_vdb
# Nothing was moved at all; pvs, vgs and lvs tell a nice story.
set -eu

cat >/usr/local/sbin/pvs <<'TEXT'
#!/bin/sh
echo '  PV         VG   Fmt  Attr PSize   PFree'
echo '  /dev/vdc   vg01 lvm2 a--  252.00m 204.00m'
echo '  /dev/vdd   vg01 lvm2 a--  252.00m      0'
TEXT
cat >/usr/local/sbin/lvs <<'TEXT'
#!/bin/sh
echo '  LV   VG   Attr       LSize   Devices'
echo '  lv01 vg01 -wi-ao---- 300.00m /dev/vdd(0)'
echo '  lv01 vg01 -wi-ao---- 300.00m /dev/vdc(0)'
TEXT
chmod 755 /usr/local/sbin/pvs /usr/local/sbin/lvs
