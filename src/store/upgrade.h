// SPDX-License-Identifier: MIT
// What brings histories of older formats up to date.
#ifndef STORE_UPGRADE_H
#define STORE_UPGRADE_H

struct store;

// Within a transaction. from: the format of the history, 1 or more. SQLITE_OK, or an error's code.
int upgrade(struct store *s, int from);

#endif
