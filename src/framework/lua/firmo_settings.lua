-- SPDX-License-Identifier: MIT
-- The section `parallel` of Firmo's own settings, as its lib/core/central_config.lua reads them. Run in a
-- process of its own, as `lua - FILE`, because FILE is a program. The answer is as busted_settings.lua has it;
-- its names are types and keys, "number:timeout".
local file = ...
local stdout, tostring, type = io.stdout, tostring, type

local function say(name, value)
	stdout:write(name, "\0", (tostring(value):gsub("%z", "")), "\0")
end

local function whole(number)
	if number % 1 == 0 and number > -2 ^ 53 and number < 2 ^ 53 then
		return ("%d"):format(number)
	end
	return tostring(number)
end

local function tell(settings)
	if type(settings) ~= "table" then
		error("it returns no table", 0)
	end
	local section = settings.parallel
	if section ~= nil and type(section) ~= "table" then
		say(type(section) .. ":", "")
		return
	end
	local keys = {}
	for key in pairs(section or {}) do
		keys[#keys + 1] = type(key) == "string" and key or nil
	end
	table.sort(keys)
	for _, key in ipairs(keys) do
		local value = section[key]
		say(type(value) .. ":" .. key:gsub("%z", ""), type(value) == "number" and whole(value) or value)
	end
end

local ok, settings = pcall(dofile, file)
stdout:write("\n\0firmo-jobs\0")
if ok then
	ok, settings = pcall(tell, settings)
end
if not ok then
	local told, text = pcall(tostring, settings)
	say("error", told and settings ~= nil and text or "an error that tells nothing")
end
say("end", "")
