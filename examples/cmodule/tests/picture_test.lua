-- Loads it by way of a module in Lua.
local picture = require("picture")

local rows = { "##  ##", "  ##  ", "##  ##" }
local packed = picture.pack(rows)
assert(packed:match("^2#2 2#\n"))
assert(table.concat(picture.unpack(packed), "\n") == table.concat(rows, "\n"))
