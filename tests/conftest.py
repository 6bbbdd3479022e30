"""What holds in every test: no call uses more gas than the static bound of its function."""

from __future__ import annotations

import bound_watch

bound_watch.install()
