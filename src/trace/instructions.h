// SPDX-License-Identifier: MIT
// System calls in machine code: what a program asks the kernel past all libraries.
#ifndef TRACE_INSTRUCTIONS_H
#define TRACE_INSTRUCTIONS_H

#include <stdbool.h>
#include <stddef.h>

// Whether these n bytes of code hold a system call that may look at a file: its number is one of
// those, or is not told beside it. On machines whose code is not known to us: no.
bool instructions_have_calls(const unsigned char *code, size_t n);

#endif
