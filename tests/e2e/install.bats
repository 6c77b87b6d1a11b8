# SPDX-License-Identifier: MIT
# make install, and what it installs.

load common

root=${BATS_TEST_DIRNAME%/tests/e2e}
version=$(sed -n 's/^#define FIRMO_JOBS_VERSION "\(.*\)"$/\1/p' "$root/include/firmo-jobs.h")

# Another PREFIX makes some of the program anew: of a copy, as all the other tests run the program.
setup_file() {
	local built=${FIRMO_JOBS%/*}
	mkdir "$BATS_FILE_TMPDIR/build"
	cp -a "$built"/{src,flags,places,firmo-jobs*} "$BATS_FILE_TMPDIR/build"
}

# make_ TARGET VARIABLE=VALUE...
make_() {
	make -s -C "$root" O="$BATS_FILE_TMPDIR/build" ${SAN:+SAN="$SAN"} "$@"
}

install_to() { # DESTDIR TARGET
	make_ "$2" PREFIX=/usr DESTDIR="$1"
}

@test "install puts the program and all that belongs to it below DESTDIR; uninstall takes it away" {
	install_to "$PWD/dest" install
	run find dest -type f -printf '%P\n'
	[ "$(sort <<<"$output")" = "usr/bin/firmo-jobs
usr/include/firmo-jobs.h
usr/lib/firmo-jobs/firmo-jobs-coverage.so
usr/lib/firmo-jobs/firmo-jobs-trace.so
usr/lib/libfirmo-jobs.a
usr/share/bash-completion/completions/firmo-jobs
usr/share/firmo-jobs/firmo-jobs.mk
usr/share/firmo-jobs/firmo-jobs.schema.json
usr/share/fish/vendor_completions.d/firmo-jobs.fish
usr/share/lua/firmo-jobs/firmo-jobs.lua
usr/share/lua/firmo-jobs/firmo-jobs/command_line.lua
usr/share/lua/firmo-jobs/firmo-jobs/json.lua
usr/share/lua/firmo-jobs/firmo-jobs/parallel.lua
usr/share/lua/firmo-jobs/firmo-jobs/parallel/coverage.lua
usr/share/lua/firmo-jobs/firmo-jobs/parallel/flags.lua
usr/share/lua/firmo-jobs/firmo/lib/tools/parallel.lua
usr/share/man/man1/firmo-jobs.1
usr/share/zsh/site-functions/_firmo-jobs" ]
	run dest/usr/bin/firmo-jobs --version
	is "$output" "firmo-jobs $version"
	install_to "$PWD/dest" uninstall
	[ -z "$(find dest -type f)" ]
	[ ! -e dest/usr/lib/firmo-jobs ]
	[ ! -e dest/usr/share/firmo-jobs ]
	[ ! -e dest/usr/share/lua/firmo-jobs ]
}

@test "what is installed finds its makefile and its library, and tells where it looks for them in vain" {
	# As the rockspec has it.
	"$LUA" - "$root"/firmo-jobs-*.rockspec "$PWD/there" >variables <<-'END'
		local rock = setmetatable({}, { __index = _G })
		assert(loadfile(arg[1], "t", rock))()
		assert(("firmo-jobs-%s.rockspec"):format(rock.version) == arg[1]:match("[^/]*$"))
		assert(io.popen(os.getenv("FIRMO_JOBS") .. " --version"):read("a") == ("firmo-jobs %s\n"):format(rock.version:match("^[^-]*")))
		local folders = { PREFIX = arg[2], BINDIR = arg[2] .. "/bin", LUADIR = arg[2] .. "/lua" }
		for name, value in pairs(rock.build.variables) do
			print(name .. "=" .. value:gsub("%$%((%w+)%)", folders))
		end
	END
	mapfile -t variables <variables
	make_ install "${variables[@]}"
	LUA_PATH="$PWD/there/lua/?.lua" run "$LUA" -e 'print(require("firmo-jobs")._VERSION, package.loaded["firmo-jobs.json"] ~= nil)'
	is "$output" "$version"$'\ttrue'
	run -0 there/bin/firmo-jobs --print-lua-path=firmo
	LUA_PATH=$output run "$LUA" -e 'print(type(require("lib.tools.parallel").run_tests))'
	is "$output" function
	make_ uninstall "${variables[@]}"
	[ -z "$(find there -type f)" ]
	make_ install PREFIX="$PWD/there"
	run there/bin/firmo-jobs --print-mk
	is "$output" "$PWD/there/share/firmo-jobs/firmo-jobs.mk"
	run there/bin/firmo-jobs --print-lua-path
	is "$output" "$PWD/there/share/lua/firmo-jobs/?.lua"
	plain one "assert(true)"
	PATH=$PWD/there/bin:$PATH LUA_PATH="$output;;" run "$LUA" -e 'print(require("firmo-jobs").run({}).passed)'
	is "$output" 1
	echo 'include $(shell there/bin/firmo-jobs --print-mk)' >GNUmakefile
	run env -u FIRMO_JOBS PATH="$PWD/there/bin:$PATH" make test-stamps FIRMO_FLAGS=--lua="$LUA" 3>&- 4>&-
	status_is 0
	has "1 passed"
	hasnt "firmo-jobs:"
	# A program that was moved away from its files.
	cp there/bin/firmo-jobs alone
	make_ uninstall PREFIX="$PWD/there"
	run ./alone --print-mk
	status_is 3
	is "$output" "firmo-jobs: firmo-jobs.mk is neither beside the program nor in $PWD/there/share/firmo-jobs"
	run ./alone --print-lua-path
	status_is 3
	is "$output" "firmo-jobs: firmo-jobs.lua is neither beside the program nor in $PWD/there/share/lua/firmo-jobs"
	run -0 ./alone --version -v
	has "firmo-jobs.lua            neither beside the program nor in $PWD/there/share/lua/firmo-jobs: no --print-lua-path"
	# One that was not installed has it beside itself, in a folder of any name that make can carry.
	for name in 'a b' 'a\b' 'a*b' '[a]' 'a\*b' 'a*\ b' 'a\' 'a\\ b' $'a\tb' 'a#b' 'a%b' 'a$b' "a'b" 'a:b' 'a;b' 'a=b' 'a|b'; do
		mkdir -p "$name" aXb
		cp "$FIRMO_JOBS" "${FIRMO_JOBS%/*}/firmo-jobs.mk" "$name"
		echo '$(error another)' >aXb/firmo-jobs.mk
		# shellcheck disable=SC2016
		printf '%s\n' 'include $(shell "./$$NAME/firmo-jobs" --print-mk)' >GNUmakefile
		NAME=$name run make test-list test-stamps FIRMO_JOBS='"./$$NAME/firmo-jobs"' FIRMO_FLAGS=--lua="$LUA" 3>&- 4>&-
		status_is 0
		has "1 file"
	done
	mkdir $'a\nb'
	cp "$FIRMO_JOBS" "${FIRMO_JOBS%/*}/firmo-jobs.mk" $'a\nb'
	run $'a\nb/firmo-jobs' --print-mk
	status_is 3
	has "newline"
}

@test "--version -v tells what it was built with, what it finds and what the machine allows" {
	run -0 "$FIRMO_JOBS" --version -v
	is "${lines[0]}" "firmo-jobs $version"
	has "  json-c                    $(pkg-config --modversion json-c)"
	has "  SQLite                    $(pkg-config --modversion sqlite3)"
	has "  xxHash                    $(pkg-config --modversion libxxhash)"
	has "  firmo-jobs.mk             ${FIRMO_JOBS%/*}/firmo-jobs.mk"
	has "  /proc                     yes"
	hasnt "neither beside"
	local closing=("$HELPERS/fault" close 1+ EPERM calls "$HELPERS/../faults/memory.so")
	if [ -z "$SAN" ] && "${closing[@]}" true; then
		run -0 "${closing[@]}" "$FIRMO_JOBS" --version -v
		has "  close_range               no: descriptors are closed one by one"
	fi
	run -0 "$FIRMO_JOBS" --version
	is "$output" "firmo-jobs $version"
}

@test "the version is the same wherever it is said" {
	cp -r "$root"/{mk,include,CHANGELOG.md,firmo-jobs-*.rockspec} .
	mkdir src
	cp -r "$root/src/lua" src
	run sh mk/version.sh
	status_is 0
	is "$output" ""
	sed -i 's/^\(#define FIRMO_JOBS_VERSION\) .*/\1 "7.8.9"/' include/firmo-jobs.h
	run sh mk/version.sh
	status_is 1
	is "$(cut -d: -f1 <<<"$output" | tr '\n' ' ')" "firmo-jobs-7.8.9-1.rockspec src/lua/firmo-jobs.lua CHANGELOG.md mk/firmo-jobs.spec "
}

@test "dist packs what is committed, the same each time, and that is built without git" {
	mkdir copy
	cp -r "$root"/{GNUmakefile,mk,include,src,LICENSE} copy
	touch copy/not_committed
	git -C copy init -q
	git -C copy add GNUmakefile mk include src LICENSE
	git -C copy -c user.name=me -c user.email=me@example.org commit -q -m all
	for out in one two; do
		run -0 make -s -C copy dist O="$PWD/$out"
		is "$output" "$PWD/$out/firmo-jobs-$version.tar.gz"
	done
	cmp {one,two}/firmo-jobs-"$version".tar.gz
	tar -xzf one/firmo-jobs-"$version".tar.gz
	is "$(cd firmo-jobs-"$version" && find . -type f | sort)" "$(cd copy && git ls-files | sed 's|^|./|' | sort)"
	echo "exit 1" >git
	chmod +x git
	PATH=$PWD:$PATH run -0 make -n -C firmo-jobs-"$version" all SAN=
	has "-o build/firmo-jobs"
	# What is changed is said not to be in it; where nothing is committed there is nothing to pack.
	echo >>copy/LICENSE
	run -0 make -s -C copy dist O="$PWD/one"
	has "dist: what is not committed is not in it"
	cmp {one,two}/firmo-jobs-"$version".tar.gz
	run make -s -C firmo-jobs-"$version" dist
	status_is 2
}

@test "deb makes a package whose files work where they are unpacked" {
	[ -z "$SAN" ] || skip "nobody packs a program with sanitizers"
	command -v dpkg-shlibdeps || skip "there is no dpkg-shlibdeps here"
	local build=$BATS_FILE_TMPDIR/build
	mkdir -p "$build/deb/build"
	cp -a "$build"/{src,flags,firmo-jobs*} "$build/deb/build"
	DEBEMAIL=me@example.org make_ deb CFLAGS='-O2 -g' CPPFLAGS= LDFLAGS= >log 2>&1 || fail "$(tail -n 5 log)"
	local deb
	deb=$(tail -n 1 log)
	is "$(dpkg-deb --field "$deb" Package Version | tr '\n' ' ')" "Package: firmo-jobs Version: $version-1 "
	run -0 dpkg-deb --field "$deb" Depends
	has "libjson-c"
	has "libsqlite3"
	dpkg-deb --extract "$deb" there
	(cd there && dpkg-deb --info "$deb" md5sums | md5sum --check --quiet)
	run -0 there/usr/bin/firmo-jobs --version
	is "$output" "firmo-jobs $version"
	run there/usr/bin/firmo-jobs --print-mk
	# Where it looks is where the package puts it.
	[ "$status" -eq 0 ] || has "nor in /usr/share/firmo-jobs"
	[ -e there/usr/share/firmo-jobs/firmo-jobs.mk ]
	run -0 zcat there/usr/share/man/man1/firmo-jobs.1.gz
	has ".Dt FIRMO-JOBS 1"
}

@test "a program can be written on the installed library, whose only symbols are those of its header" {
	install_to "$PWD/dest" install
	plain one 'print "hello"'
	cat >user.c <<-'END'
		#include <firmo-jobs.h>
		#include <stdio.h>
		int err_set = 1, buf_add = 2; // names of ours must not clash
		int main(int argc, char **argv)
		{
			struct firmo_jobs *s;
			int status = firmo_jobs_open(&s, argc, argv);
			if (status == FIRMO_JOBS_OK)
				status = firmo_jobs_plan(s);
			printf("%lu %s\n", firmo_jobs_planned(s), firmo_jobs_planned_path(s, 0));
			fflush(stdout);
			if (status == FIRMO_JOBS_OK)
				status = firmo_jobs_run(s);
			firmo_jobs_close(s);
			return status + err_set + buf_add - 3;
		}
	END
	cc -o user user.c -Idest/usr/include -Ldest/usr/lib -lfirmo-jobs ${SAN:+-fsanitize="$SAN"} \
		$(pkg-config --libs json-c sqlite3 libxxhash) -lm
	run ./user --lua="$LUA"
	status_is 0
	has "1 tests/one_test.lua"
	has "PASS"
}

# completed WORD...: what bash offers for the last of the words, which are split as it splits them.
completed() {
	bash -c 'eval "$("$FIRMO_JOBS" --print-completion=bash)"
		compopt() { :; }
		COMP_WORDS=(firmo-jobs "$@") COMP_CWORD=$#
		_firmo_jobs
		printf "%s\n" "${COMPREPLY[@]}"' - "$@" | sort | tr '\n' ' '
}

@test "shells complete what the table of options has" {
	touch a_test.lua
	[ "$(completed --print-c)" = "--print-completion= " ]
	[ "$(completed --framework = lu)" = "luaunit lust " ]
	[ "$(completed --framework lu)" = "luaunit lust " ]
	[ "$(completed --progress =)" = "auto bar none plain " ]
	[ "$(completed --history = fl)" = "flaky " ]
	[ "$(completed --history a_)" = "a_test.lua " ]
	[ "$(completed --why = a_)" = "a_test.lua " ]
	[ "$(completed -v a_)" = "a_test.lua " ]
	[ "$(completed -j 3)" = " " ]
	[ "$(completed --help =)" = "all " ]
	for option in $("$FIRMO_JOBS" --help=all | grep -oE -- '--[a-z-]+' | sort -u); do
		for shell in bash zsh fish; do
			"$FIRMO_JOBS" --print-completion=$shell | grep -qE -- "(--| -l )${option#--}\b"
		done
	done
	for shell in zsh fish; do
		! command -v $shell || "$FIRMO_JOBS" --print-completion=$shell | $shell -n /dev/stdin
	done
	run "$FIRMO_JOBS" --print-completion=sh
	[ "$status" -eq 2 ]
	[[ $output == *"wants bash, zsh or fish"* ]]
}

@test "the manual page has every option of --help=all, in its words" {
	sed 's/\\-/-/g' "${FIRMO_JOBS%/*}/firmo-jobs.1" >page
	"$FIRMO_JOBS" --help=all | grep -E -- '^  .{4}--' >rows
	[ "$(wc -l <rows)" -gt 40 ]
	while IFS= read -r row; do
		option=$(grep -oE -- '--[a-z-]+' <<<"$row" | head -1)
		grep -A1 -E -- "^\.It (.* )?Fl ${option#-}( |\$)" page | grep -qxF -- "${row##*  }"
	done <rows
}
