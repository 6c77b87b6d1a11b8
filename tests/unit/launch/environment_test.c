// SPDX-License-Identifier: MIT
#include "launch/environment.h"

#include "../unit.h"
#include "model/job_settings.h"

// What one worker gets of the environment outer.
struct given {
	struct environment environment;
	struct worker_environment worker;
	struct job_settings settings;
};

static void give(struct given *g, const char *const *outer, bool shim)
{
	const struct worker_identity id = {.run = "run-1",
					   .serial = 42,
					   .slot = 3,
					   .attempt = 2,
					   .tmpdir = "/tmp/w 3",
					   .settings = &g->settings,
					   .shim = shim ? "0,plain" : NULL};

	environment_init(&g->environment, (char *const *)outer, "/run/shim", NULL, NULL);
	environment_for(&g->worker, &g->environment, &id);
}

static void take_back(struct given *g)
{
	worker_environment_release(&g->worker);
	environment_release(&g->environment);
}

// The value of name, NULL if it is not set; it must not stand there twice.
static const char *value_of(const struct given *g, const char *name)
{
	const char *value = NULL;
	size_t n = strlen(name);

	for (char *const *p = g->worker.envp; *p; p++)
		if (strncmp(*p, name, n) == 0 && (*p)[n] == '=') {
			check_row(!value, "%s stands there twice", name);
			value = *p + n + 1;
		}
	return value;
}

static void assert_value(const struct given *g, const char *name, const char *wanted)
{
	const char *value = value_of(g, name);

	check_row(same_string(value, wanted), "%s is %s", name, value ? value : "not set");
}

static size_t count(const struct given *g)
{
	size_t n = 0;

	while (g->worker.envp[n])
		n++;
	return n;
}

static void a_worker_is_told_who_it_is(void **state)
{
	static const char *const outer[] = {"PATH=/bin", "HOME=/root", NULL};
	struct given g = {0};

	(void)state;
	give(&g, outer, false);
	assert_value(&g, "PATH", "/bin");
	assert_value(&g, "HOME", "/root");
	assert_value(&g, "FIRMO_JOBS_RUN", "run-1");
	assert_value(&g, "FIRMO_JOBS_SLOT", "3");
	assert_value(&g, "FIRMO_JOBS_ATTEMPT", "2");
	assert_value(&g, "TMPDIR", "/tmp/w 3");
	assert_non_null(value_of(&g, "FIRMO_JOBS_WORKER"));
	assert_true(strncmp(g.worker.marker, "FIRMO_JOBS_WORKER=", strlen("FIRMO_JOBS_WORKER=")) ==
		    0);
	assert_string_equal(value_of(&g, "FIRMO_JOBS_WORKER"), strchr(g.worker.marker, '=') + 1);
	take_back(&g);
}

static void every_worker_has_a_marker_of_its_own(void **state)
{
	static const char *const outer[] = {NULL};
	struct environment e;
	struct worker_environment one, two;
	const struct job_settings usual = {0};
	struct worker_identity id = {.run = "r", .serial = 1, .tmpdir = "/t", .settings = &usual};

	(void)state;
	environment_init(&e, (char *const *)outer, "/shim", NULL, NULL);
	environment_for(&one, &e, &id);
	id.serial = 11;
	environment_for(&two, &e, &id);
	assert_string_not_equal(one.marker, two.marker);
	worker_environment_release(&one);
	worker_environment_release(&two);
	environment_release(&e);
}

static void what_another_run_told_us_is_not_for_ours(void **state)
{
	static const char *const nobodys[] = {"MAKEFLAGS",      "MAKELEVEL", "SHLVL", "_",
					      "XDG_SESSION_ID", "SSH_TTY",   NULL};
	static const char *const outer[] = {
		"FIRMO_JOBS_SLOT=9",
		"FIRMO_JOBS_WORKER=other.1",
		"FIRMO_JOBS_EVENTS=3",
		"FIRMO_JOBS_PID=1",
		"FIRMO_JOBS_LUA_INIT=x",
		"FIRMO_JOBS_FLAGS=-v",
		"TMPDIR=/outer",
		"TMPDIRX=/kept",
		"MAKEFLAGS= -j4",
		"MAKELEVEL=1",
		"SHLVL=3",
		"_=/usr/bin/make",
		"TERM=xterm",
		"XDG_SESSION_ID=7",
		"SSH_TTY=/dev/pts/1",
		"SSH_AUTH_SOCK=/kept",
		"PWD=/elsewhere",
		NULL,
	};
	struct given g = {0};

	(void)state;
	give(&g, outer, false);
	assert_value(&g, "FIRMO_JOBS_SLOT", "3");
	assert_value(&g, "TMPDIR", "/tmp/w 3");
	assert_value(&g, "TMPDIRX", "/kept");
	assert_value(&g, "SSH_AUTH_SOCK", "/kept");
	for (const char *const *name = nobodys; *name; name++)
		assert_value(&g, *name, NULL);
	assert_value(&g, "TERM", "dumb");
	assert_string_not_equal(value_of(&g, "PWD"), "/elsewhere");
	assert_value(&g, "FIRMO_JOBS_EVENTS", NULL);
	assert_value(&g, "FIRMO_JOBS_PID", "");
	assert_value(&g, "FIRMO_JOBS_LUA_INIT", NULL);
	assert_value(&g, "FIRMO_JOBS_FLAGS", NULL);
	assert_string_not_equal(value_of(&g, "FIRMO_JOBS_WORKER"), "other.1");
	take_back(&g);
}

// ---- the shim ----

static void the_shim_is_named_by_lua_init(void **state)
{
	static const char *const outer[] = {"A=1", NULL};
	struct given g = {0};

	(void)state;
	give(&g, outer, true);
	assert_value(&g, "LUA_INIT", "@/run/shim/init.lua");
	assert_value(&g, "FIRMO_JOBS_LUA_INIT", NULL);
	// A script that starts Lua may set LUA_INIT: that of the version wins then.
	assert_value(&g, "LUA_INIT_5_4", "@/run/shim/init.lua");
	assert_value(&g, "FIRMO_JOBS_LUA_INIT_5_4", NULL);
	assert_value(&g, "FIRMO_JOBS_EVENTS", "3");
	assert_value(&g, "FIRMO_JOBS_SHIM", "0,plain");
	take_back(&g);
}

static void the_users_own_lua_init_is_chained(void **state)
{
	static const char *const outer[] = {"LUA_INIT=x = 1", "A=1", NULL};
	struct given g = {0};

	(void)state;
	give(&g, outer, true);
	assert_value(&g, "LUA_INIT", "@/run/shim/init.lua");
	assert_value(&g, "FIRMO_JOBS_LUA_INIT", "x = 1");
	assert_value(&g, "A", "1");
	take_back(&g);
}

// The interpreter reads the variable of its version in place of LUA_INIT.
static void the_variables_of_versions_are_chained_where_they_are_set(void **state)
{
	static const char *const versions[] = {"LUA_INIT_5_2", "LUA_INIT_5_3", "LUA_INIT_5_4",
					       "LUA_INIT_5_5"};

	(void)state;
	for (size_t i = 0; i < COUNT(versions); i++) {
		char *entry = xasprintf("%s=@own.lua", versions[i]),
		     *chained = xasprintf("FIRMO_JOBS_%s", versions[i]);
		const char *const outer[] = {entry, NULL};
		struct given g = {0};
		give(&g, outer, true);
		assert_value(&g, "LUA_INIT", "@/run/shim/init.lua");
		assert_value(&g, versions[i], "@/run/shim/init.lua");
		assert_value(&g, chained, "@own.lua");
		assert_value(&g, "FIRMO_JOBS_LUA_INIT", NULL);
		take_back(&g);
		free(entry);
		free(chained);
	}
}

static void all_of_them_may_be_set(void **state)
{
	static const char *const outer[] = {"LUA_INIT=0",     "LUA_INIT_5_2=2", "LUA_INIT_5_3=3",
					    "LUA_INIT_5_4=4", "LUA_INIT_5_5=5", NULL};
	struct given g = {0};

	(void)state;
	give(&g, outer, true);
	assert_value(&g, "LUA_INIT_5_3", "@/run/shim/init.lua");
	assert_value(&g, "FIRMO_JOBS_LUA_INIT", "0");
	assert_value(&g, "FIRMO_JOBS_LUA_INIT_5_2", "2");
	assert_value(&g, "FIRMO_JOBS_LUA_INIT_5_5", "5");
	take_back(&g);
}

static void a_plain_script_gets_no_shim(void **state)
{
	static const char *const outer[] = {"A=1", NULL};
	struct given g = {0};

	(void)state;
	give(&g, outer, false);
	// Text, that LuaCov's stats are kept apart by.
	assert_non_null(strstr(value_of(&g, "LUA_INIT"), "luacov.stats"));
	assert_string_equal(value_of(&g, "LUA_INIT_5_4"), value_of(&g, "LUA_INIT"));
	assert_value(&g, "FIRMO_JOBS_LUACOV", "/run/shim/");
	assert_value(&g, "FIRMO_JOBS_LUA_INIT", NULL);
	assert_value(&g, "FIRMO_JOBS_EVENTS", NULL);
	assert_value(&g, "FIRMO_JOBS_SHIM", NULL);
	take_back(&g);
}

static void the_pid_has_room_in_its_entry(void **state)
{
	static const char *const outer[] = {NULL};
	struct given g = {0};

	(void)state;
	give(&g, outer, true);
	assert_value(&g, "FIRMO_JOBS_PID", "");
	snprintf(g.worker.pid_text, SPAWN_PID_SIZE, "%d", 2147483647);
	assert_value(&g, "FIRMO_JOBS_PID", "2147483647");
	take_back(&g);
}

// ---- odd environments ----

static void odd_entries_are_passed_on(void **state)
{
	static const char *const outer[] = {"NOVALUE", "=C:",      "E=", "\xff=\xfe",
					    "N=a\nb",  "LUA_INIT", NULL};
	struct given g = {0};

	(void)state;
	give(&g, outer, false);
	for (size_t i = 0; outer[i]; i++)
		check_row(strcmp(g.worker.envp[i], outer[i]) == 0, "'%s' is '%s'", outer[i],
			  g.worker.envp[i]);
	take_back(&g);
}

static void an_empty_environment_is_enough(void **state)
{
	static const char *const outer[] = {NULL};
	struct given g = {0};

	(void)state;
	give(&g, outer, false);
	assert_int_equal(count(&g), 14);
	take_back(&g);
	assert_null(g.worker.envp);
	worker_environment_release(&g.worker);
}

static void a_large_environment_fits(void **state)
{
	static char entries[3000][16];
	static const char *outer[3001];
	struct given g = {0};

	(void)state;
	for (size_t i = 0; i < 3000; i++) {
		snprintf(entries[i], sizeof entries[i], "V%zu=%zu", i, i);
		outer[i] = entries[i];
	}
	give(&g, outer, true);
	assert_value(&g, "V0", "0");
	assert_value(&g, "V2999", "2999");
	assert_true(count(&g) > 3000);
	take_back(&g);
}

static void a_file_has_its_own_variables(void **state)
{
	static const char *const outer[] = {"PATH=/bin", "TZ=UTC", "TZDIR=/zones", NULL};
	static const char *const given[] = {"TZ=Asia/Tokyo", "LEVEL=", NULL};
	struct given g = {.settings = {.environment = given, .selection = {.filter = "add"}}};

	(void)state;
	give(&g, outer, false);
	assert_value(&g, "TZ", "Asia/Tokyo");
	assert_value(&g, "LEVEL", "");
	assert_value(&g, "TZDIR", "/zones");
	assert_value(&g, "FIRMO_JOBS_FILTER", "add");
	assert_value(&g, "FIRMO_JOBS_TAGS", NULL);
	worker_environment_release(&g.worker);
	// The next worker of the same run has another file.
	const struct job_settings usual = {.selection = {.tags = "slow"}};
	const struct worker_identity id = {.run = "run-1", .tmpdir = "/t", .settings = &usual};
	environment_for(&g.worker, &g.environment, &id);
	assert_value(&g, "TZ", "UTC");
	assert_value(&g, "LEVEL", NULL);
	assert_value(&g, "FIRMO_JOBS_FILTER", NULL);
	assert_value(&g, "FIRMO_JOBS_TAGS", "slow");
	take_back(&g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_worker_is_told_who_it_is),
		cmocka_unit_test(every_worker_has_a_marker_of_its_own),
		cmocka_unit_test(what_another_run_told_us_is_not_for_ours),
		cmocka_unit_test(the_shim_is_named_by_lua_init),
		cmocka_unit_test(the_users_own_lua_init_is_chained),
		cmocka_unit_test(the_variables_of_versions_are_chained_where_they_are_set),
		cmocka_unit_test(all_of_them_may_be_set),
		cmocka_unit_test(a_plain_script_gets_no_shim),
		cmocka_unit_test(the_pid_has_room_in_its_entry),
		cmocka_unit_test(odd_entries_are_passed_on),
		cmocka_unit_test(an_empty_environment_is_enough),
		cmocka_unit_test(a_large_environment_fits),
		cmocka_unit_test(a_file_has_its_own_variables),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
