-- SPDX-License-Identifier: MIT
-- A first-in first-out queue; push and pop take constant time.

local Queue = {}
Queue.__index = Queue

function Queue.new(...)
	local self = setmetatable({ first = 1, last = 0, items = {} }, Queue)
	for i = 1, select("#", ...) do
		self:push((select(i, ...)))
	end
	return self
end

function Queue:size()
	return self.last - self.first + 1
end

function Queue:push(item)
	if item == nil then
		error("a queue holds no nil", 2)
	end
	self.last = self.last + 1
	self.items[self.last] = item
end

-- The oldest item, or nil when the queue is empty.
function Queue:pop()
	local item = self.items[self.first]
	if item ~= nil then
		self.items[self.first] = nil
		self.first = self.first + 1
	end
	return item
end

function Queue:peek()
	return self.items[self.first]
end

return Queue
