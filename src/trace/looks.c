// SPDX-License-Identifier: MIT
#include "trace/looks.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "trace/proc.h"

// ---- which paths count ----

bool looks_is_below(const char *path, const char *folder)
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
		if (looks_is_below(path, *folders))
			return true;
	return false;
}

// What is read from /dev/urandom is as little an input as the time of day: Lua's and busted's own
// seeds come from there.
bool looks_is_clock(const char *path)
{
	static const char *const clocks[] = {"/dev/random", "/dev/hwrng", "/dev/hpet", NULL};

	return is_below_any(path, clocks) || strncmp(path, "/dev/rtc", strlen("/dev/rtc")) == 0;
}

bool looks_counts(const struct trace_reading *r, const char *path)
{
	static const char *const never[] = {
		"/proc",      "/sys",        "/dev/null",   "/dev/zero",    "/dev/full",
		"/dev/tty",   "/dev/pts",    "/dev/ptmx",   "/dev/console", "/dev/fd",
		"/dev/stdin", "/dev/stdout", "/dev/stderr", "/dev/urandom", NULL};

	// Both lists hold nothing that begins otherwise, as most paths do.
	bool may_be_none = path[1] == 'd' || path[1] == 'p' || path[1] == 's';
	return !(may_be_none && (is_below_any(path, never) || looks_is_clock(path))) &&
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
bool looks_is_index(const char *path)
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

const char *looks_relative(const struct trace_reading *r, const char *path)
{
	const char *cwd = r->rules->cwd;

	if (!cwd || !looks_is_below(path, cwd))
		return path;
	return path[strlen(cwd)] ? path + strlen(cwd) + 1 : ".";
}

void looks_tell(struct trace_reading *r, struct input input, const char *name)
{
	input.name = xstrdup(name);
	VEC_PUSH(&r->in->list, input);
}

// What a process looks up there of itself.
void looks_take_proc(struct trace_reading *r, const char *path)
{
	const char *const *attributes = proc_attributes(path);

	for (; attributes && *attributes; attributes++)
		looks_tell(r, (struct input){.kind = INPUT_ATTRIBUTE, .found = true}, *attributes);
	if (proc_is_environ(path))
		looks_tell(r, (struct input){.kind = INPUT_ENVIRONMENT, .found = true}, path);
}

// Something was not the same when it was looked at once more.
static void unsteady(struct trace_reading *r, const char *path)
{
	inputs_doubt(r->in, DOUBT_YOUNG, looks_relative(r, path));
}

void looks_remember(struct map *set, const char *path)
{
	map_put(set, path, set);
}

struct sight looks_no_sight(void)
{
	return (struct sight){0};
}

struct sight looks_sight_of(struct digest d)
{
	return (struct sight){.has_digest = true, .digest = d};
}

// before: a name that it had before the worker came.
void looks_add(struct trace_reading *r, enum input_kind kind, const char *before, bool found,
	       struct sight seen)
{
	if (!looks_counts(r, before))
		return;
	void **place = map_at(&r->looks, input_key(&r->key, kind, before));
	struct input *known = *place;

	if (known && known->found != found)
		unsteady(r, before); // and it was not the worker that changed it
	if (!known) {
		*place = known = xmalloc(sizeof *known);
		*known = (struct input){.kind = kind, .found = found, .seen = seen};
	}
}

// What it was called before the worker came; NULL: it is the worker's own doing that it is there,
// or not.
const char *looks_before(struct trace_reading *r, const struct trace_record *rec, const char *path)
{
	const char *before;
	enum names_owner owner = names_owner(&r->names, path, &before);

	// Somebody else has made it once more.
	if (owner == NAMES_GONE && rec->errnum == 0 && rec->op != TRACE_MADE &&
	    rec->op != TRACE_WRITTEN)
		unsteady(r, path);
	return owner == NAMES_OTHERS ? before : NULL;
}

// What stat tells of the type and the permissions alone.
static struct stat access_of(const struct trace_record *rec)
{
	return (struct stat){
		.st_mode = trace_record_seen(rec)->mode,
		.st_uid = trace_record_seen(rec)->user,
		.st_gid = trace_record_seen(rec)->group,
	};
}

struct sight looks_type_seen(const struct trace_record *rec)
{
	return trace_record_seen(rec)->mode
		       ? looks_sight_of(fingerprint_digest_of_type(trace_record_seen(rec)->mode))
		       : looks_no_sight();
}

struct sight looks_access_seen(const struct trace_record *rec)
{
	struct stat st = access_of(rec);

	return trace_record_seen(rec)->mode ? looks_sight_of(fingerprint_digest_of_access(&st))
					    : looks_no_sight();
}

// ---- files that are the same ----

#define OBJECT_DIGITS 16

static void put_digits(char *to, uint64_t number)
{
	for (int i = 0; i < OBJECT_DIGITS; i++, number >>= 4)
		to[i] = "0123456789abcdef"[number & 15];
}

static struct object *object_of(struct trace_reading *r, const struct trace_sight *seen)
{
	char key[2 * OBJECT_DIGITS + 1];
	put_digits(key, seen->device);
	put_digits(key + OBJECT_DIGITS, seen->inode);
	key[2 * OBJECT_DIGITS] = '\0';
	void **place = map_at(&r->objects, key);

	if (!*place)
		*place = xcalloc(1, sizeof(struct object));
	return *place;
}

// It was last changed at `from`, and then at `to` by the worker.
static struct object *step(struct trace_reading *r, const struct trace_sight *seen, int64_t from,
			   int64_t to)
{
	struct object *o = object_of(r, seen);

	if (!o->is_met)
		o->first_ctime_ns = from;
	o->last_ctime_ns = !o->is_met || o->last_ctime_ns == from ? to : -1;
	o->is_met = true;
	return o;
}

void looks_was_linked(struct trace_reading *r, const struct trace_record *rec, int more)
{
	if (!S_ISREG(trace_record_seen(rec)->mode))
		return;
	object_of(r, trace_record_seen(rec))->more_links += more;
	r->has_linked = true;
}

struct stat looks_stat(struct trace_reading *r, const struct trace_record *rec)
{
	struct stat st = access_of(rec);

	st.st_size = trace_record_seen(rec)->size;
	st.st_mtim.tv_sec = trace_record_seen(rec)->mtime_ns / NS_PER_SEC;
	st.st_mtim.tv_nsec = trace_record_seen(rec)->mtime_ns % NS_PER_SEC;
	st.st_nlink = trace_record_seen(rec)->links;
	if (r->has_linked && S_ISREG(trace_record_seen(rec)->mode))
		st.st_nlink -= (nlink_t)object_of(r, trace_record_seen(rec))->more_links;
	return st;
}

void looks_was_changed(struct trace_reading *r, const struct trace_record *rec)
{
	if (trace_record_seen(rec)->mode && trace_record_seen(rec)->ctime_before_ns)
		step(r, trace_record_seen(rec), trace_record_seen(rec)->ctime_before_ns,
		     trace_record_seen(rec)->ctime_ns);
}

// Read through whatever name: the file is known by what it is.
void looks_add_file(struct trace_reading *r, const struct trace_record *rec, enum input_kind kind,
		    const char *before)
{
	struct sight seen = {.inode = (int64_t)trace_record_seen(rec)->inode};

	if (trace_record_seen(rec)->mode) {
		const struct object *o =
			step(r, trace_record_seen(rec), trace_record_seen(rec)->ctime_ns,
			     trace_record_seen(rec)->ctime_ns);
		seen.has_stamp = true;
		seen.first_ctime_ns = o->first_ctime_ns;
		seen.object = o;
	}
	looks_add(r, kind, before, true, seen);
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
void looks_take_kept(struct trace_reading *r, const struct trace_record *rec)
{
	if (!trace_record_seen(rec)->mode)
		return;
	struct object *o = step(r, trace_record_seen(rec), trace_record_seen(rec)->ctime_ns,
				trace_record_seen(rec)->ctime_ns);
	if (!o->is_kept && o->last_ctime_ns == trace_record_seen(rec)->ctime_ns)
		o->is_kept = parse_digest(&o->content, trace_record_path(rec) +
							       strlen(trace_record_path(rec)) + 1);
}

// The worker may have done more to the file after it was read.
void looks_settle(struct sight *seen)
{
	const struct object *o = seen->object;

	if (o)
		seen->last_ctime_ns = o->last_ctime_ns;
	if (o && o->is_kept)
		*seen = looks_sight_of(o->content);
	seen->object = NULL;
}
