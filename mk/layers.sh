#!/bin/sh
# SPDX-License-Identifier: MIT
# The layers of src/: a file may include its own layer and those named here for it, nothing else.
set -eu
cd "$(dirname "$0")/../src"

allowed() {
	case $1 in
	base | lua) echo ;;
	sys | model) echo base ;;
	jobserver) echo base sys ;;
	framework | trace | store | report) echo base model ;;
	history) echo base model store ;;
	plan) echo base model framework store ;;
	coverage) echo base model framework ;;
	launch) echo base sys jobserver model framework trace coverage ;;
	run) echo base sys jobserver model framework launch ;;
	cli) echo base sys jobserver model framework coverage store history plan launch run report ;;
	*) echo "src/$1 is no known layer" >&2 ;;
	esac
}

for layer in */; do
	layer=${layer%/}
	may=" $layer $(allowed "$layer") "
	find "$layer" -name '*.[ch]' | while read -r file; do
		sed -n 's|^#include "\([a-z]*\)/.*|\1|p' "$file" | sort -u | while read -r used; do
			case $may in
			*" $used "*) ;;
			*) echo "src/$file: $layer/ may not include $used/" ;;
			esac
		done
	done
done | grep . >&2 && exit 1
exit 0
