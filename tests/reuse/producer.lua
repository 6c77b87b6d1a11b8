-- SPDX-License-Identifier: MIT
-- Steps of two or three tests: one writes what another looks at. The first is named before or after the
-- others.
local dice = require "dice"

local producer = {}

-- {what, how the text of src is handed on, what the consumer asserts}
local goods = {
	{ "a file renamed into its place", "local f = io.open('D/new', 'w') f:write(text) f:close() os.rename('D/new', 'D/gen')",
		"assert(slurp 'D/gen' == 'old')" },
	{ "a file written in its place", "local f = io.open('D/gen', 'w') f:write(text) f:close()",
		"assert(slurp 'D/gen' == 'old')", alone = true },
	{ "a file copied by sh", "os.execute 'cp D/src D/gen'", "assert(sh 'cat D/gen' == 'old')", alone = true },
	{ "a file made by make", "os.execute 'make -s -f D/rules D/gen'", "assert(sh 'cat D/gen' == 'old')", alone = true },
	{ "a file written only if it differs", "if slurp 'D/gen' ~= text then os.execute 'cp D/src D/gen' end",
		"assert(slurp 'D/gen' == 'old')", alone = true },
	{ "a link", "os.execute('ln -s ' .. text .. ' D/l && mv -T D/l D/gen')", "assert(sh 'readlink D/gen' == 'old')" },
	{ "a name", "if text ~= 'old' then os.execute 'mkdir D/made' end", "assert(not io.open 'D/made')" },
	{ "an entry of a folder", "os.execute('mkdir -p D/out/' .. text)", "assert(sh 'ls D/out' == 'old')" },
}

local function test_name(step, letter)
	return ("s%d%s"):format(step.seed, letter)
end

function producer.fill(step)
	local function place(text) return (text:gsub("%f[%w]D%f[%W]", step.folder)) end
	local good = dice.pick(goods)
	local first, last = dice.pick { { "a", "b" }, { "b", "a" } }, nil
	step.what = good[1] .. " by another test"
	step.needs = good[1]:find("make", 1, true) and "make" or nil
	step.setup = place("printf old >D/src; printf old >D/gen; mkdir -p D/out/old; printf 'D/gen: D/src ; cp $< $@\\n' >D/rules\n" ..
		(good[1] == "a link" and "ln -sfn old D/gen" or "true"))
	if good.alone or dice.chance(0.3) then
		step.home, step.options = "h" .. step.seed, "-j1" -- else a consumer could see half a file
	end
	step.tests = {
		{ name = test_name(step, first[1]), text = place("local text = slurp 'D/src'\n" .. good[2]), hands_on = true },
		{ name = test_name(step, first[2]), text = place(good[3]) },
	}
	if good[1] == "a file renamed into its place" and dice.chance(0.4) then
		last = { name = test_name(step, "c"), text = place("assert(slurp 'D/gen2' == 'old')") }
		step.tests[2].text = place("local text = slurp 'D/gen' local f = io.open('D/new2', 'w') f:write(text) f:close() os.rename('D/new2', 'D/gen2')")
		step.setup = step.setup .. place("; printf old >D/gen2")
		step.tests[2].hands_on = true
		step.tests[3] = last
		step.what = step.what .. ", and on by a third"
	end
	step.edit_name, step.edit = "its source written", place("printf new >D/src")
end

return producer
