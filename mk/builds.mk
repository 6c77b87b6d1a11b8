# SPDX-License-Identifier: MIT
# Every compiler at every level of optimisation sees other mistakes: none may warn. Where it can be
# compiled for 32 bits, that as well.

builds := $(foreach cc,gcc clang,$(foreach level,0 1 2 3,$(cc)-O$(level))) gcc-m32

.PHONY: check-builds $(builds:%=builds-%)
check-builds: $(builds:%=builds-%) ## build with gcc and clang, -O0 to -O3, and for 32 bits, without a warning

$(builds:%=builds-%): builds-%:
	@command -v $(firstword $(subst -, ,$*)) >/dev/null || { echo '$*: no such compiler here'; exit 0; }; \
	$(if $(filter gcc-m32,$*),echo 'int main(void) { return 0; }' | gcc -m32 -x c -o /dev/null - 2>/dev/null || \
		{ echo '$*: nothing to compile it with here'; exit 0; };) \
	$(MAKE) -s SAN= O=$(O)/builds/$* CC='$(firstword $(subst -, ,$*))' \
		CFLAGS='-g -Werror $(if $(filter gcc-m32,$*),-m32 -O2 -D_FILE_OFFSET_BITS=64,$(lastword $(subst -, -,$*)))' \
		builds-objects && echo '$*: no warning'

# What is built of it: for 32 bits there may be no libraries to link with.
builds-objects: $(objects) $(trace_objects) $(coverage_objects) $(unit_programs:=.o)
