-- SPDX-License-Identifier: MIT
-- A step: a small test that passes, and an edit of what it looks at; all of it follows from the seed.
--	seed, kind, folder	its number, the name of its kind, its folder in the project
--	what, edit_name		what the test looks at, and what is done to that, for people
--	setup, edit		shell text, in the project's folder
--	test, or tests		Lua text; a list of {name, text} where there are several
--	home			its project, `main` where it may share one
--	before, after		shell text before firmo-jobs starts: in all runs, and in those after the edit
--	words, words_after	further words for firmo-jobs, as are options and database before the files
--	gate			a file that the test makes; the edit is made then, and the file removed
--	feeds			a FIFO to be fed, the name of the step with .fed is what with
--	moves			the edit is that the project moves
--	needs			programs or files without which the step cannot be taken
--	cleanup			shell text, at the end
local dice = require "dice"
local kinds = require "kinds"

local step = {}

-- The kind of the seed, before anything else is chosen.
local function kind_of(seed)
	dice.seed(seed)
	return dice.pick(kinds.list)
end

-- place: {gates, said, mark}: where gates are, where what tests said is kept, and what names in rooms that
-- all share begin with. Returns nil if the seed's kind is not in wanted, a set.
function step.of(seed, wanted, place)
	local kind = kind_of(seed)
	if not wanted[kind.name] then
		return nil
	end
	local folder = "s" .. seed
	local one = { seed = seed, kind = kind.name, folder = folder, gates = place.gates, mark = place.mark,
		said = place.said .. "/" .. folder, home = "main", setup = "true", edit = "true" }
	kind.fill(one)
	one.home = one.home or "main"
	one.tests = one.tests or { { name = folder, text = one.test } }
	return one
end

return step
