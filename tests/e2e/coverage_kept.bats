# Coverage beyond one run: what passes covered that are not run again, what of it is in the history, and for how long.
load common
load fixtures/coverage

# Three files, one of which calls what the others do not.
three_files() {
	source_file
	plain one "$uses" "m.loop(3)"
	plain two "$uses" "m.loop(3)"
	plain never "$uses" "m.never(false)" "if os.getenv('BREAK') then error('broken') end"
	settle
}

ALL="2:3 4:3 6:2 7:8 8:6 10:2 14:1 15:0 17:2 18:1 22:3"

@test "passes that are not run again bring what they covered, and whole files run where that is not known" {
	three_files
	run -0 cover --lua="$LUA"
	is "$(counts)" "$ALL"
	run -0 cover --lua="$LUA" --changed --fork=always
	has "Cached: 3 of them have passed before"
	is "$(counts)" "$ALL"
	# Its functions were counted for JSON; a run that needs less is content with that.
	run -0 fj4 --changed --coverage
	has "Cached: 3 of them"
	has "Coverage: 90.91% of 11 lines"
	# One that ran without is run, and --why says so.
	run -0 fj4 tests/one_test.lua
	run -0 fj4 --coverage --why=tests/one_test.lua
	has "would run: nothing has changed, but --coverage is asked for"
	has "its last pass was not counted"
	run -0 fj4 --coverage --why=tests/two_test.lua
	has "would not run"
	run -0 fj4 --coverage --changed --report=lcov:out.info
	has "Cached: 2 of them"
	[[ "$(<out.info)" == *"DA:8,6"* ]] || fail "$(<out.info)"
	run -0 fj4 tests/one_test.lua
	run -0 fj4 --coverage --changed
	run -0 cover --lua="$LUA" --why=tests/one_test.lua
	has "its last pass did not count functions"
	run -0 fj4 --coverage --coverage-include='*' --why=tests/two_test.lua
	has "did not count sources outside of the project"
	run -0 fj --check
}

@test "--failed brings what the other files covered, where their sources are what they were" {
	three_files
	BREAK=1 run -1 cover --lua="$LUA"
	is "$(counts)" "$ALL"
	run -0 cover --lua="$LUA" --failed
	has "Cached: 2 of them were not asked for, and are there for what they covered"
	is "$(counts)" "$ALL"
	# Nothing has failed, and all is told.
	run -0 cover --lua="$LUA" --failed --coverage-min=90
	has "Cached: 3 of them"
	is "$(counts)" "$ALL"
	run -1 cover --lua="$LUA" --failed --coverage-min=91
	has "Too little: coverage is 90.91%"
	echo "-- more" >>src/m.lua
	run -0 cover --lua="$LUA" --failed
	hasnt "Cached"
	is "$(counts)" "$ALL"
}

@test "counts are kept for the latest results alone, and go with the runs" {
	three_files
	run -0 cover --lua="$LUA"
	is "$(sql 'SELECT count(*), sum(length(counts)) < 150 FROM counted')" "6|1"
	run -0 cover --lua="$LUA"
	run -0 cover --lua="$LUA"
	is "$(sql 'SELECT count(DISTINCT result), min(result), (SELECT count(*) FROM covered) FROM counted')" "3|7|3"
	# Without --coverage nothing of that is touched.
	run -0 fj4
	is "$(sql 'SELECT count(*) FROM counted')" 6
	run -0 fj --prune=0
	run -0 fj --check
	is "$(sql 'SELECT (SELECT count(*) FROM covered) + (SELECT count(*) FROM counted) + (SELECT count(*) FROM edition)')" 0
}

@test "--tests-of lists the files that ran a source, or a line of it" {
	three_files
	run -3 fj --tests-of=src/m.lua
	has "there is no history"
	run -0 fj4
	run -0 fj --tests-of=src/m.lua
	has "No file is known to have run src/m.lua"
	run -0 fj4 --coverage
	run -0 fj --tests-of=src/m.lua:8
	[[ $output =~ ^Hits.*3\ +1\ +tests/one_test.lua.*3\ +1\ +tests/two_test.lua$ ]] || fail "$output"
	echo "-- more" >>src/m.lua
	run -0 fj --tests-of="$PWD/src/m.lua" --report=json:report.json --report=csv:report.csv
	conforms report.json history
	is "$(json "r.files[1].path .. r.files[1].lines .. r.files[3].hits")" "tests/never_test.lua815"
	is "$(sed -n 2p report.csv)" "10,8,tests/never_test.lua,the source had another text when it ran"
	run -0 fj --tests-of=src/m.lua:15
	has "No file is known"
	ln -s src link
	run -0 fj --tests-of=link/m.lua:8
	has "tests/one_test.lua"
	run -2 fj --tests-of=
	has "wants a source"
}

@test "--export and --import bring coverage along, from each shard its own; what is torn is found and forgotten" {
	three_files
	for name in one two never; do
		run -0 fj4 -q --coverage --report=json:/dev/null --db="own/$name.db" "tests/${name}_test.lua"
		run -0 fj --db="own/$name.db" --export="$name.db"
	done
	run -0 fj --import one.db two.db never.db one.db
	run -0 fj --check
	is "$(sql 'SELECT count(DISTINCT result), count(*), count(DISTINCT edition) FROM counted')" "3|6|4"
	is "$(sql 'SELECT count(DISTINCT run), count(*) FROM covered')" "3|3"
	run -0 cover --lua="$LUA" --failed
	has "Cached: 3 of them"
	is "$(counts)" "$ALL"
	sql "UPDATE counted SET counts = x'01ff7f0000' WHERE result = 2"
	run -1 fj --check
	has "sources with torn coverage: 2"
	fj --export=torn.db >/dev/null
	run fj --db=own/new.db --import torn.db
	[ "$status" -ne 0 ] || fail "it was taken"
	has "torn.db"
	run -0 fj --check=repair
	run -0 cover --lua="$LUA" --failed
	has "Cached: 2 of them"
	is "$(counts)" "$ALL"
}

# What --gather tells of all is what one run tells, whoever has run the files.
@test "--gather has one coverage of all that make and firmo-jobs run below it, and of what need not run" {
	three_files
	gathered() {
		run -0 cover --lua="$LUA" --gather="$1" "${@:2}"
		is "$(counts)" "$ALL"
		is "$(json "#r.files" coverage.json)" 3
	}
	# Each for itself, asked of the one above make, and not at all.
	gathered "sh -c 'for f in one two never; do $FIRMO_JOBS --lua=$LUA -q tests/\${f}_test.lua; done'"
	gathered "sh -c 'for f in one two never; do $FIRMO_JOBS --lua=$LUA -q --join tests/\${f}_test.lua; done'"
	gathered true
	has "Cached: 3 of them"
	# What the command takes for done is run for what it covers.
	run -0 fj4 tests/one_test.lua
	gathered true
	has "Cached: 2 of them"
	gathered "$FIRMO_JOBS --lua=$LUA -q tests/one_test.lua"
	run -0 fj --check
	# The makefile's own targets.
	printf '%s\n' "FIRMO_JOBS := $FIRMO_JOBS" "FIRMO_FLAGS := --lua=$LUA --coverage" "FIRMO_REPORTS := json:coverage.json" \
		'include $(shell $(FIRMO_JOBS) --print-mk)' >Makefile
	run -0 fj4 tests/one_test.lua
	for target in test-stamps test-stamps test-changed; do
		run -0 make -j3 "$target"
		is "$target $(counts)" "$target $ALL"
	done
	has "Cached: 3 of them"
}

@test "--coverage-diff tells how much of what git says has changed was run, line by line" {
	source_file
	test_file "src/other ä.lua" "local a = 1" "return a"
	plain one "$uses" "m.loop(3)" "dofile('src/other ä.lua')"
	run -2 fj4 --coverage --coverage-diff
	has "--coverage-diff=HEAD: there is no repository"
	run -2 fj4 --coverage-diff
	has "--coverage-diff goes with --coverage"
	printf '%s\n' .firmo-jobs '*.json' >.gitignore
	git init -q .
	git add -A
	git -c user.name=t -c user.email=t@t -c commit.gpgsign=false commit -qm one
	git config diff.interHunkContext 9
	run -0 cover --lua="$LUA" --coverage-diff
	has "Changed since HEAD: no line that counts"
	# Line 8 has changed and ran, 15 and 18 were not run; git does not know the others.
	sed -i -e '8s/$/ + 0/' -e '15s/a/a, 1/' -e '18s/"b"/"c"/' src/m.lua
	sed -i '1s/1/2/' "src/other ä.lua"
	git add -A
	test_file src/new.lua "local x = 1" "return x"
	GITHUB_ACTIONS=true run -0 cover --lua="$LUA" --coverage-diff=HEAD
	has "Changed since HEAD: 33.33% of 6 lines are covered, 4 missed"
	has "0.00%      2 missed src/new.lua: 1-2"
	has "33.33%      2 missed src/m.lua: 15, 18"
	has "::warning file=src/m.lua,line=15,title=not covered::line 15 was not run, and changed since HEAD"
	has "::warning file=src/new.lua,line=1,title=not covered::lines 1 to 2 were not run"
	is "$(json "r.coverage.diff.files[1].path .. #r.coverage.diff.files .. r.coverage.diff.hit" coverage.json)" "src/m.lua32"
	# No test loads it, and it counts in nothing else.
	is "$(sources)" "src/m.lua src/other ä.lua"
	conforms coverage.json
}
