-- SPDX-License-Identifier: MIT
-- Firmo. Every result passes `add_test_result` of its test_definition module, and `it` runs a test at
-- once, so a test is on the stack `running` from `it` until its result. Firmo's own tests nest all of
-- this, call reset() and load second copies of the modules: the state here is one for the process.
local events = ...
local emit, guard = events.emit, events.guard
local getinfo, traceback = debug.getinfo, debug.traceback
local xpcall, error, type, rawget = xpcall, error, type, rawget
local loaded = package.loaded
local match, gsub, sub, find = string.match, string.gsub, string.sub, string.find

local THIS_FILE = getinfo(1, "S").short_src
local DEEPEST_CALLER = 20
local running = {} -- tests begun by `it`, the innermost last
local blocks = {} -- names of the describe blocks around the present place
local files = 0 -- nested calls of run_file

local function copy_of_path(path, length)
	local copy = {}
	for i = 1, length do
		copy[i] = path[i]
	end
	return copy
end

-- A call stack from the raiser of an error up to where the shim called into the test.
local function without_shim(stack)
	stack = gsub(stack, "^\n", "")
	local own = find(stack, THIS_FILE, 1, true)
	local above = own and sub(stack, 1, own - 1) or stack
	return match(above, "^(.*)\n[^\n]*xpcall[^\n]*\n%s*$") or match(above, "^(.-)%s*$")
end

-- Calls `fn`, with a look at its error while its stack is still there; the error goes on unchanged.
local function call_watched(fn, on_error)
	local ok, problem = xpcall(fn, function(e)
		guard("error", on_error, e, traceback("", 2))
		return e
	end)
	if not ok then
		error(problem, 0)
	end
end

-- Where a test was written: the first caller that is neither Firmo (below `root`), C, nor the shim.
local function written_at(root)
	for level = 3, DEEPEST_CALLER do
		local info = getinfo(level, "Sl")
		if not info then
			return nil
		end
		local foreign = info.what ~= "C" and not match(info.source, "^=") and not events.is_own(info.source)
		if foreign and sub(info.source, 1, #root) ~= root then
			return events.file_of(info.source), info.currentline
		end
	end
end

local function enter_test(name, root)
	local test = { id = events.new_id(), name = name, path = copy_of_path(blocks, #blocks) }
	test.file, test.line = written_at(root)
	running[#running + 1] = test
	return test
end

-- Said when the test's code runs, not in `it`: a test that is filtered out never starts.
local function start_test(test)
	if test and not test.started then
		test.started = true
		guard("start", emit, "start", test)
	end
end

-- A result ends the innermost running test of that name. Those above it never came to a result. A test
-- may also add results of its own making: they count, under an id of their own.
local function leave_test(result)
	for i = #running, 1, -1 do
		local test = running[i]
		if test.name == result.name then
			for above = #running, i, -1 do
				running[above] = nil
			end
			return test
		end
	end
	local path = type(result.path) == "table" and result.path or {}
	return { id = events.new_id(), name = result.name, path = copy_of_path(path, #path - 1) }
end

local function report_failure(test, problem)
	test.message = events.error_text(problem)
	local own = type(problem) == "table" and rawget(problem, "traceback")
	test.traceback = test.stack or type(own) == "string" and own or nil
end

local function report_result(result)
	local test = leave_test(result)
	test.status, test.own = result.status, result.execution_time
	if result.status == "fail" then
		report_failure(test, result.error)
	elseif result.status == "pass" and test.pending then
		test.status, test.reason = "pending", test.pending
	else
		test.reason = result.reason
	end
	emit("test", test)
end

local function run_as_part_of(test, fn)
	start_test(test)
	call_watched(fn, function(_, stack)
		if test then
			test.stack = test.stack or without_shim(stack)
		end
	end)
end

local function watch_test(test, fn)
	return function()
		run_as_part_of(test, fn)
	end
end

-- A before or after hook is part of the innermost test.
local function watch_hook(fn)
	return function()
		run_as_part_of(running[#running], fn)
	end
end

local function report_block_error(name, problem, stack)
	emit("error", {
		where = "describe", path = copy_of_path(blocks, #blocks - 1), name = name,
		message = events.error_text(problem), traceback = without_shim(stack),
	})
end

local function watch_block(name, fn)
	return function()
		local depth = #blocks
		blocks[depth + 1] = events.text(name)
		local ok, problem = xpcall(fn, function(e)
			guard("describe", report_block_error, name, e, traceback("", 2))
			return e
		end)
		for i = #blocks, depth + 1, -1 do
			blocks[i] = nil
		end
		if not ok then
			error(problem, 0)
		end
	end
end

-- Firmo tells its async functions by their identity: those must stay as they are.
local function is_plain_function(value, library)
	if type(value) ~= "function" then
		return false
	end
	local async = loaded[library .. "async"]
	local is_async = type(async) == "table" and async.is_async_function
	return not (is_async and is_async(value))
end

-- Firmo looks for the caller of `it` by stack level, so the wrapper leaves by a tail call.
local function hook_it(definitions, library, root)
	local it = definitions.it
	definitions.it = function(name, options, fn)
		local body = type(options) == "function" and options or fn
		if type(body) ~= "function" then
			return it(name, options, fn) -- which raises an error
		end
		local test = guard("it", enter_test, name, root)
		local watched = body
		if test and is_plain_function(body, library) then
			watched = watch_test(test, body)
		else
			start_test(test)
		end
		if body == options then
			return it(name, watched)
		end
		return it(name, options, watched)
	end
end

local function hook_describe(definitions)
	local describe = definitions.describe
	definitions.describe = function(name, fn, options)
		return describe(name, type(fn) == "function" and watch_block(name, fn) or fn, options)
	end
end

-- pending() only makes a message: the test that calls it goes on, and Firmo counts it as passed.
local function hook_pending(definitions)
	local pending = definitions.pending
	definitions.pending = function(message)
		local reason = pending(message)
		local test = running[#running]
		if test then
			test.pending = reason
		end
		return reason
	end
end

local function hook_results(definitions)
	local add_test_result = definitions.add_test_result
	definitions.add_test_result = function(result)
		local added = add_test_result(result)
		if added then
			guard("result", report_result, added)
		end
		return added
	end
end

local function hook_registration(definitions, name, library)
	local register = definitions[name]
	definitions[name] = function(fn)
		return register(is_plain_function(fn, library) and watch_hook(fn) or fn)
	end
end

local function hook_definitions(definitions, library)
	local source = getinfo(definitions.it, "S").source
	hook_it(definitions, library, match(source, "^(.*)core/[^/]*$") or source)
	hook_describe(definitions)
	hook_pending(definitions)
	hook_results(definitions)
	hook_registration(definitions, "before", library)
	hook_registration(definitions, "after", library)
end

local function report_load_error(file, message)
	message = events.text(message)
	emit("error", { where = "load", message = message, file = file, line = events.line_of(message, file) })
end

local function report_file_error(file, problem, stack)
	local message = events.error_text(problem)
	emit("error", {
		where = "file", message = message, traceback = without_shim(stack),
		file = file, line = events.line_of(message, file),
	})
end

-- Firmo forgets what a syntax error or an error at the top level of `file` says. It reads the file
-- with the global loadfile, which is therefore exchanged until that one call.
local function watch_loading(file)
	local original, watched = loadfile, nil
	local function restore()
		if loadfile == watched then -- else the test file has put in its own
			loadfile = original
		end
	end
	watched = function(path, ...)
		local chunk, problem = original(path, ...)
		if path ~= file then
			return chunk, problem
		end
		restore()
		if not chunk then
			guard("load", report_load_error, file, problem)
			return chunk, problem
		end
		return function()
			call_watched(chunk, function(e, stack)
				report_file_error(file, e, stack)
			end)
		end
	end
	loadfile = watched
	return restore
end

local function hook_runner(runner)
	local run_file = runner.run_file
	runner.run_file = function(file, ...)
		local depth = files + 1
		local restore = depth == 1 and watch_loading(file)
		files = depth
		local result, problem = run_file(file, ...)
		files = depth - 1
		if depth == 1 then
			restore()
			guard("done", emit, "done")
		end
		return result, problem
	end
end

return function(module, name)
	if type(module) ~= "table" then
		return nil
	elseif type(module.add_test_result) == "function" and type(module.it) == "function" then
		hook_definitions(module, (gsub(name, "core%.test_definition$", "")))
		emit("attach", { framework = "firmo" })
	elseif type(module.run_file) == "function" and type(module.run_tests) == "function" then
		hook_runner(module)
	end
end
