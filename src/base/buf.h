// SPDX-License-Identifier: MIT
// A growing byte string. It is always followed by a NUL that len does not count.
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stddef.h>

struct buf {
	char *data; // never NULL once something was added
	size_t len, cap;
};

void buf_release(struct buf *b);
// Empties b, keeps its memory.
void buf_clear(struct buf *b);
// Makes room for n more bytes behind len.
void buf_reserve(struct buf *b, size_t n);
void buf_add(struct buf *b, const void *data, size_t n);
void buf_addstr(struct buf *b, const char *s);
void buf_addch(struct buf *b, char c);
void buf_addf(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
// Adds the content of a file; -1 with errno set if it is no regular file, cannot be read, or has
// more than max bytes. Never waits for a fifo.
int buf_add_file(struct buf *b, const char *path, size_t max);
// Removes the first n bytes.
void buf_drop_front(struct buf *b, size_t n);
// Gives the string (never NULL) to the caller, to be freed; b is empty afterwards.
char *buf_detach(struct buf *b);

#endif
