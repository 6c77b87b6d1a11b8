#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# The memory guard: files whose recorded peaks do not fit beside one another do not run at once.

load common

# This is the last test of the file.
@test "files that once took more memory than there is run one at a time, and it is told once" {
	meeting 3 2
	run -0 fj4 -j3 # nothing is known yet: they meet
	# A trail ends with the peak of the latest result: 256 GiB more, at least, and some TiB at most, which a history still takes for a size.
	sql "UPDATE file SET trail = CAST(substr(trail, 1, length(trail) - 1) || x'FF808001' AS BLOB)"
	meet_again
	run -0 fj4 -j3 -v --no-memory-guard
	hasnt "waits for memory"
	meet_again
	touch .firmo-jobs/meeting/met
	run -0 fj4 -j3 -v --order=path
	at_most 1
	[[ $output =~ "firmo-jobs: tests/meet2_test.lua waits for memory: it took "[0-9]{6,}\.[0-9]" MiB" ]] ||
		fail "it is not told"
	is "$(count 'waits for memory')" 1
	meet_again
	touch .firmo-jobs/meeting/met
	run -0 --separate-stderr fj4 -j3
	at_most 1
	is "$stderr" ""
}
