// SPDX-License-Identifier: MIT
// --print-lua-path: where Lua finds our modules. LUA_FOLDER, where they are installed, comes from
// mk/build.mk; beside the program in its build folder they are in lua/.
#include "cli/print_lua_path.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/path.h"
#include "cli/mode.h"
#include "cli/option.h"
#include "cli/session.h"

static const char *const names[] = {"firmo", NULL};

static int read_name(struct settings *o, const char *value, struct err *err)
{
	o->lua_path_of_firmo = *value;
	return !*value || option_find(names, value, strlen(value)) == 0
		       ? 0
		       : option_refuse(err, "print-lua-path", value, names, "");
}

char *print_lua_path_folder(struct err *err)
{
	char *file = path_find_own("lua/firmo-jobs.lua", "");

	if (!file)
		file = path_find_own("firmo-jobs.lua", LUA_FOLDER);
	if (!file) {
		err_set(err, 0, "firmo-jobs.lua is neither beside the program nor in " LUA_FOLDER);
		return NULL;
	}
	file[path_base(file) - file - 1] = '\0';
	if (strpbrk(file, ";?\n")) {
		err_set(err, 0,
			"firmo-jobs.lua is in a folder with a ; or ? in its name: no path of Lua "
			"can name it");
		free(file);
		return NULL;
	}
	return file;
}

static enum firmo_jobs_status carry_out(struct firmo_jobs *s)
{
	struct err err = {0};
	char *folder = print_lua_path_folder(&err);

	if (!folder) {
		session_warn(err.message);
		return FIRMO_JOBS_BROKEN;
	}
	if (s->settings->lua_path_of_firmo)
		printf("%s/firmo/?.lua;", folder);
	printf("%s/?.lua\n", folder);
	free(folder);
	return FIRMO_JOBS_OK;
}

const struct mode mode_print_lua_path = {.name = "--print-lua-path",
					 .formats = MODE_ANY_FORMAT,
					 .has_no_project = true,
					 .read = read_name,
					 .carry_out = carry_out};
