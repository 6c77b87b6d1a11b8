#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# firmo-jobs below make: under GNU make itself, and under jobserver-audit, which tells whether every
# token came back and whether anything was touched that is not ours.

load common

# makefile LINE...: a GNUmakefile of these lines; a recipe's tab is written as >.
makefile() {
	printf '.RECIPEPREFIX := >\n' >GNUmakefile
	printf '%s\n' "$@" >>GNUmakefile
}

# As a user's terminal has it: without the file descriptors of bats.
make_() {
	command make "$@" 3>&- 4>&- </dev/null
}

# under_audit STYLE-OPTION... : firmo-jobs below the auditor's jobserver; -- in front of its own options.
under_audit() {
	local options=()
	while [ $# -gt 0 ] && [ "$1" != -- ]; do
		options+=("$1")
		shift
	done
	[ $# -eq 0 ] || shift
	audit "${options[@]}" -- "$FIRMO_JOBS" --lua="$LUA" "$@"
}

audited_run() {
	meeting 8 4
	run under_audit --no-holders "$@"
	status_is 0
	has "audit: ok 3 tokens"
	has "8 passed"
	hasnt "firmo-jobs:"
	at_most 4
}

# ---- every token comes back ----

@test "pipe: tokens + 1 workers at once, every token comes back, flags stay" {
	audited_run --style=pipe
}

@test "blocking pipe: the same" {
	audited_run --style=pipe --blocking
}

@test "fifo: the same" {
	audited_run --style=fifo
}

@test "the report counts the workers that the tokens allowed" {
	meeting 6 4
	run under_audit -- --report=json:report.json
	status_is 0
	is "$(json 'r.run.tokens_peak, r.run.jobs')" "4 4"
}

failing_run() {
	local i
	for i in 1 2 3 4 5 6; do
		plain "bad$i" "error('it is bad')"
	done
	plain good "assert(true)"
	run under_audit "$@"
	status_is 1
	has "audit: ok 3 tokens"
	has "6 failed"
}

@test "pipe: tokens come back from tests that fail" {
	failing_run --style=pipe --blocking
}

@test "fifo: tokens come back from tests that fail" {
	failing_run --style=fifo
}

@test "tokens come back from workers that cannot be started" {
	local i
	for i in 1 2 3 4 5 6; do
		plain "t$i" "assert(true)"
	done
	test_file interpreter '#!/nonexistent/interpreter'
	chmod +x interpreter
	run audit -- "$FIRMO_JOBS" --command="$PWD/interpreter {}"
	status_is 1
	has "audit: ok 3 tokens"
	has "6 with an error"
	run audit --style=fifo -- "$FIRMO_JOBS" --command="$PWD/interpreter {}"
	status_is 1
	has "audit: ok 3 tokens"
}

@test "tokens stay when the interpreter is missing" {
	plain one "assert(true)"
	run audit -- "$FIRMO_JOBS" --command="nonexistent-interpreter {}"
	status_is 3
	has "audit: ok 3 tokens"
	has "nonexistent-interpreter"
	run audit -- "$FIRMO_JOBS" --lua=nonexistent-lua
	status_is 3
	has "audit: ok 3 tokens"
	has "nonexistent-lua"
}

# Workers that say their process ids and wait.
waiting_tests() {
	local i
	for ((i = 1; i <= $1; i++)); do
		plain "wait$i" "os.execute('echo \$PPID \$\$ >w$i.new; mv w$i.new w$i.pids; exec sleep 100')"
	done
}

all_gone() {
	local pid
	for pid in $(cat ./*.pids); do
		gone "$pid" || fail "process $pid is still there"
	done
}

# signalled NAME NUMBER AUDIT-OPTION...
signalled() {
	waiting_tests 6
	start_command "$HELPERS/jobserver-audit" "${@:3}" -- "$FIRMO_JOBS" --lua="$LUA" --order=path
	await test -e w1.pids -a -e w2.pids -a -e w3.pids -a -e w4.pids
	kill -"$1" "$RUNNER"
	finish
	status_is $((128 + $2))
	[[ $errors == *"audit: ok 3 tokens"* ]] || fail "tokens are lost"
	all_gone
	[ ! -e w5.pids ] || fail "a fifth worker was started"
}

@test "SIGINT: tokens come back" {
	signalled INT 2 --style=pipe
}

@test "SIGTERM: tokens come back" {
	signalled TERM 15 --style=pipe --blocking
}

@test "SIGHUP: tokens come back" {
	signalled HUP 1 --style=fifo
}

@test "SIGQUIT: tokens come back" {
	ulimit -c 0
	signalled QUIT 3 --style=pipe
}

@test "tokens come back from a timeout" {
	waiting_tests 3
	run under_audit -- --timeout=1 --grace=0.2
	status_is 1
	has "audit: ok 3 tokens"
	has "3 timed out"
	all_gone
}

@test "a token goes back as soon as there is nothing to run with it" {
	# With one token, a_short and b_long start together. Once a_short has ended, the token has to be in
	# the fifo for others, though b_long still runs; b_long waits for the one who takes it.
	test_file tests/a_short_test.lua "assert(os.execute('sh until.sh b.started'))"
	test_file tests/b_long_test.lua "io.open('b.started', 'w'):close()" "assert(os.execute('sh until.sh taken'))"
	test_file until.sh 'n=3000; until [ -e "$1" ]; do n=$((n - 1)); [ $n -gt 0 ] || exit 1; sleep 0.01; done'
	cat >both.sh <<-'END'
		"$FIRMO_JOBS" --lua=lua5.4 --order=path >fj.out 2>&1 &
		sh until.sh b.started
		for fifo in ./GMfifo*; do exec 8<>"$fifo"; done
		timeout 60 dd bs=1 count=1 <&8 >taken.new 2>/dev/null
		cat taken.new >&8
		mv taken.new taken
		wait $!
	END
	run audit --style=fifo --dir=. --tokens=1 -- sh both.sh
	status_is 0
	has "audit: ok 1 tokens"
	is "$(wc -c <taken)" 1
	grep -q "2 passed" fj.out
}

# ---- how many at once ----

@test "-j caps the tokens that are used" {
	meeting 8 2
	run under_audit -- -j2
	status_is 0
	has "audit: ok 3 tokens"
	at_most 2
}

@test "an empty pool: everything runs on the implicit slot" {
	meeting 4 1
	run under_audit --tokens=0
	status_is 0
	has "4 passed"
	has "audit: ok 0 tokens"
	at_most 1
}

@test "a token that appears in mid-run is used" {
	meeting 6 2
	run under_audit --tokens=0 --fill-later=1@200
	status_is 0
	has "6 passed"
	at_most 2
}

@test "a token that appears in mid-run is used, with a fifo and a blocking pipe" {
	meeting 6 3
	run under_audit --tokens=0 --fill-later=2@200 --style=fifo
	status_is 0
	at_most 3
	meet_again
	run under_audit --tokens=0 --fill-later=2@200 --blocking
	status_is 0
	at_most 3
}

# ---- make itself ----

@test "make -j4: four workers at once, no complaint" {
	meeting 8 4
	makefile 'test:' '>+@"$(FIRMO_JOBS)" --lua=lua5.4'
	run make_ -j4 test
	status_is 0
	has "8 passed"
	hasnt "INTERNAL"
	hasnt "warning"
	hasnt "firmo-jobs:"
	at_most 4
}

@test "make -j4 with -j2: two" {
	meeting 8 2
	makefile 'test:' '>+@"$(FIRMO_JOBS)" --lua=lua5.4 -j2'
	run make_ -j4 test
	status_is 0
	at_most 2
}

@test "make -j without a number has no tokens to ask for" {
	meeting 3 1
	makefile 'test:' '>+@"$(FIRMO_JOBS)" --lua=lua5.4'
	run make_ -j test
	status_is 0
	has "3 passed"
	hasnt "firmo-jobs:"
}

@test "make without -j, and make -j1: the first as many as alone, the second serial" {
	meeting 4 1
	makefile 'test:' '>+@"$(FIRMO_JOBS)" --lua=lua5.4 --report=json:report.json'
	run make_ -j1 test
	status_is 0
	at_most 1
	is "$(json 'r.run.jobs')" 1
	meet_again
	run make_ test
	status_is 0
	is "$(json 'r.run.jobs')" "$(nproc)"
}

@test "make -j4, two recipes side by side: never more than four workers" {
	local i
	meeting 5 4 20
	mkdir left right
	cp tests/* left
	cp tests/* right
	makefile '.PHONY: left right' 'all: left right' 'left right:' '>+@"$(FIRMO_JOBS)" --lua=lua5.4 --db=$@.db $@'
	for i in {1..15}; do
		meet_again
		run make_ -j4 all
		status_is 0
		hasnt "INTERNAL"
		hasnt "firmo-jobs:"
		is "$(count '5 passed')" 4
		at_most 4
	done
}

@test "make reports its tests' failure, and no token is missed" {
	plain bad "error('it is bad')"
	plain good "assert(true)"
	makefile 'test:' '>+@"$(FIRMO_JOBS)" --lua=lua5.4'
	run make_ -j4 test
	status_is 2
	has "Error 1"
	hasnt "INTERNAL"
}

@test "a recipe without + gets one warning that says so, and one job" {
	meeting 4 1
	makefile 'test:' '>@"$(FIRMO_JOBS)" --lua=lua5.4'
	# The fifo of make 4.4 is for every recipe; its pipe is not, and says so by itself.
	if [[ $(make --help) == *--jobserver-style* ]]; then
		run make_ -j4 --jobserver-style=pipe test
		status_is 0
		has "4 passed"
		at_most 1
		return
	fi
	run make_ -j4 test
	status_is 0
	has "4 passed"
	is "$(count 'firmo-jobs:')" 1
	has "put a + in front"
	at_most 1
}

# dry FLAG [STATUS-OF-MAKE]
dry() {
	plain one "io.open('ran', 'w'):close()"
	makefile '.PHONY: test' 'test:' '>+@"$(FIRMO_JOBS)" --lua=lua5.4 --report=json:report.json; echo $$? >status'
	run make_ "$1" -j4 test
	status_is "${2:-0}"
	is "$(<status)" "${2:-0}"
	[ ! -e ran ] || fail "the test ran"
	[ ! -e .firmo-jobs ] || fail ".firmo-jobs was made"
	[ ! -e report.json ] || fail "a report was written"
	hasnt "firmo-jobs:"
}

@test "make -n runs no test" {
	dry -n
}

@test "make -t runs no test" {
	dry -t
}

@test "make -q runs no test, and answers whether one would be run" {
	dry() {
		run make -q "$1" FIRMO_JOBS="$FIRMO_JOBS --lua=lua5.4"
		is "$1: $status $output" "$1: $2 "
	}
	plain one 'assert(not io.open("bad"))' 'assert(loadfile("part.lua"))'
	: >part.lua
	printf 'include %s\n' "$("$FIRMO_JOBS" --print-mk)" >Makefile
	for target in test test-changed test-stamps test-failed tests/one_test.lua test/tests/one_test.lua; do
		[ "$target" = tests/one_test.lua ] || dry $target 1
	done
	[ ! -e .firmo-jobs ] || fail ".firmo-jobs was made"
	settle
	make test FIRMO_JOBS="$FIRMO_JOBS --lua=lua5.4" >/dev/null
	dry test 1
	dry test/tests 1
	dry test-failed 0
	dry test-changed 0
	dry test-stamps 0
	echo "local x" >part.lua
	dry test-changed 1
	dry test-stamps 1
	: >bad
	run make test-stamps FIRMO_JOBS="$FIRMO_JOBS --lua=lua5.4"
	dry test-failed 1
	dry test-stamps 1
	rm bad
	settle
	make test-stamps FIRMO_JOBS="$FIRMO_JOBS --lua=lua5.4" >/dev/null
	dry test-stamps 0
}

@test "make -kn runs no test" {
	dry -kn
}

@test "make --dry-run runs no test" {
	dry --dry-run
}

@test "make n=1 does run the tests" {
	plain one "io.open('ran', 'w'):close()"
	makefile 'test:' '>+@"$(FIRMO_JOBS)" --lua=lua5.4'
	run make_ n=1 test
	status_is 0
	[ -e ran ]
	rm ran
	run make_ -j2 n=1 test
	status_is 0
	[ -e ran ]
}

@test "make -k does run the tests" {
	plain one "io.open('ran', 'w'):close()"
	makefile 'test:' '>+@"$(FIRMO_JOBS)" --lua=lua5.4'
	run make_ -kj2 test
	status_is 0
	[ -e ran ]
}

# ---- what is no jobserver ----

# refused AUDIT-OPTION...: one warning, one job, and the audit finds nothing touched.
refused() {
	meeting 3 1
	run under_audit "$@"
	status_is 0
	has "3 passed"
	has "audit: ok"
	is "$(count 'firmo-jobs:')" 1
	has "going on with one job"
	at_most 1
}

@test "closed file descriptors are refused" {
	refused --sabotage=closed
	has "+"
}

@test "a regular file is refused and left alone" {
	refused --sabotage=file
}

@test "ends of two pipes are refused and left alone" {
	refused --sabotage=unrelated
}

@test "swapped ends are refused and left alone" {
	refused --sabotage=swapped
}

@test "two reading ends are refused and left alone" {
	refused --sabotage=readonly
}

@test "a fifo whose make is dead is refused" {
	refused --style=fifo --sabotage=closed
}

@test "a fifo that is a regular file is refused and left alone" {
	refused --style=fifo --sabotage=file
}

@test "a fifo that is not there is refused" {
	refused --raw-makeflags=" -j4 --jobserver-auth=fifo:$PWD/nowhere"
	has "$PWD/nowhere"
}

@test "--jobserver-auth=-2,-2: one job, and no word about it" {
	meeting 3 1
	run --separate-stderr under_audit --sabotage=negative
	status_is 0
	has "3 passed"
	[[ $stderr == "audit: ok"* && $stderr != *firmo-jobs* ]] || fail "stderr is not the auditor's alone"
	at_most 1
}

# ---- MAKEFLAGS ----

@test "a fifo in a folder with a blank and a backslash" {
	mkdir 'a b\c'
	meeting 6 4
	run under_audit --style=fifo --dir="$PWD/a b\\c"
	status_is 0
	hasnt "firmo-jobs:"
	has "audit: ok 3 tokens"
	at_most 4
}

@test "a fifo by a relative path" {
	mkdir sub
	meeting 6 4
	run under_audit --style=fifo --dir=sub
	status_is 0
	hasnt "firmo-jobs:"
	has "audit: ok 3 tokens"
	at_most 4
}

@test "what stands behind -- is no jobserver" {
	meeting 6 4
	run under_audit --makeflags=' -j4 --jobserver-auth={} -- FOO=a --jobserver-auth=9,9 n=1'
	status_is 0
	hasnt "firmo-jobs:"
	has "6 passed"
	has "audit: ok 3 tokens"
	at_most 4
}

@test "a variable of the command line that looks like a jobserver, under make" {
	meeting 6 4
	makefile 'test:' '>+@"$(FIRMO_JOBS)" --lua=lua5.4'
	run make_ -j4 'FOO=a --jobserver-auth=9,9' test
	status_is 0
	hasnt "firmo-jobs:"
	at_most 4
}

@test "the last --jobserver-auth wins, --jobserver-fds is the same word" {
	meeting 6 4
	run under_audit --makeflags=' -j4 --jobserver-auth=77,78 --jobserver-fds={}'
	status_is 0
	hasnt "firmo-jobs:"
	has "audit: ok 3 tokens"
	at_most 4
}

@test "flags in front, as in 'k -j4'" {
	meeting 6 4
	run under_audit --makeflags-prefix=ks
	status_is 0
	hasnt "firmo-jobs:"
	at_most 4
}

@test "a jobserver that makes no sense: one warning that names it, one job" {
	local auth
	for auth in banana 3 3, ,4 3,4x fifo: 99999999999,4 ''; do
		meet_again
		refused --raw-makeflags=" -j4 --jobserver-auth=$auth"
		has "--jobserver-auth=$auth,"
	done
}

@test "MAKEFLAGS that is garbage does no harm" {
	plain one "assert(true)"
	run under_audit --raw-makeflags=$'\xff\x01 %s%n \\ -- \\'
	status_is 0
	has "1 passed"
	run under_audit --raw-makeflags='\'
	status_is 0
	has "1 passed"
	run under_audit --raw-makeflags="$(printf 'x=%100000s' '' | tr ' ' y)"
	status_is 0
	has "1 passed"
}

@test "MAKEFLAGS=' -j1' is serial" {
	meeting 3 1
	run under_audit --raw-makeflags=' -j1'
	status_is 0
	hasnt "firmo-jobs:"
	at_most 1
}

# ---- workers do not see it ----

@test "workers find no trace of the jobserver" {
	plain look 'os.execute("$HELPERS/misbehave show-env MAKEFLAGS MFLAGS >env.txt")' \
		'os.execute("$HELPERS/misbehave show-fds >fds.txt")'
	makefile 'test:' '>+@"$(FIRMO_JOBS)" --lua=lua5.4'
	run make_ -kj4 FOO=bar test
	status_is 0
	run cat env.txt
	hasnt "jobserver"
	hasnt "-j"
	hasnt "MAKEFLAGS=k"
	is "$(cut -d' ' -f1 fds.txt | tr '\n' ' ')" "0 1 2 "
}

@test "workers have neither the fifo nor its name" {
	plain look 'os.execute("$HELPERS/misbehave show-env MAKEFLAGS MFLAGS >env.txt")' \
		'os.execute("$HELPERS/misbehave show-fds >fds.txt")'
	run under_audit --style=fifo
	status_is 0
	run cat env.txt
	hasnt "jobserver"
	hasnt "-j"
	is "$(cut -d' ' -f1 fds.txt | tr '\n' ' ')" "0 1 2 "
	refute grep GMfifo env.txt fds.txt
}

@test "a test that runs make -j2 itself gets no warning" {
	makefile 'test:' '>+@"$(FIRMO_JOBS)" --lua=lua5.4'
	printf 'all: a b\na b: ; @echo made $@; $(MAKE) -f leaf.mk\n' >inner.mk
	printf 'all: ; @echo leaf\n' >leaf.mk
	plain parallel "assert(os.execute('make -j2 -f inner.mk >parallel.txt 2>&1'))"
	plain serial "assert(os.execute('make -f inner.mk >serial.txt 2>&1'))"
	run make_ -j4 test
	status_is 0
	hasnt "warning"
	run cat parallel.txt serial.txt
	is "$(count leaf)" 4
	hasnt "warning"
	hasnt "INTERNAL"
}

@test "a worker that leaves a daemon behind does not make make hang" {
	plain daemon "assert(os.execute('\$HELPERS/misbehave setsid-daemon daemon.pid'))"
	plain child "assert(os.execute('\$HELPERS/misbehave keep-stdout child.pid'))"
	makefile 'test:' '>+@"$(FIRMO_JOBS)" --lua=lua5.4 --report=json:report.json'
	run timeout 100 make -j4 test 3>&- 4>&-
	status_is 0
	hasnt "INTERNAL"
	is "$(json 'file("daemon").leaked, file("child").leaked')" "true true"
	gone "$(<daemon.pid)"
	gone "$(<child.pid)"
}

@test "a pipe on the standard file descriptors is moved: nothing is written into it, nothing lost" {
	plain one "assert(true)"
	plain two "assert(true)"
	mkfifo f
	exec 7<>f
	printf abc >&7
	MAKEFLAGS=' -j4 --jobserver-auth=0,2' bash -c 'exec 0<f 2>f; exec "$FIRMO_JOBS" --lua=lua5.4' >out
	grep -q "2 passed" out
	MAKEFLAGS=' -j4 --jobserver-auth=0,1' bash -c 'exec 0<f 1>f; exec "$FIRMO_JOBS" --lua=lua5.4' 2>err && fail "wrote?"
	grep -q "standard output" err
	is "$(timeout 5 dd bs=100 count=1 <&7 2>/dev/null | grep -o . | sort | tr -d '\n')" abc
	exec 7>&-
}

@test "make with closed standard file descriptors: no token too many or too few" {
	plain one "assert(true)"
	makefile 'test:' '>+@"$(FIRMO_JOBS)" --lua=lua5.4 --report=json:report.json'
	command make -j4 test 3>&- 4>&- <&- >&- 2>err || true
	run cat err
	hasnt INTERNAL
	is "$(json r.success)" true
}

@test "cargo's jobserver is used where make has none, and workers see neither" {
	meeting 4 1
	plain look 'os.execute("env | grep -c ^CARGO_MAKEFLAGS= >seen")'
	mkfifo f
	exec 7<>f
	CARGO_MAKEFLAGS="-j --jobserver-fds=7,7 --jobserver-auth=7,7" run fj4
	exec 7>&-
	status_is 0
	at_most 1
	is "$(<seen)" 0
}

@test "a full pipe blocks nobody: the run ends and says so, and so does the watchdog" {
	meeting 2 2
	"$LUA" -e 'io.stdout:write(("+"):rep(65536))' >bytes
	mkfifo f
	exec 7<>f
	timeout 5 cat bytes >&7
	MAKEFLAGS=" -j4 --jobserver-auth=fifo:$PWD/f" run fj4
	status_is 0
	has "jobserver is full"
	timeout 5 head -c 65535 <&7 >/dev/null
	exec 7>&-
}

# full_pipe SIGNAL STATUS: three tokens are in use when the pipe fills up, and the signal comes.
full_pipe() {
	waiting_tests 4
	"$LUA" -e 'io.stdout:write(("+"):rep(65536))' >bytes
	mkfifo f
	exec 7<>f
	printf abc >&7
	MAKEFLAGS=" -j4 --jobserver-auth=fifo:$PWD/f" start --lua="$LUA"
	await test -e w1.pids -a -e w2.pids -a -e w3.pids -a -e w4.pids
	timeout 5 cat bytes >&7
	kill -"$1" "$RUNNER"
	finish
	status_is "$2"
	await all_gone
	# As soon as there is room, the watchdog gives back the very tokens.
	timeout 5 head -c 65536 <&7 >/dev/null
	is "$(timeout 20 head -c 3 <&7 | grep -o . | sort | tr -d '\n')" abc
	exec 7>&-
}

@test "a signal with tokens in use and a full pipe: SIGTERM ends the run, and says so" {
	full_pipe TERM 143
	[[ $errors == *"jobserver is full"* ]] || fail "it is not told"
}

@test "a signal with tokens in use and a full pipe: SIGINT" {
	full_pipe INT 130
}

@test "a signal with tokens in use and a full pipe: SIGKILL" {
	full_pipe KILL 137
}

@test "a limit on the size of files is told of, and ends no runner by a signal" {
	plain one "assert(true)"
	run bash -c 'ulimit -f 8; exec "$FIRMO_JOBS" --lua=lua5.4 --report=html:report.html'
	[ "$status" -lt 128 ] || fail "ended by a signal"
	[ ! -e report.html ] || [ "$status" -eq 0 ]
}
