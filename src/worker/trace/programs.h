// SPDX-License-Identifier: MIT
// What well-known programs take from their environment without a call of getenv.
#ifndef WORKER_TRACE_PROGRAMS_H
#define WORKER_TRACE_PROGRAMS_H

// The variable name was asked for, in whatever way.
void environment_note(const char *name);

// What this program is, and what its arguments tell.
void programs_begin(int argc, char **argv);
// It has opened a file for reading: shells and make read their variables' names there.
void programs_have_opened(int fd);

#endif
