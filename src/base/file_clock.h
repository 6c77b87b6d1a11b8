// SPDX-License-Identifier: MIT
// How exact the times of files are: what was changed shortly before a look may be changed once more
// in the same tick of its file system's clock, under the same times.
#ifndef BASE_FILE_CLOCK_H
#define BASE_FILE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

// A tick is taken for so long where nothing is known of it: FAT counts in twos of seconds.
#define FILE_CLOCK_COARSE_NS INT64_C(2000000000)
// And where it is known to be fine: several ticks of a kernel that counts in hundredths.
#define FILE_CLOCK_FINE_NS INT64_C(100000000)

// What counts in seconds, or in hundredths, has multiples of that as its times.
#define FILE_CLOCK_COARSE_STEP_NS INT64_C(10000000)

// Holds the clock of that folder's file system, which may be another machine's, against ours: it is
// known where they agree. Sets the folder's time; does nothing where that may not be done.
void file_clock_compare(const char *folder);
// The device whose clock is known to agree with ours; 0: none.
uint64_t file_clock_device(void);
// Whether it was changed (ctime_ns) after that time (real clock), or so shortly before that it may
// be changed once more under the same time. 0 is the time of what has none.
bool file_clock_is_young(uint64_t device, int64_t ctime_ns, int64_t at_ns);
// The same of what stat(2) has told.
bool file_clock_found_young(const struct stat *st, int64_t at_ns);

#endif
