// SPDX-License-Identifier: MIT
#include "worker/trace/hook.h"

#include <dlfcn.h>
#include <stddef.h>

// The linker gathers what HOOK defines.
extern const struct hook __start_hooks[] __attribute__((visibility("hidden")));
extern const struct hook __stop_hooks[] __attribute__((visibility("hidden")));

void *hook_find(const char *name, void **next)
{
	return *next = dlsym(RTLD_NEXT, name);
}

void hooks_find(void)
{
	for (const struct hook *h = __start_hooks; h != __stop_hooks; h++)
		hook_find(h->name, h->next);
}
