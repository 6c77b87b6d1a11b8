-- SPDX-License-Identifier: MIT
-- Chance that a seed decides: the same on every machine with the same Lua.
local dice = {}

function dice.seed(seed)
	math.randomseed(seed)
end

function dice.pick(list)
	return list[math.random(#list)]
end

function dice.chance(p)
	return math.random() < p
end

return dice
