from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from notifconf.plan.addresses import make_unique

words = st.text(alphabet="a#", max_size=5)


@given(st.dictionaries(words, words, max_size=6), st.sets(words, max_size=4))
def test_no_two_objects_have_one_address(plain, taken):
    addresses = dict(zip(plain, make_unique(list(plain.values()), list(plain), taken), strict=True))
    assert len({*addresses.values(), *taken}) == len(addresses) + len(taken)
    assert all(addresses[key].startswith(address) for key, address in plain.items())
    alone = [key for key, address in plain.items() if [*plain.values(), *taken].count(address) == 1]
    longer = [address for key, address in addresses.items() if address != plain[key]]
    assert all(addresses[key] == plain[key] or addresses[key].startswith(plain[key] + "#") for key in plain)
    assert longer or all(key in alone for key in plain)
