# SPDX-License-Identifier: MIT
# What every .bats file here loads: a private project folder for each test, and the words the tests
# are written in. FIRMO_JOBS, HELPERS and SAN come from `make check`.
#
#	plain NAME LINE...	writes tests/NAME_test.lua, a plain Lua test (test_file PATH LINE... for any)
#	fj ARG...		firmo-jobs; fj4 ARG...: the same with --lua=lua5.4
#	run fj ... ; status_is N ; has TEXT ; hasnt TEXT
#	wrong_usage ARG... TEXT	it is refused with TEXT, in one line
#	json EXPR [FILE]	a Lua expression over report.json; `r` is the report, file(PATH) one of its files
#	holds EXPR [FILE]	it is true
#	sql STATEMENT		asks .firmo-jobs/history.db
#	start ARG... ; finish	firmo-jobs in the background: $RUNNER, then $status, $output, $errors, $how
#	await COMMAND...	waits until COMMAND succeeds; fails the test after $PATIENCE seconds
#
# E2E_FLAGS is put in front of every command line: E2E_FLAGS=--fork=always runs them all with forked workers. Without
# it each file has one process, as tests count them that see them run; fork.bats has the default.

bats_require_minimum_version 1.5.0

# A pipe that nobody writes to: `read` waits at it, without a process of its own.
NEVER=${BATS_RUN_TMPDIR:-}/never
PATIENCE=60
# After so many seconds a test that hangs is ended: all that it has started is killed, so it fails. With a
# sanitizer the longest take four times as long, on a slow machine that runs others beside them even more.
PATIENCE_WITH_TEST=${SAN:+900}
PATIENCE_WITH_TEST=${PATIENCE_WITH_TEST:-300}
LUA=lua5.4

setup() {
	setup_project
}

teardown() {
	teardown_project
}

# $BASE/project is the working folder, $BASE/tmp is TMPDIR: what a run leaves there shows. Every test pays for
# what stands here: shell words, where a program would have to be started.
setup_project() {
	# The helpers' own commands are not traced: that costs more than most of them. A failure shows the test's line.
	set +T
	unset BASE E2E_PROJECT MAKEFLAGS MFLAGS MAKELEVEL MAKEOVERRIDES FIRMO_JOBS_FLAGS FIRMO_JOBS_DB NO_COLOR FORCE_COLOR CLICOLOR CLICOLOR_FORCE \
		GITHUB_ACTIONS TF_BUILD TEAMCITY_VERSION ${!LUA_*}
	: "${FIRMO_JOBS:?run this by make check}" "${HELPERS:?}"
	export FIRMO_JOBS_FLAGS=${E2E_FLAGS---fork=never}
	# A sanitizer's complaint must not look like a test that failed.
	if [ -n "${SAN:-}" ]; then
		export ASAN_OPTIONS=exitcode=86 UBSAN_OPTIONS=exitcode=86:print_stacktrace=1
	fi
	mkdir -p "$BATS_TEST_TMPDIR/fj/project" "$BATS_TEST_TMPDIR/fj/tmp" && cd -P "$BATS_TEST_TMPDIR/fj/project" || return 1
	BASE=${PWD%/project}
	# No settings of the person who runs the tests.
	export FIRMO_JOBS HELPERS TMPDIR=$BASE/tmp E2E_PROJECT=$PWD XDG_CONFIG_HOME=$BASE/config
	[ -p "$NEVER" ] || mkfifo "$NEVER" || return 1
	(pause "$PATIENCE_WITH_TEST" && { : >"$BASE/late" && kill_project; }) >/dev/null 2>&1 3>&- 4>&- &
	export GUARD=$!
	disown "$GUARD"
}

# Every process of a test has E2E_PROJECT in its environment, wherever it went; its watchdog's, too. But for
# what the test has forked a moment ago, and which is to be the program yet. As long as the numbers of
# processes have not begun anew, all of them are above the guard's.
kill_project() {
	local entry pid words children='' last=0
	[ -n "${E2E_PROJECT:-}" ] || return 0
	[ "$SECONDS" -ge 20 ] || read -r _ _ _ _ last </proc/loadavg
	read -r children <"/proc/$$/task/$$/children" || true
	for entry in /proc/[0-9]*; do
		pid=${entry#/proc/}
		[ "$last" -lt "$GUARD" ] || [ "$pid" -gt "$GUARD" ] || continue
		[ "$pid" -ne "$BASHPID" ] && mapfile -d '' words <"$entry/environ" || continue
		if [[ " $children " == *" $pid "* || " ${words[*]} " == *" E2E_PROJECT=$E2E_PROJECT "* ]]; then
			kill -KILL "$pid" || true
		fi
	done 2>/dev/null
}

dismiss_guard() {
	kill -KILL "$GUARD" 2>/dev/null || true
}

teardown_project() {
	# A setup that has failed has started nothing.
	[ -n "${BASE:-}" ] && [ "${E2E_PROJECT:-}" = "$BASE/project" ] || return 0
	dismiss_guard
	[ ! -e "$BASE/late" ] || echo "all that it had started was killed after $PATIENCE_WITH_TEST s" >&2
	kill_project
	cd / || return 1
	# bats removes its folders at the end of a file; root is refused nothing there.
	[ "$EUID" -eq 0 ] || chmod -R u+rwX "$BASE"
}

# ---- files ----

# test_file PATH LINE...: a file of these lines, its folder made.
test_file() {
	case $1 in
	*/*) [ -d "${1%/*}" ] || mkdir -p -- "${1%/*}" ;;
	esac
	printf '%s\n' "${@:2}" >"$1"
}

plain() {
	test_file "tests/$1_test.lua" "${@:2}"
}

busted_test() {
	test_file "tests/$1_spec.lua" "${@:2}"
}

# luaunit_test NAME LINE...: the lines define the tests.
luaunit_test() {
	test_file "tests/$1_test.lua" "local lu = require('luaunit')" "${@:2}" "os.exit(lu.LuaUnit.run())"
}

# ---- running ----

fj() {
	"$FIRMO_JOBS" "$@"
}

fj4() {
	"$FIRMO_JOBS" --lua="$LUA" "$@"
}

audit() {
	"$HELPERS/jobserver-audit" "$@"
}

# Starts `firmo-jobs ARG...` in the background, a process id in $RUNNER; signals are at their defaults.
start() {
	start_command "$FIRMO_JOBS" "$@"
}

# The same with any command. A wrapper tells an exit from a death by signal: `exit 1`, `signal 2`.
start_command() {
	local command
	rm -f out err how pid
	printf -v command " '%s'" "${@//\'/"'\\''"}"
	env --default-signal=INT,QUIT,TERM,HUP "$LUA" - "echo \$\$ >pid; exec$command" <<-'END' >out 2>err 3>&- &
		local _, how, n = os.execute(arg[1])
		local out = assert(io.open("how", "w"))
		out:write(how, " ", n, "\n")
		out:close()
	END
	WRAPPER=$!
	await test -s pid
	RUNNER=$(<pid)
}

# Waits for the end of what was started: $status as a shell has it, $output, $errors, $how.
finish() {
	wait "$WRAPPER" || true
	output=$(<out)
	errors=$(<err)
	how=$(<how)
	case $how in
	signal*) status=$((128 + ${how#signal })) ;;
	*) status=${how#exit } ;;
	esac
}

# ---- waiting for events ----

pause() {
	read -r -t "$1" _ <>"$NEVER" || true
}

await() {
	local end=$((SECONDS + PATIENCE))
	until "$@" >/dev/null 2>&1; do
		if [ "$SECONDS" -gt "$end" ]; then
			echo "waited in vain for: $*" >&2
			return 1
		fi
		pause 0.05
	done
}

# Sets the times of the project back: what was changed a moment ago is not trusted.
settle() {
	find . -path ./.firmo-jobs -prune -o '(' -type f -o -type d ')' -exec touch -h -d '1 hour ago' '{}' +
	# The time of the last change of an inode, which is now, cannot be set: it has to pass. Where times are
	# whole, their file system counts in seconds.
	case $(stat -c %.9Z .) in
	*.000000000) pause 2.1 ;;
	*) pause 0.2 ;;
	esac
}

# What ran by report.json: the names of the files in front of _test.lua and the like, sorted.
ran() {
	json '(function() local t = {} for _, f in ipairs(r.files) do if not f.cached and f.status ~= "notrun" then
		t[#t + 1] = f.path:match("([^/]*)_[a-z]*%.lua$") end end table.sort(t) return table.concat(t, " ") end)()'
}

# as_nobody: from here on as a user without privileges: root is refused nothing, and has sqlite change the
# owner of its logs, to what it is, whenever it opens them.
as_nobody() {
	[ "$(id -u)" -eq 0 ] || return 0
	unshare --user true || skip "no user without privileges here"
	printf '#!/bin/sh\nexec unshare --user "%s" "$@"\n' "$FIRMO_JOBS" >"$BASE/as_nobody"
	chmod +x "$BASE/as_nobody"
	FIRMO_JOBS=$BASE/as_nobody
}

# look_at_process PID: the letter of its state in $STATE; empty: there is no such process.
look_at_process() {
	local line=
	IFS= read -r -d '' line 2>/dev/null <"/proc/${1:?}/stat" || true
	STATE=${line##*) }
	STATE=${STATE%% *}
}

# True once a process is gone; one that nobody has reaped yet is.
gone() {
	look_at_process "$1"
	[[ $STATE == '' || $STATE == Z ]]
}

# in_state LETTERS PID: one of those that ps shows, T for stopped.
in_state() {
	look_at_process "$2"
	[[ $STATE == [$1] ]]
}

# child VARIABLE PID PATTERN: a child of that process whose name fits.
child() {
	local children pid name
	read -ra children <"/proc/$2/task/$2/children" || true
	for pid in "${children[@]}"; do
		read -r name <"/proc/$pid/comm" && [[ $name == $3 ]] && printf -v "$1" %s "$pid" && return
	done
	return 1
}

# ---- asking ----

fail() {
	echo "$1" >&2
	echo "status: ${status-}" >&2
	echo "output: ${output-}" | head -c 4000 >&2
	[ -z "${stderr-}${errors-}" ] || echo "stderr: ${stderr-}${errors-}" >&2
	return 1
}

status_is() {
	[ "$status" -eq "$1" ] || fail "the status is not $1"
}

has() {
	[[ $output == *"$1"* ]] || fail "the output has no: $1"
}

hasnt() {
	[[ $output != *"$1"* ]] || fail "the output has: $1"
}

# is ACTUAL WANTED
is() {
	[ "$1" = "$2" ] || fail "got: $1, wanted: $2"
}

# one_line TEXT: $stderr (of `run --separate-stderr`) is a single line of the program, with this text.
one_line() {
	[[ $stderr == "firmo-jobs: "* && $stderr != *$'\n'* ]] || fail "stderr is not one line"
	[[ $stderr == *"$1"* ]] || fail "stderr has no: $1"
}

# bad WANTED-STATUS TEXT ARG...: firmo-jobs ARG... says TEXT in one line and ends with the status.
bad() {
	run --separate-stderr fj "${@:3}"
	status_is "$1"
	one_line "$2"
}

# wrong_usage ARG... TEXT: `firmo-jobs ARG...` says TEXT in one line, prints and runs nothing, and ends with 2.
wrong_usage() {
	bad 2 "${!#}" "${@:1:$#-1}"
	is "$output" ""
	refute test -e ran
}

# A command that must not succeed: bash overlooks a failing `! COMMAND` in mid-test.
refute() {
	if "$@"; then
		fail "should have failed: $*"
	fi
}

# count TEXT: how many lines of $output have it.
count() {
	grep -cF -- "$1" <<<"$output" || true
}

# conforms FILE SCHEMA: the file of tests fails at its end unless FILE is now what schema/SCHEMA.schema.json says.
# A Python for each, or for each test, would take most of the time: one is for all of a schema.
conforms() {
	local folder=$BATS_FILE_TMPDIR/conforms/$2
	[ -d "$folder" ] || mkdir -p "$folder"
	cp "$1" "$folder/$BATS_TEST_NUMBER.$((++CONFORMS)).json"
}

teardown_file() {
	conform_all
}

conform_all() {
	local folder schema status=0
	for folder in "$BATS_FILE_TMPDIR"/conforms/*; do
		[ -d "$folder" ] || continue
		schema=$BATS_TEST_DIRNAME/schema/${folder##*/}.schema.json
		if [ ! -e "$schema" ]; then
			schema=$folder/schema
			"$FIRMO_JOBS" --print-schema="${folder##*/}" >"$schema"
		fi
		# The python3 in PATH may be one without modules.
		# shellcheck disable=SC2046 # numbers
		/usr/bin/python3 -W ignore -m jsonschema $(printf -- '-i %s ' "$folder"/*.json) "$schema" || status=1
	done
	return $status
}

sql() {
	sqlite3 -cmd '.timeout 10000' "${DB:-.firmo-jobs/history.db}" "$1"
}

json() {
	"$LUA" - "$1" "${2:-report.json}" <<-'END'
		local text = assert(io.open(arg[2], "rb")):read("a")
		local at = 1
		local value
		local function skip() at = text:find("[^ \t\r\n]", at) or #text + 1 end
		local function bad(what) error(("%s: %s at byte %d"):format(arg[2], what, at), 0) end
		local escapes = { b = "\b", f = "\f", n = "\n", r = "\r", t = "\t" }
		local function unit()
			local hex = text:match("^\\u(%x%x%x%x)", at)
			if not hex then bad("no \\u") end
			at = at + 6
			return tonumber(hex, 16)
		end
		local function str()
			local parts = {}
			at = at + 1
			while true do
				local plain = text:match('^[^"\\\0-\31]*', at)
				parts[#parts + 1] = plain
				at = at + #plain
				local c = text:sub(at, at)
				if c == '"' then
					at = at + 1
					return table.concat(parts)
				elseif c ~= "\\" then
					bad("a string with a control character or no end")
				elseif text:sub(at + 1, at + 1) == "u" then
					local code = unit()
					if code >= 0xD800 and code < 0xDC00 then
						code = 0x10000 + (code - 0xD800) * 1024 + unit() - 0xDC00
					end
					parts[#parts + 1] = utf8.char(code)
				else
					local e = text:sub(at + 1, at + 1)
					parts[#parts + 1] = escapes[e] or (e:find('["\\/]') and e) or bad("a bad escape")
					at = at + 2
				end
			end
		end
		local function list(close, item)
			local t = {}
			at = at + 1
			skip()
			if text:sub(at, at) == close then at = at + 1 return t end
			while true do
				item(t)
				skip()
				local c = text:sub(at, at)
				at = at + 1
				if c == close then return t elseif c ~= "," then bad("no comma") end
				skip()
			end
		end
		function value()
			skip()
			local c = text:sub(at, at)
			if c == "{" then
				return list("}", function(t)
					if text:sub(at, at) ~= '"' then bad("no name") end
					local k = str()
					skip()
					if text:sub(at, at) ~= ":" then bad("no colon") end
					at = at + 1
					t[k] = value()
				end)
			elseif c == "[" then
				local n = 0
				return list("]", function(t) n = n + 1 t[n] = value() end)
			elseif c == '"' then
				return str()
			end
			local word = text:match("^[%w.+-]+", at)
			if not word then bad("no value") end
			at = at + #word
			if word == "true" then return true elseif word == "false" then return false
			elseif word == "null" then return nil end
			return math.tointeger(tonumber(word)) or tonumber(word) or bad("no value: " .. word)
		end
		r = value()
		skip()
		if at <= #text then bad("something after the end") end
		-- The file of that path; else one whose name begins so; else one whose path holds it.
		function file(path)
			local tests = { function(p) return p == path end,
				function(p) return p:match("[^/]*$"):find(path, 1, true) == 1 end,
				function(p) return p:find(path, 1, true) end }
			for _, fits in ipairs(tests) do
				for _, f in ipairs(r.files) do
					if fits(f.path) then return f end
				end
			end
			error("no file " .. path .. " in the report", 0)
		end
		local result = table.pack(assert(load("return " .. arg[1]))())
		for i = 1, result.n do result[i] = tostring(result[i]) end
		print(table.concat(result, " "))
	END
}

# holds EXPR [FILE]: it is true of the report.
holds() {
	local value
	value=$(json "$@")
	[ "$value" = true ] || fail "$value: $1"
}

# ---- workers that meet ----

# meeting N K [HOLD_MS]: N plain tests, of which the first K wait for one another: they fail if K never run
# at once. Then each counts itself with the concurrency helper, for at_most.
meeting() {
	local i
	# What lies there is no input of theirs: else they would wait for one another in the next run.
	mkdir -p .firmo-jobs/meeting
	cat >meet.sh <<-'END'
		cd .firmo-jobs/meeting || exit 1
		: >"here.$$"
		tries=2000
		until [ -e met ] || [ "$(ls here.* | wc -l)" -ge "$1" ]; do
			tries=$((tries - 1))
			[ "$tries" -gt 0 ] || exit 1
			sleep 0.01
		done
		: >met
		exec "$HELPERS/concurrency" counter "$2"
	END
	for ((i = 1; i <= $1; i++)); do
		plain "meet$i" "assert(os.execute('sh meet.sh $2 ${3:-30}'))"
	done
}

# at_most K: no more of them than K ran at once.
at_most() {
	local most
	most=$("$HELPERS/concurrency" --max .firmo-jobs/meeting/counter)
	[ "$most" -ge 1 ] && [ "$most" -le "$1" ] || fail "$most ran at once"
}

# One more meeting with the same tests.
meet_again() {
	rm -f .firmo-jobs/meeting/*
}
