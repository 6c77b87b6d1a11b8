// SPDX-License-Identifier: MIT
#include "trace/trace.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/attributes.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/map.h"
#include "base/path.h"
#include "trace/names.h"
#include "trace/preload/record.h"
#include "trace/proc.h"

// ---- the file ----

static int prepare(int fd)
{
	const struct trace_head head = {.format = TRACE_FORMAT,
					.settled_ns = clock_real_ns() - FINGERPRINT_YOUNG_NS};

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

// ---- what is known ----

// A process that is expected to say hello, or that has said so without being expected.
struct process {
	uint32_t pid;
	const struct trace_record *awaited; // what was executed, NULL: nothing
	const char *program; // what it is since its last hello; NULL: that has been taken
	long hellos;         // that nobody has announced yet
};

// A file that the worker did not make, with what it has done to it besides writing: renamed, its
// mode changed, linked. Each step has to begin where the last one ended.
struct object {
	int64_t first_ctime_ns, last_ctime_ns; // the last is -1 where a step is missing
	bool is_kept;                          // before it was written to, content was this:
	struct digest content;
};

struct reading {
	const struct trace_rules *rules;
	struct inputs *in;
	struct names names;
	struct map looks;     // kind and path -> struct input *, whose name is not set
	struct map written;   // paths
	struct map objects;   // device and inode -> struct object *
	struct map variables; // to &used or &missing
	struct {
		struct process *items;
		size_t n, cap;
	} processes;
	long shells;      // were started with unknown pids
	bool shells_told; // some have told the variables that their text names
};

static char used, missing; // what variables are mapped to

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

// ---- looks ----

static const char *relative(const struct reading *r, const char *path)
{
	const char *cwd = r->rules->cwd;

	if (!cwd || !is_below(path, cwd))
		return path;
	return path[strlen(cwd)] ? path + strlen(cwd) + 1 : ".";
}

static void tell(struct reading *r, struct input input, const char *name)
{
	input.name = xstrdup(name);
	VEC_PUSH(&r->in->list, input);
}

// What a process looks up there of itself.
static void take_proc(struct reading *r, const char *path)
{
	const char *const *attributes = proc_attributes(path);

	for (; attributes && *attributes; attributes++)
		tell(r, (struct input){.kind = INPUT_ATTRIBUTE, .found = true}, *attributes);
	if (proc_is_environ(path))
		tell(r, (struct input){.kind = INPUT_ENVIRONMENT, .found = true}, path);
}

// Something was not the same when it was looked at once more.
static void unsteady(struct reading *r, const char *path)
{
	inputs_doubt(r->in, DOUBT_YOUNG, relative(r, path));
}

static void remember(struct map *set, const char *path)
{
	map_put(set, path, set);
}

static struct sight no_sight(void)
{
	return (struct sight){0};
}

static struct sight sight_of(struct digest d)
{
	return (struct sight){.has_digest = true, .digest = d};
}

// before: a name that it had before the worker came.
static void add(struct reading *r, enum input_kind kind, const char *before, bool found,
		struct sight seen)
{
	if (!counts(r, before))
		return;
	char *key = xasprintf("%c%s", (char)('0' + kind), before);
	struct input *known = map_get(&r->looks, key);

	if (known && known->found != found)
		unsteady(r, before); // and it was not the worker that changed it
	if (!known) {
		known = xcalloc(1, sizeof *known);
		*known = (struct input){.kind = kind, .found = found, .seen = seen};
		map_put(&r->looks, key, known);
	}
	free(key);
}

// What it was called before the worker came; NULL: it is the worker's own doing that it is there,
// or not.
static const char *before_of(struct reading *r, const struct trace_record *rec, const char *path)
{
	const char *before;
	enum names_owner owner = names_owner(&r->names, path, &before);

	// Somebody else has made it once more.
	if (owner == NAMES_GONE && rec->errnum == 0 && rec->op != TRACE_MADE &&
	    rec->op != TRACE_WRITTEN)
		unsteady(r, path);
	return owner == NAMES_OTHERS ? before : NULL;
}

static struct stat stat_of(const struct trace_record *rec)
{
	return (struct stat){
		.st_mode = rec->seen.mode,
		.st_uid = rec->seen.user,
		.st_gid = rec->seen.group,
		.st_size = rec->seen.size,
		.st_mtim = {rec->seen.mtime_ns / NS_PER_SEC, rec->seen.mtime_ns % NS_PER_SEC},
	};
}

static struct sight type_seen(const struct trace_record *rec)
{
	return rec->seen.mode ? sight_of(digest_of_type(rec->seen.mode)) : no_sight();
}

static struct sight access_seen(const struct trace_record *rec)
{
	struct stat st = stat_of(rec);

	return rec->seen.mode ? sight_of(digest_of_access(&st)) : no_sight();
}

// ---- files that are the same ----

static struct object *object_of(struct reading *r, const struct trace_sight *seen, bool *is_new)
{
	char *key = xasprintf("%llx %llx", (unsigned long long)seen->device,
			      (unsigned long long)seen->inode);
	struct object *o = map_get(&r->objects, key);

	*is_new = !o;
	if (!o) {
		o = xcalloc(1, sizeof *o);
		map_put(&r->objects, key, o);
	}
	free(key);
	return o;
}

// It was last changed at `from`, and then at `to` by the worker.
static void step(struct reading *r, const struct trace_sight *seen, int64_t from, int64_t to)
{
	bool is_new;
	struct object *o = object_of(r, seen, &is_new);

	if (is_new)
		o->first_ctime_ns = from;
	o->last_ctime_ns = is_new || o->last_ctime_ns == from ? to : -1;
}

static void was_changed(struct reading *r, const struct trace_record *rec)
{
	if (rec->seen.mode && rec->seen.ctime_before_ns)
		step(r, &rec->seen, rec->seen.ctime_before_ns, rec->seen.ctime_ns);
}

// Read through whatever name: the file is known by what it is.
static void add_file(struct reading *r, const struct trace_record *rec, enum input_kind kind,
		     const char *before)
{
	struct sight seen = {.inode = (int64_t)rec->seen.inode};
	bool is_new;

	if (rec->seen.mode) {
		step(r, &rec->seen, rec->seen.ctime_ns, rec->seen.ctime_ns);
		struct object *o = object_of(r, &rec->seen, &is_new);
		seen.has_stamp = true;
		seen.first_ctime_ns = o->first_ctime_ns;
		seen.object = o;
	}
	add(r, kind, before, true, seen);
}

static bool parse_digest(struct digest *d, const char *text)
{
	char digits[3] = "";

	if (strspn(text, "0123456789abcdef") != 2 * DIGEST_SIZE || text[2 * DIGEST_SIZE])
		return false;
	for (size_t i = 0; i < DIGEST_SIZE; i++) {
		memcpy(digits, text + 2 * i, 2);
		d->bytes[i] = (unsigned char)strtoul(digits, NULL, 16);
	}
	return true;
}

// Before the worker first writes to it: it is still what was read of it, if anything was.
static void take_kept(struct reading *r, const struct trace_record *rec)
{
	bool is_new;

	if (!rec->seen.mode)
		return;
	step(r, &rec->seen, rec->seen.ctime_ns, rec->seen.ctime_ns);
	struct object *o = object_of(r, &rec->seen, &is_new);
	if (!o->is_kept && o->last_ctime_ns == rec->seen.ctime_ns)
		o->is_kept = parse_digest(&o->content, rec->path + strlen(rec->path) + 1);
}

// ---- records of looks ----

static bool is_missing(int errnum)
{
	return errnum == ENOENT || errnum == ENOTDIR || errnum == ENAMETOOLONG || errnum == ELOOP;
}

static bool is_denied(int errnum)
{
	return errnum == EACCES || errnum == EPERM || errnum == EROFS || errnum == ETXTBSY;
}

// A look that failed for another reason than that there is nothing has found something, if only
// what is in the way.
static void add_failed(struct reading *r, const struct trace_record *rec, const char *before)
{
	if (is_missing(rec->errnum))
		add(r, INPUT_PATH, before, rec->errnum != ENOENT, no_sight());
	else if (is_denied(rec->errnum))
		add(r, INPUT_ACCESS, before, true, access_seen(rec));
	else
		add(r, INPUT_TYPE, before, true, no_sight());
}

static void take_read(struct reading *r, const struct trace_record *rec, const char *before)
{
	uint32_t mode = rec->seen.mode;

	if (rec->errnum)
		add_failed(r, rec, before);
	else if (mode == 0 || S_ISREG(mode))
		add_file(r, rec, INPUT_PATH, before);
	else if (S_ISDIR(mode))
		add(r, INPUT_TYPE, before, true, type_seen(rec));
	else if (counts(r, before) || is_clock(before)) // who knows what comes out of it
		inputs_doubt(r->in, DOUBT_CLOCK, before);
}

static void take_look(struct reading *r, const struct trace_record *rec, const char *before)
{
	struct stat st = stat_of(rec);

	if (rec->errnum && !(rec->op == TRACE_ALLOWED && is_denied(rec->errnum))) {
		add_failed(r, rec, before);
		return;
	}
	if (rec->op == TRACE_STATUS)
		add(r, INPUT_STATUS, before, true,
		    rec->seen.mode ? sight_of(digest_of_status(&st)) : no_sight());
	else if (rec->op == TRACE_ALLOWED)
		add(r, INPUT_ACCESS, before, true, access_seen(rec));
	else
		add(r, INPUT_TYPE, before, true, type_seen(rec));
	if (rec->seen.extra & TRACE_EXTRA_NAMED)
		add(r, INPUT_LINK, before, true, type_seen(rec));
}

static void take_name(struct reading *r, const struct trace_record *rec, const char *before)
{
	if (is_missing(rec->errnum))
		add(r, INPUT_LINK, before, rec->errnum != ENOENT, no_sight());
	else if (rec->op == TRACE_LINK)
		add(r, INPUT_LINK, before, true,
		    sight_of(digest_of_link(rec->path + strlen(rec->path) + 1)));
	else
		add(r, INPUT_LINK, before, true, type_seen(rec));
}

static void take_real(struct reading *r, const struct trace_record *rec, const char *before)
{
	bool renamed = strcmp(before, rec->path) != 0;

	add(r, INPUT_REAL, before, true,
	    renamed ? no_sight() : sight_of(digest_of_real(before, r->rules->cwd)));
}

// The entries of a folder as they were before the worker changed them; sum: as they are.
static void add_listing(struct reading *r, const char *path, const char *before, uint64_t sum)
{
	add(r, INPUT_LISTING, before, true,
	    sight_of(digest_of_entries(sum + names_correction(&r->names, path))));
}

static void take_listed(struct reading *r, const struct trace_record *rec, const char *before)
{
	if (rec->errnum)
		add_failed(r, rec, before);
	else if (rec->seen.mode)
		add_listing(r, rec->path, before, (uint64_t)rec->seen.size);
	else
		add(r, INPUT_LISTING, before, true, no_sight());
}

// ---- records of changes ----

static uint32_t type_before_of(const struct trace_record *rec)
{
	return rec->seen.extra >> TRACE_EXTRA_TYPE & S_IFMT;
}

static bool was_there(const struct trace_record *rec)
{
	return rec->seen.extra & TRACE_EXTRA_THERE;
}

// Something can be made there, or not; path is its name now. What the worker has removed itself is
// its own doing.
static void add_place(struct reading *r, const struct trace_record *rec, enum input_kind kind,
		      const char *path)
{
	const char *before = names_has(&r->names, path) ? NULL : before_of(r, rec, path);

	if (!before || rec->seen.extra & TRACE_EXTRA_CHANCE)
		return;
	add(r, kind, before, rec->errnum == 0, no_sight());
	if (is_missing(rec->errnum)) // for one reason or another
		add_failed(r, rec, before);
}

// Those that tell of the place and not of a lack of something.
static bool is_of_place(int errnum)
{
	return errnum == 0 || errnum == EEXIST || errnum == EISDIR || errnum == ENOTEMPTY ||
	       is_missing(errnum) || is_denied(errnum);
}

static void take_made(struct reading *r, const struct trace_record *rec)
{
	if (is_of_place(rec->errnum))
		add_place(r, rec, INPUT_FREE, rec->path);
	if (rec->errnum == 0)
		names_make(&r->names, rec->path, rec->seen.mode & S_IFMT, false, 0);
}

static void take_written(struct reading *r, const struct trace_record *rec)
{
	if (is_of_place(rec->errnum))
		add_place(r, rec, INPUT_ROOM, rec->path);
	if (rec->errnum == 0 && rec->op == TRACE_WRITTEN && rec->seen.mode &&
	    S_ISREG(rec->seen.mode))
		names_make(&r->names, rec->path, S_IFREG, was_there(rec), S_IFREG);
}

static void take_changed(struct reading *r, const struct trace_record *rec, const char *before)
{
	if (before && rec->errnum)
		add_failed(r, rec, before);
	else if (before)
		add(r, INPUT_ACCESS, before, true, no_sight());
	if (before && rec->errnum == 0)
		was_changed(r, rec);
}

// Whether a name may be taken away is for the folder's permissions to say; where it is sticky, for
// the owner of what lies there as well; and for the permissions of a folder that moves.
static void add_leave(struct reading *r, const struct trace_record *rec, const char *before)
{
	size_t n = (size_t)(path_base(before) - before);
	char *folder = xstrndup(before, n > 1 ? n - 1 : n);
	bool is_asked =
		is_denied(rec->errnum) || (rec->op == TRACE_RENAMED && S_ISDIR(rec->seen.mode));

	add(r, INPUT_ACCESS, folder, true, no_sight());
	if (is_asked && rec->seen.mode && !S_ISLNK(rec->seen.mode))
		add(r, INPUT_ACCESS, before, true, no_sight());
	free(folder);
}

static void take_removed(struct reading *r, const struct trace_record *rec, const char *before)
{
	bool is_folder = S_ISDIR(rec->seen.mode);
	// Whoever may not put a name there has told of the name before.
	bool is_told = rec->seen.mode || !is_denied(rec->errnum);

	if (before && rec->errnum == 0 && is_folder) // it was empty
		add_listing(r, rec->path, before, 0);
	if (before && is_told)
		add(r, INPUT_LINK, before, rec->errnum != ENOENT, no_sight());
	if (before && (rec->errnum == 0 || is_denied(rec->errnum)))
		add_leave(r, rec, before);
	if (before && rec->errnum == 0)
		was_changed(r, rec);
	if (rec->errnum == 0)
		names_remove(&r->names, rec->path, rec->seen.mode & S_IFMT);
}

// What has to be so where a name is to be put.
static void add_target(struct reading *r, const struct trace_record *rec, const char *path)
{
	const char *before = names_has(&r->names, path) ? NULL : before_of(r, rec, path);
	bool is_folder = S_ISDIR(rec->seen.mode);

	if (!before)
		return;
	if (rec->seen.extra & TRACE_EXTRA_ALONE || (is_folder && !was_there(rec)))
		add(r, INPUT_FREE, before, true, no_sight());
	else if (is_folder)
		add_listing(r, path, before, 0);
	else if (was_there(rec))
		add(r, INPUT_LINK, before, true, no_sight());
	else
		add(r, INPUT_ROOM, before, true, no_sight());
}

static void take_moved(struct reading *r, const struct trace_record *rec)
{
	const char *to = rec->path + strlen(rec->path) + 1;
	const char *before = before_of(r, rec, rec->path);
	uint32_t type = rec->seen.mode & S_IFMT;

	if (before) {
		add(r, INPUT_LINK, before, true, no_sight());
		was_changed(r, rec);
	}
	if (before && rec->op == TRACE_RENAMED)
		add_leave(r, rec, before);
	add_target(r, rec, to);
	if (rec->op == TRACE_RENAMED)
		names_rename(&r->names, rec->path, to, type, was_there(rec), type_before_of(rec));
	else
		names_link(&r->names, rec->path, to, type);
}

static void take_xattrs(struct reading *r, const struct trace_record *rec, const char *before)
{
	if (rec->errnum)
		add_failed(r, rec, before);
	else if (S_ISDIR(rec->seen.mode)) // its times are those of its entries
		add(r, INPUT_XATTRS, before, true, no_sight());
	else if (!S_ISLNK(rec->seen.mode)) // a link has none that a user could set
		add_file(r, rec, INPUT_XATTRS, before);
	if (rec->seen.extra & TRACE_EXTRA_NAMED)
		add(r, INPUT_LINK, before, rec->errnum != ENOENT, no_sight());
}

static void take_connected(struct reading *r, const struct trace_record *rec, const char *before)
{
	if (is_missing(rec->errnum))
		add_failed(r, rec, before);
	else
		add(r, INPUT_TYPE, before, true, no_sight());
	if (!is_missing(rec->errnum) && counts(r, before))
		inputs_doubt(r->in, DOUBT_NETWORK, before);
}

static void note_written(struct reading *r, const char *path)
{
	if (counts(r, path))
		remember(&r->written, path);
}

static bool has_written(const struct trace_record *rec)
{
	return rec->errnum == 0 && rec->op >= TRACE_MADE && rec->op <= TRACE_LINKED;
}

static void take_place(struct reading *r, const struct trace_record *rec)
{
	switch ((int)rec->op) {
	case TRACE_MADE:
		take_made(r, rec);
		break;
	case TRACE_WRITTEN:
	case TRACE_EXTENDED:
		take_written(r, rec);
		break;
	case TRACE_RENAMED:
	case TRACE_LINKED:
		take_moved(r, rec);
		note_written(r, rec->path + strlen(rec->path) + 1);
		break;
	default:
		break;
	}
}

// before may be NULL where something was changed.
static void take_object(struct reading *r, const struct trace_record *rec, const char *before)
{
	switch ((int)rec->op) {
	case TRACE_CHANGED:
		take_changed(r, rec, before);
		return;
	case TRACE_REMOVED:
		take_removed(r, rec, before);
		return;
	default:
		break;
	}
	if (!before)
		return;
	switch ((int)rec->op) {
	case TRACE_LOOKED:
	case TRACE_STATUS:
	case TRACE_ALLOWED:
		take_look(r, rec, before);
		break;
	case TRACE_NAMED:
	case TRACE_LINK:
		take_name(r, rec, before);
		break;
	case TRACE_REAL:
		take_real(r, rec, before);
		break;
	case TRACE_LISTED:
		take_listed(r, rec, before);
		break;
	case TRACE_XATTRS:
		take_xattrs(r, rec, before);
		break;
	case TRACE_CONNECTED:
		take_connected(r, rec, before);
		break;
	case TRACE_CHUNK:
		take_read(r, rec, before);
		if (rec->errnum == 0 && is_below(before, r->rules->cwd))
			add(r, INPUT_CHUNK, before, true, no_sight());
		break;
	default: // it was read, by the program or by what executed it
		take_read(r, rec, before);
		break;
	}
}

static void take_path(struct reading *r, const struct trace_record *rec)
{
	bool is_place = rec->op == TRACE_MADE || rec->op == TRACE_WRITTEN ||
			rec->op == TRACE_EXTENDED || rec->op == TRACE_RENAMED ||
			rec->op == TRACE_LINKED;

	if (*rec->path != '/')
		return;
	take_proc(r, rec->path);
	if (rec->op == TRACE_KEPT) {
		take_kept(r, rec);
		return;
	}
	if (has_written(rec))
		note_written(r, rec->path);
	if (is_place)
		take_place(r, rec);
	else
		take_object(r, rec, before_of(r, rec, rec->path));
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

static void take_executed(struct reading *r, const struct trace_record *rec)
{
	const char *before = before_of(r, rec, rec->path);

	take_path(r, rec);
	if (before && rec->seen.mode)
		add(r, INPUT_ACCESS, before_of(r, rec, rec->path), true, access_seen(rec));
}

// What was executed may be a script: the program itself tells the name of its interpreter.
static void says_hello(struct reading *r, struct process *p)
{
	if (p->awaited)
		take_executed(r, p->awaited);
	else
		p->hellos++;
	p->awaited = NULL;
}

static void is_awaited(struct reading *r, struct process *p, const struct trace_record *rec)
{
	if (p->awaited) // it became something that became this, and said nothing
		inputs_doubt(r->in, DOUBT_BLIND, p->awaited->path);
	p->awaited = rec;
}

static void add_program(struct reading *r, const char *path, bool told)
{
	struct input_program program = {.path = xstrdup(path), .told = told};

	VEC_PUSH(&r->in->programs, program);
}

// The process becomes another program, ends, or has told all variables that it uses.
static void take_program(struct reading *r, struct process *p, bool told)
{
	if (p->program)
		add_program(r, p->program, told);
	p->program = NULL;
}

static void take_process(struct reading *r, const struct trace_record *rec)
{
	struct process *p = process_of(r, rec->pid);

	if (rec->op == TRACE_EXEC) {
		is_awaited(r, p, rec);
		return; // it may fail yet
	}
	if (rec->op == TRACE_TOLD || rec->op == TRACE_HELLO)
		take_program(r, p, rec->op == TRACE_TOLD);
	r->shells_told |= rec->op == TRACE_TOLD;
	if (rec->op == TRACE_TOLD)
		return;
	if (rec->op == TRACE_HELLO) {
		p->program = rec->path;
		says_hello(r, p);
	} else if (rec->op == TRACE_EXEC_FAILED)
		p->awaited = NULL;
	else if (p->hellos > 0) // TRACE_SPAWN, and the program was quicker
		p->hellos--;
	else
		is_awaited(r, p, rec);
	take_path(r, rec);
}

// Every program that was started has to say hello: those whose pids are known, the shells, and the
// worker itself.
static void doubt_the_silent(struct reading *r)
{
	long hellos = 0;

	for (size_t i = 0; i < r->processes.n; i++) {
		if (r->processes.items[i].awaited)
			inputs_doubt(r->in, DOUBT_BLIND, r->processes.items[i].awaited->path);
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
		map_put(&r->variables, name, is_set ? &used : &missing);
}

static void take_record(struct reading *r, const struct trace_record *rec)
{
	switch ((int)rec->op) {
	case TRACE_HELLO:
	case TRACE_EXEC:
	case TRACE_EXEC_FAILED:
	case TRACE_SPAWN:
	case TRACE_TOLD:
		take_process(r, rec);
		break;
	case TRACE_VARIABLE_READ:
		take_variable(r, rec->path, rec->errnum == 0);
		break;
	case TRACE_ENVIRONMENT: // what of it counts nobody knows
		tell(r, (struct input){.kind = INPUT_ENVIRONMENT, .found = true}, rec->path);
		break;
	case TRACE_ATTRIBUTE:
		tell(r, (struct input){.kind = INPUT_ATTRIBUTE, .found = true}, rec->path);
		break;
	case TRACE_LIBRARY:
		tell(r, (struct input){.kind = INPUT_LIBRARY}, rec->path);
		break;
	case TRACE_NETWORK:
		inputs_doubt(r->in, DOUBT_NETWORK, rec->path);
		break;
	case TRACE_UNSEEN:
		inputs_doubt(r->in, DOUBT_BLIND, rec->path);
		break;
	default:
		r->shells += rec->op == TRACE_SHELL;
		if (rec->op == TRACE_LOADED && rec->errnum == 0)
			add_program(r, rec->path, false);
		take_path(r, rec);
		break;
	}
}

static bool is_whole(const struct trace_record *rec, size_t room)
{
	return rec->bytes > sizeof *rec && rec->bytes <= room && rec->bytes % TRACE_ALIGN == 0;
}

static bool has_texts(const struct trace_record *rec)
{
	size_t room = rec->bytes - sizeof *rec;
	const char *end = memchr(rec->path, '\0', room);
	bool needs_second = rec->op == TRACE_KEPT || rec->op == TRACE_LINK ||
			    rec->op == TRACE_RENAMED || rec->op == TRACE_LINKED;

	if (!end || !needs_second)
		return end;
	room -= (size_t)(end + 1 - rec->path);
	return room > 0 && memchr(end + 1, '\0', room);
}

static void take_records(struct reading *r, const char *data, size_t n)
{
	for (size_t at = sizeof(struct trace_head); n - at > sizeof(struct trace_record);) {
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

// The worker may have done more to the file after it was read.
static void settle(struct sight *seen)
{
	const struct object *o = seen->object;

	if (o)
		seen->last_ctime_ns = o->last_ctime_ns;
	if (o && o->is_kept)
		*seen = sight_of(o->content);
	seen->object = NULL;
}

// What shells look at unasked: dash and bash.
static void tell_of_shells(struct reading *r)
{
	static const char *const names[] = {"PATH",        "HOME",           "CDPATH",
					    "ENV",         "BASHOPTS",       "SHELLOPTS",
					    "BASH_COMPAT", "POSIXLY_CORRECT"};

	for (size_t i = 0; r->shells_told && i < sizeof names / sizeof *names; i++)
		tell(r, (struct input){.kind = INPUT_VARIABLE, .found = true}, names[i]);
}

static void tell_all(struct reading *r)
{
	struct inputs *in = r->in;

	tell_of_shells(r);
	for (size_t i = 0; i < r->looks.cap; i++) {
		struct input *look = r->looks.slots[i].value;
		if (!r->looks.slots[i].key || is_index(r->looks.slots[i].key + 1))
			continue;
		settle(&look->seen);
		tell(r, *look, relative(r, r->looks.slots[i].key + 1));
	}
	for (size_t i = 0; i < r->written.cap; i++)
		if (r->written.slots[i].key)
			VEC_PUSH(&in->written, xstrdup(relative(r, r->written.slots[i].key)));
	for (size_t i = 0; i < r->variables.cap; i++) {
		const struct map_slot *v = &r->variables.slots[i];
		if (v->key)
			tell(r, (struct input){.kind = INPUT_VARIABLE, .found = v->value == &used},
			     v->key);
	}
	for (size_t i = 0; i < r->processes.n; i++)
		take_program(r, &r->processes.items[i], false);
	inputs_sort(in);
}

static void release_values(struct map *m)
{
	for (size_t i = 0; i < m->cap; i++)
		free(m->slots[i].value);
	map_release(m);
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
	names_release(&r.names);
	release_values(&r.looks);
	release_values(&r.objects);
	map_release(&r.written);
	map_release(&r.variables);
	free(r.processes.items);
}
