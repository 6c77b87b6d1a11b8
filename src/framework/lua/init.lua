-- SPDX-License-Identifier: MIT
-- The first file of a worker, run by LUA_INIT=@DIR/init.lua before the test file; and, as they inherit that,
-- of every Lua that it starts. In those nothing happens, but to what LuaCov writes.
local getenv, open, close, read, pcall, loadfile = os.getenv, io.open, io.stderr.close, io.stderr.read, pcall, loadfile
local match, gmatch, gsub, sub, error, rawget = string.match, string.gmatch, string.gsub, string.sub, error, rawget

local DIR = match(debug.getinfo(1, "S").source, "^@(.*/)") or "./"
local jit = rawget(_G, "jit")
local COMPILED = "." .. gsub(jit and jit.version or _VERSION, "%W", "_")

local function is_there(path)
	local file = open(path)
	return file and close(file)
end

local function text_of(path)
	local file = open(path, "rb")
	local text = file and read(file, "*a")
	if file then
		close(file)
	end
	return text or ""
end

-- Below a wrapper (--wrap) it is the first process with the words of the worker: who reads the events holds to
-- that, as its pid stands behind the key.
local pid, mark = getenv("FIRMO_JOBS_PID"), ""
local words = not pid and getenv("FIRMO_JOBS_WORDS")
if words and words == (gsub(match(text_of("/proc/self/cmdline"), "^[^%z]*%z(.*)%z$") or "", "%z", "\n")) then
	pid = match(text_of("/proc/self/stat"), "^%d+")
	mark = ":" .. pid
end

-- It is there for the worker alone: a child has no such thread.
local own_thread
local function find_own_thread()
	own_thread = "/proc/self/task/" .. (pid or "0") .. "/comm"
end
find_own_thread()

-- Forked children inherit even this state: true in the worker itself, false in another process, nil where
-- nobody can tell (no file descriptor is left, say).
local function is_worker()
	if is_there(own_thread) then
		return true
	end
	return is_there("/proc/self/comm") and false
end

-- A part of the shim, as this interpreter has compiled it, if there is such a file (compile.lua).
local function load_part(name, ...)
	local chunk, problem = loadfile(DIR .. name .. COMPILED)
	if not chunk then
		chunk, problem = loadfile(DIR .. name .. ".lua")
	end
	return (chunk or error(problem, 0))(...)
end

-- The table of C libraries, in which nobody counts, and from which nothing is ever taken away. The registry
-- has it by a name or, in 5.2 and 5.3, by an address.
local function libraries_loaded(registry)
	local place = rawget(registry, "_CLIBS") or rawget(registry, "_LOADLIB")
	for key, value in next, registry do
		place = place or type(key) == "userdata" and type(value) == "table" and value
	end
	return place or registry
end

-- Calls the function when the interpreter's state is closed; the first that was given comes last.
local function at_close(fn)
	local newproxy = rawget(_G, "newproxy") -- 5.1 and LuaJIT finalize no tables
	local sentinel = newproxy and newproxy(true) or setmetatable({}, { __gc = fn })
	if newproxy then
		getmetatable(sentinel).__gc = fn
	end
	rawset(libraries_loaded(debug.getregistry()), sentinel, true)
end

-- What --preload names is loaded where the file is about to be: as `lua -l` would do it, and once.
local modules = getenv("FIRMO_JOBS_PRELOAD")
local function preload()
	local names = modules or ""
	modules = nil
	for name in gmatch(names, "[^\n]+") do
		local ok, problem = pcall(require, name)
		if not ok then
			error("--preload=" .. name .. ": " .. tostring(problem), 0)
		end
	end
end
if modules and not is_worker() then
	modules = nil
end

-- A server is no worker, but becomes many.
local is_shimmed, main, server
local fork = getenv("FIRMO_JOBS_FORK")
if fork and is_worker() then
	local library, placeholder, how = match(fork, "^(.*)\n(.*)\n(.*)$")
	server = load_part("fork", library, placeholder, how == "runner", at_close, function()
		pid = getenv("FIRMO_JOBS_PID")
		find_own_thread()
		if main then
			main.be_born()
		end
	end)
end
if getenv("FIRMO_JOBS_SHIM") and is_worker() then
	is_shimmed, main = pcall(load_part, "main", DIR, load_part, is_worker, at_close, mark, server, modules and preload)
	main = is_shimmed and main
end

-- The lines that run from here on count; those of the shim lie elsewhere.
local memory = getenv("FIRMO_JOBS_COVERAGE")
if memory and is_worker() then
	pcall(load_part, "coverage", memory, at_close)
end

-- Even in children: they write to the same file of LuaCov's as the worker.
if type(package) == "table" and type(package.preload) == "table" then
	local function ours(name)
		return load_part("luacov", DIR, name, getenv, ours, is_worker)
	end
	package.preload["luacov.stats"] = ours
end

-- The user's own LUA_INIT, as the stock interpreter runs it: the one for this version goes first. A script
-- that starts the interpreter may have set its own LUA_INIT since, as those that luarocks installs do.
local variable = "LUA_INIT" .. gsub(match(_VERSION, "%d+%.%d+"), "^(%d+)%.", "_%1_")
local value = getenv("FIRMO_JOBS_" .. variable)
if not value then
	variable, value = "LUA_INIT", getenv("LUA_INIT")
	if value == "@" .. DIR .. "init.lua" then
		value = getenv("FIRMO_JOBS_LUA_INIT")
	end
end
if value and sub(value, 1, 1) == "@" then
	dofile(sub(value, 2))
elseif value then
	local chunk, syntax = (rawget(_G, "loadstring") or load)(value, "=" .. variable);
	(chunk or error(syntax, 0))()
end
if main then
	main.begin()
end
-- busted comes to its files by itself: there the helper has set up what modules may need.
if not (main and main.is_busted) then
	preload()
end
-- Where a file's own runner loads it, the server goes on to there.
if server and not server.by_runner then
	server.fork()
end
