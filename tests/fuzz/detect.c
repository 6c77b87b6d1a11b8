// SPDX-License-Identifier: MIT
// Telling the framework from the source of a test file.
#include "framework/framework.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	HOLDS(detect_framework((const char *)data, size).framework < FRAMEWORK_COUNT);
	return 0;
}
