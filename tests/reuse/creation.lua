-- SPDX-License-Identifier: MIT
-- Steps whose test makes things, which says that they were not there; and things below what it made.
local dice = require "dice"

local creation = {}

-- {what, Lua text of the test}: each fails if n is there already.
local makers = {
	{ "mkdir by lfs", "assert(lfs.mkdir('D/n')) assert(lfs.rmdir('D/n'))" },
	{ "link by lfs", "assert(lfs.link('a', 'D/n', true)) assert(os.remove('D/n'))" },
	{ "hard link by lfs", "io.open('D/m', 'w'):close() assert(lfs.link('D/m', 'D/n')) os.remove('D/n') os.remove('D/m')" },
	{ "mkdir", "assert(os.execute 'mkdir D/n && rmdir D/n')" },
	{ "mkdir, then cd", "assert(os.execute 'mkdir D/n && cd D/n && cd .. && rmdir n')" },
	{ "ln -s", "assert(os.execute 'ln -sT a D/n && rm D/n')" },
	{ "ln", "assert(os.execute 'ln -T D/a D/n && rm D/n')" },
	{ "mkfifo", "assert(os.execute 'mkfifo D/n && rm D/n')" },
	{ "set -C", "assert(os.execute 'set -C; : >D/n && rm D/n')" },
	{ "append by sh", "assert(sh 'echo x >>D/n; cat D/n; rm -r D/n' == 'x')" },
	{ "append", "local f = assert(io.open('D/n', 'a+')) f:write('x') f:seek('set') assert(f:read('a') == 'x') f:close() os.remove('D/n')" },
	{ "os.rename to it", "assert(os.execute 'mkdir D/m') assert(os.rename('D/m', 'D/n')) assert(lfs.rmdir('D/n'))" },
	{ "mv -n", "assert(os.execute 'echo x >D/m; mv -nT D/m D/n; test ! -e D/m && rm D/n')" },
	{ "O_EXCL", "assert(sh '$REUSE/look absent-excl D/n' == 'yes')" },
	{ "mkdirat", "assert(sh '$REUSE/look in D absent-mkdir n' == 'yes')" },
	{ "symlinkat", "assert(sh '$REUSE/look at D absent-symlink n' == 'yes')" },
	{ "mkfifoat", "assert(sh '$REUSE/look absent-mkfifo D/n' == 'yes')" },
	{ "open x by python3", "assert(os.execute \"python3 -S -c 'import os; open(\\\"D/n\\\", \\\"x\\\"); os.remove(\\\"D/n\\\")'\")" },
	{ "makedirs by python3", "assert(os.execute \"python3 -S -c 'import os; os.makedirs(\\\"D/n/m\\\"); os.removedirs(\\\"D/n/m\\\")'\")" },
}
local appearances = {
	{ "made as a folder", "mkdir D/n" },
	{ "made as a file", "printf new >D/n" },
	{ "made as a link", "ln -s a D/n" },
	{ "made as a link to nowhere", "ln -s nowhere D/n" },
	{ "made as a folder with something in it", "mkdir D/n; printf new >D/n/new" },
}

-- A folder that the test makes if need be, and what lies in it: {what, Lua text, setup, edits}.
local caches = {
	{ "content below mkdir -p", "os.execute 'mkdir -p D/n' assert(sh 'cat D/n/c' == 'old')",
		"mkdir D/n; printf old >D/n/c",
		{ { "written", "printf new >D/n/c" }, { "removed", "rm D/n/c" }, { "its folder removed", "rm -r D/n" } } },
	{ "absence below mkdir -p", "os.execute 'mkdir -p D/n' assert(not io.open 'D/n/c')",
		"true", { { "made", "mkdir -p D/n; printf new >D/n/c" } } },
	{ "the list of mkdir -p", "os.execute 'mkdir -p D/n' assert(sh 'ls D/n' == '')",
		"true", { { "made", "mkdir -p D/n; printf new >D/n/c" } } },
	{ "the list of lfs.mkdir", "lfs.mkdir 'D/n' assert(entries 'D/n' == '')",
		"true", { { "made", "mkdir -p D/n; printf new >D/n/c" } } },
	{ "a file that is made if it is missing", "if not io.open 'D/n' then local f = io.open('D/n', 'w') f:write 'old' f:close() end assert(slurp 'D/n' == 'old')",
		"true", { { "made by others", "printf new >D/n" } } },
	{ "a file that is written, then read", "local f = io.open('D/n', 'r+') f:write 'x' f:close() assert(slurp 'D/n' == 'xld')",
		"printf old >D/n", { { "written", "printf new >D/n" }, { "removed", "rm D/n" } } },
}

function creation.fill(step)
	local function place(text) return (text:gsub("%f[%w]D%f[%W]", step.folder)) end
	if dice.chance(0.7) then
		local maker, edit = dice.pick(makers), dice.pick(appearances)
		step.what = "whether it can be made, by " .. maker[1]
		step.setup = place("printf a >D/a")
		step.test, step.edit_name, step.edit = place(maker[2]), edit[1], place(edit[2])
		return
	end
	local cache = dice.pick(caches)
	local edit = dice.pick(cache[4])
	step.what = cache[1]
	step.test, step.setup = place(cache[2]), place(cache[3])
	step.edit_name, step.edit = edit[1], place(edit[2])
end

return creation
