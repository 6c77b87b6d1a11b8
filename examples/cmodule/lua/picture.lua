-- Pictures of characters, kept as one line of run lengths for each of their rows.
local runs = require("runs")

local picture = {}

function picture.pack(rows)
	local packed = {}
	for i, row in ipairs(rows) do
		packed[i] = runs.encode(row)
	end
	return table.concat(packed, "\n")
end

function picture.unpack(packed)
	local rows = {}
	for line in packed:gmatch("[^\n]+") do
		rows[#rows + 1] = runs.decode(line)
	end
	return rows
end

return picture
