// SPDX-License-Identifier: MIT
/*
 * ask - prints what a library answers that the loader has found for it: in `first` or `second`
 *beside the program, or wherever the loader is told to look.
 *
 *	ask	ends as programs do; ask now: by _exit, past all destructors
 */
#include <stdio.h>
#include <unistd.h>

const char *answer(void);

int main(int argc, char **argv)
{
	puts(answer());
	fflush(stdout);
	if (argc > 1)
		_exit(0);
	return 0;
}
