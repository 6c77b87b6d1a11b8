# SPDX-License-Identifier: MIT
# What a test depends on without opening a file or calling getenv: variables that programs walk through,
# the loader's search, calls past libc, what a process inherits; and what nobody can see.

load common

setup() {
	[ -n "${TRACE_LIBRARY:-}" ] || skip "no preload library with this libc"
	setup_project
	export -nf $(declare -Fx | sed 's/.* //')
	unset ${!FJT_*} LD_LIBRARY_PATH GLIBC_TUNABLES
}

# asks NAME COMMAND [NEEDED]: a test that passes whatever the command says; none where NEEDED is missing.
asks() {
	if [ -z "${3-}" ] || command -v "$3" >/dev/null; then
		plain "$1" "os.execute([==[$2]==])"
		asked+=("$1")
	fi
}

# again [ARG...]: --changed; the report is read by `ran`.
again() {
	run fj4 --changed --report=json:report.json "$@"
	status_is 0
}

# learn: all pass, and are relied on.
learn() {
	settle
	fj4 >/dev/null || fail "the first run has failed"
	again
	again
	is "$(ran)" ""
}

# runs NAME...: exactly these run now.
runs() {
	again
	is "$(ran)" "$(printf '%s\n' "$@" | sort | xargs)"
}

program() {
	cc -w -o "$1" -x c - "${@:2}"
}

# why NAME TEXT...
why() {
	local text
	run fj4 --why="tests/$1_test.lua"
	for text in "${@:2}"; do
		has "$text"
	done
}

# ---- variables ----

@test "whoever uses a variable without getenv depends on it" {
	program walk <<-'END'
		#include <stdio.h>
		#include <string.h>
		extern char **environ;
		int main(void) { for (char **e = environ; *e; e++) if (!strncmp(*e, "FJT_V=", 6)) puts(*e); }
	END
	program words <<-'END'
		#include <wordexp.h>
		int main(void) { wordexp_t w; return wordexp("$FJT_V", &w, 0); }
	END
	test_file text 'echo $FJT_V'
	test_file made/rules 'ifdef FJT_V' 'all: ; @echo set' 'else' 'all: ; @echo not set' 'endif'
	asks dollar 'echo $FJT_V'
	asks braces 'echo "${FJT_V-none}"'
	asks computes 'echo $((0+FJT_V))'
	asks sets 'set | grep FJT_V'
	asks exports 'export -p | grep FJT_V'
	asks evals 'n=FJT_V; eval "echo \$$n"'
	asks sources '. ./text'
	asks feeds 'cat text | sh'
	asks script 'sh text'
	asks compares 'bash -c "((FJT_V == 1))"'
	asks indirect 'bash -c "n=FJT_V; echo \${!n}"'
	asks given 'bash -c "[[ -v FJT_V ]]"'
	asks env 'env -u X printenv FJT_V'
	mkdir -p made # a folder where nothing else happens
	asks ifdef 'make -s -C made -f rules' make
	asks jq 'jq -n "\$ENV.FJT_V"' jq
	asks walk ./walk
	asks words ./words
	asks proc 'tr "\0" "\n" </proc/self/environ | grep FJT_V'
	asks python 'python3 -S -c "import os; print(os.environ.get(\"FJT_V\"))"' python3
	asks perl 'perl -e "print \$ENV{FJT_V}"' perl
	asks none 'cat text; echo "$HOME" | sed p; test -d x && echo y; (cd made && ls); "true"'
	export FJT_V=1
	learn
	others=${asked[*]/none/}
	FJT_V=2 runs $others
	FJT_V=2 fj4 >/dev/null
	unset FJT_V
	runs $others
	export FJT_OTHER=1
	again
	# All those that are told by their text alone stay, whatever else there is.
	for name in none dollar braces; do
		refute grep -qw "$name" <<<"$(ran)"
	done
	FJT_MORE=1 why walk "would run" "/walk: this program reads all variables, and there are others now" "new FJT_MORE"
	FJT_V=3 why dollar "FJT_V: this variable was not set, and is now"
	FJT_OTHER=3 why walk "FJT_OTHER: this variable has another value"
	run fj4 --why=tests/walk_test.lua -v
	has "environment        $PWD/walk"
}

@test "where a run was started is nothing to depend on" {
	asks python 'python3 -S -c "import os; print(os.environ.get(\"MAKELEVEL\"))"' python3
	asks perl 'perl -e "print keys %ENV"' perl
	asks env 'env | sort'
	asks bash 'bash -c "set"'
	asks make 'printf "all: ; @echo \$(MAKELEVEL) \$(MAKEFLAGS)\n" | make -sf -' make
	plain level 'print(os.getenv("MAKELEVEL"), os.getenv("MAKEFLAGS"), os.getenv("TERM"), os.getenv("PWD"))'
	test_file makefile "test: ; +@'$FIRMO_JOBS' --lua=$LUA --changed --report=json:report.json"
	learn
	make -sj4 >/dev/null
	is "$(ran)" ""
	make -C . -kj2 A= B= SHELL=/bin/bash >/dev/null
	# A= and B= are variables of the environment now.
	[ -z "${asked[*]}" ] || is "$(ran)" "bash env make$([[ "${asked[*]}" != *perl* ]] || echo ' perl')$([[ "${asked[*]}" != *python* ]] || echo ' python')"
	fj4 >/dev/null
	(mkdir -p deeper; cd deeper; make -sC .. >/dev/null)
	is "$(ran)" ""
	TERM=other COLUMNS=40 LINES=9 SHLVL=7 _=x OLDPWD=/ WINDOWID=5 XDG_SESSION_ID=9 SSH_TTY=/dev/pts/9 SSH_CLIENT=x \
		SSH_CONNECTION=y TMUX=z STY=s TERM_PROGRAM=t COLORTERM=c INVOCATION_ID=i runs
	# They are not there, so what a test finds of them is always the same.
	plain same 'assert(not os.getenv("MAKELEVEL") and not os.getenv("SHLVL") and not os.getenv("SSH_TTY"))' \
		'assert(os.getenv("TERM") == "dumb")' "assert(os.getenv('PWD') == '$PWD')"
	run env TERM=xterm SHLVL=3 MAKELEVEL=2 SSH_TTY=x "$FIRMO_JOBS" --lua="$LUA" tests/same_test.lua
	status_is 0
}

# ---- the loader ----

# A program `ask` that looks for libanswer.so in first and second; the latter has it.
make_ask() {
	mkdir first second third
	for n in 1 2; do
		echo "int answer(void) { return $n; }" | cc -shared -fPIC -o "answer$n.so" -x c -
	done
	cp answer1.so second/libanswer.so
	cp answer1.so libanswer.so
	program ask -L. -lanswer -Wl,-rpath,'$ORIGIN/first:$ORIGIN/second',--enable-new-dtags <<-'END'
		#include <stdio.h>
		#include <stdlib.h>
		#include <unistd.h>
		int answer(void);
		int main(int n, char **v) { printf("%d\n", answer()); fflush(stdout); if (n > 1) _exit(0); }
	END
	rm libanswer.so
}

@test "a library that the loader has not found is looked for" {
	make_ask
	loader=$(sed -n 's/.* \(\/.*ld-linux.*\)/\1/p' /proc/self/maps | head -n1)
	asks usual ./ask
	asks past './ask now'
	asks path 'LD_LIBRARY_PATH=third:first ./ask'
	asks loader "$loader ./ask"
	asks other true
	learn
	cp answer2.so first/libother.so
	runs
	cp answer2.so third/libanswer.so
	runs path
	rm third/libanswer.so
	settle
	fj4 >/dev/null
	again
	again
	is "$(ran)" ""
	cp answer2.so first/libanswer.so
	why usual "first/libanswer.so"
	runs loader past path usual
	rm first/libanswer.so
	settle
	fj4 >/dev/null
	again
	again
	cp answer2.so second/libanswer.so
	runs loader past path usual
}

@test "a library that was asked for in vain is looked for" {
	program open -ldl <<-'END'
		#include <dlfcn.h>
		#include <stdio.h>
		int main(int n, char **v) { puts(dlopen(v[1], RTLD_NOW) ? "there" : "none"); }
	END
	mkdir lib
	echo 'int x;' | cc -shared -fPIC -o x.so -x c -
	asks by_path './open lib/libfjt.so'
	asks by_name 'LD_LIBRARY_PATH=lib ./open libfjt.so'
	asks in_cache './open libfjt.so'
	learn
	cp x.so lib/libfjt.so
	runs by_name by_path
	run fj4 --why=tests/in_cache_test.lua -v
	has "library  absent libfjt.so"
}

@test "the variables that the loader reads count for everyone" {
	asks one true
	plain two 'print(1)'
	learn
	for variable in LD_LIBRARY_PATH=/nowhere GLIBC_TUNABLES=glibc.malloc.perturb=1 LD_BIND_NOW=1 MALLOC_PERTURB_=1; do
		run env "$variable" "$FIRMO_JOBS" --lua="$LUA" --changed --report=json:report.json
		is "$(ran)" "one two"
		fj4 >/dev/null
	done
	LD_LIBRARY_PATH=/nowhere why two "the variables that the loader reads" "LD_LIBRARY_PATH=/nowhere"
}

@test "a variable counts where it only might have been set, and so does the zone of any time" {
	program default <<-'END'
		#include <stdlib.h>
		#include <string.h>
		int main(void) { setenv("FJT_V", "x", 0); return strcmp(getenv("FJT_V"), "x"); }
	END
	program seconds <<-'END'
		#include <stdio.h>
		#include <time.h>
		int main(void) { struct tm t = {.tm_year = 100}; char text[99]; strftime(text, 99, "%s", &t); puts(text); }
	END
	asks default ./default
	asks seconds ./seconds
	learn
	FJT_V=2 runs default
	fj4 >/dev/null
	TZ=UTC-3 runs seconds
}

# ---- calls ----

@test "system calls by number are what the functions of their names are" {
	program call <<-'END'
		#define _GNU_SOURCE
		#include <fcntl.h>
		#include <stdio.h>
		#include <string.h>
		#include <sys/stat.h>
		#include <sys/syscall.h>
		#include <unistd.h>
		int main(int n, char **v) {
			struct statx x;
			struct stat s;
			char text[99] = "";
			long fd;
			switch (*v[1]) {
			case 'o': fd = syscall(SYS_openat, AT_FDCWD, v[2], O_RDONLY); read(fd, text, 9); break;
			case 'x': return syscall(SYS_statx, AT_FDCWD, v[2], 0, STATX_ALL, &x) != 0;
			case 's': return syscall(SYS_newfstatat, AT_FDCWD, v[2], &s, 0) != 0;
			case 'a': return syscall(SYS_faccessat, AT_FDCWD, v[2], F_OK) != 0;
			case 'm': return syscall(SYS_mkdirat, AT_FDCWD, v[2], 0700) != 0;
			case 'b': return syscall(SYS_openat, AT_FDCWD, "none", O_RDONLY) != -1;
			}
			puts(text);
		}
	END
	for n in open stat mode access; do echo 1 >"$n.txt"; done
	asks open './call o open.txt'
	asks statx './call x stat.txt'
	asks newfstatat './call s mode.txt'
	asks access './call a access.txt'
	asks none './call b'
	plain made "assert(os.execute('./call m made'))" "os.remove('made')"
	learn
	run fj4 --why=tests/access_test.lua -v
	has "access.txt"
	echo 2 >open.txt
	runs open
	rm stat.txt mode.txt access.txt
	again
	for name in access newfstatat statx; do
		grep -qw "$name" <<<"$(ran)" || fail "$name has not run: $(ran)"
	done
	: >none
	again
	grep -qw none <<<"$(ran)"
}

@test "what libc opens by itself is an input" {
	program shared -lrt <<-'END'
		#include <fcntl.h>
		#include <stdio.h>
		#include <sys/mman.h>
		int main(int n, char **v) { puts(shm_open(v[1], O_RDONLY, 0) < 0 ? "none" : "there"); }
	END
	program spawn <<-'END'
		#include <fcntl.h>
		#include <spawn.h>
		#include <sys/wait.h>
		extern char **environ;
		int main(int n, char **v) {
			char *words[] = {"cat", 0};
			posix_spawn_file_actions_t a;
			posix_spawn_file_actions_init(&a);
			posix_spawn_file_actions_addopen(&a, 0, "input", O_RDONLY, 0);
			posix_spawnp(0, "cat", &a, 0, words, environ);
			wait(0);
		}
	END
	echo 1 >input
	name=fjt.$BASHPID
	asks shared "./shared /$name"
	asks spawn ./spawn
	asks zone "TZ=:$PWD/zone date -d @0"
	asks named "TZ=Nowhere/City TZDIR=$PWD date -d @0"
	learn
	echo 1 >"/dev/shm/$name"
	runs shared
	rm "/dev/shm/$name"
	echo 2 >input
	: >zone
	mkdir Nowhere
	: >Nowhere/City
	again
	for test in named spawn zone; do
		grep -qw "$test" <<<"$(ran)" || fail "$test has not run: $(ran)"
	done
}

@test "what cannot be seen makes a pass untrusted, and --why names it" {
	program past <<-'END'
		int main(void) {
			long r;
		#ifdef __x86_64__
			__asm__ volatile("syscall" : "=a"(r) : "a"(21L), "D"("input"), "S"(0L) : "rcx", "r11", "memory");
		#endif
			return 0;
		}
	END
	program seen <<-'END'
		int main(void) {
			long r;
		#ifdef __x86_64__
			__asm__ volatile("syscall" : "=a"(r) : "a"(39L) : "rcx", "r11", "memory");
		#endif
			return 0;
		}
	END
	program segment <<-'END'
		#include <sys/shm.h>
		int main(void) { shmget(0x666a74, 1, 0); }
	END
	program ring <<-'END'
		#include <unistd.h>
		int main(void) { syscall(425, 0, 0); }
	END
	program watch <<-'END'
		#include <sys/inotify.h>
		int main(void) { inotify_add_watch(inotify_init(), "made", IN_CREATE); }
	END
	program early <<-'END'
		#include <unistd.h>
		static void first(void) { access("input", F_OK); }
		__attribute__((section(".preinit_array"), used)) static void (*const begin)(void) = first;
		int main(void) { return 0; }
	END
	program words <<-'END'
		#include <wordexp.h>
		int main(int n, char **v) { wordexp_t w; return wordexp(v[1], &w, 0); }
	END
	echo 'int main(void) { return 0; }' | program alone -static || skip "no static programs here"
	asks past ./past
	asks seen ./seen
	asks segment ./segment
	asks ring ./ring
	asks watch ./watch
	asks early ./early
	asks plain './words "a b"'
	asks pattern './words "a* b"'
	asks value 'FJT_P="*" ./words "\$FJT_P"'
	asks ls "ls -l /bin/sh"
	asks alone ./alone
	settle
	fj4 >/dev/null
	again
	is "$(ran)" "alone early past pattern ring segment value watch"
	why alone "could not be watched" "/alone"
	why segment "could not be watched" "shmget"
	why ring "could not be watched" "system call 425"
	why watch "could not be watched" "inotify_add_watch"
	if [ "$(uname -m)" = x86_64 ]; then
		why past "could not be watched" "/past"
	fi
}

# ---- what is inherited ----

@test "the umask and the limits act on everyone" {
	asks one true
	plain two 'print(1)'
	learn
	(umask 077; runs one two)
	fj4 >/dev/null
	(ulimit -S -n 200; why two "the limits (ulimit)" "nofile 200"; runs one two)
	fj4 >/dev/null
	(ulimit -S -f 9000000; runs one two)
	fj4 >/dev/null
	(umask 027; why one "the umask: what it has from its parent is not what it was" "      is  027")
}

@test "rights and the personality act on everyone" {
	asks one true
	learn
	command -v setpriv setarch >/dev/null || skip "no setpriv, or no setarch"
	setpriv --no-new-privs "$FIRMO_JOBS" --lua="$LUA" --why=tests/one_test.lua >why.txt || :
	grep -q "the rights (capabilities, no new privileges, seccomp): what it has from its parent" why.txt
	run setpriv --no-new-privs "$FIRMO_JOBS" --lua="$LUA" --changed --report=json:report.json
	is "$(ran)" one
	fj4 >/dev/null
	run setarch --addr-no-randomize "$FIRMO_JOBS" --lua="$LUA" --changed --report=json:report.json
	is "$(ran)" one
	fj4 >/dev/null
	again
	is "$(ran)" ""
}

@test "a terminal counts where it was asked for" {
	asks one true
	asks tty ': </dev/tty || :'
	learn
	command -v python3 >/dev/null || skip "no python3 to make a terminal"
	cat >on_terminal.py <<-'END'
		import os, pty, sys
		sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))
	END
	# Itself: what is found through PATH may be a script that changes PATH.
	PYTHONCOERCECLOCALE=0 run "$(python3 -c 'import sys; print(sys.executable)')" on_terminal.py "$FIRMO_JOBS" --lua="$LUA" --changed --report=json:report.json
	is "$(ran)" tty
}

@test "what the kernel keeps of a process counts where it was asked for" {
	asks one true
	asks memory 'cat /proc/self/oom_score_adj'
	learn
	run sh -c 'echo 7 >/proc/self/oom_score_adj && exec "$@"' sh "$FIRMO_JOBS" --lua="$LUA" --changed --report=json:report.json
	is "$(ran)" memory
}

@test "functions of libc count however they were found" {
	program finds <<-'END'
		#include <dlfcn.h>
		int main(void) {
			int (*look)(const char *, int) = dlsym(dlopen("libc.so.6", RTLD_LAZY), "access");
			return look("made", 0) == 0;
		}
	END
	program ways <<-'END'
		#include <unistd.h>
		int main(void) { return pathconf("made", _PC_NAME_MAX) > 0; }
	END
	asks finds ./finds
	asks ways ./ways
	learn
	touch made
	again
	is "$(ran)" "finds ways"
}

@test "CPUs, niceness and the folder count where they were asked for" {
	asks cpus nproc
	asks cpus_of_proc 'grep Cpus_allowed /proc/self/status'
	asks nice nice
	asks ps 'ps -o ni= -p $$'
	asks folder /bin/pwd
	asks pwd pwd
	asks variable 'echo "$PWD"'
	asks link 'readlink /proc/self/cwd'
	echo '#include <stdlib.h>
		int main(void) { return !realpath("text", 0); }' | program real
	asks real ./real
	plain lua 'print(os.getenv("PWD"))'
	asks none 'cat text'
	echo x >text
	learn
	run nice -n 3 "$FIRMO_JOBS" --lua="$LUA" --changed --report=json:report.json
	is "$(ran)" "nice ps"
	fj4 >/dev/null
	if command -v taskset >/dev/null && [ "$(nproc)" -gt 1 ]; then
		run taskset -c 0 "$FIRMO_JOBS" --lua="$LUA" --changed --report=json:report.json
		is "$(ran)" "cpus cpus_of_proc ps" # which reads all of them
		fj4 >/dev/null
	fi
	again
	is "$(ran)" ""
	mv "$BASE/project" "$BASE/moved"
	cd "$BASE/moved"
	runs folder link lua pwd real variable
	mv "$BASE/moved" "$BASE/project"
	cd "$BASE/project"
}

@test "whether tokens are shared is a setting" {
	plain one 'print(os.getenv("MAKEFLAGS"))'
	learn
	again --share-tokens
	is "$(ran)" one
}
