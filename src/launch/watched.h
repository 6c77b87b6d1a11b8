// SPDX-License-Identifier: MIT
// What the trace of a process on this machine comes to: launcher_operations, for launch/local.c.
#ifndef LAUNCH_WATCHED_H
#define LAUNCH_WATCHED_H

struct inputs;
struct launcher;
struct process;
struct result;
struct strings;

struct inputs *watched_inputs(struct process *process, const struct strings *whole);
struct inputs *watched_setup_inputs(struct process *process);
void watched_look(struct launcher *launcher, struct result *r);

#endif
