// SPDX-License-Identifier: MIT
#include "framework/selection.h"

bool selection_is_partial(const struct selection *s)
{
	return s->filter || s->tags;
}
