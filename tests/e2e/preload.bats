# SPDX-License-Identifier: MIT
# Watching does no harm: programs that the preload library cannot live in, folders that ld.so cannot be
# told of, and programs that look closely at what is around them.

load common

setup() {
	[ -n "${TRACE_LIBRARY:-}" ] || skip "no preload library with this libc"
	setup_project
}


# quiet COMMAND: a test that runs it, wants its output to be "ok" and nothing on its standard error.
quiet() {
	plain quiet "local p = io.popen([==[exec 2>&1; $1]==]) local said = p:read('a') assert(said == 'ok\n', said)"
	run fj4 --report=json:report.json
	status_is 0
	is "$(json 'file("quiet").status')" pass
}

# child NAME COMPILER ARG...: a program that says ok, and with an argument starts one; sh in between.
child() {
	cat >"$1.c" <<-'END'
		#include <stdio.h>
		#include <stdlib.h>
		#include <sys/stat.h>
		int main(int argc, char **argv)
		{
			struct stat st;
			FILE *f = fopen("child.txt", "r");
			return stat(".", &st) != 0 || !f || (argc > 1 ? system("echo ok") : puts("ok") < 0);
		}
	END
	"${@:2}" -w -o "$1" "$1.c"
}

# starter: starts what follows its first argument by the call of that name.
starter() {
	cat >starter.c <<-'END'
		#include <spawn.h>
		#include <string.h>
		#include <sys/syscall.h>
		#include <sys/wait.h>
		#include <unistd.h>
		#include <fcntl.h>
		extern char **environ;
		int main(int argc, char **argv)
		{
			const char *how = argv[1], *path = argv[2];
			char **words = argv + 2;
			pid_t pid = 0;
			int status = 1;
			if (!strcmp(how, "execve")) execve(path, words, environ);
			if (!strcmp(how, "execv")) execv(path, words);
			if (!strcmp(how, "execvp")) execvp(path, words);
			if (!strcmp(how, "execl")) execl(path, path, (char *)0);
			if (!strcmp(how, "execle")) execle(path, path, (char *)0, environ);
			if (!strcmp(how, "fexecve")) fexecve(open(path, O_RDONLY | O_CLOEXEC), words, environ);
			if (!strcmp(how, "raw")) syscall(SYS_execve, path, words, environ);
			if (!strcmp(how, "vfork") && !(pid = vfork())) { execv(path, words); _exit(1); }
			if (!strcmp(how, "spawn")) posix_spawn(&pid, path, 0, 0, words, environ);
			if (!strcmp(how, "spawnp")) posix_spawnp(&pid, path, 0, 0, words, environ);
			waitpid(pid, &status, 0);
			return status != 0;
		}
	END
	cc -w -o starter starter.c
}

@test "a child of another C library runs as if it were not watched, and is not trusted" {
	command -v musl-gcc >/dev/null || skip "no musl here"
	child foreign musl-gcc
	starter
	echo x >child.txt
	printf '#!%s/foreign\n' "$PWD" >script
	chmod +x script
	for how in execve execv execvp execl execle fexecve raw vfork spawn spawnp; do
		quiet "./starter $how ./foreign"
	done
	quiet "./foreign x"
	quiet "./script"
	quiet "env -i LD_PRELOAD=\$LD_PRELOAD ./foreign"
	run fj4 --changed --report=json:report.json
	is "$(ran)" quiet
	run fj4 --why=tests/quiet_test.lua
	has "could not be watched"
}

@test "a child of another kind of machine is started without a complaint of ld.so" {
	child foreign cc -m32 2>/dev/null || skip "no 32-bit programs here"
	starter
	echo x >child.txt
	printf '#!%s/foreign\n' "$PWD" >script
	chmod +x script
	for how in execve execv execvp execl execle fexecve vfork spawn spawnp; do
		quiet "./starter $how ./foreign"
	done
	quiet "./foreign x"
	quiet "./script"
	run fj4 --changed --report=json:report.json
	is "$(ran)" quiet
}

@test "who may not read the library runs without it" {
	[ "$(id -u)" -eq 0 ] && command -v setpriv >/dev/null || skip "only root can be somebody else"
	mkdir -p "$BASE/own"
	cp "$FIRMO_JOBS" "$TRACE_LIBRARY" "$BASE/own"
	chmod 700 "$BASE/own"
	FIRMO_JOBS=$BASE/own/firmo-jobs
	quiet "setpriv --reuid=65534 --regid=65534 --clear-groups /bin/echo ok"
	quiet "setpriv --reuid=65534 --regid=65534 --clear-groups sh -c 'echo ok'"
	mkdir -p root/bin
	cp "$(command -v busybox || true)" root/bin/sh 2>/dev/null || return 0
	quiet "chroot root /bin/sh -c 'echo ok' 2>&1"
}

@test "the program works from a folder that ld.so cannot be told of" {
	local folder
	echo old >data.txt
	plain quiet "local p = io.popen('cat data.txt 2>&1') assert(p:read('a') == 'old\n')"
	for folder in "a b" a:b 'a$LIB' "a b:c"; do
		mkdir -p "$BASE/$folder/tmp"
		cp "$FIRMO_JOBS" "$TRACE_LIBRARY" "$BASE/$folder"
		settle
		# The temporary folder may be such a one as well.
		for tmp in "$TMPDIR" "$BASE/$folder/tmp"; do
			FIRMO_JOBS=$BASE/$folder/firmo-jobs
			rm -rf .firmo-jobs
			TMPDIR=$tmp run --separate-stderr fj4 --report=json:report.json
			status_is 0
			is "$stderr" ""
			is "$(json 'file("quiet").output')" ""
			run fj4 --why=tests/quiet_test.lua --verbose
			has "would not run"
			has "data.txt"
			is "$(ls -A "$tmp")" ""
		done
	done
}

@test "a sanitized program runs whatever options it has built in" {
	cat >sanitized.c <<-'END'
		#include <stdio.h>
		const char *__asan_default_options(void) { return "detect_leaks=0"; }
		int main(void) { return puts("ok") < 0; }
	END
	local kind
	for kind in address undefined thread leak address,undefined; do
		cc -w -fsanitize=$kind -o sanitized sanitized.c 2>/dev/null && [ "$(./sanitized 2>&1)" = ok ] || continue
		quiet ./sanitized
	done
}

@test "what the user preloads himself is preloaded as well, and first" {
	[ -z "$SAN" ] || skip "a sanitizer's library has to be first"
	printf 'int answer(void) { return 42; }\nint getpagesize(void) { return answer(); }\n' >theirs.c
	cc -w -shared -fPIC -o theirs.so theirs.c
	echo '#include <unistd.h>
		#include <stdio.h>
		int main(void) { printf("%d\n", getpagesize()); return 0; }' >asks.c
	cc -w -o asks asks.c
	plain asks "local p = io.popen('./asks 2>&1') assert(p:read('a') == '42\n')" "assert(os.getenv('LD_PRELOAD'):find('theirs.so', 1, true))"
	for theirs in "$PWD/theirs.so" "$PWD/theirs.so:" " $PWD/theirs.so"; do
		LD_PRELOAD=$theirs run fj4
		status_is 0
	done
}

@test "limits, closed descriptors and many forks are as without watching" {
	plain memory "os.execute('ulimit -v 60000; exec cat /dev/null') local p = io.popen('ulimit -v 60000; echo ok 2>&1')" "assert(p:read('a') == 'ok\n')"
	plain files "local p = io.popen('ulimit -n 12; ulimit -f 0; echo ok 2>&1') assert(p:read('a') == 'ok\n')"
	cat >forks.c <<-'END'
		#define _GNU_SOURCE
		#include <stdio.h>
		#include <sys/wait.h>
		#include <unistd.h>
		int main(void)
		{
			close_range(3, ~0U, 0);
			for (int i = 0; i < 3000; i++)
				if (fork() == 0)
					return fopen("child.txt", "r") == NULL || fileno(fopen("child.txt", "r")) != 4;
			int status, bad = 0;
			while (wait(&status) > 0)
				bad += status != 0;
			puts(bad ? "bad" : "ok");
			return 0;
		}
	END
	cc -w -o forks forks.c
	echo x >child.txt
	plain forks "local p = io.popen('./forks 2>&1') assert(p:read('a') == 'ok\n')"
	settle
	run fj4 -j1
	status_is 0
	run fj4 --changed -j1 --report=json:report.json
	is "$(ran)" ""
	echo y >child.txt
	run fj4 --changed -j1 --report=json:report.json
	is "$(ran)" forks
}
