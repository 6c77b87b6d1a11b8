-- SPDX-License-Identifier: MIT
-- What init.lua loads where the lines that the worker runs are to be counted. A hook in C does that
-- (src/coverage/hook), in memory that the runner has made; where the interpreter hides the functions that the
-- hook needs, or is one that it does not know, a hook in Lua does, which is slow and writes what it has counted to the
-- same memory, as a file.
local memory, at_close = ...
local getenv, open, exit, type, pairs, rawget = os.getenv, io.open, os.exit, type, pairs, rawget
local sub, format, rep, concat = string.sub, string.format, string.rep, table.concat
local write, seek, flush = io.stderr.write, io.stderr.seek, io.stderr.flush
local debug, coroutine = debug, coroutine
local sethook, gethook, getinfo = debug.sethook, debug.gethook, debug.getinfo
local create, wrap = coroutine.create, coroutine.wrap

local jit = rawget(_G, "jit")
local function function_of(name)
	local loadlib = type(package) == "table" and package.loadlib
	local library = getenv("FIRMO_JOBS_COVERAGE_LIBRARY")
	return loadlib and library and loadlib(library, name)
end

local begin = function_of("coverage_begin")
local own_sethook, own_gethook
if begin then
	own_sethook, own_gethook = begin(jit and jit.version or _VERSION, memory, sethook, gethook)
end
if own_sethook then
	debug.sethook, debug.gethook = own_sethook, own_gethook
	at_close(function_of("coverage_end"))
	return
end

-- ---- a hook in Lua ----

-- Where it is written to, as src/coverage/hook/memory.h and src/coverage/stats.c have it: two places in turn, so
-- that one of them is whole.
local PLACE, PLACE_BYTES, HEAD_BYTES = 234881024, 16777216, 40
local HITS = 100000 -- after so many it is written
local file = open(memory, "r+b")
local sources, most, hits, times = {}, {}, 0, 0
if not file then
	return
end

local function counts_of(name)
	local counts, all = sources[name], {}
	for line = 1, most[name] do
		all[line] = format("%d ", counts[line] or 0)
	end
	return format("%d:%s\n%s\n", most[name], sub(name, 2), concat(all))
end

local function save()
	local all = {}
	for name in pairs(sources) do
		all[#all + 1] = counts_of(name)
	end
	local text = concat(all)
	local head = format("firmo-jobs %d %d", times + 1, #text)
	head = head .. rep(" ", HEAD_BYTES - 1 - #head) .. "\n"
	if #text <= PLACE_BYTES - 2 * HEAD_BYTES then
		times = times + 1
		seek(file, "set", PLACE + times % 2 * PLACE_BYTES)
		write(file, head, text, head)
		flush(file)
	end
end

local function hook(_, line)
	local name = getinfo(2, "S").source
	if sub(name, 1, 1) ~= "@" then
		return
	end
	local counts = sources[name]
	if not counts then
		counts, most[name] = {}, 0
		sources[name] = counts
	end
	counts[line] = (counts[line] or 0) + 1
	if line > most[name] then
		most[name] = line
	end
	hits = hits + 1
	if hits % HITS == 0 then
		save()
	end
end

-- Each thread has a hook of its own, but for LuaJIT.
local function hooked(body)
	return function(...)
		sethook(hook, "l")
		return body(...)
	end
end
if not jit then
	coroutine.create = function(body, ...)
		return create(type(body) == "function" and hooked(body) or body, ...)
	end
	coroutine.wrap = function(body, ...)
		return wrap(type(body) == "function" and hooked(body) or body, ...)
	end
end
os.exit = function(...)
	sethook()
	save()
	return exit(...)
end
at_close(function()
	sethook()
	save()
end)
save()
sethook(hook, "l")
