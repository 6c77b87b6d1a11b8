// SPDX-License-Identifier: MIT
// Slots from a pool of our own, and from a jobserver that the test serves through a pipe or a fifo.
#include "jobserver/tokens.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>

#include "../unit.h"
#include "base/clock.h"
#include "base/err.h"
#include "jobserver/client.h"
#include "jobserver/makeflags.h"
#include "sys/loop.h"

// In place of libc's: an old kernel knows no RWF_NOWAIT on pipes.
static bool old_kernel;

ssize_t preadv2(int fd, const struct iovec *v, int n, off_t offset, int flags)
{
	if (old_kernel) {
		errno = EOPNOTSUPP;
		return -1;
	}
	return syscall(SYS_preadv2, fd, v, n, (long)offset, 0L, flags);
}

static int waiting_in(int fd)
{
	int n = -1;

	assert_int_equal(ioctl(fd, FIONREAD, &n), 0);
	return n;
}

static int by_value(const void *a, const void *b)
{
	return *(const unsigned char *)a - *(const unsigned char *)b;
}

// The pipe holds these bytes, in whatever order, and nothing else.
static void assert_holds(int read_fd, const char *bytes, size_t n)
{
	char got[64], wanted[64];

	assert_int_equal(waiting_in(read_fd), n);
	if (n == 0)
		return;
	assert_int_equal(read(read_fd, got, n), n);
	memcpy(wanted, bytes, n);
	qsort(got, n, 1, by_value);
	qsort(wanted, n, 1, by_value);
	assert_memory_equal(got, wanted, n);
}

static struct tokens *opened(const char *makeflags, int cap, struct err *warning)
{
	struct makeflags m;

	makeflags_parse(&m, makeflags);
	struct tokens *t = tokens_open(&m, cap, 3, NULL, NULL, warning);
	makeflags_release(&m);
	return t;
}

static struct tokens *opened_fds(int r, int w, int cap, struct err *warning)
{
	char *value = xasprintf(" -j8 --jobserver-auth=%d,%d", r, w);
	struct tokens *t = opened(value, cap, warning);

	free(value);
	return t;
}

static void make_pipe(int fds[2], const char *bytes, size_t n)
{
	assert_int_equal(pipe(fds), 0);
	assert_int_equal(write(fds[1], bytes, n), n);
}

static void close_both(int fds[2])
{
	close(fds[0]);
	close(fds[1]);
}

// ---- a pool ----

static void a_pool_has_the_size_that_was_asked_for(void **state)
{
	static const struct {
		const char *makeflags;
		int cap, most;
	} rows[] = {
		{NULL, 0, 3},   {NULL, 1, 1},       {NULL, 8, 8},          {" -j1", 0, 1},
		{" -j5", 0, 5}, {" -j", 0, 3},      {" -j", 2, 2},         {" -j5", 2, 2},
		{" -j2", 9, 9}, {NULL, 4097, 4096}, {" -j70000", 0, 4096},
	};
	struct err warning;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct tokens *t = opened(rows[i].makeflags, rows[i].cap, &warning);
		check_row(tokens_most(t) == rows[i].most, "row %zu gives %d", i, tokens_most(t));
		check_row(!tokens_shared(t) && !*warning.message, "row %zu: %s", i,
			  warning.message);
		tokens_close(t);
	}
}

static void a_pool_counts_its_slots(void **state)
{
	struct err warning;
	struct tokens *t = opened(NULL, 3, &warning);

	(void)state;
	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < 3; i++)
			assert_true(tokens_take(t));
		assert_false(tokens_take(t));
		tokens_give(t);
		assert_true(tokens_take(t));
		assert_false(tokens_take(t));
		for (int i = 0; i < 3; i++)
			tokens_give(t);
	}
	tokens_close(t);
}

// ---- make's jobserver ----

static void the_first_slot_needs_no_token(void **state)
{
	struct err warning;
	int fds[2];

	(void)state;
	make_pipe(fds, "", 0);
	struct tokens *t = opened_fds(fds[0], fds[1], 0, &warning);
	assert_true(tokens_shared(t));
	assert_string_equal(warning.message, "");
	for (int i = 0; i < 3; i++) {
		assert_true(tokens_take(t));
		assert_false(tokens_take(t));
		tokens_give(t);
	}
	tokens_close(t);
	assert_holds(fds[0], "", 0);
	close_both(fds);
}

// '+' takes a slot, '-' gives one back; after each step the pipe lacks max(0, running - 1) bytes.
static void check_held(struct tokens *t, int read_fd, int total, const char *steps)
{
	int running = 0;

	for (const char *s = steps; *s; s++) {
		if (*s == '+') {
			assert_true(tokens_take(t));
			running++;
		} else {
			tokens_give(t);
			running--;
		}
		int held = total - waiting_in(read_fd);
		check_row(held == (running > 1 ? running - 1 : 0), "%s: %d held after step %d",
			  steps, held, (int)(s - steps) + 1);
	}
}

static void tokens_held_follow_the_count(void **state)
{
	static const char *const walks[] = {
		"+-", "++--", "+++--+-+--", "++++----++++----", "+-+-++-+--", "+++++-----"};
	struct err warning;
	int fds[2];

	(void)state;
	for (size_t i = 0; i < COUNT(walks); i++) {
		make_pipe(fds, "abcd", 4);
		struct tokens *t = opened_fds(fds[0], fds[1], 0, &warning);
		check_held(t, fds[0], 4, walks[i]);
		tokens_close(t);
		assert_holds(fds[0], "abcd", 4);
		close_both(fds);
	}
}

static void the_very_bytes_go_back(void **state)
{
	static const char bytes[] = {'\0', '\xff', '+', '\n', '\x80'};
	struct err warning;
	int fds[2];

	(void)state;
	make_pipe(fds, bytes, sizeof bytes);
	struct tokens *t = opened_fds(fds[0], fds[1], 0, &warning);
	for (int i = 0; i < 6; i++)
		assert_true(tokens_take(t));
	assert_false(tokens_take(t));
	assert_int_equal(waiting_in(fds[0]), 0);
	for (int i = 0; i < 6; i++)
		tokens_give(t);
	tokens_close(t);
	assert_holds(fds[0], bytes, sizeof bytes);
	close_both(fds);
}

static void close_gives_everything_back(void **state)
{
	struct err warning;
	int fds[2];

	(void)state;
	make_pipe(fds, "wxyz", 4);
	struct tokens *t = opened_fds(fds[0], fds[1], 0, &warning);
	for (int i = 0; i < 4; i++)
		assert_true(tokens_take(t));
	tokens_close(t);
	assert_holds(fds[0], "wxyz", 4);
	assert_true(fcntl(fds[1], F_GETFD) >= 0);
	close_both(fds);
}

static void a_cap_leaves_the_other_tokens(void **state)
{
	struct err warning;
	int fds[2];

	(void)state;
	make_pipe(fds, "abcd", 4);
	struct tokens *t = opened_fds(fds[0], fds[1], 2, &warning);
	assert_int_equal(tokens_most(t), 2);
	assert_true(tokens_take(t));
	assert_true(tokens_take(t));
	assert_false(tokens_take(t));
	assert_int_equal(waiting_in(fds[0]), 3);
	tokens_close(t);
	assert_holds(fds[0], "abcd", 4);
	close_both(fds);
}

static void an_uncapped_client_takes_what_make_grants(void **state)
{
	struct err warning;
	int fds[2];

	(void)state;
	make_pipe(fds, "a", 1);
	struct tokens *t = opened_fds(fds[0], fds[1], 0, &warning);
	assert_int_equal(tokens_most(t), TOKENS_MAX);
	tokens_close(t);
	close_both(fds);
}

// The description is make's and its children's too.
static void flags_of_a_pipe_stay(void **state)
{
	struct err warning;
	int fds[2];

	(void)state;
	for (int flag = 0; flag <= O_NONBLOCK; flag += O_NONBLOCK) {
		make_pipe(fds, "ab", 2);
		assert_int_equal(fcntl(fds[0], F_SETFL, flag), 0);
		int r = fcntl(fds[0], F_GETFL), w = fcntl(fds[1], F_GETFL);
		struct tokens *t = opened_fds(fds[0], fds[1], 0, &warning);
		while (tokens_take(t))
			;
		assert_int_equal(fcntl(fds[0], F_GETFL), r);
		assert_int_equal(fcntl(fds[1], F_GETFL), w);
		tokens_close(t);
		assert_int_equal(fcntl(fds[0], F_GETFL), r);
		assert_int_equal(fcntl(fds[1], F_GETFL), w);
		close_both(fds);
	}
}

static void workers_do_not_inherit_it(void **state)
{
	struct err warning;
	int fds[2];

	(void)state;
	make_pipe(fds, "ab", 2);
	struct tokens *t = opened_fds(fds[0], fds[1], 0, &warning);
	assert_true(fcntl(fds[0], F_GETFD) & FD_CLOEXEC);
	assert_true(fcntl(fds[1], F_GETFD) & FD_CLOEXEC);
	tokens_close(t);
	close_both(fds);
}

// ---- what is no jobserver ----

static void assert_one_slot(struct tokens *t)
{
	assert_false(tokens_shared(t));
	assert_int_equal(tokens_most(t), 1);
	assert_true(tokens_take(t));
	assert_false(tokens_take(t));
	tokens_give(t);
	assert_true(tokens_take(t));
	tokens_close(t);
}

static void check_unusable(int r, int w)
{
	struct err warning;
	struct tokens *t = opened_fds(r, w, 4, &warning);
	char *named = xasprintf("%d,%d", r, w);

	assert_one_slot(t);
	check_row(strstr(warning.message, named), "warning: %s", warning.message);
	check_row(strstr(warning.message, "+"), "warning: %s", warning.message);
	free(named);
}

static void closed_fds_are_rejected(void **state)
{
	int fds[2];

	(void)state;
	make_pipe(fds, "", 0);
	close_both(fds);
	check_unusable(fds[0], fds[1]);
	check_unusable(1000000, 1000001);
}

static void one_closed_end_is_rejected(void **state)
{
	int fds[2];

	(void)state;
	make_pipe(fds, "ab", 2);
	int w = dup(fds[1]);
	close(w);
	check_unusable(fds[0], w);
	check_unusable(w, fds[1]);
	assert_holds(fds[0], "ab", 2);
	close_both(fds);
}

static void a_regular_file_is_rejected(void **state)
{
	(void)state;
	write_text("tokens", "++++");
	int fd = open("tokens", O_RDWR | O_CLOEXEC);
	check_unusable(fd, fd);
	assert_int_equal(lseek(fd, 0, SEEK_CUR), 0);
	assert_file_holds("tokens", "++++");
	close(fd);
}

static void two_pipes_are_rejected(void **state)
{
	int a[2], b[2];

	(void)state;
	make_pipe(a, "aa", 2);
	make_pipe(b, "bbb", 3);
	check_unusable(a[0], b[1]);
	assert_holds(a[0], "aa", 2);
	assert_holds(b[0], "bbb", 3);
	close_both(a);
	close_both(b);
}

static void swapped_ends_are_rejected(void **state)
{
	int fds[2];

	(void)state;
	make_pipe(fds, "ab", 2);
	check_unusable(fds[1], fds[0]);
	check_unusable(fds[0], fds[0]);
	check_unusable(fds[1], fds[1]);
	assert_holds(fds[0], "ab", 2);
	close_both(fds);
}

static void check_rejected(const char *makeflags, const char *told)
{
	struct err warning;
	struct tokens *t = opened(makeflags, 4, &warning);

	assert_one_slot(t);
	check_row(strstr(warning.message, told), "'%s' warns: %s", makeflags, warning.message);
}

static void malformed_words_are_rejected(void **state)
{
	(void)state;
	check_rejected(" -j4 --jobserver-auth=", "--jobserver-auth=");
	check_rejected(" -j4 --jobserver-auth=3", "--jobserver-auth=3");
	check_rejected(" --jobserver-auth=three,four", "three,four");
	check_rejected(" --jobserver-fds=fifo:", "fifo:");
}

static void a_long_malformed_word_is_cut_in_the_warning(void **state)
{
	char *value = xcalloc(1, 100000);

	(void)state;
	memset(value, 'x', 99999);
	memcpy(value, "--jobserver-auth=", strlen("--jobserver-auth="));
	check_rejected(value, "xxx");
	free(value);
}

static void not_for_us_is_silent(void **state)
{
	struct err warning;
	struct tokens *t = opened(" -j4 --jobserver-auth=-2,-2", 4, &warning);

	(void)state;
	assert_one_slot(t);
	assert_string_equal(warning.message, "");
}

// ---- fifo ----

static int serve_fifo(const char *path, const char *bytes)
{
	assert_int_equal(mkfifo(path, 0600), 0);
	int fd = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, strlen(bytes)), strlen(bytes));
	return fd;
}

static void check_fifo(const char *path, const char *makeflags)
{
	struct err warning;
	int server = serve_fifo(path, "pqr");
	struct tokens *t = opened(makeflags, 0, &warning);

	check_row(tokens_shared(t), "%s", warning.message);
	check_held(t, server, 3, "++++----+++--++");
	tokens_close(t);
	assert_holds(server, "pqr", 3);
	close(server);
}

static void a_fifo_works_like_a_pipe(void **state)
{
	char *value = xasprintf(" -j4 --jobserver-auth=fifo:%s/absolute", (char *)*state);

	check_fifo("absolute", value);
	free(value);
	check_fifo("relative", " -j4 --jobserver-auth=fifo:relative");
	check_fifo("a b\\c", " -j4 --jobserver-auth=fifo:./a\\ b\\\\c -- FOO=1");
}

static void an_empty_fifo_grants_one_slot(void **state)
{
	struct err warning;

	(void)state;
	int server = serve_fifo("fifo", "");
	struct tokens *t = opened(" --jobserver-auth=fifo:fifo", 0, &warning);
	assert_true(tokens_shared(t));
	assert_true(tokens_take(t));
	assert_false(tokens_take(t));
	assert_int_equal(write(server, "x", 1), 1);
	assert_true(tokens_take(t));
	tokens_close(t);
	assert_holds(server, "x", 1);
	close(server);
}

static void what_is_no_served_fifo_is_rejected(void **state)
{
	(void)state;
	assert_int_equal(mkfifo("stale", 0600), 0);
	check_rejected(" --jobserver-auth=fifo:stale", "fifo:stale");
	check_rejected(" --jobserver-auth=fifo:missing", "No such file");
	write_text("regular", "++");
	check_rejected(" --jobserver-auth=fifo:regular", "fifo:regular");
	assert_file_holds("regular", "++");
	check_rejected(" --jobserver-auth=fifo:.", "fifo:.");
}

// ---- in the loop ----

struct counter {
	struct loop loop;
	int ready;
};

static void count_ready(void *owner)
{
	((struct counter *)owner)->ready++;
}

static void do_nothing(struct loop_timer *t)
{
	(void)t;
}

// One step that does not wait.
static int ready_after_step(struct counter *c)
{
	struct loop_timer now = {.at_ns = 0, .fire = do_nothing};

	c->ready = 0;
	loop_add_timer(&c->loop, &now);
	loop_step(&c->loop);
	loop_remove_timer(&c->loop, &now);
	return c->ready;
}

static void it_is_polled_only_while_a_job_waits(void **state)
{
	struct counter c = {0};
	struct err warning;
	int fds[2];

	(void)state;
	make_pipe(fds, "ab", 2);
	struct tokens *t = opened_fds(fds[0], fds[1], 2, &warning);
	tokens_attach(t, &c.loop, count_ready, &c);
	assert_int_equal(ready_after_step(&c), 0);
	assert_true(tokens_take(t));
	tokens_await(t, true);
	assert_int_equal(ready_after_step(&c), 1);
	tokens_await(t, false);
	assert_int_equal(ready_after_step(&c), 0);
	// All slots of the cap are in use: no token could be taken.
	assert_true(tokens_take(t));
	tokens_await(t, true);
	assert_int_equal(ready_after_step(&c), 0);
	tokens_close(t);
	assert_int_equal(ready_after_step(&c), 0);
	loop_release(&c.loop);
	assert_holds(fds[0], "ab", 2);
	close_both(fds);
}

static void an_empty_pipe_wakes_nobody(void **state)
{
	struct counter c = {0};
	struct err warning;
	int fds[2];

	(void)state;
	make_pipe(fds, "", 0);
	struct tokens *t = opened_fds(fds[0], fds[1], 0, &warning);
	tokens_attach(t, &c.loop, count_ready, &c);
	assert_true(tokens_take(t));
	tokens_await(t, true);
	assert_int_equal(ready_after_step(&c), 0);
	assert_int_equal(write(fds[1], "z", 1), 1);
	assert_int_equal(ready_after_step(&c), 1);
	tokens_close(t);
	assert_holds(fds[0], "z", 1);
	loop_release(&c.loop);
	close_both(fds);
}

// What comes from a terminal or from /dev/zero is no token.
static void devices_are_rejected(void **state)
{
	static const char *const paths[] = {"/dev/null", "/dev/zero", "/dev/full", "/dev/urandom"};

	(void)state;
	for (size_t i = 0; i < COUNT(paths); i++) {
		struct err warning;
		int fd = open(paths[i], O_RDWR | O_CLOEXEC);
		struct tokens *t = opened_fds(fd, fd, 0, &warning);
		check_row(!tokens_shared(t) && *warning.message, "%s by fd", paths[i]);
		tokens_close(t);
		char *value = xasprintf(" -j8 --jobserver-auth=fifo:%s", paths[i]);
		t = opened(value, 0, &warning);
		check_row(!tokens_shared(t) && strstr(warning.message, "it is no fifo"),
			  "%s by name: %s", paths[i], warning.message);
		tokens_close(t);
		free(value);
		close(fd);
	}
}

// A pipe fills by the page: to take a byte makes no room for one. Nothing blocks, and what did not
// fit goes back once there is room, here without a watchdog.
static void a_full_pipe_keeps_nobody(void **state)
{
	struct counter c = {0};
	struct err warning;
	static char bytes[4096];
	int fds[2];

	(void)state;
	assert_int_equal(pipe(fds), 0);
	assert_int_equal(fcntl(fds[0], F_SETPIPE_SZ, 4096), 4096);
	memset(bytes, '+', sizeof bytes);
	assert_int_equal(write(fds[1], bytes, sizeof bytes), sizeof bytes);
	struct tokens *t = opened_fds(fds[0], fds[1], 0, &warning);
	tokens_attach(t, &c.loop, count_ready, &c);
	assert_true(tokens_take(t));
	assert_true(tokens_take(t));
	tokens_give(t);
	assert_int_equal(waiting_in(fds[0]), 4095);
	assert_int_equal(read(fds[0], bytes, 4095), 4095);
	loop_step(&c.loop);
	assert_int_equal(waiting_in(fds[0]), 1);
	assert_int_equal(write(fds[1], bytes, 4095), 4095);
	assert_true(tokens_take(t));
	tokens_give(t);
	tokens_give(t);
	assert_false(tokens_close(t)); // after a time
	loop_release(&c.loop);
	close_both(fds);
}

static void a_pool_needs_no_loop(void **state)
{
	struct counter c = {0};
	struct err warning;
	struct tokens *t = opened(NULL, 2, &warning);

	(void)state;
	tokens_attach(t, &c.loop, count_ready, &c);
	tokens_await(t, true);
	assert_int_equal(ready_after_step(&c), 0);
	tokens_close(t);
	loop_release(&c.loop);
}

// ---- watchdogs that are killed ----

static struct tokens *opened_kept(int fds[2])
{
	struct makeflags m;
	struct err warning;
	char *value = xasprintf(" -j8 --jobserver-auth=%d,%d", fds[0], fds[1]);

	makeflags_parse(&m, value);
	free(value);
	struct tokens *t =
		tokens_open(&m, 0, 1, "FIRMO_JOBS_TEST=tokens", "/nonexistent", &warning);
	makeflags_release(&m);
	assert_true(tokens_watchdog(t) > 0);
	return t;
}

// It is dead when this returns, and nobody has seen that yet.
static void kill_watchdog(const struct tokens *t)
{
	siginfo_t info;

	kill(tokens_watchdog(t), SIGKILL);
	assert_int_equal(waitid(P_PID, (id_t)tokens_watchdog(t), &info, WEXITED | WNOWAIT), 0);
}

static void take_in_time(struct counter *c, struct tokens *t)
{
	tokens_await(t, true);
	while (!tokens_take(t))
		loop_step(&c->loop);
	tokens_await(t, false);
}

static void one_watchdog_after_the_other_loses_nothing(void **state)
{
	struct counter c = {0};
	int fds[2];

	(void)state;
	make_pipe(fds, "abc", 3);
	struct tokens *t = opened_kept(fds);
	tokens_attach(t, &c.loop, count_ready, &c);
	for (int i = 0; i < 3; i++)
		take_in_time(&c, t);
	kill_watchdog(t); // a token is wanted
	take_in_time(&c, t);
	kill_watchdog(t); // one goes back
	tokens_give(t);
	take_in_time(&c, t);
	for (int i = 0; i < 3; i++)
		tokens_give(t);
	take_in_time(&c, t); // it has done what it was asked for before
	kill_watchdog(t);    // some have gone back
	for (int i = 0; i < 2; i++)
		tokens_give(t);
	assert_true(tokens_close(t));
	assert_holds(fds[0], "abc", 3);
	loop_release(&c.loop);
	close_both(fds);
}

struct early {
	struct tokens *tokens;
	pid_t second;
};

static void look_for_token(struct loop_watch *w, short revents)
{
	struct early *e = w->owner;

	(void)revents;
	assert_false(tokens_take(e->tokens));
	e->second = tokens_watchdog(e->tokens);
}

// Whoever is served before in the same step finds the end: what was polled for the old watchdog
// says nothing of the new one, which would take us for dead if it were dropped.
static void the_end_of_a_watchdog_is_not_seen_twice(void **state)
{
	struct counter c = {0};
	int fds[2], other[2];

	(void)state;
	make_pipe(fds, "", 0);
	make_pipe(other, "x", 1);
	struct tokens *t = opened_kept(fds);
	struct early early = {.tokens = t};
	struct loop_watch w = {
		.fd = other[0], .events = POLLIN, .ready = look_for_token, .owner = &early};
	assert_true(tokens_take(t));
	loop_add_watch(&c.loop, &w);
	tokens_attach(t, &c.loop, count_ready, &c);
	tokens_await(t, true);
	pid_t first = tokens_watchdog(t);
	kill_watchdog(t);
	loop_step(&c.loop);
	assert_int_not_equal(early.second, first);
	assert_int_equal(tokens_watchdog(t), early.second);
	loop_remove_watch(&c.loop, &w);
	tokens_close(t);
	loop_release(&c.loop);
	close_both(fds);
	close_both(other);
}

// ---- pipes that cannot be opened anew ----

#define NOBODY 65534

// A pipe that /proc refuses to open again, as if another user had made it.
static void open_refused(struct client *c, int fds[2], const char *bytes, size_t n)
{
	struct err err = {0};
	uid_t me = geteuid();

	make_pipe(fds, bytes, n);
	assert_int_equal(fchmod(fds[0], 0), 0);
	struct makeflags m = {.auth = AUTH_FDS, .read_fd = fds[0], .write_fd = fds[1]};
	assert_int_equal(me == 0 ? seteuid(NOBODY) : 0, 0);
	int status = client_open(c, &m, &err);
	assert_int_equal(me == 0 ? seteuid(0) : 0, 0);
	check_row(status == 0, "%s", err.message);
}

static void a_refused_pipe_is_read_without_waiting(void **state)
{
	struct client c;
	int fds[2];
	char first, second, third;

	(void)state;
	open_refused(&c, fds, "ab", 2);
	assert_int_equal(c.how, READ_NOWAIT);
	assert_int_equal(client_take(&c, &first), 1);
	assert_int_equal(client_take(&c, &second), 1);
	assert_int_equal(client_take(&c, &third), 0);
	client_give(&c, second);
	client_give(&c, first);
	client_close(&c);
	assert_holds(fds[0], "ab", 2);
	close_both(fds);
}

static void a_refused_pipe_that_does_not_block_is_read_as_it_is(void **state)
{
	struct err err;
	struct client c;
	int fds[2];
	char byte;

	(void)state;
	make_pipe(fds, "a", 1);
	assert_int_equal(fcntl(fds[0], F_SETFL, O_NONBLOCK), 0);
	struct makeflags m = {.auth = AUTH_FDS, .read_fd = fds[0], .write_fd = fds[1]};
	assert_int_equal(fchmod(fds[0], 0), 0);
	uid_t me = geteuid();
	assert_int_equal(me == 0 ? seteuid(NOBODY) : 0, 0);
	assert_int_equal(client_open(&c, &m, &err), 0);
	assert_int_equal(me == 0 ? seteuid(0) : 0, 0);
	assert_int_equal(c.own_fd, -1);
	assert_int_equal(client_take(&c, &byte), 1);
	client_give(&c, byte);
	client_close(&c);
	assert_holds(fds[0], "a", 1);
	close_both(fds);
}

// A token of the helper arrives when the helper has run: poll tells, as the loop would.
static void take_with_helper(struct client *c, char *byte)
{
	int taken;

	while ((taken = client_take(c, byte)) == 0) {
		struct pollfd p = {c->poll_fd, POLLIN, 0};
		assert_int_equal(poll(&p, 1, 60000), 1);
	}
	assert_int_equal(taken, 1);
}

static void a_helper_reads_where_nothing_else_can(void **state)
{
	struct client c;
	int fds[2];
	char a, b, none;

	(void)state;
	old_kernel = true;
	open_refused(&c, fds, "a\xff\n", 3);
	take_with_helper(&c, &a);
	assert_int_equal(c.how, READ_HELPER);
	// One for the one that was asked for; no other is kept idle.
	assert_int_equal(waiting_in(fds[0]), 2);
	take_with_helper(&c, &b);
	assert_int_equal(waiting_in(fds[0]), 1);
	take_with_helper(&c, &none);
	client_give(&c, none);
	client_give(&c, b);
	client_give(&c, a);
	assert_int_equal(fcntl(fds[0], F_GETFL) & O_NONBLOCK, 0);
	pid_t helper = c.helper;
	client_close(&c);
	old_kernel = false;
	assert_int_equal(waitpid(helper, NULL, WNOHANG), -1);
	assert_holds(fds[0], "a\xff\n", 3);
	close_both(fds);
}

// What the helper has just read, or is about to, goes back.
static void a_helper_that_is_stopped_keeps_nothing(void **state)
{
	struct client c;
	int fds[2];
	char byte;

	(void)state;
	old_kernel = true;
	for (int i = 0; i < 100; i++) {
		open_refused(&c, fds, "abc", i % 4);
		int taken = client_take(&c, &byte);
		assert_true(taken == 0 || taken == 1);
		if (taken == 1)
			client_give(&c, byte);
		client_close(&c);
		assert_holds(fds[0], "abc", (size_t)(i % 4));
		close_both(fds);
	}
	old_kernel = false;
}

static void a_helper_wakes_the_loop(void **state)
{
	struct loop_timer late = {.at_ns = clock_mono_ns() + 20 * NS_PER_SEC, .fire = do_nothing};
	struct counter c = {0};
	struct err warning;
	int fds[2];

	(void)state;
	make_pipe(fds, "", 0);
	assert_int_equal(fchmod(fds[0], 0), 0);
	uid_t me = geteuid();
	assert_int_equal(me == 0 ? seteuid(NOBODY) : 0, 0);
	struct tokens *t = opened_fds(fds[0], fds[1], 0, &warning);
	assert_int_equal(me == 0 ? seteuid(0) : 0, 0);
	old_kernel = true;
	tokens_attach(t, &c.loop, count_ready, &c);
	loop_add_timer(&c.loop, &late);
	assert_true(tokens_take(t));
	assert_false(tokens_take(t));
	tokens_await(t, true);
	assert_int_equal(write(fds[1], "t", 1), 1);
	// From now on make's own pipe tells nothing.
	while (waiting_in(fds[0]) > 0)
		sched_yield();
	loop_step(&c.loop);
	assert_int_equal(c.ready, 1);
	assert_true(tokens_take(t));
	tokens_close(t);
	old_kernel = false;
	loop_release(&c.loop);
	assert_holds(fds[0], "t", 1);
	close_both(fds);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_pool_has_the_size_that_was_asked_for),
		cmocka_unit_test(a_pool_counts_its_slots),
		cmocka_unit_test(the_first_slot_needs_no_token),
		cmocka_unit_test(tokens_held_follow_the_count),
		cmocka_unit_test(the_very_bytes_go_back),
		cmocka_unit_test(close_gives_everything_back),
		cmocka_unit_test(a_cap_leaves_the_other_tokens),
		cmocka_unit_test(an_uncapped_client_takes_what_make_grants),
		cmocka_unit_test(flags_of_a_pipe_stay),
		cmocka_unit_test(workers_do_not_inherit_it),
		cmocka_unit_test(closed_fds_are_rejected),
		cmocka_unit_test(one_closed_end_is_rejected),
		WITH_FOLDER(a_regular_file_is_rejected),
		cmocka_unit_test(two_pipes_are_rejected),
		cmocka_unit_test(swapped_ends_are_rejected),
		cmocka_unit_test(malformed_words_are_rejected),
		cmocka_unit_test(a_long_malformed_word_is_cut_in_the_warning),
		cmocka_unit_test(not_for_us_is_silent),
		WITH_FOLDER(a_fifo_works_like_a_pipe),
		WITH_FOLDER(an_empty_fifo_grants_one_slot),
		WITH_FOLDER(what_is_no_served_fifo_is_rejected),
		cmocka_unit_test(it_is_polled_only_while_a_job_waits),
		cmocka_unit_test(an_empty_pipe_wakes_nobody),
		cmocka_unit_test(devices_are_rejected),
		cmocka_unit_test(a_full_pipe_keeps_nobody),
		cmocka_unit_test(a_pool_needs_no_loop),
		cmocka_unit_test(one_watchdog_after_the_other_loses_nothing),
		cmocka_unit_test(the_end_of_a_watchdog_is_not_seen_twice),
		cmocka_unit_test(a_refused_pipe_is_read_without_waiting),
		cmocka_unit_test(a_refused_pipe_that_does_not_block_is_read_as_it_is),
		cmocka_unit_test(a_helper_reads_where_nothing_else_can),
		cmocka_unit_test(a_helper_that_is_stopped_keeps_nothing),
		cmocka_unit_test(a_helper_wakes_the_loop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
