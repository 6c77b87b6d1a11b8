// SPDX-License-Identifier: MIT
#include "launch/watched.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/err.h"
#include "launch/dependence.h"
#include "launch/fingerprints.h"
#include "launch/local.h"
#include "launch/own_folder.h"
#include "model/inputs.h"
#include "model/result.h"

static struct local *local_of(const struct process *p)
{
	return (struct local *)p->launcher;
}

static struct local_process *local_process(const struct process *p)
{
	return (struct local_process *)p;
}

static void find_touched(struct local_process *p, const struct trace_rules *rules,
			 const struct inputs *all)
{
	char *touched = p->server && p->trace.fd >= 0
				? forkstart_find_touched(&p->server->start, &p->trace, rules, all)
				: NULL;

	p->process.spoilt = touched != NULL;
	if (touched)
		forkserver_note_touched(local_of(&p->process), p->server, p->file, touched);
	free(touched);
}

static struct inputs *read_trace(struct process *process)
{
	struct local_process *p = local_process(process);
	const struct local *l = local_of(process);
	const struct trace_rules rules = {.cwd = l->settings->cwd,
					  .below = l->settings->own,
					  .server = p->server ? (uint32_t)p->server_pid : 0,
					  .worker = (uint32_t)p->pid,
					  .environ = p->server ? p->server->environment.envp
							       : p->environment.envp};

	if (!l->settings->library)
		return NULL;
	struct inputs *in = xcalloc(1, sizeof *in);
	if (p->noted.data)
		trace_parse(p->noted.data, p->noted.n, &rules, in);
	else if (p->trace.fd < 0 || trace_read(&p->trace, &rules, in, NULL) < 0)
		inputs_doubt(in, DOUBT_BLIND, "");
	find_touched(p, &rules, in);
	in->since_ns = p->server ? p->server->began_ns : 0;
	return in;
}

struct inputs *watched_inputs(struct process *process, const struct strings *whole)
{
	const struct local_process *p = local_process(process);
	struct local *l = local_of(process);
	struct inputs *in = read_trace(process);

	if (!in)
		return NULL;
	dependence_add_file(in, p->file);
	dependence_add_whole(in, whole, l->settings->cwd);
	dependence_complete(in, p->settings, &l->programs);
	return in;
}

// No more comes of a setup of which nothing is left: it holds no descriptor for the rest of a run.
static void close_trace(struct process *process)
{
	struct local_process *p = local_process(process);
	struct err ignored;

	if (p->trace.fd < 0 || !process->launcher->operations->is_quiet(process))
		return;
	p->noted.data = trace_copy(&p->trace, &p->noted.n, &ignored);
	close(p->trace.fd);
	p->trace.fd = -1;
}

struct inputs *watched_setup_inputs(struct process *process)
{
	close_trace(process);
	struct inputs *in = read_trace(process);

	if (in)
		dependence_complete(in, local_process(process)->settings,
				    &local_of(process)->programs);
	for (size_t i = 0; in && i < in->list.n; i++)
		in->list.items[i].seen.since_ns = process->started_ns;
	return in;
}

void watched_look(struct launcher *launcher, struct result *r)
{
	struct local *l = (struct local *)launcher;

	fingerprints_take(&l->fingerprints, r);
	if (r->inputs)
		own_folder_explain(r, l->settings->cwd);
}
