-- SPDX-License-Identifier: MIT
-- What an editor does with --report=events: shows where it fails as soon as it does, here in lines that
-- editors can step through (FILE:LINE: MESSAGE), and how far the run has come.
--
--	LUA_PATH="$(firmo-jobs --print-lua-path);;" lua errors.lua [OPTION]... [PATH]...
--
-- It ends with the exit status of the run. A Ctrl-C ends both.
local json = require("firmo-jobs.json")

local function quote(word)
	return "'" .. word:gsub("'", "'\\''") .. "'"
end

local words = { "firmo-jobs", "--report=events", "--progress=none" }
for _, word in ipairs(arg) do
	words[#words + 1] = quote(word)
end

local files, ended, status = 0, 0, 3

local function show(file, line, name, message)
	local text = (message or "failed"):match("[^\n]*"):gsub("^[^:]+:%d+: ", "")
	print(("%s:%d: %s: %s"):format(file, line or 1, name, text))
end

local on = {
	run_start = function(e)
		files = #e.files
	end,
	test_end = function(e)
		local t = e.test
		if t.status == "fail" or t.status == "error" then
			show(t.file or e.path, t.line, t.name, t.message)
		end
	end,
	file_end = function(e)
		local f = e.file
		-- What goes wrong outside of tests: a file that does not load, crashes or hangs.
		if f.reason and #f.tests == 0 and f.status ~= "skip" then
			show(f.path, 1, f.status, f.reason)
		end
		ended = ended + (e.retried and 0 or 1)
		io.stderr:write(("%d of %d files\n"):format(ended, files))
	end,
	run_end = function(e)
		status = e.status
		print(("%d passed, %d failed"):format(e.passed, e.failed))
	end,
}

for line in io.popen(table.concat(words, " ")):lines() do
	local event = assert(json.decode(line))
	-- Events that we do not know are none of our business.
	if on[event.event] then
		on[event.event](event)
	end
end
os.exit(status)
