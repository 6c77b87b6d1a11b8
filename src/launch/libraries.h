// SPDX-License-Identifier: MIT
// What the files are that workers load, as this machine has them: launcher_operations, for
// launch/local.c. Each file is looked into once in a run: most of them every worker loads.
#ifndef LAUNCH_LIBRARIES_H
#define LAUNCH_LIBRARIES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/map.h"
#include "model/job.h"

struct launcher;

struct libraries {
	struct map cores;  // path of a file -> the framework that it is the core of, and 1
	struct map busted; // path of a file -> whether it names what busted gives, and 1
};

enum framework libraries_core(struct launcher *launcher, const char *path);
bool libraries_name_busted(struct launcher *launcher, const char *path, int64_t since_ns);
void libraries_release(struct libraries *l);

#endif
