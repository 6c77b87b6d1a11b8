-- SPDX-License-Identifier: MIT
-- The slow one: close to a million random steps against a cache so simple that it is surely right.
local lu = require "luaunit"
local Cache = require "inventory.cache"

-- A list of {key, value}, the latest first.
local function simple_get(list, key)
	for i, entry in ipairs(list) do
		if entry[1] == key then
			table.insert(list, 1, table.remove(list, i))
			return entry[2]
		end
	end
end

local function simple_set(list, key, value, capacity)
	if simple_get(list, key) ~= nil then
		list[1][2] = value
		return
	end
	list[capacity] = nil
	table.insert(list, 1, { key, value })
end

local function compare(capacity, steps)
	local cache, list = Cache.new(capacity), {}
	local seed = 42
	local function random(n)
		seed = (seed * 16807) % 2147483647
		return seed % n
	end
	for step = 1, steps do
		local key = random(capacity * 2)
		if random(2) == 0 then
			cache:set(key, step)
			simple_set(list, key, step, capacity)
		else
			local got, expected = cache:get(key), simple_get(list, key)
			if got ~= expected then
				lu.assertEquals(got, expected, ("step %d, key %d"):format(step, key))
			end
		end
	end
	lu.assertEquals(cache.count, #list)
end

TestCacheModel = {}

function TestCacheModel:testOneEntry()
	compare(1, 200000)
end

function TestCacheModel:testFewEntries()
	compare(8, 400000)
end

function TestCacheModel:testManyEntries()
	compare(64, 300000)
end

os.exit(lu.LuaUnit.run())
