// SPDX-License-Identifier: MIT
// What a process that serves another one holds open: nothing that anybody else waits for the end
// of.
#ifndef SYS_DESCRIPTORS_H
#define SYS_DESCRIPTORS_H

#include <stddef.h>

// Closes every file descriptor but those n of keep, all of them above 2; /dev/null takes the places
// of 0 to 2. Needs no memory, and does it where close_range(2) is missing or refused, too.
void descriptors_keep(const int *keep, size_t n);

#endif
