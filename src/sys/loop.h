// SPDX-License-Identifier: MIT
// The event loop: poll(2) over file descriptors and deadlines. Watches and timers are members of
// their owners' structs; the loop only knows of them between add and remove, and neither allocates
// nor frees them. A callback may add and remove any watch and any timer, its own included.
#ifndef SYS_LOOP_H
#define SYS_LOOP_H

#include <poll.h>
#include <stddef.h>
#include <stdint.h>

#define LOOP_NEVER INT64_MAX

struct loop_watch {
	int fd;
	short events; // POLLIN, POLLOUT; 0: known to the loop, not polled
	void (*ready)(struct loop_watch *w, short revents);
	void *owner;
};

struct loop_timer {
	int64_t at_ns; // on the monotonic clock; LOOP_NEVER: not set
	void (*fire)(struct loop_timer *t);
	void *owner;
};

struct loop {
	struct {
		struct loop_watch **items;
		size_t n, cap;
	} watches;
	struct {
		struct loop_timer **items;
		size_t n, cap;
	} timers;
	struct pollfd *polled;
	size_t polled_cap;
};

void loop_release(struct loop *l);
void loop_add_watch(struct loop *l, struct loop_watch *w);
void loop_remove_watch(struct loop *l, struct loop_watch *w);
// Adds t, whose at_ns may be changed freely from then on; it is LOOP_NEVER before fire is called.
void loop_add_timer(struct loop *l, struct loop_timer *t);
void loop_remove_timer(struct loop *l, struct loop_timer *t);
// Waits until something is ready or due, and calls back for all that is; what was ready in front of
// a deadline is called for in front of it, however late we are. -1, and errno, where the system
// does not let us wait.
int loop_step(struct loop *l);

#endif
