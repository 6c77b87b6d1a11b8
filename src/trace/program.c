// SPDX-License-Identifier: MIT
#include "trace/program.h"

#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "trace/instructions.h"

// An ELF file, of which there is in memory what was asked for: a copy, each part at its place, so
// that a file that is cut short pulls no ground away.
struct image {
	int fd;
	unsigned char *data;
	size_t n;
	bool is_whole, is_short; // all of it has been read; it ended before its size
	const ElfW(Ehdr) * head;
	const ElfW(Shdr) * sections, *symbols, *dynamic; // the last two: NULL: it has none
	bool defines_versions;
};

static bool read_part(struct image *m, size_t at, size_t n)
{
	ssize_t got = 1;

	while (n > 0 && got > 0) {
		got = pread(m->fd, m->data + at, n, (off_t)at);
		at += got > 0 ? (size_t)got : 0;
		n -= got > 0 ? (size_t)got : 0;
	}
	m->is_short |= n > 0;
	return n == 0;
}

// The count things of that size at an offset; NULL: they do not lie in the file.
static const void *part(struct image *m, size_t at, size_t size, size_t count)
{
	bool is_inside = at <= m->n && size > 0 && count <= (m->n - at) / size;

	if (!is_inside || (size > 1 && at % 8 != 0))
		return NULL;
	return m->is_whole || read_part(m, at, size * count) ? m->data + at : NULL;
}

static const void *whole(struct image *m)
{
	const void *all = part(m, 0, 1, m->n);

	m->is_whole = all != NULL;
	return all;
}

static bool is_ours(const ElfW(Ehdr) * h)
{
	return memcmp(h->e_ident, ELFMAG, SELFMAG) == 0 &&
	       h->e_ident[EI_CLASS] == (sizeof(void *) == 8 ? ELFCLASS64 : ELFCLASS32) &&
	       h->e_shentsize == sizeof(ElfW(Shdr)) && h->e_phentsize == sizeof(ElfW(Phdr));
}

static bool find_sections(struct image *m)
{
	m->head = part(m, 0, sizeof *m->head, 1);
	if (m->head && is_ours(m->head))
		m->sections = part(m, m->head->e_shoff, sizeof *m->sections, m->head->e_shnum);

	const ElfW(Shdr) *all = m->sections;
	for (size_t i = 0; all && i < m->head->e_shnum; i++) {
		if (all[i].sh_type == SHT_DYNSYM)
			m->symbols = &all[i];
		else if (all[i].sh_type == SHT_DYNAMIC)
			m->dynamic = &all[i];
		m->defines_versions |= all[i].sh_type == SHT_GNU_verdef;
	}
	return m->symbols && m->dynamic;
}

// The texts that a section's names lie in; they end with a NUL. NULL: there are none.
static const char *texts_of(struct image *m, const ElfW(Shdr) * section, size_t *n)
{
	if (section->sh_link >= m->head->e_shnum)
		return NULL;
	const ElfW(Shdr) *texts = &m->sections[section->sh_link];
	const char *first = part(m, texts->sh_offset, 1, texts->sh_size);

	*n = texts->sh_size;
	return first && *n > 0 && first[*n - 1] == '\0' ? first : NULL;
}

// ---- what it tells ----

// glibc's own parts give one another what is for no one else.
static bool is_of_libc(struct image *m)
{
	static const char private[] = "GLIBC_PRIVATE";
	size_t n;
	const char *texts = texts_of(m, m->symbols, &n);

	return m->defines_versions && texts && memmem(texts, n, private, sizeof private);
}

// A program that uses the array has a copy of it or asks for it by name.
static bool reads_environ(struct image *m)
{
	size_t n = 0, count = m->symbols->sh_size / sizeof(ElfW(Sym));
	const char *texts = texts_of(m, m->symbols, &n);
	const ElfW(Sym) *symbols = part(m, m->symbols->sh_offset, sizeof *symbols, count);

	for (size_t i = 0; texts && symbols && i < count; i++) {
		const char *name = symbols[i].st_name < n ? texts + symbols[i].st_name : "";
		while (*name == '_')
			name++;
		if (strcmp(name, "environ") == 0)
			return true;
	}
	return false;
}

static char *soname_of(struct image *m)
{
	size_t n = 0, count = m->dynamic->sh_size / sizeof(ElfW(Dyn));
	const char *texts = texts_of(m, m->dynamic, &n);
	const ElfW(Dyn) *d = part(m, m->dynamic->sh_offset, sizeof *d, count);

	for (size_t i = 0; texts && d && i < count && d[i].d_tag != DT_NULL; i++)
		if (d[i].d_tag == DT_SONAME && d[i].d_un.d_val < n)
			return xstrdup(texts + d[i].d_un.d_val);
	return NULL;
}

static bool calls_kernel(struct image *m)
{
	const ElfW(Phdr) *p = part(m, m->head->e_phoff, sizeof *p, m->head->e_phnum);

	for (size_t i = 0; p && i < m->head->e_phnum; i++) {
		bool is_code = p[i].p_type == PT_LOAD && p[i].p_flags & PF_X;
		const unsigned char *code =
			is_code ? part(m, p[i].p_offset, 1, p[i].p_filesz) : NULL;
		if (code && instructions_have_calls(code, p[i].p_filesz))
			return true;
	}
	return false;
}

static void look_into(struct program *p, struct image *m)
{
	static const char functions[] = "BASH_FUNC_";

	if (!find_sections(m)) {
		p->is_unknown = true;
		return;
	}
	p->soname = soname_of(m);
	if (is_of_libc(m))
		return;
	const void *all = p->soname ? NULL : whole(m);
	p->takes_functions = all && memmem(all, m->n, functions, strlen(functions));
	p->reads_environ = reads_environ(m);
	p->calls_kernel = calls_kernel(m);
}

// False: there is no file to be read.
static bool open_image(struct image *m, const char *path)
{
	struct stat st;

	m->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (m->fd < 0 || fstat(m->fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_size <= 0)
		return false;
	m->n = (size_t)st.st_size;
	m->data = malloc(m->n);
	return m->data;
}

void program_look(struct program *p, const char *path)
{
	struct image m = {0};

	*p = (struct program){.is_unknown = !open_image(&m, path)};
	if (!p->is_unknown)
		look_into(p, &m);
	p->is_unknown |= m.is_short;
	free(m.data);
	if (m.fd >= 0)
		close(m.fd);
}

void program_release(struct program *p)
{
	free(p->soname);
	*p = (struct program){0};
}
