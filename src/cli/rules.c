// SPDX-License-Identifier: MIT
// --rules: the verdict of --changed on every file, as make takes it. The rules say what a test
// depends on, so that make makes that first; a stamp says that the test's last pass is valid. It is
// as old as the youngest file that the pass depended on: what make makes anew is younger.
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/outfile.h"
#include "base/path.h"
#include "cli/files.h"
#include "cli/mode.h"
#include "cli/rules.h"
#include "cli/session.h"
#include "plan/order.h"
#include "plan/plan.h"
#include "plan/sequence.h"
#include "report/rules.h"
#include "store/store.h"

// A path that was an input, at present.
struct file {
	bool is_other; // a folder, a device: make has no use for it
	struct timespec mtime;
};

struct rules {
	struct uptodate uptodate;
	struct map files;       // path -> struct file *
	char *stamps;           // the folder
	bool has_history;       // without one all run when make asks for them
	bool is_ours;           // what lies in the way there is ours as well, and makes room
	struct timespec *times; // of the stamp of each job
	struct {
		struct rule *items;
		size_t n, cap;
	} list;
};

static void release(struct rules *r)
{
	for (size_t i = 0; i < r->list.n; i++) {
		free(r->list.items[i].files);
		free(r->list.items[i].after);
	}
	free(r->times);
	for (size_t i = 0; i < r->files.cap; i++)
		free(r->files.slots[i].value);
	free(r->list.items);
	free(r->stamps);
	map_release(&r->files);
	uptodate_release(&r->uptodate);
}

// ---- a file's rule ----

static const struct file *look_at(struct rules *r, const char *path)
{
	struct file *f = map_get(&r->files, path);
	struct stat st;

	if (f)
		return f;
	f = xcalloc(1, sizeof *f);
	if (stat(path, &st) == 0) {
		f->is_other = !S_ISREG(st.st_mode);
		f->mtime = st.st_mtim;
	}
	map_put(&r->files, path, f);
	return f;
}

static bool is_younger(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec != b->tv_sec ? a->tv_sec > b->tv_sec : a->tv_nsec > b->tv_nsec;
}

static void add_file(struct rules *r, struct rule *rule, const char *path,
		     struct timespec *youngest)
{
	const struct file *f = look_at(r, path);

	if (f->is_other)
		return;
	rule->files[rule->n++] = path;
	if (is_younger(&f->mtime, youngest))
		*youngest = f->mtime;
}

// The rule of the file at path, whose last pass has left that snapshot, or NULL. *youngest is when
// the last of the inputs was changed.
static struct rule make_rule(struct rules *r, const char *path, const struct snapshot *s,
			     struct timespec *youngest)
{
	struct rule rule = {.path = path, .files = xcalloc((s ? s->n : 0) + 1, sizeof *rule.files)};

	*youngest = (struct timespec){0};
	add_file(r, &rule, path, youngest);
	for (size_t i = 0; s && i < s->n; i++) {
		const struct input_state *v =
			input_states_find(&r->uptodate.input_states, s->inputs[i]);
		if (v && v->kind == INPUT_PATH && v->was.present && strcmp(v->name, path) != 0)
			add_file(r, &rule, v->name, youngest);
	}
	return rule;
}

// It is not judged before those that write what it depends on have been run, and its stamp is no
// older than theirs.
static void add_producers(struct rules *r, struct rule *rule, const struct jobs *jobs, size_t job,
			  struct timespec *youngest)
{
	rule->after = xcalloc(jobs->handovers.n + 1, sizeof *rule->after);
	for (size_t i = 0; i < jobs->handovers.n; i++) {
		const struct handover *h = &jobs->handovers.items[i];
		if (h->consumer != job || !rules_can_run(jobs->items[h->producer].path))
			continue;
		rule->after[rule->nafter++] = jobs->items[h->producer].path;
		if (is_younger(&r->times[h->producer], youngest))
			*youngest = r->times[h->producer];
	}
}

static int touch(const char *path, const struct timespec *when)
{
	const struct timespec times[] = {*when, *when};
	int fd = open(path, O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0666);
	int status = fd >= 0 ? futimens(fd, times) : -1;
	int errnum = errno;

	if (fd >= 0)
		close(fd);
	errno = errnum;
	return status;
}

// In our own folder that of the stamps is made anew where something else is in its place, or
// nothing can be put into it: all that it tells is in the history as well.
static int renew_stamps(const struct rules *r, struct err *err)
{
	if (!r->is_ours)
		return err_set(err, 0, "%s: is in the way of the stamps of the rules", r->stamps);
	path_remove_tree(r->stamps);
	return path_make_dirs(r->stamps, err);
}

static int put_stamp(const struct rules *r, const char *name, const struct timespec *when,
		     struct err *err)
{
	if (touch(name, when) == 0)
		return 0;
	if (r->is_ours)
		path_remove_tree(name);
	if (touch(name, when) == 0)
		return 0;
	return renew_stamps(r, err) == 0 && touch(name, when) == 0
		       ? 0
		       : err_set(err, errno, "make %s", name);
}

// Makes the stamp say whether the pass is valid.
static int settle_stamp(const struct rules *r, const char *path, bool valid,
			const struct timespec *youngest, struct err *err)
{
	struct buf name = {0};
	struct stat st;
	int status = 0;

	buf_addf(&name, "%s/", r->stamps);
	rules_add_stamp(&name, path);
	bool is_there = lstat(name.data, &st) == 0;
	if (is_there && !valid && unlink(name.data) < 0 &&
	    (!r->is_ours || path_remove_tree(name.data) < 0))
		status = renew_stamps(r, err);
	else if (valid &&
		 !(is_there && S_ISREG(st.st_mode) && st.st_mtim.tv_sec == youngest->tv_sec &&
		   st.st_mtim.tv_nsec == youngest->tv_nsec))
		status = put_stamp(r, name.data, youngest, err);
	buf_release(&name);
	return status;
}

static int add_job(struct rules *r, const struct jobs *jobs, size_t i,
		   const struct support *support, struct err *err)
{
	struct job *job = &jobs->items[i];
	struct uptodate_finding a = plan_ask(&r->uptodate, job);
	struct timespec youngest;

	if (!rules_can_run(job->path)) {
		char *message = xasprintf(
			"%s: a make rule has no place for a newline: it does not run", job->path);
		session_warn(message);
		free(message);
		return 0;
	}
	struct rule rule = make_rule(r, job->path, a.snapshot, &youngest);
	rule.later = r->has_history && support_may_be(support, job);
	add_producers(r, &rule, jobs, i, &youngest);
	r->times[i] = youngest;
	VEC_PUSH(&r->list, rule);
	return settle_stamp(r, job->path, a.verdict == UPTODATE, &youngest, err);
}

// ---- the file of rules ----

static bool holds(const char *path, const char *text, size_t n)
{
	struct buf b = {0};
	FILE *f = fopen(path, "re");
	struct stat st;

	if (f && fstat(fileno(f), &st) == 0 && (size_t)st.st_size == n) {
		buf_reserve(&b, n + 1);
		b.len = fread(b.data, 1, n + 1, f);
	}
	bool same = f && b.len == n && memcmp(b.data, text, n) == 0;
	if (f)
		fclose(f);
	buf_release(&b);
	return same;
}

// A file that would be the same is left alone. What is in its place in our own folder, and is no
// file, makes room.
static int write_file(const struct rules *r, const char *path, struct err *err)
{
	struct stat st;
	struct outfile file;
	char *text;
	size_t n;
	FILE *memory = xgiven(open_memstream(&text, &n));

	if (!memory)
		return err_set(err, errno, "write %s", path);
	int status = report_rules(memory, r->list.items, r->list.n, err);
	fclose(memory);
	if (r->is_ours && lstat(path, &st) == 0 && !S_ISREG(st.st_mode))
		path_remove_tree(path);
	if (status == 0 && !holds(path, text, n)) {
		status = outfile_open(&file, path, err);
		if (status == 0) {
			fwrite(text, 1, n, file.stream);
			status = outfile_commit(&file, err);
		}
	}
	free(text);
	return status;
}

static int make_all(struct rules *r, struct firmo_jobs *s, struct err *err)
{
	const struct plan_request *request = &s->request;

	if (path_make_dirs(r->stamps, err) < 0 && renew_stamps(r, err) < 0)
		return -1;
	// Without a history nothing is known of any file, and all of them run.
	if (s->context.store && (plan_add_past(&s->jobs, s->context.store, err) < 0 ||
				 uptodate_open(&r->uptodate, s->context.store, &s->jobs,
					       request->settings->trusted, err) < 0))
		return -1;
	r->uptodate.counting.wish = request->counting;
	// Whether those are tests that may be support, --gather finds out when all others have run.
	plan_look_into(&s->jobs, &s->reused, request);
	support_plan(&s->support, &s->jobs);
	support_begin(&s->support, &s->jobs, &s->reused);
	if (s->context.store && plan_keep_apart(&s->jobs, request, s->context.store, err) < 0)
		return -1;
	order_jobs(&s->jobs, ORDER_SLOWEST, 0, request->slots, request->locks);
	if (s->context.store && sequence_learn(&s->jobs, s->context.store, err) < 0)
		return -1;
	r->times = xcalloc(s->jobs.n, sizeof *r->times);
	for (size_t i = 0; i < s->jobs.n; i++)
		if (add_job(r, &s->jobs, i, &s->support, err) < 0)
			return -1;
	if (s->context.store)
		uptodate_renew(&r->uptodate, s->context.store);
	return 0;
}

static int read_file(struct settings *o, const char *value, struct err *err)
{
	o->writes_rules = true;
	o->rules = *value ? value : NULL;
	return 0;
}

// Nothing but ours lies in the folder that is called as ours is.
static bool is_in_state_folder(const char *path)
{
	static const char inside[] = STATE_FOLDER "/";

	return strncmp(path, inside, strlen(inside)) == 0 || strstr(path, "/" STATE_FOLDER "/");
}

int rules_write(struct firmo_jobs *s, struct err *err)
{
	struct rules r = {.has_history = s->context.store};
	char *path = s->settings->rules ? xstrdup(s->settings->rules)
					: path_beside(s->settings->db, "rules.mk");
	r.stamps = path_beside(path, "stamps");
	r.is_ours = is_in_state_folder(path);
	int status = make_all(&r, s, err);
	if (status == 0)
		status = write_file(&r, path, err);
	release(&r);
	free(path);
	return status;
}

static enum firmo_jobs_status carry_out(struct firmo_jobs *s)
{
	struct err err = {0};

	enum firmo_jobs_status ready = files_look(s);
	if (ready != FIRMO_JOBS_OK)
		return ready;
	if (rules_write(s, &err) == 0)
		return FIRMO_JOBS_OK;
	session_warn(err.message);
	return FIRMO_JOBS_BROKEN;
}

const struct mode mode_rules = {
	.name = "--rules",
	.goes_by_plan = true,
	.formats = MODE_ANY_FORMAT,
	.part_of = &mode_gather,
	.read = read_file,
	.carry_out = carry_out,
};
