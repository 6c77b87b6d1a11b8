# SPDX-License-Identifier: MIT

.PHONY: bench
bench: $(runnable) $(O)/tests/helpers/history ## time it against xargs, make, prove and ctest, in one run
	+@FIRMO_JOBS='$(abspath $(program))' HELPERS='$(abspath $(O))/tests/helpers' sh tests/bench.sh
