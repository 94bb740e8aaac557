#!/bin/sh
# Out of the group first, then off with the label.
set -eu

vgreduce vg01 /dev/vdb
pvremove /dev/vdb
