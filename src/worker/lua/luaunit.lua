-- SPDX-License-Identifier: MIT
-- LuaUnit 3.x. The methods of its runner class are wrapped. A test may run LuaUnit itself (its own tests
-- do): only the outermost runner reports.
local events = ...
local emit, guard = events.emit, events.guard
local clock, getinfo, type = os.clock, debug.getinfo, type
local match, sub = string.match, string.sub

local STATUS = { SUCCESS = "pass", PASS = "pass", FAIL = "fail", ERROR = "error", SKIP = "skip" }
local PHASES = {
	setupSuite = "setup", setupClass = "setup", teardownSuite = "teardown", teardownClass = "teardown",
}
local top -- the outermost runner, while it runs
local test -- its present test
local written = {} -- file and line of the present test's function
local phase -- what it did last outside tests: { where =, class = }

local function on_suite_start(runner, selected)
	if not top then
		top = runner
		emit("plan", { tests = selected })
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
	test = { id = events.new_id(), path = path, name = name, file = written.file, line = written.line }
	emit("start", test)
end

local function on_test_end(runner)
	local node = runner.result.currentNode
	test.status = STATUS[node.status] or "error"
	test.own = node.startTime and clock() - node.startTime
	if test.status == "skip" then
		test.reason = node.msg
	elseif test.status ~= "pass" then
		test.message, test.traceback = node.msg, node.stackTrace
	end
	emit("test", test)
	test = nil
end

-- What a test raises is in its node when it ends; this is for the rest.
local function on_status(_, first, second)
	local problem = second or first -- 3.5 puts the kind of node first
	if test or type(problem) ~= "table" or (problem.status ~= "FAIL" and problem.status ~= "ERROR") then
		return
	end
	emit("error", {
		where = phase and phase.where or "other", path = phase and { phase.class },
		message = problem.msg, traceback = problem.trace,
	})
end

local function on_suite_end()
	emit("done")
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
end

return function(module)
	local class = type(module) == "table" and module.LuaUnit
	if type(class) == "table" and type(class.startSuite) == "function" and type(class.endTest) == "function" then
		hook(class)
		emit("attach", { framework = "luaunit" })
	end
end
