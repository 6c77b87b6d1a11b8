// SPDX-License-Identifier: MIT
// What proves a result: a file that is not understood is run once more, read in another way; what a
// forked process has come to, as run/forks.h has it; and a pass whose tests nobody has seen is
// none. Private to run/.
#ifndef RUN_PROOF_H
#define RUN_PROOF_H

#include <stdbool.h>

struct attempt;
struct observation;
struct result;
struct supervisor;

// The attempt's result is decided. True: its file is run once more in its slot, to learn or to
// prove more, and the attempt is freed.
bool proof_goes_on(struct supervisor *s, struct attempt *a, const struct observation *o);
// What all attempts at the file have come to, of which a is the last; it is the caller's.
struct result *proof_settle(struct supervisor *s, struct attempt *a);
// The result that was announced is the one that is passed on, with the content of that which tells
// more. It is the caller's.
struct result *proof_choose(struct attempt *a);

#endif
