# SPDX-License-Identifier: MIT
# Figures that are true: what a file took is its own, and what was seen stands as long as it holds.
load common

# peak NAME: KiB of the file in the last report; about KIB LEAST MOST.
peak() {
	json "file('$1').maxrss // 1024"
}

# own NAME: what the interpreter takes for the file when a process of a few pages starts it.
own() {
	"$HELPERS/peak" "$LUA" "tests/$1_test.lua"
}

is_about() { # WHAT KIB WANTED: not smaller, and not larger by more than a MiB and a tenth.
	[ "$2" -ge $(($3 * 9 / 10 - 256)) ] && [ "$2" -le $(($3 * 11 / 10 + 1024)) ] ||
		fail "$1: $2 KiB, not about $3"
}

@test "peak memory is that of the worker, watched or not, and of the biggest process below it" {
	[ -z "${SAN:-}" ] || skip "a sanitizer's memory is everywhere"
	plain small "return 1"
	plain big "assert(#string.rep('x', 40 * 2^20 // 1) > 0)"
	plain child "assert(os.execute([[lua5.4 -e 'assert(#string.rep(\"x\", 2^24) > 0)']]))"
	plain killed "local s = string.rep('x', 20 * 2^20 // 1)" "os.execute('kill -KILL \$PPID')"
	for option in --order=path --no-trace; do
		run -1 fj4 "$option" --report=json:report.json
		for name in small big child killed; do
			is_about "$option $name" "$(peak $name)" "$(own $name)"
		done
	done
	# What follows a big one, and what runs beside it, is none.
	run -1 fj4 -j1 --order=path --report=json:report.json
	is_about "after others" "$(peak small)" "$(own small)"
}

@test "peak memory of what runs without our help, and of frameworks" {
	[ -z "${SAN:-}" ] || skip "a sanitizer's memory is everywhere"
	plain small "return 1"
	busted_test spec "describe('d', function() it('i', function() end) end)"
	run -0 fj4 --report=json:report.json
	[ "$(peak spec)" -gt "$(peak small)" ] || fail "busted takes no more than a line"
	# A static program is no smaller than what starts it, and smaller than any runner.
	if [ -x "$REUSE/look-static" ]; then
		run -0 fj --framework=plain --command="$REUSE/look-static nice {}" --report=json:report.json
		[ "$(peak small)" -lt 2048 ] || fail "$(peak small) KiB"
	fi
}

@test "the process that starts workers may be killed: the run goes on" {
	mkdir pids
	plain first "os.execute('echo \$\$ >pids/first; exec sleep 100')"
	plain second "return 1"
	start --lua="$LUA" -j1 --order=path
	await test -s pids/first
	kill -KILL "$(pgrep -P "$RUNNER" firmo-jobs-spaw)"
	kill "$(<pids/first)"
	finish
	is "$how" "exit 0"
	has "Files: 2 in all, 2 passed" <<<"$output"
}

# grown N: KiB that firmo-jobs itself takes for N files, each of which looks for 500 others.
grown() {
	rm -rf tests .firmo-jobs
	for ((i = 1; i <= $1; i++)); do
		plain "file$i" "for i = 1, 500 do io.open('a/folder/with/a/name/where/nothing/is/found/' .. i) end"
	done
	"$HELPERS/peak" "$FIRMO_JOBS" --lua="$LUA" -q | tail -n 1
}

@test "what a file depended on does not stay in memory when it is recorded" {
	[ -z "${SAN:-}" ] || skip "a sanitizer keeps what is freed"
	few=$(grown 10)
	many=$(grown 110)
	is "$(sql "SELECT count(*) > 500 FROM input")" 1
	[ $((many - few)) -lt 1024 ] || fail "100 more files took $((many - few)) KiB"
}
