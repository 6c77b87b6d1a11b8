#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# --advise: the arithmetic on a history of known times. Nothing here is timed.

load common
load fixtures/report

# known NAME WALL CPU MIB [DELAY [beside]]: makes tests/NAME_test.lua a file whose only result took so many
# milliseconds, computed and waited for a CPU (-1: unknown) for so many, alone or beside others.
# The trail is what src/store/pack.h says.
known() {
	local trail
	plain "$1" ""
	trail=$(lua5.4 - "$@" <<-'END'
		local function number(n)
			local s = ""
			while n >= 128 do
				s = s .. ("%02x"):format(n % 128 + 128)
				n = n // 128
			end
			return s .. ("%02x"):format(n)
		end
		local wall, cpu, mib, delay = tonumber(arg[2]), tonumber(arg[3]), tonumber(arg[4]), tonumber(arg[5] or -1)
		print(number(2) .. number(arg[6] and 9 or 1) .. number(wall * 1000) .. number(cpu * 1000) ..
			number(delay < 0 and 0 or delay * 1000 + 1) .. number(mib * 1024))
	END
	)
	TRAILS+="UPDATE file SET trail = x'$trail' WHERE path = 'tests/$1_test.lua';"
}

# What was made known is what the history knows.
remember() {
	fj4 -q >/dev/null
	sql "$TRAILS"
}

# advise ARG...: on one CPU, whatever the machine has.
advise() {
	local first
	first=$(taskset -pc $$ | sed 's/.*: *\([0-9]*\).*/\1/')
	run --separate-stderr taskset -c "$first" "$FIRMO_JOBS" --advise "$@"
}

@test "--advise: the time and the memory at each -j, in all formats" {
	known long 12000 0 16
	known deep 4000 4000 64 0
	known late 9000 4000 32 5000 beside
	plain new ""
	remember
	sql "DELETE FROM file WHERE path = 'tests/new_test.lua'"
	advise --report=csv
	status_is 0
	is "$stderr" ""
	is "$output" "workers,wall,speedup,lower_bound,bound,memory,memory_worst
1,20.000000,1.000,20.000000,workers,67108864,67108864
2,12.000000,1.667,12.000000,file,83886080,100663296"
	advise --report=json:advice.json -j3
	status_is 0
	conforms advice.json advice
	is "$(json 'r.cpus, r.files, r.unknown, r.uncertain, #r.rows, r.enough' advice.json)" "1 3 1 0 3 2"
	is "$(json 'r.rows[3].workers, r.rows[3].memory_worst >> 20' advice.json)" "3 112"
	is "$(json 'r.longest.path, r.longest.wall, r.timeout.all, #r.timeout.others' advice.json)" \
		"tests/long_test.lua 12 60 0"
	has "3 files on 1 CPU:"
	has ">    2      12.000s      1.67      12.000s file        80.0     96.0"
	has "-j 2 is enough"
	has "tests/long_test.lua bounds the run"
	has "--timeout=60 leaves room for every file."
	has "1 file has no time yet, and is left out."
	is "$(awk 'length > 80' <<<"$output")" ""
	is "$(sql "SELECT count(*) FROM run")" 1
}

@test "--advise: the selection of a run, and times that cannot be trusted" {
	known one 3000 1000 8
	known two 8000 1000 8 -1 beside
	remember
	sql "UPDATE file SET status = 2 WHERE path = 'tests/two_test.lua'"
	advise --failed --report=csv
	[[ ${lines[1]} == 1,8.000000,* ]]
	advise --exclude=two_test.lua --report=csv
	[[ ${lines[1]} == 1,3.000000,* ]]
	advise tests/two_test.lua
	has "1 file always ran beside others, and how long it waited for a CPU is not known"
	is "$(sql "SELECT count(*) FROM run")" 1
}

@test "--advise: no history, formats that it has not" {
	plain good ""
	advise
	status_is 3
	is "$output" ""
	one_line "has no time of these files: run them once, then ask for advice"
	advise --report=junit
	status_is 2
	one_line "--report=junit: --advise has no such report: it has text, json, csv"
	wrong_usage --report=csv "--report=csv: a run has no such report: it has text, json, junit, tap, html"
	wrong_usage --list --report=csv "--report=csv: --list has no such report: it has text, json"
	refute test -e .firmo-jobs
}

@test "--advise: the manual page describes every field of the schema, and no other" {
	local manual=$BATS_TEST_DIRNAME/../../src/cli/firmo-jobs.1
	lua5.4 - "$FIXTURES" "$BATS_TEST_DIRNAME/schema/advice.schema.json" >schema.txt <<-'END'
		local schema = dofile(arg[1] .. "/json.lua").read(arg[2])
		local function list(object)
			for name in pairs(object.properties) do print(name) end
		end
		list(schema)
		for _, name in ipairs({ "row", "longest", "timeout", "deadline" }) do list(schema["$defs"][name]) end
	END
	sed -n '/^\.Ss Advice/,/^\.Sh/s/^\.It Va //p' "$manual" | sed 's/ , /\n/g' | sort >manual.txt
	sort schema.txt | diff - manual.txt
}
