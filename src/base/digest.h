// SPDX-License-Identifier: MIT
// Digests of contents: XXH3 with 128 bits, in its canonical byte order. Not for secrets.
#ifndef BASE_DIGEST_H
#define BASE_DIGEST_H

#include <stdbool.h>
#include <stddef.h>

#define DIGEST_SIZE 16

struct digest {
	unsigned char bytes[DIGEST_SIZE];
};

struct digest digest_of(const void *data, size_t n);
// Of all that can be read from fd, from where it stands. 0, or -1 with errno.
int digest_of_file(struct digest *d, int fd);
bool digest_equal(const struct digest *a, const struct digest *b);
// As 32 hexadecimal digits and a NUL.
void digest_text(const struct digest *d, char text[2 * DIGEST_SIZE + 1]);

#endif
