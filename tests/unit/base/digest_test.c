// SPDX-License-Identifier: MIT
#include "base/digest.h"

#include <errno.h>
#include <fcntl.h>

#include "../unit.h"

// The digest of the empty input, as xxhash's own documentation of XXH3_128bits has it.
static void digests_are_canonical(void **state)
{
	char text[2 * DIGEST_SIZE + 1];
	struct digest d = digest_of("", 0);

	(void)state;
	digest_text(&d, text);
	assert_string_equal(text, "99aa06d3014798d86001c324468d497f");
}

static void a_file_has_the_digest_of_its_bytes(void **state)
{
	(void)state;
	for (size_t n = 0; n < 300000; n = n * 3 + 65535) {
		char *data = xmalloc(n + 1);
		struct digest whole, read;
		memset(data, 'x', n);
		write_bytes("f", data, n);
		int fd = open("f", O_RDONLY | O_CLOEXEC);
		whole = digest_of(data, n);
		assert_int_equal(digest_of_file(&read, fd), 0);
		check_row(digest_equal(&whole, &read), "%zu bytes", n);
		whole.bytes[DIGEST_SIZE - 1] ^= 1;
		check_row(!digest_equal(&whole, &read), "%zu bytes", n);
		close(fd);
		free(data);
	}
}

static void what_cannot_be_read_is_told(void **state)
{
	struct digest d;
	int fd = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	(void)state;
	assert_int_equal(digest_of_file(&d, fd), -1);
	assert_int_equal(errno, EISDIR);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(digests_are_canonical),
		WITH_FOLDER(a_file_has_the_digest_of_its_bytes),
		WITH_FOLDER(what_cannot_be_read_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
