-- SPDX-License-Identifier: MIT
-- Steps whose test looks at what a process inherits: the mask, limits, CPUs, niceness, its folder, and the
-- settings of the run.
local dice = require "dice"

local process = {}

-- {what, ways to ask: commands whose output goes through the shell, edits: {name, shell text before the run}}
-- What a way says before the edit is what it said in the first run of all, see says() of the asker.
local attributes = {
	{ "the mask", {
		"umask", "$REUSE/look umask x", "bash -c 'umask -S'", "touch $TMPDIR/f; stat -c %a $TMPDIR/f",
		"mkdir $TMPDIR/d; stat -c %a $TMPDIR/d", "python3 -S -c 'import os; print(os.umask(0))'",
	}, { { "umask 077", "umask 077" }, { "umask 0", "umask 0" } } },
	{ "the limit of descriptors", {
		"ulimit -n", "bash -c 'ulimit -n'", "$REUSE/look nofile x", "sed -n 's/^Max open files *//p' /proc/self/limits",
		"python3 -S -c 'import resource; print(resource.getrlimit(resource.RLIMIT_NOFILE))'",
	}, { { "ulimit -n 200", "ulimit -S -n 200" }, { "ulimit -n, hard", "ulimit -n 300" } } },
	{ "another limit", { "ulimit -a", "bash -c 'ulimit -a'", "cat /proc/self/limits" }, {
		{ "ulimit -c", "ulimit -S -c 1" }, { "ulimit -f", "ulimit -f 1000000" }, { "ulimit -t", "ulimit -t 1000" },
		{ "ulimit -s", "ulimit -S -s 4096" }, { "ulimit -v", "ulimit -v 90000000" },
	} },
	{ "the CPUs", {
		"nproc", "$REUSE/look cpus x", "taskset -p 0 | sed 's/.*: //'", "sed -n 's/^Cpus_allowed:.//p' /proc/self/status",
		"python3 -S -c 'import os; print(len(os.sched_getaffinity(0)))'",
	}, { { "taskset", "taskset -p -c 0 $$ >/dev/null" } }, needs = "taskset" },
	{ "the niceness", {
		"nice", "$REUSE/look nice x", "ps -o ni= -p $$", "python3 -S -c 'import os; print(os.nice(0))'",
	}, { { "nice 5", "renice -n 5 -p $$ >/dev/null" } } },
}
local folders = {
	"pwd", "/bin/pwd", "pwd -P", "echo $PWD", "$REUSE/look folder x", "readlink /proc/self/cwd",
	"realpath D", "bash -c 'echo ~+'", "python3 -S -c 'import os; print(os.getcwd())'",
	lua = { "lfs.currentdir()", "os.getenv 'PWD'" },
}

local function fill_attribute(step)
	local one = dice.pick(attributes)
	local way, edit = dice.pick(one[2]), dice.pick(one[3])
	step.what = ("%s by %s"):format(one[1], way)
	step.needs = one.needs
	step.test = ("says(%q, sh [=[%s]=])"):format(step.said, way)
	step.edit_name, step.after = edit[1], edit[2]
end

local function fill_folder(step)
	local in_lua = dice.chance(0.3)
	local way = in_lua and dice.pick(folders.lua) or dice.pick(folders):gsub("%f[%w]D%f[%W]", step.folder)
	step.what = "its own folder by " .. way
	step.test = ("says(%q, %s)"):format(step.said, in_lua and way or ("sh [=[%s]=]"):format(way))
	step.edit_name, step.moves = "the project moved", true
end

local settings = {
	{ "MAKEFLAGS", "assert(not os.getenv 'MAKEFLAGS')", "", "--share-tokens -j2" },
	{ "MAKEFLAGS by sh", "assert(sh 'echo ${MAKEFLAGS-none}' == 'none')", "", "--share-tokens -j2" },
	{ "a limit", "assert(tonumber(sh 'ulimit -n') > 100)", "", "--limit=nofile=64" },
	{ "words", "assert(arg[1] == 'one')", "-- one", "-- two" },
	{ "the interpreter", "assert(_VERSION == 'Lua 5.4')", "--lua=lua5.4", "--lua=lua5.3" },
}

local function fill_settings(step)
	local one = dice.pick(settings)
	step.what = "a setting: " .. one[1]
	step.test = one[2]
	step.needs = one[4]:match("^%-%-lua=(.*)")
	step.words, step.words_after = one[3], one[4]
	step.edit_name = one[4]
end

function process.fill(step)
	local which = math.random()
	step.home = "h" .. step.seed
	if which < 0.6 then
		fill_attribute(step)
	elseif which < 0.85 then
		fill_folder(step)
	else
		fill_settings(step)
	end
end

return process
