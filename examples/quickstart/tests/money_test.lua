-- SPDX-License-Identifier: MIT
local lu = require "luaunit"
local Money = require "inventory.money"

TestMoney = {}

function TestMoney:testAdds()
	lu.assertEquals(Money.new(150) + Money.new(275), Money.new(425))
end

function TestMoney:testPrints()
	lu.assertEquals(tostring(Money.new(5)), "0.05 EUR")
	lu.assertEquals(tostring(Money.new(-1250, "USD")), "-12.50 USD")
end

function TestMoney:testRefusesMixedCurrencies()
	lu.assertErrorMsgContains("EUR and USD do not mix", function()
		return Money.new(1) + Money.new(1, "USD")
	end)
end

function TestMoney:testSplitsWithoutLosingACent()
	local shares = Money.new(100):split(3)
	lu.assertEquals({ shares[1].cents, shares[2].cents, shares[3].cents }, { 34, 33, 33 })
end

TestMoneyParse = {}

function TestMoneyParse:testReadsWhatItPrints()
	for _, text in ipairs({ "12.50 EUR", "-3.00 USD", "0.05 EUR" }) do
		lu.assertEquals(tostring(Money.parse(text)), text)
	end
end

function TestMoneyParse:testRefusesAnythingElse()
	for _, text in ipairs({ "", "cheap", "1.5 EUR", "1.50 euro", "1,50 EUR" }) do
		lu.assertNil((Money.parse(text)))
	end
end

os.exit(lu.LuaUnit.run())
