// SPDX-License-Identifier: MIT
#include "trace/paths.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/path.h"
#include "trace/looks.h"

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
static void add_failed(struct trace_reading *r, const struct trace_record *rec, const char *before)
{
	if (is_missing(rec->errnum))
		looks_add(r, INPUT_PATH, before, rec->errnum != ENOENT, looks_no_sight());
	else if (is_denied(rec->errnum))
		looks_add(r, INPUT_ACCESS, before, true, looks_access_seen(rec));
	else
		looks_add(r, INPUT_TYPE, before, true, looks_no_sight());
}

static void take_read(struct trace_reading *r, const struct trace_record *rec, const char *before)
{
	uint32_t mode = trace_record_seen(rec)->mode;

	if (rec->errnum)
		add_failed(r, rec, before);
	else if (mode == 0 || S_ISREG(mode))
		looks_add_file(r, rec, INPUT_PATH, before);
	else if (S_ISDIR(mode))
		looks_add(r, INPUT_TYPE, before, true, looks_type_seen(rec));
	else if (looks_counts(r, before) ||
		 looks_is_clock(before)) // who knows what comes out of it
		inputs_doubt(r->in, DOUBT_CLOCK, before);
}

static void take_look(struct trace_reading *r, const struct trace_record *rec, const char *before)
{
	struct stat st = looks_stat(r, rec);

	if (rec->errnum && !(rec->op == TRACE_ALLOWED && is_denied(rec->errnum))) {
		add_failed(r, rec, before);
		return;
	}
	if (rec->op == TRACE_STATUS)
		looks_add(r, INPUT_STATUS, before, true,
			  trace_record_seen(rec)->mode
				  ? looks_sight_of(fingerprint_digest_of_status(&st))
				  : looks_no_sight());
	else if (rec->op == TRACE_ALLOWED)
		looks_add(r, INPUT_ACCESS, before, true, looks_access_seen(rec));
	else
		looks_add(r, INPUT_TYPE, before, true, looks_type_seen(rec));
	if (trace_record_seen(rec)->extra & TRACE_EXTRA_NAMED)
		looks_add(r, INPUT_LINK, before, true, looks_type_seen(rec));
}

static void take_name(struct trace_reading *r, const struct trace_record *rec, const char *before)
{
	if (is_missing(rec->errnum))
		looks_add(r, INPUT_LINK, before, rec->errnum != ENOENT, looks_no_sight());
	else if (rec->op == TRACE_LINK)
		looks_add(r, INPUT_LINK, before, true,
			  looks_sight_of(fingerprint_digest_of_link(
				  trace_record_path(rec) + strlen(trace_record_path(rec)) + 1)));
	else
		looks_add(r, INPUT_LINK, before, true, looks_type_seen(rec));
}

static void take_real(struct trace_reading *r, const struct trace_record *rec, const char *before)
{
	bool renamed = strcmp(before, trace_record_path(rec)) != 0;

	looks_add(r, INPUT_REAL, before, true,
		  renamed ? looks_no_sight()
			  : looks_sight_of(fingerprint_digest_of_real(before, r->rules->cwd)));
}

// The entries of a folder as they were before the worker changed them; sum: as they are.
static void add_listing(struct trace_reading *r, const char *path, const char *before, uint64_t sum)
{
	looks_add(r, INPUT_LISTING, before, true,
		  looks_sight_of(
			  fingerprint_digest_of_entries(sum + names_correction(&r->names, path))));
}

static void take_listed(struct trace_reading *r, const struct trace_record *rec, const char *before)
{
	if (rec->errnum)
		add_failed(r, rec, before);
	else if (trace_record_seen(rec)->mode)
		add_listing(r, trace_record_path(rec), before,
			    (uint64_t)trace_record_seen(rec)->size);
	else
		looks_add(r, INPUT_LISTING, before, true, looks_no_sight());
}

// ---- records of changes ----

static uint32_t type_before_of(const struct trace_record *rec)
{
	return trace_record_seen(rec)->extra >> TRACE_EXTRA_TYPE & S_IFMT;
}

static bool was_there(const struct trace_record *rec)
{
	return trace_record_seen(rec)->extra & TRACE_EXTRA_THERE;
}

// Something can be made there, or not; path is its name now. What the worker has removed itself is
// its own doing.
static void add_place(struct trace_reading *r, const struct trace_record *rec, enum input_kind kind,
		      const char *path)
{
	const char *before = names_has(&r->names, path) ? NULL : looks_before(r, rec, path);

	if (!before || trace_record_seen(rec)->extra & TRACE_EXTRA_CHANCE)
		return;
	looks_add(r, kind, before, rec->errnum == 0,
		  (struct sight){.was_free = kind == INPUT_ROOM && !was_there(rec)});
	if (is_missing(rec->errnum)) // for one reason or another
		add_failed(r, rec, before);
}

// Those that tell of the place and not of a lack of something.
static bool is_of_place(int errnum)
{
	return errnum == 0 || errnum == EEXIST || errnum == EISDIR || errnum == ENOTEMPTY ||
	       is_missing(errnum) || is_denied(errnum);
}

static void take_made(struct trace_reading *r, const struct trace_record *rec)
{
	if (is_of_place(rec->errnum))
		add_place(r, rec, INPUT_FREE, trace_record_path(rec));
	if (rec->errnum == 0)
		names_make(&r->names, trace_record_path(rec), trace_record_seen(rec)->mode & S_IFMT,
			   false, 0);
}

static void take_written(struct trace_reading *r, const struct trace_record *rec)
{
	if (is_of_place(rec->errnum))
		add_place(r, rec, INPUT_ROOM, trace_record_path(rec));
	if (rec->errnum == 0 && rec->op == TRACE_WRITTEN && trace_record_seen(rec)->mode &&
	    S_ISREG(trace_record_seen(rec)->mode))
		names_make(&r->names, trace_record_path(rec), S_IFREG, was_there(rec), S_IFREG);
}

static void take_changed(struct trace_reading *r, const struct trace_record *rec,
			 const char *before)
{
	if (before && rec->errnum)
		add_failed(r, rec, before);
	else if (before)
		looks_add(r, INPUT_ACCESS, before, true, looks_no_sight());
	if (before && rec->errnum == 0)
		looks_was_changed(r, rec);
}

// Whether a name may be taken away is for the folder's permissions to say; where it is sticky, for
// the owner of what lies there as well; and for the permissions of a folder that moves.
static void add_leave(struct trace_reading *r, const struct trace_record *rec, const char *before)
{
	size_t n = (size_t)(path_base(before) - before);
	char *folder = xstrndup(before, n > 1 ? n - 1 : n);
	bool is_asked = is_denied(rec->errnum) ||
			(rec->op == TRACE_RENAMED && S_ISDIR(trace_record_seen(rec)->mode));

	looks_add(r, INPUT_ACCESS, folder, true, looks_no_sight());
	if (is_asked && trace_record_seen(rec)->mode && !S_ISLNK(trace_record_seen(rec)->mode))
		looks_add(r, INPUT_ACCESS, before, true, looks_no_sight());
	free(folder);
}

static void take_removed(struct trace_reading *r, const struct trace_record *rec,
			 const char *before)
{
	bool is_folder = S_ISDIR(trace_record_seen(rec)->mode);
	// Whoever may not put a name there has told of the name before.
	bool is_told = trace_record_seen(rec)->mode || !is_denied(rec->errnum);

	if (before && rec->errnum == 0 && is_folder) // it was empty
		add_listing(r, trace_record_path(rec), before, 0);
	if (before && is_told)
		looks_add(r, INPUT_LINK, before, rec->errnum != ENOENT, looks_no_sight());
	if (before && (rec->errnum == 0 || is_denied(rec->errnum)))
		add_leave(r, rec, before);
	if (before && rec->errnum == 0)
		looks_was_changed(r, rec);
	if (before && rec->errnum == 0)
		looks_was_linked(r, rec, -1);
	if (rec->errnum == 0)
		names_remove(&r->names, trace_record_path(rec),
			     trace_record_seen(rec)->mode & S_IFMT);
}

// What has to be so where a name is to be put.
static void add_target(struct trace_reading *r, const struct trace_record *rec, const char *path)
{
	const char *before = names_has(&r->names, path) ? NULL : looks_before(r, rec, path);
	bool is_folder = S_ISDIR(trace_record_seen(rec)->mode);

	if (!before)
		return;
	if (trace_record_seen(rec)->extra & TRACE_EXTRA_ALONE || (is_folder && !was_there(rec)))
		looks_add(r, INPUT_FREE, before, true, looks_no_sight());
	else if (is_folder)
		add_listing(r, path, before, 0);
	else if (was_there(rec))
		looks_add(r, INPUT_LINK, before, true, looks_no_sight());
	else
		looks_add(r, INPUT_ROOM, before, true, (struct sight){.was_free = true});
}

static void take_moved(struct trace_reading *r, const struct trace_record *rec)
{
	const char *to = trace_record_path(rec) + strlen(trace_record_path(rec)) + 1;
	const char *before = looks_before(r, rec, trace_record_path(rec));
	uint32_t type = trace_record_seen(rec)->mode & S_IFMT;

	if (before) {
		looks_add(r, INPUT_LINK, before, true, looks_no_sight());
		looks_was_changed(r, rec);
	}
	if (before && rec->op == TRACE_LINKED)
		looks_was_linked(r, rec, 1);
	if (before && rec->op == TRACE_RENAMED)
		add_leave(r, rec, before);
	add_target(r, rec, to);
	if (rec->op == TRACE_RENAMED)
		names_rename(&r->names, trace_record_path(rec), to, type, was_there(rec),
			     type_before_of(rec));
	else
		names_link(&r->names, trace_record_path(rec), to, type);
}

static void take_xattrs(struct trace_reading *r, const struct trace_record *rec, const char *before)
{
	if (rec->errnum)
		add_failed(r, rec, before);
	else if (S_ISDIR(trace_record_seen(rec)->mode)) // its times are those of its entries
		looks_add(r, INPUT_XATTRS, before, true, looks_no_sight());
	else if (!S_ISLNK(trace_record_seen(rec)->mode)) // a link has none that a user could set
		looks_add_file(r, rec, INPUT_XATTRS, before);
	if (trace_record_seen(rec)->extra & TRACE_EXTRA_NAMED)
		looks_add(r, INPUT_LINK, before, rec->errnum != ENOENT, looks_no_sight());
}

static void take_connected(struct trace_reading *r, const struct trace_record *rec,
			   const char *before)
{
	if (is_missing(rec->errnum))
		add_failed(r, rec, before);
	else
		looks_add(r, INPUT_TYPE, before, true, looks_no_sight());
	if (!is_missing(rec->errnum) && looks_counts(r, before))
		inputs_doubt(r->in, DOUBT_NETWORK, before);
}

static void note_written(struct trace_reading *r, const char *path)
{
	if (looks_counts(r, path))
		looks_remember(&r->written, path);
}

// Another file's writing to it would spoil it.
static void note_claim(struct trace_reading *r, const struct trace_record *rec, const char *path)
{
	const struct trace_sight *seen = trace_record_seen(rec);
	bool is_device = S_ISCHR(seen->mode) || S_ISBLK(seen->mode);

	if (seen->extra & TRACE_EXTRA_CHANCE)
		looks_remember(&r->chances, path);
	else if (!(seen->extra & TRACE_EXTRA_APPENDS) && !is_device && looks_counts(r, path) &&
		 !map_get(&r->chances, path))
		looks_remember(&r->claims, path);
}

static bool has_written(const struct trace_record *rec)
{
	return rec->errnum == 0 && rec->op >= TRACE_MADE && rec->op <= TRACE_LINKED;
}

static void take_place(struct trace_reading *r, const struct trace_record *rec)
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
		note_written(r, trace_record_path(rec) + strlen(trace_record_path(rec)) + 1);
		note_claim(r, rec, trace_record_path(rec) + strlen(trace_record_path(rec)) + 1);
		break;
	default:
		break;
	}
}

// before may be NULL where something was changed.
static void take_object(struct trace_reading *r, const struct trace_record *rec, const char *before)
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
		if (rec->errnum == 0 && looks_is_below(before, r->rules->cwd))
			looks_add(r, INPUT_CHUNK, before, true, looks_no_sight());
		break;
	default: // it was read, by the program or by what executed it
		take_read(r, rec, before);
		break;
	}
}

void paths_take(struct trace_reading *r, const struct trace_record *rec)
{
	bool is_place = rec->op == TRACE_MADE || rec->op == TRACE_WRITTEN ||
			rec->op == TRACE_EXTENDED || rec->op == TRACE_RENAMED ||
			rec->op == TRACE_LINKED;

	if (*trace_record_path(rec) != '/')
		return;
	looks_take_proc(r, trace_record_path(rec));
	if (rec->op == TRACE_KEPT) {
		looks_take_kept(r, rec);
		return;
	}
	if (has_written(rec))
		note_written(r, trace_record_path(rec));
	// Another name leaves a file as it was.
	if (has_written(rec) && rec->op != TRACE_LINKED)
		note_claim(r, rec, trace_record_path(rec));
	if (is_place)
		take_place(r, rec);
	else
		take_object(r, rec, looks_before(r, rec, trace_record_path(rec)));
}
