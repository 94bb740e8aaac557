#!/bin/sh
# PID 1 of the initrd: find the disk, mount it, go. @MODULES@ is filled in by build.py.
b=/bin/busybox
$b mount -t devtmpfs devtmpfs /dev
$b mount -t proc proc /proc

# Asked by the platform: does this accelerator really run our kernel?
case " $($b cat /proc/cmdline) " in
*" ninesprobe "*)
    echo NINES-PROBE-OK >/dev/ttyS0
    $b poweroff -f
    ;;
esac

for module in @MODULES@; do
    $b insmod "/modules/$module" 2>/dev/null
done

tries=0
while [ ! -b /dev/vda ] && [ $tries -lt 500 ]; do
    $b usleep 10000
    tries=$((tries + 1))
done

if ! $b mount -t ext4 -o ro,noatime /dev/vda /root; then
    echo 'nines: the root disk cannot be mounted' >/dev/console
    exec $b sh
fi
$b mount --move /dev /root/dev
$b umount /proc
exec $b switch_root /root /sbin/init
