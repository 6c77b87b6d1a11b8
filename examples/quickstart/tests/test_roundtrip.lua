-- SPDX-License-Identifier: MIT
-- Whatever is written as CSV is read back the same: thousands of rows of nasty fields.
local csv = require "inventory.csv"

local pieces = { "a", ",", '"', "\n", "\r\n", " ", "0.5", "" }
local seed = 7
local function random(n)
	seed = (seed * 16807) % 2147483647
	return seed % n + 1
end

local function some_field()
	local parts = {}
	for i = 1, random(6) do
		parts[i] = pieces[random(#pieces)]
	end
	return table.concat(parts)
end

for round = 1, 300 do
	local rows = {}
	for i = 1, 20 do
		rows[i] = { some_field(), some_field(), "end" }
	end
	local back = assert(csv.parse(csv.format(rows)))
	assert(#back == #rows, ("round %d: %d rows became %d"):format(round, #rows, #back))
	for i, row in ipairs(rows) do
		for j, value in ipairs(row) do
			assert(back[i][j] == value, ("round %d: %q became %q"):format(round, value, back[i][j] or "nil"))
		end
	end
end
