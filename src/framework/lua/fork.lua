-- SPDX-License-Identifier: MIT
-- What init.lua loads in a fork server (trace/preload/fork.h): an interpreter that is forked for each file, where
-- that would be loaded. `be_born` is called in each worker first.
-- placeholder: the file that stands for others. by_runner: a script is to load it.
local library, placeholder, by_runner, at_close, be_born = ...
local fork, last = package.loadlib(library, "fork_worker"), package.loadlib(library, "fork_last")
local collect, type, rawget, rawset, exit = collectgarbage, type, rawget, rawset, os.exit
local find, sub, next = string.find, string.sub, next
local math, original = math, math.randomseed
local sethook, gethook, getinfo, registry = debug.sethook, debug.gethook, debug.getinfo, debug.getregistry()
local getlocal, setlocal, getupvalue, setupvalue = debug.getlocal, debug.setlocal, debug.getupvalue, debug.setupvalue
-- 5.1 keeps a library where it can be seen. That the process has it does not hang on that.
registry["LOADLIB: " .. library] = nil
local M = { by_runner = by_runner, placeholder = placeholder }

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

-- ---- the file's name ----

-- The text with the file in place of what stands for it.
local function named(text, file)
	local first, last = find(text, placeholder, 1, true)
	while first do
		text = sub(text, 1, first - 1) .. file .. sub(text, last + 1)
		first, last = find(text, placeholder, first + #file, true)
	end
	return text
end

-- What has the name in it stands in `places`: { table, key }, { table, key, true } of the key itself, or
-- { function, number } of an upvalue. All that can be reached from `value` is looked at, but for what is `seen`.
local function look(value, places, seen)
	local open = { value }
	local function holds(held)
		if type(held) == "string" then
			return find(held, placeholder, 1, true)
		elseif (type(held) == "table" or type(held) == "function") and not seen[held] then
			seen[held] = true
			open[#open + 1] = held
		end
	end
	while open[1] do
		local owner = open[#open]
		open[#open] = nil
		if type(owner) == "table" then
			for key, held in next, owner do
				if holds(held) then
					places[#places + 1] = { owner, key }
				end
				if holds(key) then
					places[#places + 1] = { owner, key, true }
				end
			end
		else
			local i, name, held = 1, getupvalue(owner, 1)
			while name do
				if holds(held) then
					places[#places + 1] = { owner, i }
				end
				i = i + 1
				name, held = getupvalue(owner, i)
			end
		end
	end
end

-- Calls fn with each local of the functions that have called fork(), their further arguments among them: what it
-- returns is put in its place. For functions that fork() has called.
local function each_local(fn)
	local level = 4
	while getinfo(level, "f") do
		for step = 1, -1, -2 do
			local i, name, value = step, getlocal(level, step)
			while name do
				local other = fn(value)
				if other then
					setlocal(level, i, other)
				end
				i = i + step
				name, value = getlocal(level, i)
			end
		end
		level = level + 1
	end
end

-- Where the name is, for fill(): in the arguments, and in what the script has made of them.
local function find_places()
	local places, seen = {}, { [M] = true }
	each_local(function(value)
		if type(value) == "table" or type(value) == "function" then
			look({ value }, places, seen)
		end
	end)
	look(registry, places, seen)
	return places
end

local function fill(places, file)
	each_local(function(value)
		return type(value) == "string" and named(value, file)
	end)
	for i = 1, #places do
		local place = places[i]
		local owner, key, is_key = place[1], place[2], place[3]
		if type(owner) == "function" then
			local _, text = getupvalue(owner, key)
			setupvalue(owner, key, named(text, file))
		elseif is_key then
			local value = rawget(owner, key)
			rawset(owner, key, nil)
			rawset(owner, named(key, file), value)
		else
			rawset(owner, key, named(rawget(owner, key), file))
		end
	end
end

-- Comes back in a worker, with the file in its place wherever its name had come to. A hook of the project's sees
-- nothing of that; one of C's, which Lua cannot set again, stays.
function M.fork()
	local hook, mask, count = gethook()
	local is_hooked = type(hook) == "function"
	if is_hooked then
		sethook()
	end
	local places = find_places()
	collect()
	collect()
	local file, a, b = fork()
	be_born()
	reseed(a, b)
	fill(places, file)
	if is_hooked then
		sethook(hook, mask, count)
	end
end

return M
