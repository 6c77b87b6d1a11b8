// SPDX-License-Identifier: MIT
// How files and tests end. The numbers stand in the store: they are never changed or reused.
#ifndef MODEL_STATUS_H
#define MODEL_STATUS_H

#include <stdbool.h>

enum file_status {
	FILE_NOTRUN = 0,
	FILE_PASSED = 1,
	FILE_FAILED = 2,
	FILE_ERROR = 3, // would not load, crashed, or left without finishing
	FILE_TIMEOUT = 4,
	FILE_LIMIT = 5, // ended by a resource limit
	FILE_SKIPPED = 6,
	FILE_STATUS_COUNT
};

enum test_status {
	TEST_PASSED = 1,
	TEST_FAILED = 2,
	TEST_ERROR = 3,
	TEST_SKIPPED = 4,
	TEST_PENDING = 5,
	TEST_STATUS_COUNT
};

// "pass", "fail", "error", "timeout", "limit", "skip", "notrun".
const char *file_status_name(enum file_status s);
// fail, error, timeout and limit.
bool file_status_is_bad(enum file_status s);
// "pass", "fail", "error", "skip", "pending".
const char *test_status_name(enum test_status s);
// The status of that name, or 0.
enum test_status test_status_parse(const char *name);

#endif
