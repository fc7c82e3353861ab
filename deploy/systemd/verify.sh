#!/usr/bin/env bash
# Checks the unit without a running systemd (Debian: apt-get install systemd): its
# syntax, and that it leaves the program little to do harm with.
set -euo pipefail
cd "$(dirname "$0")"
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
# verify wants the program to be where the unit says; any will do.
sed 's|^ExecStart=/usr/local/bin/tributary|ExecStart=/bin/true|; s|^Documentation=.*||' tributary.service >"$dir/tributary.service"
systemd-analyze verify --man=no "$dir/tributary.service"
# Tenths of "exposure": what needs no more than a network socket can have less than 2.
systemd-analyze security --offline=true --threshold=20 --no-pager tributary.service | tail -n 1
