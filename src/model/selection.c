// SPDX-License-Identifier: MIT
#include "model/selection.h"

bool selection_is_partial(const struct selection *s)
{
	return s->filter || s->tags || s->excluded || s->lines || s->names;
}
