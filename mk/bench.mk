# SPDX-License-Identifier: MIT

.PHONY: bench
bench: $(runnable) ## time it against xargs, make, prove and ctest, in one run
	+@FIRMO_JOBS='$(abspath $(program))' sh tests/bench.sh
