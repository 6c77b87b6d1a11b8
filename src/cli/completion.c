// SPDX-License-Identifier: MIT
// --print-completion: what a shell needs to complete our command line, made of the rows of options.
#include <stdio.h>
#include <string.h>

#include "cli/mode.h"
#include "cli/option.h"
#include "cli/options.h"
#include "cli/session.h"

enum shell { SHELL_BASH, SHELL_ZSH, SHELL_FISH };

const char *const completion_shells[] = {
	[SHELL_BASH] = "bash", [SHELL_ZSH] = "zsh", [SHELL_FISH] = "fish", NULL};

// ---- what a value is ----

enum completion_value { VALUE_NONE, VALUE_WORDS, VALUE_FILE, VALUE_PROGRAM, VALUE_OWN };

static enum completion_value value_of(const struct option_row *row)
{
	if (!row->argument)
		return VALUE_NONE;
	if (row->choices)
		return VALUE_WORDS;
	if (strstr(row->argument, "FILE"))
		return VALUE_FILE;
	return strcmp(row->argument, "PROGRAM") == 0 ? VALUE_PROGRAM : VALUE_OWN;
}

static void print_words(const struct option_row *row)
{
	for (size_t i = 0; row->choices[i]; i++)
		printf("%s%s", i ? " " : "", row->choices[i]);
}

// Text between single quotes, with what stands for special characters in front of them.
static void print_text(const char *text, const char *special)
{
	for (; *text; text++) {
		if (strchr(special, *text))
			putchar('\\');
		if (*text == '\'')
			fputs("'\\''", stdout);
		else
			putchar(*text);
	}
}

static void for_each_option(void (*print)(const struct option_row *row))
{
	size_t n;
	const struct option_row *rows = options_rows(&n);

	for (size_t i = 0; i < n; i++)
		if (option_is_named(&rows[i]))
			print(&rows[i]);
}

// ---- bash ----

static void print_bash_name(const struct option_row *row)
{
	printf(" --%s%s", row->name, row->argument && !option_is_optional(row) ? "=" : "");
	if (row->opposite)
		printf(" --%s", row->opposite);
}

// One case for what stands behind an option. A value that may be left out stands behind a "=".
static void print_bash_case(const struct option_row *row)
{
	static const char *const actions[] = {[VALUE_FILE] = "_firmo_jobs_files",
					      [VALUE_PROGRAM] = "_firmo_jobs_programs",
					      [VALUE_OWN] = ":"};
	enum completion_value value = value_of(row);

	if (value == VALUE_NONE)
		return;
	printf("\t--%s=", row->name);
	if (!option_is_optional(row))
		printf(" | --%s", row->name);
	if (row->letter && !option_is_optional(row))
		printf(" | -%c", row->letter);
	fputs(") ", stdout);
	if (value == VALUE_WORDS) {
		fputs("COMPREPLY=($(compgen -W '", stdout);
		print_words(row);
		fputs("' -- \"$cur\"))", stdout);
	} else {
		fputs(actions[value], stdout);
	}
	puts(" ;;");
}

// The shell takes "--NAME=VALUE" for three words.
static void print_bash(void)
{
	puts("# bash completion for firmo-jobs, made by firmo-jobs --print-completion=bash\n"
	     "_firmo_jobs_files() {\n"
	     "\tcompopt -o filenames\n"
	     "\tmapfile -t COMPREPLY < <(compgen -f -- \"$cur\")\n"
	     "}\n"
	     "\n"
	     "_firmo_jobs_programs() {\n"
	     "\tmapfile -t COMPREPLY < <(compgen -c -- \"$cur\")\n"
	     "}\n"
	     "\n"
	     "_firmo_jobs() {\n"
	     "\tlocal cur=${COMP_WORDS[COMP_CWORD]} option=\n"
	     "\tif [ \"$cur\" = = ]; then\n"
	     "\t\toption=${COMP_WORDS[COMP_CWORD - 1]}= cur=\n"
	     "\telif [ \"$COMP_CWORD\" -gt 2 ] && [ \"${COMP_WORDS[COMP_CWORD - 1]}\" = = ]; then\n"
	     "\t\toption=${COMP_WORDS[COMP_CWORD - 2]}=\n"
	     "\telif [[ $cur != -* ]]; then\n"
	     "\t\toption=${COMP_WORDS[COMP_CWORD - 1]}\n"
	     "\tfi\n"
	     "\tCOMPREPLY=()\n"
	     "\tcase $option in");
	for_each_option(print_bash_case);
	fputs("\t*)\n"
	      "\t\tif [[ $cur != -* ]]; then\n"
	      "\t\t\t_firmo_jobs_files\n"
	      "\t\t\treturn\n"
	      "\t\tfi\n"
	      "\t\tCOMPREPLY=($(compgen -W '",
	      stdout);
	for_each_option(print_bash_name);
	puts("' -- \"$cur\"))\n"
	     "\t\t[[ ${COMPREPLY[0]} != *= ]] || compopt -o nospace\n"
	     "\t\t;;\n"
	     "\tesac\n"
	     "}\n"
	     "complete -F _firmo_jobs firmo-jobs");
}

// ---- zsh ----

static void print_zsh_value(const struct option_row *row)
{
	static const char *const actions[] = {
		[VALUE_FILE] = "_files", [VALUE_PROGRAM] = "_command_names -e", [VALUE_OWN] = " "};
	enum completion_value value = value_of(row);

	if (value == VALUE_NONE)
		return;
	fputs(option_is_optional(row) ? "::" : ":", stdout);
	print_text(row->argument, ":[]");
	putchar(':');
	if (value == VALUE_WORDS) {
		putchar('(');
		print_words(row);
		putchar(')');
	} else {
		fputs(actions[value], stdout);
	}
}

static void print_zsh_option(const struct option_row *row)
{
	const char *joint = !row->argument ? "" : option_is_optional(row) ? "=-" : "=";

	// Those that can be given once more, their help says.
	bool repeats = strstr(row->help, "repeatable");
	if (row->letter)
		printf("\t'(-%c --%s)'{-%c%s,--%s%s}'[", row->letter, row->name, row->letter,
		       row->argument ? "+" : "", row->name, joint);
	else
		printf("\t'%s--%s%s[", repeats ? "*" : "", row->name, joint);
	print_text(row->help, ":[]");
	putchar(']');
	print_zsh_value(row);
	puts("' \\");
	if (row->opposite)
		printf("\t'--%s[take back --%s]' \\\n", row->opposite, row->name);
}

static void print_zsh(void)
{
	puts("#compdef firmo-jobs\n"
	     "# zsh completion for firmo-jobs, made by firmo-jobs --print-completion=zsh\n"
	     "_arguments -s -S \\");
	for_each_option(print_zsh_option);
	puts("\t'*:test file or folder:_files'");
}

// ---- fish ----

static void print_fish_option(const struct option_row *row)
{
	enum completion_value value = value_of(row);
	bool needs = value != VALUE_NONE && !option_is_optional(row);

	printf("complete -c firmo-jobs -l %s", row->name);
	if (row->letter)
		printf(" -s %c", row->letter);
	if (needs)
		fputs(value == VALUE_FILE ? " -r -F" : " -x", stdout);
	if (value == VALUE_WORDS) {
		fputs(" -a '", stdout);
		print_words(row);
		putchar('\'');
	} else if (value == VALUE_PROGRAM) {
		fputs(" -a '(__fish_complete_command)'", stdout);
	}
	fputs(" -d '", stdout);
	print_text(row->help, "\\");
	puts("'");
	if (row->opposite)
		printf("complete -c firmo-jobs -l %s -d 'take back --%s'\n", row->opposite,
		       row->name);
}

static void print_fish(void)
{
	puts("# fish completion for firmo-jobs, made by firmo-jobs --print-completion=fish");
	for_each_option(print_fish_option);
}

// ---- the mode ----

static int read_shell(struct settings *o, const char *value, struct err *err)
{
	o->shell = option_find(completion_shells, value, strlen(value));
	return o->shell >= 0 ? 0
			     : option_refuse(err, "print-completion", value, completion_shells, "");
}

static enum firmo_jobs_status carry_out(struct firmo_jobs *s)
{
	static void (*const printers[])(void) = {
		[SHELL_BASH] = print_bash, [SHELL_ZSH] = print_zsh, [SHELL_FISH] = print_fish};

	printers[s->settings->shell]();
	return FIRMO_JOBS_OK;
}

const struct mode mode_print_completion = {
	.name = "--print-completion",
	.formats = MODE_ANY_FORMAT,
	.has_no_project = true,
	.read = read_shell,
	.carry_out = carry_out,
};
