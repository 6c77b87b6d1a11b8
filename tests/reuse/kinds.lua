-- SPDX-License-Identifier: MIT
-- The kinds of steps, each a row of what can go wrong with reuse; and which of them are usual.
local call = require "call"
local composed = require "composed"
local creation = require "creation"
local dice = require "dice"
local environment = require "environment"
local loader = require "loader"
local process = require "process"
local producer = require "producer"
local route = require "route"
local sqlite = require "sqlite"

local kinds = {}

-- The kinds that run when none are named: names, or all.
kinds.usual = "all"

local function joined(...)
	local all = {}
	for _, list in ipairs { ... } do
		table.move(list, 1, #list, #all + 1, all)
	end
	return all
end

local contents = { content = true, exists = true, module = true, list = true }

local function is_of_contents(target)
	return contents[target.question]
end

local function plain(step)
	composed.fill(step, { routes = joined(route.direct, route.link), filter = is_of_contents, own_edits = 0.25 })
end

-- The history lies in the project, beside what is looked at.
local function database(step)
	composed.fill(step, { routes = route.direct, filter = is_of_contents, own_edits = 0.2 })
	local place = dice.pick {
		{ "--db=history.db" }, { "--db=./history.db" }, { "--db=D/history.db" }, { "--db=D/a/history.db" },
		{ "--db=tests/history.db" }, { "--db=$PWD/history.db" }, { "--db=build/history.db", "ln -s ../D/a build/a" },
		{ "", "true", "export FIRMO_JOBS_DB=history.db" }, { "", "true", "export FIRMO_JOBS_DB=D/history.db" },
	}
	local function put(text) return (text:gsub("%f[%w]D%f[%W]", step.folder)) end
	step.home, step.database, step.before = "h" .. step.seed, put(place[1]), put(place[3] or "true")
	step.setup = step.setup .. "\nmkdir -p build; " .. put(place[2] or "true")
	step.what = ("%s, with %s"):format(step.what, place[3] or place[1])
end

local function work_folder(step)
	composed.fill(step, { routes = route.work, filter = is_of_contents, own_edits = 0.2 })
end

local function own_link(step)
	composed.fill(step, { routes = route.own_link, own_edits = 0.2 })
end

local function own_rename(step)
	composed.fill(step, { routes = route.own_rename, filter = is_of_contents, own_edits = 0.3 })
end

local function dotdot(step)
	composed.fill(step, { routes = route.dotdot, filter = is_of_contents, own_edits = 0.8 })
end

-- Where the folder of a process is taken away, names that count from it are none.
local routes_that_stay = {}
for _, one in ipairs(joined(route.direct, route.link, route.entered, route.dotdot)) do
	routes_that_stay[#routes_that_stay + 1] = not one.loses_folder and one or nil
end

-- The edit comes while the test runs, after it has looked. What nobody could look into is run once more, when
-- the edit has come.
local function during(step)
	step.gate = step.gates .. "/" .. step.folder
	composed.fill(step, { watched = true, routes = routes_that_stay, own_edits = 0.6 })
end

local questions_of_metadata = { type = true, link = true, target = true, mode = true, exec = true, run = true, time = true,
	folders = true, size = true, named = true }

local function metadata(step)
	composed.fill(step, { routes = joined(route.direct, route.link, route.entered),
		filter = function(target) return questions_of_metadata[target.question] end, own_edits = 0.2 })
end

-- Whether it passes is a matter of how often it was tried.
local function retry(step)
	local test = dice.pick {
		{ "by the number of the attempt", "assert(tonumber(os.getenv 'FIRMO_JOBS_ATTEMPT') > 1)" },
		{ "by the number of the attempt, by sh", "assert(sh 'echo $FIRMO_JOBS_ATTEMPT' ~= '1')" },
		{ "by a file that it makes and removes", ("local f = io.open '%s/t' if f then os.remove '%s/t' else io.open('%s/t', 'w'):close() end assert(f)")
			:format(step.folder, step.folder, step.folder) },
	}
	step.home = "h" .. step.seed
	step.what, step.test = "a test that passes when it is tried again, " .. test[1], test[2]
	step.words, step.words_after = "--retries=1", dice.pick { "--retries=1", "" }
	step.edit_name, step.truth_words = "none", "--flaky=fail"
end

-- A FIFO that somebody else writes into.
local function fifo(step)
	local place = function(text) return (text:gsub("%f[%w]D%f[%W]", step.folder)) end
	step.what = "a FIFO fed by others"
	step.setup = place "mkfifo D/t; printf 'old\\n' >D.fed"
	step.feeds = place "D/t"
	step.test = place(dice.pick { "assert(io.open 'D/t':read() == 'old')", "assert(sh 'read x <D/t; echo $x' == 'old')",
		"assert(sh 'head -n1 D/t' == 'old')" })
	step.edit_name, step.edit = "other words in it", place "printf 'new\\n' >D.fed"
end

local function proc(step)
	if dice.chance(0.15) then
		fifo(step)
	else
		composed.fill(step, { routes = route.proc, filter = is_of_contents, own_edits = 0.3 })
	end
end

-- In the order by which a seed chooses.
kinds.list = {
	{ name = "plain", fill = plain },
	{ name = "database", fill = database },
	{ name = "workfolder", fill = work_folder },
	{ name = "ownlink", fill = own_link },
	{ name = "ownrename", fill = own_rename },
	{ name = "creation", fill = creation.fill },
	{ name = "dotdot", fill = dotdot },
	{ name = "during", fill = during },
	{ name = "metadata", fill = metadata },
	{ name = "sqlite", fill = sqlite.fill },
	{ name = "producer", fill = producer.fill },
	{ name = "retry", fill = retry },
	{ name = "environment", fill = environment.fill },
	{ name = "loader", fill = loader.fill },
	{ name = "call", fill = call.fill },
	{ name = "process", fill = process.fill },
	{ name = "proc", fill = proc },
}

return kinds
