// SPDX-License-Identifier: MIT
#include "base/file_clock.h"

#include <fcntl.h>

#include "base/clock.h"

// The kernel's own clock of files is behind by a tick.
#define BEHIND_NS (20 * NS_PER_MS)

// One for the process, as its clock is.
static uint64_t known;

void file_clock_compare(const char *folder)
{
	const struct timespec now[] = {{.tv_nsec = UTIME_OMIT}, {.tv_nsec = UTIME_NOW}};
	int64_t before_ns = clock_real_ns();
	struct stat st;

	known = 0;
	if (utimensat(AT_FDCWD, folder, now, 0) < 0 || stat(folder, &st) < 0)
		return;
	int64_t is_ns = st.st_ctim.tv_sec * NS_PER_SEC + st.st_ctim.tv_nsec;
	if (is_ns >= before_ns - BEHIND_NS && is_ns <= clock_real_ns())
		known = st.st_dev;
}

uint64_t file_clock_device(void)
{
	return known;
}

bool file_clock_is_young(uint64_t device, int64_t ctime_ns, int64_t at_ns)
{
	bool fine = known && device == known && ctime_ns % FILE_CLOCK_COARSE_STEP_NS != 0;

	return ctime_ns > at_ns - (fine ? FILE_CLOCK_FINE_NS : FILE_CLOCK_COARSE_NS);
}

bool file_clock_found_young(const struct stat *st, int64_t at_ns)
{
	return file_clock_is_young(st->st_dev,
				   st->st_ctim.tv_sec * NS_PER_SEC + st->st_ctim.tv_nsec, at_ns);
}
