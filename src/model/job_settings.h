// SPDX-License-Identifier: MIT
// What is set for the worker of a file: the same for all files of a run, or another where the plan
// says so. Const once a job points to it.
#ifndef MODEL_JOB_SETTINGS_H
#define MODEL_JOB_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/limits.h"
#include "base/strings.h"
#include "model/deadline.h"
#include "model/quarantine.h"
#include "model/selection.h"

struct commands;
struct fixture;
struct wrapper;

struct job_settings {
	int framework; // an enum framework, or -1: by what the file holds
	struct deadline deadline;
	int64_t grace_ns; // between SIGINT, SIGTERM and SIGKILL
	struct limits limits;
	struct selection selection; // of its tests
	long retries; // how often it is tried again, after the others, where it has failed
	int64_t retry_delay_ns;       // from a failure to the next try
	struct strings locks;         // each once: files that share one of them do not run at once
	long slots;                   // how many workers it counts as; 0: one
	bool exclusive;               // nothing else runs meanwhile
	struct quarantine quarantine; // no outcome depends on it, only what that means
	const char *const *environment;  // entries beside ours and in place of them, NULL at the
					 // end; NULL: none
	const struct commands *commands; // how files are run, see framework/framework.h
	struct fixture *const *fixtures; // what is set up before, NULL at the end; NULL: none
	const struct wrapper *wrapper;   // of its command, or NULL
	const char *way; // all of this that results depend on, as text, for command_way
};

// Whether an entry NAME=VALUE gives the variable that the first n bytes of name are.
bool job_settings_give(const struct job_settings *s, const char *name, size_t n);

#endif
