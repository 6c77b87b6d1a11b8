-- SPDX-License-Identifier: MIT
-- Compiles the parts of the shim in the folder arg[1], for workers of the interpreter that runs this: to read
-- their text is most of what they cost.
local TAG = "." .. string.gsub(jit and jit.version or _VERSION, "%W", "_")

local function compile(name)
	local path = arg[1] .. "/" .. name
	local file = assert(io.open(path .. TAG, "wb"))
	local code = string.dump(assert(loadfile(path .. ".lua")))
	local written = file:write(code)
	if not (file:close() and written) then
		os.remove(path .. TAG)
	end
end

for i = 2, #arg do
	compile(arg[i])
end
