"""CPU time of a function, for tests of how work grows: other work on the machine takes none of it."""

import time


def fastest(function, text, times=3):
    """Seconds of the quickest of some calls."""

    def once():
        start = time.process_time()
        function(text)
        return time.process_time() - start

    return min(once() for _ in range(times))
