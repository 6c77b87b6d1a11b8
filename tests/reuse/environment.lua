-- SPDX-License-Identifier: MIT
-- Steps whose test looks at a variable V of the environment, in all the ways that programs have.
local dice = require "dice"

local environment = {}

-- {asker, command or Lua text, what it says of `old` if not just that, needs}
local ways = {
	{ "Lua", lua = "os.getenv 'V' or ''" },
	{ "sh", "echo $V" },
	{ "sh", "echo \"${V-}\"" },
	{ "sh", "echo $((0+V))", number = true },
	{ "sh", "set | sed -n 's/^V=//p' | tr -d \"'\"" },
	{ "sh", "export -p | sed -n 's/^export V=//p' | tr -d \"'\"" },
	{ "sh", "printf 'echo $V' | sh" },
	{ "sh", "sh D/text" },
	{ "sh", ". D/text" },
	{ "sh", "cat D/text | sh" },
	{ "sh", "sh <D/text" },
	{ "sh", "n=V; eval \"echo \\$$n\"" },
	{ "sh", "n=V; eval 'echo ${'$n'}'" },
	{ "sh", "awk 'BEGIN { print ENVIRON[\"V\"] }'" },
	{ "sh", "awk 'BEGIN { for (n in ENVIRON) if (n == \"V\") print ENVIRON[n] }'" },
	{ "sh", "a='print ENVIR'; awk \"BEGIN { ${a}ON[\\\"V\\\"] }\"" },
	{ "bash", "bash -c '((V==7)) && echo 7 || echo other'", number = true },
	{ "bash", "bash -c 'n=V; echo ${!n}'" },
	{ "bash", "bash -c '[[ -v V ]] && echo old || echo not set'", unset = true },
	{ "bash", "bash -c 'declare -p V' | sed 's/.*=//' | tr -d '\"'" },
	{ "bash", "bash -c 'for n in $(compgen -e V); do echo ${!n}; done'" },
	{ "bash", "bash -c 'declare -n r=V; echo $r'" },
	{ "bash", "bash -c 'a=(1 2 3 4 5 6 7 8 9 10); echo ${a[V-0]}' | sed s/8/7/", number = true },
	{ "env", "env -u NONE sh -c 'env' | sed -n 's/^V=//p'" },
	{ "env", "env -u NONE printenv V" },
	{ "env", "env X=1 $REUSE/look variable V" },
	{ "env", "env | sed -n 's/^V=//p'" },
	{ "env", "printenv V" },
	{ "env", "printenv | sed -n 's/^V=//p'" },
	{ "make", "make -s -f D/rules known", needs = "make" },
	{ "make", "make -s -f D/rules value", needs = "make" },
	{ "make", "make -s -f D/rules origin", unset = true, needs = "make" },
	{ "make", "make -s -f D/rules recipe", needs = "make" },
	{ "make", "make -s -f D/rules computed", needs = "make" },
	{ "make", "make -s -n -f D/empty D/x.o | sed 's/^cc *//; s/ .*//'", variable = "CFLAGS", needs = "make" },
	{ "make", "make -s -n -f D/empty D/x.o | sed 's/ .*//'", variable = "CC", needs = "make" },
	{ "jq", "jq -n -r '$ENV.V // \"\"'", needs = "jq" },
	{ "jq", "jq -n -r 'env.V // \"\"'", needs = "jq" },
	{ "python3", "python3 -S -c 'import os; print(os.environ.get(\"V\", \"\"))'", needs = "python3" },
	{ "perl", "perl -e 'print $ENV{V}'", needs = "perl" },
	{ "node", "node -p 'process.env.V || \"\"'", needs = "node", rare = true },
	{ "a dynamic program", "$REUSE/look variable V" },
	{ "a dynamic program", "$REUSE/look variable-walk V" },
	{ "a dynamic program", "$REUSE/look variable-words V" },
	{ "a static program", "$REUSE/look-static variable V", needs = "look-static" },
	{ "/proc", "cat /proc/self/environ | tr '\\0' '\\n' | sed -n 's/^V=//p'" },
}

local function rules(variable)
	return ([[cat >D/rules <<'RULES'
ifdef V
known: ; @echo $(V)
else
known: ; @echo not set
endif
value: ; $(info $(V))@:
origin: ; @echo $(if $(filter environment,$(origin V)),old,not set)
recipe: ; @echo $$V
n := V
computed: ; @echo $($(n))
RULES
: >D/empty; printf 'echo $V\n' >D/text; : >D/x.c]]):gsub("%f[%w]V%f[%W]", variable)
end

local function pick_way()
	while true do
		local way = dice.pick(ways)
		if not way.rare or dice.chance(0.3) then
			return way
		end
	end
end

function environment.fill(step)
	local way = pick_way()
	local variable = way.variable or ("V%d"):format(step.seed)
	local old = way.number and "7" or "old"
	local function place(text)
		return (text:gsub("%f[%w]D%f[%W]", step.folder):gsub("%f[%w]V%f[%W]", variable))
	end
	local ask = way.lua or ("sh [==[%s]==]"):format(way[1 + 1])

	step.what = ("a variable by %s: %s"):format(way[1], way.lua or way[2])
	step.needs = way.needs
	step.setup = place(rules(variable))
	step.test = place(("local got = trim(%s)\nassert(got == %q, got)"):format(ask, old))
	step.before = ("export %s=%s"):format(variable, old)
	step.home = way.variable and "h" .. step.seed -- others have the same variable
	local edit = way.unset and { "unset", "unset V" } or dice.pick {
		{ "set to another value", way.number and "export V=8" or "export V=new" },
		{ "unset", "unset V" },
		{ "emptied", "export V=" },
	}
	step.edit_name, step.after = edit[1], place(edit[2])
end

return environment
