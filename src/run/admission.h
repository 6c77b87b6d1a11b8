// SPDX-License-Identifier: MIT
// Whether the machine has room for one more worker. Private to run/.
#ifndef RUN_ADMISSION_H
#define RUN_ADMISSION_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "sys/loop.h"

struct job;
struct process;
struct supervisor;

struct admission {
	struct loop_timer timer; // set while a file is held back: when to look again
	int64_t seen_bytes;      // how much memory was available when that was last looked at
	int64_t seen_ns;         // monotonic: when that was
	bool told;               // that a file waits for memory
};

// As make's -l: a busy machine gets no further worker, nor one without the memory for it; but one
// there is always. True if the job must wait: it is looked at again when a worker ends
// (admission_reopen) or the timer fires.
bool admission_must_wait(struct supervisor *s, const struct job *job);
// A worker has ended.
void admission_reopen(struct admission *r);
// What the workers that run may still take beyond what they hold, in bytes, by the peaks of their
// past; held tells what a process has, NULL: nothing.
int64_t admission_claimed(const struct supervisor *s, int64_t (*held)(const struct process *p));

#endif
