"""What tests of several files use."""

import threading

#: Seconds; who waits longer for a thread waits for ever.
PATIENCE = 60


class Recorder:
    """An attribute or item filter that lets everything pass and remembers what it was asked."""

    def __init__(self):
        self.calls = []

    def __call__(self, *args):
        self.calls.append(args)
        return args[1]


def run_to_the_end(threads):
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
        assert not thread.is_alive(), "a thread hangs"


def daemon(target, *arguments):
    """A thread that does not keep a hanging test run from its end."""
    return threading.Thread(target=target, args=arguments, daemon=True)
