-- SPDX-License-Identifier: MIT
-- What init.lua loads where something requires LuaCov's part that reads and writes its stats file: each worker, with
-- the Luas that it starts, has a file of its own, which the runner adds to the others at the end of the run. In one
-- file of all workers they would write over each other's.
-- Without a shim it is told of that by itself. `ours` is what package.preload has for that part.
local DIR, name, getenv, ours, is_worker = ...
local open, rename, type, pairs, error = io.open, os.rename, type, pairs, error
local byte, format, match, concat = string.byte, string.format, string.match, table.concat
local read, write, close = io.stderr.read, io.stderr.write, io.stderr.close

-- As `require` finds it without us, who may stand behind the searchers of others.
local function find()
	local searchers = package.searchers or package.loaders
	local why = { "module '" .. name .. "' not found:" }
	for i = 1, #searchers do
		local loader, extra = searchers[i](name)
		if type(loader) == "function" and loader ~= ours then
			return loader(name, extra)
		end
		why[#why + 1] = type(loader) == "string" and loader or nil
	end
	error(concat(why), 0)
end

local stats = find()
if type(stats) ~= "table" or type(stats.load) ~= "function" or type(stats.save) ~= "function" then
	return stats
end

local function text_of(path)
	local file = open(path, "rb")
	local text = file and read(file, "*a")
	if file then
		close(file)
	end
	return text
end

local function put(path, text)
	local file = open(path, "wb")
	return file and write(file, text) and close(file)
end

-- What stands in this worker for that file, without its ending. A forked worker has the environment of its own.
local function own_of(path)
	local hash = 0
	for i = 1, #path do
		hash = (hash * 31 + byte(path, i)) % 2147483648
	end
	local own = format("%sluacov/%s-%d", DIR, match(getenv("FIRMO_JOBS_WORKER") or "", "(%d+)$") or "", hash)
	local said = text_of(own .. ".name")
	while said and said ~= path do
		own = own .. "+"
		said = text_of(own .. ".name")
	end
	return own, said
end

is_worker = is_worker or function()
	return text_of("/proc/self/task/" .. (getenv("FIRMO_JOBS_PID") or "0") .. "/comm") ~= nil
end

-- LuaCov's own report would be one of this worker alone: the runner has it made at the end.
local function take_report(own)
	local runner = package.loaded["luacov.runner"]
	local settings = type(runner) == "table" and runner.configuration
	if type(settings) == "table" and settings.runreport and is_worker() then
		settings.runreport = false
		put(own .. ".report", "")
	end
end

-- What is there from before the run is seen by all, and is not theirs to write: it is added to in the end.
local before = {}

local function copied(data)
	local all = {}
	for file, counts in pairs(data or {}) do
		all[file] = {}
		for line, count in pairs(counts) do
			all[file][line] = count
		end
	end
	return all
end

local function without(data, old)
	local all = copied(data)
	for file, counts in pairs(all) do
		for line, count in pairs(old and old[file] or {}) do
			if type(line) == "number" and counts[line] then
				counts[line] = counts[line] - count
			end
		end
	end
	return all
end

local load, save = stats.load, stats.save
function stats.load(path, ...)
	if type(path) ~= "string" then
		return load(path, ...)
	end
	local own, said = own_of(path)
	local data = load(said and own .. ".stats" or path, ...)
	before[path] = not said and type(data) == "table" and copied(data) or nil
	return data
end

function stats.save(path, data, ...)
	if type(path) ~= "string" or type(data) ~= "table" then
		return save(path, data, ...)
	end
	local own, said = own_of(path)
	if not said and not put(own .. ".name", path) then
		return save(path, data, ...)
	end
	take_report(own)
	save(own .. ".new", without(data, before[path]), ...)
	before[path] = nil
	rename(own .. ".new", own .. ".stats")
end

return stats
