#!/bin/sh
# SPDX-License-Identifier: MIT
# The version is said once, as FIRMO_JOBS_VERSION of include/firmo-jobs.h. What cannot read it there, as it is
# used before anything is built or is installed as it is, has to say the same.
set -eu

cd "$(dirname "$0")/.."
version=$(sed -n 's/^#define FIRMO_JOBS_VERSION "\(.*\)"$/\1/p' include/firmo-jobs.h)
status=0

# says FILE LINE: FILE has that line, of which LINE is the beginning.
says() {
	if ! grep -qF -- "$2" "$1"; then
		echo "$1: the version is $version by include/firmo-jobs.h; nothing here says: $2"
		status=1
	fi
}

rockspec=firmo-jobs-$version-1.rockspec
if [ -e "$rockspec" ]; then
	says "$rockspec" "version = \"$version-1\""
else
	echo "$rockspec: no such file, and the version is $version by include/firmo-jobs.h"
	status=1
fi
says src/lua/firmo-jobs.lua "_VERSION = \"$version\""
says CHANGELOG.md "## $version"
says mk/firmo-jobs.spec "Version:        $version"
exit $status
