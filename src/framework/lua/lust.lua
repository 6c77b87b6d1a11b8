-- SPDX-License-Identifier: MIT
-- lust, and what is made from it. It prints its results and keeps their numbers; a test has come to its
-- end when `it` returns, and has passed if its function has. A hook that fails ends the file from within
-- its test. There is no end of a run but that of the file: `events.open` tells init.lua how many blocks and
-- tests lust is inside of.
local events, load_part = ...
local bdd = load_part("bdd", events)
local emit, guard = events.emit, events.guard
local getinfo, type = debug.getinfo, type

local running -- the innermost test

local function outermost_left(depth, ...)
	events.set_open(depth)
	return ...
end

local function call_open(fn, ...)
	local depth = bdd.depth()
	events.set_open(depth + 1)
	return outermost_left(depth, fn(...))
end

local function is_inside_test()
	return running and running.started and not running.ended
end

-- The test; false if it is not wanted. What a running test calls `it` for is a part of it.
local function enter_test(name, fn, root)
	local test = bdd.new_test(name, fn, nil, root, is_inside_test()) -- no tail call: it counts levels
	return test
end

local function end_test(test, status)
	if not test.ended then
		test.ended = true
		bdd.finish(test, { status = status, message = test.message, traceback = test.stack })
	end
end

local function note_error(test, problem, stack)
	test.message, test.stack = events.error_text(problem), stack
end

local function watch_test(test, fn)
	return bdd.watched(fn, function(problem, stack)
		note_error(test, problem, stack)
	end, function()
		bdd.start(test)
	end, function()
		test.returned = true
	end, test)
end

-- The error of a hook leaves `it`: there will be no other end of the test.
local function watch_hook(fn)
	local function failed(problem, stack)
		if running then
			note_error(running, problem, stack)
			end_test(running, "error")
		end
	end
	return bdd.watched(fn, failed, function()
		if running then
			bdd.start(running)
		end
	end)
end

local function run_test(it, test, ...)
	local outer = running
	running = test
	call_open(it, ...)
	running = outer
	bdd.forget()
	local status = test.message and "fail" or test.returned and "pass" or test.called and "error" or "skip"
	guard("result", end_test, test, status)
end

-- Descendants of lust take a table of options in front of the function.
local function hook_it(lust, root)
	local it = lust.it
	lust.it = function(title, options, fn, ...)
		local body = type(options) == "function" and options or fn
		local test
		if type(body) == "function" then
			test = guard("it", enter_test, title, body, root)
		end
		if test == false then
			return nil
		elseif not test then
			return it(title, options, fn, ...)
		elseif body == options then
			return run_test(it, test, title, watch_test(test, body), fn, ...)
		end
		return run_test(it, test, title, options, watch_test(test, body), ...)
	end
end

local function hook_describe(lust, root)
	local describe = lust.describe
	lust.describe = function(name, fn, ...)
		local block = type(fn) == "function" and guard("describe", bdd.block, name, fn, root)
		return call_open(describe, name, block or fn, ...)
	end
end

local function hook_registration(lust, name)
	local register = lust[name]
	if type(register) == "function" then
		lust[name] = function(fn, ...)
			return register(type(fn) == "function" and watch_hook(fn) or fn, ...)
		end
	end
end

local function hook(lust)
	local root = getinfo(lust.it, "S").source
	local has_alias = lust.test == lust.it
	hook_it(lust, root)
	hook_describe(lust, root)
	hook_registration(lust, "before")
	hook_registration(lust, "after")
	if has_alias then
		lust.test = lust.it
	end
	events.set_open(0)
end

return function(module)
	local fits = type(module) == "table" and type(module.describe) == "function" and type(module.it) == "function"
	if not fits then
		return
	elseif events.lead("lust") then
		events.attach("lust")
		hook(module)
	else
		events.watch_beside(module, "it", "lust") -- it may be what the other's tests are about
	end
end
