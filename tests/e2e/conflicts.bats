#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Files that were seen to write the same path are kept apart from then on.

load common

setup() {
	setup_project
}

FILE_WORDS='local function mark(n) assert(io.open(n, "w")):close() end
local function there(n) local f = io.open(n) if f then f:close() end return f ~= nil end
local function until_(c) while not c() do os.execute("sleep 0.02") end end'

# What lies in our own folder is no input, and no path that is written.
S=.firmo-jobs

# writer NAME: writes shared.txt, fails beside another writer, and ends once "let_go" is there.
writer() {
	plain "$1" "$FILE_WORDS" "mark('shared.txt')" "local held = os.execute('mkdir $S/held')" \
		"mark('$S/$1')" "assert(held == true or held == 0)" \
		"until_(function() return there('$S/let_go') end)" "assert(os.execute('rmdir $S/held'))"
}

# Two writers that have run one by one, and one that lets them go once one of them is there; or both are, if
# $TOGETHER is set.
writers() {
	writer a
	writer b
	plain c "$FILE_WORDS" "until_(function() return there('$S/held') end)" \
		"if os.getenv('TOGETHER') then until_(function() return there('$S/a') and there('$S/b') end) end" \
		"mark('$S/let_go')"
	mkdir -p $S/held
	: >$S/let_go
	fj4 -j1 tests/c_test.lua
	rmdir $S/held
	run fj4 -j1 "$@" tests/a_test.lua tests/b_test.lua
	status_is 0
	rm -r $S/let_go $S/a $S/b
}

# As if no run had been.
anew() {
	rm -rf $S/let_go $S/held $S/a $S/b
}

@test "what past runs have seen keeps files apart, and is told in all reports" {
	writers
	has "not safe side by side"
	has "shared.txt"
	run fj4 -j3 --report=json:report.json --report=junit:j.xml --report=html:r.html --report=text
	status_is 0
	has "shared.txt"
	has "they are kept apart"
	has '"lock":"'
	conforms report.json report
	is "$(json '#r.conflicts .. r.conflicts[1].path .. " " .. table.concat(r.conflicts[1].files, " ")')" \
		"1shared.txt tests/a_test.lua tests/b_test.lua"
	is "$(json 'r.conflicts[1].at_once')" false
	grep -q '<property name="conflict" value="shared.txt, by 2 files; they are kept apart; in overrides: ' j.xml
	xmllint --nonet --noout --schema "$BATS_TEST_DIRNAME/schema/junit.xsd" j.xml
	grep -q '<section id="conflicts">' r.html
	# It is that which keeps them apart.
	for rule in warn ignore; do
		anew
		TOGETHER=1 run fj4 -j3 --conflicts=$rule
		status_is 1
		[ "$rule" = ignore ] || has "not safe side by side"
		[ "$rule" = warn ] || hasnt "not safe side by side"
	done
	# A failure forgets nothing, and a chance order holds with it.
	anew
	run fj4 -j3 --order=random:3
	status_is 0
	anew
	echo '{"conflicts": "warn"}' >firmo-jobs.json
	TOGETHER=1 run fj4 -j3
	status_is 1
}

@test "the proposed override does the same, and is proposed no more" {
	writers --report=json:report.json
	printf '{"conflicts": "ignore", "overrides": [%s]}\n' "$(json 'r.conflicts[1].override')" >firmo-jobs.json
	run fj4 -j3
	status_is 0
	run fj --print-settings=tests/a_test.lua
	[[ $(tr -s ' ' <<<"$output") == *"lock "*" firmo-jobs.json: overrides[0].lock"* ]]
	anew
	run fj4 -j3 --conflicts=avoid --report=json:report.json --report=text
	status_is 0
	hasnt "in overrides"
	is "$(json 'r.conflicts[1].settings')" true
}

@test "make's rules keep them apart as well, and --list predicts it" {
	printf '%s\n' "FIRMO_JOBS := $FIRMO_JOBS" "FIRMO_FLAGS = --lua=$LUA" "include $(fj --print-mk)" >Makefile
	writers
	run fj4 --list -j3 tests/a_test.lua tests/b_test.lua
	[[ $output =~ predicted\ ([0-9.]+)s,\ lower\ bound\ ([0-9.]+)s ]]
	local apart=${BASH_REMATCH[2]}
	run fj4 --list -j3 --conflicts=warn tests/a_test.lua tests/b_test.lua
	[[ $output =~ lower\ bound\ ([0-9.]+)s ]]
	awk "BEGIN { exit !($apart > ${BASH_REMATCH[1]}) }"
	echo "-- changed" | tee -a tests/a_test.lua tests/b_test.lua >>tests/c_test.lua
	run make -s -j3 test-stamps 3>&-
	status_is 0
	anew
	run make -s -j3 test 3>&-
	status_is 0
}

@test "what is appended to, devices, coverage's figures and what is private do not count" {
	for name in a b; do
		plain "$name" "for _ = 1, 2 do local f = assert(io.open('log', 'a')) f:write('x') f:close() end" \
			"assert(io.open('/dev/null', 'w')):close() assert(io.open('luacov.stats.out', 'w')):close()" \
			"assert(io.open(os.getenv('TMPDIR') .. '/t', 'w')):close()" \
			"os.execute('echo x >>log; echo y >\$TMPDIR/u; mktemp >/dev/null')" \
			"os.remove(os.tmpname())" "assert(io.open('own_$name', 'w')):close()"
	done
	run fj4 --verbose --report=json:report.json --report=text
	status_is 0
	is "$(json '#r.conflicts')" 0
	# What the settings let them write neither, for as long as they say so of all of that.
	run fj4 --shared='made*' --shared='luacov.stats.*' --report=json:report.json
	is "$(json '#r.conflicts')" 0
	run fj4 --shared='made*' --report=json:report.json
	is "$(json 'r.conflicts[1].path')" luacov.stats.out
	fj4 -q --shared='*.out'
	# One that empties what another one empties does.
	for name in a b; do
		echo "assert(io.open('log', 'w')):close()" >>tests/${name}_test.lua
	done
	run fj4 --report=json:report.json
	is "$(json '#r.conflicts .. r.conflicts[1].path')" 1log
}

@test "a path that is renamed to, made, removed or changed is written" {
	local i=0
	for how in "os.rename(os.tmpname(), 'p')" "io.open('p', 'r+'):close()" "os.execute('ln -sf x p')" \
		"os.remove('p')" "os.execute('echo >p')" "assert(os.execute('chmod 600 p'))"; do
		i=$((i + 1))
		plain "$i" "io.open('made', 'r')" "$how"
	done
	: >p
	run fj4 -j1 --order=path --report=json:report.json
	is "$(json '(function() for _, c in ipairs(r.conflicts) do if c.path == "p" then return #c.files end end end)()')" 6
}

@test "many files that write many paths are told in few lines" {
	for i in $(seq 20); do
		plain "n$i" "for i = 1, 30 do assert(io.open('p' .. i, 'w')):close() end"
	done
	run fj4 -j4
	status_is 0
	has "p1 and 29 more"
	has "and by 12 more"
	has 'in overrides: {"match":["tests/**"],"lock":"p1"}'
	[ "$(grep -c . <<<"${output#*Written by}")" -lt 25 ]
	run fj4 -j4 --report=json:report.json
	is "$(json '#r.conflicts')" 30
	is "$(json 'r.run.tokens_peak')" 1
}

@test "a wrong word is told" {
	plain a
	wrong_usage --conflicts=avoided "--conflicts=avoided: wants avoid, warn or ignore"
	echo '{"conflicts": true}' >firmo-jobs.json
	wrong_usage "firmo-jobs.json: conflicts: wants a text"
}
