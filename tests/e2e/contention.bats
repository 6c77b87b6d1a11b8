# SPDX-License-Identifier: MIT
# firmo-jobs among others that want make's tokens too, and among those that behave badly.

load common

# cpu_ticks PID: processor time it has used itself, in ticks of 10 ms.
cpu_ticks() {
	local stat
	stat=$(<"/proc/$1/stat")
	set -- ${stat##*) }
	echo $((${12} + ${13}))
}

@test "two clients below make -j3 share the third job" {
	for i in $(seq 16); do plain "t$i" "os.execute('sleep 0.15')"; done
	cat >GNUmakefile <<-'END'
		all: a b
		a b: ; +@"$$FIRMO_JOBS" --lua=$$LUA -q --db=$@.db --report=json:$@.json >/dev/null
	END
	LUA=$LUA run make -j3
	status_is 0
	hasnt INTERNAL
	# Each has had two workers at once while the other still had files to start.
	run "$LUA" - "${BATS_TEST_DIRNAME}/fixtures/json.lua" <<-'END'
		local json = dofile(arg[1])
		local function times(path)
			local list = {}
			for _, f in ipairs(json.read(path).files) do
				list[#list + 1] = { from = f.started, to = f.started + f.wall }
			end
			table.sort(list, function(x, y) return x.from < y.from end)
			return list
		end
		local function first_pair(list)
			for i = 2, #list do
				if list[i].from < list[i - 1].to - 0.02 then return list[i].from end
			end
			return math.huge
		end
		local a, b = times "a.json", times "b.json"
		assert(first_pair(a) < b[#b].from, "the second client kept the token")
		assert(first_pair(b) < a[#a].from, "the first client kept the token")
	END
	status_is 0
}

@test "somebody takes every token: the run ends on its own slot, and does not spin" {
	for i in 1 2 3; do plain "t$i" "assert(true)"; done
	plain z "repeat local f = io.open('go') until f or os.execute('sleep 0.05') == 0"
	cat >greedy.sh <<-'END'
		exec 8<>"$1"
		while IFS= read -r -N1 byte <&8; do printf %s "$byte" >>taken; done
	END
	start_command "$HELPERS/jobserver-audit" --style=fifo --tokens=3 --settle=5000 -- bash -c '
		fifo=${MAKEFLAGS##*fifo:}
		bash greedy.sh "${fifo%% *}" & greedy=$!
		while [ "$(stat -c %s taken 2>/dev/null)" != 3 ]; do :; done
		"$FIRMO_JOBS" --lua='"$LUA"' --order=path --report=json:report.json & echo $! >runner
		wait $!
		kill $greedy
		wait $greedy # it could take one more while it dies
		cat taken >"${fifo%% *}"'
	await test -s runner
	await grep -q t3_test out
	before=$(cpu_ticks "$(<runner)")
	sleep 1 # not waited for: whoever spins does so meanwhile
	after=$(cpu_ticks "$(<runner)")
	touch go
	finish
	[ $((after - before)) -lt 5 ] || fail "$((after - before)) ticks in a second of nothing to do"
	is "$(json r.run.tokens_peak)" 1
	is "$(grep '^audit' err)" "audit: ok 3 tokens"
}

@test "make is killed in mid-run: the run ends in peace" {
	for i in 1 2 3 4 5 6; do plain "t$i" "repeat local f = io.open('go') until f or os.execute('sleep 0.05') == 0"; done
	cat >GNUmakefile <<-'END'
		all: ; +@echo $$$$ >runner; exec "$$FIRMO_JOBS" --lua=$$LUA --report=json:report.json >told
	END
	LUA=$LUA start_command make -j3
	await test -s runner
	# What starts now would use some time itself.
	await eval '[ "$(pgrep -c -P "$(<runner)" "$LUA")" = 3 ]'
	kill -KILL "$RUNNER"
	before=$(cpu_ticks "$(<runner)")
	sleep 1
	after=$(cpu_ticks "$(<runner)")
	touch go
	await test -s report.json
	[ $((after - before)) -lt 5 ] || fail "$((after - before)) ticks in a second of nothing to do"
	is "$(json 'r.success, r.total')" "true 6"
	finish
}

# As another user, whose processes are counted; a folder of his.
as_nobody() {
	[ "$(id -u)" -eq 0 ] || skip "only root can become another user"
	chmod 755 "$BASE"
	NOBODY=$(mktemp -d /tmp/fj-nobody.XXXXXX)
	cp "$FIRMO_JOBS" "$HELPERS/concurrency" "$NOBODY/"
	cp -r . "$NOBODY"
	chmod -R a+rwX "$NOBODY"
	cd "$NOBODY"
	export TMPDIR=$NOBODY
}

teardown() {
	teardown_project
	[ -z "${NOBODY:-}" ] || rm -rf "$NOBODY"
}

@test "a limit on processes: files wait for one another, none is lost" {
	for i in 1 2 3 4 5 6; do plain "t$i" "os.execute('true')" "assert(io.popen('sleep 0.1')):close()"; done
	as_nobody
	run setpriv --reuid=54321 --clear-groups prlimit --nproc=7 ./firmo-jobs --lua="$LUA" -j6 --report=json:report.json
	has "Files: 6 in all"
	hasnt "not run"
	# Lua's own forks may be refused as well, so some may fail; but every one was started.
	is "$(json '#r.files')" 6
}

@test "another user's pipe, which cannot be opened anew, is read without blocking" {
	meeting 6 3
	as_nobody
	run "$HELPERS/jobserver-audit" --blocking --tokens=2 -- \
		env HELPERS="$NOBODY" setpriv --reuid=54321 --clear-groups ./firmo-jobs --lua="$LUA"
	status_is 0
	has "audit: ok 2 tokens"
	at_most 3
}

@test "a newer make, named by MAKE44, serves by a fifo" {
	[ -n "${MAKE44:-}" ] || skip "MAKE44 names none"
	meeting 6 3
	printf 'all: ; +@"$$FIRMO_JOBS" --lua=%s\n' "$LUA" >GNUmakefile
	for style in fifo pipe; do
		meet_again
		run "$MAKE44" -j3 --jobserver-style="$style"
		status_is 0
		hasnt INTERNAL
		at_most 3
	done
}

@test "closed standard files: no token is lost, nothing is written into the jobserver" {
	for i in 1 2 3; do plain "t$i" "assert(true)"; done
	for closed in '<&-' '2>&-' '>&-'; do
		for style in pipe fifo; do
			run audit --style="$style" --tokens=3 -- \
				bash -c "exec \"\$FIRMO_JOBS\" --lua=$LUA $closed"
			has "audit: ok 3 tokens"
		done
	done
}

@test "few file descriptors: files wait for one another" {
	for i in $(seq 12); do plain "t$i" "os.execute('sleep 0.1')"; done
	run bash -c "ulimit -n 40; exec \"\$FIRMO_JOBS\" --lua=$LUA -j12"
	status_is 0
	has "12 passed"
}

@test "a child that is not ours, and cannot be told apart, is left alone and leaks nothing" {
	plain one "assert(true)"
	run bash -c "env -i sleep 100 >/dev/null 2>&1 3>&- 4>&- & echo \$! >stranger; exec \"\$FIRMO_JOBS\" --lua=$LUA --report=json:report.json"
	status_is 0
	is "$(json 'file("one").leaked')" false
	kill "$(<stranger)"
}
