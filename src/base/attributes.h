// SPDX-License-Identifier: MIT
// What a process inherits besides its files: mask, limits, user, rights, personality, CPUs,
// niceness, folder, terminal, what else the kernel keeps of it, and the variables that the loader
// reads.
#ifndef BASE_ATTRIBUTES_H
#define BASE_ATTRIBUTES_H

#include <stdbool.h>

struct buf;

// The names of attributes. They stand in the store, and in traces.
#define ATTRIBUTE_UMASK       "umask"
#define ATTRIBUTE_LIMITS      "limits"
#define ATTRIBUTE_USER        "user"
#define ATTRIBUTE_RIGHTS      "rights"
#define ATTRIBUTE_PERSONALITY "personality"
#define ATTRIBUTE_LOADER      "loader"
#define ATTRIBUTE_CPUS        "cpus"
#define ATTRIBUTE_NICENESS    "niceness"
#define ATTRIBUTE_FOLDER      "folder"
#define ATTRIBUTE_FUNCTIONS   "functions"
#define ATTRIBUTE_TERMINAL    "terminal"
#define ATTRIBUTE_KEPT        "kept"

// Appends the value of an attribute of this process, as text; nothing for a name that is none.
void attribute_add_value(struct buf *b, const char *name);
// Whether only this process can change it, and does not once it runs tests.
bool attribute_is_own(const char *name);
// The attribute in words.
const char *attribute_words(const char *name);

#endif
