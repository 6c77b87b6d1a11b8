// SPDX-License-Identifier: MIT
#include "worker/shim.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/embed.h"
#include "base/err.h"
#include "base/path.h"

EMBED(shim_init, "src/worker/lua/init.lua");
EMBED(shim_events, "src/worker/lua/events.lua");
EMBED(shim_bdd, "src/worker/lua/bdd.lua");
EMBED(shim_firmo, "src/worker/lua/firmo.lua");
EMBED(shim_lust, "src/worker/lua/lust.lua");
EMBED(shim_busted, "src/worker/lua/busted.lua");
EMBED(shim_luaunit, "src/worker/lua/luaunit.lua");

static const struct {
	const char *name;
	const struct embedded *content;
} files[] = {
	{"init.lua", &shim_init},       {"events.lua", &shim_events}, {"bdd.lua", &shim_bdd},
	{"firmo.lua", &shim_firmo},     {"lust.lua", &shim_lust},     {"busted.lua", &shim_busted},
	{"luaunit.lua", &shim_luaunit},
};

static int write_file(const char *path, const struct embedded *content)
{
	FILE *f = fopen(path, "we");

	if (!f)
		return -1;
	size_t n = embedded_size(content);
	int status = fwrite(content->start, 1, n, f) == n ? 0 : -1;
	return fclose(f) == 0 ? status : -1;
}

int shim_write(const char *dir, struct err *err)
{
	int status = 0;

	for (size_t i = 0; i < sizeof files / sizeof *files && status == 0; i++) {
		char *path = path_join(dir, files[i].name);
		if (write_file(path, files[i].content) < 0)
			status = err_set(err, errno, "write %s", path);
		free(path);
	}
	return status;
}
