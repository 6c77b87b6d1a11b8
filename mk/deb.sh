#!/bin/sh
# SPDX-License-Identifier: MIT
# deb.sh ROOT VERSION FILE: makes a Debian package, FILE, of what is installed below ROOT, and changes ROOT to
# what Debian's policy wants. The same for the same SOURCE_DATE_EPOCH. It is maintained by DEBFULLNAME with the
# address DEBEMAIL, else by whom git knows.
set -eu

root=$1 version=$2 file=$3
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(stat -c %Y CHANGELOG.md)}
export SOURCE_DATE_EPOCH
name=${DEBFULLNAME:-$(git config user.name || echo The firmo-jobs authors)}
maintainer="$name <${DEBEMAIL:-$(git config user.email || echo root@localhost)}>"
doc=$root/usr/share/doc/firmo-jobs
umask 022

strip --strip-unneeded --remove-section=.comment --remove-section=.note \
	"$root"/usr/bin/firmo-jobs "$root"/usr/lib/firmo-jobs/*.so
strip --strip-debug --remove-section=.comment --remove-section=.note --enable-deterministic-archives \
	"$root"/usr/lib/libfirmo-jobs.a
gzip -9nf "$root"/usr/share/man/man*/*.[0-9]

mkdir -p "$doc"
gzip -9nc CHANGELOG.md >"$doc/changelog.gz"
gzip -9nc >"$doc/changelog.Debian.gz" <<END
firmo-jobs ($version-1) unstable; urgency=medium

  * firmo-jobs $version, see changelog.gz.

 -- $maintainer  $(LC_ALL=C date -u -R -d "@$SOURCE_DATE_EPOCH")
END
{
	echo 'Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/'
	echo 'Upstream-Name: firmo-jobs'
	printf '\nFiles: *\n'
	sed -n 's/^Copyright (c) /Copyright: /p' LICENSE
	echo 'License: Expat'
	sed '1,/^Copyright/d; /./,$!d; s/^$/./; s/^/ /' LICENSE | sed '1{/^ \.$/d}'
} >"$doc/copyright"

# dpkg-shlibdeps wants the folder of a source package.
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/debian"
printf 'Source: firmo-jobs\n\nPackage: firmo-jobs\nArchitecture: any\n' >"$work/debian/control"
top=$(cd "$root" && pwd)
depends=$(cd "$work" && dpkg-shlibdeps -O -e"$top/usr/bin/firmo-jobs" \
	-e"$top/usr/lib/firmo-jobs/firmo-jobs-coverage.so" | sed -n 's/^shlibs:Depends=//p')
[ -n "$depends" ]

size=$(du -k -s --apparent-size "$root/usr" | cut -f1)
mkdir -p "$root/DEBIAN"
cat >"$root/DEBIAN/control" <<END
Package: firmo-jobs
Version: $version-1
Architecture: $(dpkg --print-architecture)
Maintainer: $maintainer
Installed-Size: $size
Depends: $depends
Recommends: lua5.4 | lua5.3 | lua5.1 | luajit, make
Suggests: lua-busted, lua-unit
Section: devel
Priority: optional
Description: parallel test runner for Lua that takes part in make's jobserver
 Runs the Lua test files of a project (Firmo, busted, LuaUnit, lust, TAP or
 plain scripts) side by side, each in a process of its own under a deadline
 and limits, as many at once as make or -j grants. It learns what each file
 reads and how long it takes, runs only what a change may break, and merges
 all into one report for people, programs and CI servers.
END
(cd "$root" && find usr -type f -print0 | LC_ALL=C sort -z | xargs -0 md5sum >DEBIAN/md5sums)
find "$root" -newermt "@$SOURCE_DATE_EPOCH" -exec touch -hd "@$SOURCE_DATE_EPOCH" '{}' +
dpkg-deb --root-owner-group -Zxz --build "$root" "$file"
