// SPDX-License-Identifier: MIT
// What a file held before the worker wrote to it: a file that is as it was in the end may be relied
// on, though it was changed meanwhile.
#ifndef TRACE_PRELOAD_KEPT_H
#define TRACE_PRELOAD_KEPT_H

#include <stdbool.h>

// The file that is there now may be written to, replaced or removed: notes its content, unless it
// is large, or has been changed since the worker began or shortly before.
void kept_note(int dir, const char *path, bool nofollow);

#endif
