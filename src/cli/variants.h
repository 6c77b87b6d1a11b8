// SPDX-License-Identifier: MIT
// The settings of each file: those that all have, or others where the project says so of some.
// Files of which the same is said share one variant.
#ifndef CLI_VARIANTS_H
#define CLI_VARIANTS_H

#include <stdbool.h>
#include <stddef.h>

#include "cli/settings.h"
#include "framework/framework.h"
#include "framework/wrapper.h"

struct err;
struct job_head;
struct job;

// The settings of the files of which nothing but `key` is said.
struct variant {
	char *key;                  // "" for most
	struct settings settings;   // all that holds for them
	struct strings environment; // entries of job
	struct commands commands;   // if it has some of its own
	struct wrapper wrapper;     // of job
	struct {
		struct fixture **items; // of job, NULL at the end
		size_t n, cap;
	} fixtures;
	char *lines, *names; // of job's selection
	struct job_settings job;
	char *way;
};

struct variants {
	const struct settings *settings; // of all files
	const struct commands *commands; // the same; NULL: the programs have not been found yet
	struct fixtures fixtures;        // all that there are
	struct {
		struct variant **items; // owned
		size_t n, cap;
	} list;
};

// What is said of the file at path alone, by the overrides of the project and by its head.
int variants_add_statements(const struct settings *all, const char *path, struct job_head *head,
			    struct statements *said, struct err *err);
// All that is said of it: own, which that has given, in its place among what is said of all files.
void variants_say(const struct settings *all, const struct statements *own,
		  struct statements *said);
// The settings of the job's file, complete once the programs have been found, and its head, unless
// that is known to be bare. only: lines or names of the tests that are wanted. NULL: err says what
// is wrong with them.
const struct job_settings *variants_of(struct variants *v, struct job *job,
				       const struct selection *only, struct err *err);
// Completes those that there are, and from then on each one: with the commands of all files, or
// with their own, whose program is looked for.
int variants_complete(struct variants *v, const struct commands *commands, struct err *err);
// Puts where the setting of that name was said in place of "--NAME", which the message begins with.
void variants_blame(const struct settings *said, struct err *err);
// The setup of f has given its variables: they are a part of how its files are run. Whether any are
// run in another way from now on.
bool variants_renew(struct variants *v, const struct fixture *f);
// Begins, with the settings of all files.
void variants_open(struct variants *v, const struct settings *settings);
// Where the setting of that name was said for the files of job, for a person.
const char *variants_origin(const struct variants *v, const struct job_settings *job,
			    const char *name);
void variants_release(struct variants *v);

#endif
