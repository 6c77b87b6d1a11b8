-- SPDX-License-Identifier: MIT
-- A batch of steps is carried out at once: files of the last two seconds are not trusted, so all of a
-- batch wait together.
local asker = require "asker"

local batch = {}
batch.__index = batch

local function quoted(text)
	return "'" .. text:gsub("'", "'\\''") .. "'"
end

local function write(path, text)
	local file = assert(io.open(path, "w"))
	file:write(text)
	file:close()
end

local function read(path)
	local file = io.open(path)
	local text = file and file:read("a") or ""
	if file then
		file:close()
	end
	return text
end

-- place: {root, firmo_jobs, reuse, ...}. The folder root is made, and removed by batch:close.
function batch.new(steps, place)
	local self = setmetatable({ steps = steps, place = place, root = place.root, homes = {}, reports = 0 }, batch)
	for _, step in ipairs(steps) do
		local home = self.homes[step.home]
		if not home then
			home = { name = step.home, folder = self.root .. "/" .. step.home, steps = {} }
			self.homes[step.home] = home
			self.homes[#self.homes + 1] = home
		end
		home.steps[#home.steps + 1] = step
	end
	return self
end

-- ---- shell ----

-- Each piece of text, {seed, folder, text}, in a shell of its own; the seeds of those that fail are broken.
function batch:run_pieces(name, pieces)
	local script = { ("cd %s || exit 1; export REUSE=%s"):format(self.root, quoted(self.place.reuse)) }
	for _, piece in ipairs(pieces) do
		script[#script + 1] = ("(set -e; cd %s\n%s\n)\n[ $? -eq 0 ] || echo %d >>%s/broken")
			:format(piece.folder, piece.text, piece.seed, self.root)
	end
	local path = ("%s/%s.sh"):format(self.root, name)
	write(path, table.concat(script, "\n") .. "\n")
	os.execute(("sh %s </dev/null >%s.log 2>&1"):format(path, path))
end

-- Carries out the commands, some at once.
function batch:run_commands(commands)
	local path = self.root .. "/commands"
	for i, command in ipairs(commands) do
		write(("%s/run%d.sh"):format(self.root, i), command .. "\n")
		commands[i] = ("%s/run%d.sh"):format(self.root, i)
	end
	write(path, table.concat(commands, "\n") .. "\n")
	os.execute(("xargs -a %s -n1 -P%d sh </dev/null"):format(path, self.place.at_once))
end

-- ---- runs of firmo-jobs ----

local function paths_of(tests)
	local paths = {}
	for i, test in ipairs(tests) do
		paths[i] = ("tests/%s_test.lua"):format(test)
	end
	return table.concat(paths, " ")
end

-- run: {home, tests (names), words (first ones), before, last (words)}. Gives its command, and a report
-- to be read by results().
function batch:command(run)
	self.reports = self.reports + 1
	local report = ("%s/report%d"):format(self.root, self.reports)
	return table.concat({
		("cd %s && . %s/environment.sh"):format(run.home.folder, self.root),
		run.before or "true",
		("exec %s --lua=lua5.4 --report=json:%s.json %s %s %s >%s.log 2>&1")
			:format(quoted(self.place.firmo_jobs), report, run.words, paths_of(run.tests), run.last or "", report),
	}, "\n"), report
end

-- name of the test -> {status, cached, flaky}
local function results(report)
	local all = {}
	for line in read(report .. ".json"):gmatch("[^\n]+") do
		local name = line:match('^{"path":"tests/([^"]*)_test.lua"')
		if name then
			all[name] = { status = line:match('"status":"(%a+)"'), cached = line:find('"cached":true', 1, true) ~= nil,
				flaky = line:find('"flaky":true', 1, true) ~= nil, output = line:match('"output":"(.-)","company"') }
		end
	end
	return all
end

-- Carries the runs out; all results in one table.
function batch:results_of(runs)
	local commands, reports, all = {}, {}, {}
	for i, run in ipairs(runs) do
		commands[i], reports[i] = self:command(run)
	end
	self:run_commands(commands)
	for _, report in ipairs(reports) do
		for name, result in pairs(results(report)) do
			all[name] = result
		end
	end
	return all
end

local function tests_of(steps)
	local names = {}
	for _, step in ipairs(steps) do
		for _, test in ipairs(step.tests) do
			names[#names + 1] = test.name
		end
	end
	return names
end

-- A run of a whole home, as it is before the edit.
local function whole(home, words)
	local first = home.steps[1]
	local own = home.name ~= "main" and first or {}
	return { home = home, tests = tests_of(home.steps), before = own.before, last = own.words,
		words = ("%s %s %s"):format(own.database or "", own.options or (own.home and "-j1" or ""), words) }
end

-- The runs after the edit: all steps of a home whose run is as before, and each of the others.
function batch:runs_after()
	local runs = {}
	for _, home in ipairs(self.homes) do
		local usual = { home = home, steps = {} }
		for _, step in ipairs(home.steps) do
			if home.name == "main" and step.after then
				runs[#runs + 1] = { home = home, steps = { step } }
			else
				usual.steps[#usual.steps + 1] = step
			end
		end
		runs[#runs + 1] = #usual.steps > 0 and usual or nil
	end
	for _, run in ipairs(runs) do
		local as_before = whole(run.home, "")
		local own = (run.home.name ~= "main" or #run.steps == 1) and run.steps[1] or {}
		run.words = as_before.words
		run.last = own.words_after or own.words
		run.before = (as_before.before or "true") .. "\n" .. (own.after or "true")
		run.tests = tests_of(run.steps)
	end
	return runs
end

-- ---- the phases ----

function batch:make_projects()
	local pieces, exports = {}, { "unset FIRMO_JOBS_DB FIRMO_JOBS_FLAGS MAKEFLAGS MFLAGS MAKELEVEL LD_LIBRARY_PATH GLIBC_TUNABLES CC CFLAGS",
		"export REUSE=" .. quoted(self.place.reuse), "export LOADER=" .. quoted(self.place.loader) }
	local folders = { "gates", "edits", "said", "histories" }
	for _, home in ipairs(self.homes) do
		folders[#folders + 1] = home.name .. "/tests"
	end
	for _, step in ipairs(self.steps) do
		local folder = self.root .. "/" .. step.home
		pieces[#pieces + 1] = { seed = step.seed, folder = folder, text = "mkdir " .. step.folder .. "\n" .. step.setup }
		if step.home == "main" and step.before then
			exports[#exports + 1] = step.before
		end
	end
	os.execute(("mkdir -p %s && cd %s && mkdir -p %s"):format(self.root, self.root, table.concat(folders, " ")))
	write(self.root .. "/environment.sh", table.concat(exports, "\n") .. "\n")
	for _, step in ipairs(self.steps) do
		for _, test in ipairs(step.tests) do
			write(("%s/%s/tests/%s_test.lua"):format(self.root, step.home, test.name), asker.prelude .. test.text .. "\n")
		end
		if step.gate then
			write(("%s/edits/%s.sh"):format(self.root, step.folder), ("cd %s/%s\n%s\n"):format(self.root, step.home, step.edit))
		end
	end
	self:run_pieces("setup", pieces)
end

-- Starts what has to be there while tests run; it ends with the folder of the batch.
function batch:start_others()
	os.execute(("bash %s/keeper.sh %s >/dev/null 2>&1 </dev/null &"):format(quoted(self.place.sources), self.root))
	for _, step in ipairs(self.steps) do
		if step.feeds then
			os.execute(("cd %s/%s && (while [ -e %s.fed ]; do cat %s.fed >%s; done) >/dev/null 2>&1 </dev/null &")
				:format(self.root, step.home, step.folder, step.folder, step.feeds))
		end
	end
end

-- Runs the tests that have to say first what they see.
function batch:calibrate()
	local runs = {}
	for i, home in ipairs(self.homes) do
		if home.name ~= "main" and home.steps[1].tests[1].text:find("says(", 1, true) then
			runs[#runs + 1] = whole(home, ("--db=%s/histories/first%d.db"):format(self.root, i))
		end
	end
	self:results_of(runs)
end

function batch:run_homes(words)
	local runs = {}
	for i, home in ipairs(self.homes) do
		runs[i] = whole(home, words)
	end
	return self:results_of(runs)
end

function batch:edit()
	local pieces = {}
	for _, step in ipairs(self.steps) do
		local folder = self.root .. "/" .. step.home
		if step.moves then
			local home = self.homes[step.home]
			home.folder = folder .. "-moved"
			pieces[#pieces + 1] = { seed = step.seed, folder = self.root, text = ("mv %s %s"):format(folder, home.folder) }
		elseif not step.gate then
			pieces[#pieces + 1] = { seed = step.seed, folder = folder, text = step.edit }
		end
	end
	self:run_pieces("edit", pieces)
end

-- What --changed says after the edits, and what a history that knows nothing says of those it left out.
function batch:decide()
	local runs = self:runs_after()
	for _, run in ipairs(runs) do
		run.usual_words = run.words
		run.words = run.words .. " --changed"
	end
	local decided = self:results_of(runs)
	local again = {}
	for i, run in ipairs(runs) do
		local cached = {}
		for _, name in ipairs(run.tests) do
			if decided[name] and decided[name].cached then
				cached[#cached + 1] = name
			end
		end
		run.tests = cached
		run.words = ("%s --db=%s/histories/full%d.db"):format(run.usual_words, self.root, i)
		again[#again + 1] = #cached > 0 and run or nil
	end
	return decided, self:results_of(again)
end

-- ---- the verdict ----

local function passes(result)
	return result ~= nil and result.status == "pass" and not result.flaky
end

-- What became of the step: "void" (it did not pass at first), "false skip", "needless" (a test ran that passes,
-- and that hands nothing on of what was edited), "untrusted" (it was not reused even before the edit), "reused" or
-- "rerun".
function batch:verdict(step, learned, quiet, decided, full)
	local needless, untrusted = false, false
	for _, test in ipairs(step.tests) do
		local name = test.name
		if not learned[name] or learned[name].status ~= "pass" or not decided[name] then
			return "void", learned[name] and learned[name].output or "no result"
		elseif decided[name].cached and not passes(full[name]) then
			return "false skip", full[name] and full[name].output
		end
		untrusted = untrusted or not (quiet[name] and quiet[name].cached)
		needless = needless or passes(decided[name]) and not decided[name].cached and not test.hands_on
	end
	if untrusted then
		return "untrusted"
	elseif needless then
		return "needless"
	end
	return decided[step.tests[1].name].cached and "reused" or "rerun"
end

-- Carries it all out; calls told(step, verdict, output) for each step.
function batch:run(told)
	self:make_projects()
	self:start_others()
	self:calibrate()
	os.execute("sleep 0.3")
	local learned = self:run_homes("")
	-- What one test has written is young for another: that one is learned now.
	os.execute("sleep 0.3")
	self:run_homes("--changed")
	local quiet = self:run_homes("--changed")
	self:edit()
	local decided, full = self:decide()
	local broken = {}
	for seed in read(self.root .. "/broken"):gmatch("%d+") do
		broken[tonumber(seed)] = true
	end
	for _, step in ipairs(self.steps) do
		if broken[step.seed] then
			told(step, "void", "its setup or its edit failed, see setup.sh.log and edit.sh.log")
		else
			told(step, self:verdict(step, learned, quiet, decided, full))
		end
	end
end

function batch:close(keep)
	for _, step in ipairs(self.steps) do
		if step.cleanup then
			os.execute(step.cleanup)
		end
		if step.feeds then
			-- Whoever feeds it waits for a reader.
			local fifo = ("%s/%s/%s"):format(self.root, step.home, step.feeds)
			os.execute(("rm -f %s/%s/%s.fed; timeout 1 cat %s >/dev/null"):format(self.root, step.home, step.folder, fifo))
		end
	end
	if keep then
		os.execute(("mv %s/gates %s/gates.kept"):format(self.root, self.root))
	else
		os.execute(("chmod -R u+rwX %s; rm -rf %s"):format(self.root, self.root))
	end
end

return batch
