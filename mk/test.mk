# SPDX-License-Identifier: MIT
# Unit tests with cmocka (tests/unit), the whole program with bats (tests/e2e).

unit_sources := $(sort $(wildcard tests/unit/*/*_test.c))
unit_programs := $(unit_sources:%.c=$(O)/%)
helper_sources := $(filter-out $(if $(glibc),,%/traced.c),$(sort $(wildcard tests/helpers/*.c)))
helper_programs := $(helper_sources:%.c=$(O)/%)
# The children that the prover of reuse starts, and libraries for them that differ in one word.
reuse := $(O)/tests/reuse
# What makes allocations fail in the program under test.
faults_library := $(if $(glibc),$(O)/tests/faults/memory.so)
reuse_programs := $(addprefix $(reuse)/,look look-past look-static ask look.mk new/libanswer.so)
e2e_files := $(sort $(wildcard tests/e2e/*.bats))

# What the tests find in their environment.
test_environment = FIRMO_JOBS='$(abspath $(program))' HELPERS='$(abspath $(O))/tests/helpers' SAN='$(SAN)' \
	TRACE_LIBRARY='$(if $(trace_library),$(abspath $(trace_library)))' REUSE='$(abspath $(reuse))' \
	CC='$(CC)' CFLAGS='$(CFLAGS)'

.PHONY: check test tests check-firmo quickstart
.SECONDEXPANSION:
tests: $(runnable) $(unit_programs) $(helper_programs) $(faults_library) $(reuse_programs) $$(replay_programs) ## build what check runs

check: tests ## build and run all tests; check-NAME: one file of them
	+@$(test_environment) sh tests/run.sh $(unit_programs) $(replay_programs) $(e2e_files)

test: check ## the same

# The seeds of the harnesses alone; make fuzz searches for more.
check-replay: $$(replay_programs)
	+@sh tests/run.sh $^

# make check-makeflags, make check-run: tests/unit/jobserver/makeflags_test.c, tests/e2e/run.bats
# In the names of what is built first, make would take a percent sign for NAME.
any := %
check-%: $(runnable) $(helper_programs) $(faults_library) $(reuse_programs) $$(filter $$(any)/$$*_test,$(unit_programs))
	+@$(test_environment) sh tests/run.sh \
		$(filter %/$*_test,$(unit_programs)) $(filter %/$*.bats,$(e2e_files))

check-firmo: $(runnable) ## run Firmo's own suite: make check-firmo FIRMO=its/checkout
	+@$(test_environment) sh tests/firmo.sh '$(FIRMO)'

.PHONY: check-bare
check-bare: ## run quickstart and check in a bare Debian that is made for it, as root
	+@sh mk/check-bare.sh '$(abspath $(O))'

.PHONY: soak
soak: $(runnable) ## 300 runs under make, half of them killed: two minutes, or SOAK_SECONDS=n; MAKES='make make-4.4'
	+@$(test_environment) SOAK_SECONDS='$(SOAK_SECONDS)' MAKES='$(MAKES)' bash tests/soak.sh

$(O)/tests/faults/memory.so: tests/faults/memory.c tests/faults/start.h
	@mkdir -p $(@D)
	$(CC) -std=c11 $(warnings) -O2 -fPIC -shared -o $@ $<

$(O)/tests/helpers/fault: tests/faults/start.h

.PHONY: faults
faults: $(runnable) $(helper_programs) $(faults_library) ## let COUNT=1000 calls fail, one a run; SEED=n
	+@$(test_environment) COUNT='$(COUNT)' SEED='$(SEED)' /usr/bin/python3 tests/faults.py

$(reuse)/look: tests/reuse/look.c
	@mkdir -p $(@D)
	$(CC) -std=c11 $(warnings) -O2 -o $@ $<
$(reuse)/look-past: tests/reuse/look.c
	@mkdir -p $(@D)
	$(CC) -std=c11 -w -O2 -DPAST_LIBRARIES -o $@ $<
# Not everywhere is there a library to link to statically: then there is no such child.
$(reuse)/look-static: tests/reuse/look.c
	@mkdir -p $(@D)
	$(CC) -std=c11 -w -O2 -static -o $@ $< 2>/dev/null || { rm -f $@; echo 'no static programs here'; }
$(reuse)/old/libanswer.so $(reuse)/new/libanswer.so: $(reuse)/%/libanswer.so: tests/reuse/answer.c
	@mkdir -p $(@D)
	$(CC) -std=c11 -O2 -fPIC -shared -DANSWER='"$*"' -o $@ $<
$(reuse)/ask: tests/reuse/ask.c $(reuse)/old/libanswer.so
	$(CC) -std=c11 -O2 -o $@ $< -L$(reuse)/old -lanswer -Wl,-rpath,'$$ORIGIN/first:$$ORIGIN/second',--enable-new-dtags
$(reuse)/look.mk: tests/reuse/look.mk
	@mkdir -p $(@D)
	cp $< $@

.PHONY: check-reuse
# Steps are numbered: SEED is the first, COUNT how many, KINDS which (all, or some of tests/reuse/kinds.lua).
check-reuse: $(runnable) $(reuse_programs) ## try to prove --changed wrong: SEED=n COUNT=n KINDS=..
	+@$(test_environment) lua5.4 tests/reuse/prove.lua '$(or $(SEED),$(shell date +%s))' '$(or $(COUNT),300)' $(KINDS)

quickstart: $(runnable) ## build, then run examples/quickstart under make -j8
	PATH="$(abspath $(O)):$$PATH" MAKEFLAGS= MFLAGS= $(MAKE) -C examples/quickstart --no-print-directory -j8 test

# Each program is linked with what it uses of this, which takes a fraction of the time.
$(O)/objects.a: $(program_objects)
	rm -f $@
	ar rcs $@ $^

$(unit_programs): $(O)/%: $(O)/%.o $(O)/objects.a
	$(CC) $(san_flags) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(all_libs) -lcmocka

# It writes a store, so it is made of what the program is made of.
$(O)/tests/helpers/history: $(O)/%: $(O)/%.o $(O)/objects.a
	$(CC) $(san_flags) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(all_libs)

$(filter-out %/history,$(helper_programs)): $(O)/%: %.c
	@mkdir -p $(@D)
	$(CC) -std=c11 -Isrc $(warnings) $(CFLAGS) -o $@ $< -pthread

$(O)/tests/helpers/traced: src/trace/preload/record.h

-include $(unit_programs:=.d) $(O)/tests/helpers/history.d
