# Coverage: what is counted, whatever becomes of the worker, and what is told of it.
load common
load fixtures/coverage

LUAS=${SAN:+lua5.4}
LUAS=${LUAS:-lua5.1 lua5.2 lua5.3 lua5.4 luajit}

@test "lines and functions are counted in every Lua, in coroutines and however a worker ends" {
	source_file
	plain plain "$uses" "m.loop(10)"
	plain coroutine "$uses" "coroutine.wrap(function() m.loop(10) end)()" \
		"local co = coroutine.create(m.loop)" "coroutine.resume(co, 10)"
	plain left "$uses" "m.loop(10)" "os.exit(0)"
	plain absolute "package.path = os.getenv('PWD') .. '/src/../src/?.lua'" "require('m').loop(10)"
	test_file src/tail.lua "local M = {}" "function M.step(n, f)" "	n = n - 1" "	return f(n)" "end" "return M"
	plain tail "package.path = './src/?.lua'" "local t = require('tail')" \
		"local function back(n) if n == 0 then return end return t.step(n, back) end" \
		"local co = coroutine.wrap(function() for i = 1, 3 do back(4) coroutine.yield() end end)" \
		"for i = 1, 3 do co() back(2) end"
	plain text "$uses" "m.loop(10)" "assert((loadstring or load)('return 1', '@virtual.lua'))()"
	for lua in $LUAS; do
		command -v "$lua" >/dev/null || continue
		run -0 cover --lua="$lua" -j4
		is "$lua $(counts)" "$lua 2:5 4:5 6:6 7:66 8:60 10:6 14:0 15:0 17:0 18:0 22:5"
		is "$(sources)" "src/m.lua src/tail.lua"
		is "$(counts src/tail.lua)" "1:1 2:1 3:18 4:18 6:1"
		is "$(json "r.coverage.files[1].functions[1].name .. r.coverage.files[1].functions[1].calls" coverage.json)" "M.loop6"
		is "$(json "r.coverage.files[1].functions[2].name .. r.coverage.files[1].functions[2].calls" coverage.json)" "M.never0"
	done
}

@test "forked children count on their own, and a source has one name by whatever way it is loaded" {
	command -v luajit >/dev/null || skip "no luajit here"
	source_file
	ln -s src link
	mkdir deep
	plain fork "$uses" \
		"local ffi = require('ffi')" \
		"ffi.cdef('int fork(void); int waitpid(int, int *, int); void _exit(int);')" \
		"for i = 1, 8 do" \
		"	if ffi.C.fork() == 0 then" \
		"		m.loop(200000)" \
		"		ffi.C._exit(0)" \
		"	end" \
		"end" \
		"while ffi.C.waitpid(-1, nil, 0) > 0 do end"
	run -0 cover --lua=luajit
	is "$(counts)" "2:1 4:1 6:8 7:1600008 8:1600000 10:8 14:0 15:0 17:0 18:0 22:1"
	plain link "dofile('link/m.lua').loop(1)" "dofile('./src//m.lua').loop(1)" "dofile('deep/../src/m.lua').loop(1)"
	run -0 cover --lua=luajit tests/link_test.lua
	is "$(sources)" "src/m.lua"
	[[ " $(counts) " == *" 8:3 "* ]] || fail "$(counts)"
	for i in {1..90}; do
		echo "return 1" >"src/s$i.lua"
	done
	plain many "local ffi = require('ffi')" \
		"ffi.cdef('int fork(void); int waitpid(int, int *, int); void _exit(int);')" \
		"for i = 1, 100 do" \
		"	local child = ffi.C.fork()" \
		"	for n = 1, child == 0 and 90 or 0 do dofile('src/s' .. n .. '.lua') end" \
		"	if child == 0 then ffi.C._exit(0) end" \
		"	ffi.C.waitpid(child, nil, 0)" \
		"end"
	run -0 cover --lua=luajit tests/many_test.lua
	is "$(counts src/s90.lua)" "1:100"
}

@test "nothing that ran is lost with a worker that is killed, ended or limited" {
	source_file
	plain killed "$uses" "m.loop(10)" "os.execute('kill -KILL \$PPID')"
	plain late "$uses" "m.loop(10)" "while true do end"
	plain limited "$uses" "m.loop(10)" "local f = io.open(os.getenv('TMPDIR') .. '/x', 'w')" \
		"while f:write(('x'):rep(4096)) do end" "error('full')"
	run -1 cover --lua="$LUA" -t 3 --grace=0.2 --limit=fsize=64K
	is "$(counts)" "2:3 4:3 6:3 7:33 8:30 10:3 14:0 15:0 17:0 18:0 22:3"
	# Where the memory cannot be had that is told, and the test is what it would be.
	plain little "return 1"
	run -0 cover --lua="$LUA" --wrap="env -u FIRMO_JOBS_COVERAGE" tests/little_test.lua
	has "no line of 1 file was counted"
}

@test "a hook that a test sets sees what it would see, and is what debug.gethook gives" {
	source_file
	plain hooked "$uses" \
		"local seen = {}" \
		"local function hook(event, line) seen[#seen + 1] = event .. tostring(line or '') end" \
		"debug.sethook(hook, 'crl', 1000000)" \
		"local is, mask, count = debug.gethook()" \
		"m.loop(2)" \
		"debug.sethook()" \
		"assert(is == hook and #mask == 3 and count == 1000000)" \
		"assert(debug.gethook() == nil)" \
		"assert(not pcall(debug.sethook, 1, 2, 3, 4))" \
		"m.loop(2)" \
		"local co = coroutine.create(function() m.loop(1) end)" \
		"if not rawget(_G, 'jit') then debug.sethook(co, hook, 'l') end -- there it is one for all, and begins late" \
		"coroutine.resume(co)" \
		"local function one(n) local x = n coroutine.yield() return x end" \
		"local all, sums = {}, {}" \
		"for i = 1, rawget(_G, 'jit') and 0 or 30000 do" \
		"	all[i] = coroutine.create(one)" \
		"	debug.sethook(all[i], function() sums[i % 7] = (sums[i % 7] or 0) + 1 end, 'l')" \
		"end" \
		"for n = 1, 2 do" \
		"	for _, each in ipairs(all) do coroutine.resume(each, n) end" \
		"end" \
		"seen[#seen + 1] = table.concat(sums, ' ')" \
		"local out = io.open(os.getenv('SEEN'), 'w')" \
		"out:write(table.concat(seen, '\n'))" \
		"out:close()"
	for lua in $LUAS; do
		command -v "$lua" >/dev/null || continue
		SEEN=$BASE/without run -0 fj --lua="$lua"
		SEEN=$BASE/with run -0 cover --lua="$lua"
		diff "$BASE/without" "$BASE/with" || fail "$lua sees other events"
		[[ " $(counts) " == *" 8:5 "* ]] || fail "$lua: $(counts)"
	done
}

@test "which sources are told of: globs, .luacov, what nobody has loaded, and comments" {
	source_file
	test_file src/other.lua "local x = 1" "return function()" "	return x" "end"
	test_file src/broken.lua "x = = 1"
	test_file lib/off.lua "local t = {}" "-- luacov: disable" "function t.a()" "	return 1" "end" \
		"-- luacov: enable" "t.x = t.a() -- coverage: ignore" "return t"
	plain all "$uses" "m.loop(1)" "dofile('lib/off.lua')"
	run -0 cover --lua="$LUA"
	is "$(sources)" "lib/off.lua src/m.lua"
	is "$(counts lib/off.lua)" "1:1 8:1"
	run -0 cover --lua="$LUA" --coverage-include='src/*' --coverage-exclude='*broken*' --coverage-include='none/*' \
		--coverage-include=lib
	is "$(sources)" "src/m.lua src/other.lua"
	is "$(counts src/other.lua)" "1:0 3:0"
	has "--coverage-include=none/* matches no source"
	has "--coverage-include=lib matches no source; what lies in that folder is 'lib/**'"
	run -0 fj4 --coverage --coverage-exclude='*broken*' --coverage-exclude='nothing/*' --coverage-exclude=other.lua
	has "--coverage-exclude=nothing/* matches no source"
	hasnt "exclude=other"
	hasnt "exclude=*broken"
	# Of what does not compile the text alone tells.
	run -0 cover --lua="$LUA" --coverage-include='broken.lua'
	is "$(counts src/broken.lua)" "1:0"
	test_file .luacov "include = { '^src/' }" "return { exclude = { 'other' }, includeuntestedfiles = { 'src' } }"
	run -0 cover --lua="$LUA"
	is "$(sources)" "src/broken.lua src/m.lua"
	run -0 cover --lua="$LUA" --coverage-exclude='*broken*'
	is "$(sources)" "src/m.lua"
}

@test "lines end as Lua has it, with CR or in pairs, and names of any bytes break no format" {
	mkdir src
	printf 'local a = 1\rlocal b = 2\r\nif a == b then\n\rprint(a)\rend\n\nreturn a' >"src/a
b.lua"
	plain all "dofile('src/a\nb.lua')"
	for lua in $LUAS; do
		command -v "$lua" >/dev/null || continue
		run -0 cover --lua="$lua" --report=lcov:out.info --report=cobertura:out.xml
		is "$lua $(counts 'src/a\nb.lua')" "$lua 1:1 2:1 3:1 4:0 7:1"
	done
	is "$(grep -c ^SF: out.info) $(grep ^SF: out.info)" "1 SF:src/a?b.lua"
	xmllint --noout --schema "$BATS_TEST_DIRNAME/schema/cobertura.xsd" out.xml
}

@test "reports: lcov, Cobertura, LuaCov and the table in the text" {
	source_file
	source_file "src/a <&> b.lua"
	plain all "$uses" "m.loop(3)" "dofile('src/a <&> b.lua').loop(1)"
	plain more "$uses" "m.loop(3)"
	run -0 fj4 --coverage --report=lcov:out.info --report=cobertura:out.xml --report=luacov:out.stats
	has "Coverage: 63.64% of 22 lines in 2 files, 8 missed"
	has "   63.64%      4 missed src/m.lua: 14-18"
	xmllint --noout --schema "$BATS_TEST_DIRNAME/schema/cobertura.xsd" out.xml
	is "$(xmllint --xpath 'string(//class[@filename="src/m.lua"]/lines/line[@number=8]/@hits)' out.xml)" 6
	is "$(xmllint --xpath 'string(//class[2]/@filename)' out.xml)" "src/m.lua"
	is "$(sed -n '/SF:src\/m.lua/,/end_of_record/p' out.info | tr '\n' ' ')" "SF:src/m.lua FN:4,M.loop FN:13,M.never \
FNDA:2,M.loop FNDA:0,M.never FNF:2 FNH:1 DA:2,2 DA:4,2 DA:6,2 DA:7,8 DA:8,6 DA:10,2 DA:14,0 DA:15,0 DA:17,0 DA:18,0 DA:22,2 \
LF:11 LH:7 end_of_record "
	is "$(grep -A1 '^22:src/m.lua' out.stats | tail -n 1)" "0 2 0 2 2 2 8 6 0 2 2 0 0 0 0 0 0 0 0 2 0 2 "
	if command -v lcov >/dev/null; then
		[[ "$(lcov --summary out.info 2>&1)" == *"63.6% (14 of 22 lines)"* ]] || fail "$(lcov --summary out.info 2>&1)"
	fi
	# Another file is the worse one, and comes first.
	run -0 fj4 --coverage --coverage-include='src/*' tests/more_test.lua
	[[ $output == *" 0.00% "*"src/a <&> b.lua"*"63.64% "*"src/m.lua"* ]] || fail "$output"
}

@test "too little is covered: what fell short is told, and the run fails" {
	source_file
	plain all "$uses" "m.loop(3)"
	run -0 cover --lua="$LUA" --coverage-min=60 --coverage-min='60:m.lua'
	run -1 cover --lua="$LUA" --report=html:out.html --coverage-min=10 --coverage-min='63.7:src/*' --coverage-min='1:none/*' \
		--coverage-min=63.637
	has "Too little: coverage of src/* is 63.64%, and has to be 63.7% (--coverage-min)"
	has "Too little: coverage is 63.636%, and has to be 63.637% (--coverage-min)"
	has "Too little: coverage of none/* is unknown, as no line counts, and has to be 1% (--coverage-min)"
	has "FAILED: 0 of 1 file; too little is covered"
	[[ "$(<out.html)" == *"Failed: 1 file passed, and too little is covered"* ]] || fail "the page has another verdict"
	test_file firmo-jobs.json '{"coverage": true, "coverage-min": "63.7"}'
	run -1 fj4
	has "Too little: coverage is 63.64%"
	run -1 fj4 --gather="$FIRMO_JOBS --lua=$LUA tests/all_test.lua"
	has "Too little: coverage is 63.64%"
	is "$(json "tostring(r.success) .. tostring(r.coverage.minima[1].holds) .. tostring(r.coverage.minima[2].holds)" coverage.json)" \
		"falsetruefalse"
}

@test "an interpreter that hides its functions is counted by a hook in Lua, and that is told" {
	source_file
	sed 's/lua_getinfo/lua_getinfX/g' "$(readlink -f "$(command -v "$LUA")")" >hiding
	chmod +x hiding
	plain all "$uses" "coroutine.wrap(m.loop)(3)"
	plain left "$uses" "m.loop(3)" "os.exit(0)"
	run -0 cover --lua=./hiding
	has "lines are counted by a hook in Lua"
	is "$(counts)" "2:2 4:2 6:2 7:8 8:6 10:2 14:0 15:0 17:0 18:0 22:2"
}

# What these tests need of LuaCov, in its files and with its functions: it counts, adds to its stats file at the end,
# and makes a report of that file if its settings say so.
stand_in() {
	test_file luacov/stats.lua \
		'local stats = {}' \
		'function stats.load(path)' \
		'	local file, data = io.open(path), {}' \
		'	for line in file and file:lines() or function() end do' \
		'		local max, name = line:match("^(%d+):(.*)")' \
		'		local counts = { max = tonumber(max) }' \
		'		for n in file:read("*l"):gmatch("%d+") do counts[#counts + 1] = tonumber(n) end' \
		'		data[name] = counts' \
		'	end' \
		'	return file and file:close() and data' \
		'end' \
		'function stats.save(path, data)' \
		'	local file = assert(io.open(path, "w"))' \
		'	for name, counts in pairs(data) do' \
		'		file:write(counts.max, ":", name, "\n")' \
		'		for line = 1, counts.max do file:write(counts[line] or 0, " ") end' \
		'		file:write("\n")' \
		'	end' \
		'	file:close()' \
		'end' \
		'return stats'
	test_file luacov/runner.lua \
		'local stats = require("luacov.stats")' \
		'local runner = { data = {} }' \
		'function runner.load_config()' \
		'	runner.configuration = runner.configuration or dofile(".luacov")' \
		'	return runner.configuration' \
		'end' \
		'function runner.run_report()' \
		'	local out, data = io.open("report.out", "a"), stats.load(runner.load_config().statsfile)' \
		'	out:write(data["./src/m.lua"][8], "\n")' \
		'	out:close()' \
		'end' \
		'function runner.save_stats()' \
		'	debug.sethook()' \
		'	local path = runner.configuration.statsfile' \
		'	local all = stats.load(path) or {}' \
		'	for name, counts in pairs(runner.data) do' \
		'		local sum = all[name] or { max = 0 }' \
		'		for line = 1, counts.max do sum[line] = (sum[line] or 0) + (counts[line] or 0) end' \
		'		sum.max = math.max(sum.max, counts.max)' \
		'		all[name] = sum' \
		'	end' \
		'	stats.save(path, all)' \
		'	if runner.configuration.runreport then runner.run_report() end' \
		'end' \
		'function runner.init()' \
		'	runner.load_config()' \
		'	debug.sethook(function(_, line)' \
		'		local name = debug.getinfo(2, "S").source:sub(2)' \
		'		local counts = runner.data[name] or { max = 0 }' \
		'		runner.data[name] = counts' \
		'		counts[line] = (counts[line] or 0) + 1' \
		'		counts.max = math.max(counts.max, line)' \
		'	end, "l")' \
		'end' \
		'return runner'
}

@test "a LuaCov of the tests loses no hit to those of other workers, and reports once" {
	stand_in
	source_file
	test_file .luacov "return { statsfile = os.getenv('PWD') .. '/luacov.stats.out', runreport = true }"
	# Nor where a test has put others in the place of what is needed for that.
	local others='local get = os.getenv
		os.getenv = function(name) return name == "PWD" and get(name) or nil end
		table.insert(package.searchers, 1, function() return nil end)
		loadfile = nil'
	for i in 1 2 3 4 5 6 7 8 9; do
		plain "t$i" "$uses" "package.path = './?.lua;' .. package.path" "$( ((i < 8)) || echo "$others")" \
			"local runner = require('luacov.runner')" "runner.init()" "m.loop(10)" "runner.save_stats()"
	done
	# A child of a worker's counts with it.
	test_file child.lua "package.path = './?.lua;./src/?.lua'; local runner = require('luacov.runner')" \
		"runner.configuration = { statsfile = os.getenv('PWD') .. '/luacov.stats.out' }" \
		"runner.init(); require('m').loop(1); runner.save_stats()"
	plain t10 "assert(os.execute('$LUA child.lua') )" "print('1..1')" "print('ok 1')"
	# What TAP is, is known only once it has been run: then it is run to be read, and counts once.
	run -0 fj4 -j8
	is "$(grep -A1 m.lua luacov.stats.out | tail -n 1 | cut -d' ' -f6-10)" "10 101 91 0 10"
	is "$(<report.out)" 91
	# What was there before is added to, as in a run without us.
	run -0 fj4 -j1 --coverage --coverage-include='src/*' --report=json:coverage.json
	is "$(grep -A1 m.lua luacov.stats.out | tail -n 1 | cut -d' ' -f6-10)" "20 202 182 0 20"
	[[ " $(counts) " == *" 8:90 "* ]] || fail "$(counts)"
	[ -z "$(ls -A "$BASE/tmp")" ] || fail "$(ls -A "$BASE/tmp")"
	# Apart, each with the counts of its own, and without a report.
	rm luacov.stats.out report.out
	run -0 fj4 -j4 --no-aggregate-coverage tests/t1_test.lua tests/t2_test.lua tests/t10_test.lua
	has "LuaCov's stats are apart, in 3 files (--no-aggregate-coverage):"
	has "luacov.stats.out.tests-t2_test.lua"
	is "$(printf '%s ' luacov.stats.out*)" "luacov.stats.out.tests-t10_test.lua luacov.stats.out.tests-t1_test.lua luacov.stats.out.tests-t2_test.lua "
	is "$(grep -A1 m.lua luacov.stats.out.tests-t1_test.lua | tail -n 1 | cut -d' ' -f6-10)" "1 11 10 0 1"
	[ ! -e report.out ] || fail "a report of one"
}

@test "what cannot be: each in one line" {
	plain all "return 1"
	while IFS='|' read -r status words text; do
		read -ra words <<<"$words"
		run -"$status" fj4 "${words[@]}"
		has "$text"
		[ "$status" -ne 2 ] || is "${#lines[@]}" 1
	done <<-'END'
		2|--coverage --coverage-min=much|coverage-min
		2|--coverage --coverage-min=101|wants a percentage from 0 to 100
		2|--coverage --coverage-min=80:|wants a percentage
		2|--coverage-min=80|--coverage-min goes with --coverage
		2|--coverage-include=*|--coverage-include goes with --coverage
		2|--report=lcov:x|--report=lcov goes with --coverage
	END
	while IFS='|' read -r line text; do
		test_file .luacov "$line"
		run -2 fj4 --coverage
		has ".luacov: $text"
		is "${#lines[@]}" 1
	done <<-'END'
		error("no", 0)|no
		x = =|.luacov:1:
		include = { "[" }|its pattern '[' is none
		exclude = "src/x"|exclude is no table
		include = { "a", {} }|include[2] is no text
		return "src"|it returns no table
		error()|an error that tells nothing
		os.exit(1)|it ends the interpreter that reads it
	END
	# What has changed or gone since it ran.
	rm .luacov
	test_file src/gone.lua "return 1"
	test_file src/short.lua "" "" "" "return 1"
	test_file src/other.lua "return 1"
	: >src/empty.lua
	plain all "dofile('src/gone.lua')" "dofile('src/short.lua')" "os.remove('src/gone.lua')" \
		"dofile('src/empty.lua')" "io.open('src/short.lua', 'w'):close()" "dofile('src/other.lua')" \
		"local f = io.open('src/other.lua', 'w') f:write('local a = 1\\nreturn a\\n') f:close()"
	LUACOV_CONFIG=none.lua run -0 fj4 --coverage
	has "src/gone.lua has run and cannot be read any more: No such file or directory"
	has "src/short.lua has changed during the run"
	has "src/other.lua has changed during the run"
	has "none.lua is no file, and LUACOV_CONFIG names it"
	[[ $output != *empty.lua* ]] || fail "$output"
}
