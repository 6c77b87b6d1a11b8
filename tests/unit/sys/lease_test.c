// SPDX-License-Identifier: MIT
// Numbers that processes share out: each of them is forked here, and holds on until it is told.
#include "sys/lease.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>

#include "../unit.h"

// A process that leases a number and keeps it until it is killed.
static int leased_by_another(pid_t *pid, const char *folder)
{
	int fds[2], number = -1;

	assert_int_equal(pipe(fds), 0);
	*pid = fork();
	if (*pid == 0) {
		number = lease_number(folder);
		if (write(fds[1], &number, sizeof number) < 0)
			_exit(1);
		for (;;)
			pause();
	}
	assert_int_equal(read(fds[0], &number, sizeof number), sizeof number);
	close(fds[0]);
	close(fds[1]);
	return number;
}

static void end(pid_t pid)
{
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static void each_has_the_smallest_that_is_free(void **state)
{
	pid_t pids[3], again;

	(void)state;
	for (int i = 0; i < 3; i++)
		assert_int_equal(leased_by_another(&pids[i], "deep/slots"), i);
	assert_int_equal(lease_number("deep/slots"), 3);
	// However its holder has ended.
	end(pids[1]);
	assert_int_equal(leased_by_another(&again, "deep/slots"), 1);
	assert_int_equal(lease_number("other"), 0);
	end(pids[0]);
	end(pids[2]);
	end(again);
}

static void without_a_folder_it_is_the_first(void **state)
{
	(void)state;
	write_text("file", "");
	assert_int_equal(lease_number("file"), 0);
	assert_int_equal(lease_number("file/below"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_FOLDER(each_has_the_smallest_that_is_free),
		WITH_FOLDER(without_a_folder_it_is_the_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
