#!/usr/bin/env bash
# Plays deploy/Containerfile without a container engine: builds the binary with the
# command that stands there, puts it with the same files into an empty folder, and
# runs it there as the image's user, alone among its processes, with a read-only
# root, no capabilities and a volume at /data. Then it looks: the process answers,
# takes a file that passes through /tmp, could write nowhere else, and drains on
# SIGTERM. Needs root (or sudo without a password), for chroot and mounts, and curl.
set -euo pipefail
cd "$(dirname "$0")/.."
if [ "$(id -u)" != 0 ]; then exec sudo -n --preserve-env=PATH,HOME,GOPATH,GOCACHE,GOMODCACHE,GOFLAGS,GOPROXY "$0" "$@"; fi

dir=$(mktemp -d)
container=
stop() {
	[ -z "$container" ] || kill -KILL "$container" 2>/dev/null || true
	wait
	rm -rf "$dir"
}
trap stop EXIT
fail() {
	echo "scratch: $*"
	[ ! -s "$dir/log" ] || tail -n 20 "$dir/log"
	exit 1
}

# The image: what the Containerfile copies into it.
root=$dir/root
mkdir -p "$root/etc/ssl/certs" "$root/data" "$root/tmp" "$root/proc" "$dir/volume"
VERSION=0.1.0
eval "$(sed -n 's/^RUN \(CGO_ENABLED=0 go build .*\) -o \/tributary \(.*\)/\1 -o "$root\/tributary" \2/p' deploy/Containerfile)"
[ -x "$root/tributary" ] || fail "the Containerfile has no go build that makes /tributary"
cp /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/"
cp "$(go env GOROOT)/lib/time/zoneinfo.zip" "$root/zoneinfo.zip"
if ldd "$root/tributary" >/dev/null 2>&1; then fail "the binary is not static"; fi
chmod 755 "$dir" "$root"
# The volume takes over the owner of the image's folder.
chown 65532:65532 "$dir/volume"
chmod 750 "$dir/volume"

port=0
while port=$((20000 + RANDOM % 12000)); do
	if ! (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then break; fi
done
read -ra image_env <<<"$(sed -n 's/^ENV //p' deploy/Containerfile)"
env=("${image_env[@]}" "PORT=$port")

# shellcheck disable=SC2016 # the inner shell expands
env -i PATH="$PATH" "${env[@]}" unshare --mount --pid --fork --kill-child bash -c '
	set -e
	root=$1 volume=$2
	mount --make-rprivate /
	mount --bind "$root" "$root"
	mount -t proc proc "$root/proc"
	mount --bind "$volume" "$root/data"
	mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"
	mount -o remount,bind,ro "$root"
	exec setpriv --no-new-privs --inh-caps=-all --bounding-set=-all,+sys_chroot,+setuid,+setgid \
		chroot --userspec=65532:65532 "$root" /tributary serve
' scratch "$root" "$dir/volume" >"$dir/log" 2>&1 &
container=$!

# first is the process that is number one in the container.
first() { cut -d ' ' -f 1 "/proc/$container/task/$container/children"; }

# Commands of the image, as `podman exec` runs them: same root, same user.
inside() {
	nsenter --target "$pid" --mount --pid --wd=/ env -i PATH="$PATH" "${env[@]}" \
		chroot --userspec=65532:65532 "$root" /tributary "$@"
}

for _ in $(seq 300); do # the process may not be there yet
	kill -0 "$container" 2>/dev/null || fail "it ended"
	if pid=$(first) && [ -n "$pid" ] && [[ $(readlink "/proc/$pid/exe") = */tributary ]]; then break; fi
	sleep 0.1
done
inside ready --wait 30s >/dev/null || fail "tributary ready"
inside ready --live >/dev/null || fail "tributary ready --live, the image's health check"
api=http://127.0.0.1:$port

status=/proc/$pid/status
grep -qP '^Uid:\t65532\t65532\t65532\t65532$' "$status" || fail "runs as $(grep ^Uid "$status")"
grep -qP '^Gid:\t65532\t65532\t65532\t65532$' "$status" || fail "runs as $(grep ^Gid "$status")"
grep -qP '^CapEff:\t0+$' "$status" || fail "has capabilities: $(grep ^CapEff "$status")"
grep -qP '^NoNewPrivs:\t1$' "$status" || fail "may gain privileges"
# Mounts of the process: its root is read-only, /data and /tmp are not.
mounts=$(awk '{print $5, substr($6, 1, 2)}' "/proc/$pid/mountinfo" | sort | paste -s -d ,)
[ "$mounts" = "/ ro,/data rw,/proc rw,/tmp rw" ] || fail "mounts: $mounts"
if inside migrate --data-dir /elsewhere >/dev/null 2>"$dir/refused"; then fail "the root can be written to"; fi
grep -q 'read-only' "$dir/refused" || fail "a write to the root failed otherwise: $(cat "$dir/refused")"

# Serve: a customer and an agent, with a file that is too long for memory.
value() { sed -n "s/.*\"$1\": *\"\{0,1\}\([^\",}]*\).*/\1/p" | head -n 1; }
me=$(inside bootstrap --email you@example.com --password 'a long one' --account Team --json | tr -d '\n')
token=$(value api_access_token <<<"$me")
inbox=$(curl -sf "$api/api/v1/accounts/1/inboxes" -H "api_access_token: $token" -H 'Content-Type: application/json' \
	-d '{"name": "Website", "channel": {"type": "api"}}' | value inbox_identifier)
public=$api/public/api/v1/inboxes/$inbox
ana=$(curl -sf "$public/contacts" -H 'Content-Type: application/json' -d '{"name": "Ana"}' | value source_id)
curl -sf -X POST "$public/contacts/$ana/conversations" >/dev/null
head -c 18874368 /dev/urandom | base64 -w 0 >"$dir/file.txt" # a third longer in letters
answer=$(curl -s -w '\n%{http_code}' "$api/api/v1/accounts/1/conversations/1/messages" -H "api_access_token: $token" \
	-F content=hello -F "attachments[]=@$dir/file.txt;type=text/plain")
[ "${answer##*$'\n'}" = 200 ] || fail "a message with a file of 24 MiB: $answer"
file=$(sed -n 's/.*"data_url": *"\([^"]*\)".*/\1/p' <<<"$answer" | head -n 1)
curl -sfL "$file" | cmp - "$dir/file.txt" || fail "the file came back otherwise: $file"
[ -s "$dir/volume/tributary.db" ] || fail "the database is not on the volume"

# A backup beside the process, as docs/backup.md has it.
inside backup /data/backup >/dev/null || fail "tributary backup"
[ -s "$dir/volume/backup/backup.json" ] || fail "no backup on the volume"

# SIGTERM, as an engine sends it to the first process.
kill -TERM "$pid"
status=0
wait "$container" || status=$?
container=
[ "$status" = 0 ] || fail "ended with $status"
echo "scratch: $(stat -c %s "$root/tributary") bytes; serves as 65532 with a read-only root, without capabilities, and drains"
