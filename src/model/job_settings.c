// SPDX-License-Identifier: MIT
#include "model/job_settings.h"

#include <string.h>

bool job_settings_give(const struct job_settings *s, const char *name, size_t n)
{
	for (const char *const *entry = s->environment; entry && *entry; entry++)
		if (strncmp(*entry, name, n) == 0 && (*entry)[n] == '=')
			return true;
	return false;
}
