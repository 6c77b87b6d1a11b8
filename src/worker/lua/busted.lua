-- SPDX-License-Identifier: MIT
-- busted 2.x. The shim subscribes beside the user's own output handler. A test whose before_each fails
-- is never published as a test, so its element is taken from the context that busted pushes.
local events = ...
local emit, guard = events.emit, events.guard
local type, concat, insert = type, table.concat, table.insert
local match, find, sub = string.match, string.find, string.sub

local STATUS = { success = "pass", failure = "fail", error = "error", pending = "pending" }
local WHERE = {
	file = "file", describe = "describe",
	setup = "setup", strict_setup = "setup", lazy_setup = "setup",
	teardown = "teardown", strict_teardown = "teardown", lazy_teardown = "teardown",
	before_each = "before_each", after_each = "after_each",
}
local attached = false -- busted's own tests make further instances: only the first one counts
local parent_of -- the element around an element
local current = {} -- the test that busted is busy with, from its before_each to its after_each

local function path_and_file(element)
	local path, file = {}, nil
	local parent = parent_of(element)
	while parent and parent.descriptor ~= "suite" do
		if parent.descriptor == "file" then
			file = parent.name
			break
		end
		insert(path, 1, events.text(parent.name or parent.descriptor))
		parent = parent_of(parent)
	end
	return path, file
end

-- An event's fields for a test, a block or a hook; `trace` is where it was declared.
local function described(element)
	local path, file = path_and_file(element)
	local trace = element.trace or {}
	return {
		path = path, name = element.name,
		file = events.file_of(trace.source) or file, line = trace.currentline,
	}
end

local function enter(element)
	current = { element = element, messages = {} }
end

local function start_current()
	local test = current
	if test.element and not test.id then
		test.id, test.fields = events.new_id(), described(test.element)
		test.fields.id = test.id
		test.fields.name = test.fields.name or test.element.descriptor
		emit("start", test.fields)
	end
end

local function end_current(status)
	local test = current
	start_current()
	local fields = test.fields
	fields.status = STATUS[status] or "error"
	fields.message = test.messages[1] and concat(test.messages, "\n")
	fields.traceback, fields.reason = test.traceback, test.reason
	emit("test", fields)
	test.ended = true
end

-- busted lets go of a test without publishing its end when its own machinery failed.
local function settle_current()
	if current.messages and current.messages[1] and not current.ended then
		end_current("error")
	end
end

local function on_push(element)
	if element.descriptor == "it" or element.descriptor == "pending" then
		if element ~= current.element then
			settle_current()
			enter(element)
		end
	elseif element.descriptor == "before_each" then
		start_current() -- a hook that hangs is charged to its test
	end
end

local function stack_of(trace)
	local stack = type(trace) == "table" and trace.traceback
	return type(stack) == "string" and stack ~= "" and match(stack, "^\n?(.-)%s*$") or nil
end

local function add_to_current(message, trace)
	current.messages[#current.messages + 1] = events.text(message)
	current.traceback = current.traceback or stack_of(trace)
end

local function report_outside(element, message, trace)
	local fields = described(element)
	message = events.text(message)
	fields.where = WHERE[element.descriptor] or "other"
	fields.message, fields.traceback = message, stack_of(trace)
	if fields.where == "file" then
		fields.where = element.run and "file" or "load" -- what did not load has nothing to run
		fields.file, fields.name = element.name, nil
		fields.line = events.line_of(message, element.name)
	elseif fields.where == "after_each" and current.fields then
		fields.path, fields.name = current.fields.path, current.fields.name
	elseif fields.where ~= "describe" and fields.where ~= "other" then
		fields.name = nil -- a hook has at most the name of its kind
	end
	emit("error", fields)
end

local function on_problem(element, _, message, trace)
	if element == current.element and not current.ended then
		add_to_current(message, trace)
	elseif element.descriptor == "before_each" and current.element and not current.ended then
		add_to_current(message, trace)
		end_current("error")
	else
		report_outside(element, message, trace)
	end
end

-- busted puts the place in front of the message; the reason alone is in the object that was raised.
local function on_pending(element, _, message, trace)
	if element == current.element then
		local raised = type(trace) == "table" and trace.message
		current.reason = type(raised) == "table" and raised.message or message
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

local function on_suite_end(busted, run, runs)
	settle_current()
	current = {}
	if not run or not runs or run >= runs or busted.skipAll then
		emit("done")
	end
end

local function subscribe(busted, channel, fn)
	busted.subscribe(channel, function(...)
		guard(concat(channel, " "), fn, ...)
		return nil, true -- let the other subscribers have it
	end, { priority = 1 })
end

local function watch_context(context)
	local push = context.push
	context.push = function(element)
		guard("push", on_push, element)
		return push(element)
	end
end

local function attach(busted)
	if attached then
		return
	end
	attached = true
	parent_of = busted.context.parent
	watch_context(busted.context)
	subscribe(busted, { "test", "start" }, on_test_start)
	subscribe(busted, { "test", "end" }, on_test_end)
	subscribe(busted, { "failure" }, on_problem)
	subscribe(busted, { "error" }, on_problem)
	subscribe(busted, { "pending" }, on_pending)
	subscribe(busted, { "suite", "end" }, function(_, run, runs)
		on_suite_end(busted, run, runs)
	end)
	emit("attach", { framework = "busted" })
end

local function hook_output_handler(new_loader)
	return function(...)
		local load_handler = new_loader(...)
		return function(busted, ...)
			guard("attach", attach, busted)
			return load_handler(busted, ...)
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
		return "FIRMO_JOBS_PID=$$ exec " .. command
	end
	return command
end

local function hook_command_line(new_parser)
	return function(...)
		local cli = new_parser(...)
		local parse = cli.parse
		cli.parse = function(self, args)
			local execute = os.execute
			os.execute = function(command)
				return execute(handed_over(command, args and args[0]))
			end
			local options, problem = parse(self, args)
			os.execute = execute
			return options, problem
		end
		return cli
	end
end

return function(module, name)
	if type(module) ~= "function" then
		return nil
	elseif match(name, "cli$") then
		return hook_command_line(module)
	end
	return hook_output_handler(module)
end
