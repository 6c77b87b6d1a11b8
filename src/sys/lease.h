// SPDX-License-Identifier: MIT
// Small numbers that processes of one machine share out among themselves.
#ifndef SYS_LEASE_H
#define SYS_LEASE_H

// The smallest number from 0 that no other process has leased in that folder, which is made. It is
// ours until this process ends, in whatever way. 0 where the folder cannot be used.
int lease_number(const char *folder);

#endif
