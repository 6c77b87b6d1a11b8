-- SPDX-License-Identifier: MIT
-- Coverage as Firmo has it: tables by file, of hits by line, and of functions.
local coverage = {}

-- Adds the coverage of one run to that of others: by file, hits by line, and functions.
function coverage.add(sum, more)
	for path, file in pairs(more or {}) do
		local own = sum[path] or { lines = {}, functions = {} }
		sum[path] = own
		for line, hits in pairs(file.lines or {}) do
			own.lines[line] = (own.lines[line] or 0) + hits
		end
		for name, f in pairs(file.functions or {}) do
			local there = own.functions[name]
			own.functions[name] = {
				name = f.name,
				start_line = f.start_line,
				end_line = f.end_line,
				execution_count = (f.execution_count or 0) + (there and there.execution_count or 0),
				executed = f.executed or (there and there.executed) or false,
			}
		end
	end
	return sum
end

-- That of a JSON report.
function coverage.of_report(report)
	local found = {}
	for _, file in ipairs(report.coverage and report.coverage.files or {}) do
		local own = { lines = {}, functions = {} }
		for _, pair in ipairs(file.lines) do
			own.lines[pair[1]] = pair[2]
		end
		for _, f in ipairs(file.functions) do
			own.functions[("%s:%d"):format(f.name, f.first)] = {
				name = f.name,
				start_line = f.first,
				end_line = f.last,
				execution_count = f.calls or 0,
				executed = (f.calls or 0) > 0,
			}
		end
		found[file.path] = own
	end
	return found
end

local function percent(part, all)
	return all > 0 and 100 * part / all or 100
end

-- As Firmo's reports want it.
function coverage.report_data(all)
	local files, sum = {}, { files = 0, touched = 0, lines = 0, covered = 0, functions = 0, called = 0 }
	for path, file in pairs(all) do
		local lines, n, covered, functions, called = {}, 0, 0, 0, 0
		for line, hits in pairs(file.lines) do
			lines[line] = { executable = true, executed = hits > 0, covered = hits > 0, execution_count = hits }
			n = n + 1
			covered = covered + (hits > 0 and 1 or 0)
		end
		for _, f in pairs(file.functions) do
			functions = functions + 1
			called = called + (f.executed and 1 or 0)
		end
		files[path] = {
			lines = lines,
			functions = file.functions,
			total_lines = n,
			executable_lines = n,
			covered_lines = covered,
			line_coverage_percent = percent(covered, n),
			total_functions = functions,
			covered_functions = called,
			function_coverage_percent = percent(called, functions),
		}
		sum.files = sum.files + 1
		sum.touched = sum.touched + (covered > 0 and 1 or 0)
		sum.lines, sum.covered = sum.lines + n, sum.covered + covered
		sum.functions, sum.called = sum.functions + functions, sum.called + called
	end
	return {
		files = files,
		summary = {
			total_files = sum.files,
			covered_files = sum.touched,
			total_lines = sum.lines,
			executable_lines = sum.lines,
			covered_lines = sum.covered,
			line_coverage_percent = percent(sum.covered, sum.lines),
			total_functions = sum.functions,
			covered_functions = sum.called,
			function_coverage_percent = percent(sum.called, sum.functions),
			overall_percent = percent(sum.covered, sum.lines),
		},
	}
end

return coverage
