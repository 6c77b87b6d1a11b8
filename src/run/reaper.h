// SPDX-License-Identifier: MIT
// The ends of our children: workers, and descendants whose parents have died before them. Children
// that this process had before the run are another's, and stay for whoever waits for them.
#ifndef RUN_REAPER_H
#define RUN_REAPER_H

#include <stdbool.h>
#include <sys/types.h>

struct supervisor;

// Remembers the children that are there.
void reaper_open(struct supervisor *s);
void reaper_close(struct supervisor *s);
// Reaps what has ended, and tells workers of it. Where the system refuses to tell, the run is
// broken.
void reaper_reap(struct supervisor *s);
// Whether it was there before the run.
bool reaper_is_stranger(const struct supervisor *s, pid_t pid);
// Whether it is the command of the run's service.
bool reaper_is_command(const struct supervisor *s, pid_t pid);

#endif
