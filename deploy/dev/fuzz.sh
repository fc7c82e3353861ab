#!/usr/bin/env bash
# Runs every fuzz target of the module, one after the other, for the given time
# each: go test takes one target of one package at a time.
set -euo pipefail
cd "$(dirname "$0")/../.."
time=${1:-10s}
go=${GO:-go}

# `go test -list` prints the targets of a package and then a line "ok <package> …".
targets=$("$go" test -list '^Fuzz' ./... | awk '
	/^Fuzz/ { names[++n] = $1 }
	$1 == "ok" { for (i = 1; i <= n; i++) print $2, names[i]; n = 0 }')
[ -n "$targets" ] || { echo "fuzz: no targets found" >&2; exit 1; }
while read -r package target; do
	echo "$package $target"
	"$go" test "$package" -run '^$' -fuzz "^$target\$" -fuzztime "$time" </dev/null
done <<<"$targets"
