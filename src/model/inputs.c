// SPDX-License-Identifier: MIT
#include "model/inputs.h"

#include <stdlib.h>

void inputs_release(struct inputs *in)
{
	for (size_t i = 0; i < in->list.n; i++)
		free(in->list.items[i].name);
	for (size_t i = 0; i < in->written.n; i++)
		free(in->written.items[i]);
	free(in->list.items);
	free(in->written.items);
	*in = (struct inputs){0};
}

struct fingerprint input_fingerprint(enum input_kind kind, const char *name,
				     const struct fingerprint *known)
{
	switch (kind) {
	case INPUT_LISTING:
		return fingerprint_of_listing(name, known);
	case INPUT_VARIABLE:
		return fingerprint_of_variable(name);
	case INPUT_ENVIRONMENT:
		return fingerprint_of_environment();
	default:
		return fingerprint_of_path(name, known);
	}
}
