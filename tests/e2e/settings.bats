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
	FIRMO_JOBS_FLAGS= set_to fork auto "built in"
}

@test "settings of the file are obeyed" {
	plain a "io.open('ran_a', 'w')"
	plain b "io.open('ran_b', 'w')"
	test_file more/c_test.lua "io.open('ran_c', 'w')"
	settings '{ // where the tests are' '"roots": ["more", "tests"], /* not this one: */' \
		'"excludes": ["b_*"], "verbose": true, "report": ["json:out.json",],}' '// the end'
	run fj4
	status_is 0
	[ -e ran_a ]
	[ ! -e ran_b ]
	[ -e ran_c ]
	[ -s out.json ]
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
	wrong_usage --quiet "--lua and --command"
	settings '{"retries": 1, "repeat": 2}'
	wrong_usage "give one of them"
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
	wrong_usage "firmo-jobs.json:2:12: this is no JSON: object property name separator ':' expected"
	settings '{"timeout": 20'
	wrong_usage "firmo-jobs.json:2:1: it ends in the midst"
	settings '{} {}'
	wrong_usage "firmo-jobs.json:1:4: something stands behind the end"
	settings '[]'
	wrong_usage "firmo-jobs.json:1:1: wants an object"
	settings ''
	wrong_usage "firmo-jobs.json:2:1: it ends"
	printf '{"lua": "\xff"}' >firmo-jobs.json
	wrong_usage "firmo-jobs.json:1:10: this is no JSON"
	rm firmo-jobs.json
	mkdir firmo-jobs.json
	wrong_usage "firmo-jobs.json"
	rmdir firmo-jobs.json
	mkfifo firmo-jobs.json
	wrong_usage "firmo-jobs.json"
}

@test "a wrong key, type or value is told with its key, and the right name" {
	plain a "io.open('ran', 'w')"
	settings '{"timout": 20}'
	wrong_usage "firmo-jobs.json: timout: no such setting; did you mean timeout?"
	settings '{"rootss": ["tests"]}'
	wrong_usage "firmo-jobs.json: rootss: no such setting; did you mean roots?"
	settings '{"profile": {}}'
	wrong_usage "firmo-jobs.json: profile: it belongs on the command line"
	settings '{"profiles": {"ci": {"retires": 1}}}'
	wrong_usage "firmo-jobs.json: profiles.ci.retires: no such setting; did you mean retries?"
	settings '{"profiles": {"ci": {"profiles": {}}}}'
	wrong_usage "firmo-jobs.json: profiles.ci.profiles: no such setting"
	settings '{"profiles": {"ci": 3}}'
	wrong_usage "firmo-jobs.json: profiles.ci: wants an object"
	settings '{"timeout": "soon"}'
	wrong_usage "firmo-jobs.json: timeout=soon: wants seconds"
	settings '{"timeout": [3]}'
	wrong_usage "firmo-jobs.json: timeout: wants a number or a text"
	settings '{"exclude": [1]}'
	wrong_usage "firmo-jobs.json: exclude[0]: wants a text"
	settings '{"changed": "yes"}'
	wrong_usage "firmo-jobs.json: changed: wants true or false"
	settings '{"limit": {"ass": 1}}'
	wrong_usage "firmo-jobs.json: limit.ass: 'ass' is not a limit"
	settings '{"order": "fastest"}'
	wrong_usage "firmo-jobs.json: order=fastest: wants slowest, path or random"
	settings '{"list": true}'
	wrong_usage "firmo-jobs.json: list: it belongs on the command line"
	settings '{"lua": "a\u0000b"}'
	wrong_usage "firmo-jobs.json: lua: wants a text"
}

@test "a profile that is not there" {
	plain a "io.open('ran', 'w')"
	wrong_usage --profile=ci "--profile=ci: there is no firmo-jobs.json"
	settings '{}'
	wrong_usage --profile=ci "--profile=ci: no such profile; firmo-jobs.json has none"
	settings '{"profiles": {"nightly": {}, "ci": {}}}'
	wrong_usage --profile=nightyl "--profile=nightyl: no such profile; did you mean nightly?"
	wrong_usage --profile=x "--profile=x: no such profile; firmo-jobs.json has nightly, ci"
	wrong_usage --profile= "--profile=: wants the name"
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
	wrong_usage --print-settings tests "--print-settings takes no path"
}

@test "make and a person go by the same settings" {
	plain a "io.open('ran', 'w')" "error('no')"
	settings '{"retries": 1, "lua": "lua5.4", "report": ["json:out.json"]}'
	printf 'include %s\n' "$("$FIRMO_JOBS" --print-mk)" >GNUmakefile
	run fj
	status_is 1
	holds "file('tests/a_test.lua').attempt == 2" out.json
	rm out.json
	PATH=$(dirname "$FIRMO_JOBS"):$PATH run make --no-print-directory test
	status_is 2
	holds "file('tests/a_test.lua').attempt == 2" out.json
}

@test "the schema knows what the file can say, and nothing else" {
	fj --print-schema >schema.json
	/usr/bin/python3 - <<-'END'
		import json, warnings
		warnings.simplefilter("ignore")
		import jsonschema
		schema = json.load(open("schema.json"))
		validator = jsonschema.validators.validator_for(schema)
		validator.check_schema(schema)
		check = validator(schema)
		for good in (
		    {}, {"$schema": "x", "timeout": 20, "limit": {"as": "1G", "cpu": 3}, "workers": "4"},
		    {"exclude": ["a"], "excludes": "b", "report": ["junit:x"], "fail-fast": True, "color": "never"},
		    {"locks": {"db": 2}, "lock": ["a"], "slots": 2, "env": {"A": "b"}, "path": ["src/?.lua"]},
		    {"profiles": {"ci": {"retries": 1, "overrides": [{"match": ["a", "b"], "lock": "x"}]}}},
		    {"fixtures": [{"match": "a", "setup": "x", "timeout": 3}, {"match": ["b"], "teardown": "y", "name": "n"}]},
		    {"overrides": [{"match": "a", "timeout": "auto", "limit": "cpu=3", "exclusive": True}]},
		    {"overrides": [{"match": "a", "quarantine": q} for q in (
		        {}, True, "2027-01-31", {"until": "2027-01-31", "reason": "r", "tests": ["t"]}, {"tests": "t"})]}):
		    check.validate(good)
		for bad in (
		    [], {"timout": 3}, {"list": True}, {"fail-fast": "yes"}, {"color": "red"}, {"workers": 0},
		    {"overrides": [{"timeout": 3}]}, {"overrides": [{"match": "a", "workers": 2}]},
		    {"overrides": [{"match": ""}]}, {"profiles": {"a": {"profiles": {}}}}, {"exclude": [1]},
		    {"fixtures": [{"match": "a"}]}, {"fixtures": [{"setup": "a"}]}, {"fixtures": {}},
		    {"profile": "ci"}, {"root": "."}, {"quarantine": True},
		    {"overrides": [{"match": "a", "quarantine": {"tests": []}}]},
		    {"overrides": [{"match": "a", "quarantine": {"untill": "2027-01-31"}}]}):
		    assert not check.is_valid(bad), bad
	END
}

# ---- settings of some files ----

@test "overrides: the first match counts for each setting; the command line wins" {
	plain a
	plain db/b
	settings '{"timeout": 20, "limit": {"as": "1G"}, "overrides": [' \
		'{"match": "tests/db/**", "timeout": 30, "limit": {"cpu": 5}, "grace": 1},' \
		'{"match": ["b_*", "x_*"], "timeout": 40, "limit": {"cpu": 6, "as": "2G"}, "retries": 3}],' \
		'"profiles": {"ci": {"timeout": 25, "overrides": [{"match": "b_*", "grace": 5}]}}}'
	set_to timeout 20 "firmo-jobs.json: timeout" --print-settings=tests/a_test.lua
	set_to timeout 25 "firmo-jobs.json: profiles.ci.timeout" --print-settings=tests/a_test.lua --profile=ci
	set_to timeout 30 "firmo-jobs.json: overrides[0].timeout" --print-settings=tests/db/b_test.lua --profile=ci
	set_to retries 3 "firmo-jobs.json: overrides[1].retries" --print-settings="$PWD/tests/db/b_test.lua"
	set_to limit.cpu 5 "firmo-jobs.json: overrides[0].limit.cpu" --print-settings=tests/db/b_test.lua
	set_to limit.as 2G "firmo-jobs.json: overrides[1].limit.as" --print-settings=./tests/db/b_test.lua
	set_to grace 1 "firmo-jobs.json: overrides[0].grace" --print-settings=tests/db/b_test.lua
	set_to grace 5 "firmo-jobs.json: profiles.ci.overrides[0].grace" --print-settings=tests/db/b_test.lua --profile=ci
	set_to timeout 9 "the command line" --print-settings=tests/db/b_test.lua -t9
	wrong_usage --print-settings=tests/c_test.lua "--print-settings=tests/c_test.lua: No such file"
}

@test "overrides: a file has its own deadline, tries, variables, modules, interpreter and command" {
	test_file lib/seven.lua "return 7"
	plain a "assert(not os.getenv('DB') and not pcall(require, 'seven'))"
	plain hang "while true do end"
	plain env "assert(os.getenv('DB') == 'x = y' and os.getenv('TERM') == 'vt100')"
	plain lib "assert(require('seven') == 7 and package.path:find('^lib/%?.lua;/usr'))"
	plain command "assert(arg[1] == '--word')"
	plain old "assert(_VERSION == 'Lua 5.1')"
	busted_test old "it('is old', function() assert.equal('Lua 5.1', _VERSION) end)"
	settings '{"lua": "lua5.4", "overrides": [' \
		'{"match": "hang_*", "timeout": 1, "grace": 0.1, "retries": 1},' \
		'{"match": "env_*", "env": {"DB": "x = y", "TERM": "vt100"}},' \
		'{"match": "lib_*", "path": "lib/?.lua;;"},' \
		'{"match": "old_*", "lua": "lua5.1"},' \
		'{"match": "command_*", "command": "lua5.4 {} --word"}]}'
	run fj --report=json:report.json
	status_is 1
	holds "r.passed == 6"
	holds "file('tests/hang_test.lua').status == 'timeout'"
	holds "file('tests/hang_test.lua').attempt == 2"
	# What is said later holds for all.
	run fj --lua=lua5.3 tests/old_test.lua
	has "assertion failed"
	run fj --command='lua5.3 {}' tests/old_test.lua
	has "assertion failed"
}

@test "overrides: LUA_PATH and LUA_CPATH of before stay behind" {
	plain a "print(os.getenv('LUA_PATH'), os.getenv('LUA_PATH_5_4'), os.getenv('LUA_CPATH'))" "error('shown')"
	settings '{"lua": "lua5.4", "path": ["a/?.lua", "b/?.lua;"], "cpath": "c/?.so"}'
	run fj
	has "a/?.lua;b/?.lua;;	nil	c/?.so;;"
	LUA_PATH='x;;' LUA_PATH_5_4='y' run fj
	has "a/?.lua;b/?.lua;x;;	a/?.lua;b/?.lua;y	c/?.so;;"
	settings '{"lua": "lua5.4", "path": "a/?.lua", "env": {"LUA_PATH": "z/?.lua"}}'
	LUA_PATH='x;;' run fj
	has "a/?.lua;z/?.lua	nil	nil"
}

@test "what can change a file's outcome is a part of its key, by file; --why names it" {
	plain a
	plain b
	settle
	settings '{"lua": "lua5.4", "overrides": [{"match": "b_*", "env": {"DB": "x"}, "limit": {"cpu": 30}}]}'
	run fj
	status_is 0
	run fj --changed
	has "2 passed"
	run fj --why=tests/b_test.lua
	has "would not run"
	settings '{"lua": "lua5.4", "overrides": [{"match": "b_*", "env": {"DB": "y"}, "limit": {"cpu": 31}}]}'
	run fj --why=tests/a_test.lua
	has "would not run"
	run fj --why=tests/b_test.lua
	has "variable DB was x, is y"
	has "--limit cpu was 30, is 31"
	run fj --changed --report=json:report.json
	status_is 0
	holds "file('tests/a_test.lua').cached and not file('tests/b_test.lua').cached"
	settings '{"lua": "lua5.4", "overrides": [{"match": "b_*", "path": "lib/?.lua"}]}'
	run fj --why=tests/b_test.lua
	has "variable DB was y, is not given"
	has "variable LUA_PATH was not given, is lib/?.lua;;"
}

@test "overrides hold for what make schedules" {
	plain a "assert(os.getenv('DB') == 'x')"
	settings '{"lua": "lua5.4", "overrides": [{"match": "a_*", "env": {"DB": "x"}}]}'
	printf 'include %s\n' "$("$FIRMO_JOBS" --print-mk)" >GNUmakefile
	settle
	export PATH="$(dirname "$FIRMO_JOBS"):$PATH"
	run make --no-print-directory test-stamps
	status_is 0
	run make --no-print-directory test-stamps
	status_is 0
	has "Cached: 1"
	settings '{"lua": "lua5.4", "overrides": [{"match": "a_*", "env": {"DB": "y"}}]}'
	run make --no-print-directory test-stamps
	status_is 2
	has "a_test.lua"
}

@test "an override that matches no file is warned of" {
	plain a
	plain db/b
	settings '{"overrides": [{"match": ["tests/dbx/**", "tests/db/*"], "timeout": 9}, {"match": "c_*"}]}'
	run --separate-stderr fj4 tests/a_test.lua
	status_is 0
	[ "$stderr" = "firmo-jobs: firmo-jobs.json: overrides[0].match: tests/dbx/** matches no file
firmo-jobs: firmo-jobs.json: overrides[1].match: c_* matches no file" ]
}

@test "overrides that are wrong" {
	plain a "io.open('ran', 'w')"
	settings '{"overrides": {}}'
	wrong_usage "firmo-jobs.json: overrides: wants a list"
	settings '{"overrides": [3]}'
	wrong_usage "firmo-jobs.json: overrides[0]: wants an object"
	settings '{"overrides": [{"timeout": 3}]}'
	wrong_usage "firmo-jobs.json: overrides[0].match: wants a glob"
	settings '{"overrides": [{"match": []}]}'
	wrong_usage "firmo-jobs.json: overrides[0].match: wants a glob"
	settings '{"overrides": [{"match": "*", "workers": 3}]}'
	wrong_usage "firmo-jobs.json: overrides[0].workers: it cannot differ from file to file"
	settings '{"overrides": [{"match": "*", "tiemout": 3}]}'
	wrong_usage "firmo-jobs.json: overrides[0].tiemout: no such setting; did you mean timeout?"
	settings '{"profiles": {"x": {"overrides": [{"match": "*", "timeout": "y"}]}}}'
	wrong_usage "firmo-jobs.json: profiles.x.overrides[0].timeout=y: wants seconds"
	settings '{"overrides": [{"match": "*", "env": {"LUA_INIT": "x"}}]}'
	wrong_usage "firmo-jobs.json: overrides[0].env.LUA_INIT: a worker has this variable from firmo-jobs"
	settings '{"overrides": [{"match": "*", "env": {"A=B": "x"}}]}'
	wrong_usage "firmo-jobs.json: overrides[0].env.A=B: a name holds no '='"
	settings '{"overrides": [{"match": "*", "command": "no-such-program {}"}]}'
	run fj4
	run --separate-stderr fj
	status_is 3
	[ "$stderr" = "firmo-jobs: firmo-jobs.json: overrides[0].command: there is no program 'no-such-program'" ]
	settings '{"overrides": [{"match": "*", "lua": "no-such-program"}]}'
	run --separate-stderr fj
	status_is 3
	is "$stderr" "firmo-jobs: firmo-jobs.json: overrides[0].lua=no-such-program: there is no such program"
}

# ---- directives ----

@test "a test file sets its own deadline, limits and retries in its head" {
	test_file tests/a_test.lua "#!/usr/bin/env lua" "--[=[ A ]] test: -- firmo-jobs: timeout=7 ]=] --" "" "  --- firmo-jobs: timeout=5 limit=as=1G,cpu=7" \
		"-- firmo-jobs: retries='2'" "local x" "-- firmo-jobs: nothing to set behind the code"
	settings '{"timeout": 20, "overrides": [{"match": "a_*", "timeout": 30, "grace": 1}]}'
	set_to timeout 5 "tests/a_test.lua:4: timeout" --print-settings=tests/a_test.lua
	set_to limit.as 1G "tests/a_test.lua:4: limit" --print-settings=tests/a_test.lua
	set_to limit.cpu 7 "tests/a_test.lua:4: limit" --print-settings=tests/a_test.lua
	set_to retries 2 "tests/a_test.lua:5: retries" --print-settings=tests/a_test.lua
	set_to grace 1 "firmo-jobs.json: overrides[0].grace" --print-settings=tests/a_test.lua
	set_to timeout 9 "the command line" --print-settings=tests/a_test.lua -t9
	run fj4
	status_is 0
}

@test "directives are obeyed" {
	test_file tests/a_test.lua "-- firmo-jobs: timeout=1 retries=1" "while true do end"
	plain b
	run fj4 --grace=0.1 --report=json:report.json
	status_is 1
	holds "file('tests/a_test.lua').status == 'timeout' and file('tests/a_test.lua').attempt == 2"
	holds "file('tests/b_test.lua').status == 'pass'"
}

@test "directives that are wrong are told with file and line" {
	wrong() {
		test_file tests/a_test.lua "-- one" "-- firmo-jobs: $2" "io.open('ran', 'w')"
		wrong_usage "tests/a_test.lua:2: $1"
	}
	wrong "timout: no such directive; did you mean timeout?" timout=3
	wrong "workers: a test file cannot set this" workers=3
	wrong "timeout: wants NAME=VALUE" timeout
	wrong "timeout=soon: wants seconds" timeout=soon
	wrong "limit: 'ass' is not a limit" limit=cpu=1,ass=1
	wrong "a quote is not closed" "timeout='3"
	for mark in "-- Firmo-jobs:" "-- firmo-jobs" "--firmo_job :" "--[[ firmo-jobs:"; do
		test_file tests/a_test.lua "-- one" "$mark timeout=3 --]]"
		wrong_usage "tests/a_test.lua:2: a directive is a line that begins with -- firmo-jobs:"
	done
}

@test "settings that are no file are told as such" {
	mkdir firmo-jobs.json
	wrong_usage "firmo-jobs.json: it is not a file"
	rmdir firmo-jobs.json
	mkfifo firmo-jobs.json
	wrong_usage "firmo-jobs.json: it is not a file"
	# One that was moved away is not none.
	ln -sf elsewhere firmo-jobs.json
	wrong_usage "firmo-jobs.json: it is a link that leads to no file"
}

@test "a mark of UTF-8 in front hides neither settings nor directives" {
	printf '\xef\xbb\xbf{"timeout": 20, "retires": 1}' >firmo-jobs.json
	wrong_usage "firmo-jobs.json: retires: no such setting; did you mean retries?"
	settings '{}'
	test_file tests/a_test.lua $'\xef\xbb\xbf#!/usr/bin/lua' "-- firmo-jobs: timeout=soon"
	wrong_usage "tests/a_test.lua:2: timeout=soon: wants seconds"
}

@test "--print-settings of a file refuses what the file says wrongly" {
	test_file tests/a_test.lua "-- firmo-jobs: timeout=abc"
	wrong_usage --print-settings=tests/a_test.lua "tests/a_test.lua:1: timeout=abc: wants seconds"
}

@test "profiles set the same variable" {
	plain a "assert(os.getenv('A_VARIABLE') == '2')"
	settings '{"profiles": {"a": {"env": {"A_VARIABLE": "1"}}, "b": {"env": {"A_VARIABLE": "2"}}},' \
		'"overrides": [{"match": "b_*", "env": {"A_VARIABLE": "3"}}]}'
	run fj4 --profile=b
	status_is 0
}

# ---- the root ----

@test "from a folder below, a run is that of the root, with paths from where one stands" {
	plain a "assert(io.open('firmo-jobs.json'))"
	plain sub/b "assert(io.open('firmo-jobs.json'))"
	settings '{"roots": ["tests"], "lua": "lua5.4"}'
	cd tests/sub
	run --separate-stderr fj
	status_is 0
	has "Files: 2 in all"
	has "tests/sub/b_test.lua"
	[ "$stderr" = "firmo-jobs: Entering directory '$E2E_PROJECT'" ]
	[ -d ../../.firmo-jobs ]
	[ ! -e .firmo-jobs ]
	run fj b_test.lua --report=json:out.json
	has "Files: 1 in all"
	[ -s out.json ]
	run fj ../a_test.lua "$PWD/b_test.lua" --db=../h.db
	has "Files: 2 in all"
	has "tests/a_test.lua"
	[ -s ../h.db ]
	run fj .
	has "Files: 1 in all"
	run fj ../..
	has "Files: 2 in all"
	run fj --why=b_test.lua
	has "tests/sub/b_test.lua would"
	run fj --history b_test.lua
	has "tests/sub/b_test.lua"
	set_to roots tests "firmo-jobs.json: roots[0]" --print-settings=b_test.lua
}

@test "the folder of the history is a root as well; the nearest one counts" {
	plain a
	run fj4
	mkdir -p tests/other/tests
	cd tests
	run --separate-stderr fj4
	[ "$stderr" = "firmo-jobs: Entering directory '$E2E_PROJECT'" ]
	cd other
	plain b
	echo '{}' >firmo-jobs.json
	run --separate-stderr fj4
	[ -z "$stderr" ]
	has "tests/b_test.lua"
	run --separate-stderr fj4 --root=../..
	has "tests/a_test.lua"
	wrong_usage --root=no "--root=no: No such file"
}

@test "the search for the root ends at a repository, another owner's folder, and in a test" {
	settings '{"timeout": 7}'
	mkdir -p below/deep
	cd below/deep
	set_to timeout 7 "firmo-jobs.json: timeout"
	FIRMO_JOBS_WORKER=x set_to timeout 60 "built in"
	mkdir ../.git
	set_to timeout 60 "built in"
	rmdir ../.git
	if [ "$(id -u)" -eq 0 ]; then
		chown 1:1 ../..
		set_to timeout 60 "built in"
		chown 0:0 ../..
	fi
	set_to timeout 7 "firmo-jobs.json: timeout"
}

@test "what somebody else has put above is no root" {
	[ "$(id -u)" -eq 0 ] || skip "only root can give a file away"
	mkdir below
	settings '{"timeout": 7}'
	cd below
	set_to timeout 7 "firmo-jobs.json: timeout"
	chown 65534 ../firmo-jobs.json
	set_to timeout 60 "built in"
	cd ..
	set_to timeout 7 "firmo-jobs.json: timeout"
}

@test "the targets of make run in the root of their makefile" {
	settings '{"timeout": 7}'
	mkdir -p .firmo-jobs inner
	cd inner
	plain a
	printf 'include %s\n' "$("$FIRMO_JOBS" --print-mk)" >GNUmakefile
	PATH=$(dirname "$FIRMO_JOBS"):$PATH run make --no-print-directory test FIRMO_FLAGS=--lua=lua5.4
	status_is 0
	has "tests/a_test.lua"
	hasnt "Entering"
	[ -d .firmo-jobs ]
}

# ---- one's own ----

@test "a person's own file has colours and progress, and nothing else" {
	plain a "io.open('ran', 'w')"
	export XDG_CONFIG_HOME=$BASE/config HOME=$BASE/home
	mkdir -p "$XDG_CONFIG_HOME" "$HOME/.config"
	echo '{"color": "always", "progress": "plain"}' >"$XDG_CONFIG_HOME/firmo-jobs.json"
	set_to color always "$XDG_CONFIG_HOME/firmo-jobs.json: color"
	settings '{"progress": "none"}'
	set_to progress none "firmo-jobs.json: progress"
	set_to color never "the command line" --color=never
	echo '{"timeout": 3}' >"$XDG_CONFIG_HOME/firmo-jobs.json"
	wrong_usage "config/firmo-jobs.json: timeout: it belongs in the settings of a project"
	echo '{"colour": "never"}' >"$XDG_CONFIG_HOME/firmo-jobs.json"
	wrong_usage "config/firmo-jobs.json: colour: no such setting; did you mean color?"
	unset XDG_CONFIG_HOME
	echo '{"color": "always"}' >"$HOME/.config/firmo-jobs.json"
	set_to color always "$HOME/.config/firmo-jobs.json: color"
	rm -r "$HOME"
	set_to color auto "built in"
}

# ---- Firmo's own ----

# firmo_settings KEYS: .firmo-config.lua with these in its section.
firmo_settings() {
	echo "print('noise') return { coverage = { threshold = 90 }, parallel = { $1 } }" >.firmo-config.lua
}

@test "the section parallel of .firmo-config.lua holds below everything else" {
	firmo_settings "workers = 3, timeout = 2.5, fail_fast = true, show_worker_output = false, debug = true,
		aggregate_coverage = true, output_buffer_size = 10240"
	set_to workers 3 ".firmo-config.lua: parallel.workers"
	set_to timeout 2.5 ".firmo-config.lua: parallel.timeout"
	set_to fail-fast true ".firmo-config.lua: parallel.fail_fast"
	set_to no-worker-output true ".firmo-config.lua: parallel.show_worker_output"
	set_to verbose true ".firmo-config.lua: parallel.debug"
	settings '{"timeout": 9}'
	set_to timeout 9 "firmo-jobs.json: timeout"
	set_to workers 1 "the command line" -j1
	firmo_settings "show_worker_output = true, verbose = false, fail_fast = false"
	set_to no-worker-output false ".firmo-config.lua: parallel.show_worker_output"
	set_to fail-fast false ".firmo-config.lua: parallel.fail_fast"
	set_to fail-fast - "the command line" --fail-fast
}

@test "Firmo's settings are obeyed, from a folder below as well" {
	plain a "print('shown') while true do end"
	firmo_settings "timeout = 0.2, show_worker_output = false"
	mkdir .firmo-jobs
	cd tests
	run fj4
	status_is 1
	has "timed out after 0.2 s"
	hasnt "shown"
}

@test "the Lua that runs the tests evaluates Firmo's settings" {
	firmo_settings "timeout = _VERSION == 'Lua 5.1' and (jit and 7 or 51) or tonumber(_VERSION:sub(-1))"
	set_to timeout 51 ".firmo-config.lua: parallel.timeout" --lua=lua5.1
	set_to timeout 3 ".firmo-config.lua: parallel.timeout" --lua=lua5.3
	set_to timeout 4 ".firmo-config.lua: parallel.timeout" --lua=lua5.4
	set_to timeout 7 ".firmo-config.lua: parallel.timeout" --lua=luajit
	settings '{"lua": "lua5.3"}'
	set_to timeout 3 ".firmo-config.lua: parallel.timeout"
}

@test "what is wrong with Firmo's settings is warned of and left out" {
	plain a "print(1)"
	local says
	while IFS='|' read -r text says; do
		echo "$text" >.firmo-config.lua
		run --separate-stderr fj4
		status_is 0
		[[ $stderr == "firmo-jobs: .firmo-config.lua:"*"$says"* ]] && [ "${#stderr_lines[@]}" -eq 1 ] || {
			echo "of $text it says: $stderr"
			return 1
		}
	done <<-'EOF'
		error("boom")|1: boom; going on without
		return {|unexpected symbol near <eof>; going on without
		return 3|it returns no table; going on without
		os.exit(0)|it ends the interpreter that reads it; going on without
		while true do end|; going on without
		local s = ("x"):rep(2 ^ 30) .. "y"|not enough memory; going on without
		return { parallel = 7 }|parallel: wants a table
		return { parallel = { timeout = "5" } }|parallel.timeout: wants a number
		return { parallel = { fail_fast = 1 } }|parallel.fail_fast: wants true or false
		return { parallel = { worker = 4 } }|parallel.worker: no such setting; did you mean workers?
		return { parallel = { colour = 4 } }|parallel.colour: no such setting
		return { parallel = { workers = 0 } }|parallel.workers=0: wants a whole number
		return { parallel = { timeout = -1 } }|parallel.timeout=-1: wants
		return { parallel = { timeout = 0/0 } }|parallel.timeout=
		return setmetatable({}, { __index = function() error("lazy") end })|lazy; going on without
	EOF
	rm .firmo-config.lua
	mkdir .firmo-config.lua
	run fj4
	has "cannot read .firmo-config.lua"
	rmdir .firmo-config.lua
	firmo_settings "timeout = 'x', workers = 2"
	set_to workers 2 ".firmo-config.lua: parallel.workers"
}

@test "Firmo's settings are no concern of modes that run no test, and of no test" {
	plain a "assert(not os.getenv('FIRMO_JOBS_FIRMO_SETTINGS'))"
	echo "io.open('evaluated', 'w') return {}" >.firmo-config.lua
	fj4
	rm evaluated
	fj --history
	fj --show
	fj --help
	[ ! -e evaluated ]
	fj --list
	[ -e evaluated ]
}

@test "below --gather Firmo's settings are evaluated once, and hold for each file" {
	plain a "local t = os.time() while os.time() < t + 60 do end"
	plain b "print(1)"
	cat >.firmo-config.lua <<-'EOF'
		io.open('evaluated', 'a'):write('x')
		return { parallel = { timeout = 0.3 } }
	EOF
	mkdir other
	cp -r tests other
	echo "return { parallel = { timeout = 0.2 } }" >other/.firmo-config.lua
	printf '%s\n' '"$FIRMO_JOBS" --lua=lua5.4 tests/a_test.lua' '"$FIRMO_JOBS" --lua=lua5.4 tests/b_test.lua' \
		'cd other && "$FIRMO_JOBS" --root=. --lua=lua5.4 --print-settings >settings' >all
	run fj4 --gather 'sh all'
	status_is 1
	is "$(cat evaluated)" x
	has "0.3"
	grep 'timeout *0.2' other/settings
}
