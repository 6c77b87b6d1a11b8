// SPDX-License-Identifier: MIT
// Places that processes share out: others are forked here, and hold on until they are killed.
#include "sys/places.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>

#include "../unit.h"
#include "base/err.h"

#define FILE_NAME "places"

static struct places open_places(void)
{
	struct places p;
	struct err err;

	assert_int_equal(places_open(&p, FILE_NAME, &err), 0);
	return p;
}

// A process that holds those places of a name, shared or not.
static pid_t holder(const char *name, const long *places, size_t n, bool shared)
{
	int fds[2];
	char taken = 1;

	assert_int_equal(pipe(fds), 0);
	pid_t pid = fork();
	if (pid == 0) {
		struct places p = open_places();
		for (size_t i = 0; i < n; i++)
			taken &= places_take(&p, places_of(name), places[i], shared);
		if (write(fds[1], &taken, 1) < 0)
			_exit(1);
		for (;;)
			pause();
	}
	assert_int_equal(read(fds[0], &taken, 1), 1);
	assert_true(taken);
	close(fds[0]);
	close(fds[1]);
	return pid;
}

static void end(pid_t pid)
{
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static void a_place_has_one_holder_who_is_told(void **state)
{
	const long places[] = {0, 2, 5};
	const places_name db = places_of("db");
	struct places p = open_places();
	pid_t other = holder("db", places, 3, false);

	(void)state;
	assert_false(places_take(&p, db, 0, false));
	assert_false(places_take(&p, db, 0, true));
	assert_true(places_take(&p, db, 1, false));
	assert_true(places_take(&p, places_of("net"), 0, false));
	assert_int_equal(places_holder(&p, db, 0, PLACES_MOST), other);
	assert_int_equal(places_holder(&p, db, 1, 1), 0);
	// Ours are none of others'.
	assert_int_equal(places_count(&p, db, 0, PLACES_MOST), 3);
	assert_int_equal(places_count(&p, db, 1, 4), 1);
	assert_int_equal(places_count(&p, db, 3, 0), 0);
	end(other);
	assert_true(places_take(&p, db, 0, false));
	assert_int_equal(places_count(&p, db, 0, PLACES_MOST), 0);
	places_close(&p);
}

static void several_hold_what_they_share(void **state)
{
	const long first = 0;
	const places_name db = places_of("db");
	struct places p = open_places();
	pid_t one = holder("db", &first, 1, true), two = holder("db", &first, 1, true);

	(void)state;
	assert_true(places_take(&p, db, 0, true));
	assert_false(places_take(&p, db, 0, false));
	end(one);
	end(two);
	assert_true(places_take(&p, db, 0, false));
	places_give(&p, db, 0);
	end(holder("db", &first, 1, false));
	places_close(&p);
}

static void who_watches_hears_of_it(void **state)
{
	const long first = 0;
	struct places p = open_places();
	struct pollfd watch = {.fd = places_watch(&p), .events = POLLIN};
	char events[4096];
	pid_t other = holder("db", &first, 1, false);

	(void)state;
	if (watch.fd < 0)
		skip();
	assert_int_equal(poll(&watch, 1, 0), 0);
	end(other);
	assert_int_equal(poll(&watch, 1, -1), 1);
	assert_true(read(watch.fd, events, sizeof events) > 0);
	places_tell(&p);
	assert_int_equal(poll(&watch, 1, -1), 1);
	close(watch.fd);
	places_close(&p);
}

// Nobody may lock alone what he may not write.
static void where_locks_are_refused_nobody_is_kept_out(void **state)
{
	struct places p = open_places(), read_only = {open(FILE_NAME, O_RDONLY | O_CLOEXEC)};

	(void)state;
	assert_true(places_take(&read_only, places_of("db"), 0, false));
	assert_true(places_take(&p, places_of("db"), 0, false));
	assert_false(places_take(&read_only, places_of("db"), 0, true));
	places_close(&read_only);
	places_close(&p);
}

static void what_is_no_file_is_refused(void **state)
{
	struct places p;
	struct err err;

	(void)state;
	assert_int_equal(symlink("elsewhere", "link"), 0);
	assert_int_equal(places_open(&p, "link", &err), -1);
	assert_int_equal(places_open(&p, ".", &err), -1);
	assert_int_equal(places_open(&p, "no/folder", &err), -1);
	assert_int_equal(mkfifo("fifo", 0600), 0);
	assert_int_equal(places_open(&p, "fifo", &err), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_FOLDER(a_place_has_one_holder_who_is_told),
		WITH_FOLDER(several_hold_what_they_share),
		WITH_FOLDER(who_watches_hears_of_it),
		WITH_FOLDER(where_locks_are_refused_nobody_is_kept_out),
		WITH_FOLDER(what_is_no_file_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
