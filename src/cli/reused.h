// SPDX-License-Identifier: MIT
// The passes that a run has taken over: whether they are still valid once its files have written
// what others depend on.
#ifndef CLI_REUSED_H
#define CLI_REUSED_H

struct firmo_jobs;
struct jobs;
struct result;

// A file has ended so: notes whether it may have written what others depend on.
void reused_note(struct firmo_jobs *s, const struct result *r);
// What files of the run have written since this was last asked may matter to those whose passes
// were taken over. Gives back the latter, and returns those that have to be run after all; NULL:
// none. They are the session's.
const struct jobs *reused_invalidated(struct firmo_jobs *s);
// All has run: files whose passes were taken over, and that have to be run once more, as only that
// tells whether what fails by itself is their support. Gives back those passes. NULL: none.
const struct jobs *reused_asked(struct firmo_jobs *s);

#endif
