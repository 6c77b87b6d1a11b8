// SPDX-License-Identifier: MIT
// The way in which a file is run, as text: a line NAME=VALUE for each of its settings, in an order
// that is always the same. Two files are run in the same way if their texts are the same.
#ifndef MODEL_WAY_H
#define MODEL_WAY_H

struct buf;

// name has no '='; value is any text.
void way_add(struct buf *way, const char *name, const char *value);
// Calls told() for each setting that is not in both with the same value. NULL: it is not set there.
// The strings last for the call alone.
void way_compare(const char *was, const char *is,
		 void (*told)(const char *name, const char *was, const char *is));

#endif
