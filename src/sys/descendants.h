// SPDX-License-Identifier: MIT
// The processes below this one, escaped ones included: as a child subreaper (Linux, prctl(2)) we
// become the parent of every descendant whose own parent has died, whatever session or process
// group it moved to.
#ifndef SYS_DESCENDANTS_H
#define SYS_DESCENDANTS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

// Makes this process a subreaper. False where the system does not know it.
bool descendants_adopt(void);
// Fills pids with *n direct children, zombies included, max at most. False where /proc does not
// tell.
bool descendants_children(pid_t *pids, size_t max, size_t *n);
// Whether the environment that pid was started with has the entry "NAME=VALUE", or one that goes on
// behind it with a dot or a slash. BELONGS_UNKNOWN if there is nothing to read: a process is just
// about to execute another program, or is a zombie.
enum belongs { BELONGS_NOT, BELONGS, BELONGS_UNKNOWN };
enum belongs descendants_belongs(pid_t pid, const char *entry);

#endif
