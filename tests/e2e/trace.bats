# SPDX-License-Identifier: MIT
# The preload library on real programs: what it notes, and that they notice nothing of it.

load common

setup() {
	[ -n "${TRACE_LIBRARY:-}" ] || skip "no preload library with this libc"
	setup_project
}

# traced COMMAND...: runs it under the library; its trace is in `trace` then.
traced() {
	"$HELPERS/traced" new "$PWD/../trace"
	LD_PRELOAD=$TRACE_LIBRARY FIRMO_JOBS_TRACE=$PWD/../trace "$@"
}

# records: those of the last command, a line each: OP ERRNO PATH.
records() {
	"$HELPERS/traced" show ../trace
}

# noted LINE...: each is a record; `@` stands for the project folder.
noted() {
	local line
	for line; do
		records | grep -qxF -- "${line/@/$PWD}" || fail "no record: $line in $(records)"
	done
}

not_noted() {
	if records | grep -F -- "${1/@/$PWD}"; then
		fail "a record: $1"
	fi
}

# same COMMAND...: its output and its status are the same under the library.
same() {
	local without without_status=0 with with_status=0
	without=$("$@" 2>&1) || without_status=$?
	with=$(traced "$@" 2>&1) || with_status=$?
	is "$with" "$without"
	is "$with_status" "$without_status"
	noted_nothing_lost
}

noted_nothing_lost() {
	refute grep -qE '^(hole|lost|overflow)' <(records)
}

# program NAME FLAG...: compiles the C source on stdin.
program() {
	cat >"$1.c"
	cc -w -o "$1" "$1.c" "${@:2}"
}

@test "every call that is taken over is noted, whatever else goes on in the process" {
	for mode in calls threads signals vfork fds; do
		mkdir "$mode"
		cd "$mode"
		run traced "$HELPERS/traced" "$mode"
		status_is 0
		is "$output" ""
		noted_nothing_lost
		cd ..
	done
	# Its own complaints are worth something: without the library it has many.
	LD_PRELOAD='' run env FIRMO_JOBS_TRACE="$PWD/../trace" "$HELPERS/traced" vfork
	status_is 1
}

@test "a trace that is full says so, and the program goes on" {
	run traced "$HELPERS/traced" overflow
	status_is 0
	is "$output" ""
	run records
	has overflow
	hasnt lost
}

@test "modules, fixtures, C modules and what children read are noted with every Lua" {
	test_file mod/a.lua 'return 1'
	test_file 'data 1.txt' 'data'
	test_file inner.lua 'assert(io.open("data 1.txt"))' 'os.exit(0)'
	test_file main.lua 'package.path = "./mod/?.lua;./?.lua"' 'require("a")' \
		'pcall(require, "gone")' 'os.getenv("TRACED_NAME")' 'os.date("*t", 0)' \
		'io.popen((arg[-1] or "lua") .. " inner.lua; ls mod"):read("*a")' \
		'local f = assert(io.open("out.txt", "w"))' 'f:close()' 'os.remove("out.txt")' \
		'pcall(require, "lfs")' 'io.write("end\n")'
	for lua in lua5.1 lua5.2 lua5.3 lua5.4 luajit; do
		command -v "$lua" >/dev/null || continue
		same "$lua" main.lua
		noted "read 0 @/main.lua" "chunk 0 @/mod/a.lua" "read 2 @/mod/gone.lua" \
			"read 2 @/gone.lua" "variable 2 TRACED_NAME" "variable 2 TZ" \
			"shell 0 $(readlink -f /bin/sh)" "read 0 @/inner.lua" "read 0 @/data 1.txt" "listed 0 @/mod" \
			"written 0 @/out.txt" "removed 0 @/out.txt"
		[ "$(records | grep -c "^hello 0 .*/$lua\$")" -eq 2 ] ||
			[ "$(records | grep -c "^hello 0 .*/luajit")" -eq 2 ] || fail "hellos: $(records)"
	done
}

@test "a process says which program it is, also behind a script or a link" {
	shell=$(readlink -f /bin/sh)
	test_file script '#!/bin/sh' ':'
	chmod +x script
	cp "$shell" own
	ln -s own link
	for script in ./script "$PWD/script"; do
		traced "$script"
		noted "hello 0 $shell"
		not_noted "hello 0 @/script"
	done
	traced ./link -c :
	noted "hello 0 @/own"
	traced "$PWD/link" -c : "$PWD/other"
	noted "hello 0 @/own" "link 0 @/link -> own"
}

# The loader takes a lock, which a signal handler may not wait for.
@test "the loader is not asked for the functions that are taken over" {
	LD_DEBUG=bindings LD_DEBUG_OUTPUT=../bindings traced sh -c '[ -e main.lua ]; cat main.lua; cd /'
	cat ../bindings.* >../all
	grep -qF "binding file $TRACE_LIBRARY " ../all
	refute grep -E "binding file $TRACE_LIBRARY .*\`(open|openat|stat|chdir|execve|getenv)'" ../all
}

# gives TEXT: to the shell, as popen does.
gives() {
	traced "$LUA" -e 'io.popen(arg[1]):read("*a")' /dev/null "$1" >/dev/null 2>&1
}

@test "a shell's variables are those that its text names" {
	test_file script.sh 'echo x'
	for text in 'cat script.sh | sed p' 'ls -a "$V1"/x 2>/dev/null || true' 'echo "${V1-}${#V2}$(cat $V3)"' \
		'A=1 B="$V1" sh script.sh >/dev/null 2>&1' 'for i in 1 2; do echo "$i$V1"; done' '! test -d "$V1"' \
		'[ -n "$V1" ] && { echo a; } # eval' 'while read x; do echo "$x"; done <script.sh' '"cat" script.sh' \
		'f() { echo "$1"; }; f a' 'case $V1 in a) echo 1;; esac'; do
		gives "$text"
		noted "told 0 $(readlink -f /bin/sh)"
		for v in V1 V2 V3; do
			[[ $text != *"$v"* ]] || noted "variable 2 $v"
		done
	done
	gives 'pwd'
	noted "told 0 $(readlink -f /bin/sh)" "variable 0 PWD"
}

@test "a shell whose text does not tell its variables is taken to use all" {
	while read -r text; do
		gives "$text"
		not_noted "told "
	done <<-'EOF'
		echo $((0+V))
		set
		export -p
		n=V; eval "echo \$$n"
		e"va"l 'echo $V'
		\eval 'echo $V'
		. ./script.sh
		$X V
		[ -v V ]
		[[ -v V ]]
		((V))
		echo ${!V}
		echo ${V@P}
		echo ${x:-$(eval y)}
		echo "${x:-"$y"}"
		echo `eval y`
		echo $(case x in a) eval y;; esac)
		2>/dev/null eval 'echo $V'
		</dev/null eval 'echo $V'
		A=1 eval 'echo $V'
		A+=1 eval 'echo $V'
		command eval 'echo $V'
		{ echo a; eval b; }
		read "a[V]"
		cat <<E
		echo $'\\'' ; eval "x" ; echo '
		trap 'echo $V' EXIT
	EOF
	for command in 'sh script.sh' 'sh <script.sh' 'cat script.sh | sh' 'bash -c "echo x"'; do
		test_file script.sh 'echo x'
		gives "$command"
		is "$(records | grep -c "^told ")" 1 # the outer one
	done
}

@test "a shell that only asks for a file need not be watched; any other is" {
	local functions
	functions=$(declare -Fx | sed 's/.* //')
	[ -z "$functions" ] || export -nf $functions # those of bats: one could be called test
	mkdir 'here it is'
	asks() {
		same "$LUA" -e "for _, c in ipairs(arg) do print(os.execute(c)) end
			print(os.execute('exit 3'))" /dev/null "$@"
		records | grep '^hello ' >hellos
	}
	asks 'test -d "here it is"' 'test -f "gone"' 'test -e "here it is/../main.lua"' 'test -s "/bin/sh"'
	noted "looked 0 @/here it is" "looked 2 @/gone" "looked 2 @/main.lua" "named 0 @/here it is" \
		"looked 0 $(readlink -f /bin/sh)" "read 0 $(readlink -f /bin/sh)"
	is "$(records | grep -c '^shell ')" 1 # the last one
	is "$(wc -l <hellos)" 2
	asks 'test -d "$HOME"' 'test -d here' "test -d 'here'" 'test -d "here";' 'test -d ""' \
		'test -d "a" -o -d "b"' 'test -h "gone"' 'test -x "/bin/sh"' 'test  -d "gone"' 'test -d "gone" ' 'test -d "`pwd`"' \
		'test -d "\gone"' 'test' 'test -' 'testing'
	is "$(records | grep -c '^shell ')" 16 # each, and the last one
	is "$(wc -l <hellos)" 17
	# What somebody else has preloaded, or made of the word, is not ours to leave out.
	LD_PRELOAD=$TRACE_LIBRARY
	for set in "LD_PRELOAD=libm.so.6:$TRACE_LIBRARY" 'BASH_FUNC_test%%=() { :; }'; do
		"$HELPERS/traced" new ../trace
		env "LD_PRELOAD=$TRACE_LIBRARY" "$set" FIRMO_JOBS_TRACE="$PWD/../trace" \
			"$LUA" -e "os.execute('test -d \"gone\"')"
		is "$(records | grep -c '^shell ')" 1
	done
}

@test "file names of any bytes are noted as they are" {
	name=$'a\xff\tb'
	: >"$name"
	same "$LUA" -e 'assert(io.open("a\255\9b")) os.rename("gone\10x", "y")'
	noted "read 0 @/$name"
	# Longer than a small stack has room for, and longer than any path may be.
	deep=$(printf '/%0200d' 1 2 3 4 5 6 7 8)
	mkdir -p ".$deep"
	cd ".$deep"
	E2E_TRACE=$BASE/trace
	"$HELPERS/traced" new "$E2E_TRACE"
	LD_PRELOAD=$TRACE_LIBRARY FIRMO_JOBS_TRACE=$E2E_TRACE "$LUA" -e 'io.open("x"); io.open(("y"):rep(5000))'
	"$HELPERS/traced" show "$E2E_TRACE" >"$BASE/shown"
	grep -qxF "read 2 $PWD/x" "$BASE/shown"
	refute grep -q yyy "$BASE/shown"
}

@test "nothing happens where there is no trace to write to" {
	test_file main.lua 'print(io.open("/none"), os.getenv("HOME"))' 'os.execute("exit 3")'
	without=$("$LUA" main.lua)
	for variable in X=1 FIRMO_JOBS_TRACE= FIRMO_JOBS_TRACE=trace FIRMO_JOBS_TRACE=/none \
		FIRMO_JOBS_TRACE=/dev/null FIRMO_JOBS_TRACE="$PWD/main.lua" FIRMO_JOBS_TRACE="$PWD"; do
		is "$(env LD_PRELOAD="$TRACE_LIBRARY" "$variable" "$LUA" main.lua)" "$without"
	done
	# A file of the right size that is no trace stays as it is.
	truncate -s 8M zeros
	env LD_PRELOAD="$TRACE_LIBRARY" FIRMO_JOBS_TRACE="$PWD/zeros" "$LUA" main.lua
	[ "$(tr -d '\0' <zeros | wc -c)" -eq 0 ]
}

@test "dlopen searches where the program says, and what was loaded is noted" {
	mkdir lib
	echo 'int x(void) { return 7; }' | program lib/libtraced_dep.so -shared -fPIC
	echo 'int x(void); int y(void) { return x(); }' |
		program lib/libtraced.so -shared -fPIC -Llib -ltraced_dep -Wl,-rpath,"$PWD/lib"
	program user -Wl,-rpath,"$PWD/lib" <<-'END'
		#include <dlfcn.h>
		#include <stdio.h>
		int main(void)
		{
			void *lib = dlopen("libtraced.so", RTLD_NOW);
			puts(lib ? "found" : dlerror());
			return 0;
		}
	END
	same ./user
	is "$(traced ./user)" found
	noted "loaded 0 @/lib/libtraced.so" "loaded 0 @/lib/libtraced_dep.so"
	not_noted "$TRACE_LIBRARY"
}

@test "programs that bring a malloc of their own, or a sanitizer, run as before" {
	program own <<-'END'
		#include <fcntl.h>
		#include <stdio.h>
		#include <stdlib.h>
		#include <string.h>
		static char pool[1 << 20];
		static size_t used;
		void *malloc(size_t n)
		{
			getenv("IN_MALLOC");
			open("/none/in-malloc", O_RDONLY);
			used += (n + 31) & ~15ul;
			return pool + used - ((n + 15) & ~15ul);
		}
		void free(void *p) {}
		void *calloc(size_t n, size_t size) { return malloc(n * size); }
		void *realloc(void *p, size_t n)
		{
			void *q = malloc(n);
			return p ? memcpy(q, p, n) : q;
		}
		int main(void) { return !fopen("own.c", "r"); }
	END
	same ./own
	noted "variable 2 IN_MALLOC" "read 2 /none/in-malloc" "read 0 @/own.c"
	cat >sanitized.c <<-'END'
		#include <stdio.h>
		#include <stdlib.h>
		int main(int argc, char **argv)
		{
			char *p = malloc(3);
			if (argc > 1)
				p[3] = 1;
			FILE *f = fopen("sanitized.c", "r");
			free(p);
			return fclose(f);
		}
	END
	cc -w -g -fsanitize=address,undefined -o sanitized sanitized.c || skip "no sanitizers here"
	same ./sanitized
	noted "read 0 @/sanitized.c"
	ASAN_OPTIONS=exitcode=86 run traced ./sanitized x
	status_is 86
	has heap-buffer-overflow
	is "$(LD_PRELOAD="$(cc -print-file-name=libasan.so):$TRACE_LIBRARY" ASAN_OPTIONS=detect_leaks=0 \
		FIRMO_JOBS_TRACE="$PWD/../trace" sh -c 'echo x')" x
}

@test "no file is missed that strace sees" {
	command -v strace >/dev/null || skip "no strace"
	strace -o /dev/null true 2>/dev/null || skip "strace may not trace here"
	test_file mod/a.lua 'return 1'
	test_file main.lua 'package.path = "./mod/?.lua"' 'require("a")' 'os.execute("ls -l mod; cat main.lua")'
	test_file user.c '#include <stdio.h>' 'int main(void) { return 0; }'
	for command in "$LUA main.lua" "luajit main.lua" "ls -la" "find . -name x" "sort main.lua" \
		"cp main.lua copy" "mv copy moved" "rm moved" "mkdir p" "cc -c user.c" "git status"; do
		command -v "${command%% *}" >/dev/null || continue
		"$HELPERS/traced" new "$PWD/../trace"
		# shellcheck disable=SC2086 # words
		strace -f -qq -s 4096 -o ../strace -E LD_PRELOAD="$TRACE_LIBRARY" \
			-E FIRMO_JOBS_TRACE="$PWD/../trace" $command >/dev/null 2>&1 || true
		"$HELPERS/traced" show ../trace >../shown
		"$LUA" "$BATS_TEST_DIRNAME/fixtures/strace_paths.lua" ../strace ../shown "$PWD" >../missed
		[ ! -s ../missed ] || fail "$command: $(<../missed)"
	done
}

@test "a module that comes to lie where another one was is one of its own" {
	program module.so -shared -fPIC <<-'EOF'
		#include <sys/stat.h>
		void lua_pushinteger(void *, long long);
		int tell(const char *path)
		{
			struct stat st;
			stat(path, &st);
			lua_pushinteger(0, st.st_size);
			return (int)st.st_size;
		}
	EOF
	cp module.so second.so
	program host -rdynamic <<-'EOF'
		#include <dlfcn.h>
		#include <stdio.h>
		static int pushed;
		void lua_pushinteger(void *lua, long long n) { pushed++; }
		static void *ask(const char *module, const char *path)
		{
			void *handle = dlopen(module, RTLD_NOW), *tell = dlsym(handle, "tell");
			((int (*)(const char *))tell)(path);
			dlclose(handle);
			return tell;
		}
		int main(void)
		{
			puts(ask("./module.so", "host.c") == ask("./second.so", "module.so.c") ? "there" : "elsewhere");
			return pushed != 2;
		}
	EOF
	run traced ./host
	status_is 0
	is "$output" there
	noted 'status 0 @/host.c' 'status 0 @/module.so.c'
}
