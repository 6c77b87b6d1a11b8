// SPDX-License-Identifier: MIT
// A file that appears whole or not at all: written under a temporary name beside it, then renamed.
#ifndef BASE_OUTFILE_H
#define BASE_OUTFILE_H

#include <stdio.h>

#include "base/alloc.h"

struct err;

struct outfile {
	FILE *stream; // write here
	char *path, *temporary;
	struct will will; // removes the temporary file where memory runs out
};

// Starts the file path; a path of "-" is standard output. Missing folders are made. What a link
// leads to is replaced, unless it is a link as in path_check_links; its mode stays. f stays where
// it is until it is empty again.
int outfile_open(struct outfile *f, const char *path, struct err *err);
// The same, for what is read as it grows: the file is emptied and written where it is.
int outfile_open_growing(struct outfile *f, const char *path, struct err *err);
// Closes it and puts it in place; on failure the temporary file is removed. f is empty afterwards.
int outfile_commit(struct outfile *f, struct err *err);
// Closes it and removes the temporary file. f is empty afterwards.
void outfile_abandon(struct outfile *f);

#endif
