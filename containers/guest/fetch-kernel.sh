#!/bin/sh
# Run by mmdebstrap on the finished base layer: fetch-kernel.sh ROOT OUT
# Fetches Debian's kernel without installing it (an installed one would drag an
# initramfs generator into every machine) and leaves boot/ and lib/ in OUT.
set -eu
root=$1
out=$2
export APT_CONFIG="$MMDEBSTRAP_APT_CONFIG"

image=$(apt-cache depends linux-image-amd64 | sed -n 's/^ *Depends: //p' | head -n 1)
mkdir "$root/kernel"
cd "$root/kernel"
apt-get -qq -o APT::Sandbox::User=root download "$image"
dpkg-deb -x ./*.deb .
chroot "$root" depmod -b /kernel "$(ls lib/modules)"
cp -a boot lib "$out/"
cd /
rm -rf "$root/kernel"
