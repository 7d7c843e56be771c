"""The command line: ``commerce demo``, ``commerce migrate``, ``commerce import`` and more.

What goes wrong on purpose (a `commerce.kernel.CommerceError`) is told in one line, with exit status 1.
"""

import click

from commerce.cli.demo import demo
from commerce.cli.importing import import_catalogue
from commerce.cli.quoting import quote
from commerce.cli.reconciling import reconcile
from commerce.cli.storing import migrate, work
from commerce.kernel import CommerceError

__all__ = ["main"]


class _Commands(click.Group):
    """Says in one line what is wrong and what to do."""

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except CommerceError as error:
            raise click.ClickException(str(error)) from error


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="commerce-sdk", prog_name="commerce")
def main() -> None:
    """Headless commerce: carts, prices, stock and orders."""


for command in (demo, import_catalogue, migrate, quote, reconcile, work):
    main.add_command(command)
