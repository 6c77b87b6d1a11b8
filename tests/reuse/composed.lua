-- SPDX-License-Identifier: MIT
-- Steps composed of a target, a route to it, an asker, and an edit of any of them.
local asker = require "asker"
local dice = require "dice"
local route = require "route"
local target = require "target"

local composed = {}

-- The text with D and T put in, the folder and the file of the target.
local function placed(text, folder, file)
	return (text:gsub("%f[%w]D%f[%W]", folder):gsub("%f[%w-]T%f[%W]", file))
end

local function made(one, folder, state)
	return ("mkdir -p %s; d=%s; %s"):format(folder, folder, one[state])
end

local function can_go(one, way)
	if not one.sh and not one.lua then
		return true
	end
	return way.in_lua and one.lua ~= nil or not way.in_lua
end

-- Who can answer the question on that route.
local function askers_of(question, path, watched)
	local able = {}
	for _, one in ipairs(asker) do
		if one.ways[question] and can_go(path, one) and not (watched and one.unwatched) and not (one.rare and dice.chance(0.7)) then
			able[#able + 1] = one
		end
	end
	return able
end

-- The Lua lines that leave the answer in `got`, and what has to be in `way` for them.
local function question_of(who, question, path, place)
	local way = dice.pick(who.ways[question])
	local lua_path = path.lua_path or ("%q"):format(path.path)
	if who.in_lua then
		return { before = path.lua and path.lua[1], after = path.lua and path.lua[2],
			ask = place(way:gsub("{}", function() return lua_path end)) }
	end
	-- A program is only looked for in PATH if its name has no slash.
	local name = question == "run" and path.path == "T" and "./T" or path.path
	local command = way:gsub("{}", function() return name end)
	if path.sh and not (path.lua and dice.chance(0.5)) then
		command = ("%s && { %s; }; %s"):format(path.sh[1], command, path.sh[2])
		return { ask = place(("sh [==[%s]==]"):format(command)) }
	end
	return { before = path.lua and path.lua[1], after = path.lua and path.lua[2],
		ask = place(("sh [==[%s]==]"):format(command)) }
end

local function test_of(asked, answer, place, gate)
	return table.concat({
		place(asked.before or ""),
		"local got = trim(" .. asked.ask .. ")",
		gate and ("gate(%q)"):format(gate) or "",
		place(asked.after or ""),
		("assert(got == %q, got)"):format(answer),
	}, "\n")
end

-- Questions of the name itself, wherever it leads.
local of_names = { link = true, target = true, named = true }

-- A pair that fits: a target, and an asker that can ask on the route.
local function pair(path, filter, watched)
	while true do
		local what = dice.pick(target)
		local fits = not (path.is_link and of_names[what.question]) and not (path.needs_target and what.answer == "no")
		if fits and (not filter or filter(what)) then
			local able = askers_of(what.question, path, watched)
			if #able > 0 then
				return what, dice.pick(able)
			end
		end
	end
end

-- Fills in the step. choice: routes, a list; filter, of targets; own_edits, how likely an edit is one of
-- the route's own (0.4); watched, whether the asker has to be seen.
function composed.fill(step, choice)
	local path = dice.pick(choice.routes)
	local what, who = pair(path, choice.filter, choice.watched)
	local folder, file = step.folder, target.name(what)
	local function place(text) return placed(text, folder, file) end
	local asked = question_of(who, what.question, path, place)
	local edits = dice.chance(choice.own_edits or 0.4) and
		(path.edits and dice.chance(0.7) and path.edits or route.edits(path)) or what.edits
	local edit = dice.pick(edits)

	step.what = ("%s (%s) by %s %s"):format(what.question, what.answer, who.name, path.name)
	step.setup = table.concat({ made(what, folder .. "/a", "old"), made(what, folder .. "/o", "new"),
		place(path.setup or "true") }, "\n")
	step.test = test_of(asked, what.answer, place, step.gate)
	step.edit_name = edit[1]
	step.edit = ("d=%s/a; "):format(folder) .. place(edit[2])
	step.needs = who.needs
end

return composed
