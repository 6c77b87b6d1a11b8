// SPDX-License-Identifier: MIT
#include "sys/pressure.h"

#include "../unit.h"

static void the_machine_has_memory(void **state)
{
	(void)state;
	assert_true(pressure_memory() > 0);
}

static void the_room_in_a_cgroup(void **state)
{
	(void)state;
	assert_true(pressure_cgroup("none") == INT64_MAX);
	mkdir("g", 0777);
	write_text("g/memory.current", "900\n");
	write_text("g/memory.max", "max\n");
	assert_true(pressure_cgroup("g") == INT64_MAX);
	write_text("g/memory.max", "1000\n");
	assert_int_equal(pressure_cgroup("g"), 100);
	write_text("g/memory.stat",
		   "anon 7\nfile 800\nactive_file 300\ninactive_file 500\nslab 9\n");
	assert_int_equal(pressure_cgroup("g"), 600);
	write_text("g/memory.current", "1700\n");
	assert_int_equal(pressure_cgroup("g"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_machine_has_memory),
		WITH_FOLDER(the_room_in_a_cgroup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
