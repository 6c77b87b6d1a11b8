-- SPDX-License-Identifier: MIT
-- Runs of firmo-jobs for programs in Lua (5.1 to 5.4, LuaJIT): see LUA in firmo-jobs(1).
--
--	local jobs = require("firmo-jobs")
--	local report, message = jobs.run({
--		paths = { "tests" }, workers = 8, timeout = 20,
--		on_test = function(test, path) ... end,
--		on_file = function(file, retried) ... end,
--	})
--
-- The program writes what happens into a file of a private folder, which is read as it grows. It is
-- started by io.popen with a pipe as its input: where that ends, be it that the host does, so does the
-- run. What waits for the file to grow, or for a time, is the program as well (--follow), so that no
-- module in C is needed and nothing is looked at again and again.
local json = require("firmo-jobs.json")
local command_line = require("firmo-jobs.command_line")

local jobs = { _VERSION = "0.1.0" }

-- The version of the events and reports that is understood here.
local SCHEMA = 1

-- ---- the program ----

local checked = {}

-- The program, or nil and why there is none that fits.
local function find_program(options)
	local program = options.program or jobs.program or "firmo-jobs"
	if checked[program] then
		return program
	end
	local pipe = io.popen(command_line.quote(program) .. " --version 2>/dev/null", "r")
	local version = pipe and pipe:read("*l")
	if pipe then
		pipe:close()
	end
	if not version then
		return nil,
			("%s cannot be run: install firmo-jobs, put its folder into PATH, or name it by the option program"):format(
				program
			)
	end
	local number = version:match("^firmo%-jobs (%d+%.%d+%.%d+)")
	if not number or number:match("^%d+%.%d+") ~= jobs._VERSION:match("^%d+%.%d+") then
		return nil,
			('%s is "%s", this module is for firmo-jobs %s: install both anew'):format(
				program,
				version:sub(1, 60),
				jobs._VERSION
			)
	end
	checked[program] = true
	return program
end

local function read_file(path)
	local file = io.open(path, "rb")
	local text = file and file:read("*a")
	if file then
		file:close()
	end
	return text
end

-- What the program has said of why it could not do it.
local function complaint(text, status)
	local last
	for line in (text or ""):gmatch("[^\n]+") do
		last = line:match("^firmo%-jobs: (.+)") or last
	end
	if last then
		return last
	elseif status and status > 128 then
		return ("firmo-jobs was ended by signal %d"):format(status - 128)
	end
	return (text or ""):match("([^\n]+)\n*$") or ("firmo-jobs has ended with status %s"):format(tostring(status))
end

-- The program by its words, in the folder where that is asked for: the host has named it from its own.
local function command_of(options, program, words)
	local command = command_line.quote(program) .. " " .. command_line.join(words)
	if not options.folder then
		return command
	end
	local from = program:match("^[^/]+/") and '"$OLDPWD"/' or ""
	return ("cd -- %s && %s%s"):format(command_line.quote(options.folder), from, command)
end

-- Asks the program something that it answers in JSON.
local function ask(what, mode, options)
	local words, message = command_line.options(what, options)
	if not words then
		return nil, message
	end
	options = options or {}
	local program
	program, message = find_program(options)
	if not program then
		return nil, message
	end
	local errors = os.tmpname()
	table.insert(words, 1, mode)
	table.insert(words, 2, "--report=json")
	local pipe = io.popen(
		("exec 2>%s </dev/null; %s; echo; echo $?"):format(command_line.quote(errors), command_of(options, program, words)),
		"r"
	)
	local text = pipe:read("*a")
	pipe:close()
	local status = tonumber(text:match("(%d+)\n$"))
	local said = read_file(errors)
	os.remove(errors)
	local answer = json.decode(text:match("^(.*)\n%d+\n$") or "")
	if status ~= 0 or type(answer) ~= "table" then
		return nil, complaint(said, status)
	end
	return answer
end

-- The past, as --history=VIEW --report=json tells it.
function jobs.history(options)
	local view = type(options) == "table" and options.view
	return ask("jobs.history", type(view) == "string" and "--history=" .. view or "--history", options)
end

-- What would run, and how long it would take, as --list --report=json tells it.
function jobs.plan(options)
	return ask("jobs.plan", "--list", options)
end

-- How long it would take with each number of workers, as --advise --report=json tells it.
function jobs.advise(options)
	return ask("jobs.advise", "--advise", options)
end

-- ---- runs ----

local Run = {}
Run.__index = Run

-- Calls finalize(object) where object is collected, or the host ends.
local function on_collect(object, meta, finalize)
	if _VERSION ~= "Lua 5.1" then
		meta.__gc = finalize
		return setmetatable(object, meta)
	end
	-- No __gc of tables there.
	local proxy = newproxy(true) -- luacheck: ignore
	getmetatable(proxy).__gc = function()
		finalize(object)
	end
	object.proxy = proxy
	return setmetatable(object, meta)
end

local function make_folder()
	local pipe = io.popen('cd "$(mktemp -d "${TMPDIR:-/tmp}/firmo-jobs.XXXXXX" 2>/dev/null || echo /dev/null)" 2>/dev/null && pwd', "r")
	local folder = pipe:read("*l")
	pipe:close()
	if not folder then
		return nil, "no private folder can be made below " .. (os.getenv("TMPDIR") or "/tmp")
	end
	return folder
end

-- The shell goes on where a Ctrl-C ends the program. It tells the program's end, in the same file; then
-- it waits for the host to close its input, or to end, and removes the folder.
local script = [[
exec 2>%s/err
trap : HUP INT QUIT TERM
%s >/dev/null
printf '{"event":"exit","status":%%d}\n' "$?" >>%s/events
while read -r _; do :; done
[ -e %s/keep ] || rm -rf %s]]

local function launch(run, program, words)
	local folder = command_line.quote(run.folder)
	local command = script:format(folder, command_of(run.options, program, words), folder, folder, folder)
	local file, message = io.open(run.folder .. "/events", "wb")
	if not file then
		return nil, message
	end
	file:close()
	run.pipe, message = io.popen(command, "w")
	if not run.pipe then
		return nil, message
	end
	run.events, message = io.open(run.folder .. "/events", "rb")
	return run.events, message
end

-- Reads what the program leaves, and removes it.
local function finish(run)
	if run.ended then
		return
	end
	run.ended = true
	local text = read_file(run.folder .. "/report.json")
	if text then
		run.report, run.message = json.decode(text)
	else
		run.message = complaint(read_file(run.folder .. "/err"), run.status)
	end
	if run.report then
		run.report.status = run.status
	end
	run.events:close()
	if not run.closed then
		run.closed = true
		run.pipe:close()
	else
		for _, name in ipairs({ "events", "report.json", "err", "keep" }) do
			os.remove(run.folder .. "/" .. name)
		end
		os.remove(run.folder)
	end
end

local function call(run, name, ...)
	local callback = run.options[name]
	if not callback or run.silent then
		return
	end
	local ok, problem = pcall(callback, ...)
	if not ok then
		-- Nothing more is told.
		run.silent = true
		run.problem = { problem }
	end
end

local dispatch = {
	run_start = function(run, event)
		if event.schema ~= SCHEMA then
			run.silent = true
			run.problem = {
				("firmo-jobs tells events of schema %s, this module knows %d: install both anew"):format(
					tostring(event.schema),
					SCHEMA
				),
			}
		end
		run.plan = event.files
		call(run, "on_start", event.files, event.run)
	end,
	test_end = function(run, event)
		call(run, "on_test", event.test, event.path)
	end,
	file_end = function(run, event)
		call(run, "on_file", event.file, event.retried)
	end,
	output = function(run, event)
		call(run, "on_output", event.text, event.path)
	end,
	warning = function(run, event)
		call(run, "on_warning", event.message)
	end,
	-- The reports are written by then.
	run_end = function(run, event)
		run.status = event.status
	end,
	exit = function(run, event)
		run.status = run.status or event.status
	end,
}

local function take(run, line)
	run.offset = run.offset + #line + 1
	local event = json.decode(line)
	if type(event) ~= "table" then
		return
	end
	if event.event ~= "exit" then
		call(run, "on_event", event)
	end
	if dispatch[event.event] then
		dispatch[event.event](run, event)
	end
end

-- Takes the events that are there. The file may end in the middle of a line.
local function take_all(run)
	while not run.ended and not run.problem do
		run.events:seek("set", run.offset)
		local text = run.events:read("*a") or ""
		local whole = text:match("^.*\n")
		if not whole then
			break
		end
		for line in whole:gmatch("([^\n]*)\n") do
			if run.ended or run.problem then
				break
			end
			take(run, line)
		end
	end
end

-- Ends the run in good order, and waits for that.
local function cancel(run)
	if run.ended then
		return
	end
	run.silent = true
	if not run.closed then
		run.closed = true
		local keep = io.open(run.folder .. "/keep", "wb")
		if keep then
			keep:close()
		end
		run.pipe:close()
	end
	local problem = run.problem
	run.problem = nil
	take_all(run)
	run.problem = problem
	finish(run)
end

-- What is to be done with the events that have been taken: a callback's error ends the run.
local function settle(run)
	if run.problem then
		cancel(run)
	elseif run.status then
		finish(run)
	end
end

-- Takes events for so many seconds, or until the run is over, or as soon as is_enough(run).
local function follow(run, seconds, is_enough)
	local time = seconds and ("%.3f"):format(seconds) or ""
	local pipe = io.popen(
		("exec %s --follow=%d,%s,%s 2>/dev/null"):format(
			command_line.quote(run.program),
			run.offset,
			time,
			command_line.quote(run.folder .. "/events")
		),
		"r"
	)
	for line in pipe:lines() do
		take(run, line)
		if run.ended or run.problem or (is_enough and is_enough(run)) then
			break
		end
	end
	pipe:close()
end

-- Waits until the run has ended, for so many seconds at most, and calls back meanwhile. Returns the
-- report; or nil and why there is none, "timeout" where the time is over. Where a callback has failed, the
-- run is cancelled, and the message is its error.
function Run:wait(seconds)
	if seconds ~= nil and (type(seconds) ~= "number" or seconds ~= seconds or seconds < 0) then
		return nil, "run:wait: the seconds have to be a number, 0 or more"
	end
	take_all(self)
	settle(self)
	if not self.ended and seconds ~= 0 then
		follow(self, seconds and math.min(seconds, 1e6))
		settle(self)
	end
	if not self.ended then
		return nil, seconds and "timeout" or "the events of the run cannot be followed"
	end
	if self.problem then
		return nil, self.problem[1]
	end
	return self.report, self.message
end

-- Ends the run in good order: workers are ended, their tokens given back, and what is known by now is
-- recorded and in the report that run:wait returns. No callback is called any more. Returns true.
function Run:cancel()
	cancel(self)
	return true
end

-- Takes the events that are there, with their callbacks, and says whether the run goes on.
function Run:running()
	take_all(self)
	settle(self)
	return not self.ended
end

local function is_planned(run)
	return run.plan ~= nil
end

local function start(what, options)
	local words, message = command_line.options(what, options)
	if not words then
		return nil, message
	end
	local run = { options = {}, offset = 0 }
	for name, value in pairs(options or {}) do
		run.options[name] = value
	end
	run.program, message = find_program(run.options)
	if not run.program then
		return nil, message
	end
	run.folder, message = make_folder()
	if not run.folder then
		return nil, message
	end
	for i, word in ipairs({
		"--end-with-input",
		"--progress=none",
		"--report=events:" .. run.folder .. "/events",
		"--report=json:" .. run.folder .. "/report.json",
	}) do
		table.insert(words, i, word)
	end
	local ok
	ok, message = launch(run, run.program, words)
	if not ok then
		if run.pipe then
			run.pipe:close()
		end
		os.remove(run.folder .. "/events")
		os.remove(run.folder)
		return nil, message
	end
	on_collect(run, { __index = Run }, function(lost)
		pcall(cancel, lost)
	end)
	-- What is wrong with the options is known before the first event.
	follow(run, nil, is_planned)
	settle(run)
	if run.problem or not run.plan then
		cancel(run)
		return nil, run.problem and run.problem[1] or run.message
	end
	return run
end

-- Starts a run: its methods are above, run.plan is what is to be run. Or nil and what is wrong.
function jobs.start(options)
	return start("jobs.start", options)
end

-- A run from its start to its end: as jobs.start, then run:wait().
function jobs.run(options)
	local run, message = start("jobs.run", options)
	if not run then
		return nil, message
	end
	return run:wait()
end

return jobs
