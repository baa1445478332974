"""The benchmark: its statistics, its report, and that it runs. Nothing here depends on how fast anything is."""

import dataclasses
import os
import pathlib
import random
import re
import signal
import subprocess
import sys
import xml.etree.ElementTree

import pytest
from bench import instructions, pages, plot, report, scale, table
from bench.figures import figure, mean, quartiles
from bench.instructions import power_of_two
from bench.process import Died, Failed, Package, WorkerProcess
from bench.rounds import Plan, Samples, measure
from bench.workload import Group, Lua, WrongResult
from bench.workloads import GROUPS, find, selected

ROOT = pathlib.Path(__file__).parents[1]


@pytest.fixture
def packages():
    """The package against itself: what is tested is the benchmark."""
    path = os.environ.get("PYTHONPATH", "")
    return [Package("lupa", sys.executable, path), Package("ours", sys.executable, path)]


@pytest.fixture
def document():
    """Made up: lupa takes 100 ns, we take 50 and 80 in `call`, 200 in `runtime`."""
    figures = []
    for path, ours in (("call/integer", 50.0), ("call/string", 80.0), ("runtime/creation", 200.0)):
        rounds = [[(100.0, ours), (100.0, ours * 1.1)], [(100.0, ours)]]
        figures.append(figure(Samples("lua54", find(path), rounds)))
    package = {"lupa": "2.8", "implementation": "Lua 5.4.9", "python": "3.11.7"}
    return report.document({"lua54": {"lupa": package, "ours": package}}, figures, "ns", Plan())


class TestStatistics:
    def test_quartiles(self):
        assert quartiles([1, 2, 3, 4, 5]) == (2, 3, 4)
        assert quartiles([7]) == (7, 7, 7)
        assert quartiles([]) == (None, None, None)

    def test_ratios_are_taken_within_the_round(self):
        # The machine was ten times slower in the second round; the packages are alike.
        samples = Samples("lua54", find("call/integer"), [[(10, 10), (100, 100)], [(50, 100), (10, 20), (10, 20)]])
        found = figure(samples)
        assert (found.low, found.ratio, found.high) == (1, 2, 2)
        assert found.by_process == (1, 2)
        assert (found.lupa, found.ours) == (10, 20)

    def test_nothing_measured(self):
        found = figure(Samples("lua54", find("call/integer"), [], [("lupa", "ended by SIGSEGV")]))
        assert found.ratio is found.lupa is None
        assert mean([found]) is None

    def test_the_mean_is_geometric_and_spreads_over_processes(self):
        samples = [[[(1, 1)], [(1, 2)]], [[(1, 4)], [(1, 8)]]]
        found = mean([figure(Samples("lua54", find("call/integer"), rounds)) for rounds in samples])
        assert found.ratio == pytest.approx((1.5 * 6) ** 0.5)
        assert (found.low, found.high, found.count) == (pytest.approx(2), pytest.approx(4), 2)

    def test_power_of_two(self):
        assert [power_of_two(number) for number in (0, 1, 2, 3, 4, 1000, 1024)] == [1, 1, 2, 2, 4, 512, 1024]


class TestReport:
    def test_creation_of_runtimes_is_not_in_the_total(self, document):
        means = report.means_of(document, "lua54")
        assert set(means) == {"call", "runtime", "all"}
        assert means["all"].ratio == means["call"].ratio == pytest.approx((0.5 * 0.8) ** 0.5, rel=1e-4)

    def test_files(self, document, tmp_path):
        report.save(tmp_path / "out.json", document)
        loaded = report.load(tmp_path / "out.json")
        assert table.text(loaded, "lua54") == table.text(document, "lua54")

    def test_what_is_shown_at_once_is_what_the_file_shows(self, document, tmp_path):
        about = {name: own["packages"] for name, own in document["runtimes"].items()}
        rounds = [[(735.4996, 735.4996)]]
        found = report.document(about, [figure(Samples("lua54", find("call/integer"), rounds))], "ns")
        report.save(tmp_path / "out.json", found)
        assert table.text(found, "lua54") == table.text(report.load(tmp_path / "out.json"), "lua54")

    def test_table(self, document):
        text = table.text(document, "lua54")
        assert re.search(r"^call/string +100 ns +80\.0 ns +0\.80 ", text, re.MULTILINE)
        assert re.search(r"^= call \(2\) +0\.63 .* 0\.45 !$", text, re.MULTILINE)
        assert re.search(r"^runtime/creation .* 2\.00 .* !$", text, re.MULTILINE)

    def test_failures_are_shown(self, document):
        document["runtimes"]["lua54"]["workloads"][0]["failures"] = [["lupa", "ended by SIGSEGV"]] * 3
        assert table.text(document, "lua54").count("call/integer") == 2

    def test_times(self):
        times = [table.time_text(value) for value in (8.214, 82.14, 99.97, 999.4, 1234, 45e6, 2e9)]
        assert times == ["8.21 ns", "82.1 ns", "100 ns", "999 ns", "1.23 us", "45.0 ms", "2.00 s"]

    def test_plot(self, document):
        root = xml.etree.ElementTree.fromstring(plot.svg(document))
        assert root.tag.endswith("svg")
        titles = [each.text for each in root.iter("{http://www.w3.org/2000/svg}title")]
        assert titles == ["all: 0.63", "call: 0.63", "runtime: 2.00"]

    def test_page(self, document):
        page = f"before {pages.BEGIN} old {pages.END} after"
        text = pages.with_section(page, document)
        assert text.startswith("before ") and text.endswith(" after") and " old " not in text
        assert "| call/integer | 100 ns | 50.0 ns | 0.50 |" in text
        assert pages.with_section(text, document) == text
        with pytest.raises(ValueError, match="no place"):
            pages.with_section("nothing", document)

    def test_the_page_of_the_project_is_that_of_the_kept_figures(self):
        content = report.load(pages.DOCUMENT)
        page = pages.PAGE.read_text(encoding="utf-8")
        assert pages.with_section(page, content) == page
        assert pages.PLOT.read_text(encoding="utf-8") == plot.svg(content)
        assert f"the same {len(selected())} small workloads" in page


class TestWorkloads:
    def test_every_one_has_a_name_of_its_own(self):
        paths = [workload.path for workload in selected()]
        assert len(set(paths)) == len(paths) > 130

    def test_every_group_of_the_table_is_there(self):
        assert len({group.name for group in GROUPS if group.target}) == 14

    def test_patterns(self):
        assert {workload.group for workload in selected(["call", "table/get*"])} == {"call", "table"}
        assert selected(["nothing*"]) == []

    @pytest.mark.parametrize("group", GROUPS, ids=lambda group: group.name)
    def test_they_do_what_they_say(self, group, lupa_module):
        for workload in group.workloads:
            run = workload.prepare(workload.runtime(lupa_module))
            run(2)

    def test_a_wrong_result_is_no_workload(self, lua):
        group = Group("group", "about")
        group.python("wrong value", "f()", f=Lua("function() return 1 end"), expect=2)
        group.python("wrong type", "f()", f=Lua("function() return true end"), expect=1)
        group.lua("wrong state", "result = x", x=1, check="result == 2")
        for workload in group.workloads:
            with pytest.raises(WrongResult):
                workload.prepare(lua)

    def test_there_has_to_be_a_check(self):
        with pytest.raises(TypeError):
            Group("group", "about").python("unchecked", "f()", f=abs)

    def test_the_code_runs_as_often_as_it_is_told(self, lua):
        group, seen = Group("group", "about"), []
        group.python("python", "seen.append(1)", seen=seen, check="bool(seen)")
        group.lua("lua", "count(1)", count=lambda x: seen.append(x), check="true")
        for workload in group.workloads:
            seen.clear()
            run = workload.prepare(lua)
            before = len(seen)
            run(5)
            assert len(seen) == before + 5


class TestProcesses:
    @pytest.fixture
    def worker(self, packages, runtime_name, lupa_module):
        with WorkerProcess(packages[1], runtime_name) as worker:
            yield worker

    def test_questions(self, worker, lua):
        assert worker.ask("about")["implementation"] == lua.lua_implementation
        assert worker.ask("prepare", "call/integer", 0.0001) >= 1
        assert worker.ask("turn") > 0

    def test_an_exception_is_a_failure(self, worker):
        with pytest.raises(Failed, match="StopIteration"):
            worker.ask("prepare", "no such workload", 0.0001)
        assert worker.ask("about")

    def test_one_that_died_is_started_again(self, worker):
        worker.process.kill()
        with pytest.raises(Died, match="SIGKILL"):
            worker.ask("about")
        assert worker.ask("about")

    def test_one_that_hangs_is_started_again(self, worker):
        worker.PATIENCE = 0.2
        os.kill(worker.process.pid, signal.SIGSTOP)
        with pytest.raises(Died, match="no answer"):
            worker.ask("about")
        worker.PATIENCE = 60
        assert worker.ask("about")

    def test_a_package_does_not_see_the_path_of_the_other(self, monkeypatch):
        monkeypatch.setenv("PYTHONPATH", "/somewhere")
        assert "PYTHONPATH" not in Package("lupa", sys.executable).environment(0)
        assert Package("ours", sys.executable, "/here").environment(0)["PYTHONPATH"] == "/here"


class TestRuns:
    PLAN = Plan(processes=2, rounds=3, turn=0.0002)

    def test_two_workloads(self, packages, runtime_name, lupa_module):
        workloads = [find("call/integer"), find("callback/1 integer")]
        about, samples = measure(packages, runtime_name, workloads, self.PLAN, random.Random(1))
        assert set(about) == {"lupa", "ours"}
        for each in samples:
            assert each.failures == []
            assert [len(rounds) for rounds in each.rounds] == [3, 3]
            assert figure(each).ratio > 0

    def test_what_fails_is_told_and_the_rest_is_measured(self, packages, monkeypatch, runtime_name, lupa_module):
        missing = dataclasses.replace(find("call/integer"), name="missing")
        _, samples = measure(packages, runtime_name, [missing, find("call/integer")], self.PLAN)
        assert samples[0].rounds == [] and len(samples[0].failures) == 2
        assert len(samples[1].rounds) == 2

    def test_the_command(self, packages, runtime_name, lupa_module, tmp_path):
        file = tmp_path / "out.json"
        lupa, ours = packages
        options = [
            "--lupa",
            lupa.python,
            "--lupa-path",
            lupa.path,
            "--ours-path",
            ours.path,
            "--runtimes",
            runtime_name,
        ]
        quick = ["--processes", "1", "--rounds", "2", "--turn", "0.2", "--json", str(file)]
        output = run_bench("time", "call/integer", "attribute/read an*", *options, *quick)
        assert output == table.text(report.load(file), runtime_name) + "\n\n"
        assert "= call (1)" in output and "= attribute (1)" in output

    def test_the_list(self):
        assert "call/integer" in run_bench("list")

    @pytest.mark.skipif(not instructions.available(), reason="valgrind is not installed")
    @pytest.mark.slow
    def test_instructions(self, packages, lupa_module, runtime_name, monkeypatch):
        monkeypatch.setattr(instructions, "TURN", 0.01)
        _, [samples] = instructions.count(packages, runtime_name, [find("table/len")])
        [[(lupa, ours)]] = samples.rounds
        assert 100 < ours == pytest.approx(lupa, rel=0.05)

    def test_scale(self, packages, lupa_module, runtime_name, monkeypatch):
        monkeypatch.setattr(scale, "ELEMENTS", ["values", "table_from"])
        rows = list(scale.elements(packages, runtime_name, 10))
        assert [row.name for row in rows] == ["values", "table_from"]
        assert all(row.lupa > 0 and row.ours > 0 for row in rows)


def run_bench(*arguments):
    command = [sys.executable, "-m", "bench", *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout
