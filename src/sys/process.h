// SPDX-License-Identifier: MIT
// What the kernel tells of one process, without its children.
#ifndef SYS_PROCESS_H
#define SYS_PROCESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

// Bytes of memory that are its own, and will be free once it has ended; 0 where that is not told.
int64_t process_memory(pid_t pid);

// How long a process has had a CPU, and how long it was ready to run and had none.
struct schedule {
	int64_t ran_ns, delay_ns;
};

// That of its first thread; a zombie still tells. False where the kernel keeps no account.
bool process_schedule(pid_t pid, struct schedule *s);
// The delay of a process that has ended, s, with that of its children, which are taken to have
// waited for as large a share of their time. cpu_ns: what all have used; wall_ns: how long it
// lived, which cannot have been spent in waiting while any of them ran.
int64_t process_tree_delay(const struct schedule *s, int64_t cpu_ns, int64_t wall_ns);

#endif
