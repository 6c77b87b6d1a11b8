#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# What past times do to the present: --timeout=auto, and SLOW while a file runs.

load common

# held NAME FILE: a plain test that ends when FILE is there.
held() {
	plain "$1" "while not io.open('$2') do os.execute('sleep 0.05') end"
}

@test "--timeout=auto: deadlines by past times; and what is slow is told while it runs" {
	touch go
	held quick go
	run -0 fj4
	held unknown go
	run -0 fj4 --list --timeout=auto -v
	[[ $output =~ 60.000s\ +new\ +plain\ +tests/unknown_test.lua ]] || fail "no default"
	[[ $output =~ \ 10.000s\ +pass\ +plain\ +tests/quick_test.lua ]] || fail "no deadline by its time"
	run -0 fj4 --list --timeout=0 -v
	[[ $output =~ never\ +pass ]] || fail "a deadline though there is none"
	run -0 fj4 --list --timeout=7 -v
	is "$(count ' 7.000s ')" 2
	rm go
	held unknown seen
	start --lua="$LUA" -j2 --timeout=auto --grace=0.1 --progress=plain --report=json:report.json
	await grep -q SLOW err
	kill -USR1 "$RUNNER"
	await grep -q '2 running' err
	touch seen
	finish
	status_is 1
	has "timed out after 10 s"
	is "$(json 'file("quick").status, file("unknown").status')" "timeout pass"
	# Once as it became slow, once as it was asked; what has no time is never slow.
	is "$(grep -cE '^ *SLOW +[0-9.]+s tests/quick_test.lua \(usually at most 0\.[0-9]+s\)$' err)" 2
	refute grep -q 'SLOW.*unknown' err
	grep -qE '^ +[0-9.]+s tests/unknown_test.lua$' err
}

@test "SLOW on the terminal: in front, and in colour where there are colours" {
	touch go
	held b go
	run -0 fj4
	cp -r .firmo-jobs quick # the past of that moment
	held a go
	rm go
	TERM=xterm script -qefc "$FIRMO_JOBS --lua=$LUA -j2 --order=path >log" screen </dev/null >/dev/null 2>&1 3>&- &
	script=$!
	await grep -qE '\[0/2\] [^S]*'$'\033''\[33mSLOW tests/b_test.lua [0-9]+s'$'\033''\[0m, tests/a_test.lua [0-9]+s' screen
	touch go
	wait "$script"
	refute grep -q SLOW log
	rm go
	start --lua="$LUA" -j2 --order=path --progress=bar --db=quick/history.db
	await grep -qE '\[0/2\] [^S]*SLOW tests/b_test.lua' err
	touch go
	finish
	status_is 0
}

@test "--timeout=auto in make rules: a pass stands though the deadline has moved" {
	plain one "local f = io.open('slowly') if f then f:close() os.execute('exec sleep 2.1') end"
	cat >GNUmakefile <<-'END'
		FIRMO_FLAGS = --lua=lua5.4 --timeout=auto
		include $(shell $(FIRMO_JOBS) --print-mk)
	END
	settle
	run -0 make -j2 test-stamps
	has "1 passed"
	touch slowly # it was looked for in vain
	settle
	run -0 make -j2 test-stamps
	is "$(sql 'SELECT count(*) FROM result')" 2
	run fj4 --list -v --timeout=auto
	refute grep -q ' 10.000s ' <<<"$output"
	settle
	run -0 make -j2 test-stamps
	is "$(sql 'SELECT count(*) FROM result')" 2
	# A number counts as one of the file's own would.
	run -0 fj4 --changed --report=json:report.json
	is "$(ran)" ""
	run -0 fj4 --changed --timeout=9 --report=json:report.json
	is "$(ran)" one
}
