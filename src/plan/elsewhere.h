// SPDX-License-Identifier: MIT
// Tests may lie where nobody looks for them: what is told of such places.
#ifndef PLAN_ELSEWHERE_H
#define PLAN_ELSEWHERE_H

struct discovery;

// All is searched: notes which other folders below this one hold tests.
void elsewhere_look(struct discovery *d);
// The same with the folders that links lead to.
void elsewhere_look_at_links(struct discovery *d);

#endif
