// SPDX-License-Identifier: MIT
// --related and --related-git in a session: which sources are meant, and what is told of them.
#ifndef CLI_RELATING_H
#define CLI_RELATING_H

#include "firmo-jobs.h"

// Finds the sources. Says what is wrong.
enum firmo_jobs_status relating_begin(struct firmo_jobs *s);
// The plan is made: says what of it is not known.
void relating_tell(const struct firmo_jobs *s);

#endif
