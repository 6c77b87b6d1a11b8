// SPDX-License-Identifier: MIT
// What passes depended on: an input state is what an input was when it was seen, a snapshot is the
// states that the last pass of a file saw.
#ifndef STORE_SNAPSHOT_H
#define STORE_SNAPSHOT_H

#include <stddef.h>
#include <stdint.h>

#include "base/digest.h"
#include "base/fingerprint.h"
#include "model/inputs.h"
#include "model/job.h"
#include "store/store.h"

struct err;
struct map;
struct store;

struct input_state {
	int64_t id;
	enum input_kind kind;
	char *name;
	struct fingerprint was;
};

struct input_states {
	struct input_state *items; // by id
	size_t n, cap;
};

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

// Fills states, which is empty. The caller releases it on failure as well.
int input_states_load(struct store *s, struct input_states *input_states, struct err *err);
// The same with the states of one snapshot alone.
int input_states_load_of(struct store *s, const struct snapshot *p,
			 struct input_states *input_states, struct err *err);
// Records the stamps of states whose contents are still the same. Like store_record.
enum store_status input_states_renew(struct store *s, const struct input_states *input_states,
				     struct err *err);
void input_states_release(struct input_states *v);
// NULL if there is none of that id.
const struct input_state *input_states_find(const struct input_states *v, int64_t id);
// Fills snapshots (path -> struct snapshot *), which is empty, with that of the file of that path,
// or of every file (NULL); snapshots_release frees them all.
int snapshots_load(struct store *s, const char *path, struct map *snapshots, struct err *err);
// The same with the last passes of some tests.
int snapshots_load_parts(struct store *s, const char *path, struct map *snapshots, struct err *err);
void snapshots_release(struct map *snapshots);

#endif
