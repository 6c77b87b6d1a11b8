-- SPDX-License-Identifier: MIT
-- What Firmo and lust have in common: describe() runs its block at once, and it() its test. So what is
-- around a test is a stack; and an error is looked at while the call stack of its raiser is still there.
-- swallows: describe() lets no error of its block out.
local events, swallows = ...
local emit, guard, text = events.emit, events.guard, events.text
local getinfo, xpcall, error, type = debug.getinfo, xpcall, error, type
local pairs, rawequal, select, unpack = pairs, rawequal, select, table.unpack or unpack
local match, sub, find, concat = string.match, string.sub, string.find, table.concat

local M = {}
local OWN_LEVELS, DEEPEST_CALLER = 5, 20 -- of the stack, seen from where a describe or it was called
local RAISER, LONGEST_STACK = 7, 20 -- of the stack, seen from where an error is looked at
local blocks = {} -- those around the present place: { name =, tags = }
local tags = {} -- set for the tests from here to the end of the block
local seen = {} -- the error that is on its way out: { problem =, stack = }

local function line_of_stack(info)
	local place = info.short_src .. (info.currentline > 0 and ":" .. info.currentline or "")
	if info.what == "main" then
		return place .. ": in main chunk"
	elseif info.name then
		return place .. ": in function '" .. info.name .. "'"
	elseif info.what ~= "Lua" then
		return place .. ": in ?"
	end
	return place .. ": in function <" .. info.short_src .. ":" .. info.linedefined .. ">"
end

-- The calls from the raiser of an error up to where the shim called into the test.
local function calls_of_test()
	local calls = {}
	for level = RAISER, RAISER + LONGEST_STACK - 1 do
		local info = getinfo(level, "Snl")
		if not info or events.is_own(info.source) then
			return calls, true
		end
		calls[#calls + 1] = info
	end
	return calls, false
end

-- debug.traceback would look for each function in all modules that are loaded, which takes a hundred
-- times as long.
local function call_stack()
	local calls, is_whole = calls_of_test()
	local outermost = calls[#calls]
	if is_whole and outermost and outermost.what == "C" then
		calls[#calls] = nil -- it is xpcall
	elseif is_whole and outermost then
		outermost.name = nil -- it is what the shim calls it
	end
	for i = 1, #calls do
		calls[i] = "\n\t" .. line_of_stack(calls[i])
	end
	return "stack traceback:" .. concat(calls) .. (is_whole and "" or "\n\t...")
end

-- A framework may have caught the error further inside, and raised it again with words around it.
local function is_seen(problem)
	local known = seen.problem
	return seen.stack and (rawequal(problem, known)
		or type(problem) == "string" and type(known) == "string" and find(problem, known, 1, true))
end

local function look_at(failed, problem)
	local again = is_seen(problem)
	if not again then
		seen = { problem = problem, stack = call_stack() }
	end
	failed(problem, seen.stack, again)
	return true
end

-- The framework has kept the last error for itself.
function M.forget()
	seen = {}
end

local function passed_on(left, unhandled, ok, ...)
	if not ok then
		unhandled((...))
		error((...), 0)
	elseif left then
		left()
	end
	return ...
end

local function with_arguments(fn, n, ...)
	local args = { ... }
	return function()
		return (fn(unpack(args, 1, n)))
	end
end

-- A function that does what fn does. It calls entered() first; at a normal end left(); and for an error,
-- which goes on unchanged, failed(problem, stack, again), where `again` says that a function further
-- inside was told of it before. All but `failed` may be nil. It is no more than two calls on the stack,
-- each of which makes the tracebacks that Firmo itself takes dearer. Lua calls no handler where the stack has
-- overflown, or memory is short: then failed() is called once the stack is gone.
-- mark.called is set before all else, whatever a test has made of the functions that are called here.
function M.watched(fn, failed, entered, left, mark)
	local handled
	local function handler(problem)
		handled = guard("error", look_at, failed, problem)
		return problem
	end
	local function unhandled(problem)
		if not handled then
			guard("error", failed, problem)
		end
		handled = nil
	end
	return function(...)
		if mark then
			mark.called = true
		end
		local n = select("#", ...)
		if entered then
			entered()
		end
		seen, handled = {}, nil
		-- 5.1 passes no arguments on.
		return passed_on(left, unhandled, xpcall(n == 0 and fn or with_arguments(fn, n, ...), handler))
	end
end

-- File and line of the first caller that is neither the framework (its source begins with `root`), C,
-- nor the shim, of which there are some levels at least.
local function written_at(root)
	for level = OWN_LEVELS, DEEPEST_CALLER do
		local info = getinfo(level, "Sl")
		if not info then
			return nil
		end
		local foreign = info.what ~= "C" and not match(info.source, "^=") and not events.is_own(info.source)
		if foreign and sub(info.source, 1, #root) ~= root then
			return events.file_of(info.source), info.currentline, info.source
		end
	end
end

function M.depth()
	return #blocks
end

function M.path()
	local path = {}
	for i = 1, #blocks do
		path[i] = blocks[i].name
	end
	return path
end

-- Exchanges the tags for the tests from here to the end of the block.
function M.set_tags(list)
	tags = list
end

local function close_block(depth, tags_before)
	for i = #blocks, depth + 1, -1 do
		blocks[i] = nil
	end
	tags = tags_before
end

-- The function of a describe(), written at the present place.
function M.block(name, fn, root)
	local file, line, source = written_at(root)
	local depth, tags_before
	local function entered()
		depth, tags_before = #blocks, tags
		blocks[depth + 1] = {
			name = text(name), tags = tags,
			is_wanted = depth > 0 and blocks[depth].is_wanted or events.is_group_wanted(source, line),
		}
	end
	local function left()
		close_block(depth, tags_before)
	end
	local function failed(problem, stack, again)
		left()
		if not again then
			emit("error", {
				where = "describe", path = M.path(), name = name, file = file, line = line,
				message = events.error_text(problem), traceback = stack,
			})
		end
		if swallows then
			M.forget()
		end
	end
	return M.watched(fn, failed, entered, left)
end

local function add_tags(all, list)
	for i = 1, type(list) == "table" and #list or 0 do
		local tag = text(list[i])
		if not all[tag] then
			all[#all + 1], all[tag] = tag, true
		end
	end
end

-- All tags of a test: of its block, its own, those set since, and those in its name. nil: it has none.
local function tags_of(own_tags, full_name)
	local all = {}
	add_tags(all, #blocks > 0 and blocks[#blocks].tags)
	add_tags(all, own_tags)
	add_tags(all, tags)
	add_tags(all, events.tags_of(full_name))
	return all[1] and all
end

-- A test that is written at the present place; false if it is neither selected nor `wanted` in any case.
-- own_tags: a list, or anything.
function M.new_test(name, fn, own_tags, root, wanted)
	local test = { name = text(name), path = M.path() }
	local full_name = events.full_name(test.path, test.name)
	test.tags = tags_of(own_tags, full_name)
	if not wanted and not events.is_selected(full_name, test.tags) then
		return false
	end
	test.file, test.line = written_at(root)
	local is_in_group = #blocks > 0 and blocks[#blocks].is_wanted
	if not wanted and not is_in_group and not events.is_place_wanted(fn, test.line) then
		return false
	end
	test.id = events.new_id()
	return test
end

-- Said when the test's code runs, not in it(): one that is left out never starts.
function M.start(test)
	if not test.started then
		test.started = true
		guard("start", emit, "start", test)
	end
end

-- result: the fields of its end; the others are known since it has started, if it has.
function M.finish(test, result)
	if test.started then
		result.id = test.id
	else
		for field, value in pairs(test) do
			result[field] = value
		end
	end
	emit("test", result)
end

return M
