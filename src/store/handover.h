// SPDX-License-Identifier: MIT
// What one file writes and another depends on, as their last passes were seen to: an order between
// tests that their texts do not show.
#ifndef STORE_HANDOVER_H
#define STORE_HANDOVER_H

struct err;
struct map;
struct store;

// The strings last for the call alone.
typedef void handover_told(const char *producer, const char *consumer, const char *path, void *arg);

// Calls told() for each path that a file of planned (whose keys are the paths of files) has
// written, and another one of them depends on without having written it as well, in their last
// passes of all tests and of some. It does not matter whether these are still valid.
int handover_load(struct store *s, const struct map *planned, handover_told *told, void *arg,
		  struct err *err);

#endif
