// SPDX-License-Identifier: MIT
#include "launch/dependence.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/attributes.h"
#include "base/environ.h"
#include "base/map.h"
#include "base/path.h"
#include "base/strings.h"
#include "model/inputs.h"
#include "model/job_settings.h"
#include "trace/program.h"

// name belongs to the list from then on.
static void add_owned(struct inputs *in, enum input_kind kind, char *name, bool found)
{
	struct input input = {.kind = kind, .found = found, .name = name};

	VEC_PUSH(&in->list, input);
}

static void add(struct inputs *in, enum input_kind kind, const char *name)
{
	add_owned(in, kind, xstrdup(name), true);
}

// ---- programs ----

// What is known of a program or library that ran.
struct known {
	struct program program;
	bool is_cached; // the loader's cache has a library of its name
};

static bool is_cached(const char *name)
{
	return input_fingerprint(INPUT_LIBRARY, name, NULL).present;
}

static const struct known *look_at(struct map *programs, const char *path)
{
	struct known *p = map_get(programs, path);

	if (p)
		return p;
	p = xcalloc(1, sizeof *p);
	program_look(&p->program, path);
	p->is_cached = p->program.soname && is_cached(p->program.soname);
	map_put(programs, path, p);
	return p;
}

void dependence_release(struct map *programs)
{
	for (size_t i = 0; i < programs->cap; i++) {
		struct known *k = programs->slots[i].value;
		if (k)
			program_release(&k->program);
		free(k);
	}
	map_release(programs);
}

static void add_programs(struct inputs *in, struct map *programs)
{
	for (size_t i = 0; i < in->programs.n; i++) {
		const char *path = in->programs.items[i].path;
		const struct known *known = look_at(programs, path);
		const struct program *p = &known->program;
		if (p->is_unknown || p->calls_kernel)
			inputs_doubt(in, DOUBT_BLIND, path);
		if (p->reads_environ && !in->programs.items[i].told)
			add(in, INPUT_ENVIRONMENT, path);
		// One that reads all variables has that among them.
		if (p->takes_functions && in->programs.items[i].told)
			add(in, INPUT_ATTRIBUTE, ATTRIBUTE_FUNCTIONS);
		if (p->soname)
			add_owned(in, INPUT_LIBRARY, xstrdup(p->soname), known->is_cached);
	}
}

// ---- variables ----

static bool has_kind(const struct inputs *in, enum input_kind kind)
{
	for (size_t i = 0; i < in->list.n; i++)
		if (in->list.items[i].kind == kind)
			return true;
	return false;
}

// All variables that workers get from us, each by its name.
static void add_environment(struct inputs *in)
{
	for (char **entry = environ; entry && *entry; entry++) {
		size_t n = strcspn(*entry, "=");
		if (!environ_is_ours(*entry, n) && !environ_is_of_loader(*entry, n))
			add_owned(in, INPUT_VARIABLE, xstrndup(*entry, n), true);
	}
	add(in, INPUT_ATTRIBUTE, ATTRIBUTE_FOLDER);
}

// Of the variables that were asked for, our own are none, nor those that the settings give, which
// are a part of how it is run; PWD is where we are.
static void settle(struct inputs *in, const struct job_settings *settings)
{
	size_t n = 0;

	for (size_t i = 0; i < in->list.n; i++) {
		struct input *input = &in->list.items[i];
		if (input->kind == INPUT_VARIABLE && strcmp(input->name, "PWD") == 0) {
			free(input->name);
			*input = (struct input){.kind = INPUT_ATTRIBUTE,
						.found = true,
						.name = xstrdup(ATTRIBUTE_FOLDER)};
		}
		bool is_ours = input->kind == INPUT_VARIABLE &&
			       (environ_is_ours(input->name, strlen(input->name)) ||
				job_settings_give(settings, input->name, strlen(input->name)) ||
				strcmp(input->name, "LD_PRELOAD") == 0);
		if (input->kind == INPUT_VARIABLE)
			input->found = getenv(input->name) != NULL;
		else if (input->kind == INPUT_LIBRARY && !input->found)
			input->found = is_cached(input->name);
		if (is_ours)
			free(input->name);
		else
			in->list.items[n++] = *input;
	}
	in->list.n = n;
}

// ---- the file itself ----

// Whether the file was read under another name, by a link or from another folder.
static bool was_read_as_another(const struct inputs *in, const char *path)
{
	struct stat file, other;

	if (stat(path, &file) < 0)
		return true; // the test has removed it: nobody can tell
	for (size_t i = 0; i < in->list.n; i++) {
		const struct input *one = &in->list.items[i];
		if (one->kind == INPUT_PATH && one->found && stat(one->name, &other) == 0 &&
		    other.st_dev == file.st_dev && other.st_ino == file.st_ino)
			return true;
	}
	return false;
}

void dependence_add_file(struct inputs *in, const char *path)
{
	for (size_t i = 0; i < in->list.n; i++)
		if (in->list.items[i].kind == INPUT_PATH &&
		    strcmp(in->list.items[i].name, path) == 0)
			return;
	in->unread = !was_read_as_another(in, path);
	add(in, INPUT_PATH, path);
}

void dependence_add_whole(struct inputs *in, const struct strings *whole, const char *cwd)
{
	for (size_t i = 0; cwd && i < whole->n; i++) {
		const char *file = whole->items[i];
		char *path = *file == '/' ? xstrdup(file) : path_join(cwd, file);
		char *real = path_real(path);
		add_owned(in, INPUT_WHOLE, path_below(real ? real : path, cwd), true);
		free(real);
		free(path);
	}
}

// ---- all of it ----

void dependence_complete(struct inputs *in, const struct job_settings *settings,
			 struct map *programs)
{
	static const char *const always[] = {ATTRIBUTE_UMASK,       ATTRIBUTE_LIMITS,
					     ATTRIBUTE_USER,        ATTRIBUTE_RIGHTS,
					     ATTRIBUTE_PERSONALITY, ATTRIBUTE_LOADER};
	static const char preload[] = "/etc/ld.so.preload";

	add_programs(in, programs);
	if (has_kind(in, INPUT_ENVIRONMENT))
		add_environment(in);
	settle(in, settings);
	for (size_t i = 0; i < sizeof always / sizeof *always; i++)
		add(in, INPUT_ATTRIBUTE, always[i]);
	add_owned(in, INPUT_PATH, xstrdup(preload), access(preload, F_OK) == 0);
	inputs_sort(in);
}
