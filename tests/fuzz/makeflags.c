// SPDX-License-Identifier: MIT
// MAKEFLAGS: no jobserver is left where one was taken out, and one that is put in is found.
#include "jobserver/makeflags.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *value = xstrndup((const char *)data, size);
	struct makeflags m, again;
	char *without, *with;

	makeflags_parse(&m, value);
	without = makeflags_without_jobserver(value);
	with = makeflags_with_jobserver(value, 13, 14);
	if (without) {
		makeflags_parse(&again, without);
		HOLDS(again.auth == AUTH_NONE);
		HOLDS(again.dry_run == m.dry_run);
		makeflags_release(&again);
	}
	if (with) {
		makeflags_parse(&again, with);
		HOLDS(again.auth == AUTH_FDS && again.read_fd == 13 && again.write_fd == 14);
		makeflags_release(&again);
	}
	makeflags_release(&m);
	free(without);
	free(with);
	free(value);
	return 0;
}
