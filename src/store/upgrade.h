// SPDX-License-Identifier: MIT
// What older databases hold, brought into the present shape where SQL alone cannot.
#ifndef STORE_UPGRADE_H
#define STORE_UPGRADE_H

struct store;

// To format 4, between the statements of that step: packs the tests of all results, and makes the
// trails of their files. SQLITE_DONE, or an error's code.
int upgrade_results(struct store *s);

#endif
