#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Installs what is missing for the given make targets, and only that, then runs make with them.
# Nothing missing: nothing is installed, and nobody is asked for a password.
set -eu

usage() {
	cat <<'EOF'
usage: sh mk/bootstrap.sh TARGET... [VARIABLE=VALUE...]

Installs what is missing to make the targets, through apt-get, dnf, apk, pacman or zypper, then
runs `make TARGET...`. Words with `=` or a leading `-` are handed on to make.

    sh mk/bootstrap.sh quickstart       build, then run examples/quickstart
    sh mk/bootstrap.sh check            build, then run all tests
    sh mk/bootstrap.sh check SAN=address,undefined
    sh mk/bootstrap.sh check-bare       both, in a bare Debian made for it
EOF
}

# One row a need. GROUP says which targets have it (groups_of); TEST is how to see that it is there:
# cmd:PROGRAM[|PROGRAM...], hdr:HEADER, pkg:MODULE[|MODULE...] of pkg-config, lua:VERSION, mod:LUA-MODULE,
# py:PYTHON-MODULE or cc:COMPILER-FLAG. Then the package in each distribution, `,` between several, `-` for none;
# then how to come by it where there is none.
NEEDS='
# GROUP     TEST                  apt-get        dnf                       apk              pacman       zypper         BY-HAND
build       cmd:make              make           make                      make             make         make           https://www.gnu.org/software/make
build       cmd:cc                gcc            gcc                       gcc              gcc          gcc            https://gcc.gnu.org
build       hdr:stdio.h           libc6-dev      glibc-devel               musl-dev         glibc        glibc-devel    the headers of the C library
build       hdr:linux/types.h     linux-libc-dev kernel-headers            linux-headers    linux-api-headers linux-glibc-devel the headers of the kernel
build       cmd:pkg-config        pkg-config     pkgconf-pkg-config        pkgconf          pkgconf      pkg-config     https://github.com/pkgconf/pkgconf
build       pkg:json-c            libjson-c-dev  json-c-devel              json-c-dev       json-c       libjson-c-devel https://github.com/json-c/json-c
build       pkg:sqlite3           libsqlite3-dev sqlite-devel              sqlite-dev       sqlite       sqlite3-devel  https://sqlite.org
build       pkg:libxxhash         libxxhash-dev  xxhash-devel              xxhash-dev       xxhash       xxhash-devel   https://github.com/Cyan4973/xxHash
sanitizers  cc:-fsanitize         gcc            libasan,libubsan          -                gcc          gcc            a compiler with its sanitizers
lua         lua:5.4               lua5.4         lua                       lua5.4           lua          lua54          https://www.lua.org
frameworks  cmd:busted|busted-5.4 lua-busted     -                         lua5.4-busted    busted       lua54-busted   luarocks install busted
frameworks  mod:luaunit           lua-unit       -                         -                -            -              luarocks install luaunit
git         cmd:git               git            git                       git              git          git            https://git-scm.com
bare        cmd:debootstrap       debootstrap    debootstrap               debootstrap      debootstrap  debootstrap    https://wiki.debian.org/Debootstrap
deb         cmd:dpkg-shlibdeps    dpkg-dev       dpkg-dev                  dpkg-dev         dpkg         dpkg           https://wiki.debian.org/dpkg
tests       pkg:cmocka            libcmocka-dev  libcmocka-devel           cmocka-dev       cmocka       libcmocka-devel https://cmocka.org
tests       cmd:bats              bats           bats                      bats             bats         bats           https://github.com/bats-core/bats-core
tests       lua:5.1               lua5.1         compat-lua                lua5.1           lua51        lua51          https://www.lua.org
tests       lua:5.3               lua5.3         -                         lua5.3           lua53        lua53          https://www.lua.org
tests       cmd:luajit            luajit         luajit                    luajit           luajit       luajit         https://luajit.org
tests       pkg:lua5.4|lua-5.4|lua liblua5.4-dev lua-devel                lua5.4-dev       lua          lua54-devel    https://www.lua.org
tests       cmd:sqlite3           sqlite3        sqlite                    sqlite           sqlite       sqlite3        https://sqlite.org
tests       cmd:xmllint           libxml2-utils  libxml2                   libxml2-utils    libxml2      libxml2-tools  https://gitlab.gnome.org/GNOME/libxml2
tests       cmd:curl              curl           curl                      curl             curl         curl           https://curl.se
tests       cmd:chromium|chromium-browser chromium chromium                chromium         chromium     chromium       https://www.chromium.org
tests       cmd:chromedriver      chromium-driver chromedriver             chromium-chromedriver chromium chromedriver  https://developer.chrome.com/docs/chromedriver
tests       py:jsonschema         python3-jsonschema python3-jsonschema    py3-jsonschema   python-jsonschema python3-jsonschema https://github.com/python-jsonschema/jsonschema
tests       py:yaml               python3-yaml   python3-pyyaml            py3-yaml         python-yaml  python3-PyYAML https://pyyaml.org
tests       cmd:prove             perl           perl-Test-Harness         perl-utils       perl         perl           https://metacpan.org/dist/Test-Harness
tests       cmd:pgrep             procps         procps-ng                 procps           procps-ng    procps         https://gitlab.com/procps-ng/procps
tests       cmd:script            bsdutils       /usr/bin/script           util-linux-misc  util-linux   util-linux     https://github.com/util-linux/util-linux
tests       cmd:unshare           util-linux     util-linux                util-linux-misc  util-linux   util-linux     https://github.com/util-linux/util-linux
tests       cmd:tmux              tmux           tmux                      tmux             tmux         tmux           https://github.com/tmux/tmux
tests       cmd:musl-gcc          musl-tools     musl-gcc                  -                musl         -              https://musl.libc.org
tests       cmd:time              time           time                      -                time         time           https://www.gnu.org/software/time
bench       cmd:xargs             findutils      findutils                 findutils        findutils    findutils      https://www.gnu.org/software/findutils
bench       cmd:hyperfine         hyperfine      hyperfine                 hyperfine        hyperfine    hyperfine      https://github.com/sharkdp/hyperfine
hostile     py:sqlite3            python3        python3                   python3          python       python3        https://www.python.org
fuzz        cmd:clang             clang,libclang-rt-dev clang,compiler-rt          clang,compiler-rt clang,compiler-rt clang      https://clang.llvm.org/docs/LibFuzzer.html
format      cmd:clang-format      clang-format   clang-tools-extra         clang-extra-tools clang       clang          https://clang.llvm.org/docs/ClangFormat.html
lint        cmd:cppcheck          cppcheck       cppcheck                  cppcheck         cppcheck     cppcheck       https://cppcheck.sourceforge.io
lint        cmd:shellcheck        shellcheck     ShellCheck                shellcheck       shellcheck   ShellCheck     https://www.shellcheck.net
'

say() {
	printf 'bootstrap: %s\n' "$*"
}

die() {
	say "$@" >&2
	exit 1
}

# groups_of TARGET: the groups of needs that making TARGET takes.
groups_of() {
	case $1 in
	quickstart) echo build lua frameworks ;;
	check-firmo) echo build lua ;;
	check-bare) echo build git bare ;;
	check | check-* | test | tests) echo build lua frameworks tests git ;;
	bench) echo build lua bench ;;
	fuzz | fuzz-*) echo build fuzz ;;
	hostile | faults) echo build lua frameworks hostile ;;
	format) echo build format ;;
	dist) echo build git ;;
	deb) echo build deb ;;
	lint) echo build format lint ;;
	*) echo build ;;
	esac
}

# on_path PROGRAM: an executable file in PATH; a keyword or a builtin of this shell (`time`) is not one.
on_path() (
	IFS=:
	for folder in $PATH; do
		if [ -f "$folder/$1" ] && [ -x "$folder/$1" ]; then
			exit 0
		fi
	done
	exit 1
)

# first_on_path 'A|B|...': prints the first that is in PATH, fails when none is.
first_on_path() (
	IFS='|'
	for program in $1; do
		if on_path "$program"; then
			echo "$program"
			exit 0
		fi
	done
	exit 1
)

# any_module 'A|B|...': fails when pkg-config knows none of them.
any_module() (
	IFS='|'
	for module in $1; do
		if "${PKG_CONFIG:-pkg-config}" --exists "$module" 2>/dev/null; then
			exit 0
		fi
	done
	exit 1
)

# lua_of VERSION: prints the command that runs this version. Where distributions give it a name of its
# own, tests use that name, and a plain `lua` is no stand-in for it.
lua_of() {
	first_on_path "lua$1|lua-$1|lua${1%.*}${1#*.}" && return
	[ "$manager" != apt-get ] && on_path lua &&
		[ "$(lua -e 'io.write(_VERSION)' 2>/dev/null)" = "Lua $1" ] && echo lua
}

# present TEST: whether what TEST asks for is there.
present() {
	case $1 in
	cmd:*) first_on_path "${1#cmd:}" >/dev/null ;;
	pkg:*) any_module "${1#pkg:}" ;;
	hdr:*) echo "#include <${1#hdr:}>" | cc -E -x c -o /dev/null - 2>/dev/null ;;
	cc:*) echo 'int main(void) { return 0; }' | cc "${1#cc:}=$san" -x c -o /dev/null - 2>/dev/null ;;
	lua:*) lua_of "${1#lua:}" >/dev/null ;;
	# The system's own python3, for which the packages are.
	py:*) /usr/bin/python3 -c "import ${1#py:}" >/dev/null 2>&1 ;;
	mod:*) lua=$(lua_of 5.4) && "$lua" -e "require '${1#mod:}'" >/dev/null 2>&1 ;;
	*) die "no such test: $1" ;;
	esac
}

# name_of TEST: what a person calls it.
name_of() {
	case $1 in
	lua:*) echo "lua${1#lua:}" ;;
	cc:*) echo "cc ${1#cc:}=$san" ;;
	*) first=${1#*:} && echo "${first%%|*}" ;;
	esac
}

# package_manager: prints the command of this distribution, or `none`.
package_manager() {
	first_on_path 'apt-get|dnf|apk|pacman|zypper' || echo none
}

# survey GROUP...: sets missing (what the tests did not find), packages (that give it here) and by_hand
# (needs without a package, a line each).
survey() {
	missing='' packages='' by_hand=''
	while read -r group test apt dnf apk pacman zypper hint; do
		case " $* " in *" ${group:-none} "*) ;; *) continue ;; esac
		present "$test" && continue
		case $manager in
		apt-get) package=$apt ;;
		dnf) package=$dnf ;;
		apk) package=$apk ;;
		pacman) package=$pacman ;;
		zypper) package=$zypper ;;
		*) package=$apt ;;
		esac
		need=$(name_of "$test")
		missing="$missing $need"
		if [ "$package" = - ]; then
			by_hand="$by_hand$need ($hint)
"
		else
			packages="$packages $(echo "$package" | tr , ' ')"
		fi
	done <<EOF
$NEEDS
EOF
	# shellcheck disable=SC2086 # a list of words
	packages=$(printf '%s\n' $packages | sort -u | tr '\n' ' ')
	packages=${packages% }
}

# as_root COMMAND...: runs it as root, through sudo where we are not.
as_root() {
	if [ "$(id -u)" -eq 0 ]; then
		"$@"
	else
		sudo "$@"
	fi
}

# install PACKAGE...: with this distribution's package manager, asking nothing but sudo's password.
install() {
	case $manager in
	apt-get)
		say "apt-get update"
		as_root apt-get update -qq ||
			say "apt-get update failed; going on with the package lists that are here"
		say "apt-get install $*"
		as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq -o Dpkg::Use-Pty=0 \
			--no-install-recommends "$@" >/dev/null
		;;
	dnf)
		say "dnf install $*"
		as_root dnf install -y --setopt=install_weak_deps=False "$@"
		;;
	apk)
		say "apk add $*"
		as_root apk add --no-cache "$@"
		;;
	pacman)
		say "pacman -S $*"
		as_root pacman -S --needed --noconfirm "$@"
		;;
	zypper)
		say "zypper install $*"
		as_root zypper --non-interactive install --no-recommends "$@"
		;;
	esac
}

# provide GROUP...: installs what these groups miss, and only that.
provide() {
	survey "$@"
	[ -n "$missing" ] || return 0
	if [ "$manager" = none ]; then
		die "missing:$missing; there is no apt-get, dnf, apk, pacman or zypper to install them" \
			"(Debian calls them: $packages)"
	fi
	if [ -n "$packages" ]; then
		if [ "$(id -u)" -ne 0 ] && ! on_path sudo; then
			die "missing:$missing; to be installed as root, as there is no sudo: $manager install $packages"
		fi
		say "missing:$missing"
		# shellcheck disable=SC2086 # a list of words
		install $packages || die "$manager could not install: $packages"
		survey "$@"
		if [ -n "$packages" ]; then
			say "installed, and still not found: $packages"
		fi
	fi
	printf '%s' "$by_hand" | while read -r line; do
		say "no package of this distribution has it, install it by hand: $line"
	done
}

groups='' san=${SAN:-}
for word in "$@"; do
	case $word in
	-h | --help) usage && exit 0 ;;
	SAN=*) san=${word#SAN=} ;;
	hostile) san=address,undefined groups="$groups $(groups_of "$word")" ;;
	*=* | -*) ;;
	*) groups="$groups $(groups_of "$word")" ;;
	esac
done
if [ -z "$groups" ]; then
	usage >&2
	exit 2
fi
if [ -n "$san" ]; then
	groups="$groups sanitizers"
fi

CDPATH='' cd -- "$(dirname -- "$0")/.."
manager=$(package_manager)
# shellcheck disable=SC2086 # a list of words
provide $groups
say "make -j$(nproc) $*"
exec make -j"$(nproc)" "$@"
