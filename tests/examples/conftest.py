"""The examples are no packages of ours: their folders are put where Python looks for modules."""

import os
import sys
from pathlib import Path

EXAMPLES = Path(__file__).parents[2] / "examples"

for host in ("fastapi_host", "django_host"):
    sys.path.insert(0, str(EXAMPLES / host))

os.environ["DJANGO_SETTINGS_MODULE"] = "settings"
