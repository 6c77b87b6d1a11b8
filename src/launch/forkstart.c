// SPDX-License-Identifier: MIT
#include "launch/forkstart.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/digest.h"
#include "base/err.h"
#include "base/map.h"
#include "launch/environment.h"

#define SETTLE_NS (50 * NS_PER_MS) // several times as long as the clock of files stands still

// ---- whether its start would be the same now ----

static int64_t ctime_of(const struct stat *st)
{
	return st->st_ctim.tv_sec * NS_PER_SEC + st->st_ctim.tv_nsec;
}

// What is neither a file nor its absence is looked at as it would be for the history.
static bool is_looked_at(const struct input *in)
{
	return input_is_path(in->kind) && in->kind != INPUT_PATH;
}

// Whether it is a name alone, and stands while its folder does: a link, or one that nothing has.
static bool is_name(const struct input *in)
{
	return in->kind == INPUT_LINK || (in->kind == INPUT_PATH && !in->found);
}

static bool has_changed(const struct input *in)
{
	struct stat st;

	if (is_looked_at(in)) {
		const struct fingerprint now = input_fingerprint(in->kind, in->name, NULL);
		return !fingerprint_equal(&now, &in->is);
	}
	if (!in->found)
		return access(in->name, F_OK) == 0;
	if (stat(in->name, &st) < 0)
		return true;
	return in->seen.has_stamp &&
	       ((int64_t)st.st_ino != in->seen.inode || ctime_of(&st) != in->seen.last_ctime_ns);
}

// As the start has seen it; or as it has left it, where it may have changed it itself.
static void take_looks(struct forkstart *f)
{
	for (size_t i = 0; i < f->inputs.list.n; i++) {
		struct input *in = &f->inputs.list.items[i];
		if (!is_looked_at(in))
			continue;
		if (f->inputs.written.n == 0 && (in->seen.has_digest || !in->found))
			in->is = (struct fingerprint){.present = in->found,
						      .digest = in->seen.digest};
		else
			in->is = input_fingerprint(in->kind, in->name, NULL);
	}
}

// Whether something may have come into the folder since. One that was changed a moment ago may be
// changed once more without another time.
static bool has_moved(struct forkstart_folder *folder)
{
	struct stat st = {0};
	bool is_there = stat(folder->path, &st) == 0;
	bool moved = !is_there || (int64_t)st.st_ino != folder->inode ||
		     ctime_of(&st) != folder->ctime_ns;
	bool settled = ctime_of(&st) < clock_real_ns() - SETTLE_NS;

	folder->inode = settled ? (int64_t)st.st_ino : 0;
	folder->ctime_ns = ctime_of(&st);
	return moved;
}

// The nearest folder above the path that is there.
static char *folder_above(const char *path)
{
	char *folder = xstrdup(path);
	struct stat st;

	do {
		char *slash = strrchr(folder, '/');
		if (!slash || slash == folder) {
			char *top = xstrdup(slash ? "/" : ".");
			free(folder);
			return top;
		}
		*slash = '\0';
	} while (stat(folder, &st) < 0);
	return folder;
}

static bool has_folder(const struct forkstart *f, const char *path)
{
	for (size_t i = 0; i < f->folders.n; i++)
		if (strcmp(f->folders.items[i].path, path) == 0)
			return true;
	return false;
}

// Names that the start has looked for are looked for again where a folder of theirs has moved, and
// not hundreds of times.
static void find_folders(struct forkstart *f)
{
	for (size_t i = 0; i < f->inputs.list.n; i++) {
		const struct input *in = &f->inputs.list.items[i];
		if (!is_name(in))
			continue;
		struct forkstart_folder folder = {.path = folder_above(in->name)};
		if (has_folder(f, folder.path))
			free(folder.path);
		else
			VEC_PUSH(&f->folders, folder);
	}
}

bool forkstart_is_current(struct forkstart *f)
{
	bool moved = false;

	for (size_t i = 0; i < f->folders.n; i++)
		moved |= has_moved(&f->folders.items[i]);
	// What has come may be a folder of what is missing.
	if (moved)
		find_folders(f);
	for (size_t i = 0; i < f->inputs.list.n; i++) {
		const struct input *in = &f->inputs.list.items[i];
		if (input_is_path(in->kind) && (moved || !is_name(in)) && has_changed(in))
			return false;
	}
	return true;
}

// ---- what each worker would have to do ----

// What each worker has of its own, and has to ask for itself.
static bool is_own_variable(const char *name)
{
	static const char *const names[] = {"TMPDIR", "MAKEFLAGS", "FIRMO_JOBS_SLOT",
					    "FIRMO_JOBS_ATTEMPT", "FIRMO_JOBS_WORKER"};

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (strcmp(name, names[i]) == 0)
			return true;
	return false;
}

char *forkstart_fault(const struct forkstart *f, bool watched)
{
	const struct inputs *in = &f->inputs;

	if (in->written.n > 0 && !watched)
		return xasprintf("what runs before the file writes %s", in->written.items[0]);
	if (in->network)
		return xstrdup("what runs before the file uses the network");
	for (size_t i = 0; i < in->list.n; i++)
		if (in->list.items[i].kind == INPUT_VARIABLE &&
		    is_own_variable(in->list.items[i].name))
			return xasprintf("what runs before the file reads %s",
					 in->list.items[i].name);
	return NULL;
}

// ---- what stands for it ----

static void add_stamp(struct buf *b, const char *path)
{
	struct stat st;

	if (stat(path, &st) == 0)
		buf_addf(b, "%ju %ju %jd %jd", (uintmax_t)st.st_dev, (uintmax_t)st.st_ino,
			 (intmax_t)st.st_size, (intmax_t)ctime_of(&st));
}

static uint64_t number_of(const struct buf *b)
{
	struct digest d = digest_of(b->data, b->len);
	uint64_t number;

	memcpy(&number, d.bytes, sizeof number);
	return number >> (64 - 46);
}

static bool writes(const struct inputs *in, const char *path)
{
	for (size_t i = 0; i < in->written.n; i++)
		if (strcmp(in->written.items[i], path) == 0)
			return true;
	return false;
}

// By the times of files: to look into them all takes longer than to ask once too often.
static uint64_t state_of(const struct inputs *in, const char *way, const char *library,
			 char *const *variables)
{
	struct buf b = {0};

	buf_addf(&b, "%s ", way);
	add_stamp(&b, library);
	for (size_t i = 0; i < in->list.n; i++) {
		const struct input *input = &in->list.items[i];
		bool is_own = input->kind == INPUT_VARIABLE &&
			      environment_is_own(input->name, strlen(input->name));
		if (is_own || input_is_remark(input->kind))
			continue;
		buf_addf(&b, "\n%d %d %s ", (int)input->kind, input->found, input->name);
		// What it writes itself is another each time.
		if (input_is_path(input->kind) && input->found && !writes(in, input->name))
			add_stamp(&b, input->name);
		size_t n = strlen(input->name);
		for (char *const *v = variables; input->kind == INPUT_VARIABLE && *v; v++)
			if (strncmp(*v, input->name, n) == 0 && (*v)[n] == '=')
				buf_addf(&b, "%s", *v);
	}
	uint64_t state = number_of(&b);
	buf_release(&b);
	return state;
}

uint64_t forkstart_state_with(const struct forkstart *f, const char *file)
{
	struct buf b = {0};

	buf_addf(&b, "%ju %s ", (uintmax_t)f->state, file);
	add_stamp(&b, file);
	uint64_t state = number_of(&b);
	buf_release(&b);
	return state;
}

int forkstart_take(struct forkstart *f, const struct trace *t, const struct trace_rules *rules,
		   const char *way, const char *library, struct err *err)
{
	f->trace = trace_copy(t, &f->bytes, err);
	if (!f->trace)
		return -1;
	trace_parse(f->trace, f->bytes, rules, &f->inputs);
	inputs_sort(&f->inputs);
	// What it has written each worker is to be seen to touch.
	if (f->inputs.written.n > 0)
		trace_note_again(f->trace);
	find_folders(f);
	take_looks(f);
	f->state = state_of(&f->inputs, way, library, rules->environ);
	return 0;
}

void forkstart_release(struct forkstart *f)
{
	inputs_release(&f->inputs);
	for (size_t i = 0; i < f->folders.n; i++)
		free(f->folders.items[i].path);
	free(f->folders.items);
	free(f->trace);
	*f = (struct forkstart){0};
}

// ---- what a worker has touched ----

static char *find_common(const struct inputs *in, const struct inputs *start)
{
	struct map touched = {0};
	char *common = NULL;

	for (size_t i = 0; i < in->list.n; i++)
		if (input_is_path(in->list.items[i].kind))
			map_put(&touched, in->list.items[i].name, &touched);
	for (size_t i = 0; i < in->written.n; i++)
		map_put(&touched, in->written.items[i], &touched);
	for (size_t i = 0; i < start->written.n && !common; i++)
		if (map_get(&touched, start->written.items[i]))
			common = xstrdup(start->written.items[i]);
	map_release(&touched);
	return common;
}

char *forkstart_find_touched(const struct forkstart *f, const struct trace *worker,
			     const struct trace_rules *rules, const struct inputs *all)
{
	struct trace_rules own = *rules;
	struct inputs in = {0};
	struct err err;

	if (f->inputs.written.n == 0)
		return NULL;
	own.from = f->bytes;
	bool is_whole = !all->blind && !all->overflow && trace_read(worker, &own, &in, &err) == 0;
	char *common =
		is_whole ? find_common(&in, &f->inputs) : xstrdup(f->inputs.written.items[0]);
	inputs_release(&in);
	return common;
}
