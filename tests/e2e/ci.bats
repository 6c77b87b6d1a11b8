# SPDX-License-Identifier: MIT
# CI servers that read commands from what a step prints: they get ours, and none from a test.
load common

# Tests whose names, messages, output and files are commands of three servers.
commanding_project() {
	export -n GITHUB_ACTIONS TF_BUILD TEAMCITY_VERSION
	local mark='::error::x ##[group]x ##vso[task.setvariable variable=x]y ##teamcity[testFailed x]'
	plain writes "io.write('::stop-commands::t\n  ::add-mask::a\n\27[31m::error::r\27[0m\n')" \
		"io.write('::er') io.flush() os.execute('true') io.write('ror::in pieces\n\r::error::cr\n')" \
		"io.write('\194\160::error::behind a blank\n')" \
		"io.stderr:write('##[group]g\n##vso[task.complete result=Succeeded]\n##teamcity[testFailed]\n')" \
		"error('\n::error::message\n##[warning]w')"
	busted_test names "describe('$mark', function() it('$mark', function() error('$mark', 0) end)" \
		"it('::error::pending', function() pending('##[x]') end)" \
		"it('a long name to be broken somewhere into lines and lines and more lines ::error::a ::error::b ::error::c ::error::d ::error::e ::error::f', function() error() end) end)"
	test_file 'tests/::error file=x::a_test.lua' "error('a')"
	test_file 'tests/##[group]b_test.lua' "error('b')"
	plain tap "print('1..1') print('not ok 1 - ##vso[a] ::error::') print('# ::error::x') print('::error::y')"
	test_file '::warning::c_test.lua' "return 1"
}

# Lines of the file that a server would take for a command of the test's.
commands() {
	grep -aE $'^(\xc2\xa0|[ \t\r])*::|\r::|##[A-Za-z]*\\[' "$1" || true
}

ours() {
	grep -aE '^::(error|warning) file=[^,:]*(,line=[0-9]+)?,title=[^:]*::' "$1" || true
}

@test "nothing that a test prints, or is named, is a command, in text and TAP, on any of the servers" {
	commanding_project
	for variable in GITHUB_ACTIONS=true TF_BUILD=True TEAMCITY_VERSION=2026.1; do
		for option in -v -q --report=tap --report=text:/dev/stderr --progress=plain --color=always --list --advise --why=::warning::c_test.lua --history --history=failing --show "--history=tests --report=csv" --report=json --report=junit --report=markdown --report=html:-; do
			env "$variable" "$FIRMO_JOBS" --lua="$LUA" $option tests ::warning::c_test.lua >out 2>&1 ||
				env "$variable" "$FIRMO_JOBS" --lua="$LUA" $option >out 2>&1 || true
			test -s out
			ours out >ours.txt
			commands out | grep -vxFf ours.txt >left || true
			[ ! -s left ] || fail "$variable $option: $(<left)"
		done
	done
}

@test "on no such server, text is as it was" {
	commanding_project
	run -1 fj4 -j1
	has "::stop-commands::t"
	has "##vso[task.complete result=Succeeded]"
	hasnt '\u00'
	run -1 env GITHUB_ACTIONS= TF_BUILD= "$FIRMO_JOBS" --lua="$LUA"
	hasnt '\u00'
}

@test "what is shown instead can be read, and stays the same in data" {
	commanding_project
	export GITHUB_ACTIONS=true
	run -1 fj4 --report=json:file.json --report=junit:file.xml
	has ':\u003aerror::message'
	has '##\u005bgroup]g'
	has '##vso\u005btask.complete result=Succeeded]'
	fj4 --report=json >report.json || true
	is "$(json "file('tests/writes_test.lua').output:match('::stop%-commands::t') and 1")" 1
	is "$(json "#r.files > 3 and file('tests/##[group]b_test.lua').status")" fail
	fj4 --report=junit >report.xml || true
	xmllint --noout --schema "$BATS_TEST_DIRNAME/schema/junit.xsd" report.xml
	[[ $(xmllint --xpath "string(//testsuite[@name='tests/writes_test.lua']/system-out)" report.xml) == *'::stop-commands::t'*'##[group]g'* ]]
	# A file is no output of a step.
	grep -qF '##vso[task.complete result=Succeeded]' file.json
}

@test "our own annotations are commands still, and escape what would end them" {
	test_file 'tests/a,b:c%_test.lua' "error('first, ##[x]\n::error::second 100%\r', 0)"
	run -1 env GITHUB_ACTIONS=true "$FIRMO_JOBS" --lua="$LUA"
	last=$(grep '^::' <<<"$output")
	is "$last" '::error file=tests/a%2Cb%3Ac%25_test.lua,title=tests/a%2Cb%3Ac%25_test.lua%3A exit status 1::first, ##\u005bx]%0A::error::second 100%25%0D'
	is "$(grep -c '^ *::' <<<"$output")" 1
}

@test "Markdown has the verdict, the sums and the failures, and nothing that a test says is a mark" {
	busted_test names "describe('<b> *x*', function() it('[a](b) @you', function() error('| \`code\` &amp;', 0) end)" \
		"it('passes', function() end) end)"
	plain fails "error('broken')"
	plain passes
	run -1 fj4 --report=text --report=markdown:out.md
	run cat out.md
	has $'### \xe2\x9d\x8c FAILED: 2 of 3 files'
	has '| Files | 3 | 1 | 2 | 0 | 0 | 0 | 0 |'
	has '#### Failures'
	has '- `tests/names_spec.lua:1` **&#60;b\> \*x\* \[a\]\(b\) &#64;you**: \| \`code\` &#38;amp;'
	has 'To run these again: `'
	run -0 fj4 --report=markdown tests/passes_test.lua
	has $'### \xe2\x9c\x85 OK'
	hasnt '#### '
}
