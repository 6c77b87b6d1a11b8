// SPDX-License-Identifier: MIT
// Setting up and tearing down what files need (model/fixture.h): each is a process that runs in a
// slot, as a worker does. What a setup leaves behind lives until the teardown has ended. Private to
// run/.
#ifndef RUN_FIXTURES_H
#define RUN_FIXTURES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct job;
struct result;
struct supervisor;

struct fixture_processes {
	struct fixture_process *items; // one for each fixture; owned
	size_t n;
	int running;       // setups and teardowns
	bool tearing_down; // no file runs any more
};

void fixtures_open(struct supervisor *s);
// Adds what the setups of its file depended on to what a pass did.
void fixtures_add_inputs(const struct supervisor *s, struct result *r);
// The job is to run.
void fixtures_want(struct supervisor *s, const struct job *job);
// Starts what may start. True: one waits for a slot.
bool fixtures_start(struct supervisor *s);
// The run is to end, or at once: so are those that run.
void fixtures_stop(struct supervisor *s, bool at_once);
// To the processes of those that run.
void fixtures_signal(const struct supervisor *s, int signo);
// Moves all clocks by the time the run was suspended.
void fixtures_shift_clocks(struct supervisor *s, int64_t ns);
// Whether there is a teardown to come.
bool fixtures_are_up(const struct supervisor *s);
// No file runs any more: whether something is still to be torn down.
bool fixtures_go_on(struct supervisor *s);
// Ends what is left of all.
void fixtures_close(struct supervisor *s);

#endif
