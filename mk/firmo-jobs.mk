# SPDX-License-Identifier: MIT
# Targets that run Lua tests, for your makefile:
#
#	include $(shell firmo-jobs --print-mk)
#
#	make test               every test
#	make test-changed       those that are not certain to pass again
#	make test-failed        those that failed the last time
#	make test/FILE          one file, or the files of a folder
#	make test-stamps        the same as test-changed, scheduled by make itself: a rule for each file,
#	                        with what the file depends on, as far as that has been observed
#	make test-list          what would run, in which order, for how long
#	make test-history       the last runs, and the last times and outcomes of the files
#	make test-report        the report of the last run once more
#
# Variables, set before that line, in the environment or on make's command line:
#
#	FIRMO_TESTS     files and folders of tests [tests, test and spec, those that exist]
#	FIRMO_FLAGS     options of firmo-jobs
#	FIRMO_ARGS      words for every worker, behind its file
#	FIRMO_REPORTS   reports to be written: junit:report.xml json:report.json ...
#	FIRMO_NEEDS     what has to be made before any test runs
#	FIRMO_JOBS      the program [firmo-jobs]
#	FIRMO_PREFIX    what all targets begin with, the suite's name [test]
#	FIRMO_STATE     the folder of the history, the rules and the stamps [.firmo-jobs]
#	FIRMO_ROOT      the folder that all these paths start from, and that tests run in [that of the
#	                makefile if make runs below it, else the folder that make runs in]
#	FIRMO_MAKEFILE  the makefile that test-stamps reads once more [the first that make has read]
#
# FIRMO_TESTS, FIRMO_FLAGS and FIRMO_ARGS are words of the shell. A name with a blank goes there in
# quotes; of the others only FIRMO_ROOT and FIRMO_MAKEFILE take one, as it is.
#
# Several suites: set FIRMO_PREFIX and what else is different, include this file; set them anew,
# include it once more. Each suite keeps what the variables say where its include stands; what is
# not set anew stays, as ever in make. What a target has for itself (test: FIRMO_FLAGS += -v) counts
# for that target.

# Names with a dot: under `export` alone make gives no such variable to the tests.
firmo.goal := $(.DEFAULT_GOAL)

FIRMO_JOBS ?= firmo-jobs
FIRMO_PREFIX ?= test
FIRMO_STATE ?= .firmo-jobs

# ---- what all suites share ----

define firmo.line


endef
# The variable $1, or $2 where there is none.
firmo.get = $(if $(filter undefined,$(origin $1)),$2,$($1))
# A word of the shell.
firmo.quote = '$(subst ','\'',$1)'
# Copies the variable $2 to $1, as it is.
define firmo.copy
$(if $(filter override,$(origin $1)),override )$(if $(filter recursive,$(flavor $2)),define $1 =
$(value $2)
endef,$1 := $(if $(filter simple,$(flavor $2)),$$($2)))
endef
# True if the variables say the same.
firmo.same = $(if $(subst x$($1),,x$($2))$(subst x$($2),,x$($1)),,same)
# The target's name, as a rule has it.
firmo.target = $(subst :,\:,$(subst %,\%,$1))

# Recipes expand late, when the variables may be those of another suite: each suite has its own copy,
# and with more than one of them a recipe begins by putting the copy back.
firmo.kept := FIRMO_TESTS FIRMO_FLAGS FIRMO_ARGS FIRMO_REPORTS FIRMO_JOBS FIRMO_STATE
firmo.suites := $(call firmo.get,firmo.suites,)
firmo.load = $(if $(word 2,$(firmo.suites)),$(foreach v,$(firmo.kept),$(eval $(call firmo.copy,$v,firmo.$1.$v))))
# What refers to variables that have changed since its include is what it said there. $@ stands
# for the target that is made.
firmo.fix = $(if $(call firmo.same,firmo.$1.$2,firmo.$1.$2.said),,$(eval firmo.$1.$2 := $$(firmo.$1.$2.said)))
firmo.keep = $(eval $(call firmo.copy,firmo.$1.$2,$2))$(eval firmo.$1.$2.said := $$(firmo.$1.$2))

firmo.db = $(if $(filter-out .firmo-jobs,$(FIRMO_STATE)),--db=$(FIRMO_STATE)/history.db)
firmo.program = $(FIRMO_JOBS) --root=. $(call firmo.get,FIRMO_FLAGS,) $(firmo.db)
firmo.report = $(firmo.program) $(addprefix --report=,$(call firmo.get,FIRMO_REPORTS,))
firmo.args = $(call firmo.get,FIRMO_TESTS,)$(firmo.words)
firmo.words = $(if $(call firmo.get,FIRMO_ARGS,), -- $(FIRMO_ARGS))
# exec: a make that is terminated tells its children, not theirs.
firmo.start = $(call firmo.load,$1)$(firmo.$1.cd)exec

# ---- this suite ----

firmo.suite := $(FIRMO_PREFIX)
# What make or the shell takes for something else in the name of a target.
firmo.odd := % : = , ; ( ) { } [ ] < > * ? ! ~ & | $$ \# ' " ` \ ^
ifneq ($(words $(firmo.suite)) $(filter -%,$(firmo.suite))$(strip $(foreach c,$(firmo.odd),$(findstring $c,$(firmo.suite)))),1 )
$(error firmo-jobs.mk: FIRMO_PREFIX is '$(FIRMO_PREFIX)': it has to be one word of letters, digits, '.', '_', '-' and '/', such as lua-test)
endif
firmo.goals := $(firmo.suite) $(addprefix $(firmo.suite)-,changed failed stamps list history report)
ifneq ($(filter $(firmo.goals),$(call firmo.get,firmo.taken,)),)
$(error firmo-jobs.mk: a second suite with targets $(firstword $(filter $(firmo.goals),$(firmo.taken))) ...: set FIRMO_PREFIX to another word in front of each include)
endif
firmo.taken := $(call firmo.get,firmo.taken,) $(firmo.goals)

@ := @
$(foreach s,$(firmo.suites),$(foreach v,$(firmo.kept),$(call firmo.fix,$s,$v)))
$(foreach v,$(firmo.kept),$(call firmo.keep,$(firmo.suite),$v))
undefine @
firmo.suites += $(firmo.suite)

# SUITE-stamps has make read the makefile again, in the root, below firmo-jobs.
firmo.again := $(and $(call firmo.get,FIRMO_JOBS_GATHER,),$(filter $(firmo.suite)-stamps,$(call firmo.get,MAKECMDGOALS,)))
firmo.makefile := $(or $(call firmo.get,FIRMO_MAKEFILE,),$(firstword $(filter-out $(call firmo.get,MAKEFILES,),$(MAKEFILE_LIST))))
firmo.root := $(call firmo.get,FIRMO_ROOT,)
ifeq ($(or $(firmo.again),$(firmo.root)),)
# wildcard does not find a name with a backslash.
ifeq ($(or $(wildcard $(firmo.makefile)),$(call firmo.get,FIRMO_MAKEFILE,),$(shell [ -e $(call firmo.quote,$(firmo.makefile)) ] && echo yes)),)
$(error firmo-jobs.mk: there is no $(firmo.makefile): the name of your makefile holds a blank, and make does not tell where it ends; set FIRMO_ROOT to its folder, and FIRMO_MAKEFILE to its name)
endif
firmo.home := $(abspath $(dir $(firmo.makefile)))
firmo.root := $(if $(findstring |$(firmo.home)/,|$(CURDIR)),$(firmo.home))
endif
firmo.root := $(if $(firmo.again),,$(firmo.root))
$(if $(findstring $(firmo.line),$(firmo.root)),$(error firmo-jobs.mk: a newline in the name of the makefile's folder has no place in a recipe: run make in that folder))
firmo.$(firmo.suite).cd := $(if $(firmo.root),cd -- $(call firmo.quote,$(firmo.root)) && )
firmo.$(firmo.suite).makefile := $(if $(filter /%,$(if $(firmo.root),$(firstword $(firmo.makefile)),/)),,$(CURDIR)/)$(firmo.makefile)
firmo.$(firmo.suite).state := $(FIRMO_STATE)$(if $(filter-out test,$(firmo.suite)),/$(firmo.suite))

# Only those that are asked for: a pattern would match what is yours. Where the tests lie in a folder
# of the suite's name, make test/a_test.lua may as well mean that file.
firmo.files := $(call firmo.target,$(filter $(firmo.suite)/%,$(call firmo.get,MAKECMDGOALS,)))

# Recipes stand behind their target: the makefile that includes this may have its own idea of what
# the lines of a recipe begin with.
define firmo.rules
.PHONY: $(firmo.goals) $(firmo.files)
$1 $1-changed $1-failed $(if $(firmo.again),,$1-stamps) $(firmo.files): $$(call firmo.get,FIRMO_NEEDS,)
$1: ; +@$$(call firmo.start,$1) $$(firmo.report) $$(firmo.args)
$1-changed: ; +@$$(call firmo.start,$1) $$(firmo.report) --changed $$(firmo.args)
$1-failed: ; +@$$(call firmo.start,$1) $$(firmo.report) --failed $$(firmo.args)
$1-list: ; +@$$(call firmo.start,$1) $$(firmo.program) --no-report --list $$(firmo.args)
$1-history: ; +@$$(call firmo.start,$1) $$(firmo.program) --no-report --history
$1-report: ; +@$$(call firmo.start,$1) $$(firmo.report) --show
endef

# A file's name is looked for in the root.
define firmo.rule_of_files
$(firmo.files): ; +@$$(call firmo.load,$1)$$(firmo.$1.cd)f=$$(call firmo.quote,$$(@:$1/%=%)); \
	[ -e "$$$$f" ] || f=$$(call firmo.quote,$$@); exec $$(firmo.report) "$$$$f"$$(firmo.words)
endef

# Below firmo-jobs, which has the last word however make ends.
define firmo.rule_of_stamps
$1-stamps: ; +@$$(call firmo.start,$1) $$(firmo.report) --rules=$$(firmo.$1.state)/rules.mk \
	--gather=$$(call firmo.quote,$$(MAKE) --no-print-directory -f $$(call firmo.quote,$$(firmo.$1.makefile)) $$@) $$(firmo.args)
endef

$(eval $(call firmo.rules,$(firmo.suite)))
$(if $(firmo.files),$(eval $(call firmo.rule_of_files,$(firmo.suite))))

ifeq ($(firmo.again),)

$(eval $(call firmo.rule_of_stamps,$(firmo.suite)))

else

# firmo-jobs has just written the rules.
firmo_s := $(firmo.$(firmo.suite).state)/stamps
firmo.made := $(firmo.suite)
# Without exec make needs no shell for it, which takes a good part of its time.
firmo_one = $(call firmo.load,$(firmo.made))$(firmo.program) --no-report --changed --join
firmo_args = $(firmo.words)
include $(firmo.$(firmo.suite).state)/rules.mk
$(firmo.suite)-stamps: $(firmo_stamps) ; @:

endif

# What comes first in your makefile is what make makes.
.DEFAULT_GOAL := $(firmo.goal)
