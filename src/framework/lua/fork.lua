-- SPDX-License-Identifier: MIT
-- What init.lua loads in a fork server (trace/preload/fork.h): an interpreter that is forked for each file, where
-- that would be loaded. `be_born` is called in each worker first.
local library, at_close, be_born = ...
local fork, last = package.loadlib(library, "fork_worker"), package.loadlib(library, "fork_last")
local collect, type, rawget, exit = collectgarbage, type, rawget, os.exit
local math, original = math, math.randomseed
local sethook, gethook, getinfo = debug.sethook, debug.gethook, debug.getinfo
local M = {}

-- All other finalizers have run. To free what is left one by one costs a worker more than all the rest; where the
-- exit status is known for certain, nothing else is left to do.
local status
at_close(function()
	if status then
		exit(status)
	end
	last()
end)

-- The interpreter closes its state to leave with that status.
function M.leaves(with)
	status = with
end

-- Where the script itself comes to its end, and is not left by an error, the status is 0. To look for that is only
-- for where it is near, and where nobody else looks.
function M.ends_soon()
	local arguments = rawget(_G, "arg")
	local i = -1
	while type(arguments) == "table" and arguments[i] do
		if arguments[i] == "-i" then
			return
		end
		i = i - 1
	end
	if not gethook() then
		sethook(function()
			if getinfo(2, "S").what == "main" and getinfo(3, "S") and getinfo(3, "S").what == "C"
				and not getinfo(4, "S") then
				status = 0
			end
		end, "r")
	end
end

-- 5.4 draws a seed when it starts, so that no two processes have the same. What the start has seeded itself stays.
local is_seeded = _VERSION < "Lua 5.4"
local function randomseed(...)
	is_seeded = true
	return original(...)
end
if not is_seeded then
	math.randomseed = randomseed
end

local function reseed(a, b)
	if math.randomseed == randomseed then
		math.randomseed = original
	end
	if not is_seeded then
		original(a, b)
	end
end

local function replace(list, old, new)
	if type(list) == "table" then
		for i = 0, #list do
			list[i] = list[i] == old and new or list[i]
		end
	end
end

-- Comes back in a worker, with the file in its place among the arguments and in `files`.
function M.fork(files)
	collect()
	collect()
	local old, new, a, b = fork()
	be_born()
	reseed(a, b)
	replace(rawget(_G, "arg"), old, new)
	replace(files, old, new)
end

return M
