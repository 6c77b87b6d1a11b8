// SPDX-License-Identifier: MIT
// The files of a session: the project's settings of busted, and what is found with them.
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/nearest.h"
#include "base/path.h"
#include "cli/evaluation.h"
#include "cli/execution.h"
#include "cli/files.h"
#include "cli/project.h"
#include "cli/session.h"
#include "plan/names.h"
#include "plan/plan.h"

static bool is_file(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

// file: BUSTED_FILE, or "" to learn what is installed.
static int evaluate(struct firmo_jobs *s, const char *file, struct err *err)
{
	struct buf answer = {0};
	const char *const arguments[] = {file, s->settings->task, NULL};
	const struct evaluation e = {.lua = s->settings->command ? NULL : s->context.commands.lua,
				     .code = busted_evaluator(),
				     .arguments = arguments};
	int status = evaluation_run(&e, &answer, err);

	if (status == 0)
		status = busted_settings_parse(&s->context.busted, answer.data, answer.len,
					       *file != '\0', err);
	buf_release(&answer);
	return status;
}

// Where busted's settings ask for an interpreter and the user for none.
static int use_interpreter(struct firmo_jobs *s, struct err *err)
{
	const char *lua = s->context.busted.lua;

	s->context.commands.task = s->settings->task;
	s->context.commands.moves = s->context.busted.directory &&
				    strcmp(s->context.busted.directory, "./") != 0 &&
				    strcmp(s->context.busted.directory, ".") != 0;
	s->context.commands.asks_for_lua = lua != NULL;
	if (!lua || s->settings->lua || s->settings->command)
		return 0;
	s->context.commands.busted_lua_name = xstrdup(lua);
	s->context.commands.busted_lua = path_find_program(lua, getenv("PATH"));
	return s->context.commands.busted_lua
		       ? 0
		       : err_set(err, 0, "it asks for the interpreter %s, which is not there", lua);
}

static enum firmo_jobs_status read_settings(struct firmo_jobs *s)
{
	int framework = s->settings->job.framework;
	bool wanted = framework < 0 || framework == FRAMEWORK_BUSTED;
	struct err err = {0};

	if (s->settings->task && (!wanted || !is_file(BUSTED_FILE))) {
		session_warn(wanted ? "--run: there is no " BUSTED_FILE " here to have a task"
				    : "--run chooses a task of busted, and --framework another "
				      "framework");
		return FIRMO_JOBS_USAGE;
	}
	if (!wanted || !is_file(BUSTED_FILE))
		return FIRMO_JOBS_OK;
	if (s->context.has_busted) {
		s->request.busted = &s->context.busted;
		return FIRMO_JOBS_OK;
	}
	enum firmo_jobs_status found = context_find_programs(&s->context);
	if (found != FIRMO_JOBS_OK)
		return found;
	if (evaluate(s, BUSTED_FILE, &err) == 0 && use_interpreter(s, &err) == 0) {
		s->context.has_busted = true;
		s->request.busted = &s->context.busted;
		return FIRMO_JOBS_OK;
	}
	bool names_itself = strncmp(err.message, BUSTED_FILE, strlen(BUSTED_FILE)) == 0;
	char *message = xasprintf("%s%s", names_itself ? "" : BUSTED_FILE ": ", err.message);
	session_warn(message);
	free(message);
	return FIRMO_JOBS_USAGE;
}

// ---- moonscript ----

static bool is_moon(const struct job *j)
{
	const char *end = strrchr(path_base(j->path), '.');

	return end && strcmp(end, ".moon") == 0;
}

static size_t count_moon(const struct jobs *jobs)
{
	size_t n = 0;

	for (size_t i = 0; i < jobs->n; i++)
		n += is_moon(&jobs->items[i]);
	return n;
}

// What runs busted where that is a shell's script, only that script knows, and what it finds.
static bool has_moonscript(struct firmo_jobs *s)
{
	struct err ignored;

	if (s->context.busted.moonscript || s->settings->command)
		return true;
	if (context_find_programs(&s->context) != FIRMO_JOBS_OK ||
	    s->context.commands.busted_direct)
		return true;
	if (s->context.has_busted)
		return false;
	bool has = evaluate(s, "", &ignored) == 0 && s->context.busted.moonscript;
	busted_settings_release(&s->context.busted);
	return has;
}

static void leave_out_moon(struct firmo_jobs *s, size_t count)
{
	size_t n = 0;

	for (size_t i = 0; i < s->jobs.n; i++) {
		if (is_moon(&s->jobs.items[i]))
			free(s->jobs.items[i].path);
		else
			s->jobs.items[n++] = s->jobs.items[i];
	}
	s->jobs.n = n;
	char *message =
		xasprintf("%zu .moon test file%s not run: %s has no module moonscript; to run "
			  "%s: luarocks install moonscript",
			  count, count == 1 ? " is" : "s are", s->context.commands.lua_name,
			  count == 1 ? "it" : "them");
	session_warn(message);
	free(message);
	s->told_why_none = true;
}

// ---- what is told of them ----

// Once in a session, in which they may be looked for many times.
static void warn_once(struct firmo_jobs *s, const char *message)
{
	if (!map_put(&s->context.told, message, s))
		session_warn(message);
}

static void tell(struct firmo_jobs *s, const struct strings *notes)
{
	for (size_t i = 0; i < notes->n; i++) {
		char *line = xasprintf(
			"%s%s", s->jobs.n > 0 ? "" : "no test file found: ", notes->items[i]);
		warn_once(s, line);
		free(line);
		s->told_why_none = true;
	}
}

static bool is_same(const char *path, const char *other)
{
	struct stat a, b;

	return stat(path, &a) == 0 && stat(other, &b) == 0 && a.st_dev == b.st_dev &&
	       a.st_ino == b.st_ino;
}

// A name that was completed wrongly must not cost a test its text.
static bool would_overwrite(const struct firmo_jobs *s)
{
	for (size_t r = 0; r < s->settings->reports.n; r++)
		for (size_t i = 0; i < s->jobs.n; i++) {
			const char *report = s->settings->reports.items[r].path;
			if (!is_file(report) || !is_same(report, s->jobs.items[i].path))
				continue;
			char *message = xasprintf("--report: %s would overwrite %s, a test file of "
						  "this run",
						  report, s->jobs.items[i].path);
			session_warn(message);
			free(message);
			return true;
		}
	return false;
}

// ---- overrides ----

static bool is_folder(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

// Whether a file at or below the path matches, as far as a search for tests would go.
static bool is_any_below(const char *path, const struct strings *globs)
{
	bool found = is_file(path) && name_matches(globs, path);
	DIR *dir = !found && is_folder(path) ? opendir(path) : NULL;
	struct dirent *e;

	while (dir && !found && (e = readdir(dir))) {
		if (*e->d_name == '.')
			continue;
		char *below = path_join(path, e->d_name);
		found = is_any_below(below, globs);
		free(below);
	}
	if (dir)
		closedir(dir);
	return found;
}

// A glob of a project that is good for nothing has a typo in it, or is left from what was renamed.
static void warn_of_glob(struct firmo_jobs *s, const char *at, char *glob)
{
	const struct strings globs = {&glob, 1, 1};
	size_t fixed = strcspn(glob, "*?[\\");
	bool matches = false;

	for (size_t i = 0; !matches && i < s->jobs.n; i++)
		matches = name_matches(&globs, s->jobs.items[i].path);
	if (matches)
		return;
	while (fixed > 0 && glob[fixed - 1] != '/')
		fixed--;
	char *folder = xstrndup(glob, fixed);
	char *start = path_clean(folder);
	if (!is_any_below(start, &globs)) {
		char *message = xasprintf("%s.match: %s matches no file", at, glob);
		warn_once(s, message);
		free(message);
	}
	free(folder);
	free(start);
}

// Below --gather that one has looked already.
static void warn_of_globs(struct firmo_jobs *s)
{
	const struct settings *o = s->settings;

	if (getenv(CONTEXT_GATHER))
		return;
	for (size_t i = 0; i < o->overrides.n; i++)
		for (size_t k = 0; k < o->overrides.items[i].globs.n; k++)
			warn_of_glob(s, o->overrides.items[i].at,
				     o->overrides.items[i].globs.items[k]);
	for (size_t i = 0; i < o->fixtures.n; i++)
		for (size_t k = 0; k < o->fixtures.items[i].globs.n; k++)
			warn_of_glob(s, o->fixtures.items[i].at,
				     o->fixtures.items[i].globs.items[k]);
}

// ---- locks ----

static void warn_of_lock(struct firmo_jobs *s, const char *name)
{
	const struct locks *locks = &s->settings->run.locks;
	struct nearest near = {.word = name, .n = strlen(name)};

	for (size_t i = 0; i < locks->n; i++)
		nearest_offer(&near, locks->items[i].name);
	if (!near.best || near.distance == 0)
		return;
	char *message = xasprintf("lock %s is not among the locks of " PROJECT_FILE
				  ", and held by one file at a time; did you mean %s?",
				  name, near.best);
	warn_once(s, message);
	free(message);
}

// One that is named nearly as another, which has a capacity.
static void warn_of_locks(struct firmo_jobs *s)
{
	const struct locks *locks = &s->settings->run.locks;
	struct map told = {0};

	if (getenv(CONTEXT_GATHER))
		return;
	for (size_t i = 0; locks->n > 0 && i < s->jobs.n; i++) {
		const struct strings *names = &s->jobs.items[i].settings->locks;
		for (size_t k = 0; k < names->n; k++)
			if (!map_put(&told, names->items[k], names->items[k]))
				warn_of_lock(s, names->items[k]);
	}
	map_release(&told);
}

// ---- all of it ----

enum firmo_jobs_status files_find(struct firmo_jobs *s)
{
	enum firmo_jobs_status status = read_settings(s);
	struct strings notes = {0};
	struct err err = {0};

	if (status != FIRMO_JOBS_OK)
		return status;
	if (plan_find(&s->jobs, &s->request, s->context.store, &notes, &err) < 0) {
		session_warn(err.message);
		strings_free_all(&notes);
		return err_is_shortage(&err) ? FIRMO_JOBS_BROKEN : FIRMO_JOBS_USAGE;
	}
	size_t moon = count_moon(&s->jobs);
	if (moon > 0 && !has_moonscript(s))
		leave_out_moon(s, moon);
	warn_of_globs(s);
	warn_of_locks(s);
	tell(s, &notes);
	strings_free_all(&notes);
	return would_overwrite(s) ? FIRMO_JOBS_USAGE : FIRMO_JOBS_OK;
}

enum firmo_jobs_status files_none(const struct firmo_jobs *s)
{
	const struct plan_settings *p = &s->settings->plan;
	const char *why = "no test file found in tests, test, spec, specs or t; name files or "
			  "folders to run";

	if (p->includes.n + p->excludes.n > 0)
		why = "no test file is left by --include and --exclude";
	else if (p->patterns.n > 0)
		why = "no test file has a name that matches --pattern";
	else if (p->paths.n > 0)
		why = "no test file matches (a folder's are " NAMES_TEXT ")";
	if (!s->told_why_none)
		session_warn(why);
	return FIRMO_JOBS_NO_TESTS;
}

enum firmo_jobs_status files_look(struct firmo_jobs *s)
{
	enum firmo_jobs_status found = files_find(s);

	if (found != FIRMO_JOBS_OK)
		return found;
	if (s->jobs.n == 0)
		return files_none(s);
	found = context_find_programs(&s->context);
	return found == FIRMO_JOBS_OK ? context_open_store(&s->context, true) : found;
}
