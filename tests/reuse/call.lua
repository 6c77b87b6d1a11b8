-- SPDX-License-Identifier: MIT
-- Steps whose test looks by other calls than the usual functions of the C library, or by files that the
-- library opens by itself.
local dice = require "dice"

local call = {}

local content = {
	{ "written", "printf new >D/t" }, { "removed", "rm D/t" },
	{ "replaced by a rename", "printf new >D/u; mv D/u D/t" },
}
local existence = { { "removed", "rm D/t" }, { "renamed", "mv D/t D/u" } }
local kind = { { "replaced by a folder", "rm D/t; mkdir D/t" }, { "removed", "rm D/t" } }

local ways = {
	{ "content by syscall()", "$REUSE/look content-syscall D/t", "old", content },
	{ "content by syscall() below a descriptor", "$REUSE/look at D content-syscall t", "old", content },
	{ "content after fchdir", "$REUSE/look in D content t", "old", content },
	{ "content below a descriptor", "$REUSE/look at D content t", "old", content },
	{ "content by the instruction", "$REUSE/look-past content-instruction D/t", "old", content },
	{ "content by the instruction after fchdir", "$REUSE/look-past in D content-instruction t", "old", content },
	{ "content by addopen of posix_spawn", "$REUSE/look content-spawn D/t", "old", content },
	{ "existence by syscall()", "$REUSE/look exists-syscall D/t", "yes", existence },
	{ "type by syscall(statx)", "$REUSE/look type-syscall D/t", "file", kind },
	{ "type by node's statSync", "node -p 'require(\"fs\").statSync(\"D/t\").isFile() ? \"file\" : \"other\"'", "file", kind,
		needs = "node" },
	{ "existence by node's statSync", "node -p 'require(\"fs\").statSync(\"D/t\", { throwIfNoEntry: false }) ? \"yes\" : \"no\"'",
		"yes", existence, needs = "node" },
	{ "existence by LuaJIT's ffi", "luajit -e 'local ffi = require(\"ffi\") ffi.cdef(\"long syscall(long, ...);\") " ..
		"print(ffi.C.syscall(269, -100LL, \"D/t\", 0LL) == 0 and \"yes\" or \"no\")'", "yes", existence, needs = "luajit" },
	{ "a zone by TZ=:file", "TZ=:$PWD/D/t date -d @0 +%Z", "JST",
		{ { "replaced", "cp /usr/share/zoneinfo/Europe/Berlin D/u; mv D/u D/t" }, { "removed", "rm D/t" } },
		setup = "cp /usr/share/zoneinfo/Asia/Tokyo D/t", needs = "/usr/share/zoneinfo/Asia/Tokyo" },
	{ "a zone by localtime", "$REUSE/look zone $PWD/D/t", "JST",
		{ { "replaced", "cp /usr/share/zoneinfo/Europe/Berlin D/u; mv D/u D/t" }, { "removed", "rm D/t" } },
		setup = "cp /usr/share/zoneinfo/Asia/Tokyo D/t", needs = "/usr/share/zoneinfo/Asia/Tokyo" },
	{ "shared memory by shm_open", "$REUSE/look content-shm /reuse-N", "old",
		{ { "written", "printf new >/dev/shm/reuse-N" }, { "removed", "rm /dev/shm/reuse-N" } },
		setup = "printf old >/dev/shm/reuse-N", shared = true },
}

function call.fill(step)
	local way = dice.pick(ways)
	while way.needs == "node" and dice.chance(0.5) do
		way = dice.pick(ways)
	end
	local name = ("%s-%d"):format(step.mark, step.seed)
	local function place(text)
		return (text:gsub("%f[%w]D%f[%W]", step.folder):gsub("reuse%-N", "reuse-" .. name))
	end
	local edit = dice.pick(way[4])
	step.what, step.needs = way[1], way.needs
	step.setup = place(way.setup or "printf old >D/t")
	step.test = place(("local got = sh [==[%s]==]\nassert(got == %q, got)"):format(way[2], way[3]))
	step.edit_name, step.edit = edit[1], place(edit[2])
	step.cleanup = way.shared and place("rm -f /dev/shm/reuse-N") or nil
end

return call
