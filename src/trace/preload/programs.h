// SPDX-License-Identifier: MIT
// What is taken from the environment without a call of getenv.
#ifndef TRACE_PRELOAD_PROGRAMS_H
#define TRACE_PRELOAD_PROGRAMS_H

// The variable name was asked for, in whatever way.
void environment_note(const char *name);
// Messages of libc itself may come in another language from now on.
void library_note_messages(void);

// Once, before main: where this is a shell that was given its text by system or popen, and the text
// tells what it uses, notes those variables, and that they are all. Of any other program its file
// tells the reader of the trace whether it takes more than it asks for.
void programs_begin(int argc, char **argv);

#endif
