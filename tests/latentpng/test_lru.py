"""The LRU cache: what it evicts, and in which order."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from latentpng.lru import LruCache


def test_the_least_recently_used_entry_is_evicted_first() -> None:
    cache: LruCache[str, int] = LruCache(max_entries=2)
    cache.put("a", 1)
    cache.put("b", 2)
    assert cache.get("a") == 1
    cache.put("c", 3)
    assert [key for key in "abc" if key in cache] == ["a", "c"]
    assert cache.get("b") is None


def test_a_replaced_value_counts_once() -> None:
    cache: LruCache[str, int] = LruCache(max_size=10)
    cache.put("a", 1, size=6)
    cache.put("a", 2, size=7)
    assert (cache.get("a"), cache.size, len(cache)) == (2, 7, 1)


def test_a_value_that_is_too_large_is_not_stored_and_evicts_nothing() -> None:
    cache: LruCache[str, int] = LruCache(max_size=10)
    cache.put("a", 1, size=10)
    cache.put("b", 2, size=11)
    assert cache.get("b") is None
    assert cache.get("a") == 1


def test_protected_entries_stay_even_beyond_the_bound() -> None:
    cache: LruCache[str, int] = LruCache(max_size=10)
    for key in "abc":
        cache.put(key, 0, size=6, protected=("a", "b"))
    assert [key for key in "abc" if key in cache] == ["a", "b"]
    cache.put("d", 0, size=1)
    assert [key for key in "abcd" if key in cache] == ["b", "d"]


def test_a_demoted_entry_is_evicted_first_although_it_was_used_last() -> None:
    cache: LruCache[str, int] = LruCache(max_entries=2)
    cache.put("a", 1)
    cache.put("b", 2)
    cache.demote("b")
    cache.demote("c")
    cache.put("d", 3)
    assert (cache.get("a"), cache.get("b"), cache.get("d")) == (1, None, 3)


def test_a_value_is_computed_once() -> None:
    cache: LruCache[str, bytes] = LruCache(max_size=10)
    computed: list[str] = []

    def compute() -> bytes:
        computed.append("now")
        return b"1234"

    assert cache.get_or_compute("a", compute, len) == b"1234"
    assert cache.get_or_compute("a", compute, len) == b"1234"
    assert (computed, cache.size) == (["now"], 4)


def test_a_cleared_cache_is_empty() -> None:
    cache: LruCache[str, int] = LruCache()
    cache.put("a", 1, size=3)
    cache.clear()
    assert (len(cache), cache.size, cache.get("a")) == (0, 0, None)


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 12))), st.integers(0, 20), st.integers(0, 4))
def test_both_bounds_hold_after_every_put(puts: list[tuple[int, int]], max_size: int, max_entries: int) -> None:
    cache: LruCache[int, int] = LruCache(max_size=max_size, max_entries=max_entries)
    sizes: dict[int, int] = {}
    for key, size in puts:
        cache.put(key, size, size=size)
        sizes[key] = size
        assert cache.size == sum(sizes[key] for key in sizes if key in cache) <= max_size
        assert len(cache) <= max_entries
