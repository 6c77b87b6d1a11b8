// SPDX-License-Identifier: MIT
#include "cli/context.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/file_clock.h"
#include "base/path.h"
#include "cli/mode.h"
#include "cli/session.h"
#include "jobserver/client.h"
#include "store/store.h"
#include "sys/cpus.h"

// What is preloaded into workers. TRACE_FOLDER, where it is installed, comes from mk/build.mk.
#define TRACE_LIBRARY "firmo-jobs-trace.so"

// ---- make ----

void context_forget_jobserver(void)
{
	static const char *const names[] = {"MAKEFLAGS", "MFLAGS", "CARGO_MAKEFLAGS"};

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		const char *value = getenv(names[i]);
		char *clean = value ? makeflags_without_jobserver(value) : NULL;
		// Where cargo's is set, even to nothing, its clients ask no other.
		if (clean && i == 2 && clean[strspn(clean, " \t")] == '\0')
			unsetenv(names[i]);
		else if (clean)
			setenv(names[i], clean, 1);
		free(clean);
	}
}

// The command of --gather takes part in the jobserver for itself; it is told where that has moved.
static void read_jobserver(struct makeflags *make)
{
	makeflags_read(make, getenv("MAKEFLAGS"), getenv("CARGO_MAKEFLAGS"));
	int read_fd = make->read_fd, write_fd = make->write_fd;
	client_clear_standard_fds(make);
	if (make->read_fd == read_fd && make->write_fd == write_fd)
		return;
	char *moved = makeflags_with_jobserver(getenv("MAKEFLAGS"), make->read_fd, make->write_fd);
	setenv("MAKEFLAGS", moved, 1);
	if (getenv("CARGO_MAKEFLAGS"))
		setenv("CARGO_MAKEFLAGS", moved, 1);
	free(moved);
}

int context_workers(const struct context *c)
{
	if (c->settings->jobs > 0)
		return (int)c->settings->jobs;
	if (c->make.auth == AUTH_NOT_OURS || c->make.auth == AUTH_MALFORMED)
		return 1;
	if (c->make.most > 0)
		return c->make.most;
	if (c->make.jobs > 0)
		return c->make.jobs;
	return c->make.auth == AUTH_NONE ? cpus_usable() : 0;
}

// ---- signals ----

int context_open_signals(struct context *c, struct err *err)
{
	if (signals_open(&c->signals, err) < 0)
		return -1;
	c->has_signals = true;
	return 0;
}

void context_close_signals(struct context *c)
{
	if (c->has_signals)
		signals_close(&c->signals);
	c->has_signals = false;
}

// ---- the history ----

enum firmo_jobs_status context_refuse_store(const struct context *c, const struct err *err)
{
	session_warn(err->message);
	return err->errnum == STORE_FOREIGN && c->settings->named_db ? FIRMO_JOBS_USAGE
								     : FIRMO_JOBS_BROKEN;
}

// The project's files lie where its history does, as a rule.
static void compare_clocks(const struct context *c)
{
	char *folder = path_beside(c->settings->db, ".");

	file_clock_compare(folder);
	free(folder);
}

enum firmo_jobs_status context_open_store(struct context *c, bool to_write)
{
	struct err err = {0};
	char *notice = NULL;

	if (c->store)
		return FIRMO_JOBS_OK;
	c->store = store_open(c->settings->db, to_write ? STORE_WRITE : STORE_READ, &notice, &err);
	if (!c->store && err.errnum == STORE_FOREIGN && c->settings->named_db)
		return context_refuse_store(c, &err);
	if (notice)
		session_warn(notice);
	else if (!c->store && (to_write || err.errnum != ENOENT)) {
		char *message = xasprintf("%s: going on without history", err.message);
		session_warn(message);
		free(message);
	}
	if (c->store && to_write)
		compare_clocks(c);
	free(notice);
	return FIRMO_JOBS_OK;
}

void context_lose_store(struct context *c, const struct err *err)
{
	bool renew = c->settings->mode->runs_files && store_is_broken(c->store);
	struct err why = *err;
	char *notice = NULL;

	if (renew) {
		c->store = store_renew(c->store, &notice, &why);
	} else {
		store_close(c->store);
		c->store = NULL;
	}
	// One that cannot be read will not be written either: one warning is enough.
	char *message =
		notice ? notice
		       : xasprintf("cannot use the history %s: %s: going on without history",
				   c->settings->db, why.message);
	session_warn(message);
	free(message);
}

// ---- programs ----

enum firmo_jobs_status context_find_programs(struct context *c)
{
	const struct settings *o = c->settings;
	struct err err = {0};

	bool found = c->commands.lua != NULL || commands_init(&c->commands, o->lua, o->command,
							      o->extra, getenv("PATH"), &err) == 0;
	if (!found)
		variants_blame(o, &err);
	if (found && variants_complete(&c->variants, &c->commands, &err) == 0)
		return FIRMO_JOBS_OK;
	session_warn(err.message);
	return FIRMO_JOBS_BROKEN;
}

// Watching costs a little; without a history nobody would learn from it.
bool context_watches(struct context *c)
{
	if (!c->settings->trace || !c->store)
		return false;
	if (c->has_looked)
		return c->has_proc;
	c->has_looked = true;
	c->has_proc = access("/proc/self/fd", F_OK) == 0;
	if (!c->has_proc) {
		session_warn(
			"/proc is not there: what the files depend on is not learned, and what "
			"they leave behind may stay alive");
		return false;
	}
	c->library = path_find_own(TRACE_LIBRARY, TRACE_FOLDER);
	c->cwd = path_cwd();
	if (!c->library)
		session_warn(TRACE_LIBRARY " is neither beside the program nor in " TRACE_FOLDER
					   ": what the files depend on is not learned");
	return true;
}

const char *context_fork_library(struct context *c)
{
	if (c->settings->forks == FORK_NEVER)
		return NULL;
	if (!c->has_looked && !c->library) {
		c->library = path_find_own(TRACE_LIBRARY, TRACE_FOLDER);
		c->cwd = path_cwd();
		if (!c->library && c->settings->forks == FORK_ALWAYS)
			session_warn(TRACE_LIBRARY
				     " is neither beside the program nor in " TRACE_FOLDER
				     ": nothing is forked");
	}
	return access("/proc/self/fd", F_OK) == 0 ? c->library : NULL;
}

// ---- all of it ----

static const char *value_of(const char *name)
{
	const char *value = getenv(name);

	return value ? value : "";
}

static bool is_other_than_0(const char *name)
{
	return *value_of(name) && strcmp(value_of(name), "0") != 0;
}

bool context_uses_colours(const struct settings *o, int fd)
{
	const char *term = getenv("TERM");

	if (o->color != WHEN_AUTO)
		return o->color == WHEN_ALWAYS;
	if (*value_of("NO_COLOR") || strcmp(value_of("FORCE_COLOR"), "0") == 0)
		return false;
	if (*value_of("FORCE_COLOR") || is_other_than_0("CLICOLOR_FORCE"))
		return true;
	return isatty(fd) && strcmp(value_of("CLICOLOR"), "0") != 0 && term &&
	       strcmp(term, "dumb") != 0;
}

void context_open(struct context *c)
{
	*c = (struct context){.spawner = {.socket = -1}};
	read_jobserver(&c->make);
}

// Text goes to standard output unless another report takes it.
static bool wants_text_on_stdout(const struct settings *o)
{
	for (size_t i = 0; i < o->reports.n; i++)
		if (strcmp(o->reports.items[i].path, "-") == 0)
			return o->reports.items[i].format == REPORT_TEXT;
	return true;
}

void context_set(struct context *c, const struct settings *settings)
{
	c->settings = settings;
	variants_open(&c->variants, settings);
	c->style = settings->text;
	c->style.colours = context_uses_colours(settings, STDOUT_FILENO);
	c->text_to_stdout = wants_text_on_stdout(settings);
}

void context_forget(struct context *c, const struct settings *next)
{
	busted_settings_release(&c->busted);
	c->has_busted = false;
	variants_release(&c->variants);
	commands_release(&c->commands);
	free(c->library);
	free(c->cwd);
	c->library = c->cwd = NULL;
	c->has_looked = false;
	if (next && c->store && strcmp(c->settings->db, next->db) == 0)
		return;
	store_close(c->store);
	c->store = NULL;
}

void context_close(struct context *c)
{
	spawner_close(&c->spawner);
	context_forget(c, NULL);
	map_release(&c->told);
	free(c->revision);
	makeflags_release(&c->make);
	loop_release(&c->loop);
}
