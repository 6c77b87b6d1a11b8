// SPDX-License-Identifier: MIT
// What libc looks up by name, or lists, in the files of the system: accounts, services, users that
// are there, file systems.
#include <aliases.h>
#include <fstab.h>
#include <grp.h>
#include <gshadow.h>
#include <mntent.h>
#include <netdb.h>
#include <netinet/ether.h>
#include <pwd.h>
#include <shadow.h>
#include <stdlib.h>
#include <unistd.h>
#include <utmp.h>
#include <utmpx.h>

#include "trace/preload/hook.h"
#include "trace/preload/loader.h"

// glibc asks the services that a file of its own names.
#define HOOK_NAMES(file, type, name, parameters, arguments)                                        \
	HOOK(type, name, HOOK_STRIP parameters)                                                    \
	{                                                                                          \
		log_ahead(TRACE_READ, "/etc/nsswitch.conf");                                       \
		log_ahead(TRACE_READ, file);                                                       \
		loader_expect();                                                                   \
		return NEXT(name) arguments;                                                       \
	}

// The same in the room of whoever asks.
#define ROOM(type)          , struct type *found, char *room, size_t n, struct type **result
#define ROOM_ARGUMENTS      , found, room, n, result
#define ROOM_ONLY(type)     struct type *found, char *room, size_t n, struct type **result
#define ROOM_ONLY_ARGUMENTS (found, room, n, result)

#define HOOK_NAMES_BY(file, type, name, by)                                                        \
	HOOK_NAMES(file, struct type *, name, (by key), (key))                                     \
	HOOK_NAMES(file, int, name##_r, (by key ROOM(type)), (key ROOM_ARGUMENTS))
#define HOOK_NAMES_ALL(file, type, name)                                                           \
	HOOK_NAMES(file, struct type *, name, (void), ())                                          \
	HOOK_NAMES(file, int, name##_r, (ROOM_ONLY(type)), ROOM_ONLY_ARGUMENTS)

// ---- accounts ----

HOOK_NAMES_BY("/etc/passwd", passwd, getpwnam, const char *)
HOOK_NAMES_BY("/etc/passwd", passwd, getpwuid, uid_t)
HOOK_NAMES_ALL("/etc/passwd", passwd, getpwent)
HOOK_NAMES("/etc/passwd", int, getpw, (uid_t id, char *room), (id, room))

HOOK_NAMES_BY("/etc/group", group, getgrnam, const char *)
HOOK_NAMES_BY("/etc/group", group, getgrgid, gid_t)
HOOK_NAMES_ALL("/etc/group", group, getgrent)
HOOK_NAMES("/etc/group", int, getgrouplist, (const char *user, gid_t group, gid_t *groups, int *n),
	   (user, group, groups, n))
HOOK_NAMES("/etc/group", int, initgroups, (const char *user, gid_t group), (user, group))

HOOK_NAMES_BY("/etc/shadow", spwd, getspnam, const char *)
HOOK_NAMES_ALL("/etc/shadow", spwd, getspent)
HOOK_NAMES_BY("/etc/gshadow", sgrp, getsgnam, const char *)
HOOK_NAMES_ALL("/etc/gshadow", sgrp, getsgent)

HOOK_NAMES("/etc/netgroup", int, setnetgrent, (const char *group), (group))
HOOK_NAMES("/etc/netgroup", int, innetgr,
	   (const char *group, const char *host, const char *user, const char *domain),
	   (group, host, user, domain))

// ---- services and protocols ----

HOOK_NAMES("/etc/services", struct servent *, getservbyname,
	   (const char *name, const char *protocol), (name, protocol))
HOOK_NAMES("/etc/services", int, getservbyname_r,
	   (const char *name, const char *protocol ROOM(servent)), (name, protocol ROOM_ARGUMENTS))
HOOK_NAMES("/etc/services", struct servent *, getservbyport, (int port, const char *protocol),
	   (port, protocol))
HOOK_NAMES("/etc/services", int, getservbyport_r, (int port, const char *protocol ROOM(servent)),
	   (port, protocol ROOM_ARGUMENTS))
HOOK_NAMES_ALL("/etc/services", servent, getservent)
HOOK_NAMES_BY("/etc/protocols", protoent, getprotobyname, const char *)
HOOK_NAMES_BY("/etc/protocols", protoent, getprotobynumber, int)
HOOK_NAMES_ALL("/etc/protocols", protoent, getprotoent)
HOOK_NAMES_BY("/etc/rpc", rpcent, getrpcbyname, const char *)
HOOK_NAMES_BY("/etc/rpc", rpcent, getrpcbynumber, int)
HOOK_NAMES_ALL("/etc/rpc", rpcent, getrpcent)
HOOK_NAMES("/etc/ethers", int, ether_hostton, (const char *host, struct ether_addr *address),
	   (host, address))
HOOK_NAMES("/etc/ethers", int, ether_ntohost, (char *host, const struct ether_addr *address),
	   (host, address))

HOOK_NAMES("/etc/aliases", struct aliasent *, getaliasbyname, (const char *name), (name))
HOOK_NAMES("/etc/aliases", struct aliasent *, getaliasent, (void), ())

// ---- lists ----

#define HOOK_LIST(file, type, name, parameters, arguments)                                         \
	HOOK(type, name, HOOK_STRIP parameters)                                                    \
	{                                                                                          \
		log_ahead(TRACE_READ, file);                                                       \
		return NEXT(name) arguments;                                                       \
	}
HOOK_LIST(_PATH_FSTAB, struct fstab *, getfsent, (void), ())
HOOK_LIST(_PATH_FSTAB, struct fstab *, getfsspec, (const char *device), (device))
HOOK_LIST(_PATH_FSTAB, struct fstab *, getfsfile, (const char *folder), (folder))
HOOK_LIST(_PATH_SHELLS, char *, getusershell, (void), ())
HOOK_LIST("/etc/hostid", long, gethostid, (void), ())

HOOK(FILE *, setmntent, const char *path, const char *mode)
{
	log_ahead(*mode == 'r' ? TRACE_READ : TRACE_CHANGED, path);
	return NEXT(setmntent)(path, mode);
}

// ---- who is there ----

HOOK_LIST(_PATH_UTMP, struct utmp *, getutent, (void), ())
HOOK_LIST(_PATH_UTMP, struct utmp *, getutid, (const struct utmp *key), (key))
HOOK_LIST(_PATH_UTMP, struct utmp *, getutline, (const struct utmp *key), (key))
HOOK_LIST(_PATH_UTMP, int, getutent_r, (struct utmp * found, struct utmp **result), (found, result))
HOOK_LIST(_PATH_UTMP, int, getutid_r,
	  (const struct utmp *key, struct utmp *found, struct utmp **result), (key, found, result))
HOOK_LIST(_PATH_UTMP, int, getutline_r,
	  (const struct utmp *key, struct utmp *found, struct utmp **result), (key, found, result))
HOOK_LIST(_PATH_UTMP, struct utmpx *, getutxent, (void), ())
HOOK_LIST(_PATH_UTMP, struct utmpx *, getutxid, (const struct utmpx *key), (key))
HOOK_LIST(_PATH_UTMP, struct utmpx *, getutxline, (const struct utmpx *key), (key))
HOOK_LIST(path, int, utmpname, (const char *path), (path))
HOOK_LIST(path, int, utmpxname, (const char *path), (path))

// What the kernel keeps of a login is no file.
#define HOOK_LOGIN(type, name, parameters, arguments)                                              \
	HOOK(type, name, HOOK_STRIP parameters)                                                    \
	{                                                                                          \
		log_unseen(#name);                                                                 \
		return NEXT(name) arguments;                                                       \
	}
HOOK_LOGIN(char *, getlogin, (void), ())
HOOK_LOGIN(int, getlogin_r, (char *room, size_t n), (room, n))
int __getlogin_r_chk(char *room, size_t n, size_t size);
HOOK_LOGIN(int, __getlogin_r_chk, (char *room, size_t n, size_t size), (room, n, size))
char *cuserid(char *room);
HOOK_LOGIN(char *, cuserid, (char *room), (room))
HOOK_LOGIN(int, ttyslot, (void), ())
