// SPDX-License-Identifier: MIT
// --coverage in a session: what is counted, what the workers have counted, and what it comes to.
#ifndef CLI_COVERING_H
#define CLI_COVERING_H

#include "firmo-jobs.h"

struct local_coverage;
struct result;

// Reads .luacov and finds what counts, before anything runs. Says what is wrong.
enum firmo_jobs_status covering_begin(struct firmo_jobs *s);
// Tells those below us how to count for our run, and takes that up below another.
void covering_hand_down(const struct firmo_jobs *s);
enum firmo_jobs_status covering_join(struct firmo_jobs *s);
// How the workers of the run are to count, if they are.
struct local_coverage covering_terms(const struct firmo_jobs *s);
// A result is there: adds what its process has counted, which is kept for the history.
void covering_take(struct firmo_jobs *s, struct result *r);
// What others have recorded for our run takes the place of what we have counted ourselves. Without
// a history that stays.
void covering_gather(struct firmo_jobs *s);
// All have ended: adds what reused passes have covered, reads the sources, sets run.coverage, and
// records it. Says what is missing.
void covering_end(struct firmo_jobs *s);
// Adds what LuaCov would have written in the workers, which is in that folder, to its files; and
// has LuaCov make its report of them, where it would have.
void covering_left_stats(void *session, const char *folder);
void covering_release(struct firmo_jobs *s);

#endif
