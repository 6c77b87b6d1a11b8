// SPDX-License-Identifier: MIT
// What a file depends on besides what its trace names: the environment of its programs, and what
// acts on every process unasked.
#ifndef LAUNCH_DEPENDENCE_H
#define LAUNCH_DEPENDENCE_H

struct inputs;
struct job_settings;
struct map;
struct strings;

// Adds the test file itself, which need not be watched; in->unread: under no name has it been read.
void dependence_add_file(struct inputs *in, const char *path);
// Adds the chunks that came to their ends, as Lua names them.
void dependence_add_whole(struct inputs *in, const struct strings *whole, const char *cwd);
// Adds what comes unasked to what a trace came to, and settles which variables are set: the worker
// saw its own environment; what counts is ours, which that was made from. programs (path -> what is
// known of its file) saves looking at a program twice. The list is sorted then.
void dependence_complete(struct inputs *in, const struct job_settings *settings,
			 struct map *programs);
void dependence_release(struct map *programs);

#endif
