#!/bin/sh
# Now, and at every boot.
set -eu

systemctl enable --now heartbeat
sync
