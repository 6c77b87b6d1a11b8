# SPDX-License-Identifier: MIT
# Tests that do not always pass: --retries, --flaky, --repeat, --until-fail.
load common

# flaky NAME N: fails until its attempt number N.
flaky() {
	plain "$1" "assert(tonumber(os.getenv('FIRMO_JOBS_ATTEMPT')) >= $2, 'not yet')"
}

# shy NAME: fails in its first attempt, beside the other one; later, if the other one is there as well.
shy() {
	cat >"tests/$1_test.lua" <<-'END'
		local function there(name) local f = io.open(name) if f then f:close() end return f end
		if os.getenv("FIRMO_JOBS_ATTEMPT") == "1" then
			io.open("here." .. arg[0]:match("([^/]*)$"), "w"):close()
			repeat until there("here.a_test.lua") and there("here.b_test.lua")
			error("not alone")
		end
		assert(os.execute("mkdir inside && ls && rmdir inside"))
	END
}

attempts() {
	sql "SELECT group_concat(r.attempt || ' ' || r.status, ', ') FROM result r
		JOIN file f ON f.id = r.file WHERE f.path = 'tests/$1_test.lua' ORDER BY r.id"
}

@test "a file that fails is tried again after the others, and a later pass is flaky" {
	flaky sometimes 3
	plain good "print('good')"
	plain bad "error('always')"
	run fj4 -j1 --order=path --retries=2
	status_is 1
	is "$(attempts sometimes)" "1 2, 2 2, 3 1"
	is "$(attempts bad)" "1 2, 2 2, 3 2"
	is "$(attempts good)" "1 1"
	# After the others: the last first attempt comes before the first second one.
	is "$(sql "SELECT max(id) < (SELECT min(id) FROM result WHERE attempt = 2) FROM result WHERE attempt = 1")" 1
	has FLAKY
	rm tests/bad_test.lua
	run fj4 -j1 --retries=2
	status_is 0
	has FLAKY
	# What passes in the end is not outstanding.
	run fj4 --failed
	status_is 0
	has "nothing to run"
	run fj4 -j1 --retries=2 --flaky=fail
	status_is 1
	run fj4 -j1 --retries=1
	status_is 1
}

@test "what failed side by side is tried again alone, and told to fail only beside other files" {
	mkdir tests
	shy a
	shy b
	run fj4 -j2 --retries=1
	status_is 0
	is "$(count 'FLAKY [')" 2
	is "$(count 'fails only beside other files')" 2
	is "$(sql 'SELECT group_concat(crowded) FROM (SELECT crowded FROM result ORDER BY id)')" 1,1,0,0
	run fj4 -j2
	status_is 1
}

# logs NAME LINE...: a plain test that notes its starts in `log`, as "NAME ATTEMPT SECONDS".
logs() {
	plain "$1" "local log = io.open('log', 'a')" \
		"log:write('$1 ', os.getenv('FIRMO_JOBS_ATTEMPT'), ' ', os.time(), '\\n')" 'log:close()' "${@:2}"
}

@test "a retry waits for its time, and others run meanwhile" {
	logs a "error('always')"
	logs b "error('always')"
	logs c
	printf '{"retries": 1, "overrides": [{"match": "a_*", "retry-delay": 2.5}, {"match": "b_*", "retry-delay": "0.5"}]}' >firmo-jobs.json
	run fj4 -j1 --order=path
	status_is 1
	is "$(cut -d ' ' -f 1,2 log | tr '\n' ',')" "a 1,b 1,c 1,b 2,a 2,"
	local first second
	first=$(sed -n 's/^a 1 //p' log)
	second=$(sed -n 's/^a 2 //p' log)
	[ $((second - first)) -ge 2 ]
	rm log
	# The order of a seed holds.
	run fj4 -j1 --order=random:3
	cut -d ' ' -f 1,2 log >before
	rm log
	run fj4 -j1 --order=random:3 --retry-delay=0
	cut -d ' ' -f 1,2 log | diff before -
}

@test "a signal and --run-limit end the wait at once" {
	logs a "error('always')"
	start --lua=lua5.4 --retries=1 --retry-delay=100000 --report=json:report.json
	await test -s .firmo-jobs/history.db
	await eval '[ "$(sql "SELECT count(*) FROM result")" = 1 ]'
	kill -INT "$RUNNER"
	finish
	is "$how" "signal 2"
	holds "file('tests/a_test.lua').status == 'fail'"
	run fj4 --retries=1 --retry-delay=100000 --run-limit=3 --report=json:report.json
	status_is 1
	holds "file('tests/a_test.lua').status == 'fail' and file('tests/a_test.lua').attempts == 1"
	is "$(wc -l <log)" 2
}

@test "a delay that is none" {
	plain a
	wrong_usage --retry-delay=soon "--retry-delay=soon: wants seconds, such as 5 or 0.5"
}

@test "a failed retry is still a failure, and --failed runs it again" {
	plain bad "error('always')"
	run fj4 --retries=1
	status_is 1
	run fj4 --failed --retries=0
	status_is 1
	is "$(sql 'SELECT count(*) FROM result')" 3
}

@test "a file that cannot be run at all is not tried again" {
	plain gone
	rm tests/gone_test.lua
	ln -s nowhere tests/gone_test.lua
	run fj4 --retries=3
	status_is 1
	is "$(sql 'SELECT count(*) FROM result')" 1
}

@test "--repeat runs every file so often, and one failure is a failure" {
	plain good "print('good')"
	plain once "assert(os.getenv('FIRMO_JOBS_ATTEMPT') ~= '2', 'the second time')"
	run fj4 -j2 --repeat=4
	status_is 1
	is "$(attempts good)" "1 1, 2 1, 3 1, 4 1"
	is "$(attempts once)" "1 1, 2 2, 3 1, 4 1"
	has "1 passed, 1 failed"
	has "the second time"
	# It counts as failed, though its last repetition has passed.
	run fj4 --failed
	status_is 0
	has once_test.lua
	hasnt good_test.lua
}

@test "a file never runs beside itself" {
	# mkdir fails for whoever finds the other inside.
	plain exclusive "assert(os.execute('mkdir inside && rmdir inside'))"
	run fj4 -j4 --repeat=20
	status_is 0
	is "$(sql 'SELECT count(*) FROM result')" 20
}

@test "--until-fail ends with the first failure, --repeat bounds it" {
	plain later "assert(os.getenv('FIRMO_JOBS_ATTEMPT') ~= '5', 'the fifth time')"
	plain good "print('good')"
	run fj4 -j1 --until-fail
	status_is 1
	has "--until-fail"
	is "$(attempts later)" "1 1, 2 1, 3 1, 4 1, 5 2"
	run fj4 -j2 --until-fail --repeat=3
	status_is 0
	is "$(sql 'SELECT count(*) FROM result WHERE run = 2')" 6
}

@test "--until-fail can be interrupted, and ends where nothing can be run" {
	plain good "print('good')"
	start --lua="$LUA" --until-fail
	await grep -q PASS out
	kill -INT "$RUNNER"
	finish
	status_is 130
	has INTERRUPTED
	rm tests/good_test.lua
	: >tests/empty_test.lua
	run fj4 --until-fail
	status_is 4
}

@test "retries go together with no repetition" {
	plain good "print('good')"
	wrong_usage --retries=1 --repeat=2 "--retries"
	wrong_usage --retries=1 --until-fail "--retries"
	for bad in --retries=x --retries=-1 --repeat=0 --repeat=x --flaky=maybe; do
		wrong_usage "$bad" "${bad%=*}=${bad#*=}:"
	done
}
