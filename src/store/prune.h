// SPDX-License-Identifier: MIT
// What a run that ends removes. Both return SQLITE_DONE, or an error's code.
#ifndef STORE_PRUNE_H
#define STORE_PRUNE_H

struct store;

// Removes the runs beyond the bound that every history has, a few of them at a time.
int prune_keep_bound(struct store *s);
// Forgets what no result names any more: test lists, tests, files, versions of inputs.
int prune_sweep(struct store *s);

#endif
