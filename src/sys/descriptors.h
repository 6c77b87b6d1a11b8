// SPDX-License-Identifier: MIT
// The descriptors of a helper process: it holds none open whose end another process waits for.
#ifndef SYS_DESCRIPTORS_H
#define SYS_DESCRIPTORS_H

#include <stddef.h>

// Closes every file descriptor but the n of keep, all of them above 2; /dev/null takes the places
// of 0 to 2. Needs no memory, and does it where close_range(2) is missing or refused, too.
void descriptors_keep(const int *keep, size_t n);

#endif
