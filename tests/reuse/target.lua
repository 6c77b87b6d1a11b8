-- SPDX-License-Identifier: MIT
-- Targets: what a test looks at. Each is made in the folder $d and called t there, in one of two states.
--	question	what a test asks about it; askers answer that in words
--	answer		what they say of the old state
--	old, new	shell text that makes it in either state
--	edits		{name, shell text}: ways from the old state towards the new one
local content_edits = {
	{ "written", "printf new >$d/t" },
	{ "written, with its old time", "touch -r $d/t $d/u; printf new >$d/t; touch -r $d/u $d/t; rm $d/u" },
	{ "replaced by a rename", "printf new >$d/u; mv $d/u $d/t" },
	{ "replaced by a rename, with its old time", "printf new >$d/u; touch -r $d/t $d/u; mv $d/u $d/t" },
	{ "removed and made", "rm $d/t; printf new >$d/t" },
	{ "appended to", "printf er >>$d/t" },
	{ "emptied", ": >$d/t" },
	{ "removed", "rm $d/t" },
	{ "renamed", "mv $d/t $d/u" },
	{ "replaced by a link", "rm $d/t; printf new >$d/u; ln -s u $d/t" },
	{ "replaced by a folder", "rm $d/t; mkdir $d/t" },
}

local target = {
	{ question = "content", answer = "old", old = "printf old >$d/t", new = "printf new >$d/t", edits = content_edits },
	{
		question = "module", answer = "old",
		old = "echo \"return 'old'\" >$d/t.lua", new = "echo \"return 'new'\" >$d/t.lua",
		edits = {
			{ "written", "echo \"return 'new'\" >$d/t.lua" },
			{ "replaced by a rename", "echo \"return 'new'\" >$d/u; mv $d/u $d/t.lua" },
			{ "removed", "rm $d/t.lua" },
			{ "replaced by a link", "rm $d/t.lua; echo \"return 'new'\" >$d/u; ln -s u $d/t.lua" },
		},
	},
	{ -- the file is behind a link
		question = "content", answer = "old",
		old = "printf old >$d/a; printf new >$d/b; ln -s a $d/t", new = "printf new >$d/b; ln -s b $d/t",
		edits = {
			{ "retargeted", "ln -sfn b $d/t" },
			{ "retargeted by a rename", "ln -s b $d/u; mv $d/u $d/t" },
			{ "written behind the link", "printf new >$d/a" },
			{ "replaced behind the link", "mv $d/b $d/a" },
			{ "removed behind the link", "rm $d/a" },
			{ "put in the place of the link", "rm $d/t; mv $d/b $d/t" },
		},
	},
	{
		question = "exists", answer = "yes", old = "printf old >$d/t", new = "true",
		edits = {
			{ "removed", "rm $d/t" },
			{ "renamed", "mv $d/t $d/u" },
			{ "replaced by a dangling link", "rm $d/t; ln -s nowhere $d/t" },
			{ "only written", "printf new >$d/t" },
		},
	},
	{
		question = "exists", answer = "no", old = "true", new = "printf new >$d/t",
		edits = {
			{ "made", "printf new >$d/t" },
			{ "renamed to it", "printf new >$d/u; mv $d/u $d/t" },
			{ "made as a folder", "mkdir $d/t" },
			{ "made as a link", "printf new >$d/u; ln -s u $d/t" },
			{ "hard-linked", "printf new >$d/u; ln $d/u $d/t" },
		},
	},
	{ -- the name counts, not where it leads
		question = "named", answer = "no", old = "true", new = "printf new >$d/t",
		edits = { { "made", "printf new >$d/t" }, { "made as a link to nowhere", "ln -s nowhere $d/t" } },
	},
	{
		question = "named", answer = "yes", old = "printf old >$d/t", new = "true",
		edits = { { "removed", "rm $d/t" }, { "renamed", "mv $d/t $d/u" } },
	},
	{ -- a link that leads nowhere
		question = "named", answer = "yes", old = "ln -s nowhere $d/t", new = "true",
		edits = { { "removed", "rm $d/t" } },
	},
	{ -- a link that leads nowhere
		question = "exists", answer = "no", old = "ln -s u $d/t", new = "printf new >$d/t",
		edits = {
			{ "made behind the link", "printf new >$d/u" },
			{ "retargeted", "printf new >$d/v; ln -sfn v $d/t" },
			{ "put in the place of the link", "rm $d/t; printf new >$d/t" },
		},
	},
	{
		question = "type", answer = "file", old = "printf old >$d/t", new = "mkdir $d/t",
		edits = {
			{ "replaced by a folder", "rm $d/t; mkdir $d/t" },
			{ "replaced by a FIFO", "rm $d/t; mkfifo $d/t" },
			{ "replaced by a link to a folder", "rm $d/t; mkdir $d/u; ln -s u $d/t" },
			{ "removed", "rm $d/t" },
		},
	},
	{
		question = "type", answer = "dir", old = "mkdir $d/t", new = "printf new >$d/t",
		edits = {
			{ "replaced by a file", "rmdir $d/t; printf new >$d/t" },
			{ "replaced by a link to a file", "rmdir $d/t; printf new >$d/u; ln -s u $d/t" },
			{ "removed", "rmdir $d/t" },
			{ "filled", "printf new >$d/t/x" },
		},
	},
	{
		question = "type", answer = "fifo", old = "mkfifo $d/t", new = "printf new >$d/t",
		edits = {
			{ "replaced by a file", "rm $d/t; printf new >$d/t" },
			{ "replaced by a folder", "rm $d/t; mkdir $d/t" },
		},
	},
	{
		question = "link", answer = "no", old = "printf old >$d/t", new = "printf old >$d/u; ln -s u $d/t",
		edits = { { "moved behind a link", "mv $d/t $d/u; ln -s u $d/t" } },
	},
	{
		question = "link", answer = "yes", old = "printf old >$d/u; ln -s u $d/t", new = "printf old >$d/t",
		edits = { { "put in the place of the link", "mv $d/u $d/t" } },
	},
	{
		question = "target", answer = "a", old = "printf old >$d/a; printf old >$d/b; ln -s a $d/t",
		new = "printf old >$d/b; ln -s b $d/t",
		edits = {
			{ "retargeted", "ln -sfn b $d/t" },
			{ "retargeted to the same file", "ln -sfn ./a $d/t" },
			{ "retargeted to nowhere", "ln -sfn nowhere $d/t" },
		},
	},
	{ -- it leads nowhere before and after
		question = "target", answer = "a", old = "ln -s a $d/t", new = "ln -s b $d/t",
		edits = { { "retargeted", "ln -sfn b $d/t" } },
	},
	{
		question = "mode", answer = "644", old = "printf old >$d/t; chmod 644 $d/t",
		new = "printf old >$d/t; chmod 600 $d/t",
		edits = {
			{ "chmod", "chmod 600 $d/t" },
			{ "chmod", "chmod 755 $d/t" },
			{ "chmod", "chmod u+s $d/t" },
			{ "replaced by one of another mode", "printf old >$d/u; chmod 600 $d/u; mv $d/u $d/t" },
		},
	},
	{
		question = "mode", answer = "755", old = "mkdir $d/t; chmod 755 $d/t", new = "mkdir $d/t; chmod 700 $d/t",
		edits = { { "chmod", "chmod 700 $d/t" }, { "chmod", "chmod +t $d/t" } },
	},
	{
		question = "exec", answer = "yes", old = "printf old >$d/t; chmod 755 $d/t", new = "printf old >$d/t",
		edits = { { "chmod -x", "chmod -x $d/t" }, { "removed", "rm $d/t" } },
	},
	{
		question = "exec", answer = "no", old = "printf old >$d/t", new = "printf old >$d/t; chmod +x $d/t",
		edits = { { "chmod +x", "chmod +x $d/t" } },
	},
	{
		question = "run", answer = "old", old = "printf '#!/bin/sh\\necho old\\n' >$d/t; chmod +x $d/t",
		new = "printf '#!/bin/sh\\necho new\\n' >$d/t; chmod +x $d/t",
		edits = {
			{ "chmod -x", "chmod -x $d/t" },
			{ "written", "printf '#!/bin/sh\\necho new\\n' >$d/t" },
			{ "removed", "rm $d/t" },
		},
	},
	{
		question = "size", answer = "3", old = "printf old >$d/t", new = "printf older >$d/t",
		edits = {
			{ "appended to", "printf er >>$d/t" },
			{ "emptied", ": >$d/t" },
			{ "written, as long as before", "printf new >$d/t" },
		},
	},
	{
		question = "time", answer = "1000000000", old = "printf old >$d/t; touch -d @1000000000 $d/t",
		new = "printf old >$d/t; touch -d @1100000000 $d/t",
		edits = {
			{ "touched", "touch $d/t" },
			{ "set back", "touch -d @900000000 $d/t" },
			{ "replaced by an equal one", "printf old >$d/u; mv $d/u $d/t" },
		},
	},
	{
		question = "list", answer = "a b", old = "mkdir $d/t; : >$d/t/a; : >$d/t/b",
		new = "mkdir $d/t; : >$d/t/a; : >$d/t/c",
		edits = {
			{ "one more entry", ": >$d/t/c" },
			{ "one more folder", "mkdir $d/t/c" },
			{ "an entry removed", "rm $d/t/b" },
			{ "an entry renamed", "mv $d/t/b $d/t/c" },
			{ "an entry written", "printf new >$d/t/a" },
			{ "replaced by a link", "mv $d/t $d/v; rm $d/v/b; ln -s v $d/t" },
			{ "removed", "rm -r $d/t" },
		},
	},
	{
		question = "folders", answer = "a", old = "mkdir -p $d/t/a; : >$d/t/b", new = "mkdir -p $d/t/a $d/t/b",
		edits = {
			{ "a file became a folder", "rm $d/t/b; mkdir $d/t/b" },
			{ "a folder became a file", "rmdir $d/t/a; : >$d/t/a" },
			{ "a folder became a link to one", "mv $d/t/a $d/u; ln -s ../u $d/t/a" },
			{ "one more folder", "mkdir $d/t/c" },
		},
	},
}

-- The file of a target, below the folder where it is.
function target.name(one)
	return one.question == "module" and "t.lua" or "t"
end

return target
