-- SPDX-License-Identifier: MIT
-- Breaks a paragraph into lines of at most `width` bytes; a longer word has a line of its own.

local function wrap(text, width)
	local lines, line = {}, ""
	for word in text:gmatch("%S+") do
		if line == "" then
			line = word
		elseif #line + 1 + #word <= width then
			line = line .. " " .. word
		else
			lines[#lines + 1], line = line, word
		end
	end
	if line ~= "" then
		lines[#lines + 1] = line
	end
	return lines
end

return wrap
