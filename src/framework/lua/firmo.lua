-- SPDX-License-Identifier: MIT
-- Firmo. Every result passes `add_test_result` of its test_definition module, and `it` runs a test at
-- once, so a test is on the stack `running` from `it` until its result. Firmo's own tests nest all of
-- this, call reset() and load second copies of the modules: the state here is one for the process.
local events, load_part = ...
local bdd = load_part("bdd", events, true)
local emit, guard = events.emit, events.guard
local getinfo = debug.getinfo
local type, rawget = type, rawget
local loaded = package.loaded
local match, gsub = string.match, string.gsub

local running = {} -- tests begun by `it`, the innermost last
local files = 0 -- nested calls of run_file

-- What a running test calls `it` for is a part of it, and not for --filter and --tag to leave out.
local function is_inside_test()
	local innermost = running[#running]
	return innermost and innermost.started
end

-- The test; false if it is not wanted.
local function enter_test(name, fn, options, root)
	local tags = type(options) == "table" and options.tags
	local test = bdd.new_test(name, fn, tags, root, is_inside_test())
	if test then
		running[#running + 1] = test
	end
	return test
end

-- A result ends the innermost running test of that name. Those above it never came to a result. A test
-- may also add results of its own making: they count, under an id of their own.
local function leave_test(result)
	for i = #running, 1, -1 do
		local test = running[i]
		if test.name == events.text(result.name) then
			for above = #running, i, -1 do
				running[above] = nil
			end
			return test
		end
	end
	local path = {}
	for i = 1, type(result.path) == "table" and #result.path - 1 or 0 do
		path[i] = result.path[i]
	end
	return { id = events.new_id(), name = result.name, path = path }
end

-- Firmo keeps an error that was no string as the cause of one of its own.
local function message_of(problem)
	local cause = type(problem) == "table" and rawget(problem, "cause")
	local root = type(cause) == "table" and rawget(cause, "message")
	local message = events.error_text(problem)
	return type(root) == "string" and message .. "\nCaused by: " .. root or message
end

local function failure(test, problem)
	local own = type(problem) == "table" and rawget(problem, "traceback")
	return {
		status = "fail", message = message_of(problem),
		traceback = test.stack or type(own) == "string" and match(own, "^\n?(.*)$") or nil,
	}
end

-- A hook's error is the error that a test with expect_error expects: Firmo says that it has passed.
local function report_lost_error(test)
	local lost = test.hook_error
	if lost then
		lost.path, lost.name = test.path, test.name
		emit("error", lost)
	end
end

local function report_result(result)
	local test = leave_test(result)
	local fields = {
		status = result.status, reason = result.reason, traceback = test.interrupted and test.stack or nil,
	}
	if result.status == "fail" then
		fields = failure(test, result.error)
	elseif result.status == "pass" and test.pending then
		fields.status, fields.reason = "pending", test.pending
	end
	fields.own = result.execution_time
	bdd.finish(test, fields)
	bdd.forget()
	if result.status ~= "fail" then
		report_lost_error(test)
	end
end

-- The interpreter's answer to SIGINT is an error, which expect_error takes for the one that it expects.
local function watch_test(test, fn)
	return bdd.watched(fn, function(problem, stack)
		test.stack = test.stack or stack
		test.interrupted = type(problem) == "string" and match(problem, "interrupted!$")
	end, function()
		bdd.start(test)
	end)
end

-- A before or after hook is part of the innermost test.
local function watch_hook(fn, where)
	local function failed(problem, stack)
		local test = running[#running]
		if test then
			test.stack = test.stack or stack
			test.hook_error = { where = where, message = events.error_text(problem), traceback = stack }
		end
	end
	return bdd.watched(fn, failed, function()
		local test = running[#running]
		if test then
			bdd.start(test)
		end
	end)
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
		local test = guard("it", enter_test, name, body, options, root)
		local watched = body
		if test == false then
			return nil
		elseif test and is_plain_function(body, library) then
			watched = watch_test(test, body)
		elseif test then
			bdd.start(test)
		end
		if body == options then
			return it(name, watched)
		end
		return it(name, options, watched)
	end
end

local function hook_describe(definitions, root)
	local describe = definitions.describe
	definitions.describe = function(name, fn, options)
		local block = type(fn) == "function" and guard("describe", bdd.block, name, fn, root)
		return describe(name, block or fn, options)
	end
end

local function hook_tags(definitions)
	local tags, reset = definitions.tags, definitions.reset
	definitions.tags = function(...)
		bdd.set_tags({ ... })
		return tags(...)
	end
	definitions.reset = function(...)
		bdd.set_tags({})
		return reset(...)
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
		return register(is_plain_function(fn, library) and watch_hook(fn, name .. "_each") or fn)
	end
end

local function hook_definitions(definitions, library)
	local source = getinfo(definitions.it, "S").source
	local root = match(source, "^(.*)core/[^/]*$") or source
	hook_it(definitions, library, root)
	hook_describe(definitions, root)
	hook_tags(definitions)
	hook_pending(definitions)
	hook_results(definitions)
	hook_registration(definitions, "before", library)
	hook_registration(definitions, "after", library)
end

-- it_async() catches what its function raises, and raises it again with words of its own.
local function hook_async(async)
	local it_async = async.it_async
	local function watched(fn)
		return type(fn) == "function" and bdd.watched(fn, function() end) or fn
	end
	async.it_async = function(name, options, fn, ...)
		if type(options) == "function" then
			return it_async(name, watched(options), fn, ...)
		end
		return it_async(name, options, watched(fn), ...)
	end
end

local function report_load_error(file, message)
	message = events.text(message)
	emit("error", { where = "load", message = message, file = file, line = events.line_of(message, file) })
end

local function report_file_error(file, problem, stack)
	local message = events.error_text(problem)
	emit("error", {
		where = "file", message = message, traceback = stack,
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
		return bdd.watched(chunk, function(e, stack)
			report_file_error(file, e, stack)
		end)
	end
	loadfile = watched
	return restore
end

local function hook_runner(runner)
	local run_file = runner.run_file
	runner.run_file = function(file, ...)
		local depth = files + 1
		if events.server and file == events.server.placeholder then
			events.server.fork() -- the file has its name from here on
		end
		local restore = depth == 1 and watch_loading(file)
		files = depth
		local result, problem = run_file(file, ...)
		files = depth - 1
		if depth == 1 then
			restore()
			guard("done", events.finish)
		end
		return result, problem
	end
end

return function(module, name)
	if type(module) ~= "table" or not events.lead("firmo") then
		return nil
	elseif type(module.add_test_result) == "function" and type(module.it) == "function" then
		hook_definitions(module, (gsub(name, "core%.test_definition$", "")))
		events.attach("firmo")
	elseif type(module.run_file) == "function" and type(module.run_tests) == "function" then
		hook_runner(module)
	elseif type(module.it_async) == "function" and type(module.is_async_function) == "function" then
		hook_async(module)
	end
end
