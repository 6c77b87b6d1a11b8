-- SPDX-License-Identifier: MIT
-- busted 2.x. The shim subscribes beside the user's own output handler. A test whose before_each fails
-- is never published as a test, so its element is taken from the context that busted pushes.
local events = ...
local emit, guard, text = events.emit, events.guard, events.text
local type, ipairs, pcall, tonumber = type, ipairs, pcall, tonumber
local match, find, sub = string.match, string.find, string.sub
local concat, insert = table.concat, table.insert

local STATUS = { success = "pass", failure = "fail", error = "error", pending = "pending" }
local WHERE = {
	file = "file", describe = "describe",
	setup = "setup", strict_setup = "setup", lazy_setup = "setup",
	teardown = "teardown", strict_teardown = "teardown", lazy_teardown = "teardown",
	before_each = "before_each", after_each = "after_each",
	output = "output", helper = "helper",
}
local busted -- the first instance; busted's own tests make further ones, which do not count
local parent_of, children_of -- of an element, in busted's context
local current = {} -- the test that busted is busy with, from its before_each to its after_each
local unready = {} -- blocks whose setup failed, so that nothing in them is run
local round -- the number of the present run, with --repeat
local seed -- the last one that was reported
local seed_is_given -- by --seed or .busted

local function is_test(element)
	return element.descriptor == "it" or element.descriptor == "pending"
end

local function name_of(element)
	return text(element.name or element.descriptor)
end

-- The names of a block and of those around it, outermost first, and the file that they are in.
local function names_down_to(block)
	local names = {}
	while block and block.descriptor ~= "suite" do
		if block.descriptor == "file" then
			return names, block.name
		end
		insert(names, 1, name_of(block))
		block = parent_of(block)
	end
	return names
end

-- An event's fields for a test, a block or a hook, with the place where it was declared.
local function described(element)
	local path, file = names_down_to(parent_of(element))
	local trace = element.trace or {}
	return {
		path = path, name = name_of(element), round = round,
		file = events.file_of(trace.source) or file, line = trace.currentline,
	}
end

local function described_test(element)
	local fields = described(element)
	fields.id = events.new_id()
	fields.tags = events.tags_of(events.full_name(fields.path, fields.name))
	return fields
end

local function enter(element)
	current = { element = element, messages = {} }
end

local function start_current()
	if current.element and not current.test then
		current.test = described_test(current.element)
		emit("start", current.test)
	end
end

local function end_current(status)
	start_current()
	emit("test", {
		id = current.test.id, status = STATUS[status] or "error", own = current.element.duration,
		message = current.messages[1] and concat(current.messages, "\n"),
		traceback = current.traceback, reason = current.reason,
	})
	current.ended = true
end

local function report_unrun(element)
	local test = described_test(element)
	test.status, test.reason = "skip", "never ran: its setup failed"
	emit("test", test)
end

-- busted lets go of a test without publishing its end when a lazy_setup around it failed, or busted's
-- own machinery.
local function settle_current()
	if current.element and not current.ended then
		if current.messages[1] then
			end_current("error")
		elseif not current.test then
			report_unrun(current.element)
		end
	end
	current = {}
end

-- What --seed would have to be for the same order again; randomize(N) in a block needs none.
local function note_seed(block)
	local drawn = block and block.randomseed
	if drawn and drawn ~= seed and drawn == busted.randomseed then
		seed = drawn
		emit("seed", { seed = seed })
	end
end

local function on_push(element)
	note_seed(parent_of(element))
	if is_test(element) then
		settle_current()
		enter(element)
	elseif element.descriptor == "before_each" then
		start_current() -- a hook that hangs is charged to its test
	end
end

local function stack_of(trace)
	local stack = type(trace) == "table" and trace.traceback
	return type(stack) == "string" and stack ~= "" and match(stack, "^\n?(.-)%s*$") or nil
end

-- An error value that cannot be told leaves no message; busted calls it so then.
local function message_text(message)
	return message == nil and "Nil error" or text(message)
end

local function add_to_current(message, trace)
	current.messages[#current.messages + 1] = message_text(message)
	current.traceback = current.traceback or stack_of(trace)
end

-- The line of an error, if that is in the file where its block or hook stands.
local function line_in(file, message, trace)
	local source = type(trace) == "table" and trace.source
	if source and events.file_of(source) == file then
		return trace.currentline
	end
	return events.line_of(message, file)
end

-- What keeps busted from coming to its tests names its place in the message alone.
local function report_start_problem(where, message)
	message = text(message)
	local file, line = events.place_of(message)
	emit("error", { where = where, message = message, file = file, line = line })
end

local function report_outside(element, message, trace)
	local where = WHERE[element.descriptor] or "other"
	message = message_text(message)
	if not parent_of(element) and where ~= "file" then
		return report_start_problem(where, message)
	end
	local fields = described(element)
	if where == "file" then
		where = element.run and "file" or "load" -- what did not load has nothing to run
		fields.file, fields.name = element.name, nil
	elseif where == "after_each" and current.test then
		fields.path, fields.name = current.test.path, current.test.name
	elseif where ~= "describe" then
		fields.name = nil -- a hook has at most the name of its kind
	end
	fields.where, fields.message, fields.traceback = where, message, stack_of(trace)
	fields.line = line_in(fields.file, message, trace) or fields.line
	emit("error", fields)
end

local function on_problem(element, _, message, trace)
	if element == current.element and not current.ended then
		add_to_current(message, trace)
	elseif element.descriptor == "before_each" and current.element and not current.ended then
		add_to_current(message, trace)
		end_current("error")
	else
		if element.descriptor == "strict_setup" then
			unready[parent_of(element)] = true
		end
		report_outside(element, message, trace)
	end
end

-- busted puts the place in front of the message; the reason alone is in what was raised.
local function on_pending(element, _, message, trace)
	if element == current.element then
		local reason = type(trace) == "table" and trace.message
		if type(reason) == "table" then
			reason = reason.message
		end
		reason = reason or message
		current.reason = reason and text(reason)
	end
end

local function on_test_start(element)
	if element ~= current.element or current.ended then
		enter(element)
	end
	start_current()
end

local function on_test_end(element, _, status)
	if element ~= current.element then
		enter(element)
	end
	end_current(status)
end

-- The tests in a block that was not executed are found as `busted -l` finds them: the bodies of the
-- blocks inside are called and declare what they hold. Nothing of it is run, so nothing is published.
local report_all_unrun
local function declare_unrun(block)
	if block.descriptor == "file" then
		busted.wrap(block.run)
	end
	if pcall(block.run) then
		report_all_unrun(block)
	end
end

report_all_unrun = function(block)
	for _, element in ipairs(children_of(block)) do
		if is_test(element) then
			report_unrun(element)
		elseif element.descriptor == "describe" or element.descriptor == "file" then
			busted.context.push(element)
			guard("unrun", declare_unrun, element)
			busted.context.pop()
		end
	end
end

local function on_block_end(block)
	settle_current()
	if unready[block] then
		local skip_all = busted.skipAll
		unready[block], busted.skipAll = nil, nil -- with --no-keep-going nothing could be declared
		guard("unrun", report_all_unrun, block)
		busted.skipAll = skip_all
	end
end

local function watch_context(context)
	local push = context.push
	context.push = function(element)
		if element ~= current.element then -- a test is pushed for its start, its body and its end
			guard("push", on_push, element)
		end
		return push(element)
	end
end

-- The first run is where something begins to be run: with -l there is none.
local function on_suite_start(_, run, runs)
	if run == 1 then
		watch_context(busted.context)
		events.want_libraries() -- busted's own are all there
	end
	round = runs and runs > 1 and run or nil
end

local function on_suite_end(suite, run, runs)
	on_block_end(suite)
	if not run or not runs or run >= runs or busted.skipAll then
		events.finish()
	end
end

local function subscribe(channel, fn)
	local where = concat(channel, " ")
	busted.subscribe(channel, function(...)
		guard(where, fn, ...)
		return nil, true -- let the other subscribers have it
	end, { priority = 1 })
end

-- A test is at a line that is wanted if it holds it, or a block around it begins there.
local function is_at_wanted_line(block, fn, trace)
	while block do
		local written = block.trace
		if written and events.is_group_wanted(written.source, written.currentline) then
			return true
		end
		block = parent_of(block)
	end
	return events.is_place_wanted(fn, trace and trace.currentline)
end

-- As busted's own filters do it, and beside them: a test has to pass both.
local function select_tests()
	for _, descriptor in ipairs({ "it", "pending" }) do
		busted.subscribe({ "register", descriptor }, function(name, fn, trace)
			local block = busted.context.get()
			local full_name = events.full_name(names_down_to(block), text(name or descriptor))
			return nil, events.is_selected(full_name, events.tags_of(full_name))
				and is_at_wanted_line(block, fn, trace)
		end, { priority = 1 })
	end
end

local function attach(instance)
	if busted then
		return
	end
	busted = instance
	parent_of, children_of = busted.context.parent, busted.context.children
	subscribe({ "suite", "start" }, on_suite_start)
	subscribe({ "test", "start" }, on_test_start)
	subscribe({ "test", "end" }, on_test_end)
	subscribe({ "failure" }, on_problem)
	subscribe({ "error" }, on_problem)
	subscribe({ "pending" }, on_pending)
	subscribe({ "describe", "end" }, on_block_end)
	subscribe({ "file", "end" }, on_block_end)
	subscribe({ "suite", "end" }, on_suite_end)
	if events.server then
		subscribe({ "exit" }, events.server.ends_soon)
	end
	if events.is_selective then
		select_tests()
	end
	events.is_in_test = function()
		return current.test ~= nil and not current.ended
	end
	events.attach("busted")
end

local function hook_output_handler(new_loader)
	return function(...)
		local load_handler = new_loader(...)
		return function(instance, ...)
			guard("attach", attach, instance)
			return load_handler(instance, ...)
		end
	end
end

-- Where a helper fails, busted says so on stderr and leaves.
local function hook_helper(new_loader)
	return function(...)
		local load_helper = new_loader(...)
		return function(instance, ...)
			local ok, problem = load_helper(instance, ...)
			if not ok and problem and instance == busted then
				guard("helper", report_start_problem, "helper", problem)
			end
			return ok, problem
		end
	end
end

-- With --lua, or `lua` in .busted, busted runs itself again by os.execute and leaves with its status.
-- Then the other process is the one to report: the shell hands it its own process id, FIRMO_JOBS_PID=$$,
-- and becomes it by exec. Only a plain program is handed over, with `script --ignore-lua` after it: an
-- `exec` in front of shell syntax would change what the command means.
local function handed_over(command, script)
	local known = type(command) == "string" and script
	local after = known and find(command, " " .. script .. " --ignore-lua ", 1, true)
	if after and match(sub(command, 1, after - 1), "^[%w_./+-]+$") then
		events.mute()
		return "FIRMO_JOBS_PID=$$ exec " .. command
	end
	return command
end

local function parse_watched(parse, cli, args)
	local execute = os.execute
	os.execute = function(command)
		return execute(handed_over(command, args and args[0]))
	end
	local options, problem = parse(cli, args)
	os.execute = execute
	seed_is_given = options and tonumber(options.seed) ~= nil
	if not options then
		guard("options", function()
			events.attach("busted")
			report_start_problem("options", problem)
		end)
	end
	return options, problem
end

local function hook_command_line(new_parser)
	return function(...)
		local cli = new_parser(...)
		local parse = cli.parse
		cli.parse = function(self, args)
			if busted then -- a test of busted's own
				return parse(self, args)
			end
			return parse_watched(parse, self, args)
		end
		return cli
	end
end

-- A fork server is forked where busted is about to load the file. What its start has drawn is drawn again. What
-- is to be there before the file is loaded there in any process.
local function hook_file_loader(new_loader, name)
	local urandom = require("busted.utils").urandom
	local function draw_seed()
		if busted and not seed_is_given then
			busted.randomseed = urandom() or os.time()
		end
	end
	return function(...)
		local load_files = new_loader(...)
		return function(files, ...)
			package.loaded[name] = new_loader
			if events.preload then
				events.preload()
			end
			if events.server then
				events.server.fork()
				guard("seed", draw_seed)
			end
			return load_files(files, ...)
		end
	end
end

local HOOKS = {
	cli = hook_command_line, output_handler_loader = hook_output_handler, helper_loader = hook_helper,
	test_file_loader = (events.server or events.preload) and hook_file_loader,
}

return function(module, name)
	local hook = HOOKS[match(name, "[%w_]*$")]
	return hook and events.lead("busted") and type(module) == "function" and hook(module, name) or nil
end
