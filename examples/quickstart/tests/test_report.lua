-- SPDX-License-Identifier: MIT
-- Speaks TAP: every line of reports of all widths has to fit.
local Stock = require "inventory.stock"
local Money = require "inventory.money"

local stock = Stock.new()
for i = 1, 40 do
	stock:add(("article number %d, in the long shelf behind the second door"):format(i), Money.new(i * 99), i)
end

local widths = { 20, 40, 60, 80 }
print("1.." .. #widths)
for i, width in ipairs(widths) do
	local longest = 0
	for line in stock:report(width):gmatch("[^\n]+") do
		longest = math.max(longest, #line)
	end
	print(("%s %d - fits %d columns"):format(longest <= width and "ok" or "not ok", i, width))
	print(("# the longest line has %d"):format(longest))
end
