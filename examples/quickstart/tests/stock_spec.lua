-- SPDX-License-Identifier: MIT
local Stock = require "inventory.stock"
local Money = require "inventory.money"

describe("a stock list", function()
	it("adds up what is in stock", function()
		local stock = assert(Stock.from_csv("nut,0.10 EUR,100\nbolt,0.25 EUR,40\n"))
		assert.equal("20.00 EUR", tostring(stock:value()))
	end)

	it("gives out what is there", function()
		local stock = Stock.new()
		stock:add("nut", Money.new(10), 5)
		assert.equal(2, stock:take("nut", 3).pieces)
	end)

	it("says what it does not have", function()
		local article, message = Stock.new():take("nut", 1)
		assert.is_nil(article)
		assert.equal("1 of nut wanted, 0 there", message)
	end)

	it("names the row that it cannot read", function()
		local stock, message = Stock.from_csv("nut,0.10 EUR,100\nbolt,cheap,40\n")
		assert.is_nil(stock)
		assert.equal("row 2: name, price and pieces expected", message)
	end)
end)
