"""The programs of the corpus run on every runtime, and the fuzz target finds what it is there to find."""

import json
import pathlib

import pytest
from luafuzz import driver, grammar, minimise, program

CORPUS = sorted(pathlib.Path(__file__).parent.joinpath("corpus").glob("*.json"))


def report(findings):
    return [f"{finding.name}: {finding.text}\n{finding.details}" for finding in findings]


def test_the_corpus_runs_without_a_finding(lupa_module, runtime_name):
    assert len(CORPUS) >= 100
    findings, last = driver.run_worker(runtime_name, CORPUS)
    assert report(findings) == []
    assert last == str(CORPUS[-1])


def test_new_programs_run_without_a_finding(lupa_module, runtime_name, self_checking):
    last_seed = 20 if self_checking else 200
    findings, last = driver.run_worker(runtime_name, [f"1-{last_seed}"])
    assert report(findings) == []
    assert last == str(last_seed)


@pytest.mark.parametrize("seed", range(100))
def test_a_seed_is_one_program_that_can_be_written_and_read(seed):
    text = program.generate(seed).text()
    assert program.generate(seed).text() == text
    assert program.Program.parse(text).text() == text


def test_most_lines_can_be_compiled(lupa_module, flavour, lua):
    dialect = grammar.Dialect(flavour.name, flavour.version)
    lines = [line for seed in range(60) for kind, *rest in program.generate(seed).steps if kind == "lua" for line in rest[0]]
    chosen = dialect.select(lines)
    assert len(chosen) > 0.8 * len(lines)
    failures = []
    for line in chosen:
        try:
            lua.compile(line)
        except lupa_module.LuaSyntaxError as error:
            failures.append(str(error))
    assert len(failures) <= 0.01 * len(chosen), failures


MISDEEDS = {
    "system_error": "SystemError",
    "abort": "crash status -6",
    "sleep": "hang",
    "leak": "still alive",
    "another_object": "object 1 arrived as another",
    "break_the_runtime": "the runtime does not work any more",
}


@pytest.fixture
def write(tmp_path):
    def write(*steps):
        place = tmp_path / "program.json"
        place.write_text(json.dumps({"options": {}, "objects": [["object", {}]], "steps": steps}))
        return place

    return write


@pytest.mark.parametrize("misdeed", MISDEEDS)
def test_what_must_not_happen_is_found(lupa_module, runtime_name, write, monkeypatch, misdeed):
    if misdeed == "sleep":
        monkeypatch.setenv("LUPA_FUZZ_PATIENCE", "2")
    findings, _ = driver.run_worker(runtime_name, [write(["collect"], [misdeed])])
    assert MISDEEDS[misdeed] in report(findings)[0]


def test_a_failing_program_gets_smaller(run_script, runtime_name, write):
    place = write(["lua", ["stash(1);", "stash(2);"]], ["leak"], ["collect"], ["start", ["stash(3);"]])
    output = run_script(
        """
        sys.path.insert(0, sys.argv[2])
        from luafuzz import minimise, program
        one = program.Program.parse(open(sys.argv[1]).read())
        print(minimise.minimise(sys.argv[3], one, log=lambda *_, **__: None).text())
        """,
        place,
        pathlib.Path(__file__).parent,
        runtime_name,
    )
    assert program.Program.parse(output).steps == [["leak"]]
    assert minimise.kind_of("still alive: x, y") == "still alive: x,"
