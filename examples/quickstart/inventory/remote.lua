-- SPDX-License-Identifier: MIT
-- Orders are sent to a warehouse that needs a moment for each; here it is simulated by a sleeping process.

local Queue = require "inventory.queue"

local Remote = {}
Remote.__index = Remote

-- `delay`: what one order takes, in seconds. `sleep` can be given by tests that need no waiting.
function Remote.new(delay, sleep)
	return setmetatable({
		delay = delay,
		sleep = sleep or function(seconds)
			os.execute(("sleep %g"):format(seconds))
		end,
		waiting = Queue.new(),
		delivered = {},
	}, Remote)
end

function Remote:order(name, pieces)
	self.waiting:push({ name = name, pieces = pieces })
end

-- Sends what is waiting, oldest first; returns how many orders that were.
function Remote:flush()
	local sent = 0
	while self.waiting:size() > 0 do
		local order = self.waiting:pop()
		self.sleep(self.delay)
		self.delivered[order.name] = (self.delivered[order.name] or 0) + order.pieces
		sent = sent + 1
	end
	return sent
end

return Remote
