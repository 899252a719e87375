from __future__ import annotations

import pytest

from trialbook.services.domain.errors import Overloaded
from trialbook.services.otlp.admission import Admission


def test_what_is_held_is_bounded_and_given_back() -> None:
    admission = Admission(limit=10)

    with admission.opened() as first:
        first.hold(4)
        first.hold(4)
        with admission.opened() as second:
            second.hold(2)
            with pytest.raises(Overloaded):
                second.hold(1)
        with admission.opened() as third:
            third.hold(2)

    with admission.opened() as all_of_it:
        all_of_it.hold(10)
