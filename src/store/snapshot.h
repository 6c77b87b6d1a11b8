// SPDX-License-Identifier: MIT
// What passes depended on: a version is one state in which an input was seen, a snapshot is the
// versions that the last pass of a file saw.
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

struct version {
	int64_t id;
	enum input_kind kind;
	char *name;
	struct fingerprint was;
};

struct versions {
	struct version *items; // by id
	size_t n, cap;
};

struct snapshot {
	int64_t result, started_ns;
	int64_t wall_ns;     // that it took
	int64_t deadline_ns; // that it had; 0: none; -1: unknown
	enum framework framework;
	struct digest key; // of how it was run
	unsigned doubts;   // enum doubt, added up
	int64_t *inputs;   // ids of versions, ascending; owned
	size_t n;
	char *written; // the paths that it wrote, each followed by a NUL; owned
	size_t written_bytes;
};

// Fills versions, which is empty. The caller releases it on failure as well.
int store_load_versions(struct store *s, struct versions *versions, struct err *err);
// The same with the versions of one snapshot alone.
int store_load_versions_of(struct store *s, const struct snapshot *p, struct versions *versions,
			   struct err *err);
// Records the stamps of versions whose contents are still the same. Like store_record.
enum store_status store_renew_versions(struct store *s, const struct versions *versions,
				       struct err *err);
void versions_release(struct versions *v);
// NULL if there is none of that id.
const struct version *versions_find(const struct versions *v, int64_t id);
// Fills snapshots (path -> struct snapshot *), which is empty, with that of the file of that path,
// or of every file (NULL); snapshots_release frees them all.
int store_load_snapshots(struct store *s, const char *path, struct map *snapshots, struct err *err);
void snapshots_release(struct map *snapshots);

#endif
