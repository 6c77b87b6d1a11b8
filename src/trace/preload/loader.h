// SPDX-License-Identifier: MIT
// The shared objects of this process, and where the loader has looked for them in vain.
#ifndef TRACE_PRELOAD_LOADER_H
#define TRACE_PRELOAD_LOADER_H

// Notes those that the program began with.
void loader_begin(void);
// Notes those that have come since: before the process ends or becomes another program.
void loader_end(void);
// libc is about to load some that nobody has named.
void loader_expect(void);

#endif
