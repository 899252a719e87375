from __future__ import annotations

import pytest
from google.protobuf.field_mask_pb2 import FieldMask
from hypothesis import given
from hypothesis import strategies as st

from trialbook.services.domain.errors import Invalid
from trialbook.services.rpc.update_mask import masked
from trialbook.v1.dataset_pb2 import Dataset

ALLOWED = ("display_name", "description", "metadata")


@given(st.lists(st.sampled_from(ALLOWED), min_size=1))
def test_a_mask_names_the_fields(paths: list[str]) -> None:
    found = masked(Dataset(), FieldMask(paths=paths), ALLOWED)

    assert set(found) == set(paths)
    assert len(found) == len(set(paths))


def test_without_a_mask_the_fields_that_are_set_count() -> None:
    dataset = Dataset(name="n", description="d", version=3)
    dataset.metadata.SetInParent()

    assert masked(dataset, FieldMask(), ALLOWED) == ("description", "metadata")
    assert masked(Dataset(), FieldMask(), ALLOWED) == ()


@given(st.lists(st.text(max_size=200), min_size=1, max_size=200))
def test_another_path_is_refused(paths: list[str]) -> None:
    with pytest.raises(Invalid) as caught:
        masked(Dataset(), FieldMask(paths=[*paths, "version"]), ALLOWED)

    assert {violation.path for violation in caught.value.violations} == {"update_mask"}
    assert len(caught.value.violations) <= 20
