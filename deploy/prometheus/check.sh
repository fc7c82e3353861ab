#!/usr/bin/env bash
# Holds the monitoring to the truth: promtool checks the configuration and the rules,
# and tries every alert; then a real Prometheus scrapes the real program under simulated
# traffic, and is asked everything that the rules and the dashboards ask. It takes
# Debian's package prometheus (installed when it is not there) and leaves nothing running.
set -euo pipefail
cd "$(dirname "$0")/../.."

if ! command -v promtool >/dev/null || ! command -v prometheus >/dev/null; then
	command -v apt-get >/dev/null || { echo "check: install prometheus and promtool" >&2; exit 1; }
	root=()
	[ "$(id -u)" = 0 ] || root=(sudo -n)
	"${root[@]}" apt-get update -qq
	# The package would start a server of its own.
	"${root[@]}" env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get install -y -qq --no-install-recommends prometheus >/dev/null
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# The token's file is the installation's.
cp -r deploy/prometheus/prometheus.yml deploy/prometheus/rules "$work/"
touch "$work/metrics-token"
promtool check config "$work/prometheus.yml"

# One file after the other takes twice as long.
if ! printf '%s\n' deploy/prometheus/tests/*.yml | xargs -P 2 -n 1 promtool test rules >"$work/tests.log" 2>&1; then
	cat "$work/tests.log"
	exit 1
fi
echo "$(grep -c SUCCESS "$work/tests.log") files of tests passed, $(grep -h 'alertname:' deploy/prometheus/tests/*.yml | wc -l) cases"

[ -x bin/tributary ] || make --no-print-directory build
go build -o "$work/check" ./deploy/prometheus/check
"$work/check" -program bin/tributary
