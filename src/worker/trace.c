// SPDX-License-Identifier: MIT
#include "worker/trace.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/map.h"
#include "base/path.h"
#include "worker/trace/record.h"

// ---- the file ----

static int prepare(int fd)
{
	const struct trace_head head = {.format = TRACE_FORMAT};

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

int trace_read(const struct trace *t, const struct trace_rules *rules, struct inputs *in,
	       struct err *err)
{
	struct trace_head head;

	if (pread(t->fd, &head, sizeof head, 0) != sizeof head)
		return err_set(err, errno, "read a trace");
	size_t n = length_of(&head);
	// A copy: who still writes there does not pull the ground away under us.
	char *data = xmalloc(n);
	ssize_t got = pread(t->fd, data, n, 0);
	if (got > 0)
		trace_parse(data, (size_t)got, rules, in);
	free(data);
	return got > 0 ? 0 : err_set(err, errno, "read a trace");
}

// ---- what is known of a path ----

// What a path was to the worker, or-ed.
enum {
	USED = 1 << 0,    // opened, executed, asked for: it was there
	LISTED = 1 << 1,  // a folder whose entries were asked for
	MISSING = 1 << 2, // it was not there
	OWN = 1 << 3,     // what is there now is the worker's own work
	WRITTEN = 1 << 4  // made, changed or removed by it
};

// Among the names of variables: all of them.
#define WHOLE_ENVIRONMENT ""

// A process that is expected to say hello, or that has said so without being expected.
struct process {
	uint32_t pid;
	const char *awaited; // the path that was executed, NULL: nothing
	long hellos;         // that nobody has announced yet
};

struct reading {
	const struct trace_rules *rules;
	struct inputs *in;
	struct map paths, variables; // to these bits
	bool owns;                   // some path is OWN
	struct buf above;            // a folder that a path lies in
	struct {
		struct process *items;
		size_t n, cap;
	} processes;
	long shells;         // were started with unknown pids
	char *folder;        // the last one that stood before a ".."
	bool folder_is_real; // and no link
};

static unsigned bits_of(const struct map *m, const char *name)
{
	return (unsigned)(uintptr_t)map_get(m, name);
}

static void add_bits(struct reading *r, const char *path, unsigned bits)
{
	unsigned before = bits_of(&r->paths, path);

	if ((before & bits) != bits)
		map_put(&r->paths, path, (void *)(uintptr_t)(before | bits));
}

// Whether the worker made it, or a folder that it lies in.
static bool is_own(struct reading *r, const char *path)
{
	if (!r->owns || bits_of(&r->paths, path) & OWN)
		return r->owns;
	buf_clear(&r->above);
	buf_addstr(&r->above, path);
	for (char *slash; (slash = strrchr(r->above.data, '/')) && slash > r->above.data;) {
		*slash = '\0';
		if (bits_of(&r->paths, r->above.data) & OWN)
			return true;
	}
	return false;
}

static void used(struct reading *r, const char *path, unsigned how)
{
	if (!is_own(r, path))
		add_bits(r, path, how);
}

static void made(struct reading *r, const char *path)
{
	add_bits(r, path, OWN | WRITTEN);
	r->owns = true;
}

// ---- which paths count ----

static bool is_below(const char *path, const char *folder)
{
	while (*folder && *path == *folder) {
		path++;
		folder++;
	}
	return !*folder && (*path == '/' || !*path);
}

static bool is_below_any(const char *path, const char *const *folders)
{
	for (; folders && *folders; folders++)
		if (is_below(path, *folders))
			return true;
	return false;
}

// What is read from /dev/urandom is as little an input as the time of day: Lua's and busted's own
// seeds come from there.
static bool is_clock(const char *path)
{
	static const char *const clocks[] = {"/dev/random", "/dev/hwrng", "/dev/hpet", NULL};

	return is_below_any(path, clocks) || strncmp(path, "/dev/rtc", strlen("/dev/rtc")) == 0;
}

static bool counts(const struct reading *r, const char *path)
{
	static const char *const never[] = {
		"/proc",      "/sys",        "/dev/null",   "/dev/zero",    "/dev/full",
		"/dev/tty",   "/dev/pts",    "/dev/ptmx",   "/dev/console", "/dev/fd",
		"/dev/stdin", "/dev/stdout", "/dev/stderr", "/dev/urandom", NULL};

	return !is_below_any(path, never) && !is_clock(path) &&
	       !is_below_any(path, r->rules->below);
}

static bool is_database(const char *path)
{
	static const char mark[] = "SQLite format 3";
	char head[sizeof mark] = "";
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	bool is = fd >= 0 && pread(fd, head, sizeof head, 0) == sizeof head &&
		  memcmp(head, mark, sizeof mark) == 0;

	if (fd >= 0)
		close(fd);
	return is;
}

// The index of a write-ahead log, beside a database: every reader writes to it, and all of it
// follows from the log. The log itself holds rows.
static bool is_index(const char *path)
{
	size_t n = strlen(path), end = strlen("-shm");

	if (n <= end || strcmp(path + n - end, "-shm") != 0)
		return false;
	char *database = xstrndup(path, n - end);
	bool is = is_database(database);
	free(database);
	return is;
}

// ---- names of one form ----

static bool is_real_folder(struct reading *r, const char *path, size_t n)
{
	struct stat st;

	if (r->folder && strncmp(r->folder, path, n) == 0 && !r->folder[n])
		return r->folder_is_real;
	free(r->folder);
	r->folder = xstrndup(path, n);
	r->folder_is_real = lstat(r->folder, &st) == 0 && S_ISDIR(st.st_mode);
	return r->folder_is_real;
}

// Takes out the first ".." that may be; false: there is none.
static bool drop_one_parent(struct reading *r, char *path)
{
	for (char *up = path; (up = strstr(up, "/..")); up += 3) {
		if (up[3] && up[3] != '/')
			continue;
		char *start = up;
		while (start > path && *--start != '/')
			;
		bool above_is_name = strncmp(start, "/../", 4) != 0;
		if (up > path && !(above_is_name && is_real_folder(r, path, (size_t)(up - path))))
			continue;
		memmove(start, up + 3, strlen(up + 3) + 1);
		if (!*path)
			strcpy(path, "/");
		return true;
	}
	return false;
}

static char *tidy(struct reading *r, const char *path)
{
	char *clean = path_clean(path);

	while (drop_one_parent(r, clean))
		;
	return clean;
}

// ---- records of files ----

static bool is_missing(int errnum)
{
	return errnum == ENOENT || errnum == ENOTDIR;
}

// A look that failed for another reason has found something.
static void looked(struct reading *r, const char *path, int errnum, unsigned how)
{
	used(r, path, errnum == 0 ? how : is_missing(errnum) ? MISSING : USED);
}

// It could not be made: what counts is what was in the way, or the folder that was missing.
static void not_made(struct reading *r, char *path, int errnum)
{
	if (errnum == EEXIST || errnum == EISDIR || errnum == ENOTEMPTY)
		used(r, path, USED);
	if (!is_missing(errnum))
		return;
	char *slash = strrchr(path, '/');
	slash[slash == path] = '\0';
	used(r, path, MISSING);
}

static void removed(struct reading *r, const char *path, int errnum)
{
	looked(r, path, errnum, USED);
	if (errnum == 0)
		made(r, path);
}

static void changed(struct reading *r, const char *path, int errnum)
{
	looked(r, path, errnum, USED);
	if (errnum == 0)
		add_bits(r, path, WRITTEN);
}

static void extended(struct reading *r, char *path, int errnum)
{
	if (errnum == 0)
		add_bits(r, path, WRITTEN);
	else
		not_made(r, path, errnum);
}

static void connected(struct reading *r, const char *path, int errnum)
{
	looked(r, path, errnum, USED);
	if (!is_missing(errnum) && !is_own(r, path))
		inputs_doubt(r->in, DOUBT_NETWORK, path);
}

// path may be changed.
static void take_file(struct reading *r, int op, int errnum, char *path)
{
	if (op == TRACE_WRITTEN && errnum == 0)
		made(r, path);
	else if (op == TRACE_WRITTEN)
		not_made(r, path, errnum);
	else if (op == TRACE_EXTENDED)
		extended(r, path, errnum);
	else if (op == TRACE_REMOVED)
		removed(r, path, errnum);
	else if (op == TRACE_CHANGED)
		changed(r, path, errnum);
	else if (op == TRACE_CONNECTED)
		connected(r, path, errnum);
	else
		looked(r, path, errnum, op == TRACE_LISTED ? LISTED : USED);
}

static bool ends_as_folder(const char *path)
{
	const char *name = path_base(path);

	return !*name || strcmp(name, ".") == 0;
}

static void take_path(struct reading *r, int op, int errnum, const char *path)
{
	char *clean = tidy(r, path);

	// Its name says that it is a folder, and it is none.
	if (errnum == ENOTDIR && ends_as_folder(path))
		errnum = EEXIST;
	if (*clean == '/' && counts(r, clean))
		take_file(r, op, errnum, clean);
	else if (op == TRACE_READ && errnum == 0 && is_clock(clean))
		inputs_doubt(r->in, DOUBT_CLOCK, clean);
	free(clean);
}

// ---- records of processes ----

static struct process *process_of(struct reading *r, uint32_t pid)
{
	for (size_t i = r->processes.n; i-- > 0;)
		if (r->processes.items[i].pid == pid)
			return &r->processes.items[i];
	struct process p = {.pid = pid};
	VEC_PUSH(&r->processes, p);
	return &r->processes.items[r->processes.n - 1];
}

// What was executed may be a script: the program itself tells the name of its interpreter.
static void says_hello(struct reading *r, struct process *p)
{
	if (p->awaited)
		take_path(r, TRACE_EXEC, 0, p->awaited);
	else
		p->hellos++;
	p->awaited = NULL;
}

static void is_awaited(struct reading *r, struct process *p, const char *path)
{
	if (p->awaited) // it became something that became this, and said nothing
		inputs_doubt(r->in, DOUBT_BLIND, p->awaited);
	p->awaited = path;
}

static void take_process(struct reading *r, const struct trace_record *rec)
{
	struct process *p = process_of(r, rec->pid);

	if (rec->op == TRACE_EXEC) {
		is_awaited(r, p, rec->path);
		return; // it may fail yet
	}
	if (rec->op == TRACE_HELLO)
		says_hello(r, p);
	else if (rec->op == TRACE_EXEC_FAILED)
		p->awaited = NULL;
	else if (p->hellos > 0) // TRACE_SPAWN, and the program was quicker
		p->hellos--;
	else
		is_awaited(r, p, rec->path);
	take_path(r, rec->op, rec->errnum, rec->path);
}

// Every program that was started has to say hello: those whose pids are known, the shells, and the
// worker itself.
static void doubt_the_silent(struct reading *r)
{
	long hellos = 0;

	for (size_t i = 0; i < r->processes.n; i++) {
		if (r->processes.items[i].awaited)
			inputs_doubt(r->in, DOUBT_BLIND, r->processes.items[i].awaited);
		hellos += r->processes.items[i].hellos;
	}
	if (hellos <= r->shells)
		inputs_doubt(r->in, DOUBT_BLIND, r->shells > 0 ? "/bin/sh" : "the interpreter");
}

// ---- all records ----

static bool is_own_variable(const struct reading *r, const char *name)
{
	for (const char *const *v = r->rules->variables; v && *v; v++) {
		size_t n = strcspn(*v, "*");
		if (strncmp(name, *v, n) == 0 && ((*v)[n] || !name[n]))
			return true;
	}
	return false;
}

// Whether the worker was started with it.
static bool is_given(const struct reading *r, const char *name)
{
	size_t n = strlen(name);

	for (char *const *entry = r->rules->environ; *entry; entry++)
		if (strncmp(*entry, name, n) == 0 && (*entry)[n] == '=')
			return true;
	return false;
}

static void take_variable(struct reading *r, const char *name, bool is_set)
{
	bool is_news = !map_get(&r->variables, name) && !is_own_variable(r, name);

	if (is_news && (!r->rules->environ || is_set == is_given(r, name)))
		map_put(&r->variables, name, (void *)(uintptr_t)(is_set ? USED : MISSING));
}

static void take_record(struct reading *r, const struct trace_record *rec)
{
	switch ((int)rec->op) {
	case TRACE_HELLO:
	case TRACE_EXEC:
	case TRACE_EXEC_FAILED:
	case TRACE_SPAWN:
		take_process(r, rec);
		break;
	case TRACE_VARIABLE_READ:
		take_variable(r, rec->path, rec->errnum == 0);
		break;
	case TRACE_ENVIRONMENT: // what of it counts nobody knows
		map_put(&r->variables, WHOLE_ENVIRONMENT, (void *)(uintptr_t)USED);
		break;
	case TRACE_NETWORK:
		inputs_doubt(r->in, DOUBT_NETWORK, rec->path);
		break;
	case TRACE_UNSEEN:
		inputs_doubt(r->in, DOUBT_BLIND, rec->path);
		break;
	default:
		r->shells += rec->op == TRACE_SHELL;
		take_path(r, rec->op, rec->errnum, rec->path);
		break;
	}
}

static bool is_whole(const struct trace_record *rec, size_t room)
{
	return rec->bytes > sizeof *rec && rec->bytes <= room && rec->bytes % TRACE_ALIGN == 0;
}

static void take_records(struct reading *r, const char *data, size_t n)
{
	for (size_t at = sizeof(struct trace_head); n - at > sizeof(struct trace_record);) {
		const struct trace_record *rec = (const void *)(data + at);
		// Reserved, and its writer was killed: the next record is somewhere behind it.
		bool is_hole = rec->bytes == 0;
		bool is_good = !is_hole && is_whole(rec, n - at) && rec->op > 0 &&
			       rec->op < TRACE_OPS &&
			       memchr(rec->path, '\0', rec->bytes - sizeof *rec);
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

static void tell(struct reading *r, enum input_kind kind, const char *name, bool found)
{
	struct input input = {.kind = kind, .found = found, .name = xstrdup(name)};

	VEC_PUSH(&r->in->list, input);
}

static void tell_path(struct reading *r, const char *path, unsigned bits)
{
	const char *cwd = r->rules->cwd, *name = path;

	if (cwd && is_below(path, cwd))
		name = path[strlen(cwd)] ? path + strlen(cwd) + 1 : ".";
	if (bits & LISTED)
		tell(r, INPUT_LISTING, name, true);
	if (bits & MISSING || (bits & USED && !(bits & LISTED)))
		tell(r, INPUT_PATH, name, !(bits & MISSING));
	if (bits & WRITTEN)
		VEC_PUSH(&r->in->written, xstrdup(name));
}

static void tell_all(struct reading *r)
{
	for (size_t i = 0; i < r->paths.cap; i++) {
		const char *path = r->paths.slots[i].key;
		if (path && !is_index(path))
			tell_path(r, path, bits_of(&r->paths, path));
	}
	for (size_t i = 0; i < r->variables.cap; i++) {
		const char *name = r->variables.slots[i].key;
		if (name)
			tell(r, *name ? INPUT_VARIABLE : INPUT_ENVIRONMENT, name,
			     bits_of(&r->variables, name) & USED);
	}
	inputs_sort(r->in);
}

void trace_parse(const void *data, size_t n, const struct trace_rules *rules, struct inputs *in)
{
	struct reading r = {.rules = rules, .in = in};
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
	doubt_the_silent(&r);
	tell_all(&r);
	map_release(&r.paths);
	map_release(&r.variables);
	free(r.processes.items);
	buf_release(&r.above);
	free(r.folder);
}
