// SPDX-License-Identifier: MIT
// --install-firmo: puts a file of two lines in the place of a Firmo's lib/tools/parallel/init.lua,
// which loads what stands in for it, and keeps the old one beside it. --uninstall-firmo takes it
// back.
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/outfile.h"
#include "base/path.h"
#include "cli/mode.h"
#include "cli/option.h"
#include "cli/print_lua_path.h"
#include "cli/session.h"

#define MODULE "lib/tools/parallel/init.lua"
#define KEPT   ".before-firmo-jobs"
#define MARK   "-- firmo-jobs --uninstall-firmo takes this away."

static int read_install(struct settings *o, const char *value, struct err *err)
{
	o->firmo = value;
	return *value ? 0
		      : option_invalid(err, "install-firmo", value, "wants the folder of Firmo");
}

static int read_uninstall(struct settings *o, const char *value, struct err *err)
{
	o->firmo = value;
	return *value ? 0
		      : option_invalid(err, "uninstall-firmo", value, "wants the folder of Firmo");
}

// Whether the file is ours. -1: it cannot be read.
static int is_ours(const char *module, struct err *err)
{
	char line[sizeof MARK] = "";
	FILE *in = fopen(module, "re");

	if (!in)
		return err_set(err, errno, "%s: no Firmo has its module there", module);
	size_t n = fread(line, 1, sizeof line - 1, in);
	fclose(in);
	return n == sizeof line - 1 && strcmp(line, MARK) == 0;
}

// A text of Lua, quoted.
static void write_quoted(FILE *out, const char *s)
{
	putc('"', out);
	for (; *s; s++) {
		if (*s == '"' || *s == '\\')
			putc('\\', out);
		putc(*s, out);
	}
	putc('"', out);
}

static int write_module(const char *module, const char *templates, struct err *err)
{
	struct outfile file;

	if (outfile_open(&file, module, err) < 0)
		return -1;
	fputs(MARK "\npackage.path = ", file.stream);
	write_quoted(file.stream, templates);
	fputs(" .. \";\" .. package.path return require(\"firmo-jobs.parallel\")\n", file.stream);
	return outfile_commit(&file, err);
}

static int keep(const char *module, const char *kept, struct err *err)
{
	if ((unlink(kept) == 0 || errno == ENOENT) && link(module, kept) == 0)
		return 0;
	return err_set(err, errno, "keep %s as %s", module, kept);
}

static int install(const char *module, const char *kept, struct err *err)
{
	int ours = is_ours(module, err);

	if (ours < 0)
		return -1;
	char *folder = print_lua_path_folder(err);
	if (!folder)
		return -1;
	char *templates = xasprintf("%s/?.lua", folder);
	// Where it is there already, it is made anew, as the folder may be another one.
	int status = ours ? 0 : keep(module, kept, err);
	if (status == 0)
		status = write_module(module, templates, err);
	free(templates);
	free(folder);
	return status;
}

static int uninstall(const char *module, const char *kept, struct err *err)
{
	int ours = is_ours(module, err);

	if (ours < 0)
		return -1;
	if (!ours)
		return err_set(err, 0, "%s is Firmo's own: nothing is to be taken away", module);
	if (rename(kept, module) < 0)
		return err_set(err, errno, "put %s back in the place of %s", kept, module);
	return 0;
}

static enum firmo_jobs_status carry_out(struct firmo_jobs *s,
					int (*act)(const char *, const char *, struct err *))
{
	char *named = path_join(s->settings->firmo, MODULE);
	// The file itself is kept and replaced, not a link to it.
	char *module = path_target(named);
	char *kept = xasprintf("%s" KEPT, module);
	struct err err = {0};

	int status = act(module, kept, &err);
	if (status < 0)
		session_warn(err.message);
	free(kept);
	free(module);
	free(named);
	return status < 0 ? FIRMO_JOBS_BROKEN : FIRMO_JOBS_OK;
}

static enum firmo_jobs_status carry_out_install(struct firmo_jobs *s)
{
	return carry_out(s, install);
}

static enum firmo_jobs_status carry_out_uninstall(struct firmo_jobs *s)
{
	return carry_out(s, uninstall);
}

const struct mode mode_install_firmo = {.name = "--install-firmo",
					.formats = MODE_ANY_FORMAT,
					.has_no_project = true,
					.read = read_install,
					.carry_out = carry_out_install};
const struct mode mode_uninstall_firmo = {.name = "--uninstall-firmo",
					  .formats = MODE_ANY_FORMAT,
					  .has_no_project = true,
					  .read = read_uninstall,
					  .carry_out = carry_out_uninstall};
