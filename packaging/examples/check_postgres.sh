#!/bin/sh
# Whether the local PostgreSQL answers. Changes nothing.
exec /usr/lib/postgresql/17/bin/pg_isready -q -t 3
