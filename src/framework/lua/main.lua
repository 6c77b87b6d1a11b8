-- SPDX-License-Identifier: MIT
-- What init.lua loads in a worker. Every start of one pays for it, so it only installs hooks: the rest is
-- loaded when a test framework is.
-- Everything is captured now: a test may replace io.open, os.exit or string.match later.
-- server: of fork.lua, in a fork server, which has nobody to send events to: its workers send them.
-- preload: requires the modules that are to be there before the file; or nil.
local DIR, load_part, is_worker, at_close, mark, server, preload = ...
local getenv, open, exit, pcall, loadfile = os.getenv, io.open, os.exit, pcall, loadfile
local type, tostring, pairs, ipairs, tonumber = type, tostring, pairs, ipairs, tonumber
local error, rawget, rawset, setmetatable = error, rawget, rawset, setmetatable
local match, gsub, sub, find, format = string.match, string.gsub, string.sub, string.find, string.format
local concat = table.concat
local write, close, read = io.stderr.write, io.stderr.close, io.stderr.read
local getinfo, getlocal, getupvalue = debug.getinfo, debug.getlocal, debug.getupvalue
local upvaluejoin, setfenv, getfenv = debug.upvaluejoin, rawget(_G, "setfenv"), rawget(_G, "getfenv")

-- Modules of frameworks that have a runner of their own, by the ends of their names.
local MODULES = {
	["core%.test_definition$"] = "firmo",
	["core%.runner$"] = "firmo",
	["lib%.async$"] = "firmo",
	["^busted%.modules%.cli$"] = "busted",
	["^busted%.modules%.helper_loader$"] = "busted",
	["^busted%.modules%.output_handler_loader$"] = "busted",
	["^busted%.modules%.test_file_loader$"] = "busted",
}
local ENDS = {} -- of the names above: they tell nearly every other module apart
for pattern in pairs(MODULES) do
	ENDS[sub(pattern, -5, -2)] = true
end
local MOST_LEVELS, MOST_THREADS = 200, 200 -- that are looked at where os.exit is called
local running = coroutine.running
local main_thread = running()
local fd = getenv("FIRMO_JOBS_EVENTS")
local function told()
	local known, framework, asked = match(getenv("FIRMO_JOBS_SHIM") or "", "^(%x+),(%a+),?(%a*)$")
	return known and known .. mark, framework, asked
end
local key, expected, proof = told()
-- busted and Firmo load their modules by the hundred: nothing but their names is looked at there.
local libraries_are_wanted = expected ~= "busted" and expected ~= "firmo"
local pipe, ended, events
local early = server and {} -- the bodies of lines that are to be sent
local count = 0 -- lines that were sent
local muted -- another process tells the rest
local begun -- the user's own LUA_INIT has come to its end: the test file is next
local closing -- the lines to send when the interpreter's state is closed
local closing_nameless -- the same, where no name of busted's is defined
local attach = {} -- framework -> its post-processor of modules

-- Line `number`: the key tells it from what others write, the number tells when one is lost. body: from
-- the value of "ev" on.
local function line(number, body)
	return '{"key":"' .. key .. '","n":' .. number .. ',"ev":' .. body .. "}\n"
end

-- Whether there is anything by which a file could have declared tests as busted's do.
local globals = _G
local function has_names()
	return rawget(globals, "describe") or rawget(globals, "it") or rawget(globals, "context")
		or rawget(globals, "insulate") or rawget(globals, "expose") or rawget(globals, "pending")
end

-- A finalizer writes constants and no more, as LuaJIT has hung in real work: they are made beforehand. lust
-- knows no end of a run: it is where the file ends while none of its blocks is open.
local function prepare_closing()
	local number, done = count + 1, ""
	closing = nil
	if events and events.open == 0 then
		done = line(number, '"done","tests":' .. events.announced)
		number = number + 1
	end
	closing = done .. line(number, '"exit","how":"close"')
	closing_nameless = done .. line(number, '"exit","how":"close","names":0')
end

local function send(body)
	if early then
		early[#early + 1] = body
	elseif not muted and is_worker() ~= false then
		count = count + 1 -- one that cannot be written, for want of memory, is missed
		closing = nil
		write(pipe, line(count, body))
		prepare_closing()
	end
end

local function complain(where, message)
	local text = gsub(sub(tostring(message), 1, 4096), '[%c"\\]', "?")
	send('"shim","where":"' .. where .. '","message":"' .. text .. '"')
end

-- Calls a function of the shim, whose failure never reaches the test.
local function guarded(fn, ...)
	local ok, result = pcall(fn, ...)
	if not ok then
		complain("init", result)
	end
	return ok and result
end

local function mute()
	muted, ended = true, true
end

local function want_libraries()
	libraries_are_wanted = true
end

local function process(framework, module, name)
	events = events or load_part("events", send, DIR, prepare_closing, mute, want_libraries, server, preload)
	attach[framework] = attach[framework] or load_part(framework, events, load_part)
	return attach[framework](module, name)
end

-- The results of a framework's chunk, the first of which goes through the framework's part of the shim.
local function handed_over(framework, name, module, ...)
	if module == nil and type(name) == "string" then
		module = package.loaded[name]
	end
	local ok, replacement = pcall(process, framework, module, name)
	if not ok then
		complain(framework, replacement)
	elseif replacement ~= nil then
		return replacement, ...
	end
	return module, ...
end

local function wrapped(chunk, framework, name)
	return function(...)
		return handed_over(framework, name, chunk(...))
	end
end

-- ---- files that other files load ----

-- What fails by itself, and has a usual name of a test, is support of another file where its code comes to its end.
-- Where no proof of it is asked all is loaded as it is: a frame of ours is seen in tracebacks.
local function is_called_test(name)
	local last = proof == "proof" and type(name) == "string" and match(gsub(gsub(name, "%.lua$", ""), "%.moon$", ""), "[^./\\]*$")
	return last and (find(last, "^test_") or find(last, "^spec_") or find(last, "_test$") or find(last, "_spec")
		or last == "test")
end

local whole = {} -- those files that have come to their end
local function note_whole(path, ...)
	if not whole[path] and not find(path, '[%c"\\]') then
		whole[path] = true
		send('"chunk","file":"' .. path .. '"')
	end
	return ...
end

-- A function that does what the chunk of that file does. As one it gets its globals from whoever loads it: as its
-- environment or as the first of its upvalues, which is called so.
local function watched(chunk, path)
	local name, env = getupvalue(chunk, 1)
	if not setfenv and name ~= "_ENV" then
		return chunk
	end
	local _ENV = env
	local function whole_chunk(...)
		local _ = _ENV
		if setfenv then
			setfenv(chunk, getfenv(1))
		else
			upvaluejoin(chunk, 1, whole_chunk, 1)
		end
		return note_whole(path, chunk(...))
	end
	return setfenv and setfenv(whole_chunk, getfenv(chunk)) or whole_chunk
end

-- ---- frameworks that a test file runs itself ----

-- They are known by words of their source, whatever their file is called and however it is loaded.
local libraries
local function library_of(text)
	libraries = libraries or load_part("libraries")
	for framework, words in pairs(libraries) do
		local all = true
		for _, word in ipairs(words) do
			all = all and find(text, word, 1, true) ~= nil
		end
		if all then
			return framework
		end
	end
end

local function library_in(path)
	local file = type(path) == "string" and open(path, "rb")
	local text = file and read(file, "*a")
	if file then
		close(file)
	end
	return text and library_of(text)
end

-- A file or text is loaded as it would be without us, unless it holds such a framework. busted gives the files that
-- it loads itself their globals.
local function install_loaders()
	local globals = _G
	local dofile, load, loadstring = dofile, load, rawget(_G, "loadstring")
	local function loading(original, kind)
		return function(source, ...)
			local framework = guarded(kind, source)
			local chunk, problem = original(source, ...)
			if chunk and framework then
				return wrapped(chunk, framework), problem
			elseif chunk and original == loadfile and is_called_test(source) then
				return watched(chunk, source), problem
			end
			return chunk, problem
		end
	end
	local function in_text(text)
		return type(text) == "string" and library_of(text)
	end
	local function given(...)
		return ...
	end
	-- The file runs at the same level as below the C function.
	local function own_dofile(path, ...)
		if path ~= nil and type(path) ~= "string" then
			return dofile(path, ...)
		end
		local framework = libraries_are_wanted and guarded(library_in, path)
		local chunk, problem = loadfile(path)
		if not chunk then
			error(problem, 0)
		elseif framework then
			return handed_over(framework, nil, chunk())
		elseif is_called_test(path) then
			return note_whole(path, chunk())
		end
		return given(chunk())
	end
	if libraries_are_wanted or proof == "proof" then
		globals.dofile = own_dofile
	end
	if not libraries_are_wanted then
		return
	end
	globals.loadfile = loading(loadfile, library_in)
	if loadstring then
		globals.loadstring = loading(loadstring, in_text)
	end
	local load_text = loading(load, in_text)
	globals.load = function(source, ...)
		if type(source) ~= "function" then
			return load_text(source, ...)
		end
		local pieces = {}
		local chunk, problem = load(function()
			local piece = source()
			pieces[#pieces + 1] = type(piece) == "string" and piece or nil
			return piece
		end, ...)
		local framework = chunk and guarded(library_of, concat(pieces))
		return framework and wrapped(chunk, framework) or chunk, problem
	end
end

-- ---- require ----

local function module_of_runner(name)
	for pattern, framework in pairs(MODULES) do
		if match(name, pattern) then
			return framework
		end
	end
end

-- Nearly every module of busted's and Firmo's is told apart by this alone.
local function may_matter(name)
	return type(name) == "string" and (libraries_are_wanted or ENDS[sub(name, -4)] or is_called_test(name))
end

local function framework_of(name, loader)
	local framework = ENDS[sub(name, -4)] and module_of_runner(name)
	if framework or not libraries_are_wanted then
		return framework
	end
	return match(name, "luaunit$") or match(name, "%f[%w]lust$")
		or library_in(match(getinfo(loader, "S").source, "^@(.*)")) -- of a C function: none
end

-- Each searcher stays in its place, and gives what it gave.
local function install_searchers(searchers)
	for i = 1, #searchers do
		local searcher = searchers[i]
		searchers[i] = function(...)
			if not may_matter((...)) then
				return searcher(...)
			end
			local name, loader, extra = (...), searcher(...)
			if type(loader) ~= "function" then
				return loader, extra
			end
			local framework = guarded(framework_of, name, loader)
			local path = not framework and is_called_test(name) and match(getinfo(loader, "S").source, "^@(.*)")
			return framework and wrapped(loader, framework, name) or path and watched(loader, path) or loader, extra
		end
	end
end

-- ---- the end ----

-- The coroutine that a thread has resumed: coroutine.wrap's function has it as an upvalue, coroutine.resume as its
-- first value. nil: another function has, and it cannot be told.
local function resumed_by(thread)
	local call = getinfo(thread, 0, "f")
	local _, resumed = getupvalue(call.func, 1)
	if type(resumed) ~= "thread" then
		_, resumed = getlocal(thread, 0, 1)
	end
	return type(resumed) == "thread" and resumed or nil
end

-- The threads that wait for a coroutine, the main one first, and whether those are all: 5.1 tells of no main thread.
local function threads_above(coroutine)
	local threads, thread = {}, main_thread
	while thread and thread ~= coroutine and #threads < MOST_THREADS do
		threads[#threads + 1] = thread
		thread = resumed_by(thread)
	end
	return threads, thread == coroutine
end

-- The calls that lead to os.exit, innermost first: where each stands, and what it calls. There are this
-- function, report_exit, pcall and os.exit in front of them. Those of a coroutine end where it began: those of the
-- threads that have resumed it follow. The last is one of which nothing is known where there are more.
local function calls_to_exit()
	local calls = {}
	local function add(info, called)
		if info and info.currentline > 0 then
			calls[#calls + 1] = events.encoded_call(info, called and called.name)
		end
		return info
	end
	local level = 5
	while level < MOST_LEVELS and add(getinfo(level, "Sl"), getinfo(level - 1, "n")) do
		level = level + 1
	end
	local are_all = level < MOST_LEVELS
	local thread, is_main = running()
	if thread and not is_main then
		local threads, are_all_threads = threads_above(thread)
		are_all = are_all and are_all_threads
		for i = #threads, 1, -1 do
			level = 1
			while level < MOST_LEVELS and add(getinfo(threads[i], level, "Sl"), getinfo(threads[i], level - 1, "n")) do
				level = level + 1
			end
			are_all = are_all and level < MOST_LEVELS
		end
	end
	if not are_all then
		add({ source = "", currentline = 1, linedefined = 0 })
	end
	return concat(calls, ",")
end

local function report_exit(code, closes)
	local status = (code == nil or code == true) and 0 or code == false and 1 or tonumber(code)
	if status and not begun then
		complain("LUA_INIT", "LUA_INIT calls os.exit, before the file begins")
	end
	if status then -- anything else is an error that os.exit itself will raise
		local body = '"exit","how":"os.exit"' .. (has_names() and "" or ',"names":0')
		if status ~= 0 and status % 1 == 0 and status % 256 == 0 then
			body = body .. ',"cut":' .. gsub(format("%.14g", status), ",", ".")
		end
		if events and events.open then
			body = body .. ',"open":' .. events.open .. ',"tests":' .. events.announced
				.. ',"calls":[' .. calls_to_exit() .. "]"
		end
		send(body)
		ended = true
		if server and closes == true and status % 1 == 0 then
			server.leaves(status)
		end
	end
end

local function install_exit()
	os.exit = function(...)
		local ok, problem = pcall(report_exit, ...)
		if not ok then
			pcall(complain, "os.exit", problem)
		end
		return exit(...)
	end
end

local function install_close()
	at_close(function()
		if not ended and closing then
			write(pipe, has_names() and closing or closing_nameless)
		end
	end)
end

local function open_pipe()
	pipe = fd and key and open("/dev/fd/" .. fd, "a")
	if pipe then
		pipe:setvbuf("no") -- one write(2) an event, however long
	end
	return pipe
end

local function install()
	if server or open_pipe() then
		io.stdout:setvbuf("line") -- what was printed is not lost with a worker that is killed
		local jit = rawget(_G, "jit")
		send('"hello","lua":"' .. (jit and jit.version or _VERSION) .. '"')
		install_exit()
		if pipe then
			install_close()
		end
		install_searchers(package.searchers or package.loaders)
		install_loaders()
	end
end

local installed, problem = pcall(install)
if not installed and pipe then
	pcall(complain, "init", problem)
end

local M = { is_busted = expected == "busted" }

-- The user's own LUA_INIT has come to its end.
function M.begin()
	begun = true
end

-- This is a worker now, which is told of its own.
function M.be_born()
	local bodies = early
	early = nil
	key, expected, proof = told()
	if not open_pipe() then
		return mute()
	end
	install_close() -- what is older than the pipe finds it closed
	for i = 1, #bodies do
		send(bodies[i])
	end
end

return M
