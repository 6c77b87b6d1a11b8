// SPDX-License-Identifier: MIT
#include "trace/interpreter.h"

#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"

#define SCRIPTS_MAX      4   // the kernel's own limit for scripts that run scripts
#define FIRST_LINE_BYTES 256 // and for what is behind "#!"

// A file that may be executed, or -1.
static int open_program(const char *path)
{
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0)
		return -1;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && !(st.st_mode & (S_ISUID | S_ISGID)))
		return fd;
	close(fd);
	return -1;
}

// The interpreter that the first line names, or NULL: it is no script. The caller frees it.
static char *script_interpreter(int fd)
{
	char line[FIRST_LINE_BYTES + 1] = "";
	ssize_t n = pread(fd, line, FIRST_LINE_BYTES, 0);

	if (n < 2 || line[0] != '#' || line[1] != '!')
		return NULL;
	const char *start = line + 2 + strspn(line + 2, " \t");
	return xstrndup(start, strcspn(start, " \t\n"));
}

// This very program tells what our kind is: size and order of its words, and the machine.
extern const ElfW(Ehdr) __ehdr_start __attribute__((visibility("hidden")));

static bool is_our_kind(const ElfW(Ehdr) * head)
{
	return memcmp(head->e_ident, __ehdr_start.e_ident, EI_VERSION) == 0 &&
	       head->e_machine == __ehdr_start.e_machine;
}

static bool is_dynamic(int fd)
{
	ElfW(Ehdr) head;
	ElfW(Phdr) part;

	if (pread(fd, &head, sizeof head, 0) != sizeof head || !is_our_kind(&head))
		return false;
	for (unsigned i = 0; i < head.e_phnum; i++) {
		off_t at = (off_t)(head.e_phoff + i * sizeof part);
		if (pread(fd, &part, sizeof part, at) != sizeof part)
			return false;
		if (part.p_type == PT_INTERP)
			return true;
	}
	return false;
}

static bool can_be_watched(const char *path, int scripts)
{
	int fd = open_program(path);

	if (fd < 0)
		return false;
	char *next = script_interpreter(fd);
	bool can =
		next ? scripts < SCRIPTS_MAX && can_be_watched(next, scripts + 1) : is_dynamic(fd);
	free(next);
	close(fd);
	return can;
}

bool interpreter_can_be_watched(const char *path)
{
	return can_be_watched(path, 0);
}
