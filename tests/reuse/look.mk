# SPDX-License-Identifier: MIT
# make as a child that looks at the path P, for the prover of reuse.
content: ; $(info $(file <$(P)))@:
exists: ; $(info $(if $(wildcard $(P)),yes,no))@:
list: ; $(info $(sort $(notdir $(wildcard $(P)/*))))@:
module: ; @cat $(P) | tr -d "'" | sed 's/return //'
