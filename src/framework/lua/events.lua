-- SPDX-License-Identifier: MIT
-- Events on the wire: one JSON object a line. Loaded when the first test framework is, with the function
-- that sends a line, the shim's own folder, what is to be called when `open` or `announced` changes, what
-- leaves the rest to another process, what looks for libraries from then on, and the fork server's part, see main.lua.
-- A part of the shim calls `emit` and lets `guard` catch its own mistakes; what it knows nothing about is left
-- out of an event, never null.
local send, dir, prepare_closing, mute, want_libraries, server, preload = ...
local type, tostring, tonumber, pcall, rawget = type, tostring, tonumber, pcall, rawget
local gsub, gmatch, sub = string.gsub, string.gmatch, string.sub
local match, find = string.match, string.find
local format, concat = string.format, table.concat

-- leader: the framework whose tests these are. announced: how many tests were begun or otherwise taken up,
-- which shows in the end whether news of one was lost. open: the blocks that lust is inside of.
local M = { announced = 0 }
-- Longer words are cut, in whole characters: they are for people.
local LONGEST = { path = 4096, name = 16384, tags = 1024, file = 4096 }
local LONGEST_OTHER, MOST_ITEMS = 262144, 100
-- The fields that an event may have, in the order in which they are written.
local FIELDS = {
	"framework", "tests", "id", "where", "path", "name", "status", "message",
	"traceback", "reason", "file", "line", "own", "tags", "round", "seed",
}
local ESCAPES = { ['"'] = '\\"', ["\\"] = "\\\\", ["\n"] = "\\n", ["\r"] = "\\r", ["\t"] = "\\t" }
for code = 0, 32 do
	local control = string.char(code < 32 and code or 127)
	ESCAPES[control] = ESCAPES[control] or format("\\u%04x", string.byte(control))
end
-- Which tests are wanted: those whose full name has the pattern or is one of the names, that have one of the tags
-- and none of the others, and that hold one of the lines of the file.
local getenv, getinfo = os.getenv, debug.getinfo
local pattern, wanted_tags = getenv("FIRMO_JOBS_FILTER"), getenv("FIRMO_JOBS_TAGS")
local unwanted_tags, wanted_names = getenv("FIRMO_JOBS_EXCLUDED_TAGS"), getenv("FIRMO_JOBS_TESTS")
local wanted_lines, file_of_lines = match(getenv("FIRMO_JOBS_LINES") or "", "^([%d,]+) (.*)$")
local OWN_SOURCE = "@" .. dir

-- Any value as text: an error may be a table without __tostring, or with one that fails.
local function text(value)
	if type(value) == "string" then
		return value
	end
	local ok, said = pcall(tostring, value)
	return ok and type(said) == "string" and said or "(a " .. type(value) .. " value)"
end

local function shortened(value, longest)
	if #value <= longest then
		return value
	end
	local last = longest
	while last > longest - 3 and find(sub(value, last + 1, last + 1), "[\128-\191]") do
		last = last - 1
	end
	return sub(value, 1, last) .. format("... (%d bytes in all)", #value)
end

local function quoted(value, longest)
	return '"' .. gsub(shortened(text(value), longest), '[%c"\\]', ESCAPES) .. '"'
end

local function array(list, longest)
	local items = {}
	for i = 1, #list <= MOST_ITEMS and #list or MOST_ITEMS do
		items[i] = quoted(list[i], longest)
	end
	return "[" .. concat(items, ",") .. "]"
end

-- JSON has no infinities and no decimal comma, which a test may bring with os.setlocale.
local function number(value)
	local digits = gsub(format("%.14g", value), ",", ".")
	return match(digits, "^%-?%d") and digits or nil
end

local function encoded(field, value)
	local longest = LONGEST[field] or LONGEST_OTHER
	if field == "path" or field == "tags" then
		return array(value, longest)
	elseif type(value) == "number" then
		return number(value)
	end
	return quoted(value, longest)
end

function M.emit(event, fields)
	local parts = { '"' .. event .. '"' }
	for i = 1, #FIELDS do
		local field = FIELDS[i]
		local value = fields and fields[field] ~= nil and encoded(field, fields[field])
		if value then
			parts[#parts + 1] = '"' .. field .. '":' .. value
		end
	end
	send(concat(parts, ","))
end

-- The framework has come to its end.
function M.finish()
	M.emit("done", { tests = M.announced })
end

-- A call on the stack, as debug.getinfo tells of it, and the name of what it calls (or nil).
function M.encoded_call(info, called)
	return "{" .. '"file":' .. quoted(match(info.source, "^@(.*)$") or "", 4096) .. ',"line":'
		.. format("%d", info.currentline) .. ',"defined":' .. format("%d", info.linedefined)
		.. ',"name":' .. quoted(called or "", 256) .. "}"
end

-- Blocks of lust that are open.
function M.set_open(depth)
	M.open = depth
	if depth == 0 then
		prepare_closing()
	end
end

-- Said of the leader once, however often it is loaded.
local attached
function M.attach(framework)
	if not attached then
		attached = true
		M.emit("attach", { framework = framework })
	end
end

-- Calls outside of the tests of the framework that leads cannot be followed: the other has tests of its own there.
function M.watch_beside(class, method, framework)
	local original = class[method]
	class[method] = function(...)
		if not (M.is_in_test and M.is_in_test()) then
			M.complain(framework .. " has tests of its own beside those of " .. M.leader)
		end
		return original(...)
	end
end

-- What keeps tests from being followed.
function M.complain(message)
	M.emit("shim", { where = "framework", message = message })
end

-- Whether the tests of that framework are what the file is about: the first one that is loaded leads.
function M.lead(framework)
	M.leader = M.leader or framework
	return M.leader == framework
end

-- Calls a function of the shim; its failure becomes a `shim` event and never reaches the test.
function M.guard(where, fn, ...)
	local ok, result = pcall(fn, ...)
	if ok then
		return result
	end
	pcall(M.emit, "shim", { where = where, message = text(result) })
end

-- A number for a test whose end will be reported.
function M.new_id()
	M.announced = M.announced + 1
	return M.announced
end

-- The words `#tag` of a test's full name, as busted's users mark their tests. nil where there is none.
function M.tags_of(full_name)
	local tags
	for tag in gmatch(full_name, "#([%w_.-]+)") do
		tags = tags or {}
		tags[#tags + 1] = tag
	end
	return tags
end

-- The full name of a test, as busted builds it and --filter takes it.
function M.full_name(path, name)
	return path[1] and concat(path, " ") .. " " .. name or name
end

M.is_selective = (pattern or wanted_tags or unwanted_tags or wanted_names or wanted_lines) ~= nil

local function has_any(words, tags)
	for i = 1, tags and #tags or 0 do
		if find("," .. words .. ",", "," .. tags[i] .. ",", 1, true) then
			return true
		end
	end
	return false
end

-- Whether a wanted line of the file is one of those from first to last of that source.
local function has_line(source, first, last)
	local file = wanted_lines and M.file_of(source)
	if not file or not first or sub(file, -#file_of_lines) ~= file_of_lines then
		return false
	end
	for line in gmatch(wanted_lines, "%d+") do
		line = tonumber(line)
		if line >= first and line <= last then
			return true
		end
	end
	return false
end

-- Whether the group that is opened on that line is meant: then all of it is.
function M.is_group_wanted(source, line)
	return has_line(source, line, line)
end

-- Whether the function of a test, which is called on that line, holds a line that is wanted.
function M.is_place_wanted(fn, line)
	local info = type(fn) == "function" and getinfo(fn, "S")
	return not wanted_lines or info and has_line(info.source, line or info.linedefined, info.lastlinedefined) or false
end

-- Whether a test is selected by its name and its tags, which may be nil.
function M.is_selected(full_name, tags)
	return not (pattern and not find(full_name, pattern))
		and not (wanted_names and not find("\30" .. wanted_names .. "\30", "\30" .. full_name .. "\30", 1, true))
		and not (unwanted_tags and has_any(unwanted_tags, tags))
		and (not wanted_tags or has_any(wanted_tags, tags))
end

-- What an error value says: a framework's error objects keep their words in `message`.
function M.error_text(value)
	local message = type(value) == "table" and rawget(value, "message")
	return type(message) == "string" and message or text(value)
end

function M.is_own(source)
	return sub(source, 1, #OWN_SOURCE) == OWN_SOURCE
end

-- File of a chunk's source, or nil where the chunk did not come from a file.
function M.file_of(source)
	return type(source) == "string" and match(source, "^@(.*)$") or nil
end

-- Line of `file` that a message names in front; Lua shortens a long file name to ... and its end.
function M.line_of(message, file)
	local name, line = match(message, "^([^\n]-):(%d+):")
	return name and (name == file or sub(name, 1, 3) == "...") and tonumber(line) or nil
end

-- File and line that a message names in front.
function M.place_of(message)
	local file, line = match(message, "^([^\n:]+):(%d+):")
	if file and sub(file, 1, 3) ~= "..." then
		return file, tonumber(line)
	end
end

M.text, M.mute, M.want_libraries, M.server, M.preload = text, mute, want_libraries, server, preload
return M
