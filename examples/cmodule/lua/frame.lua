-- A frame around rows of text, in Lua alone.
return function(rows)
	local width = 0
	for _, row in ipairs(rows) do
		width = math.max(width, #row)
	end
	local edge = "+" .. ("-"):rep(width) .. "+"
	local framed = { edge }
	for _, row in ipairs(rows) do
		framed[#framed + 1] = "|" .. row .. (" "):rep(width - #row) .. "|"
	end
	framed[#framed + 1] = edge
	return framed
end
