// SPDX-License-Identifier: MIT
// The order that files of one run have to keep, as one writes what another depends on.
#ifndef PLAN_SEQUENCE_H
#define PLAN_SEQUENCE_H

struct err;
struct jobs;
struct store;

// Fills jobs->handovers with what the history knows of them, and moves each producer in front of
// its consumers; otherwise their order stays. Where files hand over to each other in a circle, one
// of them has to be the first: what is handed over to it is put into jobs->circles.
int sequence_learn(struct jobs *jobs, struct store *history, struct err *err);

#endif
