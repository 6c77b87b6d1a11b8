// SPDX-License-Identifier: MIT
// The text of a shell, read for the variables that it uses.
#ifndef TRACE_PRELOAD_TEXT_H
#define TRACE_PRELOAD_TEXT_H

#include <stdbool.h>

// Calls note() for each variable whose value the text of a POSIX shell may use. false: that cannot
// be told, as it has words that evaluate others, list variables or compute, or more than is known
// here; some may have been noted. is_function() tells of words that run what is not in the text.
// Does not wait, nor change errno.
bool text_tells_variables(const char *text, void (*note)(const char *name),
			  bool (*is_function)(const char *word));

#endif
