// SPDX-License-Identifier: MIT
#include "sys/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "../unit.h"
#include "base/err.h"
#include "base/limits.h"
#include "sys/spawner.h"

// All of this holds for both ways to start a process.
static bool through_spawner;

// A shell with a script; its stdout comes back through a pipe.
struct child {
	struct spawn spawn;
	char *argv[4];
	char *envp[3];
	char pid_entry[sizeof "PID=" + SPAWN_PID_SIZE];
	sigset_t mask, defaults;
	int null_fd, out[2];
	pid_t pid;
	enum spawn_step step;
	struct err err;
};

static void prepare(struct child *c, const char *script)
{
	*c = (struct child){.argv = {(char *)"sh", (char *)"-c", (char *)script, NULL},
			    .envp = {(char *)"GREETING=hello", NULL}};
	c->null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	assert_true(c->null_fd >= 0);
	assert_int_equal(pipe2(c->out, O_CLOEXEC), 0);
	sigemptyset(&c->mask);
	sigemptyset(&c->defaults);
	c->spawn = (struct spawn){
		.program = "/bin/sh",
		.argv = c->argv,
		.envp = c->envp,
		.stdin_fd = c->null_fd,
		.stdout_fd = c->out[1],
		.stderr_fd = c->null_fd,
		.extra_fds = {-1, -1, -1},
		.mask = &c->mask,
		.defaults = &c->defaults,
	};
}

static int start(struct child *c)
{
	struct spawner sp = {.socket = -1};

	if (through_spawner)
		spawner_open(&sp);
	assert_int_equal(sp.socket >= 0, through_spawner);
	int status = spawner_start(&sp, &c->spawn, &c->pid, &c->step, &c->err);
	assert_int_equal(sp.socket >= 0, through_spawner);
	spawner_close(&sp);
	return status;
}

static void assert_started(struct child *c)
{
	int status = start(c);

	check_row(status == 0, "%s", c->err.message);
	assert_int_equal(c->step, SPAWN_OK);
	assert_true(c->pid > 0);
}

static void close_all(struct child *c)
{
	close(c->null_fd);
	close(c->out[0]);
	close(c->out[1]);
}

// Waits for its end; it has said `wanted`. Returns its wait status.
static int finish(struct child *c, const char *wanted)
{
	struct buf b = {0};
	char chunk[256];
	ssize_t n;
	int status;

	close(c->out[1]);
	c->out[1] = -1;
	buf_reserve(&b, 0);
	while ((n = read(c->out[0], chunk, sizeof chunk)) > 0)
		buf_add(&b, chunk, (size_t)n);
	assert_int_equal(waitpid(c->pid, &status, 0), c->pid);
	assert_string_equal(b.data, wanted);
	buf_release(&b);
	close_all(c);
	return status;
}

static void a_process_gets_words_and_environment(void **state)
{
	struct child c;

	(void)state;
	prepare(&c, "echo \"$GREETING $0\"; exit 7");
	assert_started(&c);
	int status = finish(&c, "hello sh\n");
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 7);
}

// ---- what can go wrong ----

static void check_failure(const char *program, int errnum)
{
	struct child c;

	prepare(&c, "true");
	c.spawn.program = program;
	assert_int_equal(start(&c), -1);
	check_row(c.step == SPAWN_EXEC, "%s fails at step %d", program, c.step);
	check_row(c.err.errnum == errnum, "%s: %s", program, c.err.message);
	check_row(strstr(c.err.message, program), "%s", c.err.message);
	close_all(&c);
}

static void a_failing_exec_tells_step_and_errno(void **state)
{
	(void)state;
	check_failure("/nowhere/lua", ENOENT);
	check_failure("./missing", ENOENT);
	write_text("text", "not executable");
	check_failure("./text", EACCES);
	check_failure(".", EACCES);
	write_text("garbage", "\x01\x02");
	chmod("garbage", 0755);
	check_failure("./garbage", ENOEXEC);
	write_text("script", "#!/nowhere/interpreter\n");
	chmod("script", 0755);
	check_failure("./script", ENOENT);
}

static void a_failure_leaves_no_process_behind(void **state)
{
	struct child c;

	(void)state;
	prepare(&c, "true");
	c.spawn.program = "/nowhere/lua";
	assert_int_equal(start(&c), -1);
	int reaped = waitpid(-1, NULL, WNOHANG);
	if (reaped == 0)
		waitpid(-1, NULL, 0);
	close_all(&c);
	check_row(reaped == -1, "process %d is left", reaped);
}

static void a_failure_leaves_no_descriptor_behind(void **state)
{
	struct child c;

	(void)state;
	int before = dup(0);
	close(before);
	prepare(&c, "true");
	c.spawn.program = "/nowhere/lua";
	for (int i = 0; i < 20; i++)
		assert_int_equal(start(&c), -1);
	close_all(&c);
	int after = dup(0);
	close(after);
	assert_int_equal(before, after);
	while (waitpid(-1, NULL, WNOHANG) > 0)
		;
}

static void a_bad_descriptor_is_told(void **state)
{
	struct child c;

	(void)state;
	prepare(&c, "true");
	c.spawn.stdin_fd = 999;
	assert_int_equal(start(&c), -1);
	assert_int_equal(c.step, SPAWN_FDS);
	assert_int_equal(c.err.errnum, EBADF);
	close_all(&c);
	while (waitpid(-1, NULL, WNOHANG) > 0)
		;
}

// ---- descriptors ----

static const char list_fds[] =
	"i=0; while [ $i -lt 64 ]; do [ -e /proc/self/fd/$i ] && echo $i; i=$((i+1)); done";

static void no_other_descriptor_is_inherited(void **state)
{
	int leaks[] = {fcntl(0, F_DUPFD, 3), fcntl(0, F_DUPFD, 20), fcntl(0, F_DUPFD, 40),
		       fcntl(0, F_DUPFD, 63)};
	struct child c;

	(void)state;
	prepare(&c, list_fds);
	assert_started(&c);
	finish(&c, "0\n1\n2\n");
	prepare(&c, list_fds);
	c.spawn.extra_fds[0] = c.null_fd;
	assert_started(&c);
	finish(&c, "0\n1\n2\n3\n");
	for (size_t i = 0; i < COUNT(leaks); i++) {
		assert_true(fcntl(leaks[i], F_GETFD) >= 0);
		close(leaks[i]);
	}
}

static void each_descriptor_gets_its_place(void **state)
{
	int in[2], err[2], extra[2];
	char got[16] = "";
	struct child c;

	(void)state;
	prepare(&c, "read line; echo \"out $line\"; echo err >&2; echo extra >&3");
	assert_int_equal(pipe2(in, O_CLOEXEC), 0);
	assert_int_equal(pipe2(err, O_CLOEXEC), 0);
	assert_int_equal(pipe2(extra, O_CLOEXEC), 0);
	c.spawn.stdin_fd = in[0];
	c.spawn.stderr_fd = err[1];
	c.spawn.extra_fds[0] = extra[1];
	assert_started(&c);
	// They stay open here.
	assert_true(fcntl(in[0], F_GETFD) >= 0 && fcntl(err[1], F_GETFD) >= 0 &&
		    fcntl(extra[1], F_GETFD) >= 0);
	assert_int_equal(write(in[1], "in\n", 3), 3);
	assert_int_equal(finish(&c, "out in\n"), 0);
	assert_int_equal(read(err[0], got, sizeof got), 4);
	assert_memory_equal(got, "err\n", 4);
	assert_int_equal(read(extra[0], got, sizeof got), 6);
	assert_memory_equal(got, "extra\n", 6);
	for (int i = 0; i < 2; i++) {
		close(in[i]);
		close(err[i]);
		close(extra[i]);
	}
}

static void one_descriptor_may_serve_several_places(void **state)
{
	struct child c;

	(void)state;
	prepare(&c, "echo out; echo err >&2; echo extra >&3");
	c.spawn.stderr_fd = c.spawn.extra_fds[0] = c.out[1];
	assert_started(&c);
	finish(&c, "out\nerr\nextra\n");
}

// Descriptors of low numbers in each other's places, as in a caller that has closed its own stdio.
static void low_descriptors_do_not_overwrite_each_other(void **state)
{
	struct child c;
	int status;

	(void)state;
	prepare(&c, "read line; echo \"$line\"; echo extra >&3");
	pid_t pid = fork();
	if (pid == 0) {
		int in[2];
		if (pipe(in) < 0 || write(in[1], "in\n", 3) != 3)
			_exit(9);
		int r = fcntl(in[0], F_DUPFD, 30), w = fcntl(c.out[1], F_DUPFD, 30);
		dup2(w, 0); // stdout is 0, stdin is 1, the extra one is 2
		dup2(r, 1);
		dup2(w, 2);
		c.spawn.stdin_fd = 1;
		c.spawn.stdout_fd = 0;
		c.spawn.extra_fds[0] = 2;
		if (start(&c) < 0)
			_exit(8);
		_exit(waitpid(c.pid, &status, 0) == c.pid && status == 0 ? 0 : 7);
	}
	c.pid = pid;
	assert_int_equal(finish(&c, "in\nextra\n"), 0);
}

// ---- the rest of its description ----

static void limits_are_applied(void **state)
{
	struct limits l = {0};
	struct child c;
	struct err err;

	(void)state;
	assert_int_equal(limits_parse(&l, "nofile=77,core=0,cpu=9", &err), 0);
	prepare(&c, "ulimit -n; ulimit -c; ulimit -t");
	c.spawn.limits = &l;
	assert_started(&c);
	finish(&c, "77\n0\n9\n");
}

static void limits_do_not_touch_the_caller(void **state)
{
	struct limits l = {0};
	struct rlimit before, after;
	struct child c;
	struct err err;

	(void)state;
	assert_int_equal(limits_parse(&l, "nofile=77", &err), 0);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	prepare(&c, "true");
	c.spawn.limits = &l;
	assert_started(&c);
	finish(&c, "");
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &after), 0);
	assert_memory_equal(&before, &after, sizeof before);
}

static void the_pid_stands_in_the_environment(void **state)
{
	struct child c;

	(void)state;
	prepare(&c, "[ \"$PID\" = $$ ] && echo same");
	strcpy(c.pid_entry, "PID=");
	c.envp[1] = c.pid_entry;
	c.spawn.pid_text = c.pid_entry + strlen("PID=");
	assert_started(&c);
	assert_int_equal(atoi(c.spawn.pid_text), c.pid);
	finish(&c, "same\n");
}

static void it_leads_a_process_group(void **state)
{
	struct child c;
	int in[2];

	(void)state;
	prepare(&c, "read line; echo end");
	assert_int_equal(pipe2(in, O_CLOEXEC), 0);
	c.spawn.stdin_fd = in[0];
	assert_started(&c);
	assert_int_equal(getpgid(c.pid), c.pid);
	assert_int_not_equal(getpgrp(), c.pid);
	close(in[0]);
	close(in[1]);
	finish(&c, "end\n");
}

static void signals_are_as_asked_for(void **state)
{
	struct child c;

	(void)state;
	signal(SIGPIPE, SIG_IGN);
	// Ignored here and there, as nohup wants it.
	prepare(&c, "kill -PIPE $$; echo survived");
	assert_started(&c);
	assert_int_equal(finish(&c, "survived\n"), 0);
	prepare(&c, "kill -PIPE $$; echo survived");
	sigaddset(&c.defaults, SIGPIPE);
	assert_started(&c);
	int status = finish(&c, "");
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGPIPE);
	signal(SIGPIPE, SIG_DFL);
}

static void the_mask_is_not_inherited(void **state)
{
	sigset_t all, before;
	struct child c;

	(void)state;
	prepare(&c, "kill -TERM $$; echo survived");
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before);
	int started = start(&c);
	sigprocmask(SIG_SETMASK, &before, NULL);
	assert_int_equal(started, 0);
	int status = finish(&c, "");
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
}

// ---- the spawner ----

static void the_spawner_may_be_killed(void **state)
{
	struct spawner sp;
	struct child c;

	(void)state;
	spawner_open(&sp);
	kill(sp.pid, SIGKILL);
	prepare(&c, "echo $GREETING");
	assert_int_equal(spawner_start(&sp, &c.spawn, &c.pid, &c.step, &c.err), 0);
	assert_int_equal(finish(&c, "hello\n"), 0);
	spawner_close(&sp);
}

static void more_words_than_there_is_room_for_are_refused_by_the_system(void **state)
{
	struct child c;
	size_t n = 20 << 20;
	char *word = xmalloc(n + 1);

	(void)state;
	memset(word, 'x', n);
	word[n] = '\0';
	prepare(&c, "");
	c.argv[3] = word;
	c.envp[1] = NULL;
	assert_int_equal(start(&c), -1);
	assert_int_equal(c.step, SPAWN_EXEC);
	assert_int_equal(c.err.errnum, E2BIG);
	close_all(&c);
	free(word);
}

// What is started is as large as the spawner was when it began, or as itself.
static void a_child_has_its_own_peak(void **state)
{
	size_t n = 64 << 20;
	struct rusage usage;
	struct spawner sp;
	struct child c;
	int status;

	(void)state;
	spawner_open(&sp);
	char *memory = xmalloc(n);
	for (size_t i = 0; i < n; i += 4096)
		((volatile char *)memory)[i] = 1;
	prepare(&c, "exit 0");
	assert_int_equal(spawner_start(&sp, &c.spawn, &c.pid, &c.step, &c.err), 0);
	assert_int_equal(wait4(c.pid, &status, 0, &usage), c.pid);
	spawner_close(&sp);
	free(memory);
	close_all(&c);
#ifndef __SANITIZE_ADDRESS__ // with which the spawner is as large itself
	check_row(usage.ru_maxrss < 48 << 10, "%ld KiB", usage.ru_maxrss);
#endif
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_process_gets_words_and_environment),
		WITH_FOLDER(a_failing_exec_tells_step_and_errno),
		cmocka_unit_test(a_failure_leaves_no_process_behind),
		cmocka_unit_test(a_failure_leaves_no_descriptor_behind),
		cmocka_unit_test(a_bad_descriptor_is_told),
		cmocka_unit_test(no_other_descriptor_is_inherited),
		cmocka_unit_test(each_descriptor_gets_its_place),
		cmocka_unit_test(one_descriptor_may_serve_several_places),
		cmocka_unit_test(low_descriptors_do_not_overwrite_each_other),
		cmocka_unit_test(limits_are_applied),
		cmocka_unit_test(limits_do_not_touch_the_caller),
		cmocka_unit_test(the_pid_stands_in_the_environment),
		cmocka_unit_test(it_leads_a_process_group),
		cmocka_unit_test(signals_are_as_asked_for),
		cmocka_unit_test(the_mask_is_not_inherited),
		cmocka_unit_test(more_words_than_there_is_room_for_are_refused_by_the_system),
		cmocka_unit_test(a_child_has_its_own_peak),
		cmocka_unit_test(the_spawner_may_be_killed),
	};

	int failed = cmocka_run_group_tests_name("without a spawner", tests, NULL, NULL);
	through_spawner = true;
	return failed + cmocka_run_group_tests_name("through the spawner", tests, NULL, NULL);
}
