// SPDX-License-Identifier: MIT
// The heads of programs: ELF, and scripts that begin with #!.
#include <sys/mman.h>
#include <unistd.h>

#include "fuzz.h"
#include "trace/interpreter.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int fd = memfd_create("program", 0);
	char path[64];

	HOLDS(fd >= 0 && write(fd, data, size) == (ssize_t)size);
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	interpreter_can_be_watched(path);
	close(fd);
	return 0;
}
