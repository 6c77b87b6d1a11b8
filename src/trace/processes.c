// SPDX-License-Identifier: MIT
#include "trace/processes.h"

#include "base/alloc.h"
#include "trace/looks.h"
#include "trace/paths.h"

uint32_t processes_pid(const struct trace_reading *r, uint32_t pid)
{
	return pid == r->rules->server ? r->rules->worker : pid;
}

static struct traced_process *process_of(struct trace_reading *r, uint32_t noted)
{
	uint32_t pid = processes_pid(r, noted);

	for (size_t i = r->processes.n; i-- > 0;)
		if (r->processes.items[i].pid == pid)
			return &r->processes.items[i];
	struct traced_process p = {.pid = pid};
	VEC_PUSH(&r->processes, p);
	return &r->processes.items[r->processes.n - 1];
}

static void take_executed(struct trace_reading *r, const struct trace_record *rec)
{
	const char *before = looks_before(r, rec, trace_record_path(rec));

	paths_take(r, rec);
	if (before && trace_record_seen(rec)->mode)
		looks_add(r, INPUT_ACCESS, looks_before(r, rec, trace_record_path(rec)), true,
			  looks_access_seen(rec));
}

// What was executed may be a script: the program itself tells the name of its interpreter.
static void says_hello(struct trace_reading *r, struct traced_process *p)
{
	if (p->awaited)
		take_executed(r, p->awaited);
	else
		p->hellos++;
	p->awaited = NULL;
}

static void is_awaited(struct trace_reading *r, struct traced_process *p,
		       const struct trace_record *rec)
{
	if (p->awaited) // it became something that became this, and said nothing
		inputs_doubt(r->in, DOUBT_BLIND, trace_record_path(p->awaited));
	p->awaited = rec;
}

void processes_add_program(struct trace_reading *r, const char *path, bool told)
{
	struct input_program program = {.path = xstrdup(path), .told = told};

	VEC_PUSH(&r->in->programs, program);
}

// The process becomes another program, ends, or has told all variables that it uses.
void processes_end_program(struct trace_reading *r, struct traced_process *p, bool told)
{
	if (p->program)
		processes_add_program(r, p->program, told);
	p->program = NULL;
}

void processes_take(struct trace_reading *r, const struct trace_record *rec)
{
	struct traced_process *p = process_of(r, rec->pid);

	if (rec->op == TRACE_EXEC) {
		is_awaited(r, p, rec);
		return; // it may fail yet
	}
	if (rec->op == TRACE_TOLD || rec->op == TRACE_HELLO)
		processes_end_program(r, p, rec->op == TRACE_TOLD);
	r->shells_told |= rec->op == TRACE_TOLD;
	if (rec->op == TRACE_TOLD)
		return;
	if (rec->op == TRACE_HELLO) {
		p->program = trace_record_path(rec);
		says_hello(r, p);
	} else if (rec->op == TRACE_EXEC_FAILED)
		p->awaited = NULL;
	else if (p->hellos > 0) // TRACE_SPAWN, and the program was quicker
		p->hellos--;
	else
		is_awaited(r, p, rec);
	paths_take(r, rec);
}

// Every program that was started has to say hello: those whose pids are known, the shells, and the
// worker itself.
void processes_doubt_the_silent(struct trace_reading *r)
{
	long hellos = 0;

	for (size_t i = 0; i < r->processes.n; i++) {
		if (r->processes.items[i].awaited)
			inputs_doubt(r->in, DOUBT_BLIND,
				     trace_record_path(r->processes.items[i].awaited));
		hellos += r->processes.items[i].hellos;
	}
	if (hellos <= r->shells)
		inputs_doubt(r->in, DOUBT_BLIND, r->shells > 0 ? "/bin/sh" : "the interpreter");
}
