# SPDX-License-Identifier: MIT

PREFIX ?= /usr/local
BINDIR ?= $(PREFIX)/bin
INCLUDEDIR ?= $(PREFIX)/include
LIBDIR ?= $(PREFIX)/lib
DATADIR ?= $(PREFIX)/share
MANDIR ?= $(DATADIR)/man
INSTALL ?= install

.PHONY: install uninstall
install: all ## install below DESTDIR/PREFIX
	$(INSTALL) -d $(DESTDIR)$(BINDIR) $(DESTDIR)$(INCLUDEDIR) $(DESTDIR)$(LIBDIR)/firmo-jobs \
		$(DESTDIR)$(DATADIR)/firmo-jobs $(DESTDIR)$(MANDIR)/man1
	$(INSTALL) -m 755 $(program) $(DESTDIR)$(BINDIR)/firmo-jobs
	$(INSTALL) -m 644 include/firmo-jobs.h $(DESTDIR)$(INCLUDEDIR)/firmo-jobs.h
	$(INSTALL) -m 644 $(archive) $(DESTDIR)$(LIBDIR)/libfirmo-jobs.a
	$(if $(trace_library),$(INSTALL) -m 644 $(trace_library) $(DESTDIR)$(LIBDIR)/firmo-jobs)
	$(INSTALL) -m 644 src/cli/firmo-jobs.1 $(DESTDIR)$(MANDIR)/man1/firmo-jobs.1
	$(INSTALL) -m 644 mk/firmo-jobs.mk $(DESTDIR)$(DATADIR)/firmo-jobs/firmo-jobs.mk

uninstall: ## remove what install put there
	rm -f $(DESTDIR)$(BINDIR)/firmo-jobs $(DESTDIR)$(INCLUDEDIR)/firmo-jobs.h \
		$(DESTDIR)$(LIBDIR)/libfirmo-jobs.a $(DESTDIR)$(MANDIR)/man1/firmo-jobs.1 \
		$(DESTDIR)$(LIBDIR)/firmo-jobs/firmo-jobs-trace.so $(DESTDIR)$(DATADIR)/firmo-jobs/firmo-jobs.mk
	rmdir $(DESTDIR)$(LIBDIR)/firmo-jobs $(DESTDIR)$(DATADIR)/firmo-jobs 2>/dev/null || :
