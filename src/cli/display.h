// SPDX-License-Identifier: MIT
// What a person sees while the run goes on: a line redrawn on a terminal, or now and then a plain
// line in a log.
#ifndef CLI_DISPLAY_H
#define CLI_DISPLAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cli/settings.h"
#include "sys/loop.h"

struct jobs;
struct result;

#define DISPLAY_REDRAW_NS (100 * INT64_C(1000000)) // the line is never drawn sooner after itself

struct display {
	enum progress_kind kind;  // never PROGRESS_AUTO
	size_t total, ended, bad; // total 0: there is no end to them
	size_t retried;           // of those that have ended
	size_t unknown;           // of all, without an expected time
	int64_t expected_ns;      // of those that have not ended, together
	size_t widest;            // the most that ran at once
	int64_t opened_ns;        // monotonic
	struct {
		const struct result **items;
		size_t n, cap;
	} running;
	struct loop *loop;
	struct loop_timer timer;
	int64_t drawn_ns; // monotonic
	bool visible;     // the line is on the screen
	bool colours;
};

// The jobs are run so many times, 0: without an end.
void display_open(struct display *d, enum progress_kind kind, bool colours, const struct jobs *jobs,
		  long rounds, struct loop *loop);
void display_started(struct display *d, const struct result *r);
// One that runs has become slow.
void display_slow(struct display *d, const struct result *r);
void display_ended(struct display *d, const struct result *r);
// Takes the line off the screen, so that something else can be printed; and draws it again, if it
// is the kind that stays.
void display_clear(struct display *d);
void display_restore(struct display *d);
// Prints what is running to stderr, whatever the kind.
void display_dump(struct display *d);
void display_close(struct display *d);

#endif
