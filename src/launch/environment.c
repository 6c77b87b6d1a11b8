// SPDX-License-Identifier: MIT
#include "launch/environment.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/environ.h"
#include "base/strings.h"
#include "coverage/hook/memory.h"
#include "jobserver/makeflags.h"
#include "jobserver/server.h"
#include "model/job_settings.h"
#include "trace/preload/fork.h"

// lua.c reads LUA_INIT_5_x of its own version in place of LUA_INIT (5.1 and LuaJIT: LUA_INIT only).
static const char *const lua_inits[] = {"LUA_INIT", "LUA_INIT_5_2", "LUA_INIT_5_3", "LUA_INIT_5_4",
					"LUA_INIT_5_5"};

#define LUA_INITS (sizeof lua_inits / sizeof *lua_inits)

// If entry is "NAME=value": the value.
static const char *value_of(const char *entry, const char *name)
{
	size_t n = strlen(name);

	return strncmp(entry, name, n) == 0 && entry[n] == '=' ? entry + n + 1 : NULL;
}

bool environment_is_own(const char *name, size_t n)
{
	static const char *const names[] = {"LD_PRELOAD", "MAKEFLAGS", "PWD", "TMPDIR"};
	static const char ours[] = "FIRMO_JOBS_";
	bool is_own = n >= strlen(ours) && strncmp(name, ours, strlen(ours)) == 0;

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		is_own |= strlen(names[i]) == n && strncmp(name, names[i], n) == 0;
	for (size_t i = 0; i < LUA_INITS; i++)
		is_own |= strlen(lua_inits[i]) == n && strncmp(name, lua_inits[i], n) == 0;
	return is_own;
}

static bool is_set_per_worker(const char *entry)
{
	// A run inside of a worker of another run: what that one was told is not for ours. And what
	// tells of the make, the shell and the terminal above us tells nothing of a worker.
	return environ_is_ours(entry, strcspn(entry, "="));
}

// Where a worker's init.lua is, and what it loads; with a slash behind it.
#define FOLDER_VARIABLE "FIRMO_JOBS_LUACOV"

// What stands for init.lua where a worker has no shim, and the user no code of his own: text costs
// no file. What it calls later it takes at once, as a test may put others in their place.
#define PRELOADS                                                                                   \
	"local p, getenv, loadfile = package and package.preload, os.getenv, loadfile "            \
	"local dir = p and getenv('" FOLDER_VARIABLE "') "                                         \
	"local function ours(name) "                                                               \
	"return assert(loadfile(dir .. 'luacov.lua'))(dir, name, getenv, ours) end "               \
	"if dir then p['luacov.stats'] = ours end"

static const char *look_up(char *const *entries, const char *name)
{
	const char *value = NULL;

	for (char *const *p = entries; *p && !value; p++)
		value = value_of(*p, name);
	return value;
}

// The user's own: we may be in a worker of another run, which keeps it as we do.
static const char *find_lua_init(char *const *entries, const char *name)
{
	const char *value = look_up(entries, name), *outer = look_up(entries, FOLDER_VARIABLE);
	char *init = xasprintf("@%sinit.lua", outer ? outer : "");
	bool is_outer =
		outer && value && (strcmp(value, init) == 0 || strcmp(value, PRELOADS) == 0);
	char *kept = xasprintf("FIRMO_JOBS_%s", name);

	if (is_outer)
		value = look_up(entries, kept);
	free(kept);
	free(init);
	return value;
}

static void find_lua_inits(struct environment *e, char *const *entries)
{
	size_t n = 0;

	for (size_t i = 0; i < LUA_INITS; i++) {
		const char *value = find_lua_init(entries, lua_inits[i]);
		// All are ours: a script that starts Lua may set LUA_INIT, and a versioned one
		// wins.
		e->lua_init_names[n] = lua_inits[i];
		e->lua_init_values[n++] = value ? xstrdup(value) : NULL;
	}
}

// What the user preloads himself comes first.
static char *preload_entry(char *const *entries, const char *library)
{
	const char *theirs = look_up(entries, "LD_PRELOAD");

	return xasprintf("LD_PRELOAD=%s%s%s", theirs ? theirs : "", theirs && *theirs ? ":" : "",
			 library);
}

void environment_init(struct environment *e, char *const *entries, const char *shim_dir,
		      const char *library, const char *coverage)
{
	struct {
		char **items;
		size_t n, cap;
	} base = {0};

	*e = (struct environment){.folder = xstrdup(shim_dir),
				  .shim_path = xasprintf("@%s/init.lua", shim_dir)};
	find_lua_inits(e, entries);
	if (library)
		e->preload = preload_entry(entries, library);
	if (coverage)
		e->coverage = xasprintf(MEMORY_LIBRARY_VARIABLE "=%s", coverage);
	char *flags = makeflags_with_jobserver(getenv("MAKEFLAGS"), LOAN_READ_FD, LOAN_WRITE_FD);
	e->makeflags = xasprintf("MAKEFLAGS=%s", flags);
	free(flags);
	for (char *const *p = entries; *p; p++)
		if (!is_set_per_worker(*p))
			VEC_PUSH(&base, xstrdup(*p));
	VEC_PUSH(&base, xstrdup("TERM=dumb"));
	char *folder = getcwd(NULL, 0);
	if (folder)
		VEC_PUSH(&base, xasprintf("PWD=%s", folder));
	free(folder);
	e->base = base.items;
	e->n = base.n;
}

void environment_show_terminal(struct environment *e)
{
	const char *term = getenv("TERM");

	for (size_t i = 0; term && i < e->n; i++)
		if (value_of(e->base[i], "TERM")) {
			free(e->base[i]);
			e->base[i] = xasprintf("TERM=%s", term);
		}
}

void environment_release(struct environment *e)
{
	for (size_t i = 0; i < e->n; i++)
		free(e->base[i]);
	free(e->base);
	for (size_t i = 0; i < LUA_INITS; i++)
		free(e->lua_init_values[i]);
	free(e->preload);
	free(e->coverage);
	free(e->folder);
	free(e->shim_path);
	free(e->makeflags);
	*e = (struct environment){0};
}

static void add_lua_inits(struct strings *own, const struct environment *e, bool has_init)
{
	for (size_t i = 0; e->lua_init_names[i]; i++) {
		VEC_PUSH(own, xasprintf("%s=%s", e->lua_init_names[i],
					has_init ? e->shim_path : PRELOADS));
		if (e->lua_init_values[i])
			VEC_PUSH(own, xasprintf("FIRMO_JOBS_%s=%s", e->lua_init_names[i],
						e->lua_init_values[i]));
	}
}

bool environment_preloads(const struct job_settings *s)
{
	return job_settings_give(s, ENVIRONMENT_PRELOAD, strlen(ENVIRONMENT_PRELOAD));
}

static bool has_own_init(const struct environment *e)
{
	for (size_t i = 0; e->lua_init_names[i]; i++)
		if (e->lua_init_values[i])
			return true;
	return false;
}

static void add_shim(struct strings *own, const struct worker_identity *id)
{
	if (id->shim) {
		VEC_PUSH(own, xstrdup("FIRMO_JOBS_EVENTS=3"));
		VEC_PUSH(own, xasprintf("FIRMO_JOBS_SHIM=%s", id->shim));
	}
	if (id->fork)
		VEC_PUSH(own, xasprintf(FORK_VARIABLE "=%s", id->fork));
}

static void add_selection(struct strings *own, const struct selection *selection)
{
	if (selection->filter)
		VEC_PUSH(own, xasprintf("FIRMO_JOBS_FILTER=%s", selection->filter));
	if (selection->tags)
		VEC_PUSH(own, xasprintf("FIRMO_JOBS_TAGS=%s", selection->tags));
	if (selection->excluded)
		VEC_PUSH(own, xasprintf("FIRMO_JOBS_EXCLUDED_TAGS=%s", selection->excluded));
	if (selection->lines)
		VEC_PUSH(own, xasprintf("FIRMO_JOBS_LINES=%s", selection->lines));
	if (selection->names)
		VEC_PUSH(own, xasprintf("FIRMO_JOBS_TESTS=%s", selection->names));
}

static bool is_lua_init(const struct environment *e, const char *entry)
{
	for (size_t i = 0; e->lua_init_names[i]; i++)
		if (value_of(entry, e->lua_init_names[i]))
			return true;
	return false;
}

void environment_for(struct worker_environment *we, const struct environment *e,
		     const struct worker_identity *id)
{
	struct strings own = {0}, all = {0};
	bool has_init = id->shim || id->fork || id->coverage || has_own_init(e) ||
			environment_preloads(id->settings);

	we->marker = xasprintf("FIRMO_JOBS_WORKER=%s.%ld", id->run, id->serial);
	VEC_PUSH(&own, we->marker);
	VEC_PUSH(&own, xasprintf("FIRMO_JOBS_RUN=%s", id->run));
	VEC_PUSH(&own, xasprintf("FIRMO_JOBS_SLOT=%d", id->slot));
	VEC_PUSH(&own, xasprintf("FIRMO_JOBS_ATTEMPT=%d", id->attempt));
	VEC_PUSH(&own, xasprintf("TMPDIR=%s", id->tmpdir));
	add_selection(&own, &id->settings->selection);
	add_shim(&own, id);
	add_lua_inits(&own, e, has_init);
	VEC_PUSH(&own, xasprintf(FOLDER_VARIABLE "=%s/", e->folder));
	if (has_init && id->words)
		VEC_PUSH(&own, xasprintf("FIRMO_JOBS_WORDS=%s", id->words));
	for (size_t i = 0; i < e->n; i++)
		if (!is_lua_init(e, e->base[i]) &&
		    !(id->trace && value_of(e->base[i], "LD_PRELOAD")) &&
		    !job_settings_give(id->settings, e->base[i], strcspn(e->base[i], "=")))
			VEC_PUSH(&all, e->base[i]);
	for (const char *const *given = id->settings->environment; given && *given; given++)
		VEC_PUSH(&all, (char *)*given);
	if (id->nested)
		VEC_PUSH(&all, e->makeflags);
	if (id->trace) {
		VEC_PUSH(&all, e->preload);
		VEC_PUSH(&all, (char *)id->trace);
	}
	if (id->coverage) {
		VEC_PUSH(&all, e->coverage);
		VEC_PUSH(&all, (char *)id->coverage);
	}
	for (size_t i = 0; i < own.n; i++)
		VEC_PUSH(&all, own.items[i]);
	strcpy(we->pid, "FIRMO_JOBS_PID=");
	we->pid_text = we->pid + strlen(we->pid);
	if (!id->is_wrapped)
		VEC_PUSH(&all, we->pid);
	VEC_PUSH(&all, NULL);
	VEC_PUSH(&own, NULL);
	we->envp = all.items;
	we->owned = own.items;
}

void worker_environment_release(struct worker_environment *we)
{
	for (size_t i = 0; we->owned && we->owned[i]; i++)
		free(we->owned[i]);
	free(we->owned);
	free(we->envp);
	*we = (struct worker_environment){0};
}
