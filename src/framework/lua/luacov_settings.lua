-- SPDX-License-Identifier: MIT
-- What LuaCov's settings come to: FILE is a program that sets globals, returns a table, or both. Run in a process
-- of its own, as `lua - FILE`. The answer is one as src/framework/answer.h has it.
local file = ...
local stdout, tostring, type, pcall = io.stdout, tostring, type, pcall
local setfenv = rawget(_G, "setfenv")

local function say(name, value)
	stdout:write(name, "\0", (tostring(value):gsub("%z", "")), "\0")
end

local function evaluate()
	local settings = setmetatable({}, { __index = _G })
	local chunk, why = loadfile(file, "t", settings)
	if not chunk then
		error(why, 0)
	end
	if setfenv then
		setfenv(chunk, settings)
	end
	local returned = chunk()
	if returned ~= nil and type(returned) ~= "table" then
		error("it returns no table", 0)
	end
	return function(name)
		local own = rawget(settings, name)
		if own == nil and type(returned) == "table" then
			own = returned[name]
		end
		return own
	end
end

local function tell(setting)
	for _, name in ipairs({ "include", "exclude", "includeuntestedfiles" }) do
		local value = setting(name)
		if value ~= nil and type(value) ~= "table" and not (name == "includeuntestedfiles" and type(value) == "boolean") then
			error(name .. " is no table", 0)
		end
		for i = 1, type(value) == "table" and #value or 0 do
			if type(value[i]) ~= "string" then
				error(name .. "[" .. i .. "] is no text", 0)
			end
			say(name, value[i])
		end
	end
	if setting("includeuntestedfiles") == true then
		say("includeuntestedfiles", ".")
	end
end

local ok, setting = pcall(evaluate)
local why = setting
stdout:write("\n\0firmo-jobs\0")
if ok then
	ok, why = pcall(tell, setting)
end
if not ok then
	local told, text = pcall(tostring, why)
	say("error", told and why ~= nil and text or "an error that tells nothing")
end
say("end", "")
