-- SPDX-License-Identifier: MIT
-- LuaUnit 3.x. The methods of its runner class are wrapped. A test may run LuaUnit itself (its own tests
-- do): only the outermost runner reports.
local events = ...
local emit, guard, text = events.emit, events.guard, events.text
local debug, clock, getinfo, traceback = debug, os.clock, debug.getinfo, debug.traceback
local getupvalue, upvaluejoin = debug.getupvalue, debug.upvaluejoin
local setfenv, setmetatable = rawget(_G, "setfenv"), setmetatable
local globals, type, ipairs, pairs = _G, type, ipairs, pairs
local match, gmatch, sub, gsub, find = string.match, string.gmatch, string.sub, string.gsub, string.find
local concat = table.concat

local STATUS = { SUCCESS = "pass", PASS = "pass", FAIL = "fail", ERROR = "error", SKIP = "skip" }
local PHASES = {
	setupSuite = "setup", setupClass = "setup", teardownSuite = "teardown", teardownClass = "teardown",
}
local top -- the outermost runner, while it runs
local planned = 0 -- tests of the suites so far, where a file runs several
local test -- its present test
local written = {} -- file and line of the present test's function
local phase -- what it did last outside tests: { where =, class = }
local stack = "" -- the last traceback that LuaUnit took
local selected = {} -- the names and functions that are to be run, as LuaUnit has them
local begun = {} -- the names of those that began
local broken -- the last phase outside of tests that failed
local library -- how a traceback calls LuaUnit's file

local function on_suite_start(runner, count)
	if not top then
		top, planned = runner, planned + count
		emit("plan", { tests = planned })
	end
end

local function on_function(_, _, _, _, fn)
	local info = type(fn) == "function" and getinfo(fn, "S")
	written = info and { file = events.file_of(info.source), line = info.linedefined } or {}
end

-- LuaUnit names a method "Class.method" and gathers functions in a class of its own invention.
local function split_name(full, class)
	if class == nil or class == "" or class == "[TestFunctions]" then
		return {}, full
	end
	local prefix = class .. "."
	return { class }, sub(full, 1, #prefix) == prefix and sub(full, #prefix + 1) or full
end

local function on_test_start(runner, full)
	local path, name = split_name(full, runner.result.currentClassName)
	test = {
		id = events.new_id(), path = path, name = name, file = written.file, line = written.line,
		tags = events.tags_of(events.full_name(path, name)),
	}
	begun[full] = true
	emit("start", test)
end

-- The frames of a traceback between LuaUnit's own, which took it, and those that called the test.
local function frames_of_test(whole)
	local kept = {}
	for line in gmatch(whole, "\n(\t[^\n]*)") do
		local own = find(line, library .. ":", 1, true) == 2
		if own and kept[1] then
			break
		elseif not own and (kept[1] or not match(line, "^\t%[C%]")) then
			kept[#kept + 1] = line
		end
	end
	return kept[1] and "stack traceback:\n" .. concat(kept, "\n") or nil
end

-- LuaUnit leaves nothing of a traceback but its title where the message names no line of the test: an
-- error that is a table, or the interpreter's own at a deadline.
local function stack_of(trace, whole)
	return type(trace) == "string" and match(trace, "\n") and trace or frames_of_test(whole)
end

local function on_test_end(runner)
	local node = runner.result.currentNode
	local ended = { id = test.id, status = STATUS[node.status] or "error" }
	ended.own = node.startTime and clock() - node.startTime
	if ended.status == "skip" then
		ended.reason = node.msg and text(node.msg)
	elseif ended.status ~= "pass" then
		ended.message, ended.traceback = text(node.msg), stack_of(node.stackTrace, test.stack or "")
	end
	emit("test", ended)
	test = nil
end

-- Tests that were selected and never began.
local function report_unrun()
	for _, item in ipairs(selected) do
		local name = text(item[1])
		if not begun[name] then
			local prefix, method = match(name, "^(.-)%.(.*)$")
			emit("test", {
				id = events.new_id(), path = { prefix }, name = method or name, status = "skip",
				reason = broken and "never ran: its " .. broken .. " failed" or "never ran",
			})
		end
	end
end

-- What a test raises first is in its node when it ends; this is for the rest: its tearDown after that,
-- and what is outside of tests.
local function on_status(runner, first, second)
	local problem = second or first -- 3.5 puts the kind of node first
	local bad = type(problem) == "table" and (problem.status == "FAIL" or problem.status == "ERROR")
	if not bad then
		return
	elseif test and STATUS[runner.result.currentNode.status] == "pass" then
		test.stack = stack
		return
	end
	local outside = phase or {}
	local fields = {
		where = test and "teardown" or outside.where or "other",
		path = test and test.path or { outside.class }, name = test and test.name,
		message = text(problem.msg), traceback = stack_of(problem.trace, stack),
	}
	fields.file, fields.line = events.place_of(fields.message)
	broken = not test and outside.where or broken
	emit("error", fields)
	-- 3.4 dies of an error before its first test.
	if not test and not runner.result.currentNode then
		report_unrun()
	end
end

local function on_suite_end()
	guard("unrun", report_unrun)
	events.finish()
	top = nil
end

local function on_phase(where, is_class)
	return function(_, class)
		phase = { where = where, class = is_class and class or nil }
	end
end

-- `first` comes before the method, for the outermost runner; the method is left to by a tail call.
local function wrap(class, method, first, is_any)
	local original = class[method]
	if type(original) ~= "function" then
		return
	end
	class[method] = function(self, ...)
		if is_any or self == top then
			guard(method, first, self, ...)
		end
		return original(self, ...)
	end
end

-- Gives a function, and what is written inside of it, globals of its own beside the usual ones.
local function add_globals(fn, environment)
	setmetatable(environment, { __index = globals, __newindex = globals })
	if setfenv then
		setfenv(fn, environment)
		return
	end
	local index, name = 1, getupvalue(fn, 1)
	while name and name ~= "_ENV" do
		index = index + 1
		name = getupvalue(fn, index)
	end
	if name then
		upvaluejoin(fn, index, function() return environment end, 1)
	end
end

-- protectedCall takes the traceback of an error while the stack is there.
local function watch_traceback(class)
	local protected_call = class.protectedCall
	if type(protected_call) == "function" then
		library = getinfo(protected_call, "S").short_src
		local watched = setmetatable({}, { __index = debug })
		watched.traceback = function(message, level)
			stack = traceback(message, (level or 1) + 1)
			return stack
		end
		add_globals(protected_call, { debug = watched })
	end
end

local function function_of(dotted, instance)
	return type(instance) == "table" and instance[match(dotted, "%.(.*)$")] or instance
end

local function is_wanted(dotted, instance)
	local spaced = gsub(dotted, "%.", " ", 1)
	local tags = events.tags_of(spaced)
	return (events.is_selected(spaced, tags) or events.is_selected(dotted, tags))
		and events.is_place_wanted(function_of(dotted, instance))
end

-- LuaUnit's own patterns, -p and -x, are in force as well: a test has to pass both.
local function hook_selection(class)
	local apply = class.applyPatternFilter
	if type(apply) ~= "function" then
		return
	end
	class.applyPatternFilter = function(...)
		local included, excluded = apply(...)
		if top then -- a test of LuaUnit's own
			return included, excluded
		end
		local wanted = events.is_selective and {} or included
		for _, item in ipairs(events.is_selective and included or {}) do
			local list = is_wanted(item[1], item[2]) and wanted or excluded
			list[#list + 1] = item
		end
		selected, begun, broken = wanted, {}, nil
		return wanted, excluded
	end
end

local function hook(class)
	wrap(class, "startSuite", on_suite_start, true)
	wrap(class, "execOneFunction", on_function)
	wrap(class, "startTest", on_test_start)
	wrap(class, "updateStatus", on_status)
	wrap(class, "endTest", on_test_end)
	wrap(class, "endSuite", on_suite_end)
	for method, where in pairs(PHASES) do
		wrap(class, method, on_phase(where, match(method, "Class$")))
	end
	hook_selection(class)
	watch_traceback(class)
end

return function(module)
	local class = type(module) == "table" and module.LuaUnit
	local fits = type(class) == "table" and type(class.startSuite) == "function"
		and type(class.endTest) == "function"
	if not fits then
		return
	elseif not events.lead("luaunit") and events.leader == "busted" then
		events.watch_beside(class, "startSuite", "LuaUnit") -- it may be what the other's tests are about
		return
	end
	events.is_in_test = function()
		return top ~= nil
	end
	events.attach("luaunit")
	hook(class)
end
