-- `luarocks make` builds and installs the program, its libraries and the module, for each Lua:
-- `luarocks --lua-version=5.1 make`. `luarocks test` runs the tests of the module.
rockspec_format = "3.0"
package = "firmo-jobs"
version = "0.1.0-1"
source = {
	url = "git+file://.",
}
description = {
	summary = "Runs Lua test files side by side, under make's jobserver, and only those that have to run",
	detailed = [[
		Each test file runs in a process of its own, as many at once as make's jobserver or -j grants. Learns what
		each file reads and how long it takes, reruns what changed or failed, and merges all into one report. For
		Firmo, busted, LuaUnit, lust, TAP and plain scripts; with a module to run tests from Lua.]],
	license = "MIT",
	labels = { "test", "make", "parallel" },
}
supported_platforms = { "linux" }
dependencies = { "lua >= 5.1, < 5.5" }
external_dependencies = {
	JSONC = { header = "json-c/json.h" },
	SQLITE3 = { header = "sqlite3.h" },
	XXHASH = { header = "xxhash.h" },
}
build = {
	type = "make",
	makefile = "GNUmakefile",
	-- What the program looks for stays in the folder of the rock; LuaRocks itself puts the program into
	-- PATH, and the module where its Lua looks.
	variables = {
		PREFIX = "$(PREFIX)",
		BINDIR = "$(BINDIR)",
		LIBDIR = "$(PREFIX)/libexec",
		INCLUDEDIR = "$(PREFIX)/include",
		DATADIR = "$(PREFIX)/share",
		LUADIR = "$(LUADIR)",
	},
}
test = {
	type = "command",
	-- Those of the module that has just been installed.
	command = 'LUA_PATH="$(firmo-jobs --print-lua-path);;" firmo-jobs -q tests/lua',
}
