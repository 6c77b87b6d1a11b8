// SPDX-License-Identifier: MIT
#include "sys/sentry.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../unit.h"

// A sentry whose sibling has ended, all signals being blocked where it begins, as in a spawn.
static pid_t sentry_of(void)
{
	volatile pid_t sentry = -1;
	sigset_t all, before;
	pid_t pid;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before);
	pid = vfork();
	if (pid == 0) {
		sentry = sentry_start();
		_exit(0);
	}
	sigprocmask(SIG_SETMASK, &before, NULL);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_true(sentry > 0);
	return sentry;
}

static void test_sees_what_came_before_its_end(void **state)
{
	(void)state;
	// It has hardly begun where the first of them end.
	for (int i = 0; i < 200; i++) {
		pid_t sentry = sentry_of();

		kill(sentry, SIGINT);
		assert_true(sentry_end(sentry));
	}
}

static void test_sees_nothing_where_nothing_came(void **state)
{
	(void)state;
	for (int i = 0; i < 20; i++)
		assert_false(sentry_end(sentry_of()));
}

static void test_ends_where_it_is_stopped(void **state)
{
	pid_t sentry = sentry_of();
	int status = 0;

	(void)state;
	kill(sentry, SIGSTOP);
	assert_int_equal(waitpid(sentry, &status, WUNTRACED), sentry);
	assert_true(WIFSTOPPED(status));
	assert_false(sentry_end(sentry));
	sentry = sentry_of();
	kill(sentry, SIGSTOP);
	assert_int_equal(waitpid(sentry, &status, WUNTRACED), sentry);
	kill(sentry, SIGINT);
	assert_true(sentry_end(sentry));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sees_what_came_before_its_end),
		cmocka_unit_test(test_sees_nothing_where_nothing_came),
		cmocka_unit_test(test_ends_where_it_is_stopped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
