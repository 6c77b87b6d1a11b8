// SPDX-License-Identifier: MIT
#include "trace/trace.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/file_clock.h"
#include "trace/looks.h"
#include "trace/paths.h"
#include "trace/processes.h"

// ---- the file ----

static int prepare(int fd)
{
	const int64_t now_ns = clock_real_ns();
	const struct trace_head head = {.format = TRACE_FORMAT,
					.settled_ns = now_ns - FILE_CLOCK_COARSE_NS,
					.fine_device = file_clock_device(),
					.fine_settled_ns = now_ns - FILE_CLOCK_FINE_NS,
					.coarse_step_ns = FILE_CLOCK_COARSE_STEP_NS};

	if (ftruncate(fd, TRACE_BYTES) < 0 || pwrite(fd, &head, sizeof head, 0) != sizeof head)
		return -1;
	// Processes that have it mapped would die if it became shorter.
	return fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW);
}

int trace_open(struct trace *t, struct err *err)
{
	*t = (struct trace){
		.fd = memfd_create("firmo-jobs-trace", MFD_CLOEXEC | MFD_ALLOW_SEALING)};
	if (t->fd < 0)
		return err_set(err, errno, "make a trace");
	if (prepare(t->fd) < 0) {
		err_set(err, errno, "prepare a trace");
		trace_close(t);
		return -1;
	}
	t->variable = xasprintf(TRACE_VARIABLE "=/proc/%ld/fd/%d", (long)getpid(), t->fd);
	return 0;
}

void trace_close(struct trace *t)
{
	if (t->fd >= 0)
		close(t->fd);
	free(t->variable);
	*t = (struct trace){.fd = -1};
}

// How much of a trace is there to be read.
static size_t length_of(const struct trace_head *head)
{
	uint32_t used = head->used;

	return sizeof *head +
	       (used < TRACE_BYTES - sizeof *head ? used : TRACE_BYTES - sizeof *head);
}

char *trace_copy(const struct trace *t, size_t *n, struct err *err)
{
	struct trace_head head;

	if (pread(t->fd, &head, sizeof head, 0) == sizeof head) {
		char *data = xmalloc(length_of(&head));
		ssize_t got = pread(t->fd, data, length_of(&head), 0);
		*n = got > 0 ? (size_t)got : 0;
		if (got > 0)
			return data;
		free(data);
	}
	err_set(err, errno, "read a trace");
	return NULL;
}

void trace_note_again(char *data)
{
	((struct trace_head *)(void *)data)->generation++;
}

int trace_continue(const struct trace *t, const char *data, size_t n, struct err *err)
{
	return pwrite(t->fd, data, n, 0) == (ssize_t)n ? 0 : err_set(err, errno, "begin a trace");
}

int trace_read(const struct trace *t, const struct trace_rules *rules, struct inputs *in,
	       struct err *err)
{
	size_t n;
	// A copy: who still writes there does not pull the ground away under us.
	char *data = trace_copy(t, &n, err);

	if (!data)
		return -1;
	trace_parse(data, n, rules, in);
	free(data);
	return 0;
}

// ---- all records ----

static char used, missing; // what variables are mapped to

static bool is_own_variable(const struct trace_reading *r, const char *name)
{
	for (const char *const *v = r->rules->variables; v && *v; v++) {
		size_t n = strcspn(*v, "*");
		if (strncmp(name, *v, n) == 0 && ((*v)[n] || !name[n]))
			return true;
	}
	return false;
}

// Whether the worker was started with it.
static bool is_given(const struct trace_reading *r, const char *name)
{
	size_t n = strlen(name);

	for (char *const *entry = r->rules->environ; *entry; entry++)
		if (strncmp(*entry, name, n) == 0 && (*entry)[n] == '=')
			return true;
	return false;
}

static void take_variable(struct trace_reading *r, const char *name, bool is_set)
{
	bool is_news = !map_get(&r->variables, name) && !is_own_variable(r, name);

	if (is_news && (!r->rules->environ || is_set == is_given(r, name)))
		map_put(&r->variables, name, is_set ? &used : &missing);
}

static void take_record(struct trace_reading *r, const struct trace_record *rec)
{
	switch ((int)rec->op) {
	case TRACE_HELLO:
	case TRACE_EXEC:
	case TRACE_EXEC_FAILED:
	case TRACE_SPAWN:
	case TRACE_TOLD:
		processes_take(r, rec);
		break;
	case TRACE_CUT: // the worker is the first to say anything
		if (r->processes.n > 0 && r->processes.items[0].pid == processes_pid(r, rec->pid))
			r->in->cut = trace_record_seen(rec)->size;
		break;
	case TRACE_VARIABLE_READ:
		take_variable(r, trace_record_path(rec), rec->errnum == 0);
		break;
	case TRACE_ENVIRONMENT: // what of it counts nobody knows
		looks_tell(r, (struct input){.kind = INPUT_ENVIRONMENT, .found = true},
			   trace_record_path(rec));
		break;
	case TRACE_ATTRIBUTE:
		looks_tell(r, (struct input){.kind = INPUT_ATTRIBUTE, .found = true},
			   trace_record_path(rec));
		break;
	case TRACE_LIBRARY:
		looks_tell(r, (struct input){.kind = INPUT_LIBRARY}, trace_record_path(rec));
		break;
	case TRACE_NETWORK:
		inputs_doubt(r->in, DOUBT_NETWORK, trace_record_path(rec));
		break;
	case TRACE_UNSEEN:
		inputs_doubt(r->in, DOUBT_BLIND, trace_record_path(rec));
		break;
	default:
		r->shells += rec->op == TRACE_SHELL;
		if (rec->op == TRACE_LOADED && rec->errnum == 0)
			processes_add_program(r, trace_record_path(rec), false);
		paths_take(r, rec);
		break;
	}
}

static bool is_whole(const struct trace_record *rec, size_t room)
{
	size_t least = sizeof *rec + (rec->has_sight ? sizeof(struct trace_sight) : 0);

	return rec->bytes > least && rec->bytes <= room && rec->bytes % TRACE_ALIGN == 0;
}

static bool has_texts(const struct trace_record *rec)
{
	const char *path = trace_record_path(rec);
	size_t room = (size_t)((const char *)rec + rec->bytes - path);
	const char *end = memchr(path, '\0', room);
	bool needs_second = rec->op == TRACE_KEPT || rec->op == TRACE_LINK ||
			    rec->op == TRACE_RENAMED || rec->op == TRACE_LINKED;

	if (!end || !needs_second)
		return end;
	room -= (size_t)(end + 1 - path);
	return room > 0 && memchr(end + 1, '\0', room);
}

static void take_records(struct trace_reading *r, const char *data, size_t n)
{
	size_t from = r->rules->from > 0 ? r->rules->from : sizeof(struct trace_head);

	for (size_t at = from; at < n && n - at > sizeof(struct trace_record);) {
		const struct trace_record *rec = (const void *)(data + at);
		// Reserved, and its writer was killed: the next record is somewhere behind it.
		bool is_hole = rec->bytes == 0;
		bool is_good = !is_hole && is_whole(rec, n - at) && rec->op > 0 &&
			       rec->op < TRACE_OPS && has_texts(rec);
		if (is_good)
			take_record(r, rec);
		else if (!r->in->overflow) // then there is room at the end that nothing fitted in
			inputs_doubt(r->in, DOUBT_BLIND, "a process that was killed");
		if (!is_hole && !is_whole(rec, n - at))
			return;
		at += is_hole ? TRACE_ALIGN : rec->bytes;
	}
}

// ---- the outcome ----

// What shells look at unasked: dash and bash.
static void tell_of_shells(struct trace_reading *r)
{
	static const char *const names[] = {"PATH",        "HOME",           "CDPATH",
					    "ENV",         "BASHOPTS",       "SHELLOPTS",
					    "BASH_COMPAT", "POSIXLY_CORRECT"};

	for (size_t i = 0; r->shells_told && i < sizeof names / sizeof *names; i++)
		looks_tell(r, (struct input){.kind = INPUT_VARIABLE, .found = true}, names[i]);
}

static void tell_all(struct trace_reading *r)
{
	struct inputs *in = r->in;

	tell_of_shells(r);
	for (size_t i = 0; i < r->looks.cap; i++) {
		struct input *look = r->looks.slots[i].value;
		if (!r->looks.slots[i].key || looks_is_index(r->looks.slots[i].key + 1))
			continue;
		looks_settle(&look->seen);
		looks_tell(r, *look, looks_relative(r, r->looks.slots[i].key + 1));
	}
	for (size_t i = 0; i < r->written.cap; i++)
		if (r->written.slots[i].key)
			VEC_PUSH(&in->written, xstrdup(looks_relative(r, r->written.slots[i].key)));
	for (size_t i = 0; i < r->claims.cap; i++)
		if (r->claims.slots[i].key)
			VEC_PUSH(&in->claims, xstrdup(looks_relative(r, r->claims.slots[i].key)));
	for (size_t i = 0; i < r->variables.cap; i++) {
		const struct map_slot *v = &r->variables.slots[i];
		if (v->key)
			looks_tell(
				r,
				(struct input){.kind = INPUT_VARIABLE, .found = v->value == &used},
				v->key);
	}
	for (size_t i = 0; i < r->processes.n; i++)
		processes_end_program(r, &r->processes.items[i], false);
}

static void release_values(struct map *m)
{
	for (size_t i = 0; i < m->cap; i++)
		free(m->slots[i].value);
	map_release(m);
}

void trace_parse(const void *data, size_t n, const struct trace_rules *rules, struct inputs *in)
{
	struct trace_reading r = {.rules = rules, .in = in};
	const struct trace_head *head = data;

	if (n < sizeof *head || head->format != TRACE_FORMAT) {
		inputs_doubt(in, DOUBT_BLIND, "");
		return;
	}
	if (head->used > TRACE_BYTES - sizeof *head)
		inputs_doubt(in, DOUBT_OVERFLOW, "");
	take_records(&r, data, n < length_of(head) ? n : length_of(head));
	if (head->lost)
		inputs_doubt(in, DOUBT_BLIND, "a call of which no record could be made");
	processes_doubt_the_silent(&r);
	tell_all(&r);
	buf_release(&r.key);
	names_release(&r.names);
	release_values(&r.looks);
	release_values(&r.objects);
	map_release(&r.written);
	map_release(&r.claims);
	map_release(&r.chances);
	map_release(&r.variables);
	free(r.processes.items);
}
