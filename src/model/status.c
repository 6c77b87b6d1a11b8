// SPDX-License-Identifier: MIT
#include "model/status.h"

#include <string.h>

static const char *const file_names[FILE_STATUS_COUNT] = {
	[FILE_NOTRUN] = "notrun", [FILE_PASSED] = "pass",     [FILE_FAILED] = "fail",
	[FILE_ERROR] = "error",   [FILE_TIMEOUT] = "timeout", [FILE_LIMIT] = "limit",
	[FILE_SKIPPED] = "skip",
};

static const char *const test_names[TEST_STATUS_COUNT] = {
	[TEST_PASSED] = "pass",  [TEST_FAILED] = "fail",     [TEST_ERROR] = "error",
	[TEST_SKIPPED] = "skip", [TEST_PENDING] = "pending",
};

const char *file_status_name(enum file_status s)
{
	return file_names[s < FILE_STATUS_COUNT ? s : FILE_NOTRUN];
}

bool file_status_is_bad(enum file_status s)
{
	return s == FILE_FAILED || s == FILE_ERROR || s == FILE_TIMEOUT || s == FILE_LIMIT;
}

const char *test_status_name(enum test_status s)
{
	return s > 0 && s < TEST_STATUS_COUNT ? test_names[s] : "?";
}

enum test_status test_status_parse(const char *name)
{
	for (int s = 1; s < TEST_STATUS_COUNT; s++)
		if (strcmp(test_names[s], name) == 0)
			return (enum test_status)s;
	return 0;
}
