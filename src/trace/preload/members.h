// SPDX-License-Identifier: MIT
// What a Lua module makes of a stat. `lfs.attributes(f, "mode")` and `lfs.attributes(f)` are the
// same call to libc; but sizes and times are numbers, or truths about them, which go through
// lua_pushinteger, lua_pushboolean or the like on their way to Lua, and types and permissions are
// not.
#ifndef TRACE_PRELOAD_MEMBERS_H
#define TRACE_PRELOAD_MEMBERS_H

#include <stdbool.h>

#include "trace/preload/record.h"

// Whether the code at caller belongs to a Lua module that we hear of when it pushes such a value.
bool members_is_module(const void *caller);
// Such a module has got the sight of the path: noted when it pushes one. NULL: of nothing.
void members_told(int dir, const char *path, bool nofollow, const struct trace_sight *seen);
// Objects may be gone, and others may come to lie where they were.
void members_unloaded(void);

#endif
