"""Numbers for Prometheus: what is counted, and the text in which it is told."""

from __future__ import annotations

import pytest

from chain.node.measures import RequestMeasures
from chain.node.metrics import Counter, Gauge, Histogram, read, tell


def test_the_text_is_that_of_the_format() -> None:
    """Help and type once each, labels in quotes, buckets that add up, whole numbers without a point."""
    counter = Counter("a_total", "Counts.", "code")
    counter.add(2, "Full")
    counter.add(0.5, "Full")
    histogram = Histogram("b_seconds", "Times.", (0.1, 1))
    for seconds in (0.1, 0.5, 7):
        histogram.observe(seconds)
    gauge = Gauge("c", "Now.", lambda: 3)

    assert tell([counter, histogram, gauge]) == (
        "# HELP a_total Counts.\n# TYPE a_total counter\n"
        'a_total{code="Full"} 2.5\n'
        "# HELP b_seconds Times.\n# TYPE b_seconds histogram\n"
        'b_seconds_bucket{le="0.1"} 1\nb_seconds_bucket{le="1"} 2\nb_seconds_bucket{le="+Inf"} 3\n'
        "b_seconds_sum 7.6\nb_seconds_count 3\n"
        "# HELP c Now.\n# TYPE c gauge\nc 3\n"
    )


def test_values_of_labels_cannot_break_the_text() -> None:
    """Quotes, line ends and backslashes are escaped, so that a line stays a line."""
    counter = Counter("a_total", "One\nline, a \\.", "path")
    counter.add(1, 'x"\n\\')

    text = tell([counter])

    assert text.splitlines()[0] == r"# HELP a_total One\nline, a \\."
    assert text.splitlines()[2] == r'a_total{path="x\"\n\\"} 1'


def test_what_is_not_known_is_not_told() -> None:
    """A gauge without a number has no line but its help."""
    assert "\nc " not in tell([Gauge("c", "Now.", lambda: None)])


def test_a_number_is_read_as_it_was_told() -> None:
    """`read` gives names with the values of their labels."""
    counter = Counter("a_total", "Counts.", "code", "route")
    counter.add(2, "Full", "/v1")

    assert read(tell([counter, Gauge("c", "Now.", lambda: 1.5)])) == {("a_total", ("Full", "/v1")): 2, ("c", ()): 1.5}


def test_what_is_handed_over_is_counted_once() -> None:
    """What a worker takes and its parent merges is the same as if the parent had counted it; the next time it is nothing."""
    worker, parent, alone = RequestMeasures(), RequestMeasures(), RequestMeasures()
    for measures in (worker, alone):
        measures.request("/v1/read", 200, 0.003)
        measures.request("/v1/read", 404, 60)
        measures.refusals.add(3, "NotFound")
    parent.request("/v1/read", 200, 0.003)
    alone.request("/v1/read", 200, 0.003)

    parent.merge(worker.take())
    parent.merge(worker.take())

    told = [tell([each.refusals, each.requests, each.request_seconds]) for each in (parent, alone)]
    assert told[0] == told[1]


@pytest.mark.parametrize("number", [0.1, 1.0])
def test_a_bound_belongs_to_its_bucket(number: float) -> None:
    """`le` is less or equal."""
    histogram = Histogram("b", "Times.", (0.1, 1))
    histogram.observe(number)

    assert read(tell([histogram]))["b_bucket", (f"{number:g}",)] == 1
