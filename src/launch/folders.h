// SPDX-License-Identifier: MIT
// Folders whose entries are looked for again and again: while the times of a folder stand still, so
// do the names in it.
#ifndef LAUNCH_FOLDERS_H
#define LAUNCH_FOLDERS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/map.h"

// A folder at one moment.
struct folder_stamp {
	bool is_absent;  // nothing has its name: no name below it is one either
	bool is_settled; // it was last changed long enough ago: a change since has another time
	uint64_t device, inode;
	int64_t ctime_ns;
};

struct folders {
	struct map known; // name -> struct folder *
	long round;
	int64_t round_ns; // when it began
};

// A new round: each folder is looked at once in it.
void folders_begin(struct folders *f);
void folders_release(struct folders *f);

// The folder that the path lies in, in this round. A path without one has one that is not settled.
struct folder_stamp folders_of(struct folders *f, const char *path);
// Whether an entry looked for when the folder was `then` is now what it was: no name has come, gone
// or been given to something else.
bool folder_stands(const struct folder_stamp *then, const struct folder_stamp *now);

#endif
