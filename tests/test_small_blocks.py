"""Small blocks that Lua frees wait for its next requests (src/lua/blocks.rs): nothing is mixed up, and memory comes back."""

import os

import pytest


def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


class TestContents:
    def test_strings_of_all_small_sizes(self, lua):
        """Each is written, freed, and its block written by another."""
        assert lua.execute("""
            for turn = 1, 5 do
                local kept = {}
                for size = 1, 200 do
                    for copy = 1, 5 do kept[#kept + 1] = ('%03d%d%d'):format(size, turn, copy) .. ('x'):rep(size) end
                end
                for i = #kept, 1, -3 do kept[i] = false end
                collectgarbage()
                for i = 1, #kept do
                    local text = kept[i]
                    if text then
                        local size, rest = tonumber(text:sub(1, 3)), text:sub(6)
                        if rest ~= ('x'):rep(size) then return 'mixed up' end
                    end
                end
            end
            return 'all there'
        """) == "all there"

    def test_tables_that_grow_and_shrink(self, lua):
        """Their arrays pass through all sizes, small and large."""
        assert lua.execute("""
            local tables = {}
            for i = 1, 200 do tables[i] = {} end
            for n = 1, 60 do
                for i = 1, #tables do tables[i][n] = i * n tables[i]['k' .. n] = -i * n end
                if n % 7 == 0 then collectgarbage() end
            end
            for i = 1, #tables do
                for n = 1, 60 do
                    if tables[i][n] ~= i * n or tables[i]['k' .. n] ~= -i * n then return 'mixed up' end
                end
            end
            return 'all there'
        """) == "all there"

    def test_after_a_native_library_was_loaded(self, lua):
        """From there on blocks are not kept; those that are in use stay good."""
        lua.execute("texts = {} for i = 1, 2000 do texts[i] = 'text ' .. i end")
        lua.execute("package.loadlib('/nonexistent/library.so', '*')")
        assert lua.execute("""
            for i = 2, 2000, 2 do texts[i] = nil end
            collectgarbage()
            for i = 1, 2000, 2 do if texts[i] ~= 'text ' .. i then return 'mixed up' end end
            local t = {} for i = 1, 1000 do t[i] = {i} end
            return 'all there'
        """) == "all there"


@pytest.mark.skipif(not os.path.exists("/proc/self/statm"), reason="this platform does not say how much memory a process has")
class TestMemory:
    def test_what_is_kept_is_little(self, lua, usual_allocator, self_checking):
        """300,000 small objects that are gone, again and again, do not stay with the runtime."""
        if self_checking:
            pytest.skip("this Lua would take too long")
        grow = lua.eval("function() local t = {} for i = 1, 300000 do t[i] = {i} end end")
        other = lua.eval("function() collectgarbage() collectgarbage() end")
        grow(), other()
        before = resident()
        for _ in range(5):
            grow(), other()
        assert resident() - before < 60_000_000

    def test_runtimes_that_are_gone_keep_nothing(self, new_runtime, usual_allocator, collect):
        def use():
            new_runtime().execute("for i = 1, 5000 do local t = {i, tostring(i)} end")

        for _ in range(20):
            use()
        collect()
        before = resident()
        for _ in range(200):
            use()
        collect()
        assert resident() - before < 8_000_000


class TestWarnings:
    """A runtime writes warnings as one of `lua` does (manual section 6.1)."""

    @pytest.fixture(autouse=True)
    def has_warnings(self, lua_version):
        if lua_version < (5, 4):
            pytest.skip("Lua warns since 5.4")

    @pytest.mark.parametrize(
        ("script", "written"),
        [
            ("warn('a')", ""),
            ("warn('@on') warn('a') warn('b', 'c', 1)", "Lua warning: a\nLua warning: bc1\n"),
            ("warn('@on') warn('a') warn('@off') warn('b')", "Lua warning: a\n"),
            ("warn('@on') warn('@unknown') warn('@on', 'x')", "Lua warning: @onx\n"),
            ("warn('@on') warn('a', '@off') warn('b')", "Lua warning: a@off\nLua warning: b\n"),
            ("warn('@on') setmetatable({}, {__gc = function() error('x', 0) end}) collectgarbage()", "Lua warning: error in __gc (x)\n"),
        ],
    )  # fmt: skip
    def test_written(self, run_script, script, written):
        assert run_script("LuaRuntime().execute(sys.argv[1])", script, stderr=written) == ""
