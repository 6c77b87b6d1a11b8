// SPDX-License-Identifier: MIT
// Questions to the history, and their answers.
#ifndef HISTORY_VIEWS_H
#define HISTORY_VIEWS_H

#include "history/request.h"
#include "model/table.h"

struct err;
struct store;

// Fills answer, which the caller releases on failure as well. store: NULL if there is none yet.
int views_show(struct answer *answer, struct store *store, const struct history_request *request,
	       struct err *err);

#endif
