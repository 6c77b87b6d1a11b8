// SPDX-License-Identifier: MIT
// Sockets, and names that are looked up.
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "trace/preload/hook.h"

HOOK(int, socket, int family, int type, int protocol)
{
	int fd = NEXT(socket)(family, type, protocol);

	if (fd >= 0 && family != AF_UNIX)
		log_name(TRACE_NETWORK, "socket", 0);
	return fd;
}

// A local socket is a file, unless its name begins with NUL.
static void note_address(enum trace_op op, const struct sockaddr *address, socklen_t n, bool failed)
{
	char path[sizeof((struct sockaddr_un *)0)->sun_path + 1];
	size_t before = offsetof(struct sockaddr_un, sun_path);

	if (failed && (errno == EFAULT || errno == EBADF || errno == ENOTSOCK || errno == EINVAL))
		return;
	if (address->sa_family != AF_UNIX || n <= before || n - before >= sizeof path ||
	    !((const struct sockaddr_un *)address)->sun_path[0]) {
		log_name(TRACE_NETWORK, "address", 0);
		return;
	}
	memcpy(path, ((const struct sockaddr_un *)address)->sun_path, n - before);
	path[n - before] = '\0';
	log_path(op, AT_FDCWD, path, failed);
}

HOOK(int, connect, int fd, const struct sockaddr *address, socklen_t n)
{
	int result = NEXT(connect)(fd, address, n);

	note_address(TRACE_CONNECTED, address, n, result < 0);
	return result;
}

HOOK(int, bind, int fd, const struct sockaddr *address, socklen_t n)
{
	int result = NEXT(bind)(fd, address, n);

	note_address(TRACE_MADE, address, n, result < 0);
	return result;
}

#define HOOK_LOOKUP(type, name, parameters, arguments)                                             \
	HOOK(type, name, HOOK_STRIP parameters)                                                    \
	{                                                                                          \
		log_name(TRACE_NETWORK, #name, 0);                                                 \
		return NEXT(name) arguments;                                                       \
	}
HOOK_LOOKUP(int, getaddrinfo,
	    (const char *name, const char *service, const struct addrinfo *hints,
	     struct addrinfo **result),
	    (name, service, hints, result))
HOOK_LOOKUP(int, getnameinfo,
	    (const struct sockaddr *address, socklen_t n, char *host, socklen_t nhost,
	     char *service, socklen_t nservice, int flags),
	    (address, n, host, nhost, service, nservice, flags))
HOOK_LOOKUP(struct hostent *, gethostbyname, (const char *name), (name))
HOOK_LOOKUP(struct hostent *, gethostbyname2, (const char *name, int family), (name, family))
HOOK_LOOKUP(struct hostent *, gethostbyaddr, (const void *address, socklen_t n, int family),
	    (address, n, family))
