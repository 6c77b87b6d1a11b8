// SPDX-License-Identifier: MIT
// What is left of local processes: descendants that have outlived their parents, wherever they
// moved to. Private to launch/.
#ifndef LAUNCH_REMNANTS_H
#define LAUNCH_REMNANTS_H

#include <stdbool.h>
#include <stddef.h>

struct local;

// Our children that are no processes of l themselves and carry the mark. Sends them SIGKILL, if
// wanted. Returns how many there are, those that cannot be told at this moment included.
size_t remnants_find(const struct local *l, const char *mark, bool end_them);
// Ends those of the whole run, as far as they are told.
void remnants_end_all(struct local *l);

#endif
