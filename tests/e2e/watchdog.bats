# SPDX-License-Identifier: MIT
# The watchdog: whatever becomes of firmo-jobs, tokens come back and workers go.

load common

# A process that is ended while it begins another program is one that nobody has seen: its file would run once
# more. The framework of these is given, so that nobody wants to see more.
PLAIN="--lua=$LUA --framework=plain"

# sleepers N: test files that run until they are told to stop, and leave their pids in pids/.
sleepers() {
	mkdir -p pids
	for ((i = 1; i <= $1; i++)); do
		plain "sleeper$i" "os.execute('echo \$\$ >pids/$i; exec sleep 100')"
	done
}

all_run() { # N, all of which have said so
	[ "$(cat pids/* | wc -l)" -eq "$1" ]
}

none_lives() {
	local pid
	for pid in $(cat pids/*); do
		case $(ps -o stat= -p "$pid") in '' | Z*) ;; *) return 1 ;; esac
	done
}

# below_make TOKENS STYLE [WORD]...: firmo-jobs in the background, started by the words, with the tokens of a make
# that is audited SETTLE ms after its end; its pid is in ./runner.
below_make() {
	start_command "$HELPERS/jobserver-audit" --tokens="$1" --style="$2" --settle="${SETTLE:-5000}" --no-holders -- "${@:3}" \
		bash -c "echo \$\$ >runner; exec \"\$FIRMO_JOBS\" $PLAIN"
}

# The pid of its watchdog.
watchdog() {
	pgrep -P "$(<runner)" jobserver-watch
}

# ends_with N: what below_make has started comes to its end, and all N tokens are back.
ends_with() {
	finish
	is "$(grep '^audit' err)" "audit: ok $1 tokens"
}

# dies SIGNAL STYLE: firmo-jobs gets SIGNAL with all tokens in use.
dies() {
	sleepers 4
	below_make 3 "$2"
	await all_run 4
	kill -"$1" "$(<runner)"
	ends_with 3
	await none_lives
}

for_each_signal() {
	local signal
	for signal in KILL SEGV ABRT; do
		rm -rf pids tests
		dies "$signal" "$1"
	done
}

@test "tokens come back and workers go after SIGKILL, SIGSEGV and SIGABRT, from a pipe" {
	for_each_signal pipe
}

@test "tokens come back and workers go after SIGKILL, SIGSEGV and SIGABRT, from a fifo" {
	for_each_signal fifo
}

@test "they do after the death of its whole process group" {
	sleepers 3
	below_make 2 pipe setsid -w
	await all_run 3
	kill -KILL -- "-$(<runner)"
	ends_with 2
	await none_lives
}

@test "a daemon that a worker made, ignoring signals in a session of its own, does not outlive the runner" {
	mkdir pids
	plain daemon "os.execute('\$HELPERS/misbehave setsid-daemon-ignore pids/1; exec sleep 100')"
	start --lua="$LUA" -j1
	await test -s pids/1
	kill -KILL "$RUNNER"
	finish
	is "$how" "signal 9"
	await none_lives
	await rmdir "$TMPDIR" # the run's temporary folder was removed as well
	mkdir "$TMPDIR"
}

@test "workers of a run inside of a worker go as well" {
	sleepers 1
	mkdir inner
	mv tests/sleeper1_test.lua inner/
	plain outer "os.execute('\$FIRMO_JOBS --lua=$LUA --db=inner.db inner')"
	start --lua="$LUA" -j2
	await all_run 1
	kill -KILL "$RUNNER"
	finish
	await none_lives
}

@test "the run goes on when the watchdog is killed, and no token is lost" {
	sleepers 3
	below_make 2 pipe
	await all_run 3
	kill -KILL "$(watchdog)"
	kill $(cat pids/*)
	ends_with 2
	has "Files: 3 in all"
}

@test "another watchdog takes over: killed one after the other, neither loses a token" {
	sleepers 3
	below_make 2 pipe
	await all_run 3
	first=$(watchdog)
	kill -KILL "$first"
	await eval '[ -n "$(watchdog | grep -vx "$first")" ]'
	kill -KILL "$(<runner)"
	ends_with 2
	await none_lives
}

@test "files that wait when the watchdog is killed get their tokens, and all of them go back" {
	sleepers 6
	below_make 2 pipe
	await all_run 3
	kill -KILL "$(watchdog)"
	await eval 'kill $(cat pids/*) 2>/dev/null; all_run 6'
	await eval 'kill $(cat pids/*) 2>/dev/null; none_lives'
	ends_with 2
	has "Files: 6 in all, 6 passed"
}

@test "a watchdog, and the process that starts workers, hold nobody up when they are stopped" {
	sleepers 4
	SETTLE=0 below_make 1 pipe
	await all_run 2
	pkill -STOP -P "$(<runner)" firmo-jobs-spaw
	kill $(cat pids/*)
	await all_run 4
	kill -STOP "$(watchdog)"
	kill $(cat pids/*) 2>/dev/null || true
	ends_with 1
	has "Files: 4 in all, 4 passed"
}

@test "it goes on without a pool's watchdog too, and does not spin" {
	sleepers 2
	# shellcheck disable=SC2086 # words
	start $PLAIN -j2
	await all_run 2
	local watchdog
	await child watchdog "$RUNNER" jobserver-watch
	kill -KILL "$watchdog"
	kill $(cat pids/*)
	finish
	is "$how" "exit 0"
	is "$(sql 'SELECT count(*) FROM result')" 2
}

@test "nothing of the watchdog is left after a run, and workers never see it" {
	plain fds "os.execute('\$HELPERS/misbehave show-fds')" "error()"
	export OF_THIS_TEST=$PWD
	run -1 fj --lua="$LUA"
	hasnt "socket:"
	for pid in $(pgrep -f "^$FIRMO_JOBS"); do
		! grep -qz "^OF_THIS_TEST=$PWD" "/proc/$pid/environ" 2>/dev/null || fail "$pid is left"
	done
}
