-- SPDX-License-Identifier: MIT
-- Askers: who looks, and how each answers a question. In a command {} stands for the path, which the
-- shell expands; in Lua text it is an expression. $REUSE is the folder of the prover's own programs.
--	in_lua		its ways are Lua expressions of the test itself
--	needs		the program that must be there
--	ways		question -> list of ways
local python = "python3 -S -c 'import os, sys, stat; p = sys.argv[1]; print(%s)' {}"
local node = "node -e 'const fs = require(\"fs\"), p = process.argv[1]; console.log(%s)' {}"
local perl = "perl -e '$_ = $ARGV[0]; print %s' {}"

-- All ways with their text put into the frame.
local function framed(frame, ways)
	for _, list in pairs(ways) do
		for i, way in ipairs(list) do
			list[i] = frame:gsub("%%s", function() return way end)
		end
	end
	return ways
end

local function programs(command)
	local ways = {}
	for _, q in ipairs { "content", "exists", "type", "link", "mode", "size", "time", "exec", "target", "list", "folders" } do
		ways[q] = { command .. " " .. q .. " {}" }
	end
	ways.content[2] = command .. " content-mmap {}"
	return ways
end

local asker = {
	{
		name = "Lua", in_lua = true,
		ways = {
			content = { "slurp({})", "(io.lines({}))()", "(function() io.input({}) return io.read('a') end)()" },
			module = {
				"dofile({})", "assert(loadfile({}))()", "find_module({})", "require_module({})",
			},
			exists = {
				"io.open({}) and 'yes' or 'no'", "loadfile({}) ~= nil and 'yes' or io.open({}) and 'yes' or 'no'",
			},
			named = { "os.rename({}, {}) and 'yes' or 'no'" },
		},
	},
	{
		name = "lfs", in_lua = true,
		ways = {
			exists = { "lfs.attributes({}) and 'yes' or 'no'", "lfs.attributes({}, 'mode') and 'yes' or 'no'" },
			named = { "lfs.symlinkattributes({}) and 'yes' or 'no'" },
			type = { "type_names[lfs.attributes({}, 'mode')]" },
			link = { "lfs.symlinkattributes({}, 'mode') == 'link' and 'yes' or 'no'" },
			mode = { "octal(lfs.attributes({}, 'permissions'))" },
			size = { "tostring(lfs.attributes({}).size)", "tostring(io.open({}):seek('end'))" },
			time = { "tostring(lfs.attributes({}, 'modification'))" },
			target = { "lfs.symlinkattributes({}, 'target')" },
			list = { "entries({})" },
			folders = { "entries({}, 'directory')" },
		},
	},
	{
		name = "sh",
		ways = {
			content = { "cat {}", "read x <{}; echo \"$x\"", "echo \"$(cat {})\"", "cat <{} | cat", "sed q {}", "head -n1 {}", "awk 1 {}" },
			exists = { "test -e {} && echo yes || echo no", "[ -e {} ] && echo yes || echo no" },
			named = { "ls -d {} >/dev/null 2>&1 && echo yes || echo no", "find {} >/dev/null 2>&1 && echo yes || echo no" },
			type = {
				"if [ -p {} ]; then echo fifo; elif [ -d {} ]; then echo dir; elif [ -f {} ]; then echo file; fi",
				"stat -L -c %F {} | sed 's/regular.*/file/; s/directory/dir/'",
			},
			link = { "test -L {} && echo yes || echo no", "[ -h {} ] && echo yes || echo no" },
			mode = { "stat -L -c %a {}" },
			size = { "stat -L -c %s {}", "wc -c <{}" },
			time = { "stat -L -c %Y {}", "date -r {} +%s" },
			exec = { "test -x {} && echo yes || echo no" },
			run = { "{}", "env {}", "nice {}" },
			target = { "readlink {}", "ls -l {} | sed 's/.*-> //'" },
			list = { "ls {} | xargs", "(cd {} && echo *)", "echo {}/* | sed 's,[^ ]*/,,g'" },
			folders = { "find {}/ -mindepth 1 -type d -printf '%f\\n' | sort | xargs" },
		},
	},
	{
		name = "bash",
		ways = framed("bash -c '%s' bash {}", {
			content = { "echo \"$(<\"$1\")\"", "mapfile -t a <\"$1\"; echo \"${a[0]}\"" },
			exists = { "[[ -e $1 ]] && echo yes || echo no" },
			named = { "compgen -G \"${1%%?}[${1: -1}]\" >/dev/null && echo yes || echo no" },
			type = { "[[ -d $1 ]] && echo dir || { [[ -f $1 ]] && echo file || { [[ -p $1 ]] && echo fifo; }; }" },
			link = { "[[ -L $1 ]] && echo yes || echo no" },
			exec = { "[[ -x $1 ]] && echo yes || echo no" },
			run = { "\"$1\"", "exec \"$1\"" },
			list = { "shopt -s nullglob; a=(\"$1\"/*); echo \"${a[@]##*/}\"" },
		}),
	},
	{
		name = "env",
		ways = {
			content = { "env cat {}", "env -u NONE cat {}", "env -i cat {}", "env X=1 cat {}" },
			exists = { "env test -e {} && echo yes || echo no" },
			mode = { "env stat -L -c %a {}" },
			run = { "env {}" },
			target = { "env readlink {}" },
			list = { "env ls {} | xargs" },
		},
	},
	{
		name = "python3", needs = "python3",
		ways = framed(python, {
			content = { "open(p).read()", "os.read(os.open(p, os.O_RDONLY), 99).decode()" },
			exists = { "\"yes\" if os.path.exists(p) else \"no\"", "\"yes\" if os.access(p, os.F_OK) else \"no\"" },
			named = { "\"yes\" if os.path.lexists(p) else \"no\"" },
			type = { "(lambda m: \"dir\" if stat.S_ISDIR(m) else \"fifo\" if stat.S_ISFIFO(m) else \"file\")(os.stat(p).st_mode)" },
			link = { "\"yes\" if os.path.islink(p) else \"no\"" },
			mode = { "oct(os.stat(p).st_mode & 0o7777)[2:]" },
			size = { "os.path.getsize(p)" },
			time = { "int(os.path.getmtime(p))" },
			exec = { "\"yes\" if os.access(p, os.X_OK) else \"no\"" },
			target = { "os.readlink(p)" },
			list = { "*sorted(os.listdir(p))" },
			folders = { "*sorted(e.name for e in os.scandir(p) if e.is_dir(follow_symlinks=False))" },
		}),
	},
	{ name = "a dynamic program", ways = programs("$REUSE/look") },
	{ name = "a static program", needs = "look-static", unwatched = true, ways = programs("$REUSE/look-static") },
	{
		name = "make", needs = "make",
		ways = {
			content = { "make -s -f $REUSE/look.mk content P={}" },
			named = { "make -s -f $REUSE/look.mk exists P={}" },
			list = { "make -s -f $REUSE/look.mk list P={}" },
			module = { "make -s -f $REUSE/look.mk module P={}" },
		},
	},
	{
		name = "perl", needs = "perl",
		ways = framed(perl, {
			content = { "do { open my $f, \"<\", $_ or die; <$f> }" },
			exists = { "-e $_ ? \"yes\" : \"no\"" },
			link = { "-l $_ ? \"yes\" : \"no\"" },
			mode = { "sprintf \"%o\", (stat)[2] & 07777" },
			size = { "-s $_ || 0" },
			target = { "readlink" },
			list = { "join \" \", map { s,.*/,,r } sort glob \"$_/*\"" },
		}),
	},
	{
		name = "node", needs = "node", rare = true,
		ways = framed(node, {
			content = { "fs.readFileSync(p, \"utf8\")" },
			exists = { "fs.existsSync(p) ? \"yes\" : \"no\"" },
			type = { "(s => s.isDirectory() ? \"dir\" : s.isFIFO() ? \"fifo\" : \"file\")(fs.statSync(p))" },
			link = { "fs.lstatSync(p, { throwIfNoEntry: false }).isSymbolicLink() ? \"yes\" : \"no\"" },
			mode = { "(fs.statSync(p).mode & 0o7777).toString(8)" },
			size = { "fs.statSync(p).size" },
			target = { "fs.readlinkSync(p)" },
			list = { "fs.readdirSync(p).sort().join(\" \")" },
			folders = { "fs.readdirSync(p, { withFileTypes: true }).filter(e => e.isDirectory()).map(e => e.name).sort().join(\" \")" },
		}),
	},
}

-- What the expressions in Lua stand on; the head of every test.
asker.prelude = [[
local has_lfs, lfs = pcall(require, "lfs")
local type_names = { file = "file", directory = "dir", ["named pipe"] = "fifo" }
local function trim(text) return (tostring(text):gsub("%s+$", "")) end
local function sh(command)
	local pipe = assert(io.popen(command))
	local text = pipe:read("a")
	pipe:close()
	return trim(text)
end
local function slurp(path)
	local file = assert(io.open(path))
	local text = file:read("a")
	file:close()
	return text
end
local function octal(text)
	local n = 0
	for c in text:gmatch(".") do n = n * 2 + (c == "-" and 0 or 1) end
	return ("%o"):format(n)
end
local function entries(path, wanted)
	local names = {}
	for name in lfs.dir(path) do
		if name:sub(1, 1) ~= "." and (not wanted or lfs.symlinkattributes(path .. "/" .. name, "mode") == wanted) then
			names[#names + 1] = name
		end
	end
	table.sort(names)
	return table.concat(names, " ")
end
local function find_module(path)
	return dofile(assert(package.searchpath("t", path:gsub("[^/]*$", "") .. "?.lua")))
end
local function require_module(path)
	package.path = path:gsub("[^/]*$", "") .. "?.lua"
	return require("t")
end
-- What is said for the first time is kept at the path; later it has to be the same.
local function says(path, got)
	local file = io.open(path)
	if not file then
		file = assert(io.open(path, "w"))
		file:write(got)
	end
	file:close()
	assert(slurp(path) == got, got)
end
-- Lets others edit: whoever waits for the gate removes it when all is done.
local function gate(path)
	io.open(path, "w"):close()
	for _ = 1, 3000 do
		local file = io.open(path)
		if not file then return end
		file:close()
		os.execute("sleep 0.02")
	end
	error("nobody has opened " .. path)
end
]]

return asker
