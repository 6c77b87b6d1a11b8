// SPDX-License-Identifier: MIT
// Telling the framework from the source of a test file.
#include "fuzz.h"
#include "worker/framework.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	HOLDS(framework_guess((const char *)data, size).framework < FRAMEWORK_COUNT);
	return 0;
}
