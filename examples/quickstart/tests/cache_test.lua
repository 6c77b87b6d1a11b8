-- SPDX-License-Identifier: MIT
local lu = require "luaunit"
local Cache = require "inventory.cache"

TestCache = {}

function TestCache:setUp()
	self.cache = Cache.new(2)
	self.cache:set("a", 1)
	self.cache:set("b", 2)
end

function TestCache:testKeepsWhatFits()
	lu.assertEquals(self.cache:get("a"), 1)
	lu.assertEquals(self.cache:get("b"), 2)
end

function TestCache:testDropsWhatWasUsedLongestAgo()
	self.cache:get("a")
	self.cache:set("c", 3)
	lu.assertNil(self.cache:get("b"))
	lu.assertEquals(self.cache:get("a"), 1)
end

function TestCache:testReplacesAValue()
	self.cache:set("a", 10)
	lu.assertEquals(self.cache:get("a"), 10)
	lu.assertEquals(self.cache.count, 2)
end

os.exit(lu.LuaUnit.run())
