#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# A few dozen steps of the prover of reuse; `make check-reuse` takes as many as one likes.

load common

@test "what --changed leaves out would pass" {
	[ -n "${TRACE_LIBRARY:-}" ] || skip "no preload library with this libc"
	[ -z "${SAN:-}" ] || skip "AddressSanitizer aborts below the ulimit -v of a step"
	run "$LUA" "$BATS_TEST_DIRNAME/../reuse/prove.lua" 1 48
	status_is 0
	has " passed, 0 failed"
}
