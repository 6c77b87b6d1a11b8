# SPDX-License-Identifier: MIT
# The shim costs little: where many files get it, their interpreter compiles it once for all.

load common

# specs N: so many specs, the first of which tells which parts of the shim are compiled.
specs() {
	local i
	for ((i = 1; i <= $1; i++)); do
		busted_test "s$i" "describe('block', function() it('one', function() end) it('fails', function() error('no') end) end)"
	done
	busted_test tells "local folder = os.getenv('TMPDIR'):match('^(.*)/')" \
		"local p = io.popen('ls ' .. folder) local all = p:read('*a') p:close()" \
		"it('tells', function() local f = io.open('$PWD/parts', 'w') f:write(all) f:close() end)"
}

# counts: files, tests and failed ones of report.json.
counts() {
	json '#r.files, r.total, r.failed, file("s1_spec").tests[2].name, file("s1_spec").tests[2].line'
}

@test "a compiled shim tells what its text tells, with every Lua" {
	local lua
	specs 9
	for lua in lua5.4 lua5.3 lua5.1 luajit; do
		command -v "$lua" >/dev/null || continue
		"$lua" -e 'require "busted.runner"' /dev/null >/dev/null 2>&1 || "$lua" -e 'require "busted"' >/dev/null 2>&1 || continue
		run fj --lua="$lua" --report=json:report.json
		status_is 1
		is "$(counts)" "10 19 9 fails 1"
		grep -q '^busted\.Lua' parts || fail "nothing is compiled: $(cat parts)"
		# Read as it is: a few files, or a LUA_INIT of the user's.
		run fj --lua="$lua" --report=json:report.json tests/s1_spec.lua tests/tells_spec.lua
		refute grep -q '^busted\.Lua' parts
		LUA_INIT="FROM_USER = 1" run fj --lua="$lua" --report=json:report.json
		is "$(counts)" "10 19 9 fails 1"
		refute grep -q '^busted\.Lua' parts
	done
}

@test "an interpreter that compiles nothing, or something else, is no harm" {
	specs 9
	printf '#!/bin/sh\n[ "$1" != - ] || { echo nothing here >&2; exit 3; }\nexec lua5.4 "$@"\n' >never
	printf '#!/bin/sh\n[ "$1" != - ] || { for part in main busted events; do echo "error()" >"$2/$part.Lua_5_4"; printf "\\033Lua" >"$2/$part.Lua_5_4"; done; exit 0; }\nexec lua5.4 "$@"\n' >torn
	chmod +x never torn
	for lua in ./never ./torn; do
		run --separate-stderr fj --lua="$lua" --report=json:report.json
		status_is 1
		is "$(counts)" "10 19 9 fails 1"
		is "$stderr" ""
	done
}

@test "a Lua of another version below a worker finds its way" {
	specs 9
	busted_test other "it('starts one', function() local p = io.popen('lua5.3 -e \"print(_VERSION)\" 2>&1')" \
		"assert.equal('Lua 5.3\n', p:read('a')) end)"
	run fj4 --report=json:report.json
	is "$(json 'file("other").status')" pass
}
