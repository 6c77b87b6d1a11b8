-- SPDX-License-Identifier: MIT
-- Compiles files that no test has loaded, and has src/coverage/hook make an entry for each of them: run as
-- `lua - LIBRARY MEMORY FILE...`. None of them is run.
local library, memory = ...
local jit = rawget(_G, "jit")
local enter = package.loadlib(library, "coverage_enter")
for i = 3, enter and select("#", ...) or 0 do
	local path = select(i, ...)
	local chunk = loadfile(path)
	if chunk then
		enter(jit and jit.version or _VERSION, memory, chunk, path)
	end
end
