#!/bin/sh
# Makes the local PostgreSQL a primary. Exit status 0 only when it says itself that it is not in recovery. May run again at any time.
set -u
bin=/usr/lib/postgresql/17/bin
data=/var/lib/postgresql/17/main

in_recovery() { "$bin/psql" -XAtq -d postgres -c 'select pg_is_in_recovery()'; }

if [ "$(in_recovery)" = t ]; then
    "$bin/pg_ctl" promote -w -t 50 -D "$data"
fi
[ "$(in_recovery)" = f ]
