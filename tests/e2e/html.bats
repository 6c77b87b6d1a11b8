#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# --report=html: where it goes, and the page itself in a headless Chromium. One browser and one report
# serve the whole file.

load common

WIDE='"width": 1400, "height": 1000, "deviceScaleFactor": 1, "mobile": false'
NARROW='"width": 400, "height": 800, "deviceScaleFactor": 1, "mobile": false'
# What a test may call itself or write to get a script run.
EVIL='</script></pre><img src=x onerror=pwned=1><script>pwned=1</script>'

# ---- WebDriver, by curl ----

# wd METHOD PATH [JSON]: the answer is in $REPLY_FILE.
wd() {
	curl -s --fail-with-body --max-time 60 -X "$1" -H 'Content-Type: application/json' \
		${3+--data-binary "$3"} -o "$REPLY_FILE" "$DRIVER$2" || fail "$1 $2: $(head -c 600 "$REPLY_FILE")"
}

value() {
	json "${1:-r.value}" "$REPLY_FILE"
}

quoted() {
	local s=${1//\\/\\\\}
	s=${s//\"/\\\"}
	s=${s//$'\n'/\\n}
	printf '"%s"' "${s//$'\t'/\\t}"
}

# js EXPRESSION: its value in the page; $$(SELECTOR) is an array of elements there.
js() {
	wd POST /execute/sync "{\"args\": [], \"script\": $(quoted \
		"const \$\$ = s => [...document.querySelectorAll(s)], shown = s => \$\$(s).filter(e => e.checkVisibility());
		return $1")}"
	value
}

# js_is EXPRESSION WANTED
js_is() {
	local got
	got=$(js "$1") || fail "cannot ask for $1"
	[ "$got" = "$2" ] || fail "$1 is: $got, wanted: $2"
}

# await_js EXPRESSION: until it is true.
await_js() {
	await js_is "$1" true
}

cdp() { # COMMAND [PARAMETERS]
	wd POST /goog/cdp/execute "{\"cmd\": \"$1\", \"params\": {${2-}}}"
}

# The element that a CSS selector finds, as a person would use it.
element() {
	wd POST /element "{\"using\": \"css selector\", \"value\": $(quoted "$1")}"
	value 'r.value["element-6066-11e4-a52e-4f735466cecf"]'
}

click() {
	wd POST "/element/$(element "$1")/click" '{}'
}

type_into() { # SELECTOR TEXT
	wd POST "/element/$(element "$1")/value" "{\"text\": $(quoted "$2")}"
}

open_page() { # FILE
	wd POST /url "{\"url\": $(quoted "file://$1")}"
}

look() { # SIZE [light|dark]
	cdp Emulation.setDeviceMetricsOverride "$1"
	cdp Emulation.setEmulatedMedia \
		"\"features\": [{\"name\": \"prefers-color-scheme\", \"value\": \"${2:-light}\"}]"
}

# What the page asked of the network, and what it complained of, since the last time of asking.
requests() {
	wd POST /se/log '{"type": "performance"}'
	value '(function()
		local urls = {}
		for _, entry in ipairs(r.value) do
			if entry.message:find([["Network.requestWillBeSent"]], 1, true) then
				urls[#urls + 1] = entry.message:match([["url":"([^"]*)"]])
			end
		end
		return table.concat(urls, " ")
	end)()'
}

complaints() {
	wd POST /se/log '{"type": "browser"}'
	value '#r.value == 0 and "" or r.value[1].message'
}

start_browser() {
	local browser
	browser=$(command -v chromium || command -v chromium-browser)
	chromedriver --port=0 >"$BATS_FILE_TMPDIR/driver.log" 2>&1 3>&- 4>&- &
	await grep -q 'successfully on port' "$BATS_FILE_TMPDIR/driver.log"
	DRIVER=http://127.0.0.1:$(sed -n 's/.*successfully on port \([0-9]*\).*/\1/p' "$BATS_FILE_TMPDIR/driver.log")
	wd POST /session "{\"capabilities\": {\"alwaysMatch\": {
		\"goog:loggingPrefs\": {\"browser\": \"ALL\", \"performance\": \"ALL\"},
		\"goog:chromeOptions\": {\"binary\": $(quoted "$browser"), \"args\": [\"--headless\", \"--no-sandbox\",
			\"--disable-gpu\", \"--disable-dev-shm-usage\", \"--disable-quic\", \"--no-first-run\",
			\"--disable-background-networking\", \"--disable-component-update\", \"--disable-sync\",
			\"--user-data-dir=$BATS_FILE_TMPDIR/profile\"]}}}}"
	DRIVER=$DRIVER/session/$(value r.value.sessionId)
	export DRIVER
}

# ---- the report ----

# Two jobs of make, of which another recipe holds one for a while; b_company fails beside a_busy, and
# passes when it is tried again alone.
make_suite() {
	plain a_busy "local function touch(name) io.open(name, 'w'):close() end" \
		"os.execute('sleep 0.1') touch('let_go')" \
		"repeat until io.open('b_began')"
	plain b_company "io.open('b_began', 'w'):close()" \
		"if os.getenv('FIRMO_JOBS_ATTEMPT') == '1' then error('the port is taken') end"
	busted_test c_queue "describe('a queue', function()" \
		"it('keeps the order #slow', function() end)" \
		"it('gives back what came first', function() print('\\27[31mheard before\\27[0m')" \
		"assert.are.equal('first', 'second') end)" "pending('is shared')" "end)"
	luaunit_test d_unit "TestUnit = {}" "function TestUnit:testGood() end" \
		"function TestUnit:testSleepy() os.execute('sleep 0.05') end" \
		"function TestUnit:testSkipped() lu.skip('not now') end"
	busted_test e_evil "describe([[${EVIL}]], function()" \
		"it([[${EVIL}]], function() print([[${EVIL}]]) error([[${EVIL}]]) end)" "end)"
	plain g_tap "print('1..2\\nok 1 - first\\nok 2 - second')"
	test_file "tests/f${EVIL//\//}$(printf 'long%.0s' {1..20})_test.lua" "os.exit(77)"
	cat >GNUmakefile <<-'END'
		all: run hog
		run: ; +@until [ -e held ]; do sleep 0.01; done; "$$FIRMO_JOBS" --lua=$$LUA --order=path \
			--retries=1 --report=html:report.html --report=json:report.json >out 2>&1 || true
		hog: ; @touch held; until [ -e let_go ]; do sleep 0.01; done
	END
	LUA=$LUA make -s -j2
}

setup_file() {
	export BATS_TEST_TMPDIR=$BATS_FILE_TMPDIR REPLY_FILE=$BATS_FILE_TMPDIR/reply.json
	# Its processes are those of all the tests here.
	PATIENCE_WITH_TEST=$((8 * PATIENCE_WITH_TEST)) setup_project
	make_suite
	export SUITE=$PWD
	start_browser
}

teardown_file() {
	wd DELETE "" || true
	dismiss_guard
	kill_project
}

# ---- where it goes ----

@test "html: alone it goes beside the history, and says where" {
	plain good ""
	run --separate-stderr fj --report=html
	status_is 0
	is "${lines[-1]}" "HTML report: .firmo-jobs/report.html"
	is "$stderr" ""
	is "$(cat .firmo-jobs/.gitignore)" "*"
	grep -q '<title>Passed: 1 file passed - firmo-jobs</title>' .firmo-jobs/report.html
	rm -r .firmo-jobs
	# Not a word on a standard output that is another report's; the folder is the same without a history.
	run --separate-stderr fj --report=html --report=json --db=/dev/null/none
	status_is 0
	[[ $stderr == *"HTML report: .firmo-jobs/report.html" ]]
	printf '%s\n' "$output" >report.json
	is "$(json r.success)" true
	is "$(cat .firmo-jobs/.gitignore)" "*"
	run --separate-stderr fj --report=html:deep/page.html --report=html:-
	status_is 0
	is "${lines[0]}" "<!DOCTYPE html>"
	is "$(tail -n 1 deep/page.html)" "</html>"
	hasnt "HTML report:"
	rm -r .firmo-jobs && echo >.firmo-jobs
	run --separate-stderr fj --report=html --db=other.db
	status_is 3
	[[ $stderr == "firmo-jobs: "*".firmo-jobs"* ]]
	hasnt "HTML report:"
}

# ---- the page ----

@test "html: it opens without a complaint or a request, and has everything in it" {
	look "$WIDE"
	requests >/dev/null
	open_page "$SUITE/report.html"
	is "$(complaints)" ""
	is "$(requests)" "file://$SUITE/report.html"
	js_is "document.title" "Failed: 2 of 7 files failed, 1 flaky, 1 skipped - firmo-jobs"
	js_is "\$\$('#files tbody tr').length" 7
	js_is "\$\$('#tests tbody tr').length" "$(json r.total "$SUITE/report.json")"
	js_is "\$\$('#slowest tbody tr td:first-child')[0].textContent * 1 >= 50" true
	# It is the same from the history.
	(cd "$SUITE" && fj --show --report=html:shown.html >/dev/null && cmp shown.html report.html)
	# What ran when, then the failures, with all that is known of them.
	js_is "\$\$('main > section').slice(0, 2).map(e => e.id).join()" timeline,failures
	js_is "\$\$('article').length" 3
	# Which of two side by side has failed first is the machine's business.
	js "\$\$('article').find(a => a.textContent.includes('c_queue_spec')).id = 'queue'"
	text=$(js "\$\$('#queue')[0].textContent")
	[[ $text == *"tests/c_queue_spec.lua"*"1 of 3 tests failed"*"a queue gives back what came first"* ]]
	[[ $text == *"c_queue_spec.lua:"*"Expected objects to be equal."*"heard before"*"attempt 1 of 2"* ]]
	js_is "\$\$('#queue')[0].innerText.includes('heard before')" false
	click "#queue .output summary"
	js_is "\$\$('#queue')[0].innerText.includes('heard before')" true
	# b_company is the one that passed in the end.
	js_is "\$\$('article').at(-1).className" "pass flaky"
	text=$(js "\$\$('article').at(-1).innerText")
	[[ $text == *flaky*"tests/b_company_test.lua"*"Fails only beside other files:"*"attempt 1 of 2"*"What ran beside it"* ]]
	[[ $text == *"tests/a_busy_test.lua"*"the port is taken"* ]]
	js_is "\$\$('article').at(-1).innerText.includes('d_unit')" false
}

@test "html: the timeline has a bar for each attempt, and shows what waited" {
	look "$WIDE"
	open_page "$SUITE/report.html"
	attempts=$(json '(function() local n = 0 for _, f in ipairs(r.files) do n = n + f.attempt end return n end)()' \
		"$SUITE/report.json")
	is "$attempts" 10
	js_is "\$\$('.plot rect.bar').length" "$attempts"
	js_is "\$\$('.plot rect.earlier').length" 3
	js_is "\$\$('.plot rect.bar').every(e => e.getBoundingClientRect().width >= 1)" true
	# a_busy and the first attempt of b_company overlap, in rows of their own.
	js_is "(() => { const [a, b] = ['a_busy_test.lua\npass', 'b_company_test.lua\nfail'].map(text =>
		\$\$('.plot rect.bar').find(e => e.textContent.includes(text)).getBoundingClientRect());
		return a.left < b.right && b.left < a.right && a.top !== b.top })()" true
	js_is "\$\$('.plot rect.bar')[0].textContent.includes('tests/')" true
	js_is "\$\$('.plot .wait').length > 0" true
	js_is "\$\$('.plot .wait')[0].textContent.startsWith('waiting for a token of make: ')" true
	js_is "getComputedStyle(\$\$('.plot .wait')[0]).fill.includes('#hatch')" true
	js_is "\$\$('.plot .wait')[0].getBoundingClientRect().width > 5" true
	# A bar leads to the row of its file.
	row=$(js "\$\$('.plot a').find(e => e.textContent.includes('a_busy')).getAttribute('href')")
	click ".plot a[href='$row'] rect"
	await_js "location.hash === '$row' && \$\$('tr:target')[0].textContent.includes('a_busy')"
}

@test "html: search and status narrow what is shown" {
	look "$WIDE"
	open_page "$SUITE/report.html"
	tests=$(json r.total "$SUITE/report.json")
	type_into "#search" "GIVES queue"
	js_is "shown('#tests tbody tr').map(e => e.cells[1].textContent).join()" "a queue gives back what came first"
	# The file that it is in, its failure and its bars stay.
	js_is "shown('#files tbody tr').map(e => e.cells[1].textContent.split(' ')[0]).join()" "tests/c_queue_spec.lua"
	js_is "shown('article').length" 1
	js_is "\$\$('.plot a:not(.dim)').length" 2
	js_is "\$\$('#tests h2')[0].textContent" "Tests 1 of $tests"
	js_is "\$\$('#found')[0].textContent" "1 failure, 1 test, 1 file"
	# Escape empties it; what a worker wrote is found as well.
	type_into "#search" $'\xee\x80\x8c'
	js_is "shown('#tests tbody tr').length" "$tests"
	js_is "\$\$('.dim, .none').length" 0
	type_into "#search" "heard before"
	js_is "[shown('article').length, shown('#files tbody tr').length, shown('#tests tbody tr').length].join()" "1,0,0"
	js_is "\$\$('#tests')[0].className" none
	type_into "#search" $'\xee\x80\x8c'
	click ".choice button:nth-child(2)"
	js_is "\$\$('.choice [aria-pressed=true]').map(e => e.textContent).join()" "Failed 2"
	# What is chosen stands in the address.
	js_is "location.hash" "#view:show=Failed"
	js_is "shown('#tests .s').every(e => ['fail', 'error'].includes(e.textContent))" true
	js_is "shown('#files tbody tr').length" 2
	click ".choice button:nth-child(3)"
	js_is "shown('#files tbody tr').map(e => e.cells[1].textContent.split(' ')[0]).join()" "tests/b_company_test.lua"
	click ".choice button:nth-child(4)"
	js_is "shown('#tests tbody tr').map(e => e.cells[0].textContent).sort().join()" "pending,skip,skip"
	js_is "shown('#failures').length" 0
	click ".choice button:nth-child(1)"
	js_is "shown('#tests tbody tr').length" "$tests"
	# A key leads to the search, and a link to what it hides.
	wd POST /actions '{"actions": [{"type": "key", "id": "k", "actions": [
		{"type": "keyDown", "value": "/"}, {"type": "keyUp", "value": "/"}]}]}'
	js_is "document.activeElement.id + document.activeElement.value" search
	type_into "#search" "nothing has this"
	js_is "shown('#files tbody tr').length" 0
	js "location.hash = 'f0'" >/dev/null
	await_js "shown('#files tbody tr').length === 7 && \$\$('#search')[0].value === ''"
}

@test "html: tables sort by a click, and by another the other way" {
	look "$WIDE"
	open_page "$SUITE/report.html"
	column() { # TABLE NUMBER
		js "\$\$('#$1 tbody tr').map(e => e.cells[$2].textContent).join('\n')"
	}
	js_is "\$\$('[aria-sort]').length" 0
	click "#files th:nth-child(2) button"
	js_is "\$\$('[aria-sort]').map(e => e.textContent + ' ' + e.getAttribute('aria-sort')).join()" "File ascending"
	is "$(column files 1 | cut -c 1-8)" "$(printf 'tests/%s\n' a_ b_ c_ d_ e_ 'f<' g_)"
	click "#files th:nth-child(2) button"
	js_is "\$\$('[aria-sort]').map(e => e.getAttribute('aria-sort')).join()" descending
	is "$(column files 1 | cut -c 1-8 | head -n 2)" $'tests/g_\ntests/f<'
	# Figures begin with the largest; what has none stays last.
	wall=$(js "\$\$('#tests th').findIndex(e => e.textContent === 'Wall, ms')")
	for way in -rg -g; do
		click "#tests th:nth-child($((wall + 1))) button"
		is "$(column tests "$wall" | grep -v –)" "$(column tests "$wall" | grep -v – | sort -s "$way")"
		is "$(column tests "$wall" | tail -n 1)" –
	done
	js_is "\$\$('#tests [aria-sort=ascending]').length + \$\$('#files [aria-sort]').length" 2
	# The worst status first.
	click "#files th:nth-child(1) button"
	is "$(column files 0 | uniq | tr '\n' ' ')" "fail skip pass "
	js_is "\$\$('#tests tbody tr').length" "$(json r.total "$SUITE/report.json")"
	is "$(complaints)" ""
}

@test "html: light and dark, as the system has it or as it is chosen" {
	dark() {
		# The page hears of it a moment later.
		await js_is "\$\$('#dark')[0].getAttribute('aria-pressed')" "$1"
		js_is "getComputedStyle(document.body).backgroundColor.match(/\\d+/g).every(n => n < 60)" "$1"
		# The text is the other way.
		js_is "getComputedStyle(document.body).color.match(/\\d+/g).every(n => n < 60)" "$2"
	}
	look "$WIDE" light
	open_page "$SUITE/report.html"
	dark false true
	look "$WIDE" dark
	dark true false
	click "#dark"
	dark false true
	look "$WIDE" light
	click "#dark"
	dark true false
	open_page "$SUITE/report.html"
	dark true false
	click "#dark"
	dark false true
}

@test "html: nothing sticks out of a page of 400 or 1400 pixels, and nothing is lost without its script" {
	for size in "$NARROW" "$WIDE"; do
		look "$size"
		open_page "$SUITE/report.html"
		js_is "document.documentElement.scrollWidth <= innerWidth" true
		# Whatever is wider stands in a box that scrolls.
		js_is "\$\$('h1, h3, h4, pre, p, li, dl, #bar, .box').every(e =>
			e.getBoundingClientRect().right <= document.documentElement.clientWidth)" true
	done
	# The head of a table stays in sight.
	look "${WIDE/1000/300}"
	js "scrollTo(0, document.querySelector('#tests tbody tr:nth-child(3)').getBoundingClientRect().top + scrollY)" >/dev/null
	js_is "(() => { const bar = \$\$('#bar')[0].getBoundingClientRect(), th = \$\$('#tests th')[0].getBoundingClientRect();
		return bar.top === 0 && Math.abs(th.top - bar.bottom) < 2 })()" true
	cdp Emulation.setScriptExecutionDisabled '"value": true'
	open_page "$SUITE/report.html"
	js_is "shown('#tools, th button').length" 0
	js_is "[shown('article').length, shown('#files tbody tr').length, shown('.plot rect.bar').length].join()" "3,7,10"
	cdp Emulation.setScriptExecutionDisabled '"value": false'
}

@test "html: what tests are called and what they write stays text" {
	look "$WIDE"
	open_page "$SUITE/report.html"
	js_is "typeof pwned" undefined
	js_is "\$\$('script').length + ' ' + \$\$('img').length" "1 0"
	js_is "\$\$('#tests td.name').some(e => e.textContent === '$EVIL $EVIL')" true
	js_is "\$\$('article .message').some(e => e.textContent.includes('$EVIL'))" true
	js_is "\$\$('article .output').some(e => e.textContent.includes('$EVIL'))" true
	js_is "\$\$('#files td.path').some(e => e.textContent.startsWith('tests/f${EVIL//\//}long'))" true
	is "$(complaints)" ""
}

@test "html: sources stand in a tree, none laid out before it is opened, each line with its hits and who ran it" {
	mkdir covered && cd covered
	test_file src/sub/a.lua "local M = {}" "function M.f(x)" "	if x then" "		return '$EVIL'" "	end" "end" "return M"
	test_file b.lua "return 1"
	plain one "dofile('src/sub/a.lua').f()" "dofile('b.lua')"
	plain two "dofile('src/sub/a.lua')"
	run -0 fj4 --coverage --report=html:page.html
	look "$WIDE"
	open_page "$PWD/page.html"
	is "$(complaints)" ""
	js_is "\$\$('nav a').at(-1).textContent" "Coverage 2"
	js_is "\$\$('.folder > summary').map(e => e.textContent.split(' ')[0]).join()" "src/,sub/"
	js_is "\$\$('.source > summary').map(e => e.textContent).join()" "b.lua 100.00% of 1,a.lua 80.00% of 5, 1 missed"
	js_is "shown('.source pre span').length" 0
	click ".folder .source summary"
	js_is "shown('.source pre span').length" 7
	js_is "\$\$('.folder pre span').map(e => e.className + (e.dataset.n ?? '')).join()" "hit2,hit2,hit1,missed0,,,hit2"
	js_is "\$\$('.missed')[0].textContent.trim()" "return '$EVIL'"
	# One file ran the third line, two the first; a second click takes the list away.
	click ".folder pre span:nth-of-type(3)"
	js_is "\$\$('.source ul').map(e => e.textContent).join()" "tests/one_test.lua"
	click ".folder pre span:nth-of-type(3)"
	click ".folder pre span:nth-of-type(1)"
	js_is "\$\$('.source ul li').map(e => e.textContent).join()" "tests/one_test.lua,tests/two_test.lua"
	# Passes that are not run again are among those.
	settle
	run -0 fj4 --coverage
	run -0 fj4 --coverage --changed --report=html:again.html
	has "Cached: 2 of them"
	is "$(sed -n '/id="coverage"/,/<.section>/p' again.html | tr -d 0-9)" "$(sed -n '/id="coverage"/,/<.section>/p' page.html | tr -d 0-9)"
	# Without coverage there is none of it.
	run -0 fj4 --report=html:plain.html
	! grep -q 'id="coverage"' plain.html || fail "it tells of coverage"
}

@test "html: failures fold and unfold, by their anchors as well, and the timeline zooms by its buttons and keys" {
	look "$WIDE"
	open_page "$SUITE/report.html"
	js "\$\$('article > details').forEach(d => d.open = false)" >/dev/null
	js_is "shown('article .why').length + ' ' + shown('article .gist').length" "0 2"
	js "location.hash = '#' + \$\$('article')[1].id" >/dev/null
	await_js "shown('article .why').length === 1 && \$\$('article > details')[1].open"
	js_is "\$\$('.command code')[1].textContent" "firmo-jobs $(js "\$\$('article h3')[1].textContent.split(' ').at(-1)")"
	click "article:nth-of-type(2) .command button"
	await_js "\$\$('.command button')[1].textContent === 'Copied' || getSelection().toString().startsWith('firmo-jobs')"
	width() {
		js "Math.round(\$\$('.plot')[0].getBoundingClientRect().width / \$\$('#timeline .box')[0].clientWidth)"
	}
	is "$(width)" 1
	js "scrollTo(0, 0)" >/dev/null
	click ".zoom button:nth-child(3)"
	type_into "#timeline .box" "+"
	is "$(width)" 4
	type_into "#timeline .box" "0"
	is "$(width)" 1
	open_page "$SUITE/report.html#view:q=queue&show=Failed"
	await_js "shown('article').length === 1 && \$\$('#search')[0].value === 'queue'"
}

@test "html: failures of one cause are one line, until it is unfolded" {
	for i in 1 2 3 4 5 6 7; do
		plain "f$i" "error('the server is down')"
	done
	plain other "error('something else')"
	run -1 fj4 --report=html:out.html
	is "$(grep -c '<details class="group"><summary><b>7 failures:</b> the server is down' out.html)" 1
	is "$(grep -c '<article id="x[0-9]*" class="[a-z]*"><details><summary>' out.html)" 8
	run -0 grep -c '<span class="gist">something else</span>' out.html
	is "$(sed -n 's|.*<p class="facts"><b>\([^<]*\)</b>.*|\1|p' out.html)" "$(basename "$PWD")"
}
