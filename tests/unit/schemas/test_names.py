"""How a name is stored, and found again."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from schemas import names
from schemas.subjects import is_token

NAMES = st.text(st.characters(exclude_categories=()), min_size=1) | st.from_regex(
    r"(x[0-9a-f]{24}|conn_[0-9]+|demo-[0-9a-f]{12}|sip-[0-9a-f]{24}|CA[0-9a-f]{32}|[a-z_-]{1,9})",
    fullmatch=True,
)


@given(NAMES)
def test_whatever_it_is_it_may_stand_in_a_subject_and_is_found_by_all_its_forms(name: str) -> None:
    kept = names.stored(name)
    assert is_token(kept)
    assert kept in names.forms(name)
    assert kept in names.forms(kept)


@given(NAMES, NAMES)
def test_two_names_are_never_stored_alike(first: str, second: str) -> None:
    assert (names.stored(first) == names.stored(second)) == (first == second)


def test_a_line_break_at_the_end_makes_another_name() -> None:
    assert names.stored("acme") == "acme"
    assert names.stored("acme\n") not in {"acme", "acme\n"}
    assert names.of_twilio("CA1\n") != "CA1\n"


@given(NAMES, NAMES)
def test_no_token_names_the_user_of_a_telephone_call(call: str, sub: str) -> None:
    sid = "CA" + "0123456789abcdef" * 2
    for user in (names.of_sip(call), names.of_twilio(sid)):
        assert is_token(user)
        assert names.stored(sub) != user
        assert names.stored(user) != user
    assert names.of_twilio(sid) == sid
    assert names.of_sip(call) in names.forms(call)
