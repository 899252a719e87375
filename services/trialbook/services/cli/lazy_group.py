"""A command group that imports a verb's module only when the verb is used: help comes at once."""

from __future__ import annotations

from importlib import import_module

import click


class LazyGroup(click.Group):
    """A group whose commands live in modules named after them.

    `verbs` maps each command's name to its one-line help; the command `serve` is the attribute
    `serve` of the module `<package>.serve`.
    """

    def __init__(
        self, *, package: str, verbs: dict[str, str], callback: object, **settings: object
    ):
        super().__init__(callback=callback, **settings)  # type: ignore[arg-type]
        self._package = package
        self._verbs = verbs

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the order in which they were declared."""
        return list(self._verbs)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the command's module, or return None for an unknown name."""
        if cmd_name not in self._verbs:
            return None
        command = getattr(import_module(f"{self._package}.{cmd_name}"), cmd_name)
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands without importing any of them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(self._verbs.items()))
