"""Options and variables as the program lua has them: modules, warnings, LUA_INIT and the search paths."""

import pytest


class TestModules:
    def test_a_module_becomes_a_global(self, lupa_command, script):
        script("return {answer = 42}", name="known.lua")
        assert lupa_command("-l", "known", "-e", "print(known.answer)").out == "42\n"

    def test_the_name_may_be_chosen(self, lupa_command, script):
        script("return {answer = 42}", name="known.lua")
        assert lupa_command("-l", "k=known", "-e", "print(k.answer, known)").out == "42\tnil\n"

    def test_a_version_is_no_part_of_the_name(self, lupa_command, script):
        script("return 'second'", name="known-v2.lua")
        assert lupa_command("-lknown-v2", "-e", "print(known)").out == "second\n"

    def test_modules_and_chunks_keep_their_order(self, lupa_command, script):
        script("print('module') return 1", name="known.lua")
        assert lupa_command("-e", "print('first')", "-l", "known", "-e", "print(known)").out == "first\nmodule\n1\n"

    def test_a_missing_module_is_an_error(self, lupa_command):
        assert "module 'nowhere' not found" in lupa_command("-l", "nowhere", "-e", "print(1)", status=1).err

    def test_a_module_alone_is_nothing_to_run(self, lupa_command, script):
        script("return 7", name="known.lua")
        assert lupa_command("-l", "known", stdin=b"print(known)").out == "7\n"


class TestInit:
    def test_a_chunk_runs_first(self, lupa_command):
        assert lupa_command("-e", "print(x)", env={"LUA_INIT": "x = 'init'"}).out == "init\n"

    def test_a_file_runs_first(self, lupa_command, script):
        name = script("x = 'from a file'")
        assert lupa_command("-e", "print(x)", env={"LUA_INIT": "@" + name}).out == "from a file\n"

    def test_that_of_the_version_wins_since_lua_5_2(self, lupa_command, lua_version):
        env = {"LUA_INIT": "x = 'any'", "LUA_INIT_{}_{}".format(*lua_version): "x = 'version'"}
        assert lupa_command("-e", "print(x)", env=env).out == ("version\n" if lua_version >= (5, 2) else "any\n")

    def test_an_error_names_the_variable(self, lupa_command):
        error = lupa_command("-e", "", env={"LUA_INIT": "error('no')"}, status=1).err
        assert error.startswith("lupa: LUA_INIT:1: no\n")

    def test_it_can_be_ignored(self, lupa_command):
        assert lupa_command("-E", "-e", "print(x)", env={"LUA_INIT": "x = 'init'"}).out == "nil\n"


class TestPaths:
    ENV = {"LUA_PATH": "/of/the/environment/?.lua", "LUA_CPATH": "/of/the/environment/?.so"}

    def test_they_come_from_the_environment(self, lupa_command):
        out = lupa_command("-e", "print(package.path) print(package.cpath)", env=self.ENV).out
        assert out.splitlines() == list(self.ENV.values())

    def test_they_can_be_ignored(self, lupa_command):
        out = lupa_command("-E", "-e", "print(package.path) print(package.cpath)", env=self.ENV).out
        assert "environment" not in out

    def test_programs_that_are_started_see_them_all_the_same(self, lupa_command):
        assert lupa_command("-E", "-e", "print(os.getenv('LUA_PATH'))", env=self.ENV).out == self.ENV["LUA_PATH"] + "\n"


class TestWarnings:
    def test_they_are_shown(self, lupa_command, lua_version):
        if lua_version < (5, 4):
            assert lupa_command("-W", "-e", "", status=1).err == "lupa: -W needs Lua 5.4 or newer\n"
        else:
            assert lupa_command("-W", "-e", "warn('take care')").err == "Lua warning: take care\n"

    def test_they_are_not_shown_otherwise(self, lupa_command, lua_version):
        if lua_version != (5, 4):
            pytest.skip("only Lua 5.4 has warnings that are off at the beginning")
        assert lupa_command("-e", "warn('take care')").err == ""
