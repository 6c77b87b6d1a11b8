-- SPDX-License-Identifier: MIT
-- Comma separated values as in RFC 4180: quoted fields may hold commas, line ends and doubled quotes.

local csv = {}

-- Reads one field of `text` at `at`; returns it and the position behind it.
local function field(text, at)
	if text:sub(at, at) ~= '"' then
		local value = text:match("^[^,\r\n]*", at)
		return value, at + #value
	end
	local parts, from = {}, at + 1
	while true do
		local quote = text:find('"', from, true)
		if not quote then
			return nil, at
		end
		parts[#parts + 1] = text:sub(from, quote - 1)
		if text:sub(quote + 1, quote + 1) ~= '"' then
			return table.concat(parts), quote + 1
		end
		parts[#parts + 1] = '"'
		from = quote + 2
	end
end

-- A list of rows, each a list of strings; nil and a message when the text is not CSV.
function csv.parse(text)
	local rows, row, at = {}, {}, 1
	while at <= #text do
		local value, after = field(text, at)
		if not value then
			return nil, ("row %d: a quote is not closed"):format(#rows + 1)
		end
		row[#row + 1] = value
		local stop = text:match("^\r?\n", after)
		if text:sub(after, after) == "," then
			at = after + 1
			if at > #text then
				row[#row + 1] = ""
			end
		elseif stop then
			rows[#rows + 1], row = row, {}
			at = after + #stop
		elseif after > #text then
			at = after
		else
			return nil, ("row %d: text behind a quoted field"):format(#rows + 1)
		end
	end
	if #row > 0 then
		rows[#rows + 1] = row
	end
	return rows
end

local function quoted(value)
	value = tostring(value)
	if value:find('[",\r\n]') then
		return '"' .. value:gsub('"', '""') .. '"'
	end
	return value
end

-- The opposite of parse.
function csv.format(rows)
	local lines = {}
	for i, row in ipairs(rows) do
		local fields = {}
		for j, value in ipairs(row) do
			fields[j] = quoted(value)
		end
		lines[i] = table.concat(fields, ",") .. "\n"
	end
	return table.concat(lines)
end

return csv
