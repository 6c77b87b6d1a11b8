-- SPDX-License-Identifier: MIT
-- Talks to the simulated warehouse and waits for it.
local Remote = require "inventory.remote"

describe("the warehouse", function()
	local remote

	before_each(function()
		remote = Remote.new(0.2)
	end)

	it("has nothing to send at first", function()
		assert.equal(0, remote:flush())
	end)

	it("delivers an order", function()
		remote:order("nut", 10)
		assert.equal(1, remote:flush())
		assert.same({ nut = 10 }, remote.delivered)
	end)

	it("adds up orders for the same article", function()
		remote:order("nut", 10)
		remote:order("nut", 5)
		assert.equal(2, remote:flush())
		assert.same({ nut = 15 }, remote.delivered)
	end)
end)
