// SPDX-License-Identifier: MIT
// A library that the loader has to find for ask.c, compiled once for each ANSWER.

const char *answer(void);

const char *answer(void)
{
	return ANSWER;
}
