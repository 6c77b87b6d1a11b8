#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# keeper.sh ROOT: makes the edits that have to come while a test runs. A test makes ROOT/gates/NAME and
# waits until that is gone: ROOT/edits/NAME.sh is carried out in between, the first time. Ends when ROOT
# is gone.
cd "$1" || exit 1
shopt -s nullglob
mkfifo tick && exec 3<>tick
while [ -d gates ]; do
	for gate in gates/*; do
		name=${gate##*/}
		if [ -e "edits/$name.sh" ]; then
			sh -e "edits/$name.sh" || echo "${name#s}" >>broken
			mv "edits/$name.sh" "edits/$name.done"
		fi
		rm -f "$gate"
	done
	read -r -t 0.02 -u 3 || true # nobody writes: a pause without a process
done
