// SPDX-License-Identifier: MIT
// Fingerprints of what results depended on, taken where their processes ran.
#ifndef LAUNCH_FINGERPRINTS_H
#define LAUNCH_FINGERPRINTS_H

#include "base/buf.h"
#include "base/map.h"
#include "launch/folders.h"

struct result;

struct fingerprints {
	struct map looks;       // of each input that was looked at, the latest look
	struct buf key;         // of one of them
	long round;             // counts the results
	struct folders folders; // of the names that are inputs themselves
};

// Takes the fingerprints of the inputs of a pass, and of what the last pass of its file depended
// on: no process of it runs any more. What stands there of an earlier time, or was seen for an
// earlier result, spares to read a file whose stamp has not moved. Doubts inputs that may differ
// from what the worker saw.
void fingerprints_take(struct fingerprints *f, struct result *r);
void fingerprints_release(struct fingerprints *f);

#endif
