-- SPDX-License-Identifier: MIT
-- JSON to tables, with nil for null: by what the host has, cjson or dkjson, else by a reader of its
-- own, which knows the JSON that firmo-jobs writes: valid, in UTF-8.
local json = {}

-- ---- the host's ----

local function strip(value, null)
	if type(value) == "table" then
		for key, member in pairs(value) do
			if member == null then
				value[key] = nil
			else
				strip(member, null)
			end
		end
	end
	return value
end

local function of_host()
	local found, host = pcall(require, "cjson")
	if found and type(host) == "table" and host.decode then
		return function(text)
			return strip(host.decode(text), host.null)
		end
	end
	found, host = pcall(require, "dkjson")
	if found and type(host) == "table" and host.decode then
		return function(text)
			local value, _, message = host.decode(text, 1, nil, nil, nil)
			if message then
				error(message, 0)
			end
			return value
		end
	end
end

-- ---- our own ----

local escapes = { b = "\b", f = "\f", n = "\n", r = "\r", t = "\t" }

local function utf8_of(code)
	if code < 0x80 then
		return string.char(code)
	elseif code < 0x800 then
		return string.char(0xc0 + math.floor(code / 64), 0x80 + code % 64)
	elseif code < 0x10000 then
		return string.char(0xe0 + math.floor(code / 4096), 0x80 + math.floor(code / 64) % 64, 0x80 + code % 64)
	end
	return string.char(
		0xf0 + math.floor(code / 262144),
		0x80 + math.floor(code / 4096) % 64,
		0x80 + math.floor(code / 64) % 64,
		0x80 + code % 64
	)
end

local function bad(what, at)
	error(("not JSON: %s at byte %d"):format(what, at), 0)
end

-- The string that begins behind the quote, and the place behind its end.
local function read_string(text, at)
	local parts
	while true do
		local plain, stop = text:match('^([^"\\]*)()', at)
		local c = text:sub(stop, stop)
		if c == '"' then
			if not parts then
				return plain, stop + 1
			end
			parts[#parts + 1] = plain
			return table.concat(parts), stop + 1
		elseif c == "" then
			bad("a string without an end", at)
		end
		parts = parts or {}
		parts[#parts + 1] = plain
		local kind = text:sub(stop + 1, stop + 1)
		at = stop + 2
		if kind == "u" then
			local code = tonumber(text:sub(at, at + 3), 16) or bad("no character", at)
			at = at + 4
			local low = text:match("^\\u([dD][c-fC-F]%x%x)", at)
			if code >= 0xd800 and code < 0xdc00 and low then
				code = 0x10000 + (code - 0xd800) * 1024 + tonumber(low, 16) - 0xdc00
				at = at + 6
			end
			parts[#parts + 1] = utf8_of(code)
		else
			parts[#parts + 1] = escapes[kind] or kind
		end
	end
end

local words = { ["true"] = true, ["false"] = false }
local read_value

local function read_list(text, at)
	local list, n = {}, 0
	at = text:match("^%s*()", at)
	if text:sub(at, at) == "]" then
		return list, at + 1
	end
	while true do
		n = n + 1
		list[n], at = read_value(text, at)
		local c
		c, at = text:match("^%s*(.)()", at)
		if c == "]" then
			return list, at
		elseif c ~= "," then
			bad("no comma in a list", at or #text)
		end
	end
end

local function read_object(text, at)
	local object = {}
	at = text:match("^%s*()", at)
	if text:sub(at, at) == "}" then
		return object, at + 1
	end
	while true do
		local key, c
		at = text:match('^%s*"()', at) or bad("no name", at)
		key, at = read_string(text, at)
		at = text:match("^%s*:()", at) or bad("no colon", at)
		object[key], at = read_value(text, at)
		c, at = text:match("^%s*(.)()", at)
		if c == "}" then
			return object, at
		elseif c ~= "," then
			bad("no comma in an object", at or #text)
		end
	end
end

function read_value(text, at)
	local c
	c, at = text:match("^%s*(.)()", at)
	if c == '"' then
		return read_string(text, at)
	elseif c == "{" then
		return read_object(text, at)
	elseif c == "[" then
		return read_list(text, at)
	elseif not c then
		bad("no value", #text)
	end
	local word, stop = text:match("^([%w+.-]+)()", at - 1)
	if word and (words[word] ~= nil or word == "null") then
		return words[word], stop
	end
	return tonumber(word) or bad("no value", at - 1), stop
end

function json.read(text)
	local value, at = read_value(text, 1)
	if text:find("%S", at) then
		bad("something behind the end", at)
	end
	return value
end

-- ---- both ----

local decode = of_host() or json.read

-- The value, or nil and what is wrong.
function json.decode(text)
	local ok, value = pcall(decode, text)
	if ok then
		return value
	end
	return nil, tostring(value)
end

return json
