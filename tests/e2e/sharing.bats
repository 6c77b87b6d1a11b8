# SPDX-License-Identifier: MIT
# --share-tokens, --max-load, --min-memory.

load common

# A makefile of six jobs that are counted while they run.
inner_make() {
	cat >inner.mk <<-END
		all: 1 2 3 4 5 6
		1 2 3 4 5 6: ; @$HELPERS/concurrency "$PWD/together" 150
	END
}

most() {
	"$HELPERS/concurrency" --max together
}

@test "a test that runs make gets the slots that no file needs, and no more than there are" {
	inner_make
	plain one "assert(os.execute('make -s -f inner.mk'))"
	plain two "assert(os.execute('make -s -f inner.mk'))"
	run -0 fj --lua="$LUA" -j4 --share-tokens
	is "$(most)" 4
}

@test "they come out of the jobserver of the make above, pipe and fifo, and all go back" {
	inner_make
	plain one "assert(os.execute('make -s -f inner.mk'))"
	plain two "assert(os.execute('make -s -f inner.mk'))"
	for style in pipe fifo; do
		rm -f together
		run -0 audit --style="$style" --tokens=3 -- "$FIRMO_JOBS" --lua="$LUA" --share-tokens
		has "audit: ok 3 tokens"
		is "$(most)" 4
	done
}

@test "without the option a test gets none" {
	inner_make
	plain one "assert(os.execute('make -s -f inner.mk'))"
	run -0 fj --lua="$LUA" -j4
	is "$(most)" 1
}

@test "a firmo-jobs inside of a test takes them as well" {
	mkdir inner
	for i in 1 2 3 4; do
		test_file "inner/p${i}_test.lua" "os.execute('$HELPERS/concurrency $PWD/together 300')"
	done
	plain outer "assert(os.execute('\$FIRMO_JOBS --lua=$LUA --db=inner.db inner'))"
	run -0 fj --lua="$LUA" -j3 --share-tokens
	is "$(most)" 3
}

@test "a worker that is killed with tokens in its hands leaks none" {
	inner_make
	plain hang "os.execute('exec 6<&4; head -c 2 <&4 >got; sleep 100')"
	run -1 audit --tokens=3 -- "$FIRMO_JOBS" --lua="$LUA" --share-tokens --timeout=1 --grace=0.1
	has "TIMEOUT"
	has "audit: ok 3 tokens"
	is "$(<got)" "++"
}

@test "bytes that were never lent are dropped" {
	plain forge "os.execute('printf xyz >&5')"
	run -0 audit --tokens=2 -- "$FIRMO_JOBS" --lua="$LUA" --share-tokens
	has "audit: ok 2 tokens"
}

@test "--max-load and --min-memory hold back all but one worker" {
	for i in 1 2 3; do plain "t$i" "os.execute('$HELPERS/concurrency $PWD/together 100')"; done
	run -0 fj --lua="$LUA" -j3 --min-memory=1000T
	is "$(most)" 1
	rm together
	run -0 fj --lua="$LUA" -j3 --min-memory=1M --max-load=100000
	is "$(most)" 3
}

@test "--max-load looks at what runs now" {
	for i in 1 2 3; do
		plain "t$i" "assert(os.execute('mkdir alone'))" \
			"while os.clock() < 0.7 do end" "os.execute('rmdir alone')"
	done
	run -0 fj --lua="$LUA" -j3 --max-load=0.5
	run -1 fj --lua="$LUA" -j3
}

@test "make -l holds back all but one worker" {
	local load
	for i in 1 2 3; do plain "t$i" "os.execute('$HELPERS/concurrency $PWD/together 100')"; done
	echo 'all: ; +@$(FIRMO_JOBS) --lua=lua5.4' >GNUmakefile
	for load in -l0 '-l 0' --load-average=0 --max-load=0; do
		run -0 make $load -j3 3>&- 4>&-
		is "$(most)" 1
		rm together
	done
	for load in -l100000 '-l0 -l'; do
		run -0 make $load -j3 3>&- 4>&-
		is "$(most)" 3
		rm together
	done
}

@test "their values are checked" {
	for bad in --max-load=0 --max-load=x --max-load= --min-memory= --min-memory=5X; do
		run -2 --separate-stderr fj "$bad"
		is "$(wc -l <<<"$stderr")" 1
	done
}
