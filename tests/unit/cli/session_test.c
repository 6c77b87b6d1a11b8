// SPDX-License-Identifier: MIT
// The library in a program that has children of its own.
#include "firmo-jobs.h"

#include <fcntl.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../unit.h"
#include "base/path.h"

static char folder[] = "/tmp/firmo-jobs-session-XXXXXX";

static struct firmo_jobs *open_session(void)
{
	static char *words[] = {(char *)"firmo-jobs",
				(char *)"-q",
				(char *)"-j1",
				(char *)"--db=h.db",
				(char *)"--command=true {}",
				(char *)"--framework=plain",
				(char *)"a_test.lua",
				NULL};
	struct firmo_jobs *session;

	assert_int_equal(firmo_jobs_open(&session, 7, words), FIRMO_JOBS_OK);
	return session;
}

static int set_up(void **state)
{
	unsetenv("MAKEFLAGS");
	if (!mkdtemp(folder) || chdir(folder) < 0)
		return -1;
	FILE *f = fopen("a_test.lua", "w");
	fputs("print('fine')\n", f);
	return fclose(f);
}

static int tear_down(void **state)
{
	return path_remove_tree(folder);
}

static void run_once(struct firmo_jobs *session)
{
	assert_int_equal(firmo_jobs_plan(session), FIRMO_JOBS_OK);
	assert_int_equal(firmo_jobs_planned(session), 1);
	assert_string_equal(firmo_jobs_planned_path(session, 0), "a_test.lua");
	enum firmo_jobs_status ran = firmo_jobs_run(session);
	assert_true(ran == FIRMO_JOBS_OK || ran == FIRMO_JOBS_NO_TESTS);
	assert_int_equal(firmo_jobs_report(session), ran);
}

static void test_each_run_is_planned_before(void **state)
{
	struct firmo_jobs *session = open_session();

	assert_int_equal(firmo_jobs_run(session), FIRMO_JOBS_USAGE);
	run_once(session);
	assert_int_equal(firmo_jobs_run(session), FIRMO_JOBS_USAGE);
	assert_int_equal(firmo_jobs_plan(session), FIRMO_JOBS_OK);
	run_once(session); // one that was planned need not be run
	firmo_jobs_close(session);
	session = open_session();
	firmo_jobs_close(session);
}

static int open_fds(void)
{
	int n = 0;

	for (int fd = 0; fd < 256; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

// Of a sanitizer, which has a heap of its own; NULL: there is none.
size_t __sanitizer_get_current_allocated_bytes(void) __attribute__((weak));

static size_t held_bytes(void)
{
	return __sanitizer_get_current_allocated_bytes ? __sanitizer_get_current_allocated_bytes()
						       : mallinfo2().uordblks;
}

// What is kept for each run would show: results, outputs, inputs take some kilobytes.
#define MORE_BYTES 65536
#define RUNS       100

static void test_runs_in_one_session_leave_nothing(void **state)
{
	struct firmo_jobs *session = open_session();
	size_t held = 0;
	int fds = 0;

	for (int i = 0; i < RUNS; i++) {
		run_once(session);
		if (i == RUNS / 2) {
			held = held_bytes();
			fds = open_fds();
		}
	}
	assert_int_equal(open_fds(), fds);
	assert_true(held_bytes() < held + MORE_BYTES);
	firmo_jobs_close(session);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1); // no child is left
}

// Some have ended before, one ends in mid-run, one stays: nobody but we wait for them.
static void test_children_of_others_are_left_alone(void **state)
{
	pid_t ended = fork();
	if (ended == 0)
		_exit(7);
	siginfo_t info;
	assert_int_equal(waitid(P_PID, (id_t)ended, &info, WEXITED | WNOWAIT), 0);
	pid_t stays = fork();
	if (stays == 0) {
		pause();
		_exit(0);
	}
	struct firmo_jobs *session = open_session();
	assert_int_equal(firmo_jobs_plan(session), FIRMO_JOBS_OK);
	enum firmo_jobs_status ran = firmo_jobs_run(session);
	assert_true(ran == FIRMO_JOBS_OK || ran == FIRMO_JOBS_NO_TESTS);
	firmo_jobs_close(session);
	int status;
	assert_int_equal(waitpid(ended, &status, WNOHANG), ended);
	assert_int_equal(WEXITSTATUS(status), 7);
	assert_int_equal(waitpid(stays, &status, WNOHANG), 0);
	kill(stays, SIGKILL);
	assert_int_equal(waitpid(stays, &status, 0), stays);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_run_is_planned_before),
		cmocka_unit_test(test_runs_in_one_session_leave_nothing),
		cmocka_unit_test(test_children_of_others_are_left_alone),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
