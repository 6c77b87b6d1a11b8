-- SPDX-License-Identifier: MIT
-- The module's own reader of JSON, for hosts that have none. Run by `luarocks test`, and by
-- tests/e2e/lua_module.bats.
local json = require("firmo-jobs.json")

local function reads(text, wanted)
	local value = json.read(text)
	assert(value == wanted, ("%s is read as %s"):format(text, tostring(value)))
end

local function refuses(text)
	assert(not pcall(json.read, text), text .. " is read")
end

reads("1", 1)
reads(" -12.5e2 ", -1250)
reads("true", true)
reads("false", false)
reads("null", nil)
reads('""', "")
reads('"a\\"b\\\\c\\/d\\n\\t"', 'a"b\\c/d\n\t')
reads('"\\u0041\\u00e9\\u20ac\\ud83d\\ude00"', "A\195\169\226\130\172\240\159\152\128")
reads('"\195\169"', "\195\169")

local o = json.read('{"a": [1, [], {}, null, "x"], "b": {"c": false}, "d": null}')
assert(o.a[1] == 1 and #o.a[2] == 0 and next(o.a[3]) == nil and o.a[4] == nil and o.a[5] == "x")
assert(o.b.c == false and o.d == nil)

for _, text in ipairs({ "", "{", '{"a"}', '{"a":1,}', "[1,]", "[1 2]", '"a', "nil", "1 2", "tru" }) do
	refuses(text)
end

-- Whatever reads it here, null is nil, and what is wrong is told.
local value, message = json.decode('{"a": null, "b": [1]}')
assert(value.a == nil and value.b[1] == 1 and not message)
value, message = json.decode("{")
assert(value == nil and type(message) == "string")
