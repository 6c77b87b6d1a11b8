// SPDX-License-Identifier: MIT
// --show: the report of a run that is over, from the history.
#include <stdlib.h>

#include "base/alloc.h"
#include "cli/session.h"
#include "store/store.h"

enum firmo_jobs_status firmo_jobs_show(struct firmo_jobs *s)
{
	struct err err = {0};

	if (session_open_store(s, false) != FIRMO_JOBS_OK)
		return FIRMO_JOBS_USAGE;
	if (!s->store) {
		char *message =
			xasprintf("there is no history in %s, so no run to show", s->options.db);
		session_warn(message);
		free(message);
		return FIRMO_JOBS_BROKEN;
	}
	if (store_load_run(s->store, s->options.shown_run, &s->run, &s->jobs, &err) == 0)
		return session_report(s, true);
	session_warn(err.message);
	return err.errnum ? FIRMO_JOBS_USAGE : FIRMO_JOBS_BROKEN;
}
