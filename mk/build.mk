# SPDX-License-Identifier: MIT
# The program and the library it is written on.

CC ?= cc
CFLAGS ?= -O2 -g
PKG_CONFIG ?= pkg-config
PACKAGES := json-c sqlite3 libxxhash

ifeq ($(origin CC),default)
CC := cc
endif

pkg_cflags := $(shell $(PKG_CONFIG) --cflags $(PACKAGES) 2>/dev/null)
pkg_libs := $(shell $(PKG_CONFIG) --libs $(PACKAGES) 2>/dev/null || echo -ljson-c -lsqlite3 -lxxhash)
warnings := -Wall -Wextra -Wno-unused-parameter -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wwrite-strings -Wvla -Wundef
san_flags := $(if $(SAN),-fsanitize=$(SAN) -fno-omit-frame-pointer -fno-sanitize-recover=undefined)
# The tests start the program thousands of times: without libraries of their own, at a fixed place, sanitizers take
# 40 % less to start and to look for leaks. A compiler need not have them as archives.
san_archives := -static-libasan -static-libubsan -no-pie
san_static = $(if $(SAN),$(shell echo 'int main(void) { return 0; }' | \
	$(CC) $(san_flags) -Werror $(san_archives) -x c -o /dev/null - 2>/dev/null && echo '$(san_archives)'))

all_cflags = -std=c11 -D_GNU_SOURCE -Isrc -Iinclude -MMD -MP $(warnings) $(pkg_cflags) $(san_flags) \
	$(CPPFLAGS) $(CFLAGS)
all_libs = $(pkg_libs) -lm $(LIBS)

sources := $(sort $(wildcard src/*/*.c) $(wildcard src/report/html/*.c))
objects := $(sources:%.c=$(O)/%.o)
main_object := $(O)/src/cli/main.o
program_objects := $(filter-out $(main_object),$(objects))
program := $(O)/firmo-jobs
archive := $(O)/libfirmo-jobs.a
manual := $(O)/firmo-jobs.1

# What is preloaded into workers; with another libc than glibc, and for 32 bits, there is none. It
# lives in other programs: no sanitizer, none of libc's functions under another name, no check left
# out because a header swears that a pointer is not NULL, and calls in the last place are jumps
# (dlopen looks at where it was called from).
target := $(shell printf '\43include <features.h>\n' | $(CC) $(CFLAGS) -dM -E -x c - 2>/dev/null)
glibc := $(filter __GLIBC__,$(target))
trace_library := $(if $(and $(glibc),$(filter __LP64__,$(target))),$(O)/firmo-jobs-trace.so)
# What counts the lines that workers run, loaded by the interpreter itself: no sanitizer either.
coverage_library := $(O)/firmo-jobs-coverage.so
coverage_objects := $(patsubst %.c,$(O)/%.o,$(sort $(wildcard src/coverage/hook/*.c)))
coverage_cflags = $(filter-out $(san_flags),$(all_cflags)) -O2 -fPIC -fvisibility=hidden
libraries := $(trace_library) $(coverage_library)
# The module for Lua, and what stands in for Firmo's own, where programs that are built look for it.
lua_sources := $(shell cd src/lua && find . -name '*.lua' | sed 's|^\./||' | sort)
lua_files := $(lua_sources:%=$(O)/lua/%)
# The program with all that it looks for beside itself, and its manual.
runnable := $(program) $(libraries) $(O)/firmo-jobs.mk $(manual) $(lua_files)
trace_objects := $(if $(trace_library),$(patsubst %.c,$(O)/%.o,$(sort $(wildcard src/trace/preload/*.c))))
# Its own system calls are not to be taken over: syscall() means the next function there.
trace_cflags = -Dsyscall=calls_kernel $(filter-out $(san_flags),$(all_cflags)) -O2 -fPIC -fvisibility=hidden \
	-fno-delete-null-pointer-checks -U_FORTIFY_SOURCE -U_FILE_OFFSET_BITS -U_TIME_BITS
trace_ldflags := -shared -nostartfiles -Wl,-Bsymbolic,-z,defs,-z,noseparate-code,-z,norelro

.PHONY: all clean
all: $(archive) $(runnable) ## build the program, the library and what comes with them

$(program): $(main_object) $(program_objects)
	$(CC) $(san_flags) $(san_static) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(all_libs)

# One object whose only symbols are those of include/firmo-jobs.h: nothing else can clash.
$(archive): $(program_objects)
	$(LD) -r -o $(O)/libfirmo-jobs.o $^
	objcopy -w --keep-global-symbol='firmo_jobs_*' $(O)/libfirmo-jobs.o
	rm -f $@
	$(AR) rcs $@ $(O)/libfirmo-jobs.o

$(O)/firmo-jobs-trace.so: $(trace_objects)
	$(CC) $(CFLAGS) $(LDFLAGS) $(trace_ldflags) -o $@ $^

$(trace_objects): private all_cflags := $(trace_cflags)

$(coverage_library): $(coverage_objects)
	$(CC) $(CFLAGS) $(LDFLAGS) -shared -Wl,-z,defs -o $@ $^ -ldl -lpthread

$(coverage_objects): private all_cflags := $(coverage_cflags)

# Where --print-mk looks first.
$(O)/firmo-jobs.mk: mk/firmo-jobs.mk
	@mkdir -p $(@D)
	cp $< $@

$(O)/lua/%.lua: src/lua/%.lua
	@mkdir -p $(@D)
	cp $< $@

# Its table of options is made of their rows.
$(manual): src/cli/firmo-jobs.1 mk/manual.awk src/cli/options.c $(O)/flags
	$(CC) $(all_cflags) -MT $@ -MF $(O)/options.d -E -P src/cli/options.c >$(O)/options.i
	awk -f mk/manual.awk $(O)/options.i $< >$@

# The flags of the build are a prerequisite: other CFLAGS make other objects.
$(O)/%.o: %.c $(O)/flags
	@mkdir -p $(@D)
	$(CC) $(all_cflags) $(place_flags) -c -o $@ $<

$(O)/flags: .FORCE
	@mkdir -p $(@D)
	@echo '$(CC) $(all_cflags) $(trace_cflags)' | cmp -s - $@ || echo '$(CC) $(all_cflags) $(trace_cflags)' > $@

.PHONY: .FORCE
.FORCE:

# What base/embed.h makes part of the program.
$(O)/src/framework/shim.o $(O)/src/framework/busted.o $(O)/src/framework/luacov.o $(O)/src/cli/unloaded.o $(O)/src/cli/covering.o: $(wildcard src/framework/lua/*.lua)
$(O)/src/cli/print_schema.o: $(wildcard src/report/*.schema.json)
$(O)/src/report/html/page.o: $(wildcard src/report/html/page.*)

# What knows where files are installed that come with the program. Another PREFIX makes only that anew.
placed := $(addprefix $(O)/src/cli/,context.o covering.o print_mk.o print_lua_path.o version.o)
$(placed): private place_flags = \
	-DTRACE_FOLDER='"$(LIBDIR)/firmo-jobs"' -DMK_FOLDER='"$(DATADIR)/firmo-jobs"' \
	-DLUA_FOLDER='"$(DATADIR)/lua/firmo-jobs"'
$(placed): $(O)/places

$(O)/places: .FORCE
	@mkdir -p $(@D)
	@echo '$(LIBDIR) $(DATADIR)' | cmp -s - $@ || echo '$(LIBDIR) $(DATADIR)' > $@

clean: ## remove what was built
	rm -rf $(O)

-include $(objects:.o=.d) $(trace_objects:.o=.d) $(coverage_objects:.o=.d) $(O)/options.d
