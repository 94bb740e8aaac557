#!/bin/sh
# The only cable is out: nobody answers.
set -eu

if ping -c 3 -W 1 192.168.1.161; then
    exit 1
fi
