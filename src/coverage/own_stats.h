// SPDX-License-Identifier: MIT
// What workers that use LuaCov themselves have counted, each in a file of its own
// (framework/lua/luacov.lua): NAME.stats, NAME.name with the path of the file that LuaCov would
// have written, and NAME.report if it would have made a report of that.
#ifndef COVERAGE_OWN_STATS_H
#define COVERAGE_OWN_STATS_H

struct own_stats_told {
	// A file could not be written, or read.
	void (*failed)(void *owner, const char *message);
	// A report of that file is to be made now.
	void (*report)(void *owner, const char *path);
	// What the stats of that worker (its serial in the run) are called behind the name of that
	// file, which nobody writes then; the caller frees it. NULL: all are added up.
	char *(*apart)(void *owner, long process);
	// Such a file has been written.
	void (*left)(void *owner, const char *path);
	void *owner;
};

// Adds all that lies in the folder to those files, one after another, as one process after another
// would have.
void own_stats_gather(const char *folder, const struct own_stats_told *told);

#endif
