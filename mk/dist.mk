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

# Built beside the usual build, as Debian builds its own, unless the command line says how.
deb := $(O)/firmo-jobs_$(version)-1_$(shell dpkg --print-architecture 2>/dev/null).deb
debian_flag = $(if $(filter command% environment%,$(origin $1)),,$1="$$(dpkg-buildflags --get $1)")
.PHONY: deb
deb: ## make a Debian package, firmo-jobs_VERSION-1_ARCHITECTURE.deb
	rm -rf $(O)/deb/root
	$(MAKE) O=$(O)/deb/build PREFIX=/usr DESTDIR=$(abspath $(O))/deb/root \
		$(foreach f,CFLAGS CPPFLAGS LDFLAGS,$(call debian_flag,$f)) install
	sh mk/deb.sh $(O)/deb/root $(version) $(deb)
	@echo $(deb)
