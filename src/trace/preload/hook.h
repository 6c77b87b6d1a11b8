// SPDX-License-Identifier: MIT
// How a function of libc is taken over: HOOK(type, name, parameters...) begins its definition, and
// NEXT(name) is the function that would have been called without us.
#ifndef TRACE_PRELOAD_HOOK_H
#define TRACE_PRELOAD_HOOK_H

#include "trace/preload/log.h"

// The function of that name that comes after ours, which is kept in *next. Async-signal-safe.
void *hook_find(const char *name, void **next);

// The name by which the loader has found this library, and its own, or NULL. Async-signal-safe.
const char *hook_own_path(void);
const char *hook_loader(void);

#define EXPORT __attribute__((visibility("default")))

// The next function is found when it is wanted.
#define HOOK(type, name, ...)                                                                      \
	static type (*next_##name)(__VA_ARGS__);                                                   \
	EXPORT type name(__VA_ARGS__)

#define NEXT(name)                                                                                 \
	(next_##name ? next_##name                                                                 \
		     : (__typeof__(next_##name))hook_find(#name, (void **)&next_##name))

// In a hook: where the call comes from.
#define CALLER __builtin_return_address(0)

// The usual hook: a call on one path, which fails with a negative number. The parameters are named
// path and, where the path counts from a folder, dir.
#define HOOK_PATH(op, type, name, parameters, arguments)                                           \
	HOOK_PATH_AT(op, type, name, parameters, arguments, AT_FDCWD)
#define HOOK_PATH_AT(op, type, name, parameters, arguments, dir)                                   \
	HOOK(type, name, HOOK_STRIP parameters)                                                    \
	{                                                                                          \
		type result = NEXT(name) arguments;                                                \
		log_path(op, dir, path, result < 0);                                               \
		return result;                                                                     \
	}
#define HOOK_STRIP(...) __VA_ARGS__

#endif
