// SPDX-License-Identifier: MIT
#include "plan/discover.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/map.h"
#include "base/path.h"
#include "base/text.h"
#include "framework/busted.h"
#include "plan/elsewhere.h"
#include "plan/folder.h"
#include "plan/names.h"

// A folder that is searched, with all below it.
struct search {
	struct discovery *d;
	const char *root;
	bool by_name;          // the usual names, or the globs of --pattern, make a test
	bool by_busted;        // and so do busted's
	bool in_root;          // busted looks for tests here
	size_t found;          // tests
	struct strings others; // names of source that is none; owned
};

void discovery_release(struct discovery *d)
{
	strings_free_all(&d->notes);
	strings_free_all(&d->missed);
	strings_free_all(&d->searched);
	strings_free_all(&d->links);
	strings_free_all(&d->lined);
	map_release(&d->lines);
}

// ---- one file ----

// 0: no link stands in the path; 1: it is one itself; 2: one of its folders is.
static int links_in(const char *path)
{
	char *folder = path_beside(path, ""), *real = path_real(*folder ? folder : ".");
	char *cwd = path_cwd(), *own = path_below(real ? real : folder, cwd);
	char *clean = path_below(folder, cwd);
	struct stat st;
	int links = lstat(path, &st) == 0 && S_ISLNK(st.st_mode);

	if (strcmp(own, clean) != 0)
		links = 2;
	free(folder);
	free(real);
	free(cwd);
	free(own);
	free(clean);
	return links;
}

// Among the names of one file, the one with the fewest links is taken, a relative one, the first by
// its bytes.
static bool is_better_name(const char *path, const char *than)
{
	int links = links_in(path), others = links_in(than);

	if (links != others)
		return links < others;
	if ((*path == '/') != (*than == '/'))
		return *than == '/';
	return strcmp(path, than) < 0;
}

// What was named is what the user wants, however else it was found. Both names stay; j has the one
// to be used.
static void merge(struct job *j, struct job *again)
{
	if (strcmp(again->path, j->path) != 0 && is_better_name(again->path, j->path)) {
		char *path = j->path;
		j->path = again->path;
		again->path = path;
	}
	if (again->found == FOUND_NAMED || j->found == FOUND_STRANGE)
		j->found = again->found;
}

// Takes over the path.
static void add(struct discovery *d, struct job job)
{
	job.expected_ns = job.p99_ns = job.known = -1;
	job.load = (struct load){.wall_ns = -1, .cpu_ns = -1};
	VEC_PUSH(d->jobs, job);
}

// At most so many are told.
#define NAMES_TOLD 8

static char *identity(const struct job *j, struct stat *st)
{
	*st = (struct stat){0};
	// A dangling link is itself.
	return stat(j->path, st) == 0 || lstat(j->path, st) == 0
		       ? xasprintf("%" PRIxMAX ":%" PRIxMAX, (uintmax_t)st->st_dev,
				   (uintmax_t)st->st_ino)
		       : xstrdup(j->path);
}

static void note_names(struct discovery *d, struct strings *names)
{
	struct buf b = {0};

	strings_sort(names);
	for (size_t i = 0; i < names->n && i < NAMES_TOLD; i++)
		buf_addf(&b, "%s%s", i ? ", " : "", names->items[i]);
	if (names->n > NAMES_TOLD)
		buf_addf(&b, " and %zu more", names->n - NAMES_TOLD);
	if (names->n > 0)
		VEC_PUSH(&d->notes,
			 xasprintf("run under another name of the same file: %s", b.data));
	buf_release(&b);
}

void discover_unite(struct discovery *d)
{
	struct strings names = {0};
	struct map files = {0}; // where in jobs each file is, and 1, by its identity
	size_t n = 0;

	for (size_t i = 0; i < d->jobs->n; i++) {
		struct job job = d->jobs->items[i];
		struct stat st;
		char *key = identity(&job, &st);
		uintptr_t at = (uintptr_t)map_get(&files, key);
		job.size = st.st_size;
		if (at == 0) {
			d->jobs->items[n++] = job;
			map_put(&files, key, (void *)(uintptr_t)n);
		} else {
			struct job *first = &d->jobs->items[at - 1];
			merge(first, &job);
			if (strcmp(job.path, first->path) != 0)
				VEC_PUSH(&names, xasprintf("%s (as %s)", job.path, first->path));
			free(job.path);
		}
		free(key);
	}
	d->jobs->n = n;
	map_release(&files);
	note_names(d, &names);
	strings_free_all(&names);
}

// ---- names ----

enum suitability { IS_TEST, IS_NONE, IS_LEFT };

static bool is_moon(const char *name)
{
	const char *end = strrchr(name, '.');

	return end && strcmp(end, ".moon") == 0;
}

// What the file of that path is, found directly in the searched folder or deeper.
static enum suitability judge(const struct search *s, const char *path, bool deeper, struct job *j)
{
	const struct discovery *d = s->d;
	const char *name = path_base(path);
	enum busted_wish wish = busted_wants(d->busted, name);
	bool takes = s->by_busted && d->globs->n == 0 && wish == BUSTED_RUNS &&
		     !(deeper && d->busted->shallow);

	j->in_root = s->in_root;
	j->busted_leaves = wish != BUSTED_RUNS;
	j->found = d->globs->n > 0             ? FOUND_BY_PATTERN
		   : takes && d->busted->there ? FOUND_BY_BUSTED
					       : FOUND_BY_NAME;
	if (s->by_busted && d->globs->n == 0 && wish == BUSTED_EXCLUDES)
		return IS_LEFT;
	if (takes)
		return IS_TEST;
	if (!s->by_name)
		return IS_NONE;
	if (d->globs->n > 0)
		return name_matches(d->globs, path) ? IS_TEST : IS_NONE;
	// Only busted can load MoonScript.
	if (is_moon(name) && wish != BUSTED_RUNS)
		return IS_NONE;
	return name_is_usual(name) || (!deeper && strcmp(name, "test.lua") == 0) ? IS_TEST
										 : IS_NONE;
}

// ---- folders ----

static int search(struct search *s, const char *folder, bool deeper, struct err *err);

static void note_other_task(struct discovery *d, const char *path)
{
	struct buf b = {0};

	buf_addf(&b,
		 "%s is not searched: in %s it belongs to another task; --run=TASK chooses one:",
		 path, BUSTED_FILE);
	for (size_t i = 0; i < d->busted->tasks.n; i++)
		buf_addf(&b, " %s", d->busted->tasks.items[i]);
	VEC_PUSH(&d->notes, buf_detach(&b));
}

// A folder below another. In what is left out busted looks all the same.
static int descend(struct search *s, const char *path, struct err *err)
{
	const struct busted_settings *b = s->d->busted;
	struct search below = *s;

	if (*path_base(path) == '.')
		return 0;
	below.others = (struct strings){0};
	below.in_root = s->in_root || folder_is_of_root(b, &b->roots, path);
	below.by_busted = s->by_busted || below.in_root;
	if (!below.by_busted && folder_is_of_root(b, &b->task_roots, path)) {
		note_other_task(s->d, path);
		return 0;
	}
	if (folder_is_left_out(path_base(path))) {
		if (!below.in_root || b->shallow || s->d->globs->n > 0)
			return 0;
		below.by_name = false;
	}
	int status = search(&below, path, true, err);
	s->found = below.found;
	for (size_t i = 0; i < below.others.n; i++)
		VEC_PUSH(&s->others, below.others.items[i]);
	free(below.others.items);
	return status;
}

// Without settings of its own a project may have test data there that only looks like tests.
static bool only_told(const struct search *s)
{
	return !s->by_name && !s->d->busted->there;
}

// Takes over the path.
static void take_file(struct search *s, char *path, bool deeper)
{
	struct job j = {.path = path};

	switch (judge(s, path, deeper, &j)) {
	case IS_TEST:
		if (only_told(s)) {
			VEC_PUSH(&s->d->missed, path);
			return;
		}
		s->found++;
		add(s->d, j);
		return;
	case IS_NONE:
		if (s->by_name && name_is_source(path_base(path)))
			VEC_PUSH(&s->others, xstrdup(path_base(path)));
		break;
	case IS_LEFT:
		break;
	}
	free(path);
}

static void note_folder(struct discovery *d, const char *folder)
{
	if (d->folders)
		VEC_PUSH(d->folders, xstrdup(folder));
}

static int search(struct search *s, const char *folder, bool deeper, struct err *err)
{
	DIR *dir = xgiven(opendir(folder));
	struct dirent *e;
	int status = 0;

	note_folder(s->d, folder);
	if (!dir)
		return err_set(err, errno, "cannot search %s", folder);
	while (status == 0 && (errno = 0, e = readdir(dir))) {
		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		char *path = path_join(folder, e->d_name);
		enum folder_item item = folder_item_at(path, e->d_type);
		if (item == ITEM_FILE) {
			take_file(s, path, deeper);
			continue;
		}
		if (item == ITEM_CIRCLE && *e->d_name != '.') {
			VEC_PUSH(&s->d->links, path);
			continue;
		}
		status = item == ITEM_FOLDER ? descend(s, path, err) : 0;
		free(path);
	}
	if (status == 0 && errno)
		status = err_set(err, errno, "cannot search %s", folder);
	closedir(dir);
	return status;
}

// ---- near misses ----

// Where a folder has no test, whatever source it has may be some; else what is called so.
static void note_others(struct search *s)
{
	struct buf b = {0};

	if (s->found > 0)
		names_keep_near(&s->others);
	names_keep_one_ending(&s->others);
	if (s->others.n == 0)
		return;
	strings_sort(&s->others);
	buf_addf(&b, "%s holds %zu %s%s file%s, none named %s", s->root, s->others.n,
		 s->found > 0 ? "more " : "", strrchr(s->others.items[0], '.'),
		 s->others.n == 1 ? "" : "s", NAMES_TEXT);
	names_add_advice(&b, &s->others);
	buf_addch(&b, ' ');
	text_add_word(&b, s->root);
	VEC_PUSH(&s->d->notes, buf_detach(&b));
}

// ---- from where ----

// `..` is what the system makes of it, so that one file has one name.
static char *resolve(const char *path, bool is_folder)
{
	char *folder = is_folder ? xstrdup(path) : path_beside(path, "");
	char *real = path_real(*folder ? folder : ".");
	char *whole = !real       ? xstrdup(path)
		      : is_folder ? xstrdup(real)
				  : path_join(real, path_base(path));

	free(folder);
	free(real);
	return whole;
}

static bool has_parent(const char *path)
{
	for (const char *p = path; (p = strstr(p, "..")); p += 2)
		if ((p == path || p[-1] == '/') && (p[2] == '/' || p[2] == '\0'))
			return true;
	return false;
}

static int search_from(struct search s, const char *path, struct err *err)
{
	char *real = realpath(path, NULL);

	VEC_PUSH(&s.d->searched, real ? real : xstrdup(path));
	s.root = path;
	s.in_root = folder_is_of_root(s.d->busted, &s.d->busted->roots, path);
	s.by_busted |= s.in_root;
	int status = search(&s, path, false, err);
	if (status == 0 && s.by_name && s.d->globs->n == 0)
		note_others(&s);
	strings_free_all(&s.others);
	return status;
}

static void take_named(struct discovery *d, char *path)
{
	bool in_root = folder_is_of_root(d->busted, &d->busted->roots, path);
	struct search s = {.d = d, .by_name = true, .by_busted = in_root, .in_root = in_root};
	struct job j = {.path = path};

	j.found = judge(&s, path, false, &j) == IS_TEST ? FOUND_NAMED : FOUND_STRANGE;
	add(d, j);
}

// Of FILE:LINE, where there is such a file, the length of FILE; else 0.
static size_t length_without_line(const char *given, struct stat *st)
{
	const char *colon = strrchr(given, ':');
	long line;

	if (!colon || colon == given || !text_parse_long(colon + 1, 1, INT_MAX, &line))
		return 0;
	char *file = xstrndup(given, (size_t)(colon - given));
	bool is_file = stat(file, st) == 0 && S_ISREG(st->st_mode);
	free(file);
	return is_file ? (size_t)(colon - given) : 0;
}

static void note_line(struct discovery *d, const char *path, const char *line)
{
	void **at = map_at(&d->lines, path);
	char *lines = *at ? xasprintf("%s,%s", (const char *)*at, line) : xstrdup(line);

	VEC_PUSH(&d->lined, lines);
	*at = lines;
}

static int discover_line(struct discovery *d, const char *given, size_t n, struct err *err)
{
	char *file = xstrndup(given, n);
	int status = discover(d, file, err);

	if (status == 0)
		note_line(d, d->jobs->items[d->jobs->n - 1].path, given + n + 1);
	free(file);
	return status;
}

int discover(struct discovery *d, const char *given, struct err *err)
{
	struct stat st;
	int status = 0;

	if (stat(given, &st) < 0) {
		int why = errno;
		size_t n = length_without_line(given, &st);
		return n > 0 ? discover_line(d, given, n, err) : err_set(err, why, "%s", given);
	}
	char *cwd = path_cwd();
	char *whole = has_parent(given) ? resolve(given, S_ISDIR(st.st_mode)) : xstrdup(given);
	char *path = path_below(whole, cwd);
	if (S_ISDIR(st.st_mode)) {
		status = search_from((struct search){.d = d, .by_name = true, .by_busted = true},
				     path, err);
		free(path);
	} else {
		take_named(d, path);
	}
	free(whole);
	free(cwd);
	return status;
}

static const char *const usual_folders[] = {"tests", "test", "spec", "specs", "t"};

#define USUAL_FOLDERS (sizeof usual_folders / sizeof *usual_folders)

static bool is_folder(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static int search_usual(struct discovery *d, const char *path, struct err *err)
{
	const struct busted_settings *b = d->busted;
	struct stat st;

	// One that cannot be looked at may have any number of tests.
	if (stat(path, &st) < 0)
		return errno == ENOENT || errno == ENOTDIR || errno == ELOOP
			       ? 0
			       : err_set(err, errno, "cannot search %s", path);
	if (!S_ISDIR(st.st_mode))
		return 0;
	if (!folder_is_of_root(b, &b->roots, path) && folder_is_of_root(b, &b->task_roots, path)) {
		note_other_task(d, path);
		return 0;
	}
	return search_from((struct search){.d = d, .by_name = true}, path, err);
}

static bool is_searched(const char *path)
{
	bool is = false;

	for (size_t i = 0; i < USUAL_FOLDERS; i++)
		is |= is_folder(usual_folders[i]) && folder_holds(path, usual_folders[i]);
	return is && !strstr(path, "/.") && !strstr(path, "..");
}

// A root that the whole project lies in is no folder of tests: there only busted's names count.
static int search_root(struct discovery *d, const char *given, struct err *err)
{
	char *path = folder_of_root(d->busted, given);
	struct search s = {.d = d, .by_name = !folder_holds(".", path)};
	struct job j = {.path = path, .found = FOUND_BY_BUSTED, .in_root = true};
	int status = 0;

	if (access(path, F_OK) < 0) {
		if (d->busted->has_root)
			status = err_set(err, errno, "%s: its ROOT names %s", BUSTED_FILE, given);
	} else if (!is_folder(path)) {
		add(d, j);
		return 0;
	} else if (!is_searched(path)) {
		status = search_from(s, path, err);
	}
	free(path);
	return status;
}

// ---- what lies elsewhere ----

static void note_here(struct discovery *d, struct strings *tests, struct strings *near)
{
	struct buf b = {0};

	strings_sort(tests);
	strings_sort(near);
	if (tests->n > 0) {
		buf_addf(&b, "not run, as %s in no folder of tests; to run %s: firmo-jobs",
			 tests->n == 1 ? "it lies" : "they lie", tests->n == 1 ? "it" : "them");
		names_add_words(&b, tests);
		VEC_PUSH(&d->notes, buf_detach(&b));
	}
	if (near->n > 0 && tests->n == 0 && d->jobs->n == 0) {
		buf_addf(&b, "%zu file%s here may be tests", near->n, near->n == 1 ? "" : "s");
		names_add_advice(&b, near);
		names_add_words(&b, near);
		VEC_PUSH(&d->notes, buf_detach(&b));
	}
}

// Tests in the project's own folder are told. A test.lua, which may as well run all the others, is
// a test where there is no other.
static int look_here(struct discovery *d, struct err *err)
{
	DIR *dir = xgiven(opendir("."));
	struct strings tests = {0}, near = {0};
	bool alone = d->jobs->n == 0 && d->globs->n == 0;

	// One that is not to be read has been searched for its folders of tests all the same.
	if (!dir && errno != EACCES && errno != ENOENT)
		return err_set(err, errno, "cannot look for tests here");
	for (struct dirent *e; dir && (e = readdir(dir));) {
		bool is_test = strcmp(e->d_name, "test.lua") == 0;
		if (folder_item_at(e->d_name, e->d_type) != ITEM_FILE)
			continue;
		if (is_test && alone)
			add(d, (struct job){.path = xstrdup(e->d_name),
					    .found = FOUND_BY_NAME,
					    .busted_leaves = true});
		else if (d->globs->n > 0 ? name_matches(d->globs, e->d_name)
					 : is_test || name_is_usual(e->d_name))
			VEC_PUSH(&tests, xstrdup(e->d_name));
		else if (alone && name_is_source(e->d_name) &&
			 (strcasestr(e->d_name, "test") || strcasestr(e->d_name, "spec")))
			VEC_PUSH(&near, xstrdup(e->d_name));
	}
	if (dir)
		closedir(dir);
	note_here(d, &tests, &near);
	strings_free_all(&tests);
	strings_free_all(&near);
	return 0;
}

static void note_missed(struct discovery *d)
{
	struct buf b = {0};

	if (d->missed.n == 0)
		return;
	strings_sort(&d->missed);
	buf_addf(&b, "not run, though busted would: to run %s: firmo-jobs",
		 d->missed.n == 1 ? "it as well" : "them as well");
	names_add_words(&b, &d->missed);
	VEC_PUSH(&d->notes, buf_detach(&b));
}

int discover_usual(struct discovery *d, struct err *err)
{
	const struct busted_settings *b = d->busted;
	int status = 0;

	note_folder(d, ".");
	for (size_t i = 0; status == 0 && i < USUAL_FOLDERS; i++)
		status = search_usual(d, usual_folders[i], err);
	for (size_t i = 0; status == 0 && i < b->roots.n; i++)
		status = search_root(d, b->roots.items[i], err);
	if (status < 0 || look_here(d, err) < 0)
		return -1;
	elsewhere_look(d);
	note_missed(d);
	return 0;
}
