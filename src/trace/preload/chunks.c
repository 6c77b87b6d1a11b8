// SPDX-License-Identifier: MIT
#include "trace/preload/chunks.h"

#include <dlfcn.h>
#include <stdatomic.h>
#include <stddef.h>
#include <string.h>

#include "trace/preload/hook.h"

// luaL_loadfile of Lua 5.1, luaL_loadfilex since 5.2 and in LuaJIT.
#define LOADER "luaL_loadfile"

static bool is_in_loader(const void *caller)
{
	static int (*find)(const void *, Dl_info *);
	Dl_info found;

	if (!find)
		find = (__typeof__(find))hook_find("dladdr", (void **)&find);
	return find && find(caller, &found) != 0 && found.dli_sname &&
	       strncmp(found.dli_sname, LOADER, strlen(LOADER)) == 0;
}

static char **arguments;
static int count;

void chunks_begin(int argc, char **argv)
{
	arguments = argv;
	count = argc;
}

char **chunks_arguments(void)
{
	return arguments;
}

static bool is_argument(const char *path)
{
	for (int i = 1; i < count; i++)
		if (arguments[i] == path)
			return true;
	return false;
}

bool chunks_loads(const void *caller, const char *path)
{
	// A program has few places that open files.
	static const void *_Atomic loader, *_Atomic stranger;

	if (is_argument(path))
		return false;
	if (atomic_load(&loader) == caller)
		return true;
	if (atomic_load(&stranger) == caller)
		return false;
	bool loads = is_in_loader(caller);
	atomic_store(loads ? &loader : &stranger, caller);
	return loads;
}
