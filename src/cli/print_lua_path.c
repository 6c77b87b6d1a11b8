// SPDX-License-Identifier: MIT
// --print-lua-path: where Lua finds our modules. LUA_FOLDER, where they are installed, comes from
// mk/build.mk; beside the program in its build folder they are in lua/.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/path.h"
#include "cli/mode.h"
#include "cli/session.h"

// NULL: it is nowhere.
static char *find_folder(void)
{
	char *beside = path_find_own("lua/firmo-jobs.lua", ""), *installed = NULL;

	if (!beside)
		installed = path_find_own("firmo-jobs.lua", LUA_FOLDER);
	char *file = beside ? beside : installed;
	if (file)
		file[path_base(file) - file - 1] = '\0';
	return file;
}

static enum firmo_jobs_status carry_out(struct firmo_jobs *s)
{
	char *folder = find_folder();

	if (!folder) {
		session_warn("firmo-jobs.lua is neither beside the program nor in " LUA_FOLDER);
		return FIRMO_JOBS_BROKEN;
	}
	if (strpbrk(folder, ";?\n")) {
		session_warn("firmo-jobs.lua is in a folder with a ; or ? in its name: LUA_PATH "
			     "cannot name it");
		free(folder);
		return FIRMO_JOBS_BROKEN;
	}
	printf("%s/?.lua\n", folder);
	free(folder);
	return FIRMO_JOBS_OK;
}

const struct mode mode_print_lua_path = {.name = "--print-lua-path",
					 .formats = MODE_ANY_FORMAT,
					 .has_no_project = true,
					 .carry_out = carry_out};
