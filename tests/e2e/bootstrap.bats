#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# mk/bootstrap.sh, with stand-ins for make and the package managers: nothing is installed here.

load common

setup() {
	setup_project
	mkdir mk bin
	cp "$BATS_TEST_DIRNAME/../../mk/bootstrap.sh" mk
	for tool in sh dirname nproc tr sort id env cat; do
		ln -s "$(command -v $tool)" "bin/$tool"
	done
	# Whatever asks for a need finds it.
	stub pkg-config ""
	stub cc ""
}

# stub NAME LINE...: bin/NAME writes down how it was called, and does the lines.
stub() {
	printf '%s\n' '#!/bin/sh' 'echo "${0##*/} $*" >>"'"$PWD"'/calls"' "${@:2}" >"bin/$1"
	chmod +x "bin/$1"
}

bootstrap() {
	run --separate-stderr env -i PATH="$PWD/bin" HOME="$PWD" "$@" sh mk/bootstrap.sh "${WORDS[@]}"
}

called() {
	grep -qxF -- "$1" calls || fail "was not called: $1 (but: $(cat calls))"
}

@test "bootstrap: without a target it shows its usage and does nothing" {
	stub make
	stub apt-get
	WORDS=()
	bootstrap
	status_is 2
	[[ $stderr == "usage: sh mk/bootstrap.sh TARGET..."* ]]
	is "$output" ""
	WORDS=(SAN=address -k)
	bootstrap
	status_is 2
	WORDS=(--help)
	bootstrap
	status_is 0
	has "usage: sh mk/bootstrap.sh"
	refute test -e calls
}

@test "bootstrap: with everything there it runs make at once, where the makefile is" {
	stub make "pwd >where"
	for manager in apt-get dnf apk pacman zypper sudo; do
		stub $manager "exit 1"
	done
	WORDS=(all O=elsewhere -k)
	bootstrap
	status_is 0
	called "make -j$(nproc) all O=elsewhere -k"
	is "$(cat where)" "$PWD"
	refute grep -q -e apt-get -e sudo -e dnf calls
	# From anywhere.
	rm where calls
	mkdir deep
	(cd deep && env -i PATH="$E2E_PROJECT/bin" sh ../mk/bootstrap.sh all)
	is "$(cat where)" "$PWD"
}

@test "bootstrap: make's status is its own" {
	stub make "exit 7"
	WORDS=(all)
	bootstrap
	status_is 7
}

@test "bootstrap: without a package manager it names what is missing and ends with 1" {
	rm bin/pkg-config bin/cc
	WORDS=(check)
	bootstrap
	status_is 1
	for need in make cc json-c sqlite3 libxxhash lua5.4 busted luaunit cmocka bats lua5.1 luajit git xmllint chromium chromedriver; do
		[[ $stderr == *" $need"* ]] || fail "$need is not named"
	done
	[[ $stderr == *"libcmocka-dev"* ]] || fail "Debian's names are not given"
	# A module may have another name elsewhere.
	stub pkg-config '[ "$2" = lua-5.4 ]'
	bootstrap
	[[ $stderr == *" cmocka"* && $stderr != *liblua5.4-dev* ]] || fail "lua-5.4 is not taken"
	rm bin/pkg-config calls
	# A target that needs less asks for less.
	WORDS=(all)
	bootstrap
	status_is 1
	[[ $stderr == *" make"* ]]
	[[ $stderr != *cmocka* ]]
	WORDS=(check-bare)
	bootstrap
	status_is 1
	[[ $stderr == *" git debootstrap;"* && $stderr != *cmocka* ]] || fail "check-bare takes something else"
	refute test -e calls
}

@test "bootstrap: what is missing is installed, and only that" {
	stub apt-get 'case $1 in install) printf "#!/bin/sh\necho made\n" >"'"$PWD"'/bin/make"' \
		'chmod +x "'"$PWD"'/bin/make" ;; esac'
	stub sudo 'exec "$@"'
	ln -s "$(command -v chmod)" bin/chmod
	WORDS=(all)
	bootstrap
	status_is 0
	called "apt-get update -qq"
	[[ $(grep '^apt-get install' calls) == *"--no-install-recommends make" ]]
	[[ $output == *"missing: make"*made ]]
}

@test "bootstrap: a package that cannot be installed is an error" {
	stub apt-get 'case $1 in install) exit 100 ;; esac'
	stub sudo 'exec "$@"'
	WORDS=(all)
	bootstrap
	status_is 1
	[[ $stderr == *"could not install: make"* ]]
}
