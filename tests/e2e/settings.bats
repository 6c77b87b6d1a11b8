#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Where settings come from: firmo-jobs.json and what wins over it, and what is told of that.

load common

setup() {
	setup_project
}

# settings LINE...: firmo-jobs.json of these lines.
settings() {
	printf '%s\n' "$@" >firmo-jobs.json
}

# set_to NAME VALUE FROM ARG...: what --print-settings says of NAME.
set_to() {
	run fj --print-settings "${@:4}"
	status_is 0
	local line
	line=$(grep -E "^$1 " <<<"$output")
	[ "$(tr -s ' ' <<<"$line")" = "$1 $2 $3" ] || {
		echo "it says: $line"
		return 1
	}
}

# refused TEXT ARG...: wrong usage, in one line; nothing runs.
refused() {
	run --separate-stderr fj "${@:2}"
	status_is 2
	[ "${#stderr_lines[@]}" -eq 1 ] && [[ $stderr == *"$1"* ]] || {
		echo "it says: $stderr"
		return 1
	}
	[ ! -e ran ]
}

@test "a later place wins over an earlier one" {
	plain a
	settings '{"timeout": 20, "profiles": {"ci": {"timeout": 30}}}'
	set_to timeout 20 "firmo-jobs.json: timeout"
	set_to timeout 30 "firmo-jobs.json: profiles.ci.timeout" --profile=ci
	set_to grace 2 "built in"
	export FIRMO_JOBS_FLAGS="--timeout=40 --profile=ci"
	set_to timeout 40 FIRMO_JOBS_FLAGS
	set_to timeout 50 "the command line" -t50
	rm firmo-jobs.json
	FIRMO_JOBS_FLAGS= set_to timeout 60 "built in"
}

@test "settings of the file are obeyed" {
	plain a "io.open('ran_a', 'w')"
	plain b "io.open('ran_b', 'w')"
	test_file more/c_test.lua "io.open('ran_c', 'w')"
	settings '{ // where the tests are' '"roots": ["more", "tests"], /* not this one: */' \
		'"excludes": ["b_*"], "verbose": true, "report": ["json:out.json",],}' '// the end'
	run fj4
	status_is 0
	[ -e ran_a ] && [ ! -e ran_b ] && [ -e ran_c ] && [ -s out.json ]
	has "Files: 2 in all"
	rm ran_a ran_c out.json
	run fj4 --no-report --no-exclude tests
	status_is 0
	[ -e ran_a ] && [ -e ran_b ] && [ ! -e ran_c ] && [ ! -e out.json ]
}

@test "a list takes the place of an earlier one; limits are settings of their own" {
	settings '{"exclude": ["x", "y"], "limit": {"as": "1G", "cpu": 3},' \
		'"profiles": {"none": {"exclude": []}, "one": {"exclude": ["z"]}}}'
	set_to exclude "x, y" "firmo-jobs.json: exclude[0]"
	set_to exclude z "firmo-jobs.json: profiles.one.exclude[0]" --profile=one
	set_to exclude - "firmo-jobs.json: profiles.none.exclude" --profile=none
	FIRMO_JOBS_FLAGS=--exclude=v set_to exclude "v, w" FIRMO_JOBS_FLAGS --exclude=w
	set_to exclude - "the command line" --no-exclude
	set_to limit.as 1G "firmo-jobs.json: limit.as" --limit=nofile=100,cpu=4
	set_to limit.cpu 4 "the command line" --limit=nofile=100,cpu=4
	set_to limit.nofile 100 "the command line" --limit=nofile=100,cpu=4
}

@test "a limit of the file holds, and one of the command line takes it back" {
	test_file tests/a_test.lua "assert(io.open('big', 'w')):write(('x'):rep(5000)):close()" \
		"assert(io.open('big')):seek('end')" "assert(io.open('big'):seek('end') == 5000)"
	settings '{"limit": {"fsize": 4096}}'
	run fj4
	status_is 1
	run fj4 --limit=fsize=unlimited
	status_is 0
}

@test "switches are taken back" {
	settings '{"fail-fast": true, "no-trace": true, "verbose": true, "no-worker-output": true}'
	set_to fail-fast true "firmo-jobs.json: fail-fast"
	set_to fail-fast false "the command line" --no-fail-fast
	set_to no-trace false "the command line" --trace
	set_to no-worker-output false "the command line" --worker-output
	plain a "error('a')"
	plain b "error('b')"
	run fj4 -j1
	status_is 1
	has "1 not run"
	run fj4 -j1 --no-fail-fast
	status_is 1
	has "2 failed"
}

@test "of two options that exclude each other the later one holds" {
	plain a
	settings '{"retries": 2, "lua": "no-such-lua"}'
	run fj --command="$LUA {}" --repeat=2
	status_is 0
	settings '{"command": "no-such-program {}", "until-fail": true}'
	run fj4 --retries=1
	status_is 0
	settings '{"command": "x {}", "lua": "y"}'
	refused "--lua and --command" --quiet
	settings '{"retries": 1, "repeat": 2}'
	refused "give one of them"
}

@test "reports of the file are those of runs" {
	plain a
	settings '{"report": ["junit:out.xml", "tap"]}'
	run fj4
	status_is 0
	has "ok 1"
	[ -s out.xml ]
	rm out.xml
	for mode in --list --history --advise --why=tests/a_test.lua --check; do
		run fj4 "$mode"
		status_is 0
		[ ! -e out.xml ]
		hasnt "ok 1"
	done
	run fj4 --show
	status_is 0
	[ -s out.xml ]
}

@test "the history of the file, and who says otherwise" {
	plain a
	settings '{"db": "kept/h.db"}'
	run fj4
	status_is 0
	[ -s kept/h.db ]
	FIRMO_JOBS_DB=other.db set_to db other.db FIRMO_JOBS_DB
	FIRMO_JOBS_DB=other.db set_to db third.db "the command line" --db=third.db
}

@test "what is no JSON is told with its line and column" {
	plain a "io.open('ran', 'w')"
	settings '{' '	"timeout" 20' '}'
	refused "firmo-jobs.json:2:12: this is no JSON: object property name separator ':' expected"
	settings '{"timeout": 20'
	refused "firmo-jobs.json:2:1: it ends in the midst"
	settings '{} {}'
	refused "firmo-jobs.json:1:4: something stands behind the end"
	settings '[]'
	refused "firmo-jobs.json:1:1: wants an object"
	settings ''
	refused "firmo-jobs.json:2:1: it ends"
	printf '{"lua": "\xff"}' >firmo-jobs.json
	refused "firmo-jobs.json:1:10: this is no JSON"
	rm firmo-jobs.json
	mkdir firmo-jobs.json
	refused "firmo-jobs.json"
	rmdir firmo-jobs.json
	mkfifo firmo-jobs.json
	refused "firmo-jobs.json"
}

@test "a wrong key, type or value is told with its key, and the right name" {
	plain a "io.open('ran', 'w')"
	settings '{"timout": 20}'
	refused "firmo-jobs.json: timout: no such setting; did you mean timeout?"
	settings '{"profile": {}}'
	refused "firmo-jobs.json: profile: it belongs on the command line"
	settings '{"profiles": {"ci": {"retires": 1}}}'
	refused "firmo-jobs.json: profiles.ci.retires: no such setting; did you mean retries?"
	settings '{"profiles": {"ci": {"profiles": {}}}}'
	refused "firmo-jobs.json: profiles.ci.profiles: no such setting"
	settings '{"profiles": {"ci": 3}}'
	refused "firmo-jobs.json: profiles.ci: wants an object"
	settings '{"timeout": "soon"}'
	refused "firmo-jobs.json: timeout=soon: wants seconds"
	settings '{"timeout": [3]}'
	refused "firmo-jobs.json: timeout: wants a number or a text"
	settings '{"exclude": [1]}'
	refused "firmo-jobs.json: exclude[0]: wants a text"
	settings '{"changed": "yes"}'
	refused "firmo-jobs.json: changed: wants true or false"
	settings '{"limit": {"ass": 1}}'
	refused "firmo-jobs.json: limit.ass: 'ass' is not a limit"
	settings '{"order": "fastest"}'
	refused "firmo-jobs.json: order=fastest: wants slowest, path or random"
	settings '{"list": true}'
	refused "firmo-jobs.json: list: it belongs on the command line"
	settings '{"lua": "a\u0000b"}'
	refused "firmo-jobs.json: lua: wants a text"
}

@test "a profile that is not there" {
	plain a "io.open('ran', 'w')"
	refused "--profile=ci: there is no firmo-jobs.json" --profile=ci
	settings '{}'
	refused "--profile=ci: no such profile; firmo-jobs.json has none" --profile=ci
	settings '{"profiles": {"nightly": {}, "ci": {}}}'
	refused "--profile=nightyl: no such profile; did you mean nightly?" --profile=nightyl
	refused "--profile=x: no such profile; firmo-jobs.json has nightly, ci" --profile=x
	refused "--profile=: wants the name" --profile=
}

@test "help comes whatever is wrong with the settings" {
	settings '{'
	for mode in --help --version --print-mk --print-completion=bash; do
		run fj "$mode"
		status_is 0
	done
}

@test "settings as JSON" {
	settings '{"lua": "lua\"5", "timeout": 20}'
	run fj --print-settings --report=json
	status_is 0
	"$LUA" -e "local text = io.read('a')
		assert(text:find('{\"name\":\"lua\",\"value\":\"lua\\\\\"5\",\"from\":\"firmo-jobs.json: lua\"}', 1, true), text)
		assert(text:find('{\"name\":\"report\",\"value\":null,\"from\":\"the command line\"}', 1, true) or
			text:find('\"name\":\"report\",\"value\":\"json\"', 1, true), text)" <<<"$output"
	refused "--print-settings takes no path" --print-settings tests
}

@test "make and a person go by the same settings" {
	plain a "io.open('ran', 'w')" "error('no')"
	settings '{"retries": 1, "lua": "lua5.4", "report": ["json:out.json"]}'
	printf 'include %s\n' "$("$FIRMO_JOBS" --print-mk)" >GNUmakefile
	run fj
	status_is 1
	json "file('tests/a_test.lua').attempt == 2" out.json
	rm out.json
	PATH=$(dirname "$FIRMO_JOBS"):$PATH run make --no-print-directory test
	status_is 2
	json "file('tests/a_test.lua').attempt == 2" out.json
}
