-- SPDX-License-Identifier: MIT
-- The first file of a worker, run by LUA_INIT=@DIR/init.lua before the test file. Every start of an
-- interpreter pays for it, so it only installs hooks: the rest is loaded when a test framework is.
-- Everything is captured now: a test may replace io.open, os.exit or string.match later.
local getenv, open, exit, pcall, loadfile = os.getenv, io.open, os.exit, pcall, loadfile
local type, tostring, pairs, tonumber = type, tostring, pairs, tonumber
local match, gsub, sub, format = string.match, string.gsub, string.sub, string.format
local write, close = io.stderr.write, io.stderr.close

local DIR = match(debug.getinfo(1, "S").source, "^@(.*/)") or "./"
local FRAMEWORKS = {
	["core%.test_definition$"] = "firmo",
	["core%.runner$"] = "firmo",
	["lib%.async$"] = "firmo",
	["^busted%.modules%.cli$"] = "busted",
	["^busted%.modules%.helper_loader$"] = "busted",
	["^busted%.modules%.output_handler_loader$"] = "busted",
	["luaunit$"] = "luaunit",
	["%f[%w]lust$"] = "lust",
}
local ENDS = {} -- of the names above: they tell nearly every other module apart
for pattern in pairs(FRAMEWORKS) do
	ENDS[sub(pattern, -5, -2)] = true
end
-- It is there for the worker alone: a child has no such thread.
local OWN_THREAD = "/proc/self/task/" .. (getenv("FIRMO_JOBS_PID") or "0") .. "/comm"
local pipe, ended, events
local attach = {} -- framework -> its post-processor of modules

local function is_there(path)
	local file = open(path)
	return file and close(file)
end

-- Children inherit LUA_INIT, and forked ones even this state: true in the worker itself, false in
-- another process, nil where nobody can tell (no file descriptor is left, say).
local function is_worker()
	if is_there(OWN_THREAD) then
		return true
	end
	return is_there("/proc/self/comm") and false
end

local function send(line)
	if is_worker() ~= false then
		write(pipe, line)
	end
end

local function complain(where, message)
	local text = gsub(tostring(message), '[%c"\\]', "?")
	send('{"ev":"shim","where":"' .. where .. '","message":"' .. text .. '"}\n')
end

local function load_part(name, ...)
	local chunk, problem = loadfile(DIR .. name .. ".lua")
	return (chunk or error(problem, 0))(...)
end

local function process(framework, module, name)
	events = events or load_part("events", send, DIR)
	events.leader = events.leader or framework
	attach[framework] = attach[framework] or load_part(framework, events, load_part)
	return attach[framework](module, name)
end

-- The loader of a framework's module, which hands the result to the framework's part of the shim.
local function wrap_loader(loader, framework, name)
	return function(...)
		local module = loader(...)
		if module == nil then
			module = package.loaded[name]
		end
		local ok, replacement = pcall(process, framework, module, name)
		if not ok then
			complain(framework, replacement)
		elseif replacement ~= nil then
			return replacement
		end
		return module
	end
end

local function framework_of(name)
	for pattern, framework in pairs(ENDS[sub(name, -4)] and FRAMEWORKS or {}) do
		if match(name, pattern) then
			return framework
		end
	end
end

local function install_searcher(searchers)
	local function searcher(name)
		local framework = framework_of(name)
		for i = 1, framework and #searchers or 0 do
			local loader, extra
			if searchers[i] ~= searcher then
				loader, extra = searchers[i](name)
			end
			if type(loader) == "function" then
				return wrap_loader(loader, framework, name), extra
			end
		end
	end
	table.insert(searchers, 1, searcher)
end

-- lust knows no end of a run: it is where the file ends while none of its blocks is open.
local function end_of_run()
	return events and events.open == 0 and '{"ev":"done"}\n' or ""
end

local function report_exit(code)
	local status = (code == nil or code == true) and 0 or code == false and 1 or tonumber(code)
	if status then -- anything else is an error that os.exit itself will raise
		send(end_of_run() .. format('{"ev":"exit","how":"os.exit","code":%.0f}\n', status))
		ended = true
	end
end

local function install_exit()
	os.exit = function(...)
		pcall(report_exit, (...))
		return exit(...)
	end
end

-- A finalizer sees the state close. It writes constants and no more: LuaJIT has hung in real work.
local function install_close()
	local function closed()
		if not ended then
			write(pipe, end_of_run(), '{"ev":"exit","how":"close"}\n')
		end
	end
	local newproxy = rawget(_G, "newproxy") -- 5.1 and LuaJIT finalize no tables
	local sentinel = newproxy and newproxy(true) or setmetatable({}, { __gc = closed })
	if newproxy then
		getmetatable(sentinel).__gc = closed
	end
	debug.getregistry()["firmo-jobs"] = sentinel
end

local function install()
	local fd = getenv("FIRMO_JOBS_EVENTS")
	pipe = fd and is_worker() and open("/dev/fd/" .. fd, "a")
	if pipe then
		pipe:setvbuf("no") -- one write(2) an event, however long
		io.stdout:setvbuf("line") -- what was printed is not lost with a worker that is killed
		local jit = rawget(_G, "jit")
		write(pipe, '{"ev":"hello","lua":"' .. (jit and jit.version or _VERSION) .. '"}\n')
		install_exit()
		install_close()
		install_searcher(package.searchers or package.loaders)
	end
end

local installed, problem = pcall(install)
if not installed and pipe then
	pcall(complain, "init", problem)
end

-- The user's own LUA_INIT, as the stock interpreter runs it: the one for this version goes first.
local variable = "LUA_INIT" .. gsub(match(_VERSION, "%d+%.%d+"), "^(%d+)%.", "_%1_")
local value = getenv("FIRMO_JOBS_" .. variable)
if not value then
	variable, value = "LUA_INIT", getenv("FIRMO_JOBS_LUA_INIT")
end
if not value then
	return
elseif sub(value, 1, 1) == "@" then
	return dofile(sub(value, 2))
end
local chunk, syntax = (rawget(_G, "loadstring") or load)(value, "=" .. variable)
return (chunk or error(syntax, 0))()
