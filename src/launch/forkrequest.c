// SPDX-License-Identifier: MIT
#include "launch/forkrequest.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "base/limits.h"
#include "launch/launch.h"
#include "sys/spawn.h"

static bool add_text(struct fork_request *r, const char *text)
{
	size_t n = strlen(text) + 1;

	if (n > FORK_BYTES - sizeof *r - r->bytes)
		return false;
	memcpy(r->text + r->bytes, text, n);
	r->bytes += (uint32_t)n;
	return true;
}

// The word of the server's arguments that stands for the file, and the file.
static bool add_file(struct fork_request *r, const struct launch *what)
{
	for (size_t i = 0; what->argv[i] && what->warm[i]; i++)
		if (strcmp(what->argv[i], what->warm[i]) != 0)
			return add_text(r, what->warm[i]) && add_text(r, what->argv[i]);
	return false;
}

bool forkrequest_write(struct fork_request *r, const struct launch *what, const struct spawn *s)
{
	const struct limits *limits = s->limits;
	bool fits = add_file(r, what);

	for (char *const *entry = s->envp; *entry && fits; entry++) {
		fits = add_text(r, *entry);
		r->has_pid = s->pid_text && s->pid_text == *entry + strlen(*entry);
		r->entries++;
	}
	r->has_cpu = limits->set[LIMIT_CPU];
	return fits && limits_resolve(limits, LIMIT_CPU, &r->cpu) == 0;
}

bool forkrequest_send(int to, struct fork_request *r, const struct spawn *s)
{
	const int fds[FORK_STREAMS] = {
		-1, s->stdout_fd, s->stderr_fd, s->extra_fds[0], s->extra_fds[1], s->extra_fds[2]};
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof fds)];
	} control = {0};
	struct iovec data = {r, sizeof *r + r->bytes};
	struct msghdr m = {.msg_iov = &data, .msg_iovlen = 1, .msg_control = control.bytes};
	int sent[FORK_STREAMS] = {0};
	size_t n = 0;
	ssize_t status;

	for (int i = 0; i < FORK_STREAMS; i++) {
		r->has[i] = fds[i] >= 0;
		if (fds[i] >= 0)
			sent[n++] = fds[i];
	}
	m.msg_controllen = CMSG_SPACE(n * sizeof *sent);
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);
	*c = (struct cmsghdr){.cmsg_level = SOL_SOCKET,
			      .cmsg_type = SCM_RIGHTS,
			      .cmsg_len = CMSG_LEN(n * sizeof *sent)};
	memcpy(CMSG_DATA(c), sent, n * sizeof *sent);
	while ((status = sendmsg(to, &m, MSG_NOSIGNAL)) < 0 && errno == EINTR)
		;
	return status >= 0;
}
