#!/usr/bin/env bash
# fresh.sh up|test: run `make up` or `make test` from a clean clone on a Debian 12 made anew.
#
# The new machine is a folder (var/fresh) with a root file system that has git, make, python3
# and this machine's own configuration of its package clients, entered with namespaces of its
# own; its Docker engine is its own too. Needs root and mmdebstrap. The folder is removed.
set -euo pipefail
target=${1:-up}
here=$(cd "$(dirname "$0")/.." && pwd)
root=$(mktemp -d "${TMPDIR:-/tmp}/nines-fresh-XXXXXX")
trap 'rm -rf --one-file-system "$root"' EXIT

echo "A bare Debian 12 in $root"
mmdebstrap --quiet --variant=important --include=git,make,python3,ca-certificates bookworm "$root/m" \
    /etc/apt/sources.list.d/*.sources 2>"$root/log" ||
    mmdebstrap --quiet --variant=important --include=git,make,python3,ca-certificates bookworm "$root/m" 2>"$root/log" ||
    { cat "$root/log"; exit 1; }
for file in /etc/resolv.conf /etc/hosts /etc/pip.conf /etc/apt/apt.conf.d /etc/ssl/certs/ca-certificates.crt \
    /usr/etc/npmrc /root/.npmrc; do
    [ -e "$file" ] && mkdir -p "$root/m$(dirname "$file")" && cp -rLT "$file" "$root/m$file"
done
git clone --quiet "$here" "$root/m/root/nines"
[ -d "$here/../shared" ] && mkdir -p "$root/m/root/shared"

certificates=/etc/ssl/certs/ca-certificates.crt
env -i HOME=/root LANG=C.UTF-8 TERM=xterm PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
    PIP_CERT=$certificates NODE_EXTRA_CA_CERTS=$certificates SSL_CERT_FILE=$certificates \
    unshare --mount --pid --fork --kill-child --propagation private bash -euc '
        m=$1/m
        mount --bind "$m" "$m"
        mount --rbind /dev "$m/dev"
        mount -t proc proc "$m/proc"
        mount --rbind /sys "$m/sys"
        mount -t tmpfs tmpfs "$m/run"
        mount -t tmpfs -o mode=1777 tmpfs "$m/tmp"
        [ -d "$m/root/shared" ] && mount --bind -o ro "$2/../shared" "$m/root/shared"
        exec chroot "$m" bash -c "cd /root/nines && exec make $3"
    ' bash "$root" "$here" "$target"
