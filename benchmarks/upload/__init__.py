"""Uploads over HTTP: one large file, and many at once, beside a copy on the same disk and a server that only writes to it."""
