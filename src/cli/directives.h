// SPDX-License-Identifier: MIT
// What a test file says of its own settings, in comments of its head: "-- firmo-jobs: timeout=120".
#ifndef CLI_DIRECTIVES_H
#define CLI_DIRECTIVES_H

struct err;
struct job_head;
struct statements;

// Appends what the file at path says. One that cannot be read says nothing. The message of an error
// names the file, the line and the right name. Nothing is read where *head, which is set otherwise,
// knows of none.
int directives_read(const char *path, struct job_head *head, struct statements *said,
		    struct err *err);

#endif
