// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "firmo-jobs.h"
#include "sys/signals.h"

static enum firmo_jobs_status run(struct firmo_jobs *session)
{
	enum firmo_jobs_status status = firmo_jobs_plan(session);

	if (status != FIRMO_JOBS_OK)
		return status;
	status = firmo_jobs_run(session);
	if (status == FIRMO_JOBS_BROKEN)
		return status;
	return firmo_jobs_report(session);
}

static enum firmo_jobs_status plan_and(struct firmo_jobs *session,
				       enum firmo_jobs_status (*show)(struct firmo_jobs *))
{
	enum firmo_jobs_status status = firmo_jobs_plan(session);

	return status == FIRMO_JOBS_OK ? show(session) : status;
}

static enum firmo_jobs_status carry_out(struct firmo_jobs *session, enum firmo_jobs_mode mode)
{
	switch (mode) {
	case FIRMO_JOBS_RUN:
		return run(session);
	case FIRMO_JOBS_LIST:
		return plan_and(session, firmo_jobs_list);
	case FIRMO_JOBS_ADVISE:
		return plan_and(session, firmo_jobs_advise);
	case FIRMO_JOBS_HISTORY:
		return firmo_jobs_history(session);
	case FIRMO_JOBS_SHOW:
		return firmo_jobs_show(session);
	case FIRMO_JOBS_WHY:
		return firmo_jobs_why(session);
	case FIRMO_JOBS_RULES:
		return firmo_jobs_rules(session);
	case FIRMO_JOBS_GATHER:
		return firmo_jobs_gather(session);
	case FIRMO_JOBS_PRINT_MK:
		return firmo_jobs_print_mk(session);
	case FIRMO_JOBS_PRUNE:
		return firmo_jobs_prune(session);
	case FIRMO_JOBS_EXPORT:
		return firmo_jobs_export(session);
	case FIRMO_JOBS_IMPORT:
		return firmo_jobs_import(session);
	case FIRMO_JOBS_CHECK:
		return firmo_jobs_check(session);
	case FIRMO_JOBS_HELP:
		return firmo_jobs_help(session);
	case FIRMO_JOBS_VERSION_MODE:
		puts("firmo-jobs " FIRMO_JOBS_VERSION);
		return FIRMO_JOBS_OK;
	}
	return FIRMO_JOBS_USAGE;
}

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
	// Where files may not grow further (RLIMIT_FSIZE), a write that fails can be told of.
	signal(SIGXFSZ, SIG_IGN);
	enum firmo_jobs_mode mode;
	struct firmo_jobs *session;
	enum firmo_jobs_status status = firmo_jobs_open(&session, argc, argv, &mode);

	if (status == FIRMO_JOBS_OK)
		status = carry_out(session, mode);
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
