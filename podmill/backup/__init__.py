"""A whole embedded node in one file: its database, what that refers to in the store, the public folder, its settings.

The file is a tar archive, plain or gzipped, that begins with ``backup.json`` and ends with ``manifest.jsonl``: without
its end it is no backup. Not in it: the password of the pages, addresses of running processes, the broker's data, logs,
temporary files, downloaded models. ``podmill.toml`` is, and may hold keys: only its owner can read the file.
"""
