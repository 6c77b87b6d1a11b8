-- SPDX-License-Identifier: MIT
-- In the place of Firmo's lib.tools.parallel: what its documents promise, by runs of firmo-jobs. See
-- "In Firmo's place" in firmo-jobs(1).
local coverage = require("firmo-jobs.parallel.coverage")
local flags_of = require("firmo-jobs.parallel.flags")

local parallel = { _VERSION = "1.0.1", firmo = nil, options = {} }

local defaults = {
	workers = 4,
	timeout = 60,
	output_buffer_size = 10240,
	verbose = false,
	show_worker_output = true,
	fail_fast = false,
	aggregate_coverage = true,
	debug = false,
}

-- Workers load this as well, and run nothing: what runs is loaded where it is needed.
local function get_jobs()
	return require("firmo-jobs")
end

local function try(name)
	local ok, module = pcall(require, name)
	return ok and module or nil
end

local config = try("lib.core.central_config")
local logging = try("lib.tools.logging")

local function log(level, message, context)
	if logging then
		logging.get_logger("parallel")[level](message, context)
	end
end

-- ---- options ----

if config then
	config.register_module("parallel", {
		field_types = {
			workers = "number",
			timeout = "number",
			output_buffer_size = "number",
			verbose = "boolean",
			show_worker_output = "boolean",
			fail_fast = "boolean",
			aggregate_coverage = "boolean",
			debug = "boolean",
		},
		field_ranges = { workers = { min = 1, max = 64 }, timeout = { min = 1 }, output_buffer_size = { min = 1024 } },
	}, defaults)
end

local function settle_logging()
	if logging and logging.configure_from_options then
		logging.configure_from_options(
			"parallel",
			{ debug = parallel.options.debug, verbose = parallel.options.verbose }
		)
	end
end

local function take(options)
	for name, value in pairs(options or {}) do
		if defaults[name] ~= nil and type(value) == type(defaults[name]) then
			parallel.options[name] = value
		end
	end
end

local listens = false

local function listen()
	if listens or not config then
		return
	end
	listens = true
	config.on_change("parallel", function()
		take(config.get("parallel"))
		settle_logging()
	end)
end

-- The runner counts in milliseconds, and has a default of its own where nobody has said anything.
local function from_runner(options)
	local own = {}
	for name, value in pairs(options) do
		own[name] = value
	end
	if options.isolate_state ~= nil then
		own.timeout = options.timeout ~= 30000 and options.timeout and options.timeout / 1000 or nil
	end
	return own
end

-- The options are those of the section "parallel" of Firmo's configuration, and those given here.
function parallel.configure(options)
	options = from_runner(options or {})
	take(defaults)
	take(config and config.get("parallel"))
	listen()
	take(options)
	for name in pairs(options) do
		if config and defaults[name] ~= nil then
			config.set("parallel." .. name, parallel.options[name])
		end
	end
	settle_logging()
	return parallel
end

function parallel.reset()
	take(defaults)
	settle_logging()
	return parallel
end

function parallel.full_reset()
	parallel.cancel_all()
	parallel.reset()
	if config and config.reset then
		config.reset("parallel")
	end
	return parallel
end

function parallel.debug_config()
	local values = config and config.get("parallel") or nil
	local answer = {
		local_config = {},
		using_central_config = config ~= nil,
		central_config = values,
		central_config_values = values,
	}
	for name, value in pairs(parallel.options) do
		answer.local_config[name] = value
	end
	log("info", "Parallel module current config", answer)
	return answer
end

-- ---- coverage ----

-- The sum of any number of tables of coverage, as results have them.
function parallel.combine_coverage(...)
	local sum = {}
	for i = 1, select("#", ...) do
		coverage.add(sum, (select(i, ...)))
	end
	return sum
end

-- Firmo's reports ask its coverage for what they tell, which has counted nothing of the workers.
local function hand_over(covered)
	local own = try("lib.coverage")
	if own and next(covered) then
		own.get_report_data = function()
			return coverage.report_data(covered)
		end
	end
end

-- ---- results ----

local function new_results()
	return {
		passed = 0,
		failed = 0,
		skipped = 0,
		pending = 0,
		total = 0,
		errors = {},
		elapsed = 0,
		coverage = {},
		files_run = {},
		worker_outputs = {},
		success = true,
	}
end

local bad = { fail = true, error = true, timeout = true, limit = true }

local function is_bad(file)
	return bad[file.status] and not file.forgiven
end

-- What became of one file.
local function result_of(file, errors, output)
	local counts = { total = 0, passed = 0, failed = 0, skipped = 0, pending = 0, errors = {}, elapsed = file.wall }
	local names = { pass = "passed", fail = "failed", error = "failed", skip = "skipped", pending = "pending" }
	for _, test in ipairs(file.tests) do
		local name = names[test.status]
		counts[name] = counts[name] + 1
		counts.total = counts.total + 1
	end
	if #file.tests == 0 and file.status ~= "notrun" then
		local name = names[file.status] or "failed"
		counts[name], counts.total = 1, 1
	end
	for _, e in ipairs(errors or {}) do
		if e.file == file.path then
			counts.errors[#counts.errors + 1] = { file = e.file, message = e.message, traceback = e.traceback }
		end
	end
	-- Tests have passed, but the file did not: it has crashed, or come to its deadline.
	if is_bad(file) and counts.failed == 0 then
		counts.failed, counts.total = 1, counts.total + 1
	end
	if is_bad(file) and #counts.errors == 0 then
		counts.errors[1] = { file = file.path, message = file.reason }
	end
	counts.success = not is_bad(file) and file.status ~= "notrun"
	return {
		file = file.path,
		status = file.status,
		result = counts,
		output = output or file.output,
		elapsed = file.wall,
		success = counts.success,
	}
end

-- Adds up results of files, as parallel.run_file gives them; elapsed is the sum of their times.
function parallel.aggregate_results(list)
	local sum = new_results()
	for _, r in ipairs(list or {}) do
		for _, name in ipairs({ "total", "passed", "failed", "skipped", "pending" }) do
			sum[name] = sum[name] + (r.result[name] or 0)
		end
		sum.success = sum.success and r.success
		sum.elapsed = sum.elapsed + (r.elapsed or 0)
		sum.files_run[#sum.files_run + 1] = r.file
		sum.worker_outputs[#sum.worker_outputs + 1] = r.output
		for _, e in ipairs(r.result.errors or {}) do
			sum.errors[#sum.errors + 1] = { file = e.file or r.file, message = e.message, traceback = e.traceback }
		end
		coverage.add(sum.coverage, r.coverage)
	end
	return sum
end

-- ---- what runs ----

local active = {} -- runners, in the order of their starts

local function forget(runner)
	for i, other in ipairs(active) do
		if other == runner then
			table.remove(active, i)
		end
	end
end

-- Whether anything started here still runs.
function parallel.is_running()
	for i = #active, 1, -1 do
		active[i]:running()
	end
	return #active > 0
end

-- What runs: { file, slot, attempt, started, elapsed } for each worker.
function parallel.get_active_processes()
	local list = {}
	for _, runner in ipairs(active) do
		for _, p in pairs(runner.processes) do
			list[#list + 1] = {
				file = p.file,
				slot = p.slot,
				attempt = p.attempt,
				started = p.started,
				elapsed = os.time() - math.floor(p.started),
			}
		end
	end
	table.sort(list, function(a, b)
		return a.file < b.file
	end)
	return list
end

-- Goes on, for so many seconds at most (0: it looks only), until that file has ended. Returns whether it
-- still runs, and its result once it is there.
function parallel.monitor_process(process, seconds)
	local file = type(process) == "table" and process.file or process
	for _, runner in ipairs(active) do
		if runner.processes[file] then
			runner:await(file, seconds)
			return runner.processes[file] ~= nil, runner.ended[file]
		end
	end
	return false, nil
end

-- Ends all that runs, and waits for that. Returns how many runs there were.
function parallel.cancel_all()
	local n = #active
	while #active > 0 do
		active[#active]:cancel()
	end
	return n
end

-- ---- a run ----

local Runner = {}
Runner.__index = Runner

local function interpreter()
	local lowest = 0
	while arg and arg[lowest - 1] do
		lowest = lowest - 1
	end
	local name = lowest < 0 and arg[lowest]
	-- Another host than an interpreter is no program for a worker.
	return name and name:match("[^/]*$"):match("^lua") and name or nil
end

local function merge(...)
	local all = {}
	for _, options in pairs({ ... }) do
		for name, value in pairs(options) do
			all[name] = value
		end
	end
	return all
end

local function words(value)
	return type(value) == "string" and { value } or type(value) == "table" and value or nil
end

local function keep_output(runner, text, path)
	local parts = runner.parts[path] or {}
	parts[#parts + 1] = text
	runner.parts[path] = parts
end

-- What it wrote, or the end of that.
local function take_output(runner, file)
	local text = table.concat(runner.parts[file.path] or { file.output })
	local most = runner.options.output_buffer_size
	runner.parts[file.path] = nil
	if type(most) == "number" and #text > most then
		text = "[...]\n" .. text:sub(-most)
	end
	return text
end

local function file_ended(runner, file, retried)
	if file.status ~= "notrun" then
		runner.n = runner.n + 1
	end
	runner.processes[file.path] = nil
	local output = take_output(runner, file)
	if retried then
		return
	end
	local r = result_of(file, nil, output)
	runner.ended[file.path] = r
	runner.list[#runner.list + 1] = r
	if runner.options.verbose then
		io.write(("Processing file (%d/%d): %s\n"):format(runner.n, runner.total, file.path))
	end
	if runner.options.show_worker_output and file.status ~= "notrun" then
		io.write("\n--- Output from ", file.path, " ---\n", output, "--- End output from ", file.path, " ---\n\n")
	end
	if is_bad(file) and runner.options.fail_fast then
		log("warn", "Fail fast triggered.", { file = file.path })
		runner.run:cancel()
	end
end

local function on_event(runner, event)
	if event.event == "file_start" then
		runner.parts[event.path] = nil
		runner.processes[event.path] =
			{ file = event.path, slot = event.slot, attempt = event.attempt, started = event.time }
	end
end

local function results_of(runner, report)
	local results = new_results()
	local outputs = {}
	for _, r in ipairs(runner.list) do
		outputs[r.file] = r.output
	end
	local list = {}
	for _, file in ipairs(report.files) do
		if file.status ~= "notrun" then
			list[#list + 1] = result_of(file, report.errors, outputs[file.path])
		end
	end
	results = merge(results, parallel.aggregate_results(list))
	results.elapsed = report.elapsed
	results.success = report.success
	if runner.options.aggregate_coverage then
		results.coverage = coverage.of_report(report)
		hand_over(results.coverage)
	end
	results.files = list
	return results
end

local function settle(runner, report, message)
	if report or message ~= "timeout" then
		forget(runner)
		runner.processes = {}
		runner.over = true
		runner.outcome = report and results_of(runner, report)
		runner.message = message
	end
end

-- Goes on for so many seconds, or to the end: the results, or nil and why there are none, "timeout".
function Runner:wait(seconds)
	if not self.over then
		local report, message = self.run:wait(seconds)
		settle(self, report, message)
		if not self.over then
			return nil, message
		end
	end
	return self.outcome, self.message
end

-- Goes on until that file has ended, or for so many seconds.
function Runner:await(file, seconds)
	local until_time = seconds and os.time() + seconds
	self:wait(0)
	while self.processes[file] and (not until_time or os.time() < until_time) do
		self:wait(until_time and math.min(0.2, seconds) or 0.2)
	end
end

function Runner:running()
	self:wait(0)
	return not self.over
end

function Runner:cancel()
	self.run:cancel()
	self:wait()
	return true
end

-- Starts the files without waiting for them: a runner with wait(seconds), running() and cancel(). Or nil
-- and what is wrong.
function parallel.test_runner(files, options)
	local o = merge(parallel.options, options or {})
	local runner = setmetatable(
		{ options = o, processes = {}, ended = {}, list = {}, parts = {}, n = 0, total = #files },
		Runner
	)
	local message
	runner.run, message = get_jobs().start({
		paths = files,
		workers = o.workers,
		timeout = o.timeout,
		tag = words(o.tags),
		filter = type(o.filter) == "string" and o.filter or nil,
		coverage = o.coverage == true and o.aggregate_coverage and true or nil,
		lua = o.lua or interpreter(),
		program = o.program,
		on_event = function(event)
			on_event(runner, event)
		end,
		on_output = function(text, path)
			keep_output(runner, text, path)
		end,
		on_file = function(file, retried)
			file_ended(runner, file, retried)
		end,
		on_warning = function(text)
			log("warn", text)
		end,
	})
	if not runner.run then
		return nil, message
	end
	active[#active + 1] = runner
	return runner
end

-- Runs the files, as many at once as there are workers. Returns their results; or nil and what is wrong.
function parallel.run_tests(files, options)
	if #files == 0 then
		log("warn", "No files to run.")
		return new_results()
	end
	local runner, message = parallel.test_runner(files, options)
	if not runner then
		log("error", message)
		return nil, message
	end
	return runner:wait()
end

-- Runs one file: { file, status, success, elapsed, output, result = { total, passed, failed, skipped,
-- pending, errors } }. Or nil and what is wrong.
function parallel.run_file(file, options)
	local results, message = parallel.run_tests({ file }, options)
	if not results then
		return nil, message
	end
	local r = results.files[1]
	if r then
		r.coverage = results.coverage
	end
	return r, not r and "it was not run" or nil
end

-- How many workers are enough: more gain less than 5 %. By what the past tells of the files, and as
-- many as there are processors where it tells nothing.
function parallel.get_optimal_workers(files)
	local advice = get_jobs().advise({ paths = files })
	if not advice then
		advice = get_jobs().advise({})
	end
	return advice and (advice.enough or advice.cpus) or defaults.workers
end

-- ---- the command line ----

-- What Firmo's runner tells of a run, from our results.
local function for_runner(results, files, message)
	if not results then
		print("Error: " .. tostring(message))
		return { success = false, passes = 0, errors = 1, skipped = 0, total = 0, elapsed = 0, files_tested = 0,
			files_passed = 0, files_failed = #files }
	end
	local failed = 0
	for _, r in ipairs(results.files or {}) do
		failed = failed + (r.success and 0 or 1)
	end
	local tested = #results.files_run
	return {
		success = results.success,
		passes = results.passed,
		errors = results.failed,
		skipped = results.skipped + results.pending,
		total = results.total,
		elapsed = results.elapsed,
		files_tested = tested,
		files_passed = tested - failed,
		files_failed = failed,
	}
end

local function print_errors(results)
	for _, e in ipairs(results and results.errors or {}) do
		print(("FAIL %s: %s"):format(e.file, e.message or "it failed"))
		if e.traceback then
			print(e.traceback)
		end
	end
end

-- Firmo finds the files, and prints and writes what it does; its runner hands the files to us.
local function run_in_parallel(cli_run, args, firmo, flags)
	local runner = require("lib.core.runner")
	local run_tests, run_file = runner.run_tests, runner.run_file
	local function run(files)
		local results, message = parallel.run_tests(files, flags)
		print_errors(results)
		return for_runner(results, files, message)
	end
	runner.run_tests = run
	runner.run_file = function(file)
		return run({ file })
	end
	local ok, success = pcall(cli_run, args, firmo)
	runner.run_tests, runner.run_file = run_tests, run_file
	if not ok then
		error(success, 0)
	end
	return success
end

local help = [[

  Parallel execution (firmo-jobs):
    -p, --parallel            Run files side by side, each in a process of its own.
    -w, --workers <N>         So many at once (default 4); below make at most its tokens.
    --timeout <seconds>       Deadline of each file (default 60).
    --fail-fast               End the run at the first failure.
    --tag <name>              Only tests with that tag; repeatable.
    --verbose-parallel        Tell of each file.
    --no-worker-output        Do not show what the files print.
    --no-aggregate-coverage   With --coverage: do not merge that of the files.]]

-- One of Firmo's two references to a function of its command line is patched here, the other one where
-- Firmo is known.
local function patch_cli(cli)
	local run, show_help = cli.run, cli.show_help
	if cli.patched_by_firmo_jobs or not run then
		return
	end
	cli.patched_by_firmo_jobs = true
	cli.show_help = function(...)
		show_help(...)
		print(help)
	end
	cli.run = function(args, firmo)
		local flags, rest = flags_of(merge(args or arg or {}))
		if flags.problem then
			print("Error: " .. flags.problem)
			return false
		elseif not flags.parallel then
			if flags.tags and firmo and firmo.only_tags then
				firmo.only_tags(unpack and unpack(flags.tags) or table.unpack(flags.tags)) -- luacheck: ignore
			end
			return run(rest, firmo)
		end
		return run_in_parallel(run, rest, firmo, flags)
	end
end

function parallel.register_with_firmo(firmo)
	parallel.firmo = firmo
	local cli = try("lib.tools.cli")
	if cli then
		patch_cli(cli)
	end
	if firmo then
		firmo.parallel = parallel
		if cli then
			firmo.cli_run, firmo.show_help = cli.run, cli.show_help
		end
	end
	log("info", "Parallel module registered with firmo.")
	return parallel
end

parallel.configure()

return parallel
