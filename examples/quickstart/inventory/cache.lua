-- SPDX-License-Identifier: MIT
-- Keeps the `capacity` entries used last. A ring of linked nodes through `head` holds them in order
-- of use, the latest right behind it.

local Cache = {}
Cache.__index = Cache

function Cache.new(capacity)
	local head = {}
	head.prev, head.next = head, head
	return setmetatable({ capacity = capacity, count = 0, head = head, nodes = {} }, Cache)
end

local function unlink(node)
	node.prev.next, node.next.prev = node.next, node.prev
end

local function link_behind(head, node)
	node.prev, node.next = head, head.next
	head.next.prev, head.next = node, node
end

function Cache:get(key)
	local node = self.nodes[key]
	if node then
		unlink(node)
		link_behind(self.head, node)
		return node.value
	end
end

function Cache:set(key, value)
	if self:get(key) ~= nil then
		self.nodes[key].value = value
		return
	end
	if self.count == self.capacity then
		local oldest = self.head.prev
		unlink(oldest)
		self.nodes[oldest.key] = nil
		self.count = self.count - 1
	end
	local node = { key = key, value = value }
	self.nodes[key] = node
	link_behind(self.head, node)
	self.count = self.count + 1
end

return Cache
