# SPDX-License-Identifier: MIT
# Tests that write what others depend on: who is judged when, and in which order they run.

load common

# again ARG...: --changed; the report is read by `ran`.
again() {
	run fj4 --changed --report=json:report.json "$@"
}

# passes_on FROM TO: the lines of a test that copies a file, and is done in one step.
passes_on() {
	echo "local f = io.open('$1') local text = f:read('a') f:close()"
	echo "f = io.open('new.$2', 'w') f:write(text) f:close() assert(os.rename('new.$2', '$2'))"
}

# wants FILE: the line of a test that passes while its content is old.
wants() {
	echo "assert(io.open('$1'):read('a') == 'old\n', 'not old')"
}

# learn ARG...: until every pass is trusted: what one file has written is young for another.
learn() {
	local i
	settle
	fj4 "$@" >/dev/null || fail "the first run has failed"
	for i in 1 2 3 4 5; do
		settle
		again "$@"
		[ "$(ran)" != "" ] || return 0
	done
	fail "these are never trusted: $(ran)"
}

# old FILE...
old() {
	local file
	for file; do echo old >"$file"; done
}

# ---- what was taken over ----

@test "a pass is judged again once another file of the run has written what it depends on" {
	local options
	old src.txt gen.txt
	plain z_makes "$(passes_on src.txt gen.txt)"
	plain a_wants "$(wants gen.txt)"
	plain other "assert(io.open('other.txt', 'r') == nil)"
	learn
	for options in "-j1" "-j8" "-j8 --order=random" "-j2 --failed" "-j1 --fail-fast" "-j2 --verbose"; do
		echo new >src.txt
		again $options
		status_is 1
		is "$(ran)" "a_wants z_makes"
		has "FAILED: 1 of 3 files"
		[[ $options != *verbose* ]] ||
			has "what this run has changed matters to files that had not been run: tests/a_wants_test.lua"
		old src.txt gen.txt
		fj4 -j1 >/dev/null
		learn
	done
}

@test "a pass still stands where what was written is the same" {
	old src.txt gen.txt
	plain makes "$(passes_on src.txt gen.txt)"
	plain wants "$(wants gen.txt)"
	learn
	echo "-- another comment" >>tests/makes_test.lua
	again --report=junit:report.xml
	status_is 0
	is "$(ran)" makes
	is "$(json '#r.files, file("wants").cached')" "2 true"
	is "$(json 'r.success, r.passed')" "true 2"
}

@test "what is handed on and on reaches the last one, and circles come to an end" {
	old one.txt two.txt three.txt
	plain c_first "$(passes_on one.txt two.txt)"
	plain b_second "$(passes_on two.txt three.txt)"
	plain a_third "$(wants three.txt)"
	learn
	echo new >one.txt
	again -j1
	status_is 1
	is "$(ran)" "a_third b_second c_first"
	# The last hands back to the first.
	plain a_third "$(passes_on three.txt one.txt)"
	echo newer >one.txt
	fj4 -j1 >/dev/null
	fj4 -j1 >/dev/null
	settle
	echo newest >two.txt
	again -j2
	status_is 0
	local i
	for i in 1 2 3; do
		again -j2
		status_is 0
	done
	is "$(sort -u one.txt two.txt three.txt | wc -l)" 1
}

@test "without its history a run relies on no pass that its files have had a part in" {
	old src.txt gen.txt
	plain z_makes "$(passes_on src.txt gen.txt)" "if io.open 'lose' then os.execute 'rm -r .firmo-jobs; echo >.firmo-jobs' end"
	plain a_wants "$(wants gen.txt)"
	plain other "assert(io.open('other.txt', 'r') == nil)"
	# It goes on until the history is lost.
	plain waits "if io.open 'lose' then os.execute 'until grep -q \"goes on without it\" said; do sleep 0.05; done' end"
	learn
	echo new >src.txt
	touch lose
	fj4 -j2 --changed --report=json:report.json 2>said && fail "it has passed"
	is "$(ran)" "a_wants other waits z_makes"
}

@test "links, names and entries are handed on as contents are" {
	plain makes "local text = io.open('src.txt'):read('l') os.execute('ln -s ' .. text .. ' l && mv -T l link')" \
		"if text == 'new' then io.open('made.txt', 'w'):close() io.open('out/new', 'w'):close() end"
	plain link "local p = io.popen('cat link') assert(p:read('l') == 'OLD')"
	plain name "assert(not io.open('made.txt'))"
	plain entry "local p = io.popen('ls out') assert(p:read('a') == 'old\n')"
	old src.txt
	echo OLD >old
	echo NEW >new
	mkdir out
	old out/old
	ln -s old link
	settle
	fj4 -j1 tests/makes_test.lua >/dev/null
	settle
	fj4 -j1 >/dev/null
	settle
	again -j1
	settle
	again -j1
	is "$(ran | sed 's/makes//')" ""
	echo new >src.txt
	again -j1
	status_is 1
	is "$(json 'r.failed')" 3
	is "$(ran)" "entry link makes name"
}

@test "whoever is not run any more is not told as passed" {
	old src.txt gen.txt
	plain makes "$(passes_on src.txt gen.txt)" "assert(text == 'old\n')"
	plain wants "$(wants gen.txt)"
	learn
	echo new >src.txt
	again -j1 --fail-fast
	status_is 1
	is "$(json 'file("makes").status, file("wants").status, file("wants").cached')" "fail notrun false"
	run fj --show --report=json:report.json
	is "$(json 'file("wants").status')" "notrun"
}

@test "with make's tokens all of this holds" {
	old src.txt gen.txt
	plain makes "$(passes_on src.txt gen.txt)"
	plain wants "$(wants gen.txt)"
	printf 'test:\n\t+@"%s" --lua=lua5.4 --changed --report=json:report.json\n' "$FIRMO_JOBS" >Makefile
	learn
	echo new >src.txt
	run audit --tokens=2 -- make test
	is "$(ran)" "makes wants"
}

@test "make judges a consumer once its producer has been run, and needs no second look when nothing has changed" {
	old src.txt gen.txt
	plain z_makes "$(passes_on src.txt gen.txt)"
	plain a_wants "$(wants gen.txt)"
	printf '%s\n' "FIRMO_JOBS := $FIRMO_JOBS" 'FIRMO_FLAGS := --lua=lua5.4' 'FIRMO_REPORTS := json:report.json' \
		"include $(fj --print-mk)" >Makefile
	learn
	make -j2 test-stamps >/dev/null
	is "$(ran)" ""
	grep -q 'a_wants.* $(firmo_s)/tests,z_makes_test.lua ;' .firmo-jobs/rules.mk
	is "$(make -j2 -n test-stamps 2>/dev/null | grep -c changed)" 0
	echo new >src.txt
	run make -j2 -k test-stamps
	status_is 2
	is "$(ran)" "a_wants z_makes"
}

# ---- the order ----

# order: the names of the files by the times at which they started.
order() {
	json '(function() table.sort(r.files, function(a, b) return a.started < b.started end) local t = {}
		for _, f in ipairs(r.files) do if not f.cached then t[#t + 1] = f.path:match("([^/]*)_test%.lua$") end end return table.concat(t, " ") end)()'
}

@test "later runs keep the order of those that hand over, and --verbose tells of it once" {
	local jobs
	old src.txt gen.txt
	# Each would come first by its time.
	plain makes "os.execute('sleep 0.05')" "$(passes_on src.txt gen.txt)"
	plain wants "os.execute('sleep 0.3')" "$(wants gen.txt)"
	plain other "os.execute('sleep 0.1')"
	fj4 -j1 >/dev/null
	for jobs in 1 8; do
		run fj4 -j$jobs --verbose --report=json:report.json
		status_is 0
		is "$(count "tests/wants_test.lua waits for tests/makes_test.lua, which writes what it depends on: gen.txt")" 1
		is "$(json 'file("wants").started > file("makes").started + file("makes").wall - 0.002')" true
	done
	hasnt "other_test.lua waits"
	run fj4 -j1
	hasnt "waits for"
	# A failed one, which would come first, waits as well, and sees what is written now.
	echo new >src.txt
	run fj4 -j1
	status_is 1
	old src.txt
	run fj4 -j1 --failed --changed --report=json:report.json
	status_is 0
	is "$(order)" "makes wants"
}

@test "what is handed over is learned from some tests as well" {
	old src.txt gen.txt
	busted_test makes "it('x', function()" "$(passes_on src.txt gen.txt)" "end) it('y', function() end)"
	busted_test wants "it('x', function()" "$(wants gen.txt)" "end) it('y', function() end)"
	fj4 -j1 --filter=x >/dev/null
	run fj4 -j2 --filter=x --verbose
	status_is 0
	has "tests/wants_spec.lua waits for tests/makes_spec.lua, which writes what it depends on: gen.txt"
}

@test "those that all write the same file, or hand over in a circle, run all the same" {
	local i
	: >log.txt
	for i in 1 2 3; do
		plain "log$i" "local f = io.open('log.txt') f:read('a') f:close()" "f = io.open('log.txt', 'a') f:write('x') f:close()"
	done
	old one.txt two.txt
	plain there "$(passes_on one.txt two.txt)"
	plain back "$(passes_on two.txt one.txt)"
	fj4 >/dev/null
	for i in 1 8; do
		run fj4 -j$i --verbose --repeat=2 --report=json:report.json
		status_is 0
		is "$(ran)" "back log1 log2 log3 there"
		is "$(count "waits for")" 1
		is "$(count "does not wait for")" 1
	done
	# What goes round and stays the same is no reason to run.
	tests='tests/back_test.lua tests/there_test.lua'
	settle
	fj4 --changed $tests >/dev/null
	settle
	fj4 --changed $tests >/dev/null
	run fj4 --changed --report=json:report.json $tests
	is "$(ran)" ""
}

@test "a retry, a skip and an unreadable producer hold nobody up" {
	old src.txt gen.txt
	plain makes "$(passes_on src.txt gen.txt)"
	plain wants "$(wants gen.txt)"
	fj4 -j1 >/dev/null
	echo "error('no')" >tests/makes_test.lua
	run fj4 -j2 --retries=2 --report=json:report.json
	status_is 1
	is "$(json 'file("wants").status, file("makes").status')" "pass fail"
	: >tests/makes_test.lua
	run fj4 -j2 --report=json:report.json
	is "$(json 'file("wants").status, file("makes").status')" "pass skip"
	run fj4 -j2 --repeat=3 --report=json:report.json
	status_is 0
}
