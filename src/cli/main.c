// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "base/muzzle.h"
#include "firmo-jobs.h"
#include "sys/signals.h"

// Where 0, 1 or 2 was closed, what we open would land there, and others would write into it. A
// closed standard output stays one that cannot be written.
static int fill_standard_fds(void)
{
	for (int fd = 0; fd < 3; fd++)
		if (fcntl(fd, F_GETFD) < 0 &&
		    open("/dev/null", fd == STDOUT_FILENO ? O_RDONLY : O_RDWR) < 0)
			return -1;
	return 0;
}

int main(int argc, char **argv)
{
	if (fill_standard_fds() < 0)
		return FIRMO_JOBS_BROKEN;
	muzzle_install();
	// Where files may not grow further (RLIMIT_FSIZE), a write that fails can be told of.
	signal(SIGXFSZ, SIG_IGN);
	struct firmo_jobs *session;
	enum firmo_jobs_status status = firmo_jobs_open(&session, argc, argv);

	if (status == FIRMO_JOBS_OK)
		status = firmo_jobs_carry_out(session);
	int signo = firmo_jobs_signal(session);
	firmo_jobs_close(session);
	if (fflush(stdout) != 0 && status == FIRMO_JOBS_OK) {
		perror("firmo-jobs: standard output");
		status = FIRMO_JOBS_BROKEN;
	}
	if (signo)
		signals_reraise(signo);
	return (int)status;
}
