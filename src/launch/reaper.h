// SPDX-License-Identifier: MIT
// The ends of our children: local processes, and descendants whose parents have died before them.
// Children that this process had before the run are another's, and stay for whoever waits for them.
// Private to launch/.
#ifndef LAUNCH_REAPER_H
#define LAUNCH_REAPER_H

#include <stdbool.h>
#include <sys/types.h>

struct local;

// Remembers the children that are there.
void reaper_open(struct local *l);
void reaper_close(struct local *l);
// Whether it was there before the run.
bool reaper_is_inherited(const struct local *l, pid_t pid);

#endif
