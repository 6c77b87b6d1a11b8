// SPDX-License-Identifier: MIT
// The library in a program that has children of its own.
#include "firmo-jobs.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/path.h"
#include "unit.h"

static char folder[] = "/tmp/firmo-jobs-session-XXXXXX";

static struct firmo_jobs *open_session(void)
{
	static char *words[] = {(char *)"firmo-jobs",
				(char *)"-q",
				(char *)"-j1",
				(char *)"--db=h.db",
				(char *)"--command=true {}",
				(char *)"a_test.lua",
				NULL};
	struct firmo_jobs *session;

	assert_int_equal(firmo_jobs_open(&session, 6, words), FIRMO_JOBS_OK);
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

static void test_a_session_runs_once(void **state)
{
	struct firmo_jobs *session = open_session();

	assert_int_equal(firmo_jobs_run(session), FIRMO_JOBS_USAGE);
	assert_int_equal(firmo_jobs_plan(session), FIRMO_JOBS_OK);
	assert_int_equal(firmo_jobs_planned(session), 1);
	assert_int_equal(firmo_jobs_plan(session), FIRMO_JOBS_USAGE);
	assert_int_equal(firmo_jobs_planned(session), 1);
	enum firmo_jobs_status first = firmo_jobs_run(session);
	assert_true(first == FIRMO_JOBS_OK || first == FIRMO_JOBS_NO_TESTS);
	assert_int_equal(firmo_jobs_run(session), FIRMO_JOBS_USAGE);
	firmo_jobs_report(session);
	firmo_jobs_close(session);
	session = open_session();
	firmo_jobs_close(session);
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
		cmocka_unit_test(test_a_session_runs_once),
		cmocka_unit_test(test_children_of_others_are_left_alone),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
