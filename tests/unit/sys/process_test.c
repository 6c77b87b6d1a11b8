// SPDX-License-Identifier: MIT
#include "sys/process.h"

#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>

#include "../unit.h"
#include "base/clock.h"

#define MEGABYTE (1 << 20)

static void pause_with(const char *memory)
{
	// What nobody reads need not be written.
	__asm__ volatile("" : : "r"(memory) : "memory");
	for (;;)
		pause();
}

static void memory_is_what_a_process_has_for_itself(void **state)
{
	int ready[2];
	char byte;

	(void)state;
	assert_int_equal(pipe(ready), 0);
	void *shared = mmap(NULL, 64 * MEGABYTE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
			    -1, 0);
	assert_true(shared != MAP_FAILED);
	pid_t pid = fork();
	if (pid == 0) {
		char *memory = malloc(64 * MEGABYTE);
		memset(memory, 1, 64 * MEGABYTE);
		// What others may have as well does not count.
		memset(shared, 1, 64 * MEGABYTE);
		if (write(ready[1], "r", 1) == 1)
			pause_with(memory);
		_exit(1);
	}
	assert_int_equal(read(ready[0], &byte, 1), 1);
	int64_t bytes = process_memory(pid), ours = process_memory(getpid());
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	check_row(bytes >= 64 * MEGABYTE && bytes <= 64 * MEGABYTE + ours + 32 * MEGABYTE,
		  "%ld bytes beside ours, %ld", (long)bytes, (long)ours);
	assert_int_equal(process_memory(pid), 0); // it is gone
	munmap(shared, 64 * MEGABYTE);
	close(ready[0]);
	close(ready[1]);
}

static void a_zombie_tells_its_time_on_cpus(void **state)
{
	struct schedule s = {-1, -1};
	siginfo_t info;

	(void)state;
	pid_t pid = fork();
	if (pid == 0) {
		struct timespec cpu = {0};
		while (cpu.tv_nsec < 50 * NS_PER_MS && cpu.tv_sec == 0)
			clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &cpu);
		_exit(0);
	}
	assert_int_equal(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
	bool told = process_schedule(pid, &s);
	waitpid(pid, NULL, 0);
	if (access("/proc/self/schedstat", R_OK) != 0)
		skip();
	assert_true(told);
	check_row(s.ran_ns >= 50 * NS_PER_MS, "%ld ns", (long)s.ran_ns);
	assert_true(s.delay_ns >= 0);
	assert_false(process_schedule(pid, &s)); // it is gone
}

static void children_are_taken_to_wait_as_much(void **state)
{
	static const struct {
		const char *what;
		struct schedule s;
		int64_t cpu, wall, delay;
	} rows[] = {
		{"no children", {200, 100}, 200, 1000, 100},
		{"its own account is the finer one", {201, 100}, 200, 1000, 100},
		{"children did most", {10, 20}, 200, 1000, 400},
		{"not beyond its life", {10, 90}, 200, 1000, 800},
		{"side by side", {10, 20}, 4000, 1000, 0},
		{"nothing at all", {0, 7}, 0, 1000, 7},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		int64_t d = process_tree_delay(&rows[i].s, rows[i].cpu, rows[i].wall);
		check_row(d == rows[i].delay, "%s: %ld", rows[i].what, (long)d);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(memory_is_what_a_process_has_for_itself),
		cmocka_unit_test(a_zombie_tells_its_time_on_cpus),
		cmocka_unit_test(children_are_taken_to_wait_as_much),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
