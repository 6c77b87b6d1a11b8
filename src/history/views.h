// SPDX-License-Identifier: MIT
// Queries to the history, and their views.
#ifndef HISTORY_VIEWS_H
#define HISTORY_VIEWS_H

#include "history/request.h"
#include "model/table.h"

struct err;
struct store;

// Fills view, which the caller releases on failure as well. store: NULL if there is none yet.
int views_show(struct view *view, struct store *store, const struct history_request *request,
	       struct err *err);

#endif
