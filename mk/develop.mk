# SPDX-License-Identifier: MIT
# For those who change firmo-jobs.

CLANG_FORMAT ?= clang-format
CPPCHECK ?= cppcheck
SHELLCHECK ?= shellcheck

c_files := $(sort $(wildcard src/*/*.[ch] src/*/*/*.[ch] include/*.h tests/unit/*.h tests/unit/*/*.[ch] tests/fuzz/*.[ch] tests/helpers/*.c tests/faults/*.[ch] tests/reuse/*.c))
shell_files := $(wildcard mk/*.sh tests/*.sh tests/reuse/*.sh) .ci/run

.PHONY: lint format compile_commands
lint: ## hold the sources to their style, their layers, their names and one version
	$(CLANG_FORMAT) --dry-run -Werror $(c_files)
	sh mk/layers.sh
	sh mk/names.sh
	sh mk/version.sh
	$(CPPCHECK) --quiet --error-exitcode=1 --std=c11 --enable=warning,portability,performance \
		--suppress=missingIncludeSystem --suppress=normalCheckLevelMaxBranches --inline-suppr \
		-Isrc -Iinclude -D_GNU_SOURCE src
	$(SHELLCHECK) $(shell_files)

format: ## format the sources
	$(CLANG_FORMAT) -i $(c_files)

compile_commands: ## write compile_commands.json for clangd
	@{ echo '['; separator=; for file in $(sources) $(unit_sources); do \
		printf '%s{"directory": "%s", "file": "%s", "command": "%s"}' "$$separator" '$(CURDIR)' \
			"$$file" '$(subst ",\",$(CC) $(filter-out -MMD -MP,$(all_cflags))) -c '"$$file"; \
		separator=', '; done; echo ']'; } > compile_commands.json
