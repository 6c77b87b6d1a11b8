// SPDX-License-Identifier: MIT
#include "base/digest.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <xxhash.h>

#include "base/alloc.h"

#define CHUNK_BYTES (64 << 10)

static struct digest canonical(XXH128_hash_t hash)
{
	XXH128_canonical_t c;
	struct digest d;

	XXH128_canonicalFromHash(&c, hash);
	memcpy(d.bytes, c.digest, sizeof d.bytes);
	return d;
}

struct digest digest_of(const void *data, size_t n)
{
	return canonical(XXH3_128bits(data, n));
}

int digest_of_file(struct digest *d, int fd)
{
	char chunk[CHUNK_BYTES];
	XXH3_state_t *state = XXH3_createState();
	ssize_t n;

	if (!state)
		alloc_fail();
	XXH3_128bits_reset(state);
	while ((n = read(fd, chunk, sizeof chunk)) > 0 || (n < 0 && errno == EINTR))
		if (n > 0)
			XXH3_128bits_update(state, chunk, (size_t)n);
	*d = canonical(XXH3_128bits_digest(state));
	XXH3_freeState(state);
	return n < 0 ? -1 : 0;
}

bool digest_equal(const struct digest *a, const struct digest *b)
{
	return memcmp(a->bytes, b->bytes, sizeof a->bytes) == 0;
}

void digest_text(const struct digest *d, char text[2 * DIGEST_SIZE + 1])
{
	for (int i = 0; i < DIGEST_SIZE; i++)
		snprintf(text + 2 * (size_t)i, 3, "%02x", d->bytes[i]);
}
