-- SPDX-License-Identifier: MIT
-- Steps whose test runs a program that the loader has to find libraries for.
local dice = require "dice"

local loader = {}

-- {what, setup, command, edits of the files, edit of the environment}
local new_files = "cp $REUSE/new/libanswer.so"
local ways = {
	{ "a library in RUNPATH", "cp $REUSE/old/libanswer.so D/second", "D/ask", {
		{ "one appears earlier", new_files .. " D/first" },
		{ "replaced", new_files .. " D/new.so; mv D/new.so D/second/libanswer.so" },
		{ "written", new_files .. " D/second/libanswer.so" },
		{ "removed", "rm D/second/libanswer.so" },
		{ "one appears earlier, as a link", "cp $REUSE/new/libanswer.so D/n.so; ln -s ../n.so D/first/libanswer.so" },
	} },
	{ "a library of a program that ends by _exit", "cp $REUSE/old/libanswer.so D/second", "D/ask now", {
		{ "replaced", new_files .. " D/new.so; mv D/new.so D/second/libanswer.so" },
		{ "written", new_files .. " D/second/libanswer.so" },
		{ "one appears earlier", new_files .. " D/first" },
	} },
	{ "a library in LD_LIBRARY_PATH", "cp $REUSE/old/libanswer.so D/second", "LD_LIBRARY_PATH=D/first:D/third D/ask", {
		{ "one appears earlier", new_files .. " D/third" },
		{ "one appears first", new_files .. " D/first" },
	} },
	{ "a library by ld.so", "cp $REUSE/old/libanswer.so D/second", "$LOADER D/ask", {
		{ "the program replaced", "printf '#!/bin/sh\\necho new\\n' >D/ask" },
		{ "the program removed", "rm D/ask" },
		{ "one appears earlier", new_files .. " D/first" },
	} },
	{ "a variable LD_LIBRARY_PATH", "cp $REUSE/old/libanswer.so D/second; cp $REUSE/new/libanswer.so D/third", "D/ask", nil,
		{ "set", "export LD_LIBRARY_PATH=$PWD/D/third" } },
	{ "a variable LD_PRELOAD", "cp $REUSE/old/libanswer.so D/second; cp $REUSE/new/libanswer.so D/third", "D/ask", nil,
		{ "set", "export LD_PRELOAD=$PWD/D/third/libanswer.so" } },
	{ "a library in LD_PRELOAD", "cp $REUSE/old/libanswer.so D/second; cp $REUSE/old/libanswer.so D/third",
		"LD_PRELOAD=\"$LD_PRELOAD:$PWD/D/third/libanswer.so\" D/ask", {
		{ "written", new_files .. " D/third/libanswer.so" },
		{ "replaced", new_files .. " D/n.so; mv D/n.so D/third/libanswer.so" },
	} },
	{ "a variable GLIBC_TUNABLES", "true", "$REUSE/look memory x", nil,
		{ "set", "export GLIBC_TUNABLES=glibc.malloc.perturb=165" }, answer = "0" },
	{ "a library by ffi.load", "true",
		"luajit -e 'print(pcall(require(\"ffi\").load, \"D/first/libanswer.so\") and \"new\" or \"old\")'", {
		{ "made", new_files .. " D/first" },
	}, needs = "luajit" },
	{ "a library by ffi.load in LD_LIBRARY_PATH", "true",
		"LD_LIBRARY_PATH=D/first luajit -e 'print(pcall(require(\"ffi\").load, \"answer\") and \"new\" or \"old\")'", {
		{ "made", new_files .. " D/first" },
	}, needs = "luajit" },
	{ "a library by ctypes", "cp $REUSE/old/libanswer.so D/second",
		"python3 -c 'import ctypes; f = ctypes.CDLL(\"D/second/libanswer.so\").answer; f.restype = ctypes.c_char_p; print(f().decode())'", {
		{ "replaced", new_files .. " D/new.so; mv D/new.so D/second/libanswer.so" },
		{ "removed", "rm D/second/libanswer.so" },
	}, needs = "python3" },
}

function loader.fill(step)
	local function place(text) return (text:gsub("%f[%w]D%f[%W]", step.folder)) end
	local way = dice.pick(ways)
	step.what = way[1]
	step.needs = way.needs
	step.setup = place("mkdir D/first D/second D/third; cp $REUSE/ask D\n" .. way[2])
	step.test = place(("local got = sh [==[%s]==]\nassert(got == %q, got)"):format(way[3], way.answer or "old"))
	if way[4] then
		local edit = dice.pick(way[4])
		step.edit_name, step.edit = edit[1], place(edit[2])
	else
		step.edit_name, step.after = way[5][1], place(way[5][2])
	end
end

return loader
