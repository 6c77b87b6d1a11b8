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
#	FIRMO_PREFIX    what all targets begin with [test]
#	FIRMO_STATE     the folder of the history, the rules and the stamps [.firmo-jobs]
#	FIRMO_ROOT      the folder that all these paths start from, and that tests run in [that of the
#	                makefile if make runs below it, else the folder that make runs in]
#	FIRMO_MAKEFILE  the makefile that test-stamps reads once more [the first that make has read]
#
# FIRMO_TESTS, FIRMO_FLAGS and FIRMO_ARGS are words of the shell. A name with a blank goes there in
# quotes; the others take none.

firmo_default_goal := $(.DEFAULT_GOAL)

FIRMO_JOBS ?= firmo-jobs
FIRMO_PREFIX ?= test
FIRMO_STATE ?= .firmo-jobs

# test-stamps has make read the makefile again, in the root, below firmo-jobs.
firmo_again := $(and $(FIRMO_JOBS_GATHER),$(filter $(FIRMO_PREFIX)-stamps,$(MAKECMDGOALS)))
firmo_makefile := $(or $(FIRMO_MAKEFILE),$(firstword $(filter-out $(MAKEFILES),$(MAKEFILE_LIST))))
firmo_home := $(patsubst %/,%,$(abspath $(dir $(firmo_makefile))))
firmo_root := $(if $(firmo_again),.,$(or $(FIRMO_ROOT),$(if $(filter $(firmo_home)/%,$(CURDIR)),$(firmo_home),.)))
firmo_cd := $(if $(filter-out . ./ $(CURDIR),$(firmo_root)),cd '$(firmo_root)' && )
firmo_db := $(if $(filter-out .firmo-jobs,$(FIRMO_STATE)),--db=$(FIRMO_STATE)/history.db)

firmo = $(FIRMO_JOBS) $(FIRMO_FLAGS) $(firmo_db)
firmo_report = $(firmo) $(addprefix --report=,$(FIRMO_REPORTS))
firmo_args = $(if $(FIRMO_ARGS),-- $(FIRMO_ARGS))

# Recipes stand behind their target: the makefile that includes this may have its own idea of what
# the lines of a recipe begin with. exec: a make that is terminated tells its children, not theirs.
.PHONY: $(FIRMO_PREFIX) $(addprefix $(FIRMO_PREFIX)-,changed failed stamps list history report)
$(FIRMO_PREFIX): $(FIRMO_NEEDS) ; +@$(firmo_cd)exec $(firmo_report) $(FIRMO_TESTS) $(firmo_args)
$(FIRMO_PREFIX)-changed: $(FIRMO_NEEDS) ; +@$(firmo_cd)exec $(firmo_report) --changed $(FIRMO_TESTS) $(firmo_args)
$(FIRMO_PREFIX)-failed: $(FIRMO_NEEDS) ; +@$(firmo_cd)exec $(firmo_report) --failed $(FIRMO_TESTS) $(firmo_args)
$(FIRMO_PREFIX)-list: ; +@$(firmo_cd)exec $(firmo) --list $(FIRMO_TESTS) $(firmo_args)
$(FIRMO_PREFIX)-history: ; +@$(firmo_cd)exec $(firmo) --history
$(FIRMO_PREFIX)-report: ; +@$(firmo_cd)exec $(firmo_report) --show

# Only those that are asked for: a pattern would match what is yours. Where the tests lie in a folder
# of the prefix's name, make test/a_test.lua may as well mean that file.
firmo_files := $(filter $(FIRMO_PREFIX)/%,$(MAKECMDGOALS))
.PHONY: $(firmo_files)
$(firmo_files): $(FIRMO_NEEDS) ; +@$(firmo_cd)f='$(subst ','\'',$(@:$(FIRMO_PREFIX)/%=%))'; \
	[ -e "$$f" ] || f='$(subst ','\'',$@)'; exec $(firmo_report) "$$f" $(firmo_args)

ifndef firmo_again

# Below firmo-jobs, which has the last word however make ends. To the tests it is this make, with no
# other option and at no other level: what they read of those counts.
$(FIRMO_PREFIX)-stamps: $(FIRMO_NEEDS) ; +@$(firmo_cd)exec env MAKELEVEL=$(MAKELEVEL) $(firmo_report) --gather="$(MAKE) \
	-f '$(if $(firmo_cd),$(abspath $(firmo_makefile)),$(firmo_makefile))' $@" $(FIRMO_TESTS) $(firmo_args)

else

firmo_s := $(FIRMO_STATE)/stamps
firmo_one = exec $(firmo) --changed

# The rules are asked for every time, but where they were new and make has begun anew for that.
.PHONY: firmo_always
include $(FIRMO_STATE)/rules.mk
$(FIRMO_STATE)/rules.mk: $(if $(MAKE_RESTARTS),,firmo_always) ; +@exec $(firmo) --rules=$@ $(FIRMO_TESTS) $(firmo_args)
$(FIRMO_PREFIX)-stamps: $(firmo_stamps) ; @:

endif

# What comes first in your makefile is what make makes.
.DEFAULT_GOAL := $(firmo_default_goal)
