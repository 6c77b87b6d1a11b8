-- SPDX-License-Identifier: MIT
-- Splits a command line of Firmo's.
local switches = {
	["--fail-fast"] = { "fail_fast", true },
	["--verbose-parallel"] = { "verbose", true },
	["--no-worker-output"] = { "show_worker_output", false },
	["--show-worker-output"] = { "show_worker_output", true },
	["--no-aggregate-coverage"] = { "aggregate_coverage", false },
	["--parallel"] = { "parallel", true },
	["-p"] = { "parallel", true },
}
local values = {
	["--workers"] = "workers",
	["-w"] = "workers",
	["--timeout"] = "timeout",
	["--tag"] = "tags",
}
-- Firmo's own switches, which would take the word behind them for their value.
local switches_of_firmo = {}
for word in ("--verbose -v --coverage -c --quality -q --report -r --json --coverage-debug"):gmatch("%S+") do
	switches_of_firmo[word] = true
end

local function take_value(flags, name, word, value)
	if name == "tags" then
		flags.tags = flags.tags or {}
		for tag in value:gmatch("[^,]+") do
			table.insert(flags.tags, tag)
		end
		return
	end
	local number = tonumber(value)
	if not number or number <= 0 or (name == "workers" and number ~= math.floor(number)) then
		flags.problem = ("%s %s: wants a %s above 0"):format(word, value, name == "workers" and "whole number" or "number")
	end
	flags[name] = number
end

-- Our own flags, and the words that Firmo reads.
return function(args)
	local flags, rest, last, i = {}, {}, {}, 1
	while i <= #args do
		local word = args[i]
		local name, value = word:match("^(%-%-[%w-]+)=(.*)$")
		local own = values[name or word]
		-- -w alone is Firmo's --watch.
		if own and (name or (args[i + 1] and (word ~= "-w" or args[i + 1]:match("^%d+$")))) then
			if not name then
				i = i + 1
			end
			take_value(flags, own, name or word, value or args[i])
		elseif switches[word] then
			flags[switches[word][1]] = switches[word][2]
		elseif word:match("^%-%a%a+$") and word:find("p", 2, true) then
			-- -pc is -p and -c.
			flags.parallel = true
			table.insert(args, i + 1, "-" .. word:sub(2):gsub("p", ""))
		elseif switches_of_firmo[word] then
			flags.coverage = flags.coverage or word == "--coverage" or word == "-c" or nil
			last[#last + 1] = word
		else
			if word:match("^%-%a%a+$") and word:find("c", 2, true) then
				flags.coverage = true
			end
			flags.filter = word:match("^%-%-filter=(.*)$") or (word == "--filter" and args[i + 1]) or flags.filter
			rest[#rest + 1] = word
		end
		i = i + 1
	end
	for _, word in ipairs(last) do
		rest[#rest + 1] = word
	end
	for place, word in pairs(args) do
		if place <= 0 then
			rest[place] = word
		end
	end
	return flags, rest
end
