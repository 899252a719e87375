"""Labels of datasets on the wire."""

from __future__ import annotations

from typing import Any

from trialbook.services.application import dataset_label as application
from trialbook.services.application.dataset import require
from trialbook.services.application.dataset_label import LabelDraft
from trialbook.services.application.paging import cut_page, page_size, read_token
from trialbook.services.application.ports import Queries, Store
from trialbook.services.application.views import DatasetView, LabelView
from trialbook.services.domain.naming import label_name, parse_dataset, parse_label
from trialbook.services.rpc.caller import command
from trialbook.services.rpc.payload import write_time
from trialbook.v1 import dataset_service_pb2 as rpc
from trialbook.v1 import dataset_settings_pb2 as pb
from trialbook.v1.dataset_service_pb2_grpc import DatasetServiceServicer


class LabelCalls(DatasetServiceServicer):
    """Answers the calls of DatasetService about labels."""

    _store: Store

    async def SetLabel(self, request: rpc.SetLabelRequest, context: Any) -> rpc.SetLabelResponse:
        """Let a label name a version."""
        project, dataset = parse_dataset("parent", request.parent)
        draft = LabelDraft(
            request.label.label_id,
            request.label.version,
            request.label.frozen,
            request.label.message,
            request.expected_version if request.HasField("expected_version") else None,
        )
        draft.check()
        label = await self._store.execute(
            command(context, "SetLabel", request),
            lambda uow: application.set_label(uow, project, dataset, draft),
            LabelView,
        )
        return rpc.SetLabelResponse(label=to_label(project, dataset, label))

    async def ListLabels(
        self, request: rpc.ListLabelsRequest, context: Any
    ) -> rpc.ListLabelsResponse:
        """List labels by id."""
        project, dataset = parse_dataset("parent", request.parent)
        listing, limit = f"labels {request.parent}", page_size(request.page_size)
        after = read_token(listing, request.page_token, str, "")

        def query(q: Queries) -> list[LabelView]:
            return application.labels(q, require(q, project, dataset), after, limit + 1)

        found = await self._store.read(query)
        page, token = cut_page(listing, found, limit, lambda label: label.label_id)
        return rpc.ListLabelsResponse(
            labels=[to_label(project, dataset, label) for label in page], next_page_token=token
        )

    async def DeleteLabel(
        self, request: rpc.DeleteLabelRequest, context: Any
    ) -> rpc.DeleteLabelResponse:
        """Forget a label."""
        project, dataset, label_id = parse_label("name", request.name)
        await self._store.execute(
            command(context, "DeleteLabel", request),
            lambda uow: application.delete_label(uow, project, dataset, label_id),
            DatasetView,
        )
        return rpc.DeleteLabelResponse()


def to_label(project: str, dataset_id: str, label: LabelView) -> pb.DatasetLabel:
    """Return a label for the wire."""
    return pb.DatasetLabel(
        name=label_name(project, dataset_id, label.label_id),
        label_id=label.label_id,
        version=label.version,
        frozen=label.frozen,
        message=label.message,
        author=label.author,
        update_time=write_time(label.updated_at),
    )
