-- SPDX-License-Identifier: MIT
-- Routes: the names by which a test gets at its target. `D` in their text stands for the folder of the
-- step; `T` for the target's file. The target lies in D/a in its old state; D/o has it in the new one.
--	setup		shell text, what the route needs besides
--	sh, lua		what is done around the question, by a shell or by Lua: {before, after}; where
--			only one of both is given, only that can go this way
--	path		as the shell takes it; lua_path: an expression, if it is not just that
--	is_link		whether the name itself is a link
--	loses_folder	whether its edits take away the folder that the test is in
--	needs_target	whether the target has to be there
--	edits		{name, shell text}: of the route, not of the target
local route = {}

-- Edits of the folder D/a, which most routes end in.
local folder_edits = {
	{ "its folder renamed", "mv D/a D/z" },
	{ "its folder swapped for another", "mv D/a D/z; mv D/o D/a" },
	{ "its folder replaced by a link", "mv D/a D/z; ln -s o D/a" },
	{ "its folder moved behind a link", "mv D/a D/z; ln -s z D/a" },
	{ "its folder removed", "rm -r D/a" },
}

local function in_folder(folder)
	return {
		sh = { "cd " .. folder, "cd - >/dev/null" },
		lua = { "local home = lfs.currentdir() lfs.chdir('" .. folder .. "')", "lfs.chdir(home)" },
	}
end

local function with(fields, more)
	for key, value in pairs(more) do
		fields[key] = value
	end
	return fields
end

route.direct = {
	{ name = "by its name", path = "D/a/T" },
	{ name = "by a name with dots and slashes", path = ".//D/./a//T" },
	{ name = "by its whole name", path = "$PWD/D/a/T", lua_path = "lfs.currentdir() .. '/D/a/T'" },
	with(in_folder "D/a", { name = "from its folder", path = "T" }),
	with(in_folder "D", { name = "from the folder above", path = "a/T" }),
}

route.link = {
	{
		name = "through a link to its folder", path = "D/cur/T", setup = "ln -s a D/cur",
		edits = {
			{ "the link retargeted", "ln -sfn o D/cur" },
			{ "the link retargeted by a rename", "ln -s o D/new; mv -T D/new D/cur" },
			{ "the link replaced by a folder", "rm D/cur; mv D/o D/cur" },
			{ "the link removed", "rm D/cur" },
		},
	},
	{
		name = "through two links", path = "D/x/far/T", setup = "mkdir D/x; ln -s a D/cur; ln -s ../cur D/x/far",
		edits = {
			{ "the second link retargeted", "ln -sfn o D/cur" },
			{ "the first link retargeted", "ln -sfn ../o D/x/far" },
			{ "the folder of the links renamed", "mv D/x D/y; mkdir D/x; ln -s ../o D/x/far" },
		},
	},
	{
		name = "through an absolute link", path = "D/cur/T", setup = "ln -s $PWD/D/a D/cur",
		edits = { { "the link retargeted", "ln -sfn $PWD/D/o D/cur" } },
	},
}

route.entered = {
	with(in_folder "D/cur", {
		name = "from a folder entered through a link", path = "T", setup = "ln -s a D/cur",
		edits = { { "the link retargeted", "ln -sfn o D/cur" } },
	}),
}

local dotdot_edits = {
	{ "the folder before .. removed", "rmdir D/sub" },
	{ "the folder before .. became a file", "rmdir D/sub; : >D/sub" },
	{ "the folder before .. became a link", "mkdir -p D/e/sub; mv D/o D/e/a; rmdir D/sub; ln -s e/sub D/sub" },
}
route.dotdot = {
	{ name = "through a folder and ..", path = "D/sub/../a/T", setup = "mkdir D/sub", edits = dotdot_edits },
	{
		name = "through a folder, .. and dots", path = "./D/./sub/.././a/T", setup = "mkdir D/sub",
		edits = dotdot_edits,
	},
	{
		name = "through two folders and two ..", path = "D/sub/in/../../a/T", setup = "mkdir -p D/sub/in",
		edits = {
			{ "the folder before .. removed", "rmdir D/sub/in" },
			{ "the folder before .. became a link", "mkdir -p D/e/f; mv D/o D/e/a; rmdir D/sub/in; ln -s ../e/f D/sub/in" },
		},
	},
	{
		name = "through a link and ..", path = "D/in/../a/T",
		setup = "mkdir -p D/e/in D/f/in; ln -s ../a D/e/a; ln -s ../o D/f/a; ln -s e/in D/in",
		edits = {
			{ "the link retargeted", "ln -sfn f/in D/in" },
			{ "the link behind .. retargeted", "ln -sfn ../o D/e/a" },
			{ "the folder that the link leads to renamed", "mv D/e D/g; mv D/f D/e" },
		},
	},
	with(in_folder "D/sub", {
		name = "from a folder by ..", path = "../a/T", setup = "mkdir D/sub", loses_folder = true,
		edits = { { "the folder removed", "rmdir D/sub" }, dotdot_edits[3] },
	}),
}

-- A folder that the test makes, goes to, and removes again.
local function work_folder(name, make, folder, path, remove)
	return {
		name = name, path = path,
		sh = { make .. " && cd " .. folder, "cd \"$OLDPWD\"; " .. remove },
	}
end

route.work = {
	work_folder("from a folder made for it", "mkdir D/w", "D/w", "../a/T", "rmdir D/w"),
	work_folder("from nested folders made for it", "mkdir -p D/w/x/y", "D/w/x/y", "../../../a/T", "rm -r D/w"),
	work_folder("from a folder made for it, by $PWD", "mkdir D/w", "D/w", "$PWD/../a/T", "rmdir D/w"),
	work_folder("from a temporary folder", "w=$(mktemp -d D/w.XXXXXX)", "$w", "../a/T", "rmdir $w"),
	work_folder("from a copied folder", "cp -r D/skeleton D/w", "D/w", "../a/T", "rm -r D/w"),
	work_folder("from a folder made and renamed", "mkdir D/v && mv D/v D/w", "D/w", "../a/T", "rmdir D/w"),
	work_folder("from a folder that is removed and made", "rm -rf D/w; mkdir D/w", "D/w", "../a/T", "true"),
	work_folder("from a folder that stays", "mkdir -p D/w", "D/w", "../a/T", "true"),
	work_folder("from a folder in TMPDIR", "r=$PWD; mkdir $TMPDIR/w", "$TMPDIR/w", "$r/D/a/T", "rmdir $TMPDIR/w"),
	work_folder("by .. from a folder in TMPDIR", "r=$PWD; mkdir $TMPDIR/w; ln -s $r/D/sub $TMPDIR/w/l", "-P $TMPDIR/w/l",
		"../a/T", "rm -r $TMPDIR/w"),
	work_folder("from a folder renamed while it is the current one", "mkdir -p D/v D/k", "D/v && mv ../v ../k/w",
		"../../a/T", "rmdir D/k/w"),
	{
		name = "from a folder made by lfs", path = "../a/T",
		lua = {
			"local home = lfs.currentdir() assert(lfs.mkdir('D/w')) lfs.chdir('D/w')",
			"lfs.chdir(home) assert(lfs.rmdir('D/w'))",
		},
	},
	{
		name = "from a folder that lfs makes and leaves first", path = "D/w/../a/T",
		lua = { "assert(lfs.mkdir('D/w'))", "assert(lfs.rmdir('D/w'))" },
	},
	{
		name = "through a folder made for it and ..", path = "D/w/../a/T",
		sh = { "mkdir D/w", "rmdir D/w" },
	},
}
for _, one in ipairs(route.work) do
	one.setup = "mkdir D/skeleton D/sub; : >D/skeleton/x"
end

-- A link that the test makes.
local function own_link(name, make, path, remove)
	return {
		name = name, path = path, sh = { make, remove },
		lua = { ("assert(os.execute([[%s]]))"):format(make), ("assert(os.execute([[%s]]))"):format(remove) },
		lua_path = path:find("$TMPDIR", 1, true) and
			("os.getenv('TMPDIR') .. '%s'"):format(path:gsub("^%$TMPDIR", "")) or nil,
	}
end

route.own_link = {
	own_link("through its link to the folder, in TMPDIR", "ln -s $PWD/D/a $TMPDIR/l", "$TMPDIR/l/T", "rm $TMPDIR/l"),
	own_link("through its link to the folder above, in TMPDIR", "ln -s $PWD/D $TMPDIR/l", "$TMPDIR/l/a/T",
		"rm $TMPDIR/l"),
	own_link("through its link that stays in TMPDIR", "ln -s $PWD/D/a $TMPDIR/l", "$TMPDIR/l/T", "true"),
	own_link("through its link to the file, in TMPDIR", "ln -s $PWD/D/a/T $TMPDIR/T", "$TMPDIR/T", "rm $TMPDIR/T"),
	own_link("through its link in the project", "ln -s a D/l", "D/l/T", "rm D/l"),
	own_link("through its link to a file in the project", "mkdir D/l; ln -s ../a/T D/l/T", "D/l/T", "rm -r D/l"),
	own_link("through its links to one another", "ln -s a D/k; ln -s k D/l", "D/l/T", "rm D/k D/l"),
	own_link("through its link and ..", "ln -s sub D/l", "D/l/../a/T", "rm D/l"),
	own_link("through its link that it has renamed", "ln -s a D/k; mv -T D/k D/l", "D/l/T", "rm D/l"),
	own_link("through its link that replaces another", "ln -s sub D/l; ln -sfn a D/l", "D/l/T", "rm D/l"),
	{
		name = "through a link made by lfs", path = "D/l/T",
		lua = { "assert(lfs.link('a', 'D/l', true))", "assert(os.remove('D/l'))" },
	},
}
for _, one in ipairs(route.own_link) do
	one.setup = "mkdir D/sub"
	one.is_link = one.name:find("link to the file", 1, true) or one.name:find("link to a file", 1, true)
end

-- The test renames what it looks at, and back.
local function own_rename(name, from, to, path, is_back)
	local away, back = ("mv %s %s"):format(from, to), ("mv %s %s"):format(to, from)
	local lua_away = ("assert(os.rename('%s', '%s'))"):format(from, to)
	local lua_back = ("assert(os.rename('%s', '%s'))"):format(to, from)
	return {
		name = name, path = path,
		sh = is_back and { away .. " && " .. back, "true" } or { away, back },
		lua = is_back and { lua_away .. " " .. lua_back, "" } or { lua_away, lua_back },
	}
end

route.own_rename = {
	own_rename("after its folder went away and came back", "D/a", "D/g", "D/a/T", true),
	own_rename("while its folder has another name", "D/a", "D/g", "D/g/T"),
	own_rename("while its folder lies in another", "D/a", "D/sub/a", "D/sub/a/T"),
	own_rename("after the folder above went away and came back", "D/up", "D/g", "D/up/T", true),
	own_rename("while the folder above has another name", "D/up", "D/g", "D/g/T"),
	own_rename("after it went away and came back", "D/a/T", "D/a/g", "D/a/T", true),
	{
		name = "after its folder went to TMPDIR and came back", path = "D/a/T",
		sh = { "mv D/a $TMPDIR/g && mv $TMPDIR/g D/a", "true" },
	},
	{
		name = "after two folders were swapped and back", path = "D/a/T",
		sh = { "mv D/a D/g && mv D/o D/a && mv D/a D/o && mv D/g D/a", "true" },
	},
	{
		name = "while two folders are swapped", path = "D/o/T",
		sh = { "mv D/o D/g && mv D/a D/o", "mv D/o D/a && mv D/g D/o" },
	},
}
for _, one in ipairs(route.own_rename) do
	one.setup = "mkdir D/sub"
	one.needs_target = one.name == "after it went away and came back"
	if one.path:find("up/T", 1, true) or one.name:find("the folder above", 1, true) then
		one.setup = "mkdir D/up; mv D/a D/up/in; ln -s up/in D/a"
		one.path = one.path:gsub("/T$", "/in/T")
		one.edits = { { "its folder swapped for another", "mv D/up/in D/z; mv D/o D/up/in" } }
	end
end

-- Names that the kernel makes up for the process.
route.proc = {
	{ name = "by /proc/self/cwd", path = "/proc/self/cwd/D/a/T" },
	{ name = "by /proc/thread-self/cwd", path = "/proc/thread-self/cwd/D/a/T" },
	{ name = "by the cwd of a process", path = "/proc/$$/cwd/D/a/T", sh = { "true", "true" } },
	{ name = "by /proc/self/root", path = "/proc/self/root$PWD/D/a/T", lua_path = "'/proc/self/root' .. lfs.currentdir() .. '/D/a/T'" },
	{ name = "by a descriptor of the folder", path = "/proc/self/fd/3/T", sh = { "exec 3<D/a", "exec 3<&-" } },
	{ name = "by a descriptor of the folder above", path = "/dev/fd/3/a/T", sh = { "exec 3<D", "exec 3<&-" } },
	with(in_folder "D/a", { name = "by /proc/self/cwd of a folder", path = "/proc/self/cwd/T" }),
}

-- All edits of one route besides those of the target.
function route.edits(one)
	local all = {}
	for _, list in ipairs { one.edits or {}, folder_edits } do
		table.move(list, 1, #list, #all + 1, all)
	end
	return all
end

return route
