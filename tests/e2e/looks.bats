# SPDX-License-Identifier: MIT
# What a test has looked at, by whatever name, and what is done to that: which passes --changed takes over.
load common

setup() {
	[ -n "${TRACE_LIBRARY:-}" ] || skip "no preload library with this libc"
	setup_project
	names='' edits=''
	export -nf $(declare -Fx | sed 's/.* //') # functions of bats could change what a shell does
}

# look NAME SETUP LUA EDIT: a test that passes until the edit; D stands for a folder of its own.
look() {
	local d=d_$1 word='\bD\b'
	mkdir -p "$d"
	bash -euc "$(sed "s/$word/$d/g" <<<"$2")"
	plain "$1" "local lfs = require 'lfs'" \
		"local function sh(c) local p = io.popen(c) local t = p:read 'a' p:close() return (t:gsub('%s+$', '')) end" \
		"local function slurp(n) local f = assert(io.open(n)) local t = f:read 'a' f:close() return (t:gsub('%s+$', '')) end" \
		"$(sed "s/$word/$d/g" <<<"$3")"
	names+="$1 " edits+="$(sed "s/$word/$d/g" <<<"$4")"$'\n'
}

# Makes the edits: before, all passes are taken over, and after, none or (same) all.
prove() {
	settle
	fj4 >/dev/null || fail "the tests do not pass"
	settle
	fj4 --changed >/dev/null
	run fj4 --changed --report=json:report.json
	is "$(ran)" ""
	bash -euc "$edits"
	run fj4 --changed --report=json:report.json
	[ "${1:-}" = same ] && names=''
	is "$(ran)" "$(xargs -n1 <<<"$names" | sort | xargs)"
}

@test "names count from where the process is, and a folder that is gone leads somewhere" {
	look dotdot 'echo old >D/f' "assert(sh 'cd D; mkdir w && cd w && cat ../f; cd .. && rmdir w' == 'old')" 'echo new >D/f'
	look lfs 'echo old >D/f' "lfs.mkdir 'D/w' lfs.chdir 'D/w' assert(slurp '../f' == 'old') lfs.chdir '../..' lfs.rmdir 'D/w'" \
		'echo new >D/f'
	look path 'mkdir D/src; echo "return 1" >D/src/m.lua' \
		"lfs.mkdir 'D/w' lfs.chdir 'D/w' package.path = '../src/?.lua' assert(require 'm' == 1) lfs.chdir '../..' lfs.rmdir 'D/w'" \
		'echo "return 2" >D/src/m.lua'
	look mktemp 'echo old >D/f' "assert(sh 'cd D; w=\$(mktemp -d w.XXXXXX); cd \$w; cat \$PWD/../f; cd ..; rmdir \$w' == 'old')" \
		'echo new >D/f'
	look renamed 'echo old >D/f' "assert(sh 'mkdir -p D/v D/k && cd D/v && mv ../v ../k/w; cat ../../f; rmdir ../w' == 'old')" \
		'echo new >D/f'
	look vain 'true' "assert(sh 'cd D; mkdir w; cd w; test -e ../f || echo no; cd ..; rmdir w' == 'no')" 'touch D/f'
	look tmpdir 'echo old >D/f' "assert(sh 'r=\$PWD; mkdir \$TMPDIR/w; cd \$TMPDIR/w; cat \$r/D/f; rmdir \$TMPDIR/w' == 'old')" \
		'echo new >D/f'
	prove
}

@test "what lies behind a link of the test's own is not its own" {
	look tmpdir 'mkdir D/lib; echo "return 1" >D/lib/m.lua' \
		"local t = os.getenv 'TMPDIR' sh 'ln -s \$PWD/D/lib \$TMPDIR/lib' assert(dofile(t .. '/lib/m.lua') == 1)" \
		'echo "return 2" >D/lib/m.lua'
	look file 'echo old >D/f' "lfs.link('f', 'D/l', true) assert(slurp 'D/l' == 'old') os.remove 'D/l'" 'echo new >D/f'
	look stays 'mkdir D/a; echo old >D/a/f' "sh 'ln -sfn a D/l' assert(slurp 'D/l/f' == 'old')" 'echo new >D/a/f'
	look hard 'echo old >D/f' "lfs.link('D/f', 'D/l') assert(slurp 'D/l' == 'old') os.remove 'D/l'" 'echo new >D/f'
	look again 'mkdir D/a D/b; echo old >D/a/f; echo old >D/b/f' \
		"sh 'ln -s a D/l' slurp 'D/l/f' sh 'rm D/l; ln -s b D/l' assert(slurp 'D/l/f' == 'old') os.remove 'D/l'" 'echo new >D/b/f'
	prove
}

@test "what the test renames is what it was" {
	look back 'mkdir D/a; echo old >D/a/f' "os.rename('D/a', 'D/g') os.rename('D/g', 'D/a') assert(slurp 'D/a/f' == 'old')" \
		'echo new >D/a/f'
	look away 'mkdir D/a; echo old >D/a/f' "os.rename('D/a', 'D/g') assert(slurp 'D/g/f' == 'old') os.rename('D/g', 'D/a')" \
		'echo new >D/a/f'
	look tmpdir 'mkdir D/a; echo old >D/a/f' "assert(sh 'mv D/a \$TMPDIR/g; cat \$TMPDIR/g/f; mv \$TMPDIR/g D/a' == 'old')" \
		'echo new >D/a/f'
	look swap 'mkdir D/a D/b; echo old >D/a/f; echo old >D/b/f' \
		"sh 'mv D/a D/c; mv D/b D/a; mv D/c D/b' assert(slurp 'D/a/f' == 'old') sh 'mv D/a D/c; mv D/b D/a; mv D/c D/b'" \
		'echo new >D/b/f'
	look file 'echo old >D/f' "os.rename('D/f', 'D/g') assert(slurp 'D/g' == 'old') os.rename('D/g', 'D/f')" 'echo new >D/f'
	prove
}

@test "to make something says that it was not there" {
	look mkdir 'true' "assert(lfs.mkdir 'D/n') assert(lfs.rmdir 'D/n')" 'mkdir D/n'
	look symlink 'true' "assert(lfs.link('x', 'D/n', true)) os.remove 'D/n'" 'ln -s nowhere D/n'
	look exclusive 'true' "assert(sh 'set -C; : >D/n && echo yes; rm D/n' == 'yes')" 'touch D/n'
	look append 'true' "local f = io.open('D/n', 'a+') f:write 'x' f:seek 'set' assert(f:read 'a' == 'x') f:close() os.remove 'D/n'" \
		'echo x >D/n'
	look rename 'true' "lfs.mkdir 'D/m' assert(os.rename('D/m', 'D/n')) lfs.rmdir 'D/n'" 'touch D/n'
	look emptied 'true' "io.open('D/n', 'w'):close() os.remove 'D/n'" 'mkdir D/n'
	look cache 'true' "sh 'mkdir -p D/n' assert(sh 'ls D/n' == '')" 'touch D/n/c'
	look below 'mkdir D/n; echo old >D/n/c' "sh 'mkdir -p D/n' assert(slurp 'D/n/c' == 'old')" 'echo new >D/n/c'
	look fifo 'true' "assert(os.execute 'mkfifo D/n && rm D/n')" 'mkdir D/n'
	prove
}

@test "a folder before .. is a folder and no link" {
	look removed 'mkdir D/sub; echo old >D/f' "assert(slurp 'D/sub/../f' == 'old')" 'rmdir D/sub'
	look link 'mkdir -p D/sub D/e/sub; echo old >D/f; echo new >D/e/f' "assert(slurp 'D/sub/../f' == 'old')" \
		'rmdir D/sub; ln -s e/sub D/sub'
	look vain 'echo old >D/f' "assert(not io.open 'D/sub/../f')" 'mkdir D/sub'
	look retargeted 'mkdir -p D/e/s D/g/s; echo old >D/e/f; echo new >D/g/f; ln -s e/s D/l' "assert(slurp 'D/l/../f' == 'old')" \
		'ln -sfn g/s D/l'
	prove
}

@test "what has changed while the test ran is not relied on" {
	local gates='' answering=''
	# A test that has looked makes a FIFO, and goes on when somebody has read from it.
	meanwhile() {
		look "$1" "mkdir D/v1 D/v2; echo old >D/v1/x; echo new >D/v2/x; ln -s v1 D/cur; $2" \
			"$3 sh 'mkfifo D/gate && echo go >D/gate; rm D/gate'" "$4"
		gates+="d_$1 "
	}
	# answer FOLDER COMMANDS: when the test there has looked.
	answer() {
		await test -p "$1/gate"
		bash -euc "$2"
		cat "$1/gate" >/dev/null
	}
	meanwhile link '' "assert(slurp 'D/cur/x' == 'old')" 'ln -sfn v2 D/cur'
	meanwhile swap '' "assert(slurp 'D/v1/x' == 'old')" 'mv D/v1 D/v0; mv D/v2 D/v1'
	meanwhile list 'touch D/v2/y' "assert(sh 'ls D/v1' == 'x')" 'mv D/v1 D/v0; mv D/v2 D/v1'
	meanwhile mode 'chmod 700 D/v2/x' "assert(sh 'stat -c %a D/v1/x' == '644')" 'mv D/v1 D/v0; mv D/v2 D/v1'
	meanwhile run 'chmod +x D/v1/x; echo "exit 1" >D/v2/x; chmod +x D/v2/x; echo >D/v1/x' "assert(os.execute 'D/v1/x')" \
		'mv D/v1 D/v0; mv D/v2 D/v1'
	meanwhile vain 'rm D/v1/x' "assert(not io.open 'D/cur/x')" 'ln -sfn v2 D/cur'
	settle
	for folder in $gates; do
		edit=${edits%%$'\n'*} edits=${edits#*$'\n'}
		answer "$folder" "$edit" &
		answering+=" $!"
	done
	run fj4 --report=json:report.json
	status_is 0
	wait $answering
	# They fail now before they wait for somebody.
	run fj4 --changed --report=json:report.json
	status_is 1
	is "$(ran)" "$(xargs -n1 <<<"$names" | sort | xargs)"
}

@test "a stat is as much as was asked for" {
	look mode 'echo x >D/f; chmod 644 D/f' "assert(sh 'stat -c %a D/f' == '644')" 'chmod 600 D/f'
	look exec 'echo x >D/f; chmod 755 D/f' "assert(sh 'test -x D/f && echo yes' == 'yes')" 'chmod 644 D/f'
	look run 'printf "#!/bin/sh\necho old\n" >D/f; chmod 755 D/f' "assert(sh 'D/f 2>&1' == 'old')" 'chmod 644 D/f'
	look readlink 'ln -s a D/l' "assert(sh 'readlink D/l' == 'a')" 'ln -sfn b D/l'
	look link 'echo x >D/f' "assert(sh 'test -L D/f || echo no' == 'no')" 'mv D/f D/g; ln -s g D/f'
	look pwd 'mkdir D/a' "assert(sh 'realpath D/a | sed s,.*/,,' == 'a')" 'mv D/a D/z; ln -s z D/a'
	look types 'mkdir -p D/t; touch D/t/b' "assert(sh 'find D/t -mindepth 1 -type d' == '')" 'rm D/t/b; mkdir D/t/b'
	look fifo 'mkfifo D/p' "assert(lfs.attributes('D/p', 'mode') == 'named pipe')" 'rm D/p; touch D/p'
	look size 'echo x >D/f' "assert(lfs.attributes('D/f', 'size') == 2)" 'echo xx >D/f'
	look time 'touch D/f' "assert(os.time() - lfs.attributes('D/f').modification > 1000)" 'touch D/f'
	prove
}

@test "how many names a file has counts where it was asked for, but for those that the test makes" {
	look links 'touch D/f' "assert(lfs.attributes('D/f', 'nlink') == 1)" 'ln D/f D/g'
	look same 'touch D/f; cp -p D/f D/g' "assert(sh 'test D/f -ef D/g || echo no' == 'no')" 'ln -f D/f D/g'
	look own 'touch D/f D/x' "lfs.link('D/f', 'D/g') assert(sh 'stat -c %h D/f' == '2') sh 'rm D/g' assert(not io.open 'D/y')" 'touch D/y'
	look fewer 'touch D/f; ln D/f D/g' "sh 'rm D/g' assert(sh 'stat -c %h D/f' == '1') lfs.link('D/f', 'D/g') assert(not io.open 'D/y')" 'touch D/y'
	prove
}

@test "the times and links of folders are not noted: what lies there is told by its names" {
	look time 'mkdir D/d' "assert(sh 'test -d D/d && echo yes' == 'yes') assert(lfs.attributes('D/d').mode == 'directory')" \
		'mkdir D/d/new; touch D/d/file'
	prove same
}

@test "what libc looks at by itself" {
	cc -w -o asks -x c - <<-'END'
		#define _GNU_SOURCE
		#include <dirent.h>
		#include <fcntl.h>
		#include <fts.h>
		#include <ftw.h>
		#include <glob.h>
		#include <stdio.h>
		#include <stdlib.h>
		#include <string.h>
		#include <sys/stat.h>
		#include <time.h>
		#include <unistd.h>

		static int stop(const char *p, const struct stat *st, int flag, struct FTW *f)
		{
			printf("%s %d\n", p + f->base, flag == FTW_F);
			return 1;
		}
		static int size(const char *p, const struct stat *st, int flag, struct FTW *f)
		{
			if (flag == FTW_F) printf("%ld\n", (long)st->st_size);
			return 0;
		}
		static int size3(const char *p, const struct stat *st, int flag) { return size(p, st, flag, NULL); }

		static void tell(FTSENT *e) { printf("%s %d %ld\n", e->fts_name, e->fts_info, e->fts_info == FTS_F ? (long)e->fts_statp->st_size : 0); }

		int main(int c, char **v)
		{
			char *q = v[1], *d = v[2], *roots[] = {d, NULL}, text[4096];
			FTS *walk = fts_open(roots, FTS_PHYSICAL, NULL);
			off_t base = 0;
			glob_t g;
			switch (*q) {
			case 't': unsetenv("TMPDIR"); puts(strncmp(tempnam(d, "x"), d, strlen(d)) ? "no" : "yes"); break;
			case 'c': fts_read(walk); // and on
			case 'r': for (FTSENT *e = fts_children(walk, 0); e; e = e->fts_link) tell(e); break;
			case 'w': for (FTSENT *e; (e = fts_read(walk));) tell(e); break;
			case 'f': ftw(d, size3, 5); break;
			case 'n': nftw(d, size, 5, FTW_PHYS); break;
			case 'i': nftw(d, size, 5, FTW_CHDIR); break;
			case 's': nftw(d, stop, 5, FTW_DEPTH); break;
			case 'e': printf("%zd\n", getdirentries(open(d, O_RDONLY), text, sizeof text, &base)); break;
			case 'o': printf("%d\n", open(d, O_TMPFILE | O_RDWR, 0600) >= 0); break;
			case 'g':
				sprintf(text, "%s/{a,b}*", d);
				if (glob(text, GLOB_BRACE, 0, &g) == 0)
					for (int i = 0; i < g.gl_pathc; i++) puts(g.gl_pathv[i]);
				break;
			case 'd': setenv("DATEMSK", d, 1); puts(getdate("2001-02-03") ? "yes" : "no"); break;
			}
			return 0;
		}
	END
	# says NAME SETUP QUESTION EDIT: what the program says of D/a is what it said before
	says() {
		look "$1" "$2; ./asks $3 D/a >D.want" "assert(sh './asks $3 D/a' == slurp 'D.want')" "$4"
	}
	says tempnam 'mkdir D/a' t 'rmdir D/a'
	says children 'mkdir D/a; echo x >D/a/f' c 'echo xy >D/a/f'
	says more 'mkdir D/a; echo x >D/a/f' c 'echo xy >D/a/g'
	says roots 'mkdir D/a' r 'rmdir D/a'
	says fts 'mkdir D/a; echo x >D/a/f' w 'echo xy >D/a/f'
	says ftw 'mkdir D/a; echo x >D/a/f' f 'echo xy >D/a/f'
	says nftw 'mkdir D/a; echo x >D/a/f' n 'echo xy >D/a/f'
	says inside 'mkdir -p D/a/b; echo x >D/a/b/f' i 'echo xy >D/a/b/f'
	says stops 'mkdir D/a' s 'echo xy >D/a/f'
	says deep 'mkdir -p D/a/b' s 'echo xy >D/a/b/f'
	says entries 'mkdir D/a' e 'echo xy >D/a/f'
	says nameless 'mkdir D/a' o 'rmdir D/a'
	says braces 'mkdir D/a; touch D/a/ax' g 'touch D/a/bx'
	says getdate 'echo %Y-%m-%d >D/a' d 'echo %d >D/a'
	prove
}

@test "a stat of a module counts by what the module says of it, in any way" {
	cat >newer.c <<-'EOF'
		#include <stddef.h>
		#include <sys/stat.h>
		const char *luaL_checklstring(void *, int, size_t *);
		void lua_pushboolean(void *, int), lua_pushnil(void *), lua_pushstring(void *, const char *);
		void lua_pushcclosure(void *, int (*)(void *), int);
		static int tell(void *lua)
		{
			struct stat st;
			const char *how = luaL_checklstring(lua, 1, NULL);
			if (stat(luaL_checklstring(lua, 2, NULL), &st) < 0)
				return 0;
			if (*how == 'n' && st.st_size > 2)
				lua_pushnil(lua);
			else if (*how == 'm')
				lua_pushstring(lua, S_ISREG(st.st_mode) ? "file" : "other");
			else
				lua_pushboolean(lua, st.st_size <= 2);
			return 1;
		}
		int luaopen_newer(void *lua)
		{
			lua_pushcclosure(lua, tell, 0);
			return 1;
		}
	EOF
	cc -w -shared -fPIC -o newer.so newer.c
	export LUA_CPATH='./?.so;;'
	look type 'echo x >D/f' "assert(require 'newer' ('m', 'D/f') == 'file')" 'echo xx >D/f'
	prove same
	edits=''
	look truth 'echo x >D/f' "assert(require 'newer' ('b', 'D/f'))" 'echo xx >D/f'
	look nothing 'echo x >D/f' "assert(require 'newer' ('n', 'D/f') ~= nil)" 'echo xx >D/f'
	prove
}

@test "what could not be removed, renamed or made counts by what was in the way" {
	as_nobody
	look remove 'mkdir D/a; touch D/a/f; chmod 555 D/a' "assert(not os.remove 'D/a/f')" 'chmod 755 D/a'
	look rmdir 'mkdir -p D/a/d; chmod 555 D/a' "assert(not lfs.rmdir 'D/a/d')" 'chmod 755 D/a'
	look from 'mkdir D/a; touch D/a/f; chmod 555 D/a' "assert(not os.rename('D/a/f', 'D/f'))" 'chmod 755 D/a'
	look to 'mkdir D/a; touch D/f; chmod 555 D/a' "assert(not os.rename('D/f', 'D/a/f'))" 'chmod 755 D/a'
	look over 'mkdir D/a; touch D/f D/a/f; chmod 555 D/a' "assert(not os.rename('D/f', 'D/a/f'))" 'chmod 755 D/a'
	look link 'mkdir D/a; touch D/f; chmod 555 D/a' "assert(not lfs.link('D/f', 'D/a/f'))" 'chmod 755 D/a'
	look symlink 'mkdir D/a; chmod 555 D/a' "assert(not lfs.link('f', 'D/a/f', true))" 'chmod 755 D/a'
	look mkdir 'mkdir D/a; chmod 555 D/a' "assert(not lfs.mkdir 'D/a/d')" 'chmod 755 D/a'
	look write 'mkdir D/a; chmod 555 D/a' "assert(not io.open('D/a/f', 'w'))" 'chmod 755 D/a'
	look child 'mkdir D/a; touch D/a/f; chmod 555 D/a' "assert(sh 'rm -f D/a/f 2>/dev/null || echo no' == 'no')" 'chmod 755 D/a'
	look full 'mkdir D/a D/b; touch D/b/x' "assert(not os.rename('D/a', 'D/b'))" 'rm D/b/x'
	look entries 'mkdir D/a; touch D/a/x' "assert(not lfs.rmdir 'D/a')" 'rm D/a/x'
	look enter 'mkdir D/a; chmod 644 D/a' "assert(not lfs.chdir 'D/a')" 'chmod 755 D/a'
	look interpreter 'echo "#!/bin/sh" >D/i; echo "#!$PWD/D/i" >D/s; chmod 755 D/s' "assert(not os.execute 'D/s 2>&1')" 'chmod 755 D/i'
	look spawned 'echo "#!/bin/sh" >D/i; echo "#!$PWD/D/i" >D/s; chmod 755 D/s' "assert(not os.execute 'env D/s 2>&1')" 'chmod 755 D/i'
	look missing 'echo "#!$PWD/D/i" >D/s; chmod 755 D/s' "assert(not os.execute 'D/s 2>&1')" \
		'echo "#!/bin/sh" >D/i; chmod 755 D/i'
	prove
}

@test "what was removed, renamed or changed counts by what has let it" {
	as_nobody
	look remove 'mkdir D/a; touch D/a/f' "assert(os.remove 'D/a/f') io.open('D/a/f', 'w'):close()" 'chmod 555 D/a'
	look file 'mkdir D/a; touch D/a/f' "assert(os.rename('D/a/f', 'D/f') and os.rename('D/f', 'D/a/f'))" 'chmod 555 D/a'
	look folder 'mkdir -p D/a/b' "assert(os.rename('D/a/b', 'D/b') and os.rename('D/b', 'D/a/b'))" 'chmod 555 D/a/b'
	look write 'touch D/f' "assert(io.open('D/f', 'r+'))" 'chmod 444 D/f'
	look enter 'mkdir D/a' "assert(lfs.chdir 'D/a')" 'chmod 644 D/a'
	prove
}

@test "a file that a test leaves as it has found it is relied on, however it was written meanwhile" {
	local write="local function write(n, t, how) local f = io.open(n, how or 'w') f:write(t, '\\n') f:close() end"
	look again 'echo old >D/f' "$write write('D/f', slurp 'D/f') assert(slurp 'D/f' == 'old')" 'echo new >D/f'
	look plus 'echo old >D/f' "$write write('D/f', slurp 'D/f', 'r+') assert(slurp 'D/f' == 'old')" 'echo new >D/f'
	look twice 'echo old >D/f' "$write local t = slurp 'D/f' write('D/f', 'x') write('D/f', t) assert(t == 'old')" 'echo new >D/f'
	look renamed 'echo old >D/f' "$write write('D/g', slurp 'D/f') os.rename('D/g', 'D/f') assert(slurp 'D/f' == 'old')" 'echo new >D/f'
	look removed 'echo old >D/f' "$write local t = slurp 'D/f' os.remove 'D/f' write('D/f', t) assert(t == 'old')" 'echo new >D/f'
	look linked 'echo old >D/f; ln -s f D/l' "$write write('D/l', slurp 'D/f') assert(slurp 'D/f' == 'old')" 'echo new >D/f'
	look child 'echo old >D/f' "local t = slurp 'D/f' sh('echo ' .. t .. ' >D/f') assert(sh 'cat D/f' == 'old')" 'echo new >D/f'
	prove
}

@test "a file that is otherwise in the end, or was changed by others before, is not relied on" {
	local write="local function write(n, t, how) local f = io.open(n, how or 'w') f:write(t, '\\n') f:close() end"
	look counts 'echo 1 >D/f' "$write write('D/f', slurp 'D/f' + 1)" ''
	look appends 'echo 1 >D/f' "$write assert(slurp 'D/f') write('D/f', 'x', 'a')" ''
	look meanwhile 'echo old >D/f' \
		"$write assert(slurp 'D/f') sh 'mkfifo D/gate && echo go >D/gate; rm D/gate' write('D/f', 'old')" ''
	settle
	fj4 >/dev/null &
	await test -p d_meanwhile/gate
	echo new >d_meanwhile/f
	cat d_meanwhile/gate >/dev/null
	wait $!
	run fj4 --why=tests/meanwhile_test.lua
	has d_meanwhile/f
	fj4 --changed --report=json:report.json tests/counts_test.lua tests/appends_test.lua
	is "$(ran)" "appends counts"
}

@test "extended attributes count where they were asked for, by whatever call" {
	cat >attributes.c <<-'EOF'
		#define _GNU_SOURCE
		#include <fcntl.h>
		#include <stdio.h>
		#include <string.h>
		#include <sys/syscall.h>
		#include <sys/xattr.h>
		#include <unistd.h>
		// How many bytes the names of a user's attributes have: a system may give every file some.
		static int own(const char *names, int n)
		{
			int bytes = 0;
			for (const char *p = names; p < names + n; p += strlen(p) + 1)
				if (!strncmp(p, "user.", 5)) bytes += strlen(p) + 1;
			return bytes;
		}
		// attributes HOW FILE: how many bytes of names or value there are; or sets one.
		int main(int argc, char **argv)
		{
			char to[99];
			const char *how = argv[1], *f = argv[2];
			if (!strcmp(how, "set")) return setxattr(f, "user.x", argv[3], strlen(argv[3]), 0) != 0;
			if (!strcmp(how, "remove")) return removexattr(f, "user.x") != 0;
			int fd = open(f, O_PATH), is_open = open(f, O_RDONLY);
			int n = (int)(!strcmp(how, "get") ? getxattr(f, "user.x", to, 99)
				: !strcmp(how, "lget") ? lgetxattr(f, "user.x", to, 99)
				: !strcmp(how, "fget") ? fgetxattr(is_open, "user.x", to, 99)
				: !strcmp(how, "list") ? listxattr(f, to, 99)
				: !strcmp(how, "llist") ? llistxattr(f, to, 99)
				: !strcmp(how, "flist") ? flistxattr(is_open, to, 99)
				: !strcmp(how, "call") ? syscall(SYS_getxattr, f, "user.x", to, 99)
				: syscall(SYS_listxattr, f, to, 99));
			printf("%d\n", strstr(how, "list") ? own(to, n) : n);
			return 0;
		}
	EOF
	cc -w -o attributes attributes.c
	touch probe
	./attributes set probe 1 || skip "no extended attributes on this file system"
	for how in get lget fget call; do
		look "$how" 'touch D/f' "assert(sh './attributes $how D/f' == '-1')" './attributes set D/f ab'
		look "${how}_value" 'touch D/f; ./attributes set D/f ab' "assert(sh './attributes $how D/f' == '2')" './attributes set D/f abc'
	done
	for how in list llist flist listed; do
		look "$how" 'touch D/f; ./attributes set D/f ab' "assert(sh './attributes $how D/f' == '7')" './attributes remove D/f'
	done
	look folder 'mkdir D/a' "assert(sh './attributes list D/a' == '0')" './attributes set D/a 1'
	prove
	rm -r tests
	names='' edits=''
	look own 'touch D/f' "assert(sh './attributes set D/f 1; ./attributes get D/f; ./attributes remove D/f' == '1')" 'true'
	look ls 'touch D/f' "assert(sh 'ls -l D' ~= '')" 'true'
	prove same
}

@test "why nothing was found counts" {
	local nothing="assert(select(3, io.open 'D/a/f') == 2)"
	look gone 'true' "$nothing" 'touch D/a'
	look replaced 'mkdir D/a' "$nothing" 'rmdir D/a; touch D/a'
	look asked 'mkdir D/a' "assert(select(3, lfs.attributes 'D/a/f') == 2)" 'rmdir D/a; touch D/a'
	look named 'mkdir D/a' "assert(select(3, lfs.symlinkattributes 'D/a/f') == 2)" 'rmdir D/a; touch D/a'
	look made 'true' "assert(lfs.mkdir 'D/a/f' == nil and select(2, lfs.mkdir 'D/a/f'):find 'No such')" 'touch D/a'
	look written 'true' "assert(select(3, io.open('D/a/f', 'w')) == 2)" 'touch D/a'
	look loop 'true' "assert(select(3, io.open 'D/f') == 2)" 'ln -s f D/f'
	prove
}

@test "what is asked of a file that is open, or refused as a link, counts" {
	cc -w -o opened -x c - <<-'END'
		#define _GNU_SOURCE
		#include <errno.h>
		#include <fcntl.h>
		#include <string.h>
		#include <sys/stat.h>
		int main(int n, char **a) {
			struct stat st;
			struct statx sx;
			int fd = open(a[2], !strcmp(a[1], "link") ? O_RDONLY | O_NOFOLLOW : O_RDONLY);
			if (!strcmp(a[1], "link")) return errno != ELOOP;
			if (!strcmp(a[1], "fstat")) return fstat(fd, &st) || st.st_mode & 1;
			if (!strcmp(a[1], "fstatat")) return fstatat(fd, "", &st, AT_EMPTY_PATH) || st.st_mode & 1;
			return statx(fd, "", AT_EMPTY_PATH, STATX_MODE, &sx) || sx.stx_mode & 1;
		}
	END
	for how in fstat fstatat statx; do
		look "$how" 'touch D/f' "assert(os.execute './opened $how D/f')" 'chmod 755 D/f'
	done
	look link 'touch D/f; ln -s f D/l' "assert(os.execute './opened link D/l')" 'rm D/l; touch D/l'
	prove
	rm -r tests
	names='' edits=''
	look own 'true' "assert(sh 'echo x >D/f; ./opened fstat D/f && rm D/f && echo yes' == 'yes')" 'true'
	look content 'echo x >D/f' "assert(os.execute './opened fstat D/f')" 'touch D/f'
	prove same
}

@test "what a folder gives to the files that are made in it counts" {
	look made 'true' "io.open('D/f', 'w'):close() os.remove 'D/f'" 'chmod g+s D'
	look folder 'true' "lfs.mkdir 'D/f' lfs.rmdir 'D/f'" 'chmod g+s D'
	prove
}

@test "to ask for a type is not to read" {
	look mode 'echo old >D/f' "assert(lfs.attributes('D/f', 'mode') == 'file')" 'echo new >D/f'
	look test 'echo old >D/f' "os.execute 'test -f \"D/f\"'" 'echo new >D/f'
	look folder 'mkdir D/a' "assert(lfs.attributes('D/a', 'mode') == 'directory')" 'touch D/a/f'
	look access 'echo old >D/f' "assert(sh 'test -r D/f && echo yes' == 'yes')" 'echo new >D/f'
	prove same
}

@test "a FIFO that others write to is not relied on; names of /proc are what they stand for" {
	look cwd 'echo old >D/f' "assert(slurp '/proc/self/cwd/D/f' == 'old')" 'echo new >D/f'
	look descriptor 'echo old >D/f' "assert(sh 'exec 3<D; cat /dev/fd/3/f' == 'old')" 'echo new >D/f'
	look other 'echo old >D/f' "assert(sh 'cat /proc/\$\$/cwd/D/f' == 'old')" 'echo new >D/f'
	prove
	plain fifo "assert(io.open 'fifo':read 'a' == 'old\n')"
	plain own "assert(os.execute 'mkfifo own; echo x >own & cat own; rm own')"
	mkfifo fifo
	settle
	for _ in 1 2 3; do
		echo old >fifo &
		fj4 --changed --report=json:report.json tests/fifo_test.lua tests/own_test.lua >/dev/null
	done
	is "$(ran)" fifo
	run fj4 --why=tests/fifo_test.lua
	has "not trusted"
}

@test "what the test does itself to what it looks at is no reason to run it again" {
	look chmod 'printf "#!/bin/sh\necho x\n" >D/t.sh' "sh 'chmod +x D/t.sh' assert(sh 'D/t.sh' == 'x')" 'true'
	look hard 'echo x >D/f' "slurp 'D/f' lfs.link('D/f', 'D/g') os.remove 'D/g'" 'true'
	look anew 'true' "sh 'rm -rf D/out; mkdir D/out; echo x >D/out/f'" 'true'
	look output 'true' "os.remove 'D/out' local f = io.open('D/out', 'w') f:write 'x' f:close()" 'true'
	look renamed 'true' "local f = io.open('D/new', 'w') f:write 'x' f:close() os.rename('D/new', 'D/out')" 'true'
	look dangling 'ln -s nowhere D/l' "assert(lfs.symlinkattributes('D/l', 'mode') == 'link')" 'true'
	look temporary 'touch D/a' "io.open('D/tmp', 'w'):close() assert(sh 'ls D' == 'a\ntmp') os.remove 'D/tmp'" 'true'
	look moved 'echo x >D/f' "os.rename('D/f', 'D/g') os.rename('D/g', 'D/f') slurp 'D/f'" 'true'
	look database 'sqlite3 D/db "CREATE TABLE t(v)"' "sh 'sqlite3 D/db \"SELECT * FROM t\"'" 'true'
	look log 'sqlite3 D/l.db "PRAGMA journal_mode=WAL; PRAGMA wal_autocheckpoint=0; CREATE TABLE t(v)" \
		".shell cp D/l.db D/app.db; cp D/l.db-wal D/app.db-wal" >/dev/null; rm D/l.db' \
		"assert(sh 'sqlite3 -readonly D/app.db .tables' == 't')" 'true'
	look clone 'git init -q D/r && cd D/r && echo x >f && git add f && git -c user.name=x -c user.email=x@x commit -qm x' \
		"assert(os.execute 'git -c user.name=x -c user.email=x@x clone -q D/r D/c && rm -rf D/c')" 'true'
	prove same
}

@test "a time in the future is no change" {
	look future 'echo x >D/f' "slurp 'D/f'" 'true'
	settle
	touch -d '1 year' d_future/f
	await eval '[ "$(find d_future -newerct "2 seconds ago" -print -quit)" = "" ]'
	fj4 >/dev/null
	run fj4 --changed --report=json:report.json
	is "$(ran)" ""
}
