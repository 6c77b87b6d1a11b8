// SPDX-License-Identifier: MIT
#include "launch/reaper.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "base/alloc.h"
#include "base/err.h"
#include "jobserver/tokens.h"
#include "launch/local.h"
#include "sys/descendants.h"
#include "sys/process.h"
#include "sys/sentry.h"
#include "sys/spawner.h"

#define CHILDREN_MOST 4096 // that are looked at

void reaper_open(struct local *l)
{
	pid_t *pids = xmalloc(CHILDREN_MOST * sizeof *pids);
	size_t n, kept = 0;

	descendants_children(pids, CHILDREN_MOST, &n);
	for (size_t i = 0; i < n; i++) {
		const struct spawner *spawner = l->settings->spawner;
		bool is_own = tokens_is_own(l->tokens, pids[i]) || pids[i] == l->guest.pid;
		if (!is_own)
			pids[kept++] = pids[i];
		l->has_others |= !is_own && !(spawner && pids[i] == spawner->pid);
	}
	l->inherited.items = pids;
	l->inherited.n = kept;
}

void reaper_close(struct local *l)
{
	free(l->inherited.items);
}

bool reaper_is_inherited(const struct local *l, pid_t pid)
{
	for (size_t i = 0; i < l->inherited.n; i++)
		if (l->inherited.items[i] == pid)
			return true;
	return false;
}

static struct local_process *find_process(struct local *l, pid_t pid)
{
	for (size_t i = 0; i < l->processes.n; i++)
		if (!l->processes.items[i]->reaped && l->processes.items[i]->pid == pid)
			return l->processes.items[i];
	return NULL;
}

// Reaps the process if it has ended: true; p may be gone then. Looked at before: until it is reaped
// there is more to be asked about it.
static bool reap_process(struct local_process *p, struct err *err)
{
	struct schedule schedule;
	bool is_accounted = process_schedule(p->pid, &schedule);
	struct process_exit e = {.schedule = is_accounted ? &schedule : NULL};

	pid_t reaped = wait4(p->pid, &e.status, WNOHANG, &e.usage);
	if (reaped > 0) {
		p->reaped = true;
		p->process.hooks->exited(p->process.owner, &e);
	} else if (reaped < 0 && errno != EINTR) {
		err_set(err, errno, "wait for the workers");
	}
	return reaped > 0;
}

// The sentry of a process has ended: true.
static bool is_sentry(const struct local *l, pid_t pid, int status)
{
	for (size_t i = 0; i < l->processes.n; i++) {
		struct local_process *p = l->processes.items[i];
		if (p->sentry != pid)
			continue;
		p->was_interrupted |= sentry_saw(status);
		p->sentry = 0;
		return true;
	}
	return false;
}

// Reaps a process or an adopted descendant, if it has ended.
static bool reap_one(struct local *l, pid_t pid, bool *orphans, struct err *err)
{
	struct local_process *p = find_process(l, pid);

	if (p)
		return reap_process(p, err);
	int status;
	pid_t reaped = waitpid(pid, &status, WNOHANG);
	if (reaped > 0 && forkserver_is(l, pid))
		forkserver_reaped(l, pid, status);
	else if (!is_sentry(l, pid, status))
		*orphans |= reaped > 0;
	if (pid != l->guest.pid)
		return reaped > 0;
	// Its end is that of the run: without word of it, the run has none.
	if (reaped > 0)
		l->guest.reaped(l->guest.owner, status);
	else if (reaped < 0 && errno != EINTR)
		err_set(err, errno, "wait for the command");
	return reaped > 0;
}

// Where nothing is told, it may have ended.
static bool is_alive(pid_t pid)
{
	siginfo_t info = {0};

	return waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
	       info.si_pid == 0;
}

// Asks for each of them by itself. A process that ends may take others from the list.
static void reap_each(struct local *l, bool *orphans, struct err *err)
{
	pid_t *pids = xmalloc((CHILDREN_MOST + l->processes.n) * sizeof *pids);
	size_t n;

	descendants_children(pids, CHILDREN_MOST, &n);
	for (size_t i = 0; i < l->processes.n; i++)
		if (!l->processes.items[i]->reaped)
			pids[n++] = l->processes.items[i]->pid;
	for (size_t i = 0; i < n; i++)
		if (!reaper_is_inherited(l, pids[i]) && !tokens_is_own(l->tokens, pids[i]) &&
		    !is_alive(pids[i]))
			reap_one(l, pids[i], orphans, err);
	free(pids);
}

// The hook may release processes, which changes the list: so it is walked over a copy.
static void tell_of_orphans(struct local *l)
{
	size_t n = l->processes.n;
	struct local_process **copy = xmalloc((n + 1) * sizeof *copy);

	for (size_t i = 0; i < n; i++)
		copy[i] = l->processes.items[i];
	for (size_t i = 0; i < n; i++)
		copy[i]->process.hooks->waned(copy[i]->process.owner);
	free(copy);
}

int reaper_reap(struct local *l, struct err *err)
{
	siginfo_t info = {0};
	bool orphans = false, more = true;
	int status = 0;

	*err = (struct err){0};
	while (more) {
		info.si_pid = 0;
		status = waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT);
		more = status == 0 && info.si_pid > 0 && !reaper_is_inherited(l, info.si_pid) &&
		       reap_one(l, info.si_pid, &orphans, err);
	}
	// An inherited child stands in front, or nothing is told this way.
	if (status == 0 ? info.si_pid > 0 : errno != ECHILD)
		reap_each(l, &orphans, err);
	// An adopted descendant has gone: it may have been the last of a process.
	if (orphans)
		tell_of_orphans(l);
	return *err->message ? -1 : 0;
}
