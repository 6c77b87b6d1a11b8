// SPDX-License-Identifier: MIT
#include "trace/interpreter.h"

#include <elf.h>
#include <link.h>

#include "../unit.h"

// ---- programs made by hand ----

struct elf {
	ElfW(Ehdr) head;
	ElfW(Phdr) parts[2];
};

// The smallest file that says it is a program for this machine; it loads its interpreter if
// `dynamic`.
static struct elf elf_of(bool dynamic)
{
	struct elf e = {0};
	struct buf self = read_bytes("/proc/self/exe");

	memcpy(&e.head, self.data, sizeof e.head);
	buf_release(&self);
	e.head.e_phoff = offsetof(struct elf, parts);
	e.head.e_phnum = COUNT(e.parts);
	e.parts[0].p_type = PT_LOAD;
	e.parts[1].p_type = dynamic ? PT_INTERP : PT_NOTE;
	return e;
}

static void write_program(const char *path, const struct elf *e, size_t n)
{
	write_bytes(path, e, n);
	chmod(path, 0755);
}

static void write_script(const char *path, const char *first_line)
{
	write_text(path, first_line);
	chmod(path, 0755);
}

static void check_watchable(const char *path, bool wanted)
{
	check_row(interpreter_can_be_watched(path) == wanted, "%s", path);
}

// ---- tests ----

static void a_dynamic_program_can_be_watched(void **state)
{
	struct elf e = elf_of(true);

	(void)state;
	write_program("dynamic", &e, sizeof e);
	check_watchable("dynamic", true);
	check_watchable("/proc/self/exe", true);
	check_watchable("/bin/sh", true);
}

static void other_programs_cannot(void **state)
{
	struct elf e = elf_of(false);

	(void)state;
	write_program("static", &e, sizeof e);
	check_watchable("static", false);
	e = elf_of(true);
	e.head.e_ident[EI_CLASS] ^= ELFCLASS32 ^ ELFCLASS64;
	write_program("class", &e, sizeof e);
	check_watchable("class", false);
	e = elf_of(true);
	e.head.e_ident[EI_DATA] ^= ELFDATA2LSB ^ ELFDATA2MSB;
	write_program("order", &e, sizeof e);
	check_watchable("order", false);
	e = elf_of(true);
	e.head.e_machine ^= 1;
	write_program("machine", &e, sizeof e);
	check_watchable("machine", false);
}

static void nor_those_that_change_user_or_group(void **state)
{
	struct elf e = elf_of(true);

	(void)state;
	write_program("program", &e, sizeof e);
	chmod("program", 04755);
	check_watchable("program", false);
	chmod("program", 02755);
	check_watchable("program", false);
	chmod("program", 0755);
	check_watchable("program", true);
}

static void what_is_no_program_cannot(void **state)
{
	struct elf e = elf_of(true);

	(void)state;
	check_watchable("missing", false);
	write_text("empty", "");
	check_watchable("empty", false);
	write_text("text", "#");
	check_watchable("text", false);
	mkdir("folder", 0755);
	check_watchable("folder", false);
	assert_int_equal(mkfifo("fifo", 0600), 0); // nobody writes to it: do not wait
	check_watchable("fifo", false);
	// Cut off: in the head, before its parts, in front of the one that tells.
	write_program("head", &e, sizeof e.head - 1);
	check_watchable("head", false);
	write_program("parts", &e, sizeof e.head);
	check_watchable("parts", false);
	write_program("interp", &e, sizeof e - 1);
	check_watchable("interp", false);
	e.head.e_phoff = ~(ElfW(Off))0 - 8;
	write_program("far", &e, sizeof e);
	check_watchable("far", false);
}

static void a_script_is_what_its_interpreter_is(void **state)
{
	struct elf dynamic = elf_of(true), not_dynamic = elf_of(false);

	(void)state;
	write_program("dynamic", &dynamic, sizeof dynamic);
	write_program("static", &not_dynamic, sizeof not_dynamic);
	write_script("plain", "#!dynamic\nbody");
	write_script("argument", "#! \tdynamic -x y\n");
	write_script("unended", "#!dynamic");
	write_script("of-static", "#!static\n");
	write_script("of-nothing", "#!\n");
	write_script("of-missing", "#!missing\n");
	check_watchable("plain", true);
	check_watchable("argument", true);
	check_watchable("unended", true);
	check_watchable("of-static", false);
	check_watchable("of-nothing", false);
	check_watchable("of-missing", false);
}

static void scripts_of_scripts_are_followed(void **state)
{
	struct elf e = elf_of(true);

	(void)state;
	write_program("s0", &e, sizeof e);
	write_script("s1", "#!s0\n");
	write_script("s2", "#!s1\n");
	write_script("s3", "#!s2\n");
	write_script("s4", "#!s3\n");
	write_script("s5", "#!s4\n");
	write_script("self", "#!self\n");
	check_watchable("s4", true);
	check_watchable("s5", false);
	check_watchable("self", false);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_FOLDER(a_dynamic_program_can_be_watched),
		WITH_FOLDER(other_programs_cannot),
		WITH_FOLDER(nor_those_that_change_user_or_group),
		WITH_FOLDER(what_is_no_program_cannot),
		WITH_FOLDER(a_script_is_what_its_interpreter_is),
		WITH_FOLDER(scripts_of_scripts_are_followed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
