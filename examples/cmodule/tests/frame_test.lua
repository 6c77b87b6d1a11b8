-- Has nothing to do with it.
local frame = require("frame")

assert(table.concat(frame({ "a", "bcd" }), "\n") == "+---+\n|a  |\n|bcd|\n+---+")
