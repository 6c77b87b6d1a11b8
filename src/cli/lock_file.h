// SPDX-License-Identifier: MIT
// The file by which locks hold among all runs of a project (sys/places.h): beside its history;
// where there is none, or it cannot be there, in a folder of the user's in /tmp, by the number of
// the project's root.
#ifndef CLI_LOCK_FILE_H
#define CLI_LOCK_FILE_H

struct err;
struct places;

// What its name has behind that of the history.
#define LOCK_FILE_SUFFIX "-locks"

// Makes it if need be; history: its path, or NULL. The root is the working folder.
int lock_file_open(struct places *p, const char *history, struct err *err);

#endif
