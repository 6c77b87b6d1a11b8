#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# What firmo-jobs gives a worker, holds it to and cleans up after it.

load common

# shell NAME COMMAND: a plain test that runs COMMAND by the shell and fails when it does.
shell() {
	plain "$1" "assert(os.execute([==[$2]==]))"
}

# report ARG...: runs firmo-jobs with the report in report.json.
report() {
	run fj4 --report=json:report.json "$@"
}

nothing_left_in_tmp() {
	is "$(ls -A "$TMPDIR")" ""
}

# ---- deadlines ----

@test "a test that hangs is ended, and the traceback tells the line" {
	plain hang "local function spin()" "  while true do end" "end" "spin()"
	report --timeout=1
	status_is 1
	has "TIMEOUT"
	has "timed out after 1 s"
	has "hang_test.lua:2: in "
	has "1 timed out"
	is "$(json 'r.success, file("hang").status, #r.errors')" "false timeout 1"
	[[ $(json 'r.errors[1].message') == *interrupted* ]] || fail "no message"
	[[ $(json 'r.errors[1].traceback') == *"stack traceback:"*"hang_test.lua:2: in "*"hang_test.lua:4: in "* ]] ||
		fail "no traceback"
}

@test "a test of busted that hangs is the one that is charged" {
	busted_test hang "describe('group', function()" "it('is quick', function() end)" \
		"it('is stuck', function() while true do end end)" "end)"
	report --timeout=2
	status_is 1
	has "group is stuck"
	is "$(json 'file("hang").status, file("hang").tests[1].status, file("hang").tests[2].status')" \
		"timeout pass error"
}

@test "what ignores SIGINT and SIGTERM is killed" {
	plain deaf "-- run by deaf.sh"
	test_file deaf.sh 'exec "$HELPERS/misbehave" ignore-term'
	run fj --command="sh deaf.sh {}" --timeout=2 --grace=0.1 --report=json:report.json
	status_is 1
	has "TIMEOUT"
	is "$(json 'file("deaf").status, file("deaf").signal')" "timeout 9"
	pid=$(json 'file("deaf").output:match("pid (%d+)")')
	gone "$pid"
}

@test "what a timed out test has started is ended with it" {
	shell tree 'misbehave=$HELPERS/misbehave; "$misbehave" ignore-term >child.txt & "$misbehave" setsid-daemon-ignore daemon.pid; "$misbehave" hang'
	report --timeout=2 --grace=0.1
	status_is 1
	is "$(json 'file("tree").status')" timeout
	gone "$(<daemon.pid)"
	gone "$(sed 's/pid //' child.txt)"
}

@test "a stopped test is ended by its timeout" {
	plain stopped "os.execute('kill -STOP \$PPID')"
	report --timeout=0.5 --grace=0.1
	status_is 1
	is "$(json 'file("stopped").status')" timeout
}

@test "no timeout with --timeout=0" {
	shell slow 'sleep 0.3'
	report --timeout=0
	status_is 0
}

# ---- what a test leaves behind ----

# leaves MODE: the helper's MODE leaves a process whose id is in left.pid.
leaves() {
	shell leaver "\"\$HELPERS/misbehave\" $1 left.pid"
	shell other 'true'
	report
	status_is 0
	has "left a process behind"
	is "$(json 'file("leaver").status, file("leaver").leaked, file("other").leaked')" "pass true false"
	gone "$(<left.pid)"
	is "$(sql 'select leaked from result join file on file.id = file where path like "%leaver%"')" 1
}

@test "a daemon in a session of its own is gone afterwards" {
	leaves setsid-daemon
}

@test "a daemon that ignores signals is gone afterwards" {
	leaves setsid-daemon-ignore
}

@test "a grandchild that keeps stdout is not waited for" {
	leaves keep-stdout
}

@test "a grandchild that keeps the event fd is not waited for" {
	luaunit_test leaver "function test_leave() assert(os.execute('\$HELPERS/misbehave keep-event left.pid')) end" \
		"function test_more() end"
	report
	status_is 0
	is "$(json 'file("leaver").status, file("leaver").leaked, #file("leaver").tests')" "pass true 2"
	gone "$(<left.pid)"
}

@test "a test that tidies up is not marked" {
	shell tidy '"$HELPERS/misbehave" exit 0 & wait'
	report
	status_is 0
	is "$(json 'file("tidy").leaked')" false
	hasnt "left a process behind"
}

# ---- output ----

@test "200 MB of output cost no memory, and its end is kept" {
	plain flood "assert(os.execute('\$HELPERS/misbehave flood 200M'))" "os.exit(1)"
	run command time -f %M -o rss "$FIRMO_JOBS" --lua="$LUA" --report=json:report.json
	status_is 1
	has "| LAST LINE"
	has "| line 1 "
	has "bytes left out"
	[[ $(json 'file("flood").output') == *$'\nLAST LINE' ]] || fail "the report lacks the end"
	[ "$(wc -c <report.json)" -lt 2000000 ]
	[ -n "$SAN" ] || [ "$(tail -n 1 rss)" -lt $((16 * 1024)) ] || fail "$(<rss) KiB"
}

@test "stdout and stderr are kept in the order in which they were written" {
	plain both "assert(os.execute('\$HELPERS/misbehave flood-both 1000'))" "os.exit(1)"
	report --no-worker-output
	status_is 1
	json 'file("both").output' | grep -E '^(out|err) ' >got
	for ((i = 1; i <= 1000; i += 2)); do
		printf 'out %d\nerr %d\n' "$i" $((i + 1))
	done >wanted
	cmp got wanted
}

@test "a test that floods gets to its end, beside others" {
	local i
	for i in 1 2 3; do
		shell "flood$i" '"$HELPERS/misbehave" flood 20M'
	done
	report -j3
	status_is 0
	has "3 passed"
}

# ---- limits ----

@test "limits are in force in the worker" {
	shell limits 'bash -c "for o in v t f n s u c; do ulimit -\$o; done" >limits.txt'
	report --limit=as=1G,cpu=30,fsize=10M,nofile=64,stack=4M,nproc=4000 --limit=core=0
	status_is 0
	is "$(tr '\n' ' ' <limits.txt)" "1048576 30 10240 64 4096 4000 0 "
}

@test "without --limit none is set" {
	(for o in v t f n s u c; do ulimit -$o; done) >before.txt
	shell limits 'bash -c "for o in v t f n s u c; do ulimit -\$o; done" >limits.txt'
	report
	status_is 0
	cmp before.txt limits.txt
}

limited() {
	plain fine "assert(true)"
	report --limit="$1"
	status_is 1
	has "LIMIT"
	has "1 over a limit"
	is "$(json 'file("greedy").status, file("fine").status')" "limit pass"
	[[ $(json 'file("greedy").reason') == *"--limit=${1%%=*}"* ]] || fail "the reason is another"
}

@test "cpu: a test that computes for ever" {
	plain greedy "while true do end"
	limited cpu=1
}

@test "as: a test that wants all memory" {
	plain greedy "local all = {}" "while true do all[#all + 1] = ('x'):rep(1000000) .. #all end"
	limited as=100M
}

@test "fsize: a test that fills the disk" {
	plain greedy "local f = io.open('big', 'w')" "for _ = 1, 1000 do f:write(('x'):rep(10000)) end"
	limited fsize=1M
	[ "$(wc -c <big)" -le 1048576 ]
}

@test "nofile: opening many files fails in the test" {
	plain greedy "local open = {}" "for i = 1, 100 do open[i] = assert(io.open('/dev/null')) end"
	report --limit=nofile=32
	status_is 1
	has "Too many open files"
}

@test "core=0: a crash leaves no core" {
	ulimit -c unlimited 2>/dev/null || true
	plain crash "os.execute('bash -c \"ulimit -c\" >core.txt; kill -SEGV \$PPID')"
	report --limit=core=0
	status_is 1
	is "$(<core.txt)" 0
	is "$(ls core* | grep -v core.txt || true)" ""
}

# ---- what a worker finds ----

@test "each worker has a TMPDIR of its own, which is gone afterwards" {
	local i
	meeting 3 3
	for i in 1 2 3; do
		plain "meet$i" "local dir = os.getenv('TMPDIR')" \
			"assert(os.execute('test -d \$TMPDIR && test -z \"\$(ls -A \$TMPDIR)\" && echo \$TMPDIR >dir$i'))" \
			"assert(io.open(dir .. '/litter', 'w')):close()" \
			"assert(os.execute('sh meet.sh 3 20'))" \
			"assert(os.tmpname())"
	done
	report -j3
	status_is 0
	is "$(cat dir? | sort -u | wc -l)" 3
	for i in 1 2 3; do
		[[ $(<dir$i) == "$TMPDIR"/* ]] || fail "it is elsewhere: $(<dir$i)"
		[ ! -e "$(<dir$i)" ] || fail "it is still there"
	done
	nothing_left_in_tmp
}

@test "litter of every kind is removed, and nothing that it points to" {
	mkdir precious
	echo keep >precious/file
	shell litter "test -z \"\$(ls -A \$TMPDIR)\" && ln -s '$PWD/precious' \$TMPDIR/link && echo \$TMPDIR >dir && \"\$HELPERS/misbehave\" tmpdir-litter"
	# It is gone before the next one starts, not only at the end of the run.
	shell next 'test -z "$(ls -A $TMPDIR)" && ! test -L "$(cat dir)/link" && "$HELPERS/misbehave" tmpdir-litter'
	report -j1 --order=path
	status_is 0
	is "$(<precious/file)" keep
	nothing_left_in_tmp
}

@test "the run's own temporary folder is gone after failures, too" {
	plain bad "error('it is bad')"
	busted_test bad "describe('g', function() it('is bad', function() error('it is bad') end) end)"
	report
	status_is 1
	nothing_left_in_tmp
}

@test "stdin is /dev/null" {
	plain stdin "assert(io.read() == nil)" "os.execute('readlink /proc/self/fd/0 >stdin.txt')"
	echo "not for tests" | fj4
	is "$(<stdin.txt)" /dev/null
}

@test "no file descriptor but 0 to 2" {
	plain look 'os.execute("$HELPERS/misbehave show-fds >fds.txt")'
	run fj4 7</dev/null 8>other
	status_is 0
	is "$(cut -d' ' -f1 fds.txt | tr '\n' ' ')" "0 1 2 "
}

@test "and the events' where there is a shim" {
	plain look "-- run by look.sh: require('luaunit')"
	test_file look.sh 'exec "$HELPERS/misbehave" show-fds >fds.txt'
	run fj --framework=luaunit --command="sh look.sh {}" 7</dev/null 8>other
	is "$(cut -d' ' -f1 fds.txt | tr '\n' ' ')" "0 1 2 3 "
	grep -q '^3 pipe:' fds.txt
}

@test "signals are at their defaults" {
	plain look 'assert(os.execute("$HELPERS/misbehave show-signals >signals.txt"))'
	report
	status_is 0
	is "$(<signals.txt)" ""
	echo 'return { default = { ROOT = { "tests" } } }' >.busted
	run env --ignore-signal=PIPE,HUP,USR1,CHLD,TSTP "$FIRMO_JOBS" --lua="$LUA"
	status_is 0
	is "$(<signals.txt)" ""
}

@test "no two workers that run have the same FIRMO_JOBS_SLOT" {
	local i
	for i in {1..12}; do
		shell "slot$i" 'mkdir slot.$FIRMO_JOBS_SLOT || : >clash; echo $FIRMO_JOBS_SLOT >>slots; sleep 0.03; rmdir slot.$FIRMO_JOBS_SLOT'
	done
	report -j3
	status_is 0
	[ ! -e clash ] || fail "a slot was shared"
	is "$(wc -l <slots)" 12
	is "$(sort -u slots | tr '\n' ' ')" "0 1 2 "
	is "$(json 'file("slot1_").slot < 3, file("slot12_").slot < 3')" "true true"
}

@test "FIRMO_JOBS_RUN is one for the run and another for the next, FIRMO_JOBS_ATTEMPT is 1" {
	shell one 'echo $FIRMO_JOBS_RUN >>runs; echo $FIRMO_JOBS_ATTEMPT >>attempts'
	shell two 'echo $FIRMO_JOBS_RUN >>runs; echo $FIRMO_JOBS_ATTEMPT >>attempts'
	report
	status_is 0
	is "$(sort -u runs | wc -l)" 1
	[ -n "$(head -n 1 runs)" ]
	report
	is "$(sort -u runs | wc -l)" 2
	is "$(sort -u attempts)" 1
}

@test "a run inside of a worker has its own identity and may fail on its own" {
	test_file inner/inner_test.lua "error('the inner one is bad')"
	plain outer "local ok, how, code = os.execute('\$FIRMO_JOBS --lua=$LUA --db=inner.db inner >inner.txt')" \
		"assert(how == 'exit' and code == 1)"
	report tests
	status_is 0
	grep -q "1 failed" inner.txt
	nothing_left_in_tmp
}

# ---- how it ends ----

@test "a crash is an error that names the signal" {
	plain crash "os.execute('kill -SEGV \$PPID')"
	plain fine "assert(true)"
	report --limit=core=0
	status_is 1
	has "ERROR"
	has "killed by SIGSEGV"
	is "$(json 'file("crash").status, file("crash").signal, file("crash").exit, file("fine").status')" \
		"error 11 nil pass"
}

@test "a crash, an abort and a kill from outside, without Lua" {
	local name
	for name in SEGV ABRT KILL PIPE; do
		plain "$name" "-- run by crash.sh"
	done
	test_file crash.sh 'name=${1#tests/}; exec "$HELPERS/misbehave" crash "${name%_test.lua}"'
	run fj --command="sh crash.sh {}" --limit=core=0
	status_is 1
	has "killed by SIGSEGV"
	has "killed by SIGABRT"
	has "killed by SIGKILL"
	has "killed by SIGPIPE"
}

# dies STATEMENT: the second of three tests leaves by STATEMENT and is charged.
dies() {
	busted_test "b" "describe('group', function()" "it('first', function() end)" \
		"it('second', function() $1 end)" "it('third', function() end)" "end)"
	luaunit_test "l" "TestGroup = {}" "function TestGroup.test_1() end" "function TestGroup.test_2() lu.unregisterCurrentSuite() $1 end" \
		"function TestGroup.test_3() end"
	report --limit=core=0
	status_is 1
	is "$(json 'file("b_spec").status, file("l_test").status')" "error error"
	is "$(json '#file("b_spec").tests, file("b_spec").tests[1].status, file("b_spec").tests[2].status')" "2 pass error"
	is "$(json '#file("l_test").tests, file("l_test").tests[1].status, file("l_test").tests[2].status')" "2 pass error"
	has 'group second'
	has 'TestGroup test_2'
}

@test "os.exit(0) in the middle of a test is an error of that test" {
	dies "os.exit(0)"
	is "$(json 'file("b_spec").exit, file("l_test").exit')" "0 0"
	has "it called os.exit"
}

@test "os.exit(0, true) is one, too" {
	dies "os.exit(0, true)"
}

@test "a crash in the middle of a test is charged to it" {
	dies "os.execute('kill -SEGV \$PPID')"
	has "killed by SIGSEGV"
}

@test "exit status 77 is a skip" {
	plain skipped "os.exit(77)"
	plain fine "assert(true)"
	report
	status_is 0
	has "SKIP"
	is "$(json 'file("skipped").status, r.skipped, r.passed')" "skip 1 1"
}

@test "any other exit status of a plain test is a failure" {
	plain three "os.exit(3)"
	report
	status_is 1
	is "$(json 'file("three").status, file("three").exit')" "fail 3"
	has "exit status 3"
}

# ---- nonsense on the event fd ----

# nonsense KIND: it is written in the first of two tests; every other file and test is as ever.
nonsense() {
	local write="assert(os.execute('\$HELPERS/misbehave write-fd FIRMO_JOBS_EVENTS $1'))"
	luaunit_test lu "function test_1() $write end" "function test_2() end"
	luaunit_test fine "function test_1() end" "function test_2() end"
	busted_test bu "describe('g', function() it('one', function() $write end)" "it('two', function() end) end)"
	busted_test bad "describe('g', function() it('one', function() $write end)" "it('two', function() error('it is bad') end) end)"
	run command time -f %M -o rss "$FIRMO_JOBS" --lua="$LUA" --report=json:report.json
	status_is 1
	is "$(json 'file("fine").status, #file("fine").tests')" "pass 2"
	is "$(json 'file("bad_").status, file("bad_").tests[2].status')" "fail error"
	[ -n "$SAN" ] || [ "$(tail -n 1 rss)" -lt $((24 * 1024)) ] || fail "$(<rss) KiB"
}

# All tests are told; but what was written to the pipe may have been in place of one's result.
unharmed() {
	is "$(json 'file("lu_").status, #file("lu_").tests')" "error 2"
	is "$(json 'file("bu_").status, #file("bu_").tests')" "error 2"
}

@test "garbage among the events" {
	nonsense garbage
	unharmed
}

@test "NULs among the events" {
	nonsense nul
	unharmed
}

@test "JSON that is no event among the events" {
	nonsense closed-json
	unharmed
}

@test "a line of 100 MB among the events" {
	nonsense long
	unharmed
}

@test "half a line among the events: the test whose end it swallows is not passed" {
	nonsense halfline
	is "$(json 'file("lu_").tests[1].status == "pass", file("lu_").tests[2].status')" "false pass"
	is "$(json 'file("bu_").tests[1].status == "pass", file("bu_").tests[2].status')" "false pass"
}
