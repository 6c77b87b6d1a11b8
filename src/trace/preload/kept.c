// SPDX-License-Identifier: MIT
#include "trace/preload/kept.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "trace/preload/log.h"

// Of no library that a program may bring along as well.
#define XXH_INLINE_ALL
#include <xxhash.h>

#define KEPT_MOST   (1 << 20) // bytes: who rewrites more of them has more to do than we
#define DIGEST_TEXT (2 * sizeof(XXH128_canonical_t) + 1)

// False: it could not be read, or not as a whole.
static __attribute__((noinline)) bool digest_open(int fd, int64_t size, char text[DIGEST_TEXT])
{
	static const char digits[] = "0123456789abcdef";
	char chunk[4096];
	XXH3_state_t state;
	XXH128_canonical_t digest;
	long n;

	XXH3_INITSTATE(&state);
	XXH3_128bits_reset(&state);
	while ((n = syscall(SYS_read, fd, chunk, sizeof chunk)) > 0) {
		XXH3_128bits_update(&state, chunk, (size_t)n);
		size -= n;
	}
	XXH128_canonicalFromHash(&digest, XXH3_128bits_digest(&state));
	for (size_t i = 0; i < sizeof digest.digest; i++) {
		text[2 * i] = digits[digest.digest[i] >> 4];
		text[2 * i + 1] = digits[digest.digest[i] & 15];
	}
	text[DIGEST_TEXT - 1] = '\0';
	return n == 0 && size == 0;
}

static void note(int dir, const char *path, bool nofollow, int fd)
{
	char text[DIGEST_TEXT];
	struct look l = {.op = TRACE_KEPT,
			 .dir = dir,
			 .path = path,
			 .nofollow = nofollow,
			 .second = text,
			 .fd = fd,
			 .ask = SEEN};
	struct stat st;

	if (!log_stat(fd, &st) || !S_ISREG(st.st_mode) || !digest_open(fd, st.st_size, text))
		return;
	log_sight(&l.seen, &st);
	log_look(&l);
}

void kept_note(int dir, const char *path, bool nofollow)
{
	struct before now = log_before(dir, path, nofollow);
	int errnum = errno;

	if (!now.known || !now.exists || !S_ISREG(now.seen.mode) || now.seen.size > KEPT_MOST ||
	    !log_is_settled(&now.seen))
		return;
	int fd = (int)syscall(
		SYS_openat, dir, path,
		O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | (nofollow ? O_NOFOLLOW : 0), 0);
	if (fd >= 0) {
		note(dir, path, nofollow, fd);
		syscall(SYS_close, fd);
	}
	errno = errnum;
}
