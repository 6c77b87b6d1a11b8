// SPDX-License-Identifier: MIT
// Programs that the preload library cannot live in: of another kind of machine, of another C
// library, or run by somebody who may not read it. They are started without it, as ld.so would
// complain on their standard error, or refuse to start them.
#ifndef TRACE_PRELOAD_HOST_H
#define TRACE_PRELOAD_HOST_H

#include <stddef.h>

// TAKE_ENVIRON(name, dir, path, envp): name is the environment to start the program path with,
// which counts from the folder dir; with an empty path it is what is open as dir.
// Async-signal-safe.
#define TAKE_ENVIRON(name, dir, path, envp)                                                        \
	char *const *name = envp;                                                                  \
	size_t name##_bytes = host_room(dir, path, envp);                                          \
	if (name##_bytes > 0)                                                                      \
		name = host_without(envp, alloca(name##_bytes));

// How many bytes the environment takes without us; 0: the program may have it as it is.
size_t host_room(int dir, const char *path, char *const envp[]);
char *const *host_without(char *const envp[], void *room);

#endif
