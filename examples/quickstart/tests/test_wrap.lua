-- SPDX-License-Identifier: MIT
-- Speaks TAP, the Test Anything Protocol.
local wrap = require "inventory.wrap"

local count = 0
local function is(got, expected, name)
	count = count + 1
	print((got == expected and "ok %d - %s" or "not ok %d - %s"):format(count, name))
	if got ~= expected then
		print(("# got %q, expected %q"):format(got, expected))
	end
end

print("1..5")
is(table.concat(wrap("one two three", 7), "|"), "one two|three", "breaks at the width")
is(table.concat(wrap("one   two", 20), "|"), "one two", "joins spaces")
is(table.concat(wrap("a incomprehensible b", 5), "|"), "a|incomprehensible|b", "a long word has its line")
is(#wrap("", 10), 0, "no text, no line")
print("ok 5 - breaks between syllables # SKIP there is no dictionary")
