// SPDX-License-Identifier: MIT
#include "framework/shim.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/embed.h"
#include "base/err.h"
#include "base/path.h"
#include "framework/library.h"

EMBED(shim_init, "src/framework/lua/init.lua");
EMBED(shim_main, "src/framework/lua/main.lua");
EMBED(shim_events, "src/framework/lua/events.lua");
EMBED(shim_fork, "src/framework/lua/fork.lua");
EMBED(shim_luacov, "src/framework/lua/luacov.lua");
EMBED(shim_coverage, "src/framework/lua/coverage.lua");
EMBED(shim_bdd, "src/framework/lua/bdd.lua");
EMBED(shim_firmo, "src/framework/lua/firmo.lua");
EMBED(shim_lust, "src/framework/lua/lust.lua");
EMBED(shim_busted, "src/framework/lua/busted.lua");
EMBED(shim_luaunit, "src/framework/lua/luaunit.lua");
EMBED(shim_compiler, "src/framework/lua/compile.lua");

static const struct {
	const char *name;
	const struct embedded *content;
} files[] = {
	{"init.lua", &shim_init},     {"main.lua", &shim_main},
	{"events.lua", &shim_events}, {"bdd.lua", &shim_bdd},
	{"firmo.lua", &shim_firmo},   {"lust.lua", &shim_lust},
	{"busted.lua", &shim_busted}, {"luaunit.lua", &shim_luaunit},
	{"fork.lua", &shim_fork},     {"coverage.lua", &shim_coverage},
	{"luacov.lua", &shim_luacov},
};

static int write_file(const char *dir, const char *name, const char *data, size_t n,
		      struct err *err)
{
	char *path = path_join(dir, name);
	FILE *f = xgiven(fopen(path, "we"));
	int status = f && fwrite(data, 1, n, f) == n ? 0 : -1;

	if (f && fclose(f) != 0)
		status = -1;
	if (status < 0)
		err_set(err, errno, "write %s", path);
	free(path);
	return status;
}

int shim_write(const char *dir, struct err *err)
{
	struct buf words = {0};

	library_add_words(&words);
	int status = write_file(dir, "libraries.lua", words.data, words.len, err);
	buf_release(&words);
	for (size_t i = 0; i < sizeof files / sizeof *files && status == 0; i++)
		status = write_file(dir, files[i].name, files[i].content->start,
				    embedded_size(files[i].content), err);
	return status;
}

const struct embedded *shim_compile_code(void)
{
	return &shim_compiler;
}
