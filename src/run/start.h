// SPDX-License-Identifier: MIT
// The start of a file whose turn it is: in a worker, or without a process, where none is needed or
// none would help. Private to run/.
#ifndef RUN_START_H
#define RUN_START_H

#include <stdbool.h>

struct supervisor;
struct turn;

// A file that is empty, cannot be read, or for which nothing could be set up: true if it was dealt
// with.
bool start_without_process(struct supervisor *s, const struct turn *turn);
// Starts one job in so many of the spare slots. False if it has to wait.
bool start_turn(struct supervisor *s, const struct turn *turn, int held);

#endif
