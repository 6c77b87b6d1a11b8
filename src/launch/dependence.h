// SPDX-License-Identifier: MIT
// What a file depends on besides what its trace names: the environment of its programs, and what
// acts on every process unasked.
#ifndef LAUNCH_DEPENDENCE_H
#define LAUNCH_DEPENDENCE_H

struct inputs;
struct job_settings;
struct map;

// Adds that to what a trace came to, and settles which variables are set: the worker saw its own
// environment; what counts is ours, which that was made from. programs (path -> what is known of
// its file) saves looking at a program twice.
void dependence_complete(struct inputs *in, const struct job_settings *settings,
			 struct map *programs);
void dependence_release(struct map *programs);

#endif
