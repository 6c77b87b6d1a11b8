// SPDX-License-Identifier: MIT
// The runner's side of trace/preload/fork.h: what a fork server is asked for. Private to launch/.
#ifndef LAUNCH_FORKREQUEST_H
#define LAUNCH_FORKREQUEST_H

#include <stdbool.h>

#include "trace/preload/fork.h"

struct launch;
struct spawn;

// Fills *r, which has FORK_BYTES and is all 0. False: it is too long.
bool forkrequest_write(struct fork_request *r, const struct launch *what, const struct spawn *s);
// Sends it, with the descriptors that s names. False: there is nobody to take it.
bool forkrequest_send(int to, struct fork_request *r, const struct spawn *s);

#endif
