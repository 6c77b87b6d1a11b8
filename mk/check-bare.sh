#!/bin/sh
# SPDX-License-Identifier: MIT
# check-bare.sh FOLDER: makes a bare Debian below FOLDER, clones what is committed here into it, and runs the
# README's commands there, as root. It is gone at the end. What is mounted and what runs in it lies in
# namespaces of their own, so that nothing of it is left, however this ends. Packages come from where this
# machine's apt has its own.
set -eu

suite=bookworm

die() {
	printf 'check-bare: %s\n' "$*" >&2
	exit 1
}

# mirror: where apt has the suite's main component from.
mirror() {
	# shellcheck disable=SC2016 # apt's fields
	apt-get indextargets --format '$(RELEASE) $(COMPONENT) $(REPO_URI)' 'Created-By: Packages' |
		awk -v suite="$suite" '$1 == suite && $2 == "main" { print $3; exit }'
}

# carry PATH: this machine's, for the root.
carry() {
	[ -e "$1" ] || return 0
	rm -rf "$root$1"
	mkdir -p "$root${1%/*}"
	cp -aL "$1" "$root$1"
}

make_root() {
	mirror=$(mirror)
	[ -n "$mirror" ] || die "apt has no source of Debian's $suite: add one to /etc/apt/sources.list.d"
	echo "check-bare: debootstrap --variant=minbase $suite"
	debootstrap --variant=minbase "$suite" "$root" "$mirror" >"$root.log" 2>&1 || {
		tail -n 20 "$root.log" >&2
		die "debootstrap failed"
	}
	for path in /etc/apt /usr/share/keyrings /etc/ssl/certs/ca-certificates.crt /etc/hosts /etc/resolv.conf; do
		carry "$path"
	done
	# Nobody minds if a power failure takes it.
	echo force-unsafe-io >"$root/etc/dpkg/dpkg.cfg.d/unsafe-io"
}

# inside COMMAND...: runs it in the clone.
inside() {
	echo "check-bare: $*"
	# shellcheck disable=SC2016 # the inner shell's
	chroot "$root" env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root \
		${http_proxy:+http_proxy="$http_proxy"} ${https_proxy:+https_proxy="$https_proxy"} \
		sh -c 'cd /root/firmo-jobs && exec "$@"' sh "$@"
}

if [ "${1-}" = --root ]; then
	root=$2
	make_root
	mount --rbind /dev "$root/dev"
	mount -t proc proc "$root/proc"
	git clone -q . "$root/root/firmo-jobs"
	inside sh mk/bootstrap.sh quickstart
	inside sh mk/bootstrap.sh check
	exit 0
fi

[ $# -eq 1 ] || die "usage: sh mk/check-bare.sh FOLDER"
[ "$(id -u)" -eq 0 ] || die "only root can make one: run it as root"
cd "$(dirname "$0")/.."
mkdir -p "$1"
base=$(mktemp -d "$1/bare.XXXXXX")
trap 'rm -rf --one-file-system "$base"' EXIT
mkdir "$base/root"
# A signal is heeded while `wait` waits; in there it is what it is in front.
env --default-signal=INT,QUIT unshare --mount --pid --fork --kill-child --mount-proc sh mk/check-bare.sh --root "$base/root" &
child=$!
trap 'kill -KILL "$child" 2>/dev/null; wait "$child"; exit 130' INT
trap 'kill -KILL "$child" 2>/dev/null; wait "$child"; exit 143' TERM HUP
wait "$child"
