"""Settings of the project: as little as runs."""

import os
from pathlib import Path

from django.core.management.utils import get_random_secret_key

BASE_DIR = Path(__file__).parents[1]

DEBUG = os.environ.get("DJANGO_DEBUG") == "1"
#: Without one of your own, sessions end with the process.
SECRET_KEY = os.environ.get("DJANGO_SECRET_KEY") or get_random_secret_key()
ALLOWED_HOSTS = ["127.0.0.1", "localhost"]

INSTALLED_APPS = ["basket"]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "basket.problems.ProblemMiddleware",
]
ROOT_URLCONF = "shopsite.urls"
SESSION_ENGINE = "django.contrib.sessions.backends.signed_cookies"  # the session holds a cart id, nothing else
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
TIME_ZONE = "UTC"

#: Where Django keeps its own tables, the carts among them. ATOMIC_REQUESTS stays off: see docs/guides/hosts.md.
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": BASE_DIR / "site.db",
        # A transaction that reads first and writes later must hold the write lock from its beginning.
        "OPTIONS": {"transaction_mode": "IMMEDIATE", "init_command": "PRAGMA journal_mode=WAL", "timeout": 30},
    }
}

#: Where the shop keeps everything else.
SHOP_STORAGE = os.environ.get("SHOP_STORAGE", f"sqlite:///{BASE_DIR / 'shop.db'}")
