// SPDX-License-Identifier: MIT
// Files that are part of the program. The assembler takes them as they are, by their path from the
// root of the sources, where everything is compiled; mk/build.mk makes the object depend on them.
#ifndef BASE_EMBED_H
#define BASE_EMBED_H

#include <stddef.h>

struct embedded {
	const char *start, *end;
};

// EMBED(name, "src/..."): the file's bytes as `static const struct embedded name`.
#define EMBED(name, file)                                                                          \
	__asm__(".section .rodata\n" #name "_start: .incbin \"" file "\"\n" #name                  \
		"_end:\n.previous\n");                                                             \
	extern const char name##_start[] __attribute__((visibility("hidden")));                    \
	extern const char name##_end[] __attribute__((visibility("hidden")));                      \
	static const struct embedded name = {name##_start, name##_end}

static inline size_t embedded_size(const struct embedded *e)
{
	return (size_t)(e->end - e->start);
}

#endif
