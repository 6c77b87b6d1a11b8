# SPDX-License-Identifier: MIT

PREFIX ?= /usr/local
BINDIR ?= $(PREFIX)/bin
INCLUDEDIR ?= $(PREFIX)/include
LIBDIR ?= $(PREFIX)/lib
DATADIR ?= $(PREFIX)/share
MANDIR ?= $(DATADIR)/man
INSTALL ?= install
# Where Lua itself looks for modules; empty: they are in DATADIR alone, see --print-lua-path.
LUADIR ?=

# A shell and where it looks for completions. One that was built for another machine cannot print them, nor the schema.
completions := bash:bash-completion/completions/firmo-jobs zsh:zsh/site-functions/_firmo-jobs \
	fish:fish/vendor_completions.d/firmo-jobs.fish
completion_files = $(foreach c,$(completions),$(DATADIR)/$(lastword $(subst :, ,$c)))
define newline


endef
define install_completion
	if $(program) --print-completion=$(firstword $(subst :, ,$1)) >$(O)/completion 2>/dev/null; then \
		$(INSTALL) -D -m 644 $(O)/completion $(DESTDIR)$(DATADIR)/$(lastword $(subst :, ,$1)); fi
endef

.PHONY: install uninstall
install: all ## install below DESTDIR/PREFIX
	$(INSTALL) -d $(DESTDIR)$(BINDIR) $(DESTDIR)$(INCLUDEDIR) $(DESTDIR)$(LIBDIR)/firmo-jobs \
		$(DESTDIR)$(DATADIR)/firmo-jobs $(DESTDIR)$(MANDIR)/man1
	$(INSTALL) -m 755 $(program) $(DESTDIR)$(BINDIR)/firmo-jobs
	$(INSTALL) -m 644 include/firmo-jobs.h $(DESTDIR)$(INCLUDEDIR)/firmo-jobs.h
	$(INSTALL) -m 644 $(archive) $(DESTDIR)$(LIBDIR)/libfirmo-jobs.a
	$(INSTALL) -m 644 $(libraries) $(DESTDIR)$(LIBDIR)/firmo-jobs
	$(INSTALL) -m 644 $(manual) $(DESTDIR)$(MANDIR)/man1/firmo-jobs.1
	$(INSTALL) -m 644 mk/firmo-jobs.mk $(DESTDIR)$(DATADIR)/firmo-jobs/firmo-jobs.mk
	for file in $(lua_sources); do \
		$(INSTALL) -D -m 644 src/lua/$$file $(DESTDIR)$(DATADIR)/lua/firmo-jobs/$$file || exit; done
	if $(program) --print-schema >$(O)/schema 2>/dev/null; then \
		$(INSTALL) -m 644 $(O)/schema $(DESTDIR)$(DATADIR)/firmo-jobs/firmo-jobs.schema.json; fi
	$(if $(LUADIR),for file in $(filter firmo-jobs%,$(lua_sources)); do \
		$(INSTALL) -D -m 644 src/lua/$$file $(DESTDIR)$(LUADIR)/$$file || exit; done)
	$(foreach c,$(completions),$(call install_completion,$c)$(newline))

uninstall: ## remove what install put there
	rm -f $(DESTDIR)$(BINDIR)/firmo-jobs $(DESTDIR)$(INCLUDEDIR)/firmo-jobs.h \
		$(DESTDIR)$(LIBDIR)/libfirmo-jobs.a $(DESTDIR)$(MANDIR)/man1/firmo-jobs.1 \
		$(addprefix $(DESTDIR)$(LIBDIR)/firmo-jobs/,$(notdir $(libraries))) $(DESTDIR)$(DATADIR)/firmo-jobs/firmo-jobs.mk \
		$(addprefix $(DESTDIR)$(DATADIR)/lua/firmo-jobs/,$(lua_sources)) \
		$(if $(LUADIR),$(addprefix $(DESTDIR)$(LUADIR)/,$(filter firmo-jobs%,$(lua_sources)))) \
		$(DESTDIR)$(DATADIR)/firmo-jobs/firmo-jobs.schema.json $(addprefix $(DESTDIR),$(completion_files))
	cd $(DESTDIR)$(DATADIR)/lua 2>/dev/null && find firmo-jobs -depth -type d -exec rmdir '{}' + 2>/dev/null || :
	rmdir $(DESTDIR)$(LIBDIR)/firmo-jobs $(DESTDIR)$(DATADIR)/firmo-jobs 2>/dev/null || :
