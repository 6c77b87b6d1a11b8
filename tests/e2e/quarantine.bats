#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Failures that are shown, and fail no run until a day is over.

load common

setup() {
	setup_project
}

# quarantine MATCH JSON: firmo-jobs.json puts what matches into it.
quarantine() {
	printf '{"overrides": [{"match": "%s", "quarantine": %s}]}\n' "$1" "$2" >firmo-jobs.json
}

# Two tests: test_a fails, test_b does what LINE says.
two_tests() {
	luaunit_test "$1" "TestX = {}" "function TestX:test_a() lu.assertEquals(1, 2) end" \
		"function TestX:test_b() $2 end"
}

@test "a file in quarantine fails, is shown in all reports, and does not fail the run" {
	plain a "error('boom')"
	plain b
	quarantine 'a_*' '{"until": "9999-12-31", "reason": "slow, or so"}'
	export GITHUB_ACTIONS=true
	run fj4 --report=json:report.json --report=junit:j.xml --report=tap:r.tap --report=html:r.html --report=text
	status_is 0
	has "FAIL"
	has "1 file failed in quarantine:"
	has "in quarantine until 9999-12-31: slow, or so"
	has "1 passed, 1 in quarantine"
	has "OK: 1 of 2 files failed in quarantine"
	has "::notice file=tests/a_test.lua,line=1,"
	hasnt "::error"
	hasnt "ailures"
	hasnt "To run these again"
	conforms report.json report
	"$LUA" "$BATS_TEST_DIRNAME/fixtures/check_report.lua" report.json
	is "$(json 'r.success')" true
	is "$(json 'r.forgiven .. r.failed .. r.passed .. r.total')" 1012
	is "$(json 'file("tests/a_test.lua").status')" fail
	is "$(json 'file("tests/a_test.lua").forgiven')" true
	is "$(json 'file("tests/a_test.lua").quarantine.reason')" "slow, or so"
	is "$(json 'r.errors[1].forgiven')" true
	grep -q '<testsuites name="firmo-jobs" tests="2" failures="0" errors="0"' j.xml
	grep -q '<skipped message="in quarantine until 9999-12-31: slow, or so&#10;tests/a_test.lua:1: boom"/>' j.xml
	grep -q 'not ok . - tests/a_test.lua # TODO in quarantine until 9999-12-31: slow, or so' r.tap
	prove -q --exec cat r.tap
	grep -q '1 of 2 files passed, 1 in quarantine' r.html
	grep -q '<span class="s quarantine">quarantine</span>' r.html
	xmllint --noout --schema "$BATS_TEST_DIRNAME/schema/junit.xsd" j.xml
	unset GITHUB_ACTIONS
	# The history tells the same once more, also without the settings.
	rm firmo-jobs.json
	run fj --show
	status_is 0
	has "in quarantine until 9999-12-31: slow, or so"
	is "$(json 'file("tests/a_test.lua").quarantine["until"]' <(fj --show --report=json))" 9999-12-31
	run fj --history=failing
	has "in quarantine until 9999-12-31: slow, or so"
	run fj --history
	has "0 failed"
	run fj --history tests/a_test.lua
	has "in quarantine until 9999-12-31"
}

@test "it holds on its last day, and then no more" {
	plain a "error('boom')"
	quarantine '*' "\"$(date -u -d 'yesterday' +%F)\""
	run fj4 --report=json:report.json --report=text
	status_is 1
	has "its quarantine ended on $(date -u -d 'yesterday' +%F)"
	has "1 failed"
	is "$(json 'file("tests/a_test.lua").forgiven')" false
	is "$(json 'file("tests/a_test.lua").quarantine.ended')" true
	run fj4 --failed
	status_is 1
	# Whichever day it is where the clock says something else.
	quarantine '*' "\"$(date -u +%F)\""
	for zone in XYZ-14 XYZ+12; do
		TZ=$zone run fj4
		status_is 0
		has "in quarantine until $(date -u +%F)"
	done
}

@test "a directive puts a file, or its tests, into quarantine" {
	test_file tests/a_test.lua "-- firmo-jobs: quarantine=9999-12-31" "error('boom')"
	test_file tests/b_test.lua "-- firmo-jobs: quarantine='reason=slow, or so\\, at times'" "error('boom')"
	wrong_usage "tests/b_test.lua:1: quarantine= or so, at times: wants until="
	test_file tests/b_test.lua "-- firmo-jobs: quarantine='reason=slow\\, or so'" "error('boom')"
	run fj4
	status_is 0
	has "2 in quarantine"
	has "in quarantine: slow, or so"
	run fj --print-settings=tests/a_test.lua
	[[ $(tr -s ' ' <<<"$output") == *"quarantine 9999-12-31 tests/a_test.lua:1: quarantine"* ]]
	# The file itself has the last word.
	test_file tests/a_test.lua "-- firmo-jobs: quarantine=false" "error('boom')"
	quarantine '*' true
	run fj4
	status_is 1
	has "1 in quarantine, 1 failed"
}

@test "tests in quarantine are forgiven, and nothing else of their file is" {
	two_tests a ""
	quarantine '*' '{"tests": ["test_a"]}'
	run fj4 --report=json:report.json --report=text
	status_is 0
	has "1 file failed in quarantine"
	is "$(json 'r.forgiven .. r.failed .. r.passed .. r.total')" 1012
	is "$(json 'tostring(file("tests/a_test.lua").tests[1].forgiven ~= file("tests/a_test.lua").tests[2].forgiven)')" true
	# By its full name as well, and not by a part of one.
	quarantine '*' '{"tests": "TestX test_a"}'
	run fj4
	status_is 0
	quarantine '*' '{"tests": ["TestX"]}'
	run fj4
	status_is 1
}

# not_forgiven STATUS-NAME ARG...: what else is wrong with tests/a_test.lua fails the run.
not_forgiven() {
	run fj4 "${@:2}" --report=json:report.json --report=text
	status_is 1
	is "$(json 'file("tests/a_test.lua").status')" "$1"
	is "$(json 'file("tests/a_test.lua").forgiven')" false
	conforms report.json report
	"$LUA" "$BATS_TEST_DIRNAME/fixtures/check_report.lua" report.json
	has "ailures"
	has "FAILED: 1 of 1 file"
}

@test "another failure, an error, a crash and a deadline are not forgiven with the tests" {
	quarantine '*' '{"tests": ["test_a"]}'
	two_tests a "lu.assertEquals(3, 4)"
	not_forgiven fail
	has "(in quarantine)"
	has "not all that is wrong with it is"
	is "$(json 'r.forgiven .. r.failed')" 11
	two_tests a "error('x')"
	not_forgiven fail
	two_tests a "lu.unregisterCurrentSuite() os.exit(1)"
	not_forgiven error
	two_tests a "os.execute('kill -SEGV ' .. io.open('/proc/self/stat'):read('n'))"
	not_forgiven error
	two_tests a "while true do end"
	not_forgiven timeout --timeout=1 --grace=0.1
	test_file tests/a_test.lua "error('it does not load') -- require('luaunit')"
	not_forgiven fail
	# Fewer tests than were announced.
	test_file tests/a_test.lua 'print("1..3\nnot ok 1 - test_a\nok 2 - b")' 'os.exit(1)'
	not_forgiven error --framework=tap
}

@test "the whole file is forgiven whatever it dies of, but not that it did not run" {
	quarantine 'a_*' true
	for how in "while true do end" "os.exit(3)" "os.execute('kill -SEGV ' .. io.open('/proc/self/stat'):read('n'))"; do
		plain a "$how"
		run fj4 --timeout=1 --grace=0.1
		status_is 0
		has "1 in quarantine"
	done
	mv tests/a_test.lua tests/z_test.lua
	quarantine 'z_*' true
	plain b "error('boom')"
	run fj4 -j1 --fail-fast --order=path
	status_is 1
	has "1 not run"
}

@test "what is forgiven ends no run early and is not tried again" {
	plain a "io.open('tries', 'a'):write('x'):close()" "error('boom')"
	plain b
	quarantine 'a_*' true
	run fj4 -j1 --fail-fast --retries=2
	status_is 0
	has "1 passed, 1 in quarantine"
	is "$(<tries)" x
	run fj4 --until-fail --repeat=2
	status_is 0
	has "Runs:  4 of these files, 2 of them failed"
}

@test "of several attempts the one that is not forgiven counts" {
	luaunit_test a "TestX = {}" "local n = tonumber(os.getenv('FIRMO_JOBS_ATTEMPT'))" \
		"function TestX:test_a() lu.assertEquals(1, 2) end" \
		"function TestX:test_b() lu.assertEquals(n, BAD == n and 0 or n) end"
	sed -i '1i BAD = 2' tests/a_test.lua
	quarantine '*' '{"tests": ["test_a"]}'
	# Forgiven at first, then not, then forgiven.
	run fj4 --repeat=3 --report=json:report.json
	status_is 1
	is "$(json 'file("tests/a_test.lua").attempt')" 2
	run fj4 --failed
	has "1 in quarantine"
	status_is 0
	# Not forgiven at first, then forgiven.
	sed -i '1s/.*/BAD = 1/' tests/a_test.lua
	run fj4 --retries=1
	status_is 0
	has "failed in quarantine alone at attempt 2"
	has "1 flaky"
	run fj4 --retries=1 --flaky=fail
	status_is 1
}

@test "a pass stands whatever is said of quarantine, and a failure is no pass" {
	plain a
	plain b "error('boom')"
	settle
	quarantine 'b_*' true
	run fj4
	status_is 0
	hasnt "could leave"
	quarantine '*' true
	run fj4 --changed
	status_is 0
	has "Cached: 1"
	has "1 passed, 1 in quarantine"
	has "Passed, and could leave quarantine: tests/a_test.lua"
	run fj4 --why=tests/b_test.lua
	has "it did not pass the last time (fail)"
	has "in quarantine"
	run fj4 --failed
	status_is 0
	has "No file failed last time"
	# Once it is taken out, what was forgiven counts.
	rm firmo-jobs.json
	run fj4 --failed
	status_is 1
	has "FAILED: 1 of 1 file"
	quarantine '*' '"2020-01-01"'
	run fj4 --failed
	status_is 1
	has "its quarantine ended on 2020-01-01"
	fj --export=copy.db
	quarantine 'b_*' true
	run fj4
	run fj --db=other.db --import copy.db .firmo-jobs/history.db
	status_is 0
	run fj4 --db=other.db --failed
	has "No file failed last time"
}

@test "make's targets agree" {
	printf '%s\n' "FIRMO_JOBS := $FIRMO_JOBS" "FIRMO_FLAGS = --lua=$LUA \$(MORE)" "include $(fj --print-mk)" >Makefile
	plain a "io.open('tries', 'a'):write('x'):close()" "error('boom')"
	plain b
	plain c
	quarantine 'a_*' '"9999-12-31"'
	for target in test test-changed test-stamps test-stamps; do
		run make -s -j2 "$target" 3>&-
		status_is 0
		has "OK: 1 of 3 files failed in quarantine"
	done
	is "$(<tries)" xxxx
	run make -s test-failed 3>&-
	status_is 0
	# Each for itself.
	run make -s -j2 test-stamps MORE=--repeat=1 3>&-
	status_is 0
	run make -s -j2 test-stamps MORE=--repeat=2 3>&-
	status_is 0
	has "in quarantine"
	quarantine 'a_*' '"2020-12-31"'
	for target in test test-changed test-stamps test-failed; do
		run make -s -j2 "$target" 3>&-
		status_is 2
		has "its quarantine ended on 2020-12-31"
	done
}

@test "what is wrong with a quarantine is told with its place" {
	plain a "io.open('ran', 'w')"
	local at="firmo-jobs.json: overrides[0].quarantine"
	quarantine '*' '{"until": "2027-02-30"}'
	wrong_usage "$at.until=2027-02-30: wants a day that there is"
	quarantine '*' '{"untill": "2027-01-31"}'
	wrong_usage "$at.untill: no such member; did you mean until?"
	quarantine '*' '{"owner": {}}'
	wrong_usage "$at.owner: no such member; it has until, reason and tests"
	quarantine '*' '{"tests": []}'
	wrong_usage "$at.tests: wants at least one"
	quarantine '*' '{"tests": ["a", 7]}'
	wrong_usage "$at.tests[1]: wants a text"
	quarantine '*' '{"tests": ["a", ""]}'
	wrong_usage "$at.tests=: wants the names of tests"
	quarantine '*' '{"tests": {}}'
	wrong_usage "$at.tests: wants a text, or a list of such"
	quarantine '*' '{"until": 20270131}'
	wrong_usage "$at.until: wants a text"
	quarantine '*' '"soon"'
	wrong_usage "$at=soon: wants until="
	quarantine '*' '7'
	wrong_usage "$at: wants a text, an object, true or false"
	echo '{"quarantine": {}}' >firmo-jobs.json
	wrong_usage "firmo-jobs.json: quarantine: it belongs in overrides"
	rm firmo-jobs.json
	test_file tests/a_test.lua "-- firmo-jobs: quarantine=2027-02-30" "io.open('ran', 'w')"
	wrong_usage "tests/a_test.lua:1: quarantine.until=2027-02-30: wants a day that there is"
	test_file tests/a_test.lua "-- firmo-jobs: quarantine" "io.open('ran', 'w')"
	wrong_usage "tests/a_test.lua:1: quarantine: wants NAME=VALUE"
}

@test "a test that no result has is warned of, once, where the file ran whole" {
	two_tests a ""
	quarantine '*' '{"tests": ["test_a", "tset_b", "none such"]}'
	run --separate-stderr fj4 --repeat=2 --quiet
	is "${#stderr_lines[@]}" 2
	[[ $stderr == *'overrides[0].quarantine: tests/a_test.lua has no test "tset_b"; did you mean "test_b"?'* ]]
	[[ $stderr == *'has no test "none such"'* ]]
	run --separate-stderr fj4 --filter=test_a --quiet
	is "$stderr" ""
	two_tests a "lu.unregisterCurrentSuite() os.exit(1)"
	run --separate-stderr fj4 --quiet
	is "$stderr" ""
}

@test "the first of several that match counts as a whole" {
	plain a "error('boom')"
	cat >firmo-jobs.json <<-'END'
		{"overrides": [{"match": "a_*", "timeout": 9}, {"match": "a_*", "quarantine": {"until": "2020-01-01"}},
			{"match": "*", "quarantine": {"reason": "all"}}]}
	END
	run fj4
	status_is 1
	has "its quarantine ended on 2020-01-01"
	hasnt ": all"
}
