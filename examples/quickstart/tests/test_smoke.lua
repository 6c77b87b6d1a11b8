-- SPDX-License-Identifier: MIT
-- A plain script: it passes when it ends without an error.
local Stock = require "inventory.stock"

local stock = assert(Stock.from_csv('"nut, M4",0.10 EUR,100\n'))
assert(stock:take("nut, M4", 1))
assert(stock:report(40) == "- 99 x nut, M4 at 0.10 EUR", stock:report(40))
