// SPDX-License-Identifier: MIT
#include "base/loader_cache.h"

#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"

// The file as glibc writes it (dl-cache.h): a head, entries of two offsets, texts. Before it there
// may be the same in a form of old.
#define MAGIC "glibc-ld.so.cache1.1"

struct head {
	char magic[sizeof MAGIC - 1];
	uint32_t n, text_bytes, unused[5];
};

struct entry {
	int32_t flags;
	uint32_t name, path; // from the head on
	uint32_t os_version;
	uint64_t hwcap;
};

// A text of the file that ends within its n bytes; NULL: none does.
static const char *text_at(const char *data, size_t n, uint32_t at)
{
	return at < n && memchr(data + at, '\0', n - at) ? data + at : NULL;
}

static void add_all(struct buf *b, const char *data, size_t n, const char *name)
{
	const char *start = memmem(data, n, MAGIC, sizeof MAGIC - 1);
	struct head head;

	n -= start ? (size_t)(start - data) : 0;
	if (!start || n < sizeof head)
		return;
	memcpy(&head, start, sizeof head);
	if (head.n > (n - sizeof head) / sizeof(struct entry))
		return;
	for (uint32_t i = 0; i < head.n; i++) {
		struct entry e;
		memcpy(&e, start + sizeof head + i * sizeof e, sizeof e);
		const char *its = text_at(start, n, e.name), *path = text_at(start, n, e.path);
		if (its && path && strcmp(its, name) == 0)
			buf_addf(b, "\n%s", path);
	}
}

void loader_cache_add(struct buf *b, const char *path, const char *name)
{
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	void *data = MAP_FAILED;

	if (fd >= 0 && fstat(fd, &st) == 0 && st.st_size > 0)
		data = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (fd >= 0)
		close(fd);
	if (data == MAP_FAILED)
		return;
	add_all(b, data, (size_t)st.st_size, name);
	munmap(data, (size_t)st.st_size);
}
