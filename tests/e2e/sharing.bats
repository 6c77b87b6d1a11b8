# SPDX-License-Identifier: MIT
# --share-tokens, --max-load, --min-memory.

load common

# inner_make K: a makefile of six jobs, of which the first K wait for one another.
inner_make() {
	meeting 0 "$1"
	cat >inner.mk <<-END
		all: 1 2 3 4 5 6
		1 2 3 4 5 6: ; @sh meet.sh $1 30
	END
}

@test "a test that runs make gets the slots that no file needs, and no more than there are" {
	inner_make 4
	plain one "assert(os.execute('make -s -f inner.mk'))"
	plain two "assert(os.execute('make -s -f inner.mk'))"
	run -0 fj --lua="$LUA" -j4 --share-tokens
	at_most 4
}

@test "they come out of the jobserver of the make above, pipe and fifo, and all go back" {
	inner_make 4
	plain one "assert(os.execute('make -s -f inner.mk'))"
	plain two "assert(os.execute('make -s -f inner.mk'))"
	for style in pipe fifo; do
		meet_again
		run -0 audit --style="$style" --tokens=3 -- "$FIRMO_JOBS" --lua="$LUA" --share-tokens
		has "audit: ok 3 tokens"
		at_most 4
	done
}

@test "without the option a test gets none" {
	inner_make 1
	plain one "assert(os.execute('make -s -f inner.mk'))"
	run -0 fj --lua="$LUA" -j4
	at_most 1
}

@test "a firmo-jobs inside of a test takes them as well" {
	meeting 0 3
	for i in 1 2 3 4; do
		test_file "inner/p${i}_test.lua" "assert(os.execute('sh meet.sh 3 30'))"
	done
	plain outer "assert(os.execute('\$FIRMO_JOBS --lua=$LUA --db=inner.db inner'))"
	run -0 fj --lua="$LUA" -j3 --share-tokens
	at_most 3
}

@test "a worker that is killed with tokens in its hands leaks none" {
	plain hang "os.execute('exec 6<&4; head -c 2 <&4 >got; sleep 100')"
	run -1 audit --tokens=3 -- "$FIRMO_JOBS" --lua="$LUA" --share-tokens --timeout=3 --grace=0.1
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
	meeting 3 1 100
	run -0 fj --lua="$LUA" -j3 --min-memory=1000T
	at_most 1
	meeting 3 3
	meet_again
	run -0 fj --lua="$LUA" -j3 --min-memory=1M --max-load=100000
}

@test "--max-load looks at what runs now" {
	for i in 1 2 3; do
		plain "t$i" "assert(os.execute('mkdir alone'))" \
			"while os.clock() < 0.7 do end" "os.execute('rmdir alone')"
	done
	run -0 fj --lua="$LUA" -j3 --max-load=0.5
	# What they make is a conflict that is known by now.
	run -1 fj --lua="$LUA" -j3 --conflicts=ignore
}

@test "make -l holds back all but one worker" {
	local load
	meeting 3 1 100
	echo 'all: ; +@$(FIRMO_JOBS) --lua=lua5.4' >GNUmakefile
	for load in -l0 '-l 0' --load-average=0 --max-load=0; do
		run -0 make $load -j3 3>&- 4>&-
		at_most 1
		meet_again
	done
	meeting 3 3
	for load in -l100000 '-l0 -l'; do
		run -0 make $load -j3 3>&- 4>&-
		meet_again
	done
}

@test "their values are checked" {
	for bad in --max-load=0 --max-load=x --max-load= --min-memory= --min-memory=5X; do
		wrong_usage "$bad" "$bad: wants"
	done
}
