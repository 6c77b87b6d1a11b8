// SPDX-License-Identifier: MIT
#include "launch/libraries.h"

#include <sys/stat.h>

#include "base/file_clock.h"
#include "framework/library.h"
#include "launch/local.h"

static struct libraries *libraries_of(struct launcher *launcher)
{
	return &((struct local *)launcher)->libraries;
}

enum framework libraries_core(struct launcher *launcher, const char *path)
{
	struct libraries *l = libraries_of(launcher);
	// A framework and 1 stands in place of a pointer.
	uintptr_t known = (uintptr_t)map_get(&l->cores, path);

	if (known == 0) {
		known = (uintptr_t)library_in(path) + 1;
		map_put(&l->cores, path, (void *)known);
	}
	return (enum framework)(known - 1);
}

static bool names_busted(struct libraries *l, const char *path)
{
	uintptr_t known = (uintptr_t)map_get(&l->busted, path);

	if (known == 0) {
		known = (uintptr_t)library_names_busted(path) + 1;
		map_put(&l->busted, path, (void *)known);
	}
	return known == 2;
}

bool libraries_name_busted(struct launcher *launcher, const char *path, int64_t since_ns)
{
	struct stat st;

	return names_busted(libraries_of(launcher), path) && stat(path, &st) == 0 &&
	       file_clock_found_young(&st, since_ns);
}

void libraries_release(struct libraries *l)
{
	map_release(&l->cores);
	map_release(&l->busted);
}
