// SPDX-License-Identifier: MIT
#include "launch/remnants.h"

#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/limits.h"
#include "jobserver/tokens.h"
#include "launch/local.h"
#include "launch/reaper.h"
#include "sys/descendants.h"

static bool is_known(const struct local *l, pid_t pid)
{
	if (tokens_is_own(l->tokens, pid) || reaper_is_inherited(l, pid) || pid == l->guest.pid ||
	    forkserver_is(l, pid))
		return true;
	for (size_t i = 0; i < l->processes.n; i++)
		if (!l->processes.items[i]->reaped && l->processes.items[i]->pid == pid)
			return true;
	return false;
}

size_t remnants_find(const struct local *l, const char *mark, bool end_them)
{
	// Those that were adopted stand behind all that were started.
	size_t max = l->processes.n + 256, found = 0;
	pid_t *pids = xmalloc(max * sizeof *pids);
	size_t n;

	if (!descendants_children(pids, max, &n))
		tokens_distrust(l->tokens);

	for (size_t i = 0; i < n; i++) {
		if (is_known(l, pids[i]))
			continue;
		enum belongs belongs = descendants_belongs(pids[i], mark);
		found += belongs == BELONGS || (belongs == BELONGS_UNKNOWN && !l->unowned);
		if (belongs == BELONGS && end_them)
			kill(pids[i], SIGKILL);
	}
	free(pids);
	return found;
}

// Those that have given up their environment, and whose parents are gone, are told by nothing but
// that they are ours. Where others are there whose descendants become children of ours as well,
// what descends of fixtures is told by its mark.
static size_t end_strays(const struct local *l)
{
	const rlim_t mark = limits_mark(getpid());
	bool alone = !l->has_others && l->guest.pid == 0;
	size_t n, found = 0;
	pid_t pids[256];

	descendants_children(pids, sizeof pids / sizeof *pids, &n);
	for (size_t i = 0; i < n; i++)
		found += !is_known(l, pids[i]) && (alone || limits_bear(pids[i], mark)) &&
			 kill(pids[i], SIGKILL) == 0;
	return found;
}

// Some could not be recognised earlier, as they were about to execute something.
void remnants_end_all(struct local *l)
{
	char *mark = xasprintf("FIRMO_JOBS_WORKER=%s", l->run);
	struct err ignored;
	size_t left = 1;

	for (int round = 0; round < 100 && left > 0; round++) {
		left = remnants_find(l, mark, true);
		if (left == 0)
			left = end_strays(l);
		if (left == 0)
			break;
		poll(NULL, 0, 10);
		reaper_reap(l, &ignored);
	}
	if (left > 0)
		tokens_distrust(l->tokens);
	free(mark);
}
