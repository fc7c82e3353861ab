#!/usr/bin/env bash
# Starts PostgreSQL and Redis on loopback for tests and benchmarks, with their
# data under .dev/ (or DEV_DIR), and prints the two URLs that the tests read.
# Running it again finds what runs already. `services.sh stop` ends both.
# DEV_PG_FSYNC=off makes a PostgreSQL that is faster and forgets when the machine
# crashes: for tests, not for benchmarks.
set -euo pipefail
cd "$(dirname "$0")/../.."
dev=${DEV_DIR:-$PWD/.dev}
pg_port=${DEV_PG_PORT:-55432}
redis_port=${DEV_REDIS_PORT:-56379}
mkdir -p "$dev"

say() { echo "services: $*" >&2; }

root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi; }

install_missing() {
	local missing=()
	command -v redis-server >/dev/null || missing+=(redis-server)
	[ -n "$(pg_bin)" ] || missing+=(postgresql)
	if [ ${#missing[@]} = 0 ]; then return; fi
	command -v apt-get >/dev/null || { say "install ${missing[*]}, or use deploy/compose.yaml"; exit 1; }
	say "installing ${missing[*]}"
	root apt-get update -qq >&2
	# The packages would start servers of their own on the usual ports.
	root env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get install -y -qq --no-install-recommends "${missing[@]}" >&2
}

# Debian keeps the server's programs out of the PATH, one folder per version.
pg_bin() {
	local newest
	newest=$(find /usr/lib/postgresql -maxdepth 2 -name bin 2>/dev/null | sort -V | tail -n 1)
	if [ -z "$newest" ] && command -v initdb >/dev/null; then newest=$(dirname "$(command -v initdb)"); fi
	echo "$newest"
}

# PostgreSQL refuses to run as root: then its own user runs it, from a folder that
# this user may enter.
as_pg() {
	if [ "$(id -u)" = 0 ]; then
		(cd / && runuser -u postgres -- "$@")
	else
		"$@"
	fi
}

start_postgres() {
	local bin data=${DEV_PG_DATA:-}
	bin=$(pg_bin)
	if [ -z "$data" ]; then
		data=$dev/pg
		# Where a parent folder is closed to the postgres user, its data go to /tmp.
		if [ "$(id -u)" = 0 ] && ! as_pg test -x "$dev"; then
			data=/tmp/tributary-dev-pg-$pg_port
		fi
	fi
	if "$bin/pg_isready" -q -h 127.0.0.1 -p "$pg_port"; then return; fi
	if [ ! -s "$data/PG_VERSION" ]; then
		mkdir -p "$data"
		[ "$(id -u)" != 0 ] || chown postgres: "$data"
		as_pg "$bin/initdb" -D "$data" -U postgres -A trust -E UTF8 --locale=C.UTF-8 >"$dev/initdb.log" 2>&1 ||
			{ cat "$dev/initdb.log" >&2; exit 1; }
	fi
	echo "$data" >"$dev/pg.data"
	as_pg "$bin/pg_ctl" -D "$data" -l "$data/server.log" -w -t 60 \
		-o "-p $pg_port -c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c max_connections=600 -c fsync=${DEV_PG_FSYNC:-on}" start >/dev/null ||
		{ say "PostgreSQL did not start; see $data/server.log"; exit 1; }
	"$bin/psql" -q -h 127.0.0.1 -p "$pg_port" -U postgres -tc "SELECT 1 FROM pg_database WHERE datname = 'tributary_test'" | grep -q 1 ||
		"$bin/createdb" -h 127.0.0.1 -p "$pg_port" -U postgres tributary_test
}

start_redis() {
	if redis-cli -h 127.0.0.1 -p "$redis_port" ping >/dev/null 2>&1; then return; fi
	mkdir -p "$dev/redis"
	redis-server --bind 127.0.0.1 --port "$redis_port" --dir "$dev/redis" --appendonly yes --appendfsync always --save '' \
		--daemonize yes --pidfile "$dev/redis/redis.pid" --logfile "$dev/redis/redis.log" >/dev/null
	for _ in $(seq 100); do
		redis-cli -h 127.0.0.1 -p "$redis_port" ping >/dev/null 2>&1 && return
		sleep 0.1
	done
	say "Redis did not start; see $dev/redis/redis.log"
	exit 1
}

stop() {
	[ ! -s "$dev/redis/redis.pid" ] || kill "$(cat "$dev/redis/redis.pid")" 2>/dev/null || true
	if [ -s "$dev/pg.data" ]; then as_pg "$(pg_bin)/pg_ctl" -D "$(cat "$dev/pg.data")" -m fast stop >/dev/null 2>&1 || true; fi
}

case ${1:-start} in
stop) stop ;;
start)
	install_missing
	start_postgres
	start_redis
	echo "export TEST_DATABASE_URL=postgres://postgres@127.0.0.1:$pg_port/tributary_test?sslmode=disable"
	echo "export TEST_REDIS_URL=redis://127.0.0.1:$redis_port/0"
	;;
*)
	say "usage: services.sh [start|stop]"
	exit 2
	;;
esac
