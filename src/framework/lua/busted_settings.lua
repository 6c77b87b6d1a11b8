-- SPDX-License-Identifier: MIT
-- What busted's settings come to, as its modules/cli.lua and modules/configuration_loader.lua have it. Run
-- in a process of its own, as `lua - FILE [TASK]`, because FILE is a program. The answer follows a mark on
-- standard output: names and values, each ended by a NUL, "end" the last of the names. FILE "": there
-- are none, only what is installed is asked for.
local file, task = ...
local stdout, tostring, type = io.stdout, tostring, type

local function say(name, value)
	stdout:write(name, "\0", (tostring(value):gsub("%z", "")), "\0")
end

local function evaluate()
	local chunk, why = loadfile(file)
	if not chunk then
		error(why, 0)
	end
	local settings = chunk()
	if type(settings) ~= "table" then
		error("it returns no table", 0)
	end
	return settings
end

local function section(settings)
	if not task then
		return type(settings.default) == "table" and settings.default or {}
	elseif type(settings[task]) ~= "table" then
		error("it has no task '" .. task .. "'", 0)
	end
	return settings[task]
end

local function names_of_tasks(settings)
	local names = {}
	for name, value in pairs(settings) do
		if type(name) == "string" and type(value) == "table" and name ~= "_all" then
			names[#names + 1] = name
		end
	end
	table.sort(names)
	return names
end

local function list(name, value)
	if value ~= nil then
		say(name .. "s", "")
	end
	if type(value) ~= "table" then
		value = { value }
	end
	for i = 1, #value do
		say(name, value[i])
	end
end

local function tell(settings)
	local own = section(settings)
	local all = type(settings._all) == "table" and settings._all or {}
	local function setting(name)
		if own[name] ~= nil then
			return own[name]
		end
		return all[name]
	end
	for _, name in ipairs({ "ROOT", "pattern", "exclude-pattern", "loaders" }) do
		list(name, setting(name))
	end
	for _, name in ipairs({ "helper", "lua", "directory", "recursive" }) do
		if setting(name) ~= nil then
			say(name, setting(name))
		end
	end
	for _, name in ipairs(names_of_tasks(settings)) do
		say("task", name)
		local root = settings[name].ROOT
		for _, folder in ipairs(type(root) == "table" and root or { root }) do
			say("task-ROOT", folder)
		end
	end
end

local ok, why = true, nil
if file ~= "" then
	local settings
	ok, settings = pcall(evaluate)
	why = settings
	stdout:write("\n\0firmo-jobs\0")
	if ok then
		ok, why = pcall(tell, settings)
	end
else
	stdout:write("\n\0firmo-jobs\0")
end
if not ok then
	local told, text = pcall(tostring, why)
	say("error", told and why ~= nil and text or "an error that tells nothing")
end
if pcall(require, "moonscript") then
	say("moonscript", "")
end
say("end", "")
