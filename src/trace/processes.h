// SPDX-License-Identifier: MIT
// The records of a trace that are about processes and what they become. Private to trace/.
#ifndef TRACE_PROCESSES_H
#define TRACE_PROCESSES_H

#include <stdbool.h>
#include <stdint.h>

struct traced_process;
struct trace_reading;
struct trace_record;

// The process that a pid in the trace stands for: a worker's own, where that of its server is
// noted.
uint32_t processes_pid(const struct trace_reading *r, uint32_t pid);
// Takes one into what is known.
void processes_take(struct trace_reading *r, const struct trace_record *rec);
// A program or shared object has run; told: all variables that it uses are known.
void processes_add_program(struct trace_reading *r, const char *path, bool told);
// The process is its program no more.
void processes_end_program(struct trace_reading *r, struct traced_process *p, bool told);
// At the end: every program that was started has to have said hello.
void processes_doubt_the_silent(struct trace_reading *r);

#endif
