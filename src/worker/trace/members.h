// SPDX-License-Identifier: MIT
// What a Lua module makes of a stat. `lfs.attributes(f, "mode")` and `lfs.attributes(f)` are the
// same call to libc; but sizes and times are numbers, which go through lua_pushinteger or
// lua_pushnumber on their way to Lua, and types and permissions are not.
#ifndef WORKER_TRACE_MEMBERS_H
#define WORKER_TRACE_MEMBERS_H

#include <stdbool.h>

#include "worker/trace/record.h"

// Whether the code at caller belongs to a Lua module that we hear of when it pushes a number.
bool members_is_module(const void *caller);
// Such a module has got the sight of the path: noted when it pushes a number. NULL: of nothing.
void members_told(int dir, const char *path, bool nofollow, const struct trace_sight *seen);

#endif
