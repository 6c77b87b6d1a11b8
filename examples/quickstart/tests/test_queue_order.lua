-- SPDX-License-Identifier: MIT
-- A queue that grows and shrinks hundreds of thousands of times keeps its order and no memory.
local Queue = require "inventory.queue"

local queue = Queue.new()
local pushed, popped = 0, 0
for round = 1, 600 do
	for _ = 1, 1000 + round do
		pushed = pushed + 1
		queue:push(pushed)
	end
	for _ = 1, 1000 do
		popped = popped + 1
		assert(queue:pop() == popped, "out of order")
	end
	assert(queue:size() == pushed - popped, "wrong size")
end
while queue:pop() do
	popped = popped + 1
end
assert(pushed == popped and next(queue.items) == nil, "something was left behind")
