// SPDX-License-Identifier: MIT
// What starts test processes, feeds back what they write and how they end, as an interface. The
// one implementation starts them on this machine (launch/local.h).
//
// A process is started, writes, and exits; then it is drained, and looked at until it is quiet:
// nothing of it is left. It can be released at any time, which neither ends nor awaits it.
#ifndef LAUNCH_LAUNCH_H
#define LAUNCH_LAUNCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>

#include "model/job.h"

struct err;
struct hits;
struct inputs;
struct job_settings;
struct launcher;
struct result;
struct schedule;
struct strings;

enum stream { STREAM_OUT, STREAM_ERR, STREAM_EVENTS, STREAMS };

// What is to be started.
struct launch {
	const struct job_settings *settings; // of its file; they outlive the process
	const char *file;                    // the test file, as inputs name it; likewise
	const char *program;                 // its path
	char *const *argv;
	char *const *warm; // argv with another word in the place of the file: such a process may be
			   // started once and forked for each; NULL: the file needs one of its own
	const char *cold;  // why it does; NULL: it is not said
	bool is_trial;     // it is forked though it is not known whether that is safe
	const char *way;   // what its result depends on besides inputs, see model/way.h; or NULL
	bool by_runner;    // the file is loaded by a script, which is what the interpreter is given
	const char *shim; // what its shim is told, "KEY,FRAMEWORK[,proof]"; NULL: it gets none, and
			  // has no STREAM_EVENTS
	bool is_wrapped;  // it starts the worker, which is not known by its process id
	const char *words; // by which the shim knows the worker then, see struct command, or NULL
	bool is_unwatched; // nobody asks what it depends on
	bool is_read;      // its standard output is, where it otherwise inherits ours
	bool own_stderr;   // by STREAM_ERR; else by STREAM_OUT, in the order of the writes
	int slot;          // from 0: of two processes at a time no two have the same
	int number;        // of the slot, as the process and reports know it
	int attempt;       // of its file, from 1
};

struct process_exit {
	int status; // as waitpid(2) has it
	struct rusage usage;
	const struct schedule *schedule; // of its first thread; NULL: no account was kept
};

// Called from inside loop_step, drain and whatever the implementation has for the ends of
// processes. The process may be released in exited and waned.
struct process_hooks {
	void (*wrote)(void *owner, enum stream stream, const char *data, size_t n);
	void (*exited)(void *owner, const struct process_exit *e);
	void (*waned)(void *owner); // less of it is left: it may be quiet now
};

// What a process was forked from, or could have been.
struct fork_states {
	bool known;      // there was an interpreter to be forked
	uint64_t server; // stands for all that its start depended on, see struct fork_memory
	uint64_t file;   // for that and the test file
};

struct process {
	struct launcher *launcher;
	const struct process_hooks *hooks;
	void *owner;
	long serial;        // unique in the run
	int64_t began_ns;   // monotonic
	int64_t started_ns; // of the real clock
	bool forked;        // it was no process of its own from the beginning
	bool spoilt; // and used what had been written before: inputs() tells. Its end tells nothing
		     // of a new one's
	struct fork_states states;
};

struct launcher_operations {
	// Whether it will be seen what the program depends on.
	bool (*watches)(struct launcher *l, const char *program);
	// Starts it and sets *p, which knows its launcher, hooks and owner. On failure nothing is
	// left behind; *transient: it may work once another process has ended (no more processes
	// or file descriptors).
	int (*start)(struct launcher *l, const struct launch *what,
		     const struct process_hooks *hooks, void *owner, struct process **p,
		     bool *transient, struct err *err);
	// Sends a signal to it and to its process group.
	void (*signal)(struct process *p, int signo);
	// Sends SIGKILL to all of its processes that can be found.
	void (*kill)(struct process *p);
	// It has exited: hands over what it has written by now. Nobody has anything to say by
	// STREAM_EVENTS any more.
	void (*drain)(struct process *p);
	// Whether all its streams have ended and no process of it is left.
	bool (*is_quiet)(struct process *p);
	// Whether, after all the time that it was given, something surely its own is left.
	bool (*leaks)(struct process *p);
	// Whether anything may still be written to its standard output.
	bool (*speaks)(const struct process *p);
	// Whether Ctrl-C came at the terminal while it had that. Known once it is drained.
	bool (*was_interrupted)(const struct process *p);
	// Bytes of memory that it holds now; 0: unknown.
	int64_t (*memory)(const struct process *p);
	// What it depended on, the file itself and the chunks that came to their ends (whole, as
	// Lua names them) among it, sorted; the caller releases and frees it. NULL: nothing is to
	// be learned.
	struct inputs *(*inputs)(struct process *p, const struct strings *whole);
	// What it depended on until now as what sets something up for a file (input_is_settled):
	// the caller releases and frees it. NULL: nothing is to be learned.
	struct inputs *(*setup_inputs)(struct process *p);
	// How often the lines of the sources have run by now; the caller frees it. NULL: they are
	// not counted.
	struct hits *(*hits)(struct process *p);
	// No process of the result is left: takes the fingerprints of its inputs and of its last
	// ones, as in launch/fingerprints.h, and says what a file has missed that lies beside it,
	// as in launch/own_folder.h.
	void (*look)(struct launcher *l, struct result *r);
	// The framework that a file is the core of, as library_in has it (framework/library.h).
	enum framework (*library)(struct launcher *l, const char *path);
	// Whether a file names what busted gives its files, as library_names_busted has it, and was
	// changed since then (real clock; 0: whenever that was).
	bool (*names_busted)(struct launcher *l, const char *path, int64_t since_ns);
	// What LuaCov has counted in the process of that serial is not to be added up.
	void (*forget_stats)(struct launcher *l, long serial);
	void (*release)(struct process *p); // NULL: nothing
};

struct launcher {
	const struct launcher_operations *operations;
	bool sees_files; // what a process has open, it can be asked: without, all inputs are blind
};

#endif
