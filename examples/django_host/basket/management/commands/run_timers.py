"""``manage.py run_timers``: what is due because time has passed."""

import time
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.db import close_old_connections

from basket.shop import the_shop


class Command(BaseCommand):
    """The worker: run one beside the web server, or several."""

    help = "Deliver events, take up interrupted orders, settle payments, sweep expired holds."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """How often."""
        parser.add_argument("--every", type=float, default=1.0, help="seconds to rest between rounds")
        parser.add_argument("--once", action="store_true", help="do one round and end")

    def handle(self, *, every: float, once: bool, **_: Any) -> None:
        """Round after round, until it is stopped."""
        while True:
            report = the_shop().timers.run()
            if once:
                self.stdout.write(str(report))
                return
            close_old_connections()  # as Django does between requests: a database may have gone away
            time.sleep(every)
