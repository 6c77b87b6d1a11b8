-- SPDX-License-Identifier: MIT
-- The command line of the program, of a table of options.
local command_line = {}

function command_line.quote(word)
	return "'" .. word:gsub("'", "'\\''") .. "'"
end

function command_line.join(list)
	local quoted = {}
	for i, word in ipairs(list) do
		quoted[i] = command_line.quote(word)
	end
	return table.concat(quoted, " ")
end

-- What is not a word of the command line.
local own = {
	paths = "list",
	args = "list",
	program = "string",
	folder = "string",
	on_start = "function",
	on_test = "function",
	on_file = "function",
	on_output = "function",
	on_warning = "function",
	on_event = "function",
}

-- Options of the program whose values can only be of one type; the others may be texts, numbers,
-- booleans, or lists of texts.
local types = {
	workers = "number",
	timeout = "number or string",
	grace = "number",
	retries = "number",
	retry_delay = "number",
	max_failures = "number",
	max_load = "number",
	run_limit = "number",
	["repeat"] = "number",
	last = "number",
	changed = "boolean",
	failed = "boolean",
	fail_fast = "boolean",
	coverage = "boolean",
	trace = "boolean",
	until_fail = "boolean",
	share_tokens = "boolean",
	memory_guard = "boolean",
	filter = "string",
	framework = "string",
	lua = "string",
	command = "string",
	wrap = "string",
	order = "string",
	db = "string",
	root = "string",
	profile = "string",
	view = "string",
	tag = "list",
	include = "list",
	exclude = "list",
	pattern = "list",
	preload = "list",
	report = "list",
}

-- Set by the module itself.
local taken = {
	"end_with_input", "no_end_with_input", "no_report", "follow", "list", "history", "advise", "gather", "capture", "watch",
}

local function is_list(value)
	if type(value) ~= "table" then
		return false
	end
	local n = 0
	for _ in pairs(value) do
		n = n + 1
	end
	for i = 1, n do
		if type(value[i]) ~= "string" and type(value[i]) ~= "number" then
			return false
		end
	end
	return true
end

local function fits(value, wanted)
	local kind = type(value)
	if wanted == "list" then
		return kind == "string" or is_list(value)
	elseif not wanted then
		return kind == "string" or kind == "number" or kind == "boolean" or is_list(value)
	end
	for word in wanted:gmatch("%a+") do
		if kind == word then
			return true
		end
	end
	return false
end

local names = { list = "a string or a list of strings", ["function"] = "a function" }

local function describe(wanted)
	return names[wanted] or wanted and "a " .. wanted:gsub(" or ", " or a ")
		or "a string, number, boolean or list of strings"
end

local function list_of(value)
	return type(value) == "table" and value or { value }
end

-- A number as the program reads it: without an exponent.
local function text_of(value)
	if type(value) ~= "number" then
		return tostring(value)
	end
	return value == math.floor(value) and ("%.0f"):format(value) or ("%.6f"):format(value)
end

-- The words of the command line that stand for options, or nil and which of them is wrong.
function command_line.options(what, options)
	if options == nil then
		options = {}
	elseif type(options) ~= "table" then
		return nil, ("%s: the options have to be a table, not a %s"):format(what, type(options))
	end
	local sorted, line = {}, {}
	for name, value in pairs(options) do
		if type(name) ~= "string" then
			return nil, ("%s: %s is no name of an option"):format(what, tostring(name))
		end
		name = name:gsub("-", "_")
		local wanted = own[name] or types[name]
		if not fits(value, wanted) then
			return nil,
				("%s: option %s has to be %s, not a %s"):format(what, name, describe(wanted), type(value))
		end
		for _, set in ipairs(taken) do
			if name == set then
				return nil, ("%s: option %s is the module's own"):format(what, name)
			end
		end
		if not own[name] and name ~= "view" then
			sorted[#sorted + 1] = { name:gsub("_", "-"), value }
		end
	end
	table.sort(sorted, function(a, b)
		return a[1] < b[1]
	end)
	for _, option in ipairs(sorted) do
		local word = "--" .. option[1]
		if type(option[2]) == "boolean" then
			line[#line + 1] = option[2] and word or "--no-" .. option[1]
		else
			for _, value in ipairs(list_of(option[2])) do
				line[#line + 1] = word .. "=" .. text_of(value)
			end
		end
	end
	for _, path in ipairs(list_of(options.paths or {})) do
		-- What stands behind -- goes to the workers.
		line[#line + 1] = path:sub(1, 1) == "-" and "./" .. path or path
	end
	if options.args then
		line[#line + 1] = "--"
		for _, word in ipairs(list_of(options.args)) do
			line[#line + 1] = text_of(word)
		end
	end
	for _, word in ipairs(line) do
		if word:find("%z") then
			return nil, ("%s: no word of a command line holds a NUL"):format(what)
		end
	end
	return line, options
end

return command_line
