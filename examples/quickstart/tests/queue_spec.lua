-- SPDX-License-Identifier: MIT
local Queue = require "inventory.queue"

describe("a queue", function()
	local queue

	before_each(function()
		queue = Queue.new("a", "b")
	end)

	it("gives back what came first", function()
		assert.equal("a", queue:pop())
		assert.equal("b", queue:pop())
	end)

	it("is empty after its last item", function()
		queue:pop()
		queue:pop()
		assert.is_nil(queue:pop())
		assert.equal(0, queue:size())
	end)

	it("shows the next item without taking it", function()
		assert.equal("a", queue:peek())
		assert.equal(2, queue:size())
	end)

	it("refuses nil", function()
		assert.has_error(function()
			queue:push(nil)
		end, "a queue holds no nil")
	end)
end)
