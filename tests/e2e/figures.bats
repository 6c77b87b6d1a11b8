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
	# One that is ended while it begins another program is seen by nobody: its file would run once more.
	start --lua="$LUA" --framework=plain -j1 --order=path
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

# ---- what a pass stands under ----

@test "a pass stands under every deadline that leaves it five times what it took, or what it had" {
	plain quick "return 1"
	plain slow "os.execute('exec sleep 1')"
	settle
	run -0 fj4 -t 10
	for option in "" --timeout=60 --timeout=0 --timeout=auto --timeout=100 --timeout=10; do
		run -0 fj4 --changed $option
		has "Cached: 2 of them"
	done
	run -0 fj4 --why=tests/slow_test.lua --timeout=4
	[[ $output =~ ^"tests/slow_test.lua would run: its pass of "[-0-9]+" "[:0-9]+" took 1."[0-9]{3}" s, and --timeout was 10, is 4: less than five times as long"$ ]] ||
		fail "$output"
	run -0 fj4 --changed --timeout=4 --report=json:report.json
	is "$(ran)" "slow"
	settle
	# It has had no more than that, and has passed.
	run -0 fj4 --changed --timeout=4
	has "Cached: 2 of them"
	run -0 fj4 --changed --timeout=0
	has "Cached: 2 of them"
	run -0 fj4 --why=tests/slow_test.lua --timeout=3.9
	has "--timeout was 4, is 3.9"
	run -0 fj4 -t 0
	run -0 fj4 --why=tests/slow_test.lua --timeout=4.5
	has "--timeout was 0 (never), is 4.5: less than five times as long"
}

@test "of all options, only those that an outcome depends on make a pass void" {
	plain one "return 1"
	test_file .busted "return { unit = {} }"
	settle
	run -0 fj4
	why() { "$FIRMO_JOBS" --lua=lua5.4 --why=tests/one_test.lua "$@" 2>&1; }
	while read -r verdict option; do
		case $verdict in
		stands) [[ $(why $option) == *"would not run"* ]] || fail "$option: $(why $option)" ;;
		runs) [[ $(why $option) == *"would run: it would be run in another way than in its pass of "*$'\n'"  ${option%%=*}"*" was not given, is "* ]] ||
			fail "$option: $(why $option)" ;;
		esac
		printf '%s\n' "${option%%[= ]*}"
	done >told <<-'END'
		stands --workers=3
		runs --share-tokens
		stands --max-load=99
		stands --min-memory=1K
		stands --no-memory-guard
		stands --no-trace
		runs --framework=tap
		stands --framework=auto
		runs --limit=nofile=99
		runs --limit=cpu=100
		stands --timeout=33
		stands --grace=9
		stands --conflicts=ignore
		stands --shared=*.log
		stands --retry-delay=1
		stands --fork=always
		runs --preload=string
		runs --wrap=nice
		stands --changed
		stands --trust=network
		stands --failed
		stands --pattern=*.lua
		stands --run=unit
		stands --include=*one*
		stands --exclude=none
		runs --filter=x
		runs --tag=slow
		runs --exclude-tag=slow
		stands --order=random:3
		stands --fail-fast
		stands --max-failures=2
		stands --run-limit=600
		stands --retries=2
		stands --flaky=fail
		stands --repeat=2
		stands --until-fail
		stands --no-report
		stands --no-worker-output
		other --coverage
		stands --progress=plain
		stands --color=always
		stands --verbose
		stands --quiet
		stands --root=.
		other --profile
		other --end-with-input
		other --no-capture
		other --lua
		other --command
		other --report
		other --coverage-include
		other --coverage-exclude
		other --coverage-min
		stands --no-aggregate-coverage
		other --coverage-diff
		other --related
		other --related-git
		other --list
		other --advise
		other --history
		other --since
		other --last
		other --why
		other --tests-of
		other --show
		other --compare
		other --print-mk
		other --print-lua-path
		other --follow
		other --install-firmo
		other --uninstall-firmo
		other --print-settings
		other --print-schema
		other --print-completion
		other --rules
		other --gather
		other --watch
		other --join
		other --db
		other --prune
		other --export
		other --import
		other --check
		other --help
		other --version
	END
	fj --help=all | grep -oE '^ .{2,5}--[a-z-]+' | grep -oE -- '--[a-z-]+' | sort -u >there
	# --no-report stands with --report there.
	is "$(grep -vx -- --no-report told | sort -u)" "$(<there)"
	# Where it goes, what reports are written and how many run at once; another program and its words.
	run -0 fj4 --changed -j1 -v --report=junit:out.xml --report=html:out.html --grace=1 --retries=1
	has "Cached: 1 of them"
	run -0 fj4 --changed --db=moved/history.db
	hasnt "Cached"
	run -0 fj --command='lua5.4 -W {}' --why=tests/one_test.lua
	has "  command was lua5.4 {}, is lua5.4 -W {}"
	run -0 fj4 --why=tests/one_test.lua -- word
	has "  command was lua5.4 {}, is lua5.4 {} word"
	run -0 fj --lua=lua5.3 --why=tests/one_test.lua
	has "  command was lua5.4 {}, is lua5.3 {}"
	hasnt "--"
	fj4 -- --x '' "it's" >/dev/null
	run -0 fj4 --why=tests/one_test.lua
	has "  command was lua5.4 {} --x '' 'it'\\''s', is lua5.4 {}"
}

@test "a pass that came only when it was tried again does not stand" {
	plain shaky "local f = io.open('tried') if not f then io.open('tried', 'w'):close() error('once') end"
	run -0 fj4 --retries=1
	settle
	run -0 fj4 --changed --retries=1 --report=json:report.json
	is "$(ran)" shaky
	rm tried
	run -0 fj4 --retries=1
	settle
	run -0 fj4 --why=tests/shaky_test.lua
	has "it passed only when it was tried again"
}

@test "--why of a file that was skipped, or of whose pass nothing is known, says so" {
	plain skips "os.exit(77)"
	plain unwatched "return 1"
	run -0 fj4 --no-trace
	run -0 fj4 --why=tests/skips_test.lua
	is "$output" "tests/skips_test.lua would run: it was skipped the last time"
	run -0 fj4 --why=tests/unwatched_test.lua
	is "$output" "tests/unwatched_test.lua would run: nothing is known of what its last pass depended on"
	# A skip for what has changed leaves what was known, and that is what has changed.
	plain skips "return 1"
	run -0 fj4
	plain skips "os.exit(77)"
	run -0 fj4
	run -0 fj4 --why=tests/skips_test.lua
	has "tests/skips_test.lua: its content has changed"
}

# ---- files that were cut short ----

@test "what an interruption has cut short is not among the slowest files" {
	mkdir pids
	plain long "os.execute('echo \$\$ >pids/long; exec sleep 100')"
	plain short "return 1"
	start --lua="$LUA" -j1 --order=path --report=html:out.html -v
	await test -s pids/long
	kill -INT "$RUNNER"
	finish
	is "$how" "signal 2"
	hasnt "long_test.lua" <<<"$output"
	hasnt "Slowest" <<<"$output"
	rm -r tests/long_test.lua
	plain other "os.execute('echo \$\$ >pids/other; exec sleep 100')"
	start --lua="$LUA" -j2
	await test -s pids/other
	await grep -q short_test.lua out
	kill -INT "$RUNNER"
	finish
	run fj4 --show
	for text in "$(<out)" "$output"; do
		[[ $text == *"Slowest files:"*short_test.lua* ]] || fail "$text"
		[[ $text != *"Slowest files:"*other_test.lua* ]] || fail "$text"
	done
}

@test "a run that loses its history on the way says so, and has one of all its files in the end" {
	plain a "return 1"
	plain b "assert(os.execute('rm -r .firmo-jobs'))"
	plain c "return 1"
	run -0 fj4 -j1 --order=path
	has "was removed or replaced while the run went on"
	is "$(sql 'SELECT count(*) FROM result')" 3
	run -0 fj4 --show
	has "Files: 3 in all, 3 passed"
	# What an earlier file depended on is not known any more: it runs, and its pass stands then.
	plain b "return 1"
	settle
	run -0 fj4 --changed
	hasnt "firmo-jobs: "
	run -0 fj4 --changed
	has "Cached: 3 of them"
	run -0 fj --check
}
