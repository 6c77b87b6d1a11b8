# SPDX-License-Identifier: MIT
# What is handed to others: the sources as a tarball, and packages of the program.

# See mk/version.sh.
version := $(shell sed -n 's/^\#define FIRMO_JOBS_VERSION "\(.*\)"$$/\1/p' include/firmo-jobs.h)
tarball := $(O)/firmo-jobs-$(version).tar.gz

.PHONY: dist
# Of one commit git makes the same tarball, byte by byte.
dist: ## pack the sources that are committed, firmo-jobs-VERSION.tar.gz
	@mkdir -p $(O)
	@git diff --quiet HEAD -- 2>/dev/null || ! git rev-parse -q --verify HEAD >/dev/null || \
		echo 'dist: what is not committed is not in it' >&2
	git archive --format=tar.gz --prefix=firmo-jobs-$(version)/ -o $(tarball) HEAD
	@echo $(tarball)
