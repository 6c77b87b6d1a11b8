// SPDX-License-Identifier: MIT
#include "worker/shim.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/err.h"
#include "base/path.h"

// The assembler takes the files as they are; mk/build.mk makes the object depend on them.
#define EMBED(symbol, file)                                                                        \
	__asm__(".section .rodata\n" #symbol ": .incbin \"" SHIM_DIR "/" file "\"\n" #symbol       \
		"_end:\n.previous\n");                                                             \
	extern const char symbol[] __attribute__((visibility("hidden")));                          \
	extern const char symbol##_end[] __attribute__((visibility("hidden")))

EMBED(shim_init, "init.lua");
EMBED(shim_events, "events.lua");
EMBED(shim_firmo, "firmo.lua");
EMBED(shim_busted, "busted.lua");
EMBED(shim_luaunit, "luaunit.lua");

static const struct {
	const char *name, *start, *end;
} files[] = {
	{"init.lua", shim_init, shim_init_end},
	{"events.lua", shim_events, shim_events_end},
	{"firmo.lua", shim_firmo, shim_firmo_end},
	{"busted.lua", shim_busted, shim_busted_end},
	{"luaunit.lua", shim_luaunit, shim_luaunit_end},
};

static int write_file(const char *path, const char *start, const char *end)
{
	FILE *f = fopen(path, "we");

	if (!f)
		return -1;
	size_t n = (size_t)(end - start);
	int status = fwrite(start, 1, n, f) == n ? 0 : -1;
	return fclose(f) == 0 ? status : -1;
}

int shim_write(const char *dir, struct err *err)
{
	int status = 0;

	for (size_t i = 0; i < sizeof files / sizeof *files && status == 0; i++) {
		char *path = path_join(dir, files[i].name);
		if (write_file(path, files[i].start, files[i].end) < 0)
			status = err_set(err, errno, "write %s", path);
		free(path);
	}
	return status;
}
