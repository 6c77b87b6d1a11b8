// SPDX-License-Identifier: MIT
// The files of open databases, as sqlite's usual VFS has them. What somebody cuts short in mid-use,
// the index of the log (-shm), which is mapped, or the log itself (-wal), is noticed: no SIGBUS
// comes of the first and no hole of the second, and nothing is written any more until all that was
// cut is closed.
#ifndef STORE_VFS_H
#define STORE_VFS_H

// The name to open databases with.
const char *vfs_name(void);
// What was cut short of some database that is open, in words; NULL: nothing.
const char *vfs_damage(void);

#endif
