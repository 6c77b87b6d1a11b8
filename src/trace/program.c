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

// An ELF file in memory.
struct image {
	unsigned char *data;
	size_t n;
	const ElfW(Ehdr) * head;
	const ElfW(Shdr) * symbols, *dynamic; // sections; NULL: it has none
	bool defines_versions;
};

// The count things of that size at an offset; NULL: they do not lie in the file.
static const void *part(const struct image *m, size_t at, size_t size, size_t count)
{
	bool is_inside = at <= m->n && size > 0 && count <= (m->n - at) / size;

	return is_inside && at % 8 == 0 ? m->data + at : NULL;
}

static bool is_ours(const ElfW(Ehdr) * h)
{
	return memcmp(h->e_ident, ELFMAG, SELFMAG) == 0 &&
	       h->e_ident[EI_CLASS] == (sizeof(void *) == 8 ? ELFCLASS64 : ELFCLASS32) &&
	       h->e_shentsize == sizeof(ElfW(Shdr)) && h->e_phentsize == sizeof(ElfW(Phdr));
}

static const ElfW(Shdr) * sections(const struct image *m)
{
	return part(m, m->head->e_shoff, sizeof(ElfW(Shdr)), m->head->e_shnum);
}

static bool find_sections(struct image *m)
{
	m->head = part(m, 0, sizeof *m->head, 1);
	const ElfW(Shdr) *all = m->head && is_ours(m->head) ? sections(m) : NULL;

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
static const char *texts_of(const struct image *m, const ElfW(Shdr) * section, size_t *n)
{
	const ElfW(Shdr) *texts =
		section->sh_link < m->head->e_shnum ? &sections(m)[section->sh_link] : NULL;

	if (!texts || texts->sh_offset > m->n || texts->sh_size > m->n - texts->sh_offset ||
	    texts->sh_size == 0 || m->data[texts->sh_offset + texts->sh_size - 1] != '\0')
		return NULL;
	*n = texts->sh_size;
	return (const char *)m->data + texts->sh_offset;
}

// ---- what it tells ----

// glibc's own parts give one another what is for no one else.
static bool is_of_libc(const struct image *m)
{
	static const char private[] = "GLIBC_PRIVATE";
	size_t n;
	const char *texts = texts_of(m, m->symbols, &n);

	return m->defines_versions && texts && memmem(texts, n, private, sizeof private);
}

// A program that uses the array has a copy of it or asks for it by name.
static bool reads_environ(const struct image *m)
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

static char *soname_of(const struct image *m)
{
	size_t n = 0, count = m->dynamic->sh_size / sizeof(ElfW(Dyn));
	const char *texts = texts_of(m, m->dynamic, &n);
	const ElfW(Dyn) *d = part(m, m->dynamic->sh_offset, sizeof *d, count);

	for (size_t i = 0; texts && d && i < count && d[i].d_tag != DT_NULL; i++)
		if (d[i].d_tag == DT_SONAME && d[i].d_un.d_val < n)
			return xstrdup(texts + d[i].d_un.d_val);
	return NULL;
}

static bool calls_kernel(const struct image *m)
{
	const ElfW(Phdr) *p = part(m, m->head->e_phoff, sizeof *p, m->head->e_phnum);

	for (size_t i = 0; p && i < m->head->e_phnum; i++)
		if (p[i].p_type == PT_LOAD && p[i].p_flags & PF_X && p[i].p_offset <= m->n &&
		    p[i].p_filesz <= m->n - p[i].p_offset &&
		    instructions_have_calls(m->data + p[i].p_offset, p[i].p_filesz))
			return true;
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
	p->reads_environ = reads_environ(m);
	p->takes_functions = !p->soname && memmem(m->data, m->n, functions, strlen(functions));
	p->calls_kernel = calls_kernel(m);
}

// A copy: a file that is cut short pulls no ground away. False: there is none to be had.
static bool read_image(struct image *m, int fd)
{
	struct stat st;

	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_size <= 0)
		return false;
	unsigned char *data = malloc((size_t)st.st_size);
	ssize_t got = 1;
	while (data && m->n < (size_t)st.st_size && got > 0) {
		got = pread(fd, data + m->n, (size_t)st.st_size - m->n, (off_t)m->n);
		m->n += got > 0 ? (size_t)got : 0;
	}
	m->data = data;
	return data && got > 0;
}

void program_look(struct program *p, const char *path)
{
	struct image m = {0};
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	*p = (struct program){.is_unknown = fd < 0 || !read_image(&m, fd)};
	if (!p->is_unknown)
		look_into(p, &m);
	free(m.data);
	if (fd >= 0)
		close(fd);
}

void program_release(struct program *p)
{
	free(p->soname);
	*p = (struct program){0};
}
