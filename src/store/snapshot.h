// SPDX-License-Identifier: MIT
// What passes depended on: a snapshot is the states of inputs that the last pass of a file saw.
#ifndef STORE_SNAPSHOT_H
#define STORE_SNAPSHOT_H

#include <stddef.h>
#include <stdint.h>

#include "base/digest.h"
#include "base/fingerprint.h"
#include "model/inputs.h"
#include "model/job.h"
#include "store/input_state.h"
#include "store/store.h"

struct err;
struct map;
struct store;

struct snapshot {
	int64_t result, started_ns;
	int64_t wall_ns;     // that it took
	int64_t deadline_ns; // that it had; 0: none; -1: unknown
	enum framework framework;
	struct digest key;  // of how it was run
	unsigned doubts;    // enum doubt, added up
	bool has_bare_head; // struct job_head of its file, as it was
	int64_t *inputs;    // ids of states, ascending; owned
	size_t n;
	char *written; // the paths that it wrote, each followed by a NUL; owned
	size_t written_bytes;
};

// Fills snapshots (path -> struct snapshot *), which is empty, with that of the file of that path,
// or of every file (NULL); snapshots_release frees them all.
int snapshots_load(struct store *s, const char *path, struct map *snapshots, struct err *err);
// The same with the last passes of some tests.
int snapshots_load_parts(struct store *s, const char *path, struct map *snapshots, struct err *err);
void snapshots_release(struct map *snapshots);

#endif
