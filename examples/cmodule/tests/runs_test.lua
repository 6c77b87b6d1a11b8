-- Loads the C module itself.
local runs = require("runs")

assert(runs.encode("aaab") == "3a1b")
assert(runs.encode("") == "")
assert(runs.decode("3a1b") == "aaab")
assert(runs.decode(runs.encode(("x"):rep(1000))) == ("x"):rep(1000))
for _, wrong in ipairs({ "a", "3", "3a4" }) do
	assert(not pcall(runs.decode, wrong), wrong)
end
assert(not pcall(runs.encode, "1"))
