"""Makes a program that fails smaller, by leaving out actions, lines, hooks and options while it fails in the same way."""

import copy
import faulthandler
import os
import sys

from . import worker


def kind_of(finding):
    """What a smaller program must show to count as the same failure."""
    return " ".join(finding.split()[:3])


def failure(runner, program, times=1):
    """How a program fails in a process of its own, or None."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        findings = ["crash"]
        try:
            faulthandler.dump_traceback_later(worker.PATIENCE, exit=True, file=sys.stderr)
            silent = os.open(os.devnull, os.O_WRONLY)
            os.dup2(silent, 1), os.dup2(silent, 2)
            for _ in range(times):
                findings, _ = runner.run(program)
                if findings:
                    break
        finally:
            os.write(writer, "\n".join(kind_of(finding) for finding in findings).encode()[:4000])
            os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as answers:
        answer = answers.read().decode()
    _, status = os.waitpid(child, 0)
    return (answer.split("\n")[0] or None) if status == 0 else f"status {status}"


def lists_in(program):
    """Every list of which items can be left out."""
    yield program.steps
    for action in [*program.steps, *(action for _, hooks in program.objects for action in hooks.values())]:
        yield from lists_in_action(action)


def lists_in_action(action):
    for part in action:
        if isinstance(part, list) and part:
            if all(isinstance(line, str) for line in part) and len(part) > 1:
                yield part
            yield from lists_in_action(part)


def without_items(program, works):
    """Leaves out runs of items, long ones first."""
    which = 0
    while which < len(list(lists_in(program))):
        width = len(list(lists_in(program))[which])
        while width >= 1:
            start = 0
            while start < len(list(lists_in(program))[which]):
                candidate = copy.deepcopy(program)
                del list(lists_in(candidate))[which][start : start + width]
                if (which == 0 or list(lists_in(candidate))[which : which + 1]) and works(candidate):
                    program = candidate
                else:
                    start += width
                if which >= len(list(lists_in(program))):
                    return program
            width //= 2
        which += 1
    return program


def without_hooks(program, works):
    for number, (base, hooks) in enumerate(program.objects):
        for name in list(hooks):
            candidate = copy.deepcopy(program)
            del candidate.objects[number][1][name]
            program = candidate if works(candidate) else program
        candidate = copy.deepcopy(program)
        candidate.objects[number][0] = "object"
        program = candidate if works(candidate) else program
    for name in list(program.options):
        candidate = copy.deepcopy(program)
        del candidate.options[name]
        program = candidate if works(candidate) else program
    return program


def minimise(flavour, program, times=1, log=print):
    """The smallest program found that fails as `program` does."""
    faulthandler.cancel_dump_traceback_later()  # its thread would not be there after a fork
    runner = worker.prepared(flavour)
    wanted = failure(runner, program, times)
    log(f"fails: {wanted}", flush=True)
    if wanted is None:
        return program

    def works(candidate):
        return failure(runner, candidate, times) == wanted

    size = None
    while size != len(program.text()):
        size = len(program.text())
        log(f"{size} characters", flush=True)
        program = without_hooks(without_items(program, works), works)
    return program
