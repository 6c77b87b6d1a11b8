// SPDX-License-Identifier: MIT
// What a result tells of the quarantine of its file.
#ifndef CLI_QUARANTINED_H
#define CLI_QUARANTINED_H

struct firmo_jobs;
struct result;

// Warns of the tests in quarantine that r has not, at its first attempt, where it ran whole.
// warn(owner, message) shows a line.
void quarantined_check(const struct firmo_jobs *s, const struct result *r,
		       void (*warn)(void *owner, const char *message), void *owner);

#endif
