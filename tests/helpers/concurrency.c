// SPDX-License-Identifier: MIT
/*
 * concurrency - count, from inside the workers, how many of them run at once.
 *
 *	concurrency FILE HOLD_MS	one worker: count up in FILE, hold for HOLD_MS, count down
 *	concurrency --max FILE		print the most that were ever counted at once
 *
 * FILE is made on demand and shared by all; remove it between measurements. A worker that is
 * killed in mid-hold never counts down. Exit status: 0, 1 for an error of the system, 2 usage.
 */
#define _GNU_SOURCE 1
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

_Static_assert(ATOMIC_INT_LOCK_FREE == 2, "the counter is shared between processes");

struct counter {
	atomic_int now;
	atomic_int max;
};

static void die(const char *what, const char *file)
{
	fprintf(stderr, "concurrency: %s %s: %s\n", what, file, strerror(errno));
	exit(1);
}

/* Maps FILE; a new one is all zeroes, and growing it to the size it has changes nothing. */
static struct counter *counter_map(const char *file, int open_flags)
{
	struct counter *c;
	int fd = open(file, open_flags | O_RDWR | O_CLOEXEC, 0666);

	if (fd < 0)
		die("cannot open", file);
	if (ftruncate(fd, sizeof(*c)) < 0)
		die("cannot size", file);
	c = mmap(NULL, sizeof(*c), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (c == MAP_FAILED)
		die("cannot map", file);
	close(fd);
	return c;
}

static void counter_enter(struct counter *c)
{
	int now = atomic_fetch_add(&c->now, 1) + 1;
	int max = atomic_load(&c->max);

	while (max < now && !atomic_compare_exchange_weak(&c->max, &max, now))
		;
}

static void hold_ms(long ms)
{
	struct timespec left = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};

	while (nanosleep(&left, &left) < 0 && errno == EINTR)
		;
}

static int usage(void)
{
	fputs("usage: concurrency FILE HOLD_MS | concurrency --max FILE\n", stderr);
	return 2;
}

int main(int argc, char **argv)
{
	struct counter *c;
	char *end;
	long ms;

	if (argc != 3)
		return usage();
	if (!strcmp(argv[1], "--max")) {
		printf("%d\n", atomic_load(&counter_map(argv[2], 0)->max));
		return 0;
	}
	ms = strtol(argv[2], &end, 10);
	if (*end || end == argv[2] || ms < 0)
		return usage();
	c = counter_map(argv[1], O_CREAT);
	counter_enter(c);
	hold_ms(ms);
	atomic_fetch_sub(&c->now, 1);
	return 0;
}
