-- SPDX-License-Identifier: MIT
local lu = require "luaunit"
local Remote = require "inventory.remote"

TestOrders = {}

function TestOrders:testAreSentInTheirOrder()
	local slept = {}
	local remote = Remote.new(7, function(seconds)
		slept[#slept + 1] = seconds
	end)
	remote:order("nut", 1)
	remote:order("bolt", 2)
	lu.assertEquals(remote.waiting:peek().name, "nut")
	remote:flush()
	lu.assertEquals(slept, { 7, 7 })
end

function TestOrders:testAreWaitedFor()
	local remote = Remote.new(0.2)
	remote:order("nut", 1)
	remote:order("bolt", 2)
	lu.assertEquals(remote:flush(), 2)
	lu.assertEquals(remote.delivered, { nut = 1, bolt = 2 })
end

os.exit(lu.LuaUnit.run())
