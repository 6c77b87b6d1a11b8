-- SPDX-License-Identifier: MIT
local csv = require "inventory.csv"

describe("csv.parse", function()
	it("splits rows and fields", function()
		assert.same({ { "nut", "3" }, { "bolt", "4" } }, csv.parse("nut,3\nbolt,4\n"))
	end)

	it("takes CRLF and a last line without an end", function()
		assert.same({ { "a", "b" }, { "c", "d" } }, csv.parse("a,b\r\nc,d"))
	end)

	it("keeps empty fields", function()
		assert.same({ { "", "x", "" } }, csv.parse(",x,"))
	end)

	describe("with quotes", function()
		it("keeps commas and line ends", function()
			assert.same({ { "a,b", "c\nd" } }, csv.parse('"a,b","c\nd"'))
		end)

		it("takes a doubled quote for one", function()
			assert.same({ { 'a "b" c' } }, csv.parse('"a ""b"" c"'))
		end)

		it("says which row is broken", function()
			local rows, message = csv.parse('a,b\n"c')
			assert.is_nil(rows)
			assert.equal("row 2: a quote is not closed", message)
		end)
	end)
end)

describe("csv.format", function()
	it("quotes only where it must", function()
		assert.equal('plain,"a,b","say ""hi"""\n', csv.format({ { "plain", "a,b", 'say "hi"' } }))
	end)

	pending("aligns columns")
end)
