# Test files chosen by the sources that they were seen to use, and by what git says has changed.
load common

git() {
	command git -c user.name=t -c user.email=t@t -c commit.gpgsign=false "$@"
}

# tests/a_test.lua uses src/a.lua, b uses src/sub/b.lua and looks for src/new.lua, c uses neither.
three_tests() {
	test_file src/a.lua "return 1"
	test_file "src/sub/b ä.lua" "return 1"
	plain a "dofile('src/a.lua')"
	plain b "dofile('src/sub/b ä.lua')" "io.open('src/new.lua')"
	plain c "return 1"
	run -0 fj4
}

# related WORD...: the names of the files that run.
related() {
	run -0 fj4 --report=json:report.json "$@"
	ran
}

@test "--related: files that were seen to use a source, a folder, or to look for what is not there" {
	test_file src/a.lua "return 1"
	plain a "dofile('src/a.lua')"
	run -0 fj4 --related=src/b.lua --report=json:report.json
	is "$(ran)" a
	has "1 file runs beside those that are related, as it is not known what it depends on"
	three_tests
	is "$(related --related=src/a.lua)" a
	is "$(related --related="$PWD/src/../src/a.lua" --related=tests/c_test.lua)" "a c"
	is "$(related --related=./src)" "a b"
	is "$(related --related=src/sub/)" b
	is "$(related --related=src/new.lua)" b
	# As links lead there, and from above the project.
	ln -s src link
	is "$(related --related=link/a.lua)" a
	is "$(related --related=..)" "a b c"
	run -0 fj4 --related=src/a
	has "--related=src/a: there is no such file, and no test was seen to look for it"
	has "No file has to do with these sources: nothing to run."
	cd src
	run -0 fj4 --related=a.lua --list
	has "tests/a_test.lua"
	hasnt "tests/b_test.lua"
	cd ..
	# One that has failed is not known any more.
	plain c "error('no')"
	run -1 fj4
	run -1 fj4 --related=src/a.lua --report=json:report.json
	is "$(ran)" "a c"
	run -2 fj4 --related=
	has "wants a source"
}

@test "--related-git: what has changed since a commit, staged or not, new, gone or not known to git" {
	three_tests
	run -2 fj4 --related-git
	has "--related-git=HEAD: there is no repository of git here"
	printf '%s\n' .firmo-jobs report.json >.gitignore
	git init -q .
	git add -A
	git commit -qm one
	run -0 fj4 --related-git
	has "nothing to run"
	echo "-- more" >>src/a.lua
	is "$(related --related-git)" a
	git add -A
	echo "-- more" >>"src/sub/b ä.lua"
	is "$(related --related-git)" "a b"
	git commit -qam two
	is "$(related --related-git=HEAD~1)" "a b"
	echo "return 1" >src/new.lua
	is "$(related --related-git --related=tests/c_test.lua)" "b c"
	rm src/new.lua
	# In a folder that nobody has seen, and somebody would.
	plain c "os.execute('ls src >/dev/null')"
	run -0 fj4
	git add -A
	git commit -qm three
	test_file src/deep/er/x.lua "return 1"
	is "$(related --related-git)" c
	rm -r src/deep
	git reset -q --hard HEAD~1
	run -0 fj4
	# A repository in the repository.
	git init -q tests/inner
	git -C tests/inner commit -q --allow-empty -m one
	plain inner/d "return 1"
	run -0 fj4
	is "$(related --related-git)" d
	rm -rf tests/inner
	git rm -q src/a.lua
	run -1 fj4 --related-git --report=json:report.json
	is "$(ran)" a
	run -2 fj4 --related-git=nothing
	has "--related-git=nothing: git: fatal: bad revision 'nothing'"
	is "${#lines[@]}" 1
	run -2 fj4 --related-git=--output=x
	has "is no revision"
	run -2 fj4 --related-git=HEAD..HEAD
	has "is a range"
}
