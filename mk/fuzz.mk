# SPDX-License-Identifier: MIT
# Harnesses (tests/fuzz): whatever a worker, a file or a command line may hold. With clang's libFuzzer
# they search by themselves; what is kept in tests/fuzz/seeds is run in every check.

FUZZ_SECONDS ?= 60
FUZZ_CC ?= clang
fuzz_names := $(patsubst tests/fuzz/%.c,%,$(filter-out %/replay.c,$(sort $(wildcard tests/fuzz/*.c))))
replay_programs := $(fuzz_names:%=$(O)/tests/fuzz/%_replay)
fuzz_programs := $(fuzz_names:%=$(O)/fuzz/%)
fuzz_flags := -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer
fuzz_cflags = -std=c11 -D_GNU_SOURCE -Isrc -Iinclude -Itests/fuzz -MMD -MP $(pkg_cflags) -O1 -g $(fuzz_flags) \
	-DTRACE_FOLDER='""' -DMK_FOLDER='""' -DLUA_FOLDER='""'

.PHONY: fuzz $(fuzz_names:%=fuzz-%)
fuzz: $(fuzz_names:%=fuzz-%) ## search for faults with libFuzzer, each harness for FUZZ_SECONDS

# What is found on the way is kept in the build folder; a crash leaves its input there, and belongs into the seeds.
$(fuzz_names:%=fuzz-%): fuzz-%: $(O)/fuzz/%
	@mkdir -p $(O)/fuzz/found/$*
	ASAN_OPTIONS=detect_leaks=1 $(O)/fuzz/$* -max_total_time=$(FUZZ_SECONDS) -timeout=10 -rss_limit_mb=2048 \
		-max_len=65536 -print_final_stats=1 -artifact_prefix=$(O)/fuzz/$*- $(O)/fuzz/found/$* tests/fuzz/seeds/$* \
		2>$(O)/fuzz/$*.log || { tail -40 $(O)/fuzz/$*.log; exit 1; }
	@printf '%-14s %s executions, nothing found\n' '$*' \
		"$$(sed -n 's/^stat::number_of_executed_units: *//p' $(O)/fuzz/$*.log)"

$(O)/fuzz/obj/%.o: %.c
	@mkdir -p $(@D)
	$(FUZZ_CC) $(fuzz_cflags) -c -o $@ $<

$(O)/fuzz/objects.a: $(patsubst $(O)/%,$(O)/fuzz/obj/%,$(program_objects))
	rm -f $@
	ar rcs $@ $^

$(fuzz_programs): $(O)/fuzz/%: $(O)/fuzz/obj/tests/fuzz/%.o $(O)/fuzz/objects.a
	$(FUZZ_CC) -fsanitize=fuzzer,address,undefined -o $@ $^ $(all_libs)

$(O)/tests/fuzz/%.o: all_cflags += -Itests/fuzz

$(replay_programs): $(O)/tests/fuzz/%_replay: $(O)/tests/fuzz/%.o $(O)/tests/fuzz/replay.o $(O)/objects.a
	$(CC) $(san_flags) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(all_libs)

.PRECIOUS: $(O)/tests/fuzz/%.o $(O)/fuzz/obj/%.o
-include $(fuzz_names:%=$(O)/tests/fuzz/%.d) $(O)/tests/fuzz/replay.d $(wildcard $(O)/fuzz/obj/*/*/*.d)

# Under sanitizers, whatever SAN says: GNUmakefile.
.PHONY: hostile
hostile: $(runnable) ## read HOSTILE=500 damaged histories in all modes, under sanitizers
	+@$(test_environment) /usr/bin/python3 tests/hostile.py
