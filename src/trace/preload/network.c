// SPDX-License-Identifier: MIT
// Sockets, and names that are looked up.
#include <errno.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <resolv.h>
#include <stddef.h>
#include <stdint.h>
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
#define NAME_ROOM           struct hostent *found, char *room, size_t n, struct hostent **result, int *error
#define NAME_ROOM_ARGUMENTS found, room, n, result, error
HOOK_LOOKUP(int, gethostbyname_r, (const char *name, NAME_ROOM), (name, NAME_ROOM_ARGUMENTS))
HOOK_LOOKUP(int, gethostbyname2_r, (const char *name, int family, NAME_ROOM),
	    (name, family, NAME_ROOM_ARGUMENTS))
HOOK_LOOKUP(int, gethostbyaddr_r, (const void *address, socklen_t size, int family, NAME_ROOM),
	    (address, size, family, NAME_ROOM_ARGUMENTS))
HOOK_LOOKUP(struct hostent *, gethostent, (void), ())
HOOK_LOOKUP(int, gethostent_r, (NAME_ROOM), (NAME_ROOM_ARGUMENTS))
HOOK_LOOKUP(struct netent *, getnetbyname, (const char *name), (name))
HOOK_LOOKUP(struct netent *, getnetbyaddr, (uint32_t number, int type), (number, type))
HOOK_LOOKUP(struct netent *, getnetent, (void), ())
HOOK_LOOKUP(int, getifaddrs, (struct ifaddrs * *list), (list))
HOOK_LOOKUP(unsigned, if_nametoindex, (const char *name), (name))
HOOK_LOOKUP(char *, if_indextoname, (unsigned index, char name[IF_NAMESIZE]), (index, name))
HOOK_LOOKUP(struct if_nameindex *, if_nameindex, (void), ())
HOOK_LOOKUP(int, res_query, (const char *name, int class, int type, unsigned char *answer, int n),
	    (name, class, type, answer, n))
HOOK_LOOKUP(int, res_search, (const char *name, int class, int type, unsigned char *answer, int n),
	    (name, class, type, answer, n))
HOOK_LOOKUP(int, res_nquery,
	    (res_state state, const char *name, int class, int type, unsigned char *answer, int n),
	    (state, name, class, type, answer, n))
HOOK_LOOKUP(int, res_nsearch,
	    (res_state state, const char *name, int class, int type, unsigned char *answer, int n),
	    (state, name, class, type, answer, n))
HOOK_LOOKUP(int, rcmd,
	    (char **host, unsigned short port, const char *user, const char *there,
	     const char *command, int *fd),
	    (host, port, user, there, command, fd))
HOOK_LOOKUP(int, ruserok, (const char *host, int super, const char *user, const char *here),
	    (host, super, user, here))
