// SPDX-License-Identifier: MIT
// What the unit tests share: cmocka with the headers it wants, rows of tables that name themselves,
// and a folder for those that need files. A test with a folder runs inside of it.
#ifndef UNIT_UNIT_H
#define UNIT_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/buf.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

// Fails with the row's own words, which a plain assert cannot tell.
#define check_row(condition, ...)                                                                  \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			print_error("%s: ", #condition);                                           \
			fail_msg(__VA_ARGS__);                                                     \
		}                                                                                  \
	} while (0)

#define WITH_FOLDER(f) cmocka_unit_test_setup_teardown(f, folder_setup, folder_teardown)

static inline bool same_string(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

static inline int folder_setup(void **state)
{
	const char *tmp = getenv("TMPDIR");
	char *folder = xasprintf("%s/firmo-jobs-unit.XXXXXX", tmp && *tmp == '/' ? tmp : "/tmp");

	*state = folder;
	return mkdtemp(folder) && chdir(folder) == 0 ? 0 : -1;
}

static inline int folder_remove_one(const char *path, const struct stat *st, int type,
				    struct FTW *place)
{
	(void)st;
	(void)type;
	(void)place;
	return remove(path);
}

static inline int folder_teardown(void **state)
{
	char *folder = *state;
	int status = chdir("/");

	status |= nftw(folder, folder_remove_one, 16, FTW_DEPTH | FTW_PHYS);
	free(folder);
	return status;
}

static inline void write_bytes(const char *path, const void *data, size_t n)
{
	FILE *f = fopen(path, "we");

	assert_non_null(f);
	assert_int_equal(fwrite(data, 1, n, f), n);
	assert_int_equal(fclose(f), 0);
}

static inline void write_text(const char *path, const char *text)
{
	write_bytes(path, text, strlen(text));
}

// The content of the file; the caller releases it.
static inline struct buf read_bytes(const char *path)
{
	struct buf b = {0};
	char chunk[4096];
	size_t n;
	FILE *f = fopen(path, "re");

	assert_non_null(f);
	while ((n = fread(chunk, 1, sizeof chunk, f)) > 0)
		buf_add(&b, chunk, n);
	fclose(f);
	buf_reserve(&b, 0);
	return b;
}

static inline void assert_file_holds(const char *path, const char *text)
{
	struct buf b = read_bytes(path);

	assert_string_equal(b.data, text);
	buf_release(&b);
}

static inline bool is_there(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0;
}

#endif
