// SPDX-License-Identifier: MIT
// A program that runs while we wait.
#include "sys/command.h"

#include <signal.h>
#include <sys/wait.h>

#include "../unit.h"
#include "base/err.h"
#include "sys/signals.h"

// Runs a line of the shell; wait status in *status, the signal that we had meanwhile is returned.
static int run(const char *line, int *status)
{
	char *const argv[] = {(char *)"sh", (char *)"-c", (char *)line, NULL};
	struct signals signals;
	struct err err = {0};
	int signo;

	assert_int_equal(signals_open(&signals, &err), 0);
	check_row(command_run(argv, &signals, status, &signo, &err) == 0, "%s", err.message);
	signals_close(&signals);
	return signo;
}

static void its_end_is_told(void **state)
{
	int status;

	(void)state;
	assert_int_equal(run("exit 3", &status), 0);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 3);
	assert_int_equal(run("kill -9 $$", &status), 0);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGKILL);
}

static void it_has_our_environment_files_and_signals(void **state)
{
	int status;

	(void)state;
	setenv("COMMAND_TEST", "set", 1);
	assert_int_equal(run("test \"$COMMAND_TEST\" = set && kill -PIPE $$", &status), 0);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGPIPE);
}

static void fatal_signals_are_passed_on(void **state)
{
	int status;

	(void)state;
	// A shell cannot trap what was ignored before it, as nohup does.
	signal(SIGHUP, SIG_DFL);
	// It tells us that it is ready by the signal that it then gets itself.
	assert_int_equal(
		run("trap 'exit 5' TERM; kill -TERM $PPID; while :; do sleep 0.01; done", &status),
		SIGTERM);
	assert_int_equal(WEXITSTATUS(status), 5);
	assert_int_equal(run("trap 'kill -HUP $PPID' INT; trap 'exit 6' HUP; kill -INT $PPID;"
			     "while :; do sleep 0.01; done",
			     &status),
			 SIGINT);
	assert_int_equal(WEXITSTATUS(status), 6);
}

static void one_that_is_not_there_is_an_error(void **state)
{
	char *const argv[] = {(char *)"no-such-program", NULL};
	struct signals signals;
	struct err err = {0};
	int status, signo;

	(void)state;
	assert_int_equal(signals_open(&signals, &err), 0);
	assert_int_equal(command_run(argv, &signals, &status, &signo, &err), -1);
	signals_close(&signals);
	assert_non_null(strstr(err.message, "no-such-program"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(its_end_is_told),
		cmocka_unit_test(it_has_our_environment_files_and_signals),
		cmocka_unit_test(fatal_signals_are_passed_on),
		cmocka_unit_test(one_that_is_not_there_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
