"""An import beside another call of the same command."""

from __future__ import annotations

from pathlib import Path

from tests.service import settings_in
from trialbook.services.application.dataset import DatasetDescription, create
from trialbook.services.application.dataset_settings import SettingsDraft
from trialbook.services.application.item import ItemDraft
from trialbook.services.application.item_import import ImportedItems
from trialbook.services.application.ports import CommandContext, UnitOfWork
from trialbook.services.application.views import DatasetView
from trialbook.services.bootstrap import open_database
from trialbook.services.engine.engine import Engine, EngineSettings
from trialbook.services.projections.unit_of_work import SqlStore
from trialbook.services.rpc.import_session import ImportPlan, opened

CALLER = CommandContext("ada", "ImportItems:r-1", b"the same request")
PLAN = ImportPlan("default", "cases")


def _create(uow: UnitOfWork) -> DatasetView:
    return create(uow, "default", "cases", DatasetDescription(), SettingsDraft())


async def bring(store: SqlStore, engine: Engine) -> ImportedItems:
    async with opened(store, engine, CALLER, PLAN) as session:
        await session.bring([ItemDraft("", "1"), ItemDraft("", "2")])
        return await session.commit()


async def test_a_command_that_was_done_meanwhile_leaves_no_import_open(tmp_path: Path) -> None:
    with open_database(settings_in(tmp_path)) as database:
        store = SqlStore(database)
        engine = Engine(store, EngineSettings())
        await engine.start()
        await store.transact(CommandContext("ada"), _create)

        first = await bring(store, engine)
        again = await bring(store, engine)

        assert again == first
        assert await store.read(lambda q: q.datasets.open_imports()) == []
        await engine.stop()
