-- SPDX-License-Identifier: MIT
-- Tries to prove reuse wrong: lua5.4 prove.lua SEED COUNT [KIND...]. Each step makes a test that passes,
-- lets firmo-jobs learn it, edits what it looks at, and asks --changed: a test that is left out must pass
-- in a full run with a history that knows nothing.
-- FIRMO_JOBS is the program, REUSE the folder of what is made of the sources here. KEEP=1 leaves the
-- projects; VERBOSE=1 tells of every step; BATCH is how many steps are taken together (300).
local sources = arg[0]:match("^(.*)/") or "."
package.path = sources .. "/?.lua"
local batch = require "batch"
local kinds = require "kinds"
local step = require "step"

local keep = (os.getenv "KEEP" or "") ~= ""
local verbose = (os.getenv "VERBOSE" or "") ~= ""

local function output_of(command)
	local pipe = assert(io.popen(command))
	local text = pipe:read("a"):gsub("%s+$", "")
	pipe:close()
	return text
end

-- The kinds as a set, and whether they are the usual ones.
local function kinds_named(words)
	local text = #words > 0 and table.concat(words, " ") or kinds.usual
	local known, wanted = {}, {}
	for _, kind in ipairs(kinds.list) do
		known[kind.name] = true
	end
	if text == "all" then
		return known
	end
	for name in text:gmatch("[^%s,]+") do
		if not known[name] then
			io.stderr:write("there is no kind ", name, "\n")
			os.exit(2)
		end
		wanted[name] = true
	end
	return wanted
end

local present = {}

-- Whether the programs and files are there, each asked once.
local function has(needs)
	for need in (needs or ""):gmatch("%S+") do
		if present[need] == nil then
			present[need] = os.execute(("command -v %s >/dev/null 2>&1 || test -e %s/%s || test -r %s")
				:format(need, os.getenv "REUSE", need, need)) == true
		end
		if not present[need] then
			return false
		end
	end
	return true
end

-- ---- the report ----

local verdicts = { "reused", "rerun", "needless", "untrusted", "false skip", "void" }
local tally = {}

local function count(kind, verdict)
	tally[kind] = tally[kind] or {}
	tally[kind][verdict] = (tally[kind][verdict] or 0) + 1
	tally.all = tally.all or {}
	tally.all[verdict] = (tally.all[verdict] or 0) + 1
end

local function print_step(one)
	print("  in an empty project: " .. one.setup:gsub("\n", "\n      "))
	for _, test in ipairs(one.tests) do
		print(("  tests/%s_test.lua: "):format(test.name) .. test.text:gsub("\n", "\n      "))
	end
	for _, name in ipairs { "before", "words", "database", "options", "edit", "after", "words_after" } do
		if one[name] and one[name] ~= "" then
			print(("  %s: %s"):format(name:gsub("_", " "), one[name]))
		end
	end
end

local function tell(one, verdict, output, is_alone)
	count(one.kind, verdict)
	if verdict == "false skip" or verdict == "void" then
		print(("%s: seed %d (%s): %s; edit: %s"):format(verdict:upper(), one.seed, one.kind, one.what, one.edit_name))
		print("  " .. (output or ""):gsub("\\n", "\n  "):sub(1, 300))
		print(("  again: make check-reuse SEED=%d COUNT=1 KINDS=%s"):format(one.seed, one.kind))
	end
	if is_alone or verbose then
		print(("seed %d (%s): %s; edit: %s: %s"):format(one.seed, one.kind, one.what, one.edit_name, verdict))
	end
	if is_alone then
		print_step(one)
	end
end

local function print_table()
	local line = "%-12s" .. (" %10s"):rep(#verdicts)
	print(line:format("kind", table.unpack(verdicts)))
	local function row(name)
		local cells = {}
		for i, verdict in ipairs(verdicts) do
			cells[i] = tally[name][verdict] or 0
		end
		print(line:format(name, table.unpack(cells)))
	end
	for _, kind in ipairs(kinds.list) do
		if tally[kind.name] then
			row(kind.name)
		end
	end
	if tally.all then
		row("all")
	end
end

-- ---- taking the steps ----

local function take(seed, total, wanted, place)
	local at_most = tonumber(os.getenv "BATCH" or "") or 300
	local done, missing = 0, 0
	while done < total do
		local steps = {}
		place.root = ("%s/%d"):format(place.base, done)
		place.gates, place.said = place.root .. "/gates", place.root .. "/said"
		while #steps < at_most and done < total do
			local one = step.of(seed, wanted, place)
			seed = seed + 1
			done = done + (one and 1 or 0)
			if one and has(one.needs) then
				steps[#steps + 1] = one
			elseif one then
				missing = missing + 1
			end
		end
		local b = batch.new(steps, place)
		b:run(function(one, verdict, output) tell(one, verdict, output, total == 1) end)
		b:close(keep)
	end
	return missing
end

local seed, total = math.tointeger(tonumber(arg[1])), math.tointeger(tonumber(arg[2]))
if not seed or not total then
	io.stderr:write("usage: prove.lua SEED COUNT [KIND...]\n")
	os.exit(2)
end
local base = output_of("mktemp -d")
local place = {
	base = base, firmo_jobs = assert(os.getenv "FIRMO_JOBS"), reuse = assert(os.getenv "REUSE"), sources = sources,
	at_once = tonumber(output_of "nproc") or 2, mark = base:match("[^/.]*$"),
	loader = output_of [[for l in /lib64/ld-*.so.* /lib/ld-*.so.* /lib/*/ld-*.so.*; do
		"$l" "$REUSE/look" umask x >/dev/null 2>&1 && echo "$l" && break; done]],
}
local missing = take(seed, total, kinds_named(table.move(arg, 3, #arg, 1, {})), place)
if keep then
	print("the projects are in " .. base)
else
	os.execute("rm -rf " .. base)
end
print_table()
local bad = (tally.all and tally.all["false skip"] or 0) + (tally.all and tally.all.void or 0)
if missing > 0 then
	print(("%d steps could not be taken: a program is not installed"):format(missing))
end
print(("%d passed, %d failed"):format(total - missing - bad, bad))
os.exit(bad == 0)
