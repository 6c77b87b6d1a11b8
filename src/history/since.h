// SPDX-License-Identifier: MIT
// Since when the failures of a run are there.
#ifndef HISTORY_SINCE_H
#define HISTORY_SINCE_H

struct err;
struct run;
struct store;

// Fills `since` and `unsteady` of all that failed in a run which is in the store, from the runs
// that began before it. Nothing is known of them where there was none.
int since_tell(struct run *run, struct store *store, struct err *err);

#endif
