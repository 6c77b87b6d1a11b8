-- SPDX-License-Identifier: MIT
-- A stock list: articles with a price and a number of pieces, read from CSV and printed as a report.

local csv = require "inventory.csv"
local Money = require "inventory.money"
local wrap = require "inventory.wrap"

local Stock = {}
Stock.__index = Stock

function Stock.new()
	return setmetatable({ articles = {}, names = {} }, Stock)
end

function Stock:add(name, price, pieces)
	local article = self.articles[name]
	if not article then
		article = { name = name, pieces = 0 }
		self.articles[name] = article
		self.names[#self.names + 1] = name
	end
	article.price = price
	article.pieces = article.pieces + pieces
end

-- Takes `pieces` out; nil and a message when there are not that many.
function Stock:take(name, pieces)
	local article = self.articles[name]
	local there = article and article.pieces or 0
	if there < pieces then
		return nil, ("%d of %s wanted, %d there"):format(pieces, name, there)
	end
	article.pieces = there - pieces
	return article
end

function Stock:value()
	local cents = 0
	for _, article in pairs(self.articles) do
		cents = cents + article.price.cents * article.pieces
	end
	return Money.new(cents)
end

-- Rows of name, price, pieces; nil and a message for the first that is not.
function Stock.from_csv(text)
	local rows, message = csv.parse(text)
	if not rows then
		return nil, message
	end
	local self = Stock.new()
	for i, row in ipairs(rows) do
		local price, pieces = Money.parse(row[2] or ""), tonumber(row[3])
		if not (price and pieces) then
			return nil, ("row %d: name, price and pieces expected"):format(i)
		end
		self:add(row[1], price, pieces)
	end
	return self
end

function Stock:report(width)
	local lines = {}
	for _, name in ipairs(self.names) do
		local article = self.articles[name]
		local text = ("%d x %s at %s"):format(article.pieces, name, tostring(article.price))
		for i, line in ipairs(wrap(text, width - 2)) do
			lines[#lines + 1] = (i == 1 and "- " or "  ") .. line
		end
	end
	return table.concat(lines, "\n")
end

return Stock
